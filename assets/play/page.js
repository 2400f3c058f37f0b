/* The page: it joins the game, brings what arrives to the screen and what is tapped to the server. */
(function (root) {
  "use strict";
  const herd = root.herd;
  const { document } = root,
    { memory, view, text } = herd,
    { $ } = view;

  const { dataset } = document.body;
  /** @type {HTMLInputElement[]} */
  const inputs = Array.from(document.querySelectorAll('input[name="quantity"]'));
  const MAX_ORDER = Number(dataset.maxOrder),
    SHORT = Number(dataset.short),
    IMPACT = Number(dataset.impact);
  const START = "Choose how many, then buy or sell.";
  const CLOSED = {
    frozen: "Frozen: the presenter has stopped trading for a moment.",
    lobby: "The market is not open yet. It opens soon.",
    ended: "The game is over.",
  };
  const OPENED = { open: "The market is open.", frozen: CLOSED.frozen, lobby: CLOSED.lobby, ended: CLOSED.ended };

  const market = herd.market.create();
  const was = { session: memory.get("session"), participant: memory.get("participant") };
  let word = ["quiet", START],
    drawing = 0,
    joining = false,
    confirmed = true; // the server knows who has just joined

  const orders = herd.orders.create({ sent, settled, refused, out });
  const link = herd.link.open({ message, change, version: () => market.version });

  /* ---- what arrives ---- */

  function message(one) {
    const happened = herd.market.apply(market, one);
    happened.forEach((what) => (on[what] ? on[what](one) : undefined));
    // being out may be due to a new game, of which the next message tells: one screen for both
    if (happened.includes("out")) setTimeout(draw, 120);
    else draw();
  }

  const on = {
    gap: () => link.ask(),
    session() {
      if (was.session && was.session !== market.session) {
        word = ["quiet", "A new game has begun."];
        orders.forget();
      }
      memory.session(market.session);
      remember();
    },
    phase: () => view.shown() !== "trade" && say(OPENED[market.phase] || ""),
    round: () => say("Round " + market.round.round + (market.round.of ? " of " + market.round.of : "") + " has begun."),
    news: () => market.news && say("News: " + market.news.text),
    undone() {
      const words = "The round was taken back: its trades do not count.";
      if (!memory.undo(market.undone)) return;
      word = ["quiet", words];
      if (view.shown() !== "trade") say(words);
    },
    you() {
      confirmed = true;
      remember();
    },
    dividend() {
      if (!orders.pending) word = ["filled", "Dividend: " + text.signed(market.paid) + " in cash"];
    },
    fill,
  };

  /** Who this phone is in which session, so that it can say why it no longer is. */
  function remember() {
    if (!market.you || market.session === null) return;
    was.session = market.session;
    was.participant = market.you.participant;
    memory.set({ participant: was.participant });
  }

  function fill(one) {
    if (orders.fill(one) || orders.done(one.client_id)) return;
    if (one.status === "filled") traded(one.side, one); // an order of this participant's other tab
  }

  function change() {
    if (link.online) orders.check();
    if (view.shown() !== "trade" && market.phase !== null) say(link.online ? "Connected again." : "No connection.");
    draw();
  }

  /* ---- joining ---- */

  async function join(event) {
    event.preventDefault();
    if (joining) return;
    joining = true;
    view.put("join-error", "");
    view.put("join-button", "Joining…");
    const nickname = $("nickname").value.trim();
    const code = $("code").value.trim() || new URLSearchParams(root.location.search).get("code");
    const body = Object.assign({}, nickname ? { nickname } : null, code ? { code } : null);
    const answer = await herd.http.post("/herd/join", body).catch(() => null);
    joining = false;
    view.put("join-button", "Join");
    if (!answer) view.put("join-error", "No answer from the server. Check your connection and try again.");
    else if (answer.status >= 200 && answer.status < 300) joined(answer.body, nickname);
    else refuse(answer);
  }

  function joined(body, nickname) {
    memory.set({ nickname, result: null });
    herd.market.apply(market, Object.assign({ nick: nickname }, body, { type: "you" }));
    word = ["quiet", START];
    confirmed = false;
    was.session = body.session || market.session;
    was.participant = body.participant;
    memory.session(was.session);
    memory.set({ participant: was.participant });
    link.again();
    draw();
  }

  function refuse({ status, body, wait }) {
    if (status === 403) {
      view.show("code-row", true);
      $("code").focus();
    }
    const again = wait ? " Try again in " + wait + " s." : "";
    view.put("join-error", sentence(body.detail || "joining did not work; please try again") + again);
  }

  /** The cookie is no longer good. */
  function out() {
    herd.market.apply(market, { type: "you", participant: null });
    link.again();
    draw();
  }

  /** Why the join form is there, in words; null: for the first time. */
  function why() {
    if (market.phase === "ended") return "This game is over. When a new one begins, you can join here.";
    if (!was.participant || market.session === null) return null;
    if (!confirmed) return "This browser has not kept the game's cookie. Please allow cookies, then join again.";
    if (was.session !== market.session) return "A new game has begun. Join again to play." + memory.get("result", "");
    return "You were taken out of the game by the presenter. You can join again.";
  }

  /* ---- trading ---- */

  function quantity() {
    return inputs.filter((input) => input.checked)[0].value;
  }

  /** For each side: how many shares a tap means now, and why it cannot be (null: it can). */
  function choices() {
    const { you, price } = market,
      chosen = quantity();
    const closed = shut();
    const known = you && price !== null;
    const most = known ? herd.market.affordable(you.cash, price, IMPACT, MAX_ORDER) : 0,
      held = known ? Math.max(0, Math.min(MAX_ORDER, you.shares + SHORT)) : 0;
    const buy = chosen === "max" ? most : Number(chosen),
      sell = chosen === "max" ? held : Number(chosen);
    let poor = null,
      bare = null;
    if (!buy) poor = "You have not enough cash for a share.";
    else if (known && buy * price > you.cash) poor = "You have not enough cash for " + text.shares(buy) + ".";
    if (!held) bare = "You have no shares to sell.";
    else if (sell > held) bare = "You have only " + text.shares(held) + " to sell.";
    return { closed, buy: { count: buy, why: closed || poor }, sell: { count: sell, why: closed || bare } };
  }

  /** Why nobody can trade now, in words; null: they can. */
  function shut() {
    if (!link.online) return link.lost ? "No connection: trading goes on when it is back." : "Connecting…";
    if (market.phase !== "open" && market.phase !== null) return CLOSED[market.phase] || "Trading is closed.";
    return market.you && market.price !== null ? null : "One moment: your portfolio is on its way.";
  }

  function tap(side) {
    if (view.shown() !== "trade") return;
    const { count, why } = choices()[side];
    if (why) return refused("why", why, side);
    orders.place(side, count);
  }

  function sent(order) {
    word = ["wait", (order.side === "buy" ? "Buying " : "Selling ") + text.shares(order.quantity) + "…"];
    draw();
  }

  function settled(order, result) {
    if (!result) word = ["quiet", START];
    else if (result.status === "filled") traded(order.side, Object.assign({ quantity: order.quantity }, result));
    else word = ["bad", sentence(result.reason)];
    if (order.here && result) buzz(result.status === "filled" ? 35 : [25, 60, 25]);
    if (result && result.status === "filled" && typeof result.cash !== "number") refresh();
    draw();
  }

  function traded(side, { quantity, price }) {
    memory.trade({ t: Math.max(market.time, Math.round(herd.market.now(market))), price, side, quantity });
    word = ["filled", (side === "buy" ? "Bought " : "Sold ") + text.shares(quantity) + " at " + text.price(price)];
  }

  /** A trade that was not told over the socket: ask for the portfolio. */
  function refresh() {
    herd.http.get("/herd/state").then(
      ({ status, body }) => status === 200 && body.you && message(Object.assign({ type: "you" }, body.you)),
      () => undefined,
    );
  }

  function refused(kind, words, side) {
    if (kind === "pending") view.shake("word");
    else {
      word = ["bad", words];
      if (side) view.shake(side);
    }
    draw();
  }

  function sentence(reason) {
    const words = reason || "The order was refused.";
    return words.charAt(0).toUpperCase() + words.slice(1) + (/[.!?]$/.test(words) ? "" : ".");
  }

  function buzz(pattern) {
    const still = root.matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (root.navigator.vibrate && !still) root.navigator.vibrate(pattern);
  }

  /* ---- the screen ---- */

  /** Something for screen readers only; what is said twice in a row differs, or it would not be read again. */
  function say(words) {
    view.put("said", $("said").textContent === words ? words + "\u00a0" : words);
  }

  function draw() {
    if (drawing || document.hidden) return;
    drawing = root.requestAnimationFrame(paint);
  }

  function which() {
    if (market.you) return market.phase === "ended" ? "result" : "trade";
    // one who was in this game a moment ago is not asked to join while the server has not said otherwise
    return market.asked || !was.participant ? "join" : "trade";
  }

  function paint() {
    drawing = 0;
    const trades = memory.get("trades", []),
      name = which();
    if (view.part(name) && name !== "trade") $(name).focus({ preventScroll: true });
    view.show("offline", !link.online && link.lost > 0);
    view.show("unsaved", market.unsaved);
    view.phase(market);
    view.news(market);
    view.price(market, trades, link.online);
    view.meter(market);
    if (name === "join") {
      const reason = why();
      if (reason) view.put("join-why", reason);
      view.set("join-button", "disabled", market.phase === "ended" ? "" : null);
    } else if (name === "result") {
      view.result(market);
      const { rank, of } = market.you;
      if (rank) memory.set({ result: " In the last one you were number " + rank + " of " + of + "." });
    } else {
      const choice = choices();
      view.own(market, trades);
      view.buttons(market, choice, orders.pending, IMPACT);
      if (choice.closed && !orders.pending) view.word("quiet", choice.closed);
      else view.word(word[0], word[1]);
    }
  }

  function keys(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.target.closest("form")) return;
    const key = event.key.toLowerCase();
    if (key === "b") tap("buy");
    else if (key === "s") tap("sell");
    else if (key === "p" && market.price !== null) say("The price is " + text.money(market.price));
  }

  $("nickname").value = memory.get("nickname", "");
  $("join").addEventListener("submit", join);
  $("buy").addEventListener("click", () => tap("buy"));
  $("sell").addEventListener("click", () => tap("sell"));
  $("retry").addEventListener("click", () => link.now());
  document.addEventListener("keydown", keys);
  inputs.forEach((input) => {
    if (input.value === String(memory.get("quantity"))) input.checked = true;
    input.addEventListener("change", () => {
      memory.set({ quantity: input.value });
      draw();
    });
  });
  document.addEventListener("visibilitychange", draw);
  root.addEventListener("resize", draw);
  setInterval(draw, 1000);
  orders.resume();
  draw();
})(window);
