/* Everything on the big screen but the chart: price, phase, clock, meter, way in, statistics, leaders, events.

   Elements are written only where their words change. It reads the model and never changes it. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const herd = (of.herd = of.herd || {});
  const $ = (id) => root.document.getElementById(id);

  const PHASES = {
    lobby: ["Lobby", "The market opens soon."],
    open: ["Open", "The market is open."],
    frozen: ["Frozen", "The market is frozen."],
    ended: ["Ended", "The game is over."],
  };
  const SIGNS = {
    ...{ news: "⚡", round: "◷", dividend: "+", phase: "●", join: "→", kick: "✕", bots: "⚙", undo: "↶" },
    experiment: "⚖",
  };
  const FEED = 30;
  const NEWS_MS = 15000;

  function put(element, text) {
    if (element && element.textContent !== text) element.textContent = text;
  }

  function make(tag, name, text) {
    const element = root.document.createElement(tag);
    if (name) element.className = name;
    if (text !== undefined) element.textContent = text;
    return element;
  }

  class View {
    /** model: read. now(): the server's time, ms. */
    constructor(stage, model, now) {
      Object.assign(this, { stage, model, now });
      this.presenter = false;
      this.newsUntil = 0;
      // a viewer of a game whose code is a secret is shown none
      for (const node of root.document.querySelectorAll("[data-join='qr']")) {
        node.onerror = () => (node.style.visibility = "hidden");
        node.onload = () => (node.style.visibility = "");
      }
    }

    /** What changed, as names of the model's values. */
    show(changed) {
      const { model, stage } = this;
      const scene = herd.model.scene(model);
      if (stage.dataset.scene !== scene) {
        stage.dataset.scene = scene;
        $("herd-hero").hidden = scene !== "join";
        $("herd-over").hidden = scene !== "over";
      }
      const all = changed.has("snapshot");
      this.price();
      if (all || changed.has("phase") || changed.has("round")) this.phase(all);
      if (all || changed.has("meter") || changed.has("buys") || changed.has("sells") || changed.has("experiment"))
        this.meter();
      if (all || changed.has("stats")) this.statistics();
      if (all || changed.has("stats") || changed.has("n") || changed.has("code") || changed.has("phase")) this.join();
      if (all || changed.has("leaders")) this.leaders();
      if (all || changed.has("feed")) this.feed();
      if (changed.has("news") && !all) this.news();
      put($("herd-session"), model.session ? "Session " + model.session : "");
    }

    price() {
      const { model } = this,
        { text } = herd;
      put($("herd-price"), text.price(model.price));
      const change = model.price - model.start;
      const node = $("herd-change");
      if (typeof model.start !== "number" || typeof model.price !== "number") return put(node, "");
      const way = Math.abs(change) < 0.005 ? 0 : Math.sign(change);
      node.dataset.way = way > 0 ? "up" : way < 0 ? "down" : "flat";
      const share = text.signed(model.start ? (100 * change) / model.start : 0, (v) => text.number(v, 1));
      put(node, text.arrow(way) + " " + text.signed(change, text.price) + " (" + share + " %)");
    }

    phase(quiet) {
      const { model, stage } = this,
        { round } = model;
      const [word, sentence] = PHASES[model.phase] || ["", ""];
      stage.dataset.phase = model.phase || "";
      put($("herd-phase"), word);
      put($("herd-round"), round ? "Round " + round.round + (round.of ? " of " + round.of : "") : "");
      this.tick();
      // read aloud: the phase, and a round's begin; nothing else, or it would never be silent
      const said = sentence + (round ? " Round " + round.round + (round.of ? " of " + round.of : "") + "." : "");
      if (!quiet && said !== this.said) put($("herd-announce"), said);
      this.said = said;
    }

    /** The round's clock and what fades by itself; four times a second. */
    tick() {
      const { model } = this,
        { round } = model;
      const clock = $("herd-clock");
      const rest = round && (round.ends ? round.ends - this.now() : round.left);
      if (typeof rest === "number" && model.phase !== "ended") {
        const left = Math.max(0, rest / 1000);
        put(clock, herd.text.span(Math.ceil(left)));
        clock.dataset.soon = left <= 10;
        clock.hidden = false;
      } else clock.hidden = true;
      if (this.newsUntil && performance.now() > this.newsUntil) {
        this.newsUntil = 0;
        $("herd-news").hidden = true;
      }
    }

    meter() {
      const { model, stage } = this,
        { meter } = model;
      stage.dataset.experiment = Boolean(model.experiment);
      const known = typeof meter === "number";
      const share = known ? meter : 0.5;
      $("herd-meter").dataset.known = known;
      const bar = $("herd-meter-bar");
      bar.style.width = (100 * share).toFixed(1) + "%";
      put($("herd-meter-buy"), known ? "Buyers " + Math.round(100 * share) + " %" : "Buyers –");
      put($("herd-meter-sell"), known ? Math.round(100 * (1 - share)) + " % Sellers" : "– Sellers");
      const { buys, sells } = model;
      put($("herd-meter-batch"), buys || sells ? "Last batch: ▲ " + (buys || 0) + "  ▼ " + (sells || 0) : "");
    }

    statistics() {
      const stats = this.model.stats || {};
      for (const node of this.stage.querySelectorAll("[id^='herd-stat-']")) {
        const key = node.id.slice("herd-stat-".length);
        put(node, herd.text.statistic(key, stats[key]));
      }
    }

    /** The address, the code, and how many have come. */
    join() {
      const { model } = this,
        stats = model.stats || {};
      const url = model.join || this.address;
      const joined = stats.participants ?? model.n;
      const words =
        typeof joined === "number"
          ? herd.text.number(joined) +
            " joined" +
            (typeof stats.connected === "number" ? " · " + herd.text.number(stats.connected) + " connected" : "")
          : "";
      for (const node of root.document.querySelectorAll("[data-join]")) {
        const kind = node.dataset.join;
        if (kind === "url") {
          const text = herd.text.address(url, model.code);
          put(node, text);
          node.style.setProperty("--letters", Math.max(8, text.length));
        } else if (kind === "code") put(node, model.code ? "Code " + model.code : "");
        else if (kind === "count") put(node, words);
        else if (kind === "qr" && model.code) {
          const source = "/herd/qr.svg?v=" + encodeURIComponent(model.code);
          if (node.getAttribute("src") !== source) node.setAttribute("src", source);
        }
      }
      put($("herd-hero-title"), model.phase === "lobby" && joined ? "Scan to join: we begin soon" : "Scan to join");
    }

    leaders() {
      const { model, presenter } = this,
        list = $("herd-leaders"),
        { text } = herd;
      const rows = (model.leaders || []).slice(0, 10);
      $("herd-leaders-none").hidden = rows.length > 0;
      while (list.children.length > rows.length) list.lastChild.remove();
      rows.forEach((row, i) => {
        let item = list.children[i];
        if (!item || item.dataset.presenter !== String(presenter)) {
          const fresh = make("li");
          fresh.dataset.presenter = presenter;
          const line = make(presenter ? "button" : "span", "hg-leader");
          if (presenter) {
            line.type = "button";
            line.dataset.do = "kick";
          }
          for (const name of ["rank", "nick", "bot", "wealth", "profit"]) line.append(make("span", "hg-" + name));
          fresh.append(line);
          if (item) item.replaceWith(fresh);
          else list.append(fresh);
          item = fresh;
        }
        const line = item.firstChild,
          [rank, nick, bot, wealth, profit] = line.children;
        put(rank, String(i + 1));
        put(nick, row.nick || row.participant);
        put(bot, row.bot ? "bot" : "");
        put(wealth, text.money(row.wealth));
        put(profit, text.arrow(Math.round(row.profit)) + " " + text.signed(Math.round(row.profit), text.money));
        profit.dataset.way = row.profit > 0.5 ? "up" : row.profit < -0.5 ? "down" : "flat";
        if (presenter) {
          line.dataset.participant = row.participant;
          line.dataset.nick = row.nick || row.participant;
          const title = "Kick " + line.dataset.nick + " …";
          if (line.title !== title) line.title = title;
        }
      });
    }

    feed() {
      const { model } = this,
        list = $("herd-feed");
      const zero = herd.model.origin(model, this.now());
      $("herd-feed-none").hidden = model.feed.length > 0;
      const keys = new Map([...list.children].map((item) => [item.dataset.key, item]));
      const wanted = model.feed.slice(0, FEED).map((event) => {
        const key = event.t + " " + event.kind + " " + event.text;
        let item = keys.get(key);
        keys.delete(key);
        if (!item) {
          item = make("li");
          item.dataset.key = key;
          item.dataset.kind = event.kind;
          const sign = make("span", "hg-sign", SIGNS[event.kind] || "·");
          sign.setAttribute("aria-hidden", "true");
          item.append(make("time"), sign, make("span", "hg-text", event.text));
        }
        put(item.firstChild, event.t < zero ? "–" : herd.text.span((event.t - zero) / 1000));
        return item;
      });
      for (const item of keys.values()) item.remove();
      wanted.forEach((item, i) => {
        if (list.children[i] !== item) list.insertBefore(item, list.children[i] || null);
      });
    }

    /** A headline over the chart, for a while. */
    news() {
      const { news } = this.model,
        node = $("herd-news");
      if (!news || !news.text) return;
      put(node, news.text);
      node.hidden = false;
      this.newsUntil = performance.now() + NEWS_MS;
    }
  }

  herd.View = View;
  herd.make = make;
  herd.put = put;
})(globalThis);
