/* The line to the server: a socket that is always being opened, open, or about to be opened again, and where a network
   lets none through, the state over HTTP every few seconds.

   A lost connection comes back by itself, each page after a time of its own, so that 300 phones do not return in the
   same second. A page that nobody looks at lets its socket go and opens it at once when it is looked at again. A
   silent end is noticed: after a while without messages the server is asked whether any should have come. */
(function (root) {
  "use strict";
  const herd = (root.herd = root.herd || Object());

  const JITTER_MS = 5000;
  const SLOWEST_MS = 20000;
  const OPENING_MS = 10000; // an attempt that takes longer has failed
  const QUIET_MS = 25000; // then the server is asked whether anything has happened
  const LATE_MS = 3000; // and what has happened should have come over the socket by then
  const HIDDEN_MS = 20000; // a page out of sight for so long lets go
  const POLL_MS = 3000;
  const POLL_AFTER = 2; // failed sockets in a row
  const { document } = root;

  /** Wait before attempt `tries` (1, 2, …), in ms: a part by chance, and a growing part after the first. */
  function pause(tries, chance = Math.random()) {
    const grown = tries < 2 ? 0 : Math.min(SLOWEST_MS, 500 * 2 ** tries);
    return Math.round(chance * JITTER_MS + grown);
  }

  const state = () => herd.http.get("/herd/state");

  /** on: message(object), change() when `online` changed, version() of what is held. Begins at once. */
  function open(on) {
    const link = { online: false, lost: 0, now, again, ask };
    /** @type {WebSocket | null} */
    let socket = null; // the one that counts
    /** @type {WebSocket | null} */
    let coming = null; // the one that is being opened
    let tries = 0,
      heard = 0,
      checking = false,
      timer = 0,
      hider = 0,
      poller = 0,
      renewing = false; // the present socket was opened as somebody else

    function start() {
      clearTimeout(timer);
      if (coming || document.hidden) return;
      const scheme = root.location.protocol === "https:" ? "wss://" : "ws://",
        since = on.version() && !renewing ? "?since=" + on.version() : "";
      const mine = (coming = new WebSocket(scheme + root.location.host + "/herd/ws" + since));
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
        turn(true);
        if (!renewing || message.type !== "you") on.message(message); // else it says who we were
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
      if (!socket && tries > POLL_AFTER) poll();
      else if (!socket) turn(false);
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

    /** Ask for everything that happened since the version that is held. */
    function ask() {
      if (socket && socket.readyState === 1) socket.send(JSON.stringify({ since: on.version() }));
    }

    /** The server speaks to us, or no longer. */
    function turn(online) {
      clearTimeout(poller);
      if (link.online === online && (online || link.lost)) return;
      link.online = online;
      link.lost = online ? 0 : Date.now();
      on.change();
    }

    /** The way around: the state over HTTP. */
    function poll() {
      clearTimeout(poller);
      if (socket || document.hidden) return;
      state()
        .then(polled, () => socket || turn(false))
        .then(() => {
          clearTimeout(poller);
          if (!socket) poller = root.setTimeout(poll, POLL_MS);
        });
    }

    function polled({ status, body }) {
      if (socket) return;
      if (status !== 200) return turn(false);
      if (!link.online) soon(Math.random() * 1000); // the server is back: a socket may be possible again
      turn(true);
      on.message(Object.assign({ type: "state" }, body));
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
      state().then(({ status, body }) => {
        if (status !== 200 || body.version !== on.version()) return setTimeout(dead, LATE_MS);
        checking = false;
        heard = Date.now();
        return 0;
      }, dead);
    }

    function seen() {
      clearTimeout(hider);
      if (document.hidden) hider = root.setTimeout(letGo, HIDDEN_MS);
      else if (socket && Math.abs(Date.now() - heard) < QUIET_MS) ask();
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
      turn(false);
      soon(JITTER_MS); // some systems say "offline" and never "online"
    });
    setInterval(watch, 2000);
    start();
    return link;
  }

  herd.link = { open, pause };
})(window);
