/* A socket that is always being opened, open, or about to be opened again.

   A lost connection comes back by itself, each page after a time of its own, so that 300 phones do not return in the
   same second. A page that nobody looks at lets its socket go and opens it at once when it is looked at again. A
   silent end is noticed: after a while without messages the server is asked whether any should have come. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const kit = /** @type {Kit} */ (of.kit = of.kit || Object());

  const JITTER_MS = 5000;
  const SLOWEST_MS = 20000;
  const OPENING_MS = 10000; // an attempt that takes longer has failed
  const QUIET_MS = 25000; // then the server is asked whether anything has happened
  const LATE_MS = 3000; // and what has happened should have come over the socket by then
  const HIDDEN_MS = 20000; // a page out of sight for so long lets go
  const { document } = root;

  /** Wait before attempt `tries` (1, 2, …), in ms: a part by chance, and a growing part after the first. */
  function pause(tries, chance = Math.random()) {
    const grown = tries < 2 ? 0 : Math.min(SLOWEST_MS, 500 * 2 ** tries);
    return Math.round(chance * JITTER_MS + grown);
  }

  /** Open a socket and keep it. Begins at once; types.d.ts describes `on` and what is returned. */
  function open(on) {
    /** @type {WebSocket | null} */
    let socket = null; // the one that counts
    /** @type {WebSocket | null} */
    let coming = null; // the one that is being opened
    let tries = 0,
      heard = 0,
      checking = false,
      timer = 0,
      hider = 0,
      renewing = false; // the present socket was opened as somebody else

    function start() {
      clearTimeout(timer);
      if (coming || document.hidden) return;
      const scheme = root.location.protocol === "https:" ? "wss://" : "ws://";
      const mine = (coming = new WebSocket(scheme + root.location.host + on.path(renewing)));
      const slow = setTimeout(() => ended(mine), OPENING_MS);
      mine.onmessage = (event) => {
        clearTimeout(slow);
        if (coming === mine) {
          drop(socket);
          socket = mine;
          coming = null;
          tries = 0;
          renewing = false;
        }
        if (socket !== mine) return;
        heard = Date.now();
        let message = null;
        try {
          message = JSON.parse(event.data);
        } catch {
          return; // not for us
        }
        on.open();
        on.message(message, renewing);
      };
      mine.onclose = () => {
        clearTimeout(slow);
        ended(mine);
      };
    }

    /** A socket has ended, or is given up. */
    function ended(which) {
      const counts = which === socket || which === coming;
      if (which === socket) socket = null;
      if (which === coming) coming = null;
      drop(which);
      if (!counts || coming || (socket && !renewing)) return;
      if (document.hidden) return; // opened again when somebody looks
      tries += 1;
      if (!socket) on.lost(tries);
      soon(pause(tries));
    }

    function drop(which) {
      if (!which) return;
      which.onmessage = which.onclose = null;
      which.close();
    }

    function letGo() {
      clearTimeout(timer);
      drop(socket);
      drop(coming);
      socket = coming = null;
    }

    /** Try after some ms. */
    function soon(ms, act = start) {
      clearTimeout(timer);
      timer = root.setTimeout(act, ms);
    }

    /** Try at once. */
    function now() {
      if (socket) return;
      drop(coming);
      coming = null;
      tries = 0;
      start();
    }

    /** A new socket in the place of the present one, which serves until the new one speaks: the cookie has changed. */
    function again() {
      drop(coming);
      coming = null;
      renewing = true;
      start();
    }

    function send(message) {
      if (socket && socket.readyState === 1) socket.send(JSON.stringify(message));
    }

    /** After a long silence: either nothing has happened, or the socket has died unnoticed. */
    function watch() {
      const one = socket;
      if (!one || checking || document.hidden || Math.abs(Date.now() - heard) < QUIET_MS) return;
      checking = true;
      const asked = heard;
      const dead = () => {
        checking = false;
        if (one !== socket || heard !== asked) return;
        ended(one);
        now();
      };
      on.current().then((current) => {
        if (!current) return setTimeout(dead, LATE_MS);
        checking = false;
        heard = Date.now();
        return 0;
      }, dead);
    }

    function seen() {
      clearTimeout(hider);
      if (document.hidden) hider = root.setTimeout(letGo, HIDDEN_MS);
      else if (socket && Math.abs(Date.now() - heard) < QUIET_MS) on.seen();
      else {
        drop(socket); // it may have died unnoticed while the phone slept
        socket = null;
        now();
      }
    }

    document.addEventListener("visibilitychange", seen);
    root.addEventListener("pagehide", letGo);
    root.addEventListener("pageshow", (event) => event.persisted && now());
    root.addEventListener("online", () => socket || soon(Math.random() * 1000, now));
    root.addEventListener("offline", () => {
      letGo();
      on.lost(0);
      soon(JITTER_MS); // some systems say "offline" and never "online"
    });
    setInterval(watch, 2000);
    start();
    return { connected: () => socket !== null, soon, now, again, send };
  }

  kit.socket = { open, pause };
})(window);
