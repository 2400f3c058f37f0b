/* What the kit puts into the one namespace of the pages' scripts. Checked by tsc, loaded by no page. The kit's files begin
   with `|| Object()` where `|| {}` is usual: of that tsc would say that the namespace is empty. */

interface Kit {
  upload: {
    /** Send a file to a path of POST /data/upload. Returns what cancels it. end: the status is 0 without an answer. */
    send(
      path: string,
      file: File,
      on: { progress(sent: number, size: number): void; end(status: number, answer: any): void },
    ): () => void;
    drop(element: HTMLElement, take: (file: File, files: File[]) => void): void;
    choose(take: (files: File[]) => void, multiple?: boolean): void;
  };
  storage: {
    read(key: string): string | null;
    write(key: string, text: string | null): void;
    load<T>(key: string, otherwise: T): T;
    save(key: string, value: unknown): void;
  };
  text: {
    number(value: unknown, digits?: number): string;
    signed(value: number, digits?: number): string;
    span(seconds: number): string;
    pad(value: number): string;
  };
  theme: {
    begin(): "dark" | "light";
    choice(): string;
    scheme(): "dark" | "light";
    choose(value: "dark" | "light" | "auto"): void;
    toggle(): void;
    apply(): void;
    tell(): void;
    onSystemChange(listener: () => void): void;
  };
  keys: {
    pressed(event: KeyboardEvent): string | null;
    dialog(): Element | null;
    listen(act: (key: string, event: KeyboardEvent) => boolean): void;
  };
  sound: {
    play(name: string): boolean;
    mute(on: boolean): void;
    muted(): boolean;
  };
  /** Drop the callbacks of Dash under way that `ends` says yes to, by the JSON that they were sent. */
  stale: { drop(ends: (body: string) => boolean): void };
  notify: { permit(clicks: number): Promise<string> };
  socket: {
    open(on: SocketEvents): Socket;
    pause(tries: number, chance?: number): number;
  };
}

interface SocketEvents {
  /** Path and query to open. renewing: in the place of a socket that was opened as somebody else. */
  path(renewing: boolean): string;
  /** A message came. renewing: on a socket that is about to be replaced. */
  message(message: any, renewing: boolean): void;
  /** The socket speaks; called with each message, before it. */
  open(): void;
  /** There is no socket after so many attempts in a row; 0: the device is offline. */
  lost(tries: number): void;
  /** After a silence: whether the server has nothing new. Rejects when it does not answer. */
  current(): Promise<boolean>;
  /** The page is looked at again, and its socket is alive. */
  seen(): void;
}

interface Socket {
  connected(): boolean;
  soon(ms: number): void;
  now(): void;
  again(): void;
  send(message: unknown): void;
}

interface Window {
  /** `kit`, and beside it what belongs to one page. */
  orderflow: any;
  dash_clientside?: any;
  Plotly?: any;
}
