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
  theme: {
    begin(): "dark" | "light";
    scheme(): "dark" | "light";
    apply(): void;
  };
  keys: {
    dialog(): Element | null;
    listen(act: (key: string, event: KeyboardEvent) => boolean): void;
  };
  sound: {
    play(name: string): boolean;
    muted(): boolean;
  };
  /** Drop the callbacks of Dash under way that `ends` says yes to, by the JSON that they were sent. */
  stale: { drop(ends: (body: string) => boolean): void };
  notify: { permit(clicks: number): Promise<string> };
}

interface Window {
  /** `kit`, and beside it what belongs to one page. */
  orderflow: any;
  /** The same of the phone's page. */
  herd?: any;
  dash_clientside?: any;
  Plotly?: any;
}
