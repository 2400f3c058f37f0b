/* The start of the instruments' page, and the functions that Dash calls (`dash_clientside.instruments`).

   On other pages nothing here runs: Dash calls `boot` where the page's store is, and a later `boot` ends the page before. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const ix = (of.instruments = of.instruments || {});
  const $ = (id) => root.document.getElementById("instruments-" + id);
  const NO = () => root.dash_clientside.no_update;

  const DIALOGS = ["detail", "restart", "scenario", "quiz", "help"];
  const ANEW = 30000; // ms after which the roster is asked for again: others may have changed something
  const RESORT = 3000;
  const PORTION = 100; // instruments whose histories are asked for at once

  class Page {
    constructor(config) {
      this.config = config;
      this.node = $("page");
      this.life = new AbortController();
      this.now = ix.IDLE;
      this.timing = {};
      this.search = "";
      this.order = "id";
      this.link = "connecting";
      this.model = new ix.Model();
      this.channel = new ix.Channel("instruments-ask");
      this.fields();
      this.grid = new ix.Grid($("grid"), this.model, {
        open: (id) => this.open(id),
        seen: (items) => this.fill(items),
        timed: (name, ms, count) => this.timed(name, ms, count),
      });
      this.control = new ix.Control(this);
      this.detail = new ix.Detail(this);
      this.quiz = new ix.Quiz(this);
      this.actions = ix.actions(this);
      this.figures = new ix.Figures($("status"));
      ix.keys.help($("help-keys"));
      this.listen();
      this.themed();
      this.socket = new ix.Socket("/ws/instruments", {
        take: (message) => this.take(message),
        state: (state, tries, why) => this.connection(state, tries, why),
        probe: () => this.probe(),
      });
      this.timers = [
        setInterval(() => this.resort(), RESORT),
        setInterval(() => root.document.hidden || this.roster(), ANEW),
      ];
      root.history.scrollRestoration = "manual";
    }

    close() {
      this.ended = true;
      this.life.abort();
      this.timers.forEach(clearInterval);
      this.socket.close();
      this.detail.close();
      this.quiz.close();
      this.grid.close();
    }

    /** The fields that Dash has no components for, or heavier ones. */
    fields() {
      const { make } = ix;
      this.field = make("input", "ix-field", null, {
        id: "instruments-search",
        type: "search",
        placeholder: "Search id, name, model",
        autocomplete: "off",
        spellcheck: "false",
        enterkeyhint: "search",
      });
      $("search-host").replaceChildren(this.field);
      const host = $("sort-host");
      const options = host.dataset.choices
        .split("\n")
        .map((line) => line.split("="))
        .map(([value, words]) => make("option", null, words, { value }));
      this.sorts = make("select", "ix-field", options, { id: "instruments-sort" });
      host.replaceChildren(this.sorts);
    }

    listen() {
      const { signal } = this.life,
        { document } = root;
      this.field.addEventListener("input", () => this.find(this.field.value));
      this.field.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && this.field.value) this.clear();
        else if (event.key === "Escape") this.field.blur();
        else if (event.key === "ArrowDown" || event.key === "Enter") {
          event.preventDefault();
          this.grid.focus();
        }
      });
      this.sorts.addEventListener("change", () => this.sort(this.sorts.value));
      document.addEventListener(
        "click",
        (event) => {
          const button = event.target.closest && event.target.closest("[data-do], [id^='instruments-do-']");
          if (button) this.act(button.dataset.do || button.id.replace("instruments-do-", ""), button);
        },
        { signal },
      );
      document.addEventListener("keydown", (event) => this.key(event), { signal });
      of.theme.onSystemChange(() => ix.page === this && this.themed());
    }

    key(event) {
      if (this.opened === "quiz") {
        const { ctrlKey, metaKey, altKey, repeat } = event;
        const own = event.key === "Enter" || event.key === " ";
        if (ctrlKey || metaKey || altKey || repeat || (own && event.target.closest("button"))) return;
        if (this.quiz.key(event)) event.preventDefault();
        return;
      }
      const action = this.opened ? null : ix.keys.find(event);
      if (!action) return;
      event.preventDefault();
      this.act(action);
    }

    act(name, button) {
      if (this.actions[name]) this.actions[name](button);
    }

    // dialogs

    open(id) {
      this.dialog("detail", true);
      this.detail.open(id);
    }

    dialog(name, open) {
      if (!name) return;
      root.dash_clientside.set_props("instruments-dialog-" + name, { opened: open });
      // what the script itself sets, no callback tells of
      this.dialogs(DIALOGS.map((one) => (one === name ? open : one === this.opened)));
    }

    /** Which dialogs are open, in the order of DIALOGS. */
    dialogs(opened) {
      const now = DIALOGS.find((_, k) => opened[k]) || null;
      if (now === this.opened) return;
      if (this.opened === "detail") this.detail.leave();
      this.opened = now;
      if (now === "quiz") this.quiz.open();
    }

    // the instruments

    /** Ask who there is. */
    async roster() {
      if (this.asking) return;
      this.asking = true;
      const answer = await this.channel.ask({ kind: "roster" });
      this.asking = false;
      if (this.ended || !answer) return;
      this.may = answer.may;
      this.node.toggleAttribute("data-view-only", !answer.may);
      const change = this.model.roster(answer.rows);
      this.grid.roster(change);
      this.arrange();
      this.footer();
    }

    /** Ask for the prices before those held. Whoever is asked for while a question is on its way goes with the next one.
        Resolves when nothing is wanting. */
    fill(items) {
      this.wanting = this.wanting || new Set();
      for (const one of items)
        if (!one.filled) {
          one.filled = true;
          this.wanting.add(one);
        }
      this.filling = this.filling || this.drain().finally(() => (this.filling = null));
      return this.filling;
    }

    async drain() {
      while (this.wanting.size && !this.ended) {
        const part = [...this.wanting].slice(-PORTION); // those asked for last are those looked at now
        for (const one of part) this.wanting.delete(one);
        const answer = await this.channel.ask({ kind: "recent", ids: part.map((one) => one.id) });
        for (const one of part) {
          const found = answer && answer.prices[one.id];
          if (found) one.series.fill(...found);
          else one.filled = false;
        }
        this.grid.moved(part);
      }
    }

    take(message) {
      if (message.type !== "board") return;
      if (!this.node.isConnected) return this.close(); // Dash has put another page in its place
      const begun = performance.now();
      const before = this.now;
      const { simulation } = message;
      const moved = this.model.board(message.data);
      this.took(simulation);
      const other =
        simulation.seed !== before.seed ||
        simulation.instruments !== this.model.items.size ||
        simulation.steps < before.steps;
      if (moved === null || other || simulation.halted !== before.halted || simulation.failed !== before.failed)
        this.roster();
      if (moved) this.grid.moved(moved);
      this.timed("take", performance.now() - begun, message.data.length);
    }

    /** The state of the simulation has come. */
    took(status) {
      this.now = status;
      this.control.show(status);
      this.footer();
      this.state();
    }

    /** What the simulation does. */
    status() {
      return this.now;
    }

    again() {
      for (const one of this.model.items.values()) {
        one.filled = false;
        one.series.clear();
      }
      this.asking = false;
      this.roster().then(() => this.fill(this.grid.seen()));
    }

    edited() {
      this.asking = false;
      this.roster();
    }

    /** GET /models, once. */
    library() {
      this.models =
        this.models ||
        ix.call(this.config.prefix + "/models").then((answer) => {
          if (!answer.ok) this.models = null;
          return answer.body;
        });
      return this.models;
    }

    // search and order

    find(text) {
      this.search = text;
      root.scrollTo({ top: 0, behavior: "instant" });
      this.arrange();
    }

    clear() {
      this.field.value = "";
      this.find("");
      this.field.focus();
    }

    sort(order) {
      this.order = order;
      root.scrollTo({ top: 0, behavior: "instant" });
      this.arrange();
      if (order === "volatility") this.fill([...this.model.items.values()]).then(() => this.ended || this.arrange());
    }

    /** Orders that move with the prices are renewed, unless somebody is about to choose a card. */
    resort() {
      if (this.order === "id" || this.order === "name" || root.document.hidden || this.opened) return;
      if ($("grid").matches(":hover") && root.matchMedia("(hover: hover)").matches) return;
      if ($("grid").contains(root.document.activeElement)) return;
      this.arrange();
    }

    arrange() {
      const begun = performance.now();
      const { model } = this,
        found = model.list(this.search, this.order),
        all = model.items.size;
      this.grid.arrange(found);
      $("loading").hidden = true;
      $("none").hidden = all > 0;
      $("nothing").hidden = found.length > 0 || all === 0;
      $("grid").hidden = !found.length;
      ix.put($("nothing-words"), `No id, name or model has “${this.search.trim()}” in it.`);
      const { whole } = ix.text;
      ix.put(
        $("count"),
        found.length === all
          ? `${whole(all)} ${all === 1 ? "instrument" : "instruments"}`
          : `${whole(found.length)} of ${whole(all)}`,
      );
      this.timed("arrange", performance.now() - begun, all);
    }

    // state

    connection(state, tries, why) {
      this.link = state;
      const banner = $("banner");
      if (state === "open") {
        if (this.lost) ix.toast("Connected again.");
        this.lost = false;
        this.roster().then(() => this.fill(this.grid.seen()));
      }
      if (state === "down" && tries >= 1) {
        this.lost = true;
        for (const one of this.model.items.values()) one.filled = false;
      }
      banner.hidden = !this.lost;
      if (this.lost)
        ix.put(
          banner,
          `No connection${why ? ": " + why : ""}. These are the last prices; the page goes on by itself (try ${Math.max(1, tries)}).`,
        );
      this.state();
    }

    async probe() {
      const answer = await ix.call(this.config.prefix + "/simulation");
      if (answer.ok) this.took(answer.body);
      return answer.ok;
    }

    /** Live, paused, or without a line. */
    state() {
      const state =
        this.link !== "open"
          ? this.lost
            ? "reconnecting"
            : "connecting"
          : this.now.running
            ? "live"
            : this.now.seed === null
              ? "connecting"
              : "paused";
      this.node.dataset.state = state;
      ix.put(
        $("live"),
        { live: "Live", paused: "Paused", reconnecting: "Reconnecting …", connecting: "Connecting …" }[state],
      );
    }

    footer() {
      if (this.now.seed !== null) this.figures.show(this.now, this.may);
    }

    themed() {
      const scheme = of.theme.scheme();
      root.dash_clientside.set_props("mantine", { forceColorScheme: scheme });
      of.theme.apply();
      this.colours = of.theme.colours("blue", scheme);
      this.grid.colours = this.colours;
      this.grid.again();
      this.detail.plot.colours(this.colours);
      this.quiz.draw();
    }

    /** Milliseconds of the main thread that something took, for whoever measures. */
    timed(name, ms, count) {
      const found = (this.timing[name] = this.timing[name] || { n: 0, ms: 0, worst: 0, last: 0, count: 0 });
      found.n++;
      found.ms += ms;
      found.worst = Math.max(found.worst, ms);
      found.last = ms;
      found.count = count;
    }
  }

  const inside = {
    boot: (config) => {
      if (!config || !$("page")) return NO();
      if (ix.page) ix.page.close();
      ix.page = new Page(config);
      return NO();
    },
    told: (answer) => {
      if (ix.page && answer) ix.page.channel.take(answer);
      return NO();
    },
    quizzed: (answer) => {
      if (ix.page && answer) ix.page.quiz.channel.take(answer);
      return NO();
    },
    dialogs: (...opened) => {
      if (ix.page) ix.page.dialogs(opened);
      return NO();
    },
  };

  root.dash_clientside = Object.assign({}, root.dash_clientside, { instruments: inside });
})(globalThis);
