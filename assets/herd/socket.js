/* The game's socket, kept open: it connects again by itself, a little later each time, and notices a silent end.

   Messages go to `take`; `state` hears "connecting", "open" and "down". A server that started anew, or a client that
   was away, gets a snapshot first, so nothing has to be asked for. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const herd = (of.herd = of.herd || {});

  const WAITS = [250, 600, 1200, 2500];
  const SILENT = 6000; // ms without a message after which the server is asked whether it is there
  const PATIENCE = 5000;

  class Socket {
    /** url: of the socket. probe: address whose answer tells that the server is there. */
    constructor(url, probe, events) {
      this.url = url;
      this.probe = probe;
      this.events = events;
      this.tries = 0;
      this.ended = false;
      this.last = performance.now();
      this.life = new AbortController();
      const { signal } = this.life;
      const now = () => this.hurry();
      root.addEventListener("online", now, { signal });
      root.addEventListener("offline", () => this.lost("offline"), { signal });
      root.document.addEventListener("visibilitychange", () => !root.document.hidden && now(), { signal });
      this.watch = setInterval(() => this.look(), 1000);
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
      this.heard = false;
      this.began = performance.now();
      this.events.state("connecting", this.tries);
      const ws = (this.ws = new WebSocket(this.url));
      ws.onmessage = (event) => {
        this.last = performance.now();
        let message;
        try {
          message = JSON.parse(event.data);
        } catch {
          return; // not ours
        }
        if (message.type === "error") {
          this.reason = message.message;
          return;
        }
        if (!this.heard) {
          this.heard = true;
          this.tries = 0;
          this.reason = null;
          this.events.state("open");
        }
        this.events.take(message, event.data.length);
      };
      ws.onclose = () => this.lost();
    }

    /** The connection is gone: say so, and try again after a while. */
    lost(why) {
      if (this.ended) return;
      this.drop();
      this.events.state("down", this.tries, this.reason || why);
      clearTimeout(this.timer);
      const wait = WAITS[Math.min(this.tries++, WAITS.length - 1)];
      this.timer = setTimeout(() => this.connect(), wait * (0.8 + 0.4 * Math.random()));
    }

    /** Something says that it is worth trying now. */
    hurry() {
      if (this.ended || (this.ws && this.ws.readyState === WebSocket.OPEN)) return this.look();
      this.tries = 0;
      this.connect();
    }

    /** Every second: a connection that takes too long, or is silent while the server cannot be reached, is lost. */
    async look() {
      if (this.ended || !this.ws || this.probing) return;
      const quiet = performance.now() - Math.max(this.last, this.began);
      if (this.ws.readyState === WebSocket.CONNECTING) {
        if (performance.now() - this.began > 2 * PATIENCE) this.lost("slow");
        return;
      }
      if (quiet < SILENT) return;
      this.probing = true;
      const { ws } = this;
      let answer = null;
      try {
        const response = await fetch(this.probe, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
        answer = response.ok ? await response.json() : null;
      } catch {
        /* refused, timed out, offline: all mean unreachable */
      }
      this.probing = false;
      if (this.ended || this.ws !== ws) return;
      if (!answer || !this.events.fresh(answer)) this.lost();
      else this.last = performance.now();
    }
  }

  herd.Socket = Socket;
})(globalThis);
