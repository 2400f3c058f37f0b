/* What stands on and around the chart as text: legend, document title, statistics, the empty state, announcements. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const document = root.document;
  const $ = (id) => document.getElementById(id);

  const MODE_NAMES = { bid_ask: "Bid × ask", delta: "Delta", volume: "Volume", profile: "Profile", candles: "Candles" };
  const modeName = (mode) => MODE_NAMES[mode] || mode;

  let told = "";

  function put(id, text) {
    const node = $(id);
    if (node && node.textContent !== text) node.textContent = text;
  }

  /** What the bars show: frame, mode, row size (and whether the server chose it), how much of the initial window, and what
      more zoom would bring. */
  function describe(chart) {
    const { model, options, frame } = chart;
    const row = "row " + of.format.price(model.rows, model.tick, model.pd) + (of.poll.want.rows ? "" : " auto");
    const hints = { text: "", colour: "zoom in for numbers", candle: "zoom in for the footprint" };
    const hint = options.mode === "candles" || !frame ? "" : hints[frame.lod.kind];
    return [model.frame, modeName(options.mode), row, chart.shownOfWindow(), hint];
  }

  /** The bar under the pointer, else the newest. */
  function show() {
    const { chart } = of.page,
      { model } = chart;
    if (!model.bars.length) return;
    const bar = (chart.hit && chart.hit.bar) || model.bars[model.bars.length - 1];
    const price = (level) => of.format.price(level, model.tick, model.pd);
    const values = [
      ["O", price(bar.o)],
      ["H", price(bar.h)],
      ["L", price(bar.l)],
      ["C", price(bar.c)],
      ["Δ", (bar.delta > 0 ? "+" : "") + of.format.exact(bar.delta, model.sd)],
      ["V", of.format.exact(bar.vol, model.sd)],
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
      bar = model.bars[model.bars.length - 1];
    if (!bar) return;
    const title =
      of.format.price(bar.c, model.tick, model.pd) + (bar.c >= bar.o ? " ▲ " : " ▼ ") + model.symbol + " · Order flow";
    if (document.title !== title) document.title = title;
  }

  function statistics() {
    const { chart, line, news } = of.page;
    if (chart && line)
      line.show(chart.model.stats, { pd: chart.model.pd, zone: chart.options.zone }, performance.now() - news);
  }

  /** Buttons that are there only when they have something to do. */
  function following() {
    const { chart } = of.page,
      idle = !chart.ready;
    const hide = (id, yes) => {
      const node = $(id);
      if (node && node.hidden !== yes) node.hidden = yes;
    };
    hide("chart-live", idle || chart.view.follow);
    hide("chart-auto", idle || chart.view.auto);
  }

  /** Say what to do while there is nothing to draw. */
  function empty(none) {
    const box = $("chart-empty"),
      { want } = of.poll;
    if (!box) return;
    if (none) {
      put("chart-empty-title", want.symbol ? "No ticks of " + want.symbol + " yet" : "No ticks yet");
      const { origin } = root.location,
        usual = ["http://localhost:8765", "http://127.0.0.1:8765"].includes(origin);
      put(
        "chart-command",
        "orderflow-replay YOUR_TICKS.csv" +
          (want.symbol ? " --symbol " + want.symbol : "") +
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

  of.legend = { modeName, show, headline, statistics, following, empty, announce };
})(globalThis);
