/* The replay's page: the player's controls, and the game's own chart fed with what the session's frames say.

   On other pages nothing here runs: Dash calls `boot` where the page's store is. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const replay = (of.replay = of.replay || {});
  const $ = (id) => root.document.getElementById("replay-" + id);
  const NO = () => root.dash_clientside.no_update;

  const STEP = 10000; // ms of the session's time that a press on ±10 s goes
  const NEWS_MS = 4000;
  const FEED = 40;
  const PHASES = { open: "Open", frozen: "Frozen", lobby: "Lobby", ended: "Ended" };
  const SIGNS = { news: "⚡", round: "◷", dividend: "+", phase: "●", kick: "✕", bots: "⚙", undo: "↶", experiment: "⚖" };
  const KEYS = {
    " ": "play",
    k: "play",
    ArrowLeft: "back",
    ArrowRight: "on",
    ArrowUp: "faster",
    ArrowDown: "slower",
    Home: "first",
    End: "last",
    f: "full",
    t: "theme",
  };

  class Page {
    constructor(frames, velocity) {
      const { herd } = of;
      this.frames = frames;
      this.player = new replay.Player(frames, velocity);
      this.life = new AbortController();
      this.model = herd.model.create();
      this.chart = new herd.PriceChart($("plot"), $("tag"), this.model, () => this.player.position);
      this.controls();
      this.themed();
      this.rebuild();
      this.player.toggle();
      this.show();
      this.then = performance.now();
      this.request = root.requestAnimationFrame((now) => this.beat(now));
    }

    close() {
      this.life.abort();
      root.cancelAnimationFrame(this.request);
      this.chart.close();
      delete root.document.documentElement.dataset.presenting;
    }

    controls() {
      const { signal } = this.life,
        on = (node, name, listener) => node.addEventListener(name, listener, { signal });
      const range = of.herd.make("input");
      Object.assign(range, { type: "range", min: this.player.begin, max: this.player.end, step: 250 });
      range.setAttribute("aria-label", "Position in the session");
      on(range, "input", () => this.seek(Number(range.value)));
      $("seek").replaceChildren(range);
      const select = of.herd.make("select");
      select.setAttribute("aria-label", "Velocity");
      for (const one of replay.VELOCITIES) {
        const option = of.herd.make("option", "", one + "×");
        option.value = one;
        select.append(option);
      }
      on(select, "change", () => {
        this.player.velocity = Number(select.value);
        this.show();
      });
      $("velocity").replaceChildren(select);
      Object.assign(this, { range, select });
      on(root.document, "click", (event) => {
        const button = event.target.closest("[data-replay]");
        if (button) this.act(button.dataset.replay);
      });
      on(root.document, "keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const inside = event.target.closest("input, select, button, a");
        const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
        const own = inside && (inside.tagName === "SELECT" || key === " " || inside.type === "range");
        const name = KEYS[key];
        if (!name || own) return;
        event.preventDefault();
        this.act(name);
      });
      on(root.document, "fullscreenchange", () => this.present(Boolean(root.document.fullscreenElement)));
      on(root.document, "visibilitychange", () => {
        this.then = performance.now();
        if (!root.document.hidden) this.chart.again();
      });
    }

    act(name) {
      const { player } = this;
      const does = {
        play: () => {
          const again = player.over;
          player.toggle();
          if (again) this.rebuild();
        },
        back: () => this.seek(player.position - STEP),
        on: () => this.seek(player.position + STEP),
        first: () => this.seek(player.begin),
        last: () => this.seek(player.end),
        faster: () => player.faster(1),
        slower: () => player.faster(-1),
        full: () => this.full(),
        theme: () => {
          of.theme.choose(of.theme.scheme() === "dark" ? "light" : "dark");
          this.themed();
        },
      };
      does[name]();
      this.show();
    }

    full() {
      const { document } = root;
      if (document.fullscreenElement) document.exitFullscreen();
      else if (document.fullscreenEnabled) document.documentElement.requestFullscreen().catch(() => this.present(true));
      else this.present(!("presenting" in document.documentElement.dataset));
    }

    present(on) {
      const { dataset } = root.document.documentElement;
      if (on) dataset.presenting = "";
      else delete dataset.presenting;
      this.chart.again();
    }

    themed() {
      const scheme = of.theme.scheme();
      root.document.documentElement.dataset.theme = scheme;
      root.dash_clientside.set_props("mantine", { forceColorScheme: scheme });
      this.chart.colours(of.theme.colours("blue", scheme));
    }

    seek(position) {
      this.player.seek(position);
      this.rebuild();
      this.show();
    }

    /** The model as it was at the position, from nothing. */
    rebuild() {
      Object.assign(this.model, of.herd.model.create());
      this.done = [0, 0];
      $("news").hidden = true;
      this.chart.xRange = this.chart.yRange = null;
      of.herd.model.apply(this.model, {
        type: "snapshot",
        session: this.frames.session,
        version: 0,
        start: this.frames.start,
        phase: "open",
        history: [],
      });
      this.take(false);
      this.chart.again();
    }

    /** Bring the model up to the position. lively: headlines are shown over the chart. */
    take(lively) {
      const { frames, model, player } = this,
        [before, told] = this.done,
        [until, heard] = player.past();
      for (let i = before; i < until; i++) {
        const message = { type: "delta", version: i, time: frames.t[i], price: frames.price[i] };
        if (frames.fundamental) message.fundamental = frames.fundamental[i];
        of.herd.model.apply(model, message);
      }
      const events = frames.events.slice(told, heard);
      if (events.length) of.herd.model.apply(model, { type: "delta", version: until, feed: events });
      for (const event of events) this.happened(event, lively);
      this.done = [until, heard];
      return until > before || heard > told;
    }

    happened(event, lively) {
      const { model } = this;
      if (event.kind === "phase") {
        const found = /(open|frozen|ended|lobby|waiting)/i.exec(event.text);
        if (found) model.phase = found[1].toLowerCase().replace("waiting", "lobby");
      } else if (event.kind === "round") model.roundText = event.text;
      else if (event.kind === "news" && lively) {
        of.herd.put($("news"), event.text.replace(/^News: /, ""));
        $("news").hidden = false;
        this.newsUntil = performance.now() + NEWS_MS;
      }
    }

    beat(now) {
      this.request = root.requestAnimationFrame((next) => this.beat(next));
      const left = this.player.advance(Math.min(1000, now - this.then));
      this.then = now;
      if (left > 0) this.note(of.herd.text.span(left / 1000) + " in which nothing happened were left out");
      if (this.newsUntil && now > this.newsUntil) {
        this.newsUntil = 0;
        $("news").hidden = true;
      }
      const news = this.take(true);
      if (news || (this.player.playing && this.chart.age > 200)) this.show();
      else if (!this.player.playing && this.was) this.show();
      this.was = this.player.playing;
    }

    note(words) {
      of.herd.put($("note"), words);
      $("note").hidden = false;
      clearTimeout(this.noteTimer);
      this.noteTimer = setTimeout(() => ($("note").hidden = true), 3000);
    }

    show() {
      const { model, player } = this,
        { herd } = of,
        { text, put } = herd;
      if (player.playing) this.chart.soon();
      else this.chart.again();
      const price = model.price ?? model.start;
      put($("price"), text.price(price));
      const change = price - model.start;
      const way = Math.abs(change) < 0.005 ? 0 : Math.sign(change);
      $("change").dataset.way = way > 0 ? "up" : way < 0 ? "down" : "flat";
      const share = text.signed((100 * change) / model.start, (value) => text.number(value, 1));
      put($("change"), `${text.arrow(way)} ${text.signed(change, text.price)} (${share} %)`);
      $("stage").dataset.phase = model.phase || "";
      put($("phase"), PHASES[model.phase] || "");
      put($("round"), model.roundText || "");
      put($("clock"), text.span((player.position - player.begin) / 1000));
      this.meter(player.meter());
      this.feed();
      put($("time"), `${text.span((player.position - player.begin) / 1000)} / ${text.span((player.end - player.begin) / 1000)}`);
      put($("play"), player.playing ? "Pause" : player.over ? "Again" : "Play");
      this.range.value = player.position;
      this.range.setAttribute("aria-valuetext", $("time").textContent);
      this.select.value = player.velocity;
    }

    meter(share) {
      const { put } = of.herd,
        known = share !== null;
      $("meter").dataset.known = known;
      $("bar").style.width = (known ? 100 * share : 50).toFixed(1) + "%";
      put($("buyers"), known ? `Buyers ${Math.round(100 * share)} %` : "Buyers –");
      put($("sellers"), known ? `${Math.round(100 * (1 - share))} % Sellers` : "– Sellers");
    }

    feed() {
      const { model, player } = this,
        list = $("feed"),
        { make, text } = of.herd;
      const key = model.feed.length + " " + (model.feed[0] ? model.feed[0].t : 0);
      if (list.dataset.key === key) return;
      list.dataset.key = key;
      list.replaceChildren(
        ...model.feed.slice(0, FEED).map((event) => {
          const item = make("li");
          item.dataset.kind = event.kind;
          const sign = make("span", "hg-sign", SIGNS[event.kind] || "·");
          sign.setAttribute("aria-hidden", "true");
          item.append(make("time", "", text.span((event.t - player.begin) / 1000)), sign, make("span", "hg-text", event.text));
          return item;
        }),
      );
    }
  }

  function fault(words) {
    $("banner").textContent = words;
    $("banner").hidden = false;
  }

  async function load() {
    const asked = new URLSearchParams(root.location.search);
    const session = asked.get("session");
    const query = session ? "?session=" + encodeURIComponent(session) : "";
    const debrief = $("debrief");
    debrief.href = "/herd/debrief/" + query;
    let answer;
    try {
      answer = await root.fetch("/herd/frames" + query);
    } catch {
      return fault("The server cannot be reached.");
    }
    if (!$("stage")) return undefined; // the reader has gone elsewhere
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok) return fault(body.detail || "The session cannot be read.");
    if (!body.t || body.t.length < 2) return fault("Nothing was traded in this session: there is nothing to replay.");
    $("session").textContent = "Session " + body.session;
    if (replay.page) replay.page.close();
    replay.page = new Page(body, asked.get("velocity"));
    return undefined;
  }

  root.dash_clientside = Object.assign({}, root.dash_clientside, {
    herd_replay: {
      boot: (config) => {
        if (config && $("stage")) load();
        return NO();
      },
    },
  });
})(globalThis);
