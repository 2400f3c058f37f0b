/* A socket that is kept open: it connects again by itself, later and later, at times that differ from client to client.

   Messages go to `take`; `state` hears "connecting", "open" and "down". With a probe, a silent end is noticed too: after
   a while without messages the probe's address is asked. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const ix = (of.instruments = of.instruments || {});

  const FIRST = 250,
    LONGEST = 8000; // ms before a try, doubled each time, times 0.5 to 1.5
  const SILENT = 5000;
  const PATIENCE = 5000;
  const UNKNOWN = 4004;

  /** ms to wait before try number `tries`, 0 for the first. */
  const wait = (tries, dice) => Math.min(LONGEST, FIRST * 2 ** Math.min(tries, 10)) * (0.5 + dice);

  class Socket {
    /** path: of the socket on this server. events: {take(message), state(name, tries, why), probe?()}; the probe resolves
        to whether the server is there. */
    constructor(path, events) {
      const { protocol, host } = root.location;
      this.url = (protocol === "https:" ? "wss://" : "ws://") + host + path;
      this.events = events;
      this.tries = 0;
      this.ended = false;
      this.life = new AbortController();
      const { signal } = this.life;
      root.addEventListener("online", () => this.hurry(), { signal });
      root.addEventListener("offline", () => this.lost("this device is offline"), { signal });
      root.document.addEventListener("visibilitychange", () => !root.document.hidden && this.hurry(), { signal });
      if (events.probe) this.watch = setInterval(() => this.look(), 1000);
      this.connect();
    }

    close() {
      this.ended = true;
      clearInterval(this.watch);
      clearTimeout(this.timer);
      this.life.abort();
      this.drop();
    }

    drop() {
      const { ws } = this;
      this.ws = null;
      if (!ws) return;
      ws.onopen = ws.onmessage = ws.onclose = null;
      ws.close();
    }

    connect() {
      if (this.ended) return;
      clearTimeout(this.timer);
      this.drop();
      this.last = performance.now();
      this.why = null;
      this.events.state("connecting", this.tries);
      const ws = (this.ws = new WebSocket(this.url));
      ws.onopen = () => {
        this.last = performance.now();
        this.events.state("open", this.tries);
      };
      ws.onmessage = (event) => {
        this.last = performance.now();
        let message;
        try {
          message = JSON.parse(event.data);
        } catch {
          return; // not ours
        }
        if (message.type === "error") this.why = message.message;
        else {
          this.tries = 0;
          this.events.take(message);
        }
      };
      ws.onclose = (event) => {
        if (event.code === UNKNOWN) {
          this.close();
          this.events.state("gone", 0, this.why);
        } else this.lost();
      };
    }

    lost(why) {
      if (this.ended) return;
      this.drop();
      clearTimeout(this.timer);
      const ms = wait(this.tries++, Math.random());
      this.events.state("down", this.tries, why || this.why);
      this.timer = setTimeout(() => this.connect(), ms);
    }

    /** Something says that it is worth trying now. */
    hurry() {
      if (this.ended || (this.ws && this.ws.readyState <= WebSocket.OPEN)) return;
      this.tries = 0;
      this.connect();
    }

    /** Every second: a connection that takes too long, or is silent while the server cannot be reached, is lost. */
    async look() {
      const { ws } = this;
      if (this.ended || !ws || this.probing) return;
      const quiet = performance.now() - this.last;
      if (ws.readyState !== WebSocket.OPEN) {
        if (quiet > 2 * PATIENCE) this.lost("the server does not answer");
        return;
      }
      if (quiet < SILENT) return;
      this.probing = true;
      const there = await this.events.probe();
      this.probing = false;
      if (this.ended || this.ws !== ws) return;
      if (there) this.last = performance.now();
      else this.lost("the server does not answer");
    }
  }

  ix.Socket = Socket;
  ix.wait = wait;
})(globalThis);
