/* What the phone knows of the market: messages in, events out. Nothing here touches the page or the network.

   A snapshot replaces everything; a delta brings what changed. What is older than what is known is left out, so that a
   price never jumps back. `apply` answers with the names of what happened: "gap" (a snapshot is needed), "session",
   "phase", "round", "news", "you", "out" (no longer joined), "fill", "dividend" (more cash and as many shares, in a
   round), "undone" (a round was taken back). */
(function (root) {
  "use strict";
  const herd = (root.herd = root.herd || Object());

  const KEPT_MS = 5 * 60 * 1000;
  const KEPT = 2000;
  const JUMP_MS = 10000;

  /** A market of which nothing is known. */
  function create() {
    return {
      version: 0,
      session: null,
      phase: null,
      price: null,
      start: null, // the price that the session began with
      direction: 0, // of the last move
      time: 0, // ms, by the server's clock
      ahead: null, // ms that the server's clock is ahead of ours
      round: null,
      meter: undefined, // null: nobody trades; undefined: this phone is not shown it
      news: null,
      unsaved: false, // whether the server cannot store the game
      n: 0,
      history: [], // [ms, price], oldest first
      you: null, // null: not joined, as far as known
      undone: [], // [ms, ms]: what was traded from then to then does not stand
      paid: 0, // the last dividend
      asked: false, // whether the server has said who this is
    };
  }

  /** The present time by the server's clock, in ms. */
  function now(market) {
    return Date.now() + (market.ahead || 0);
  }

  function snapshot(market, message) {
    const happened = [];
    if (message.session !== market.session) {
      happened.push("session");
      market.history = [];
      market.direction = 0;
      market.price = market.phase = market.news = market.round = null;
      market.undone = [];
    }
    market.session = message.session;
    market.start = message.start;
    market.meter = message.meter;
    market.unsaved = false;
    if (Array.isArray(message.history)) market.history = message.history.slice();
    take(market, message, happened);
    const undone = message.undone || [],
      last = undone[undone.length - 1],
      before = market.undone[market.undone.length - 1];
    market.undone = undone;
    if (last && !(before && before[1] === last[1])) happened.push("undone");
    return happened;
  }

  function delta(market, message) {
    if (market.session === null) return ["gap"];
    if (message.version <= market.version || message.time < market.time) return [];
    const happened = [];
    if ("meter" in message) market.meter = message.meter;
    take(market, message, happened);
    return happened;
  }

  /** What snapshots and deltas have in common. */
  function take(market, message, happened) {
    const ahead = message.time - Date.now();
    // the message that was quickest here knows best, until this phone's clock is set to another time
    const jumped = message.type === "delta" && ahead < market.ahead - JUMP_MS;
    if (market.ahead === null || ahead > market.ahead || jumped) market.ahead = ahead;
    if (market.price !== null && message.price !== market.price) {
      market.direction = message.price > market.price ? 1 : -1;
    }
    market.version = message.version;
    market.time = message.time;
    market.price = message.price;
    remember(market, message.time, message.price);
    if ("n" in message) market.n = message.n;
    if ("unsaved" in message) market.unsaved = message.unsaved;
    if ("phase" in message && message.phase !== market.phase) {
      market.phase = message.phase;
      happened.push("phase");
    }
    if ("round" in message) {
      const before = market.round ? market.round.round : null;
      market.round = message.round;
      if (message.round && message.round.round !== before) happened.push("round");
    }
    if ("news" in message) {
      const news = message.news;
      const fresh = news && (!market.news || news.time !== market.news.time || news.text !== market.news.text);
      market.news = news;
      if (fresh) happened.push("news");
    }
  }

  function remember(market, time, price) {
    const { history } = market,
      last = history[history.length - 1];
    if (last && time <= last[0]) last[1] = price;
    else history.push([time, price]);
    if (history.length > KEPT || (history.length > 1 && history[1][0] < time - KEPT_MS)) {
      const first = history.findIndex((point) => point[0] >= time - KEPT_MS);
      history.splice(0, Math.max(first - 1, history.length - KEPT, 0));
    }
  }

  function who(market, message) {
    const before = market.you;
    market.asked = true;
    if (message.participant === null || message.participant === undefined) {
      market.you = null;
      return ["out"];
    }
    const same = before && before.participant === message.participant;
    market.you = Object.assign({}, same ? before : {}, message);
    const paid = same && market.round && message.shares === before.shares && message.cash > before.cash;
    market.paid = paid ? message.cash - before.cash : 0;
    return paid ? ["you", "dividend"] : ["you"];
  }

  function fill(market, message) {
    if (market.you) {
      if (typeof message.cash === "number") market.you.cash = message.cash;
      if (typeof message.shares === "number") market.you.shares = message.shares;
    }
    return ["fill"];
  }

  /** The answer of GET /herd/state, for phones that get no socket through: a snapshot without the past, and who. */
  function state(market, message) {
    return snapshot(market, message).concat(who(market, message.you || { participant: null }));
  }

  const TAKES = { snapshot, delta, you: who, fill, state };

  /** Take in one message; what happened. */
  const apply = (market, message) => (TAKES[message.type] ? TAKES[message.type](market, message) : []);

  /** Cash and shares at the present price. */
  function wealth(market) {
    const { you, price } = market;
    if (!you) return null;
    return price === null ? you.wealth : you.cash + you.shares * price;
  }

  /** What has been won since the start; null while the start is not known. */
  function profit(market) {
    const { you } = market;
    return you && typeof you.start_wealth === "number" ? wealth(market) - you.start_wealth : null;
  }

  /** About what buying `count` (selling: below zero) changes in cash: the price moves while one trades. */
  function cost(price, count, impact) {
    return price * count * (1 + (impact * count) / 2);
  }

  /** As many shares as cash surely buys, a little below the most, as others buy in the same moment. */
  function affordable(cash, price, impact, most) {
    let count = Math.min(most, Math.floor(cash / price));
    while (count > 0 && cost(price, count, impact) * 1.01 > cash) count -= 1;
    return Math.max(0, count);
  }

  herd.market = { create, apply, now, wealth, profit, cost, affordable };
})(window);
