/* The workspace's charts, and the functions that Dash calls (`dash_clientside.workspace`).

   Callbacks bring candles, indicators and signals of each chart by its number; they go to a plot of `kit/plot`, which
   asks for older candles through the chart's store. Keys and buttons act on the chart that was used last. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const { document } = root;
  const NO = () => root.dash_clientside.no_update;
  const set = (type, index, props) => root.dash_clientside.set_props({ index, type: "ws-" + type }, props);
  const cards = () => /** @type {HTMLElement[]} */ (Array.from(document.querySelectorAll(".ws-card")));

  const page = (of.page = {
    charts: /** @type {any[]} */ ([]),
    ...{ config: null, used: 0, choice: {}, drawn: {}, left: {}, placing: false },
    says: /** @type {string[]} */ ([]),
    patience: 8000, // ms that candles may take before that is said
    late: /** @type {any[]} */ ([]),
    again: /** @type {(() => void)[]} */ ([]),
    written: /** @type {any} */ (null), // the query that the page gave itself
    at: 0, // when it took over one
  });

  /** Keep a part of what the reader leaves on a chart, for their next visit. All of it is sent each time, as Dash may join
      two changes of a store. */
  function leave(index, part) {
    const { key } = page.charts[index] || {},
      before = page.left[index];
    if (!key || page.placing) return;
    const data = { key, left: { ...(before && before.key === key && before.left), ...part } };
    set("left", index, { data: (page.left[index] = data) });
  }

  /** What range a chart shows, for the page's address. */
  const tell = (index, { key, range } = page.charts[index]) => set("view", index, { data: { key, range } });

  /** What a chart waits for, in words. state: "loading" or "older", which become "loading-late" and "older-late"; these and
      "failed" can be tried again; "" is the end. */
  function say(index, state, children = "") {
    const waits = state === "loading" || state === "older",
      late = () => cards()[index].hidden || say(index, state + "-late", "The candles have not come yet.");
    clearTimeout(page.late[index]);
    page.says[index] = state;
    page.late[index] = waits && setTimeout(late, page.patience);
    set("busy", index, { "data-state": state });
    set("words", index, { children });
    set("plot", index, { "aria-busy": String(waits) });
  }

  /** Candles were asked for, and how to ask for them again. */
  function wait(index, state, words, ask) {
    say(index, state, words);
    page.again[index] = () => {
      say(index, state, words);
      ask(Date.now());
    };
  }

  const load = (index) => wait(index, "loading", "Loading …", (n) => set("reload", index, { data: n }));

  function older(index, before) {
    const { key } = page.charts[index],
      ask = (n) => set("older-request", index, { data: { before, key, n } });
    wait(index, "older", "Loading older candles …", ask);
    ask(0);
  }

  function create(index) {
    const drawings = {
      load: (key) => page.drawn[key] || [],
      save: (key, list) => leave(index, { drawings: (page.drawn[key] = list) }),
    };
    const events = {
      view: (view) => {
        leave(index, { view });
        tell(index);
      },
      older: (before) => older(index, before),
      tool: of.plot.tools.press,
      signal: (rows) => {
        const text = rows.slice(0, 3).map((row) => words(page.charts[index], row));
        if (rows.length > 3) text.push("and " + (rows.length - 3) + " more");
        set("row", index, { children: text.join(" · "), hidden: false });
      },
    };
    const { pair, zone, ...choice } = page.choice,
      { panes } = page.config,
      config = { pair, zone, panes, label: "Chart " + (index + 1), drawings, events };
    const chart = of.plot.create(document.getElementById("ws-plot-" + index), config);
    chart.choose(choice);
    return chart;
  }

  /** A signal in words. */
  function words({ marks: { rows }, zone }, row) {
    return [of.plot.format.stamp(rows.time[row], zone, true), rows.type[row], rows.price?.[row], rows.label[row]]
      .filter((part) => part !== null && part !== undefined && part !== "")
      .join(" ");
  }

  function act(name, argument, shift) {
    const chart = page.charts[page.used];
    if (!chart || !chart.ready) return;
    if (name === "png") {
      const series = chart.title.split(" · ");
      chart.png({ title: series[0], small: series.slice(1).join(" · "), right: "Orderflow" }, series[0].split(" "));
    } else of.plot.actions[name](chart, argument, shift);
  }

  /** So many charts are shown, and they move together. */
  function arrange(count) {
    cards().forEach((card, index) => (card.hidden = index >= count));
    document.getElementById("ws-charts")?.setAttribute("data-count", String(count));
    if (page.used >= count) page.used = 0;
    of.plot.link.join(page.charts.slice(0, count).filter(Boolean));
  }

  /** Does a part of a series still count: of the one that is shown, while no other is awaited? */
  const counts = (index, key) => page.charts[index]?.key === key && !page.says[index].startsWith("loading");
  const known = (index) => page.charts[index] || (page.charts[index] = create(index));
  /** A function for Dash that gets the number of a chart and what its store holds, and sets no output. */
  const takes = (take) => (data, id) => {
    if (data && page.config) take(id.index, data);
    return NO();
  };

  const clientside = {
    boot(config) {
      if (!config || page.config) return NO();
      page.config = config;
      Object.assign(of.plot.theme.known, config.colours);
      cards().forEach((card, index) => {
        for (const type of ["pointerdown", "focusin"]) card.addEventListener(type, () => (page.used = index));
        load(index);
      });
      of.kit.keys.listen((key, event) => {
        const [name, argument] = (!of.kit.keys.dialog() && config.keys[key]) || [];
        if (name) act(name, argument, event.shiftKey);
        return Boolean(name);
      });
      return NO();
    },
    wait(_ = null, id = null) {
      if (page.config) cards().forEach((_, index) => (id ? index === id.index : true) && load(index));
      return NO();
    },
    /** What the page still asks for in the mode that is left is dropped, but a file to save. */
    mode(value) {
      const sent = '"ws-mode","property":"value","value":';
      const left = (body) => body.includes(sent) && !body.includes(sent + JSON.stringify(value));
      of.kit.stale.drop((body) => left(body) && !body.includes('"ws-csv-file'));
      return clientside.wait();
    },
    retry: takes((index) => page.again[index]()),
    data: takes((index, data) => {
      say(index, data.fault ? "failed" : "");
      if ("fault" in data) return;
      const chart = known(index),
        { studies, signals, drawings, view, said, ...series } = data;
      page.placing = true;
      page.drawn[series.key] = drawings;
      chart.set(series);
      if (chart.ready) {
        chart.studies(studies);
        chart.signals(signals);
        if (view) chart.place(view);
      }
      page.placing = false;
      set("row", index, { children: said, hidden: !said });
      tell(index);
      arrange(Number(document.getElementById("ws-charts")?.dataset.count));
    }),
    older: takes((index, { key, bars, more }) => {
      if (!counts(index, key)) return;
      say(index, "");
      page.charts[index].prepend(bars, more);
    }),
    delta: takes((index, { key, bars }) => {
      if (counts(index, key)) page.charts[index].append(bars);
    }),
    arrange: (count) => arrange(Number(count)) || NO(),
    turn(value) {
      const grid = document.getElementById("ws-charts");
      if (grid && grid.dataset.turn !== value) page.used = Number((grid.dataset.turn = value)) - 1;
      return NO();
    },
    visit: (search) => (search === page.written ? NO() : { search, at: (page.at = Date.now()) }),
    /** The address becomes a query; step: with an entry in the history; at: of the visit that it comes from, as the reader
        may have gone elsewhere since. dcc.Location is told, or it would undo it. */
    address({ query, step, at }) {
      const { pathname, search, hash } = root.location;
      if (at !== page.at) return NO();
      page.written = query;
      if (query === search) return NO();
      root.history[step ? "pushState" : "replaceState"](root.history.state, "", pathname + query + hash);
      root.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
      return NO();
    },
    choose(kind, scale, zone, pair, volume) {
      page.choice = { kind, scale, zone, pair, volume };
      page.charts.forEach((chart) => chart.choose(page.choice));
      return NO();
    },
    recolour: (scheme) => (scheme && page.charts.forEach((chart) => chart.recolour())) || NO(),
    press() {
      const [found] = root.dash_clientside.callback_context.triggered || [];
      const name = found && found.value && found.prop_id.replace("ws-do-", "").split(".")[0];
      if (name) ["line", "rect", "erase"].includes(name) ? act("tool", name) : act(name);
      return NO();
    },
  };

  root.dash_clientside = Object.assign({}, root.dash_clientside, { workspace: clientside });
})(window);
