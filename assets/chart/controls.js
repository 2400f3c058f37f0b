/* The controls: what each button, key and field does, and how they come to show what is in force.

   `choose` is for fields (by component id), `act` for buttons and keys (by action name). Both change the options or what
   is wanted of the server; `show` then sets every control from those, so the two never drift apart.

   Symbol, frame, rows and what is drawn stay in the browser: keys, the address bar and the back button change them too,
   and a key repaints at once. The study definitions, the activity frame and the lists are callbacks of the server. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const document = root.document;
  const $ = (id) => document.getElementById(id);
  const set = (id, props) => root.dash_clientside.set_props(id, props);

  let told = {}, // what the fields were last set to
    linked = "";

  /** The row sizes to choose from; "auto" says what the server would choose. */
  function rowChoices() {
    const { chart, config } = of.page,
      { want } = of.poll,
      sizes = [...config.rows];
    if (want.rows && !sizes.includes(want.rows)) sizes.push(want.rows);
    const data = [{ value: "0", label: "Auto" + (chart.model.auto ? " · " + chart.model.auto : "") }];
    for (const size of sizes.sort((a, b) => a - b))
      data.push({ value: String(size), label: size + (size === 1 ? " tick" : " ticks") });
    tell("chart-rows", { data });
  }

  /** Set a field, unless to what it was set last: a choice that the reader is making there would be lost. */
  function tell(id, props) {
    const [key, text] = [id + Object.keys(props), JSON.stringify(props)];
    if (told[key] !== text) set(id, props);
    told[key] = text;
  }

  /** Make every control show what is in force. first: nothing was shown yet. */
  function show(first) {
    if (first) told = {};
    const { chart, config } = of.page,
      { want } = of.poll,
      { options } = chart;
    const known = config.frames.some((group) => group.items.some((item) => item.value === want.frame));
    const now = { group: "Now", items: [{ value: want.frame, label: want.frame }] };
    tell("chart-frame", { data: known ? config.frames : [...config.frames, now], value: want.frame });
    tell("chart-mode", { value: options.mode });
    tell("chart-rows", { value: String(want.rows) });
    tell("chart-symbol", { value: want.symbol || chart.model.symbol });
    for (const key of config.switches) tell("chart-opt-" + key, { checked: options[key] });
    for (const key of [...config.fields, "panes"]) tell("chart-opt-" + key, { value: options[key] });
  }

  /** A field changed. */
  function choose(id, value) {
    const { chart } = of.page,
      { want } = of.poll;
    if (!chart || value === null || value === undefined || value === "") return;
    if (id === "chart-symbol") {
      if (value !== (want.symbol || chart.model.symbol))
        series({ symbol: value, rows: of.options.rowsOf(value), linked: false });
    } else if (id === "chart-frame") {
      if (value !== want.frame) series({ frame: value });
    } else if (id === "chart-rows") {
      if (Number(value) === want.rows) return;
      of.options.keepRows(want.symbol || chart.model.symbol, Number(value));
      series({ rows: Number(value), linked: false });
    } else {
      change({ [id.replace(/^chart-(opt-)?/, "")]: value });
    }
  }

  /** Another symbol, frame or row size: ask the server. The field has done its work: the keys are the chart's again. */
  function series(wanted) {
    const field = document.activeElement;
    if (field && field.closest("#chart-symbol, #chart-frame, #chart-rows")) field.blur();
    const { chart } = of.page,
      { ready, view } = chart;
    // another frame shows the same time, another symbol its newest bars
    if ("symbol" in wanted) chart.wanted = null;
    else if (wanted.frame && ready && !view.follow)
      chart.wanted = { from: chart.series.timeOfSlot((view.x0 + view.x1) / 2) };
    Object.assign(of.poll.want, wanted);
    show();
    rowChoices();
    of.poll.ask();
    of.address.remember(true);
  }

  /** Change options. */
  function change(changes) {
    const { chart } = of.page,
      before = JSON.stringify(chart.options);
    if (JSON.stringify(of.options.complete({ ...chart.options, ...changes })) === before) return;
    chart.set(changes, true);
    show();
    of.legend.show();
    of.legend.statistics();
    of.address.remember("mode" in changes || "panes" in changes);
  }

  /** The server refuses what was asked: say so, and draw nothing else under its name. */
  function fault(text) {
    const { chart } = of.page;
    chart.ready = false;
    show();
    of.legend.empty(true, [], text);
  }

  /** Tell the server which series is shown, and in which time zone: it makes the links of the export menu, and reads dates. */
  function links() {
    const { model, options } = of.page.chart,
      { symbol, frame } = model,
      zone = options.zone === "local" ? Intl.DateTimeFormat().resolvedOptions().timeZone : "UTC",
      key = [symbol, frame, zone].join();
    if (!symbol || linked === key) return;
    linked = key;
    set("chart-series", { data: { symbol, frame, zone } });
  }

  /** Fold the controls of a narrow screen in or out. */
  function menu(open) {
    $("chart-controls").classList.toggle("of-open", open);
    set("chart-do-menu", { "aria-expanded": String(open) });
  }

  /** Open a dialog or drawer. */
  function open(name) {
    menu(false);
    set("chart-" + name, { opened: true });
  }

  const next = (list, value) => list[(list.indexOf(value) + 1) % list.length];
  const without = (list, value) => (list.includes(value) ? list.filter((one) => one !== value) : [...list, value]);

  /** Everything that a button or a key can do; those of CHART only once there is something to show. */
  const PAGE = {
    mode: (mode) => change({ mode }),
    toggle: (key) => change({ [key]: !of.page.chart.options[key] }),
    profile: () => change({ profile: next(["visible", "session", "off"], of.page.chart.options.profile) }),
    pane: (name) => change({ panes: without(of.page.chart.options.panes, name) }),
    frame: (by) => {
      const names = of.page.config.frames[0].items.map((item) => item.value),
        at = names.indexOf(of.poll.want.frame);
      if (at >= 0 && names[at + by]) series({ frame: names[at + by] });
    },
    symbol: () => {
      const field = $("chart-symbol");
      field.focus();
      if (field.select) field.select();
    },
    escape: () => {
      if (of.page.chart.tools.active) of.page.chart.tools.choose(null);
      menu(false);
    },
    settings: () => open("settings"),
    help: () => open("help"),
    goto: () => open("goto"),
    file: () => of.kit.upload.choose(of.files.take),
    unfile: () => set("chart-files", { opened: false }),
    theme: () => $("chart-theme").click(),
    sample: () => {
      // the server starts it; its symbol is the next to be active
      if (of.poll.want.symbol) series({ symbol: null, rows: 0, linked: false });
    },
    menu: () => menu(!$("chart-controls").classList.contains("of-open")),
    copy: () =>
      root.navigator.clipboard &&
      root.navigator.clipboard.writeText($("chart-command").textContent).then(
        () => of.legend.announce("Copied."),
        () => of.legend.announce("The browser did not allow copying."),
      ),
  };
  const CHART = {
    ...of.plot.actions,
    first: (chart) => of.reach.go(chart, 0),
    tool: (chart, name) => {
      menu(false);
      chart.tools.choose(name);
    },
    /** A new alert, at the price under the crosshair or the last one. */
    alert: ({ hit, model }) => {
      const level = hit && hit.inPrice ? Math.round(hit.level) : of.model.newest(model).c;
      const price = (level * model.tick).toFixed(model.pd);
      set("chart-alert-at", { data: { symbol: model.symbol, price, at: Date.now() } });
    },
    png: (chart) => chart.png().catch((error) => of.legend.announce("The picture could not be made: " + error.message)),
  };

  function act({ name, argument, shift }) {
    const { chart } = of.page;
    if (!chart) return;
    if (PAGE[name]) PAGE[name](argument, shift);
    else if (CHART[name] && (chart.ready || chart.wanted)) CHART[name](chart, argument, shift);
  }

  of.controls = { show, choose, act, fault, rowChoices, links };
})(globalThis);
