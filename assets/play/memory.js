/* What the phone remembers over a reload: the nickname, the quantity, and of the present session who it was, its own
   trades and an order that has no answer yet. The server knows the portfolio; nothing here is needed to be right. */
(function (root) {
  "use strict";
  const herd = (root.herd = root.herd || Object());

  const KEY = "herd";
  const TRADES = 40;
  let held = null;

  function read() {
    return (held = held || root.orderflow.kit.storage.load(KEY, {}));
  }

  /** The value of a name, or `otherwise`. */
  function get(name, otherwise) {
    const value = read()[name];
    return value === undefined || value === null ? otherwise : value;
  }

  /** Remember values by name; null forgets one. */
  function set(values) {
    root.orderflow.kit.storage.save(KEY, Object.assign(read(), values));
  }

  /** A session begins to be the present one: what belonged to another is forgotten. */
  function session(id) {
    if (get("session") !== id) set({ session: id, participant: null, trades: null, order: null });
  }

  /** One own trade {t, price, side, quantity}, for the marks on the line. */
  function trade(one) {
    set({ trades: get("trades", []).concat([one]).slice(-TRADES) });
  }

  /** Own trades within these times [from, to] were taken back; how many were. */
  function undo(spans) {
    const trades = get("trades", []),
      stand = trades.filter((one) => !spans.some(([from, to]) => one.t >= from && one.t < to));
    if (stand.length < trades.length) set({ trades: stand });
    return trades.length - stand.length;
  }

  herd.memory = { get, set, session, trade, undo };
})(window);
