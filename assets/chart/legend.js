/* What stands on and around the chart as text: legend, document title, statistics, the empty state, announcements. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const document = root.document;
  const $ = (id) => document.getElementById(id);

  const modeName = (mode) => of.page.config.modes[mode];

  let told = "";

  function put(id, text) {
    const node = $(id);
    if (node && node.textContent !== text) node.textContent = text;
  }

  /** How much of the initial window the first view shows, where it is not all: "12 of 30 minutes". */
  const shownOfWindow = ({ view, model, config }) =>
    view.zoomed || !view.follow ? "" : of.first.told(model, config.minutes, view.span);

  /** What the bars show: frame, mode, row size (and whether the server chose it), how much of the initial window, and what
      more zoom would bring. */
  function describe(chart) {
    const { model, options, frame } = chart;
    const row = "row " + of.plot.format.price(model.rows, model.tick, model.pd) + (of.poll.want.rows ? "" : " auto");
    const hints = { text: "", colour: "zoom in for numbers", candle: "zoom in for the footprint" };
    const hint = options.mode === "candles" || !frame ? "" : hints[frame.lod.kind];
    return [model.frame, modeName(options.mode), row, shownOfWindow(chart), hint];
  }

  /** The bar under the pointer, else the newest. */
  function show() {
    const { chart } = of.page,
      { model } = chart;
    if (!chart.ready) return;
    const bar = (chart.hit && chart.hit.bar) || of.model.newest(model);
    const price = (level) => of.plot.format.price(level, model.tick, model.pd);
    const values = [
      ["O", price(bar.o)],
      ["H", price(bar.h)],
      ["L", price(bar.l)],
      ["C", price(bar.c)],
      ["Δ", (bar.delta > 0 ? "+" : "") + of.plot.format.exact(bar.delta, model.sd)],
      ["V", of.plot.format.exact(bar.vol, model.sd)],
    ];
    put("chart-legend-title", model.symbol);
    put("chart-legend-sub", describe(chart).filter(Boolean).join(" · "));
    put("chart-legend-values", values.map((pair) => pair.join("\u00a0")).join("  "));
    const rules = of.model.definitions(model);
    put("chart-legend-rules", rules);
    if (rules === told) return;
    told = rules;
    root.dash_clientside.set_props("chart-rules", { children: rules }); // in a drawer that may be closed
  }

  function headline() {
    const { model } = of.page.chart,
      bar = of.model.newest(model);
    if (!bar) return;
    const title =
      of.plot.format.price(bar.c, model.tick, model.pd) +
      (bar.c >= bar.o ? " ▲ " : " ▼ ") +
      model.symbol +
      " · Order flow";
    if (document.title !== title) document.title = title;
  }

  function statistics() {
    const { chart, news } = of.page;
    if (!chart) return;
    const { live, options, model } = chart;
    figures($("chart-stats"), live.stats, options.zone, performance.now() - news);
    put("chart-held", held(model, live.stats));
  }

  /** The line at the foot: the texts are the server's (layouts/chart_statistics.py), but the rate falls while no news comes,
      and the time is in the reader's zone. A box without a text is hidden. age: ms since the last news. */
  function figures(node, { texts, bad = [], shares = [], rate, last }, zone, age) {
    const { rate: rated, stamp } = of.plot.format,
      fading = { rate: rated(rate * Math.max(0, 1 - age / 10000)), last: last ? stamp(last, zone, true) : "–" },
      found = { ...(texts && fading), ...texts };
    node.hidden = !texts;
    for (const box of node.children) {
      const { key } = box.dataset,
        value = box.querySelector("b"),
        text = found[key] || "";
      box.hidden = !text;
      box.classList.toggle("of-bad", bad.includes(key));
      if (value.textContent !== text) value.textContent = text;
    }
    node.querySelectorAll(".of-quality i").forEach((part, i) => (part.style.width = (shares[i] || 0) + "%"));
  }

  /** Which bars of the log the overview shows, where these are not all. */
  function held({ bars, before, live }, { candles, counting }) {
    const { count } = of.plot.format,
      n = bars.length,
      first = live || counting ? before : candles - n;
    if (!n || (candles === n && !counting)) return "";
    const which = Number.isInteger(first) ? count(first + 1) + " – " + count(first + n) : count(n);
    return `bars ${which} of ${counting ? "… (counting)" : count(candles)}`;
  }

  /** Buttons that are there only when they have something to do. */
  function following() {
    const { chart } = of.page,
      { ready, view } = chart;
    const hide = (id, yes) => {
      const node = $(id);
      if (node && node.hidden !== yes) node.hidden = yes;
    };
    hide("chart-live", ready ? view.follow : !chart.wanted);
    hide("chart-auto", !ready || view.auto);
  }

  /** Say what to do while there is nothing to draw. others: symbols that have ticks; fault: why what was asked for is not
      shown. */
  function empty(none, others = [], fault = "") {
    const box = $("chart-empty"),
      { symbol } = of.poll.want;
    if (!box) return;
    if (none) {
      const { frame, stats } = of.page.chart.live,
        usually = symbol ? "No ticks of " + symbol + " yet" : "No ticks yet";
      put("chart-empty-title", fault ? "Not shown" : stats.counting ? `Counting ${frame} bars …` : usually);
      put("chart-empty-why", fault || (symbol && others.length ? "There are ticks of " + others.join(", ") + "." : ""));
      $("chart-empty-hints").hidden = Boolean(fault || stats.counting);
      const { origin } = root.location,
        usual = ["http://localhost:8765", "http://127.0.0.1:8765"].includes(origin);
      put(
        "chart-command",
        "orderflow-replay YOUR_TICKS.csv" +
          (symbol ? " --symbol " + symbol : "") +
          (usual ? "" : " --server " + origin),
      );
    }
    if (box.hidden !== none) return;
    box.hidden = !none;
    $("chart-stage").classList.toggle("of-empty", none);
    if (none) {
      document.title = "Order flow · Orderflow";
      $("chart-stats").hidden = true;
      following();
    }
  }

  /** For screen readers, and as a short note for everybody. */
  function announce(text) {
    const node = $("chart-announce");
    node.textContent = text;
    node.dataset.shown = "yes";
    clearTimeout(announce.timer);
    announce.timer = setTimeout(() => {
      delete node.dataset.shown;
    }, 4000);
  }

  of.legend = { modeName, show, headline, statistics, figures, following, empty, announce };
})(globalThis);
