/* The page's elements: what is known in, texts and colours out. It writes only what has changed. */
(function (root) {
  "use strict";
  const herd = (root.herd = root.herd || Object());

  const { document } = root;
  const NEWS_MS = 30000;
  const PHASES = { open: "Open", frozen: "Frozen", lobby: "Waiting", ended: "Ended" };
  const WORDS_MS = 5000; // the line in words changes no more often

  const $ = (id) => /** @type {any} */ (document.getElementById(id));
  const written = {};

  /** Text of an element. */
  function put(id, text) {
    if (written[id] === text) return;
    written[id] = text;
    $(id).textContent = text;
  }

  /** An attribute; null takes it away. */
  function set(id, name, value) {
    const key = id + " " + name;
    if (written[key] === value) return;
    written[key] = value;
    if (value === null) $(id).removeAttribute(name);
    else $(id).setAttribute(name, value);
  }

  const show = (id, shown) => set(id, "hidden", shown ? null : "");
  const tone = (id, value) => set(id, "class", value > 0 ? "up" : value < 0 ? "down" : null);

  /** "Round 3 of 15 · 0:42", or nothing. */
  function round(market, running) {
    const { round } = market;
    if (!round) return "";
    const left = round.ends && running ? " · " + herd.text.clock(round.ends - herd.market.now(market)) : "";
    return "Round " + round.round + (round.of ? " of " + round.of : "") + left;
  }

  function phase(market) {
    const name = market.phase;
    const word = PHASES[name] || "Connecting";
    const rounds = round(market, name === "open");
    put("phase-text", rounds && name === "open" ? rounds : rounds && name === "frozen" ? word + " · " + rounds : word);
    set("phase", "data-phase", name || "");
  }

  function price(market, trades, online) {
    const { percent, arrow } = herd.text;
    put("price", market.price === null ? "–" : herd.text.price(market.price));
    put("arrow", arrow(market.direction));
    tone("arrow", market.direction);
    const moved = market.start ? market.price / market.start - 1 : 0;
    put("change", market.start ? percent(moved) : "");
    tone("change", Math.round(moved * 1000));
    set("market", "data-stale", online ? null : "");
    herd.line.draw($("line"), market, trades);
    const now = Date.now();
    if (market.history.length && !(Math.abs(now - written.words) < WORDS_MS)) {
      written.words = now;
      set("line", "aria-label", herd.line.words(market));
    }
  }

  function meter(market) {
    const known = market.meter !== undefined;
    show("meter", known);
    if (!known) return;
    const part = market.meter === null ? null : Math.round(100 * market.meter);
    put("meter-buy", part === null ? "No trades just now" : "Buyers " + part + "%");
    put("meter-sell", part === null ? "" : "Sellers " + (100 - part) + "%");
    $("meter-bar").style.width = (part === null ? 50 : part) + "%";
    $("meter-bar").parentNode.className = part === null ? "bar none" : "bar";
  }

  function own(market, trades) {
    const { money, signed } = herd.text,
      { you } = market;
    if (!you) return;
    const profit = herd.market.profit(market);
    put("who", you.nick || "");
    put("wealth", money(herd.market.wealth(market)));
    put("profit", profit === null ? "–" : signed(profit, 999.995));
    tone("profit", profit);
    put("cash", money(you.cash));
    put("shares", String(you.shares));
    put("rank", you.rank ? you.rank + " of " + you.of : "–");
    const last = trades[trades.length - 1];
    put("last-name", last ? (last.side === "buy" ? "Bought " : "Sold ") + last.quantity + " at" : "Last trade");
    put("last", last ? herd.text.price(last.price) : "–");
  }

  /** choice: {side: {count, why}}; pending: the order that waits, or null. */
  function buttons(market, choice, pending, impact) {
    ["buy", "sell"].forEach((side) => {
      const { count, why } = choice[side];
      const name = side === "buy" ? "Buy" : "Sell";
      const sent = pending && pending.side === side;
      put(side + "-act", name + (count > 0 ? " " + count : ""));
      set(side, "aria-label", name + (count > 0 ? " " + herd.text.shares(count) : ""));
      set(side, "aria-disabled", why || pending ? "true" : null);
      set(side, "data-sent", sent ? "" : null);
      const cost =
        market.price === null || !count ? 0 : herd.market.cost(market.price, side === "buy" ? count : -count, impact);
      put(side + "-cost", cost ? "about " + herd.text.money(Math.abs(cost)) : "\u00a0");
    });
  }

  function result(market) {
    const { money, signed, percent } = herd.text,
      { you } = market;
    if (!you) return;
    const profit = herd.market.profit(market);
    put("result-rank", you.rank ? "Rank " + you.rank + " of " + you.of : "");
    put(
      "result-profit",
      profit === null ? "–" : signed(profit, 999.995) + " (" + percent(profit / you.start_wealth) + ")",
    );
    tone("result-profit", profit);
    put("result-wealth", money(herd.market.wealth(market)));
  }

  function news(market) {
    const fresh = market.news && herd.market.now(market) - market.news.time < NEWS_MS;
    show("news", fresh);
    if (fresh) put("news-text", market.news.text);
  }

  /** Which part of the page is there: "join", "trade" or "result"; true when it has changed. */
  function part(name) {
    if (written.part === name) return false;
    const first = written.part === undefined;
    written.part = name;
    document.body.dataset.part = name;
    show("join", name === "join");
    show("trade", name === "trade");
    show("deck", name === "trade");
    show("result", name === "result");
    return !first;
  }

  const shown = () => written.part;

  /** A word about orders: kind is "wait", "filled", "bad" or "quiet". */
  function word(kind, text) {
    set("word", "data-kind", kind);
    put("word", text);
  }

  /** A tap that was refused, so that it is seen. */
  function shake(id) {
    const { classList } = $(id);
    classList.remove("shake");
    void $(id).offsetWidth; // or the same animation does not begin again
    classList.add("shake");
  }

  herd.view = { $, put, set, show, phase, price, meter, own, buttons, result, news, part, shown, word, shake };
})(window);
