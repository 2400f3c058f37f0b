/* The line to the server: the kit's socket, and where a network lets none through, the state over HTTP every few
   seconds. */
(function (root) {
  "use strict";
  const herd = (root.herd = root.herd || {});

  const POLL_MS = 3000;
  const POLL_AFTER = 2; // failed sockets in a row

  /** on: message(object), change() when `online` changed, version() of what is held. Begins at once. */
  function open(on) {
    const link = { online: false, polling: false, lost: 0 };
    let poller = 0;

    const socket = root.orderflow.kit.socket.open({
      path: (renewing) => "/herd/ws" + (on.version() && !renewing ? "?since=" + on.version() : ""),
      message: (message, renewing) => (renewing && message.type === "you" ? undefined : on.message(message)), // who we were
      open: up,
      lost: (tries) => (tries > POLL_AFTER ? poll() : down()),
      current: () => state().then(({ status, body }) => status === 200 && body.version === on.version()),
      seen: ask,
    });

    const state = () => herd.http.get("/herd/state");

    /** Ask for everything that happened since the version that is held. */
    function ask() {
      socket.send({ since: on.version() });
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
      clearTimeout(poller);
      link.polling = false;
      if (!link.online && link.lost) return;
      link.online = false;
      link.lost = Date.now();
      on.change();
    }

    function polled({ status, body }) {
      if (socket.connected()) return;
      if (status !== 200) return down();
      link.polling = true;
      if (!link.online) {
        link.online = true;
        link.lost = 0;
        socket.soon(Math.random() * 1000); // the server is back: a socket may be possible again
        on.change();
      }
      on.message(Object.assign({ type: "state" }, body));
    }

    /** The way around: the state over HTTP. */
    function poll() {
      clearTimeout(poller);
      if (socket.connected() || root.document.hidden) return;
      state()
        .then(polled, () => socket.connected() || down())
        .then(() => {
          clearTimeout(poller);
          if (!socket.connected()) poller = setTimeout(poll, POLL_MS);
        });
    }

    return Object.assign(link, { now: socket.now, again: socket.again, ask });
  }

  herd.link = { open };
})(window);
