/* One order at a time, and each tap at most one trade.

   A tap makes an order with an id of its own. Until the server has answered what became of it, further taps are
   refused. A request that got no answer is sent again with the same id, which the server never trades twice; an order
   that was not confirmed in time is only asked about, as its price would surprise. It survives a reload. */
(function (root) {
  "use strict";
  const herd = (root.herd = root.herd || Object());

  const TAP_MS = 400; // between two orders: the second half of a double tap is not an order
  const SEND_MS = 10000; // so long after the tap it may be sent again
  const LOST_MS = 6000; // and so long after the last sending the server would know it
  const ASK_MS = 1500;

  /** on: sent(order), settled(order, result), refused(why, text), out(). result: {status, price, reason, …}. */
  function create(on) {
    const orders = { pending: /** @type {any} */ (null), busyUntil: 0, place, fill, resume, check, forget, done };
    let tapped = -TAP_MS,
      timer = 0,
      over = []; // ids of the last orders whose end is known

    /** A tap. The order, or null when it was refused. */
    function place(side, quantity) {
      const at = performance.now();
      if (orders.pending) return refuse("pending", "One order at a time: wait for the answer.");
      if (at - tapped < TAP_MS) return refuse("tap", "That was one tap: tap again for another order.");
      if (at < orders.busyUntil) return refuse("flood", flood());
      tapped = at;
      const order = { id: herd.text.uuid(), side, quantity, at, sent: 0, accepted: false, tries: 0, here: true };
      orders.pending = order;
      keep();
      on.sent(order);
      send(order);
      return order;
    }

    function refuse(why, text) {
      on.refused(why, text);
      return null;
    }

    function flood() {
      const left = Math.max(1, Math.ceil((orders.busyUntil - performance.now()) / 1000));
      return "Too many orders: wait " + left + (left === 1 ? " second." : " seconds.");
    }

    /** An order in words that the reload kept. */
    function keep() {
      const order = orders.pending;
      herd.memory.set({ order: order && Object.assign({}, order, { here: false }) });
    }

    function later(fn, ms) {
      clearTimeout(timer);
      timer = setTimeout(fn, ms);
    }

    function send(order) {
      order.tries += 1;
      order.sent = performance.now();
      keep();
      const body = { client_id: order.id, side: order.side, quantity: order.quantity };
      herd.http.post("/herd/orders", body).then(
        (answer) => order === orders.pending && answered(order, answer),
        () => order === orders.pending && retry(order),
      );
    }

    function answered(order, { status, body, wait }) {
      if (status === 202 || status === 200) {
        order.accepted = true;
        keep();
        if (!known(order, body)) later(() => ask(order), ASK_MS);
      } else if (status === 429) {
        orders.busyUntil = performance.now() + Math.max(1, wait) * 1000;
        settle(order, { status: "rejected", reason: flood() });
      } else if (status === 401) {
        settle(order, null);
        on.out();
      } else if (status >= 400 && status < 500) {
        settle(order, { status: "rejected", reason: body.detail || "The order was refused." });
      } else retry(order);
    }

    /** No answer: the same order again while it is fresh, later only a question about it. */
    function retry(order) {
      if (performance.now() - order.at < SEND_MS && !order.accepted) later(() => send(order), 400 * 2 ** order.tries);
      else later(() => ask(order), ASK_MS);
    }

    function ask(order) {
      if (order !== orders.pending) return;
      herd.http.get("/herd/orders/" + order.id).then(
        ({ status, body }) => {
          if (order !== orders.pending) return;
          if (status === 200 && known(order, body)) return;
          if (status === 401) {
            settle(order, null);
            on.out();
          } else if (status === 404 && performance.now() - order.sent > LOST_MS) {
            settle(order, { status: "rejected", reason: "The order did not get through. Nothing was traded." });
          } else later(() => ask(order), ASK_MS);
        },
        () => later(() => ask(order), ASK_MS),
      );
    }

    /** Is the state final? Then it is the order's end. */
    function known(order, state) {
      if (state.status !== "filled" && state.status !== "rejected") return false;
      settle(order, state);
      return true;
    }

    function settle(order, result) {
      clearTimeout(timer);
      orders.pending = null;
      over = over.concat([order.id]).slice(-20);
      keep();
      on.settled(order, result);
    }

    /** A fill came over the socket; true when it answers the order that waits. */
    function fill(message) {
      const order = orders.pending;
      return Boolean(order && order.id === message.client_id && known(order, message));
    }

    /** Is the end of that order known already? */
    function done(id) {
      return over.includes(id);
    }

    /** After a reload: an order that had no answer yet. */
    function resume() {
      const order = herd.memory.get("order");
      if (!order || orders.pending) return;
      order.sent = performance.now();
      orders.pending = order;
      on.sent(order);
      ask(order);
    }

    /** The connection is back: ask at once what became of the order. */
    function check() {
      if (orders.pending && (orders.pending.accepted || !orders.pending.here)) ask(orders.pending);
    }

    /** The session is another one: what was ordered in the last one is void. */
    function forget() {
      if (orders.pending) settle(orders.pending, null);
    }

    return orders;
  }

  herd.orders = { create };
})(window);
