/* Pages for pan.py: each opens one chart with n random candles and 5,000 signals, four fifths of them in view. */
"use strict";

/** Random candles as arrays, times in ms, one a minute. */
function candles(n) {
  let seed = 12345;
  const random = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff;
  const bars = {};
  for (const name of ["time", "open", "high", "low", "close", "volume"]) bars[name] = new Float64Array(n);
  let price = 5_000_000;
  for (let i = 0; i < n; i++) {
    bars.time[i] = Date.UTC(2024, 0, 1) + i * 60_000;
    bars.open[i] = price / 100;
    const close = price + Math.round((random() - 0.5) * 4000);
    bars.high[i] = (Math.max(price, close) + Math.round(random() * 1500)) / 100;
    bars.low[i] = (Math.min(price, close) - Math.round(random() * 1500)) / 100;
    bars.close[i] = close / 100;
    bars.volume[i] = Math.round(random() * 1e6);
    price = close;
  }
  return bars;
}

/** Rows of the signals: 5,000, or one every second candle if there are fewer. */
const signalRows = (n) => Array.from({ length: Math.min(5000, n >> 1) }, (_, i) => Math.floor((i * n) / Math.min(5000, n >> 1)));

const openers = {
  /** kit/plot of this repository. */
  async plot(n, colours) {
    const { plot } = window.orderflow,
      bars = candles(n),
      rows = signalRows(n),
      of = (make) => rows.map(make);
    Object.assign(plot.theme.known, colours);
    const chart = plot.create(document.getElementById("chart"));
    chart.set({ key: "X", tick: 0.01, pd: 2, ms: 60_000, bars });
    chart.signals({ time: of((i) => bars.time[i]), side: of((i) => (i % 3 ? 1 : -1)), label: of((i) => "s" + i) });
    chart.place({ from: bars.time[Math.floor(n * 0.1)], to: bars.time[Math.floor(n * 0.9)] });
    return () => chart.view.x0;
  },

  /** The footprint chart of a copy of this repository; its bars have two rows, of a size that the server might choose. It
      has no signals. */
  async chart(n, colours, options, defaults) {
    const of = window.orderflow,
      bars = candles(n);
    of.options.begin(options);
    Object.assign((of.plot || of).theme.known, colours);
    const element = document.getElementById("chart"),
      nodes = {};
    element.className = "of-plot-frame";
    element.innerHTML = `<div class="of-host"><canvas class="of-layer"></canvas><div class="of-plot"></div>
      <canvas class="of-layer of-overlay"></canvas><div class="of-readout" hidden></div></div><canvas class="of-overview"></canvas>`;
    const [host] = element.children;
    [nodes.host, nodes.overview] = element.children;
    [nodes.base, nodes.plot, nodes.overlay, nodes.readout] = host.children;
    host.style.height = "860px"; // an older copy has other style sheets
    nodes.overview.style.width = "100%";
    const none = () => {},
      events = { view: none, follow: none, tool: none, drawn: none, hover: none, alert: none };
    const chart = new of.Chart(nodes, { minutes: 30, exact: false }, events);
    of.page.chart = chart;
    of.page.config = { modes: {} };
    of.reach.near = of.reach.trim = of.address.remember = none;
    chart.options = of.options.complete(defaults);
    const levels = (values, i) => Math.round(values[i] * 100),
      size = 100;
    const made = Array.from({ length: n }, (_, i) => {
      const low = levels(bars.low, i),
        high = levels(bars.high, i),
        [b, a] = [bars.volume[i] >> 1, bars.volume[i] >> 2];
      const lo = Math.floor(low / size),
        rows = { lo, k: [0, Math.max(1, Math.floor(high / size) - lo)], b: [b, a], a: [a, b], p: 1, v: [0, 1] };
      const prices = { o: levels(bars.open, i), h: high, l: low, c: levels(bars.close, i) };
      return { t: bars.time[i], s: 0, ...prices, ...rows, n: 9, d: [a - b, a - b, 0], q: a, w: [prices.o, 50] };
    });
    const head = { epoch: "e", rev: 1, full: true, symbol: "X", frame: "1min", ms: 60_000, tick: 0.01, pd: 2, rows: size, sd: 0 };
    chart.receive({ ...head, auto: size, first: made[0].t, bars: made, stats: {} });
    await new Promise((done) => setTimeout(done, 300));
    chart.window(Math.floor(n * 0.1), Math.floor(n * 0.9));
    return () => chart.view.x0;
  },

  /** lightweight-charts. */
  async peer(n) {
    const { createChart, CandlestickSeries, HistogramSeries, createSeriesMarkers } = window.LightweightCharts,
      bars = candles(n),
      seconds = (i) => bars.time[i] / 1000;
    const chart = createChart(document.getElementById("chart"), { autoSize: true, timeScale: { minBarSpacing: 0.0001 } });
    const series = chart.addSeries(CandlestickSeries),
      volume = chart.addSeries(HistogramSeries, { priceScaleId: "", priceFormat: { type: "volume" } });
    volume.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    const row = (i) => ({ time: seconds(i), open: bars.open[i], high: bars.high[i], low: bars.low[i], close: bars.close[i] });
    series.setData(Array.from({ length: n }, (_, i) => row(i)));
    volume.setData(Array.from({ length: n }, (_, i) => ({ time: seconds(i), value: bars.volume[i] })));
    const mark = (i) =>
      i % 3
        ? { time: seconds(i), position: "belowBar", color: "#2a9", shape: "arrowUp", text: "s" + i }
        : { time: seconds(i), position: "aboveBar", color: "#d55", shape: "arrowDown", text: "s" + i };
    createSeriesMarkers(series, signalRows(n).map(mark));
    chart.timeScale().setVisibleLogicalRange({ from: Math.floor(n * 0.1), to: Math.floor(n * 0.9) });
    return () => chart.timeScale().getVisibleLogicalRange().from;
  },
};

/** Count frames, and those in which the view has moved. */
function count(position) {
  const seen = (window.panned = { frames: 0, moved: 0, begun: performance.now() });
  let last = position();
  const look = () => {
    seen.frames++;
    if (position() !== last) seen.moved++;
    last = position();
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

window.openChart = async (name, ...more) => {
  window.position = await openers[name](...more);
};
window.startCounting = () => count(window.position);
