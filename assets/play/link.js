/* The line to the server: one socket that is always being opened, open, or about to be opened again.

   Lost connections come back by themselves, each phone after a time of its own, so that 300 of them do not return in the
   same second. A page that nobody looks at lets its socket go and opens it at once when it is looked at again. Where a
   network lets no socket through, the state is asked for over HTTP every few seconds. */
(function (root) {
  "use strict";
  const herd = (root.herd = root.herd || {});

  const JITTER_MS = 5000;
  const SLOWEST_MS = 20000;
  const OPENING_MS = 10000; // an attempt that takes longer has failed
  const QUIET_MS = 25000; // then the server is asked whether anything has happened
  const LATE_MS = 3000; // and what has happened should have come over the socket by then
  const HIDDEN_MS = 20000; // a page out of sight for so long lets go
  const POLL_MS = 3000;
  const POLL_AFTER = 2; // failed sockets in a row

  /** Wait before attempt `tries` (1, 2, …), in ms: a part by chance, and a growing part after the first. */
  function pause(tries, chance = Math.random()) {
    const grown = tries < 2 ? 0 : Math.min(SLOWEST_MS, 500 * 2 ** tries);
    return Math.round(chance * JITTER_MS + grown);
  }

  /** on: message(object), change() when `online` changed, version() of what is held. Begins at once. */
  function open(on) {
    const link = { online: false, polling: false, lost: 0, start, now, again, ask, stop };
    let socket = null, // the one that counts
      coming = null, // the one that is being opened
      tries = 0,
      heard = 0,
      checking = false,
      timer = 0,
      poller = 0,
      hider = 0,
      renew = false, // the present socket was opened as somebody else
      stopped = false;

    function start() {
      clearTimeout(timer);
      if (stopped || coming || root.document.hidden) return;
      const scheme = root.location.protocol === "https:" ? "wss:" : "ws:";
      const since = on.version() && !renew ? "?since=" + on.version() : "";
      const mine = (coming = new root.WebSocket(scheme + "//" + root.location.host + "/herd/ws" + since));
      const slow = setTimeout(() => ended(mine), OPENING_MS);
      mine.onmessage = (event) => {
        clearTimeout(slow);
        if (coming === mine) {
          const old = socket;
          socket = mine;
          coming = null;
          drop(old);
          tries = 0;
          renew = false;
        }
        if (socket !== mine) return;
        heard = Date.now();
        let message = null;
        try {
          message = JSON.parse(event.data);
        } catch {
          return; // not for us
        }
        up();
        if (renew && message.type === "you") return; // it speaks of who we were
        on.message(message);
      };
      mine.onerror = () => undefined; // a close follows
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
      if (!counts || stopped || coming || (socket && !renew)) return;
      if (root.document.hidden) return; // opened again when somebody looks
      tries += 1;
      if (!socket && tries > POLL_AFTER) poll();
      else if (!socket) down();
      clearTimeout(timer);
      timer = setTimeout(start, pause(tries));
    }

    function drop(which) {
      if (!which) return;
      which.onmessage = which.onclose = which.onerror = null;
      which.close();
    }

    function up() {
      clearTimeout(poller);
      link.polling = false;
      if (link.online) return;
      link.online = true;
      link.lost = 0;
      on.change();
    }

    function down() {
      link.polling = false;
      if (!link.online && link.lost) return;
      link.online = false;
      link.lost = Date.now();
      on.change();
    }

    /** The way around: the state over HTTP. */
    function poll() {
      clearTimeout(poller);
      if (stopped || socket || root.document.hidden) return;
      herd.http
        .get("/herd/state")
        .then(
          (answer) => {
            if (stopped || socket) return;
            if (answer.status !== 200) return down();
            link.polling = true;
            if (!link.online) {
              link.online = true;
              link.lost = 0;
              clearTimeout(timer);
              timer = setTimeout(start, Math.random() * 1000); // the server is back: a socket may be possible again
              on.change();
            }
            on.message(Object.assign({ type: "state" }, answer.body));
          },
          () => socket || down(),
        )
        .then(() => {
          clearTimeout(poller);
          if (!socket && !stopped) poller = setTimeout(poll, POLL_MS);
        });
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
      renew = true;
      start();
    }

    /** Ask for everything that happened since the version that is held. */
    function ask() {
      if (socket && socket.readyState === 1) socket.send(JSON.stringify({ since: on.version() }));
    }

    /** After a long silence: either nothing has happened, or the socket has died unnoticed. */
    function watch() {
      const one = socket;
      if (!one || checking || root.document.hidden || Date.now() - heard < QUIET_MS) return;
      checking = true;
      const asked = heard;
      const dead = () => {
        checking = false;
        if (one === socket && heard === asked) {
          ended(one);
          now();
        }
      };
      herd.http.get("/herd/state").then((answer) => {
        if (answer.status !== 200 || answer.body.version !== on.version()) return setTimeout(dead, LATE_MS);
        checking = false;
        heard = Date.now();
        return undefined;
      }, dead);
    }

    function letGo() {
      clearTimeout(timer);
      clearTimeout(poller);
      drop(socket);
      drop(coming);
      socket = coming = null;
    }

    function seen() {
      clearTimeout(hider);
      if (root.document.hidden) {
        hider = setTimeout(letGo, HIDDEN_MS);
        return;
      }
      if (socket && Date.now() - heard < QUIET_MS) ask();
      else {
        drop(socket); // it may have died unnoticed while the phone slept
        socket = null;
        now();
      }
    }

    /** The end of the page. */
    function stop() {
      stopped = true;
      letGo();
    }

    root.document.addEventListener("visibilitychange", seen);
    root.addEventListener("pagehide", letGo);
    root.addEventListener("pageshow", (event) => event.persisted && now());
    root.addEventListener("online", () => {
      clearTimeout(timer);
      if (!socket) timer = setTimeout(now, Math.random() * 1000);
    });
    root.addEventListener("offline", () => {
      letGo();
      down();
      timer = setTimeout(start, JITTER_MS); // some systems say "offline" and never "online"
    });
    setInterval(watch, 2000);
    start();
    return link;
  }

  herd.link = { open, pause };
})(window);
