/* The price chart: Plotly in a plain element of ours, as a live chart driven through Dash's own graph loses its view.

   At each update only the two lines are given anew, thinned to the pixels there are. Ranges move in steps, so that axes
   are laid out once in a while and not four times a second. Rounds, news and the tag at the newest price are elements
   of the page, placed by the same numbers: as Plotly's shapes and annotations they would cost as much as the lines. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const herd = (of.herd = of.herd || {});

  const WINDOWS = [
    { name: "all", words: "The whole session", ms: Infinity },
    { name: "five", words: "The last five minutes", ms: 300000 },
    { name: "one", words: "The last minute", ms: 60000 },
  ];
  const SHORTEST = 60; // seconds
  const CONFIG = { staticPlot: true, displayModeBar: false, responsive: false, showTips: false };

  /** A step for ticks: 1, 2 or 5 times a power of ten. */
  function nice(rough) {
    const power = 10 ** Math.floor(Math.log10(rough));
    const times = rough / power;
    return power * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
  }

  const SECONDS = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

  function ticks(low, high, step) {
    const values = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) values.push(k * step);
    return values;
  }

  /** The range that shows low..high; the present one while it still suits. */
  function hold(present, low, high) {
    const least = Math.max(Math.abs(high) * 0.02, 1e-6);
    const span = Math.max(high - low, least);
    if (present) {
      const have = present[1] - present[0];
      const inside = low >= present[0] + 0.03 * have && high <= present[1] - 0.03 * have;
      if (inside && (span > 0.4 * have || have <= 1.35 * least)) return present;
    }
    const middle = (low + high) / 2,
      half = span / 2 + span * 0.16;
    return [low >= 0 && middle - half < 0 ? 0 : middle - half, middle + half];
  }

  class PriceChart {
    /** node: for Plotly. tag: the label at the newest price. now(): the server's time, ms. */
    constructor(node, tag, model, now) {
      Object.assign(this, { node, tag, model, now });
      this.dot = root.document.createElement("i");
      this.dot.className = "hg-dot";
      this.layer = root.document.createElement("div");
      this.layer.className = "hg-marks";
      this.layer.setAttribute("aria-hidden", "true");
      node.after(this.layer);
      tag.after(this.dot);
      this.window = 0;
      this.timing = [];
      this.stale = true;
      this.observer = new ResizeObserver(() => this.resized());
      this.observer.observe(node);
    }

    /** ms since the last picture. */
    get age() {
      return performance.now() - (this.drawn || 0);
    }

    close() {
      this.observer.disconnect();
      this.dot.remove();
      this.layer.remove();
      if (this.request) root.cancelAnimationFrame(this.request);
    }

    resized() {
      this.stale = true;
      this.soon();
    }

    /** Marks, theme or window changed: lay out anew with the next picture. */
    again() {
      this.stale = true;
      this.soon();
    }

    next() {
      this.window = (this.window + 1) % WINDOWS.length;
      this.xRange = this.yRange = null;
      this.again();
      return WINDOWS[this.window].words;
    }

    /** Draw with the next frame: several messages make one picture. */
    soon() {
      if (this.request || root.document.hidden) return;
      this.request = root.requestAnimationFrame(() => {
        this.request = 0;
        this.draw();
      });
    }

    draw() {
      const { node, model } = this,
        W = node.clientWidth,
        H = node.clientHeight;
      if (W < 80 || H < 60 || !model.t.length) return;
      const started = (this.drawn = performance.now());
      const font = Math.round(Math.min(26, Math.max(12, W * 0.0135)));
      const margin = { l: 6, r: this.room(font), t: Math.round(font * 1.7), b: Math.round(font * 1.9) };
      const zero = herd.model.origin(model, this.now());
      const end = Math.max(model.t[model.t.length - 1], model.phase === "ended" ? 0 : this.now());
      const ms = WINDOWS[this.window].ms;
      const from = Math.max(zero, end - ms);
      const plotW = W - margin.l - margin.r;
      const line = herd.model.thin(model.t, model.p, from, end, Math.max(60, Math.min(420, plotW / 2)), zero);
      line.x.push((end - zero) / 1000);
      line.y.push(model.p[model.p.length - 1]);
      const value = this.fundamental(from, end, zero);

      let low = Infinity,
        high = -Infinity;
      for (const list of [line.y, value.y])
        for (const price of list)
          if (price !== null) {
            if (price < low) low = price;
            if (price > high) high = price;
          }
      const y = hold(this.yRange, low, high);
      const x = this.across((from - zero) / 1000, (end - zero) / 1000, ms / 1000);
      const moved = y !== this.yRange || x !== this.xRange || this.zero !== zero;
      const last = model.steps[model.steps.length - 1];
      this.value = last && last[1] !== null ? last[1] : null;
      // its name begins where the value does, if there is room for it
      const latest = x[1] - 0.25 * (x[1] - x[0]);
      this.valueFrom = this.value === null ? 0 : Math.min(latest, Math.max((last[0] - zero) / 1000, x[0]));
      Object.assign(this, { yRange: y, xRange: x, zero, font, size: { W, H, margin } });
      const data = { x: [line.x, value.x], y: [line.y, value.y] };
      if (!this.mounted || this.stale || moved) {
        const layout = this.layout(font);
        this.stale = false;
        this.mounted = true;
        root.Plotly.react(node, this.traces(data), layout, CONFIG);
        this.annotate();
      } else root.Plotly.restyle(node, data, [0, 1]);
      this.mark();
      this.timing.push(performance.now() - started);
      if (this.timing.length > 400) this.timing.splice(0, 200);
    }

    /** Width of the labels at the right: the tag's, with its sign, is the widest. */
    room(font) {
      const letters = herd.text.price(this.model.p[this.model.p.length - 1]).length + 1.6;
      return Math.round(font * (0.62 * Math.max(7, letters) + 1.1));
    }

    /** The range of seconds: it grows, or with a window moves, in steps. */
    across(from, to, seconds) {
      if (this.model.phase === "ended") return [from, Math.max(to + 0.03 * (to - from), from + 10)];
      const present = this.xRange;
      const lead = Math.min(to - from, seconds);
      const room = Math.max(SHORTEST * 0.04, lead * 0.05);
      if (present && to <= present[1] && from >= present[0] - 1e-9 && from - present[0] < room) return present;
      return [from, Math.max(to + room, from + SHORTEST)];
    }

    fundamental(from, to, zero) {
      const x = [],
        y = [];
      const { steps } = this.model;
      steps.forEach(([time, value], i) => {
        const until = i + 1 < steps.length ? steps[i + 1][0] : to;
        if (until < from) return;
        x.push((Math.max(time, from) - zero) / 1000, (Math.min(until, to) - zero) / 1000);
        y.push(value, value);
        // a step down is part of the line, the end of the value is not
        if (i + 1 < steps.length && steps[i + 1][1] === null) {
          x.push((until - zero) / 1000);
          y.push(null);
        }
      });
      return { x, y };
    }

    traces(data) {
      const { theme } = this;
      const thick = Math.max(2, Math.min(5, this.size.W / 420));
      const common = { type: "scatter", mode: "lines", hoverinfo: "skip", connectgaps: false };
      return [
        { ...common, x: data.x[0], y: data.y[0], line: { color: theme.text, width: thick } },
        { ...common, x: data.x[1], y: data.y[1], line: { color: theme.vwap, width: thick * 0.8, dash: "dash" } },
      ];
    }

    layout(font) {
      const { theme, xRange, yRange } = this,
        { W, H, margin } = this.size;
      const plotW = W - margin.l - margin.r;
      const rough = ((xRange[1] - xRange[0]) * font * 5.5) / plotW;
      const seconds = SECONDS.find((s) => s >= rough) || Math.ceil(rough / 3600) * 3600;
      const times = ticks(xRange[0], xRange[1], seconds);
      const step = nice(((yRange[1] - yRange[0]) * font * 3.2) / (H - margin.t - margin.b));
      const prices = ticks(yRange[0], yRange[1], step);
      const digits = Math.max(0, Math.min(6, -Math.floor(Math.log10(step) + 1e-9)));
      const label = { family: theme.font, size: font, color: theme.muted };
      const still = { zeroline: false, fixedrange: true, automargin: false };
      const axis = { ...still, tickmode: "array", ticks: "", tickfont: label };
      return {
        width: W,
        height: H,
        margin: { ...margin, pad: 0 },
        autosize: false,
        paper_bgcolor: "rgba(0,0,0,0)",
        plot_bgcolor: "rgba(0,0,0,0)",
        showlegend: false,
        hovermode: false,
        dragmode: false,
        font: label,
        xaxis: {
          ...axis,
          range: xRange,
          showgrid: false,
          tickvals: times,
          ticktext: times.map(herd.text.span),
          tickangle: 0,
        },
        yaxis: {
          ...axis,
          range: yRange,
          side: "right",
          gridcolor: theme.grid,
          tickvals: prices,
          ticktext: prices.map((p) => "  " + herd.text.number(p, Math.max(digits, 0))),
        },
      };
    }

    /** Pixels of a time (seconds after zero) and of a price. */
    place(seconds, price) {
      const { xRange, yRange, size } = this,
        { W, H, margin } = size;
      const x = (seconds - xRange[0]) / (xRange[1] - xRange[0]);
      const y = (price - yRange[0]) / (yRange[1] - yRange[0]);
      return [margin.l + x * (W - margin.l - margin.r), margin.t + (1 - y) * (H - margin.t - margin.b)];
    }

    /** Lines for rounds and news, with words where there is room; the first price; the name of the value's line. */
    annotate() {
      const { xRange, model, zero, font, size, layer } = this,
        { make } = herd;
      const { margin, W, H } = size;
      layer.replaceChildren();
      layer.style.fontSize = font * 0.92 + "px";
      const add = (name, style, words) => {
        const node = make("div", name, words);
        Object.assign(node.style, style);
        layer.append(node);
        return node;
      };
      const px = (number) => Math.round(number) + "px";
      const line = { top: px(margin.t), height: px(H - margin.t - margin.b) };
      const shown = model.marks.filter(({ t, kind }) => {
        const seconds = (t - zero) / 1000;
        return (kind === "news" || kind === "round") && seconds >= xRange[0] && seconds <= xRange[1];
      });
      const narrow = W < 500;
      const taken = [];
      // the newest first, and news before rounds: where words would meet, the more important stand
      for (const kind of ["news", "round"])
        for (const event of shown.filter((one) => one.kind === kind).reverse()) {
          const x = this.place((event.t - zero) / 1000, 0)[0];
          add("hg-mark-line", { ...line, left: px(x) }).dataset.kind = kind;
          const words = label(event, narrow ? 12 : 26);
          const width = words.length * font * 0.55 + 8;
          const left = x + width > W - margin.r ? x - width : x;
          if (!words || left < 0 || taken.some(([a, b]) => left < b && left + width > a)) continue;
          taken.push([left, left + width]);
          const node = add("hg-mark", { top: px(margin.t * 0.16) }, words);
          node.dataset.kind = kind;
          if (left === x) node.style.left = px(x);
          else node.style.right = px(W - x);
        }
      if (typeof model.start === "number") {
        const y = this.place(0, model.start)[1];
        if (y > margin.t && y < H - margin.b) {
          add("hg-start", { left: px(margin.l), right: px(margin.r), top: px(y) });
          if (!narrow) add("hg-mark", { right: px(margin.r + 4), top: px(y - font * 1.35) }, "Start");
        }
      }
      if (this.value === null) return;
      const [x, y] = this.place(this.valueFrom, this.value);
      const named = "Fundamental value " + herd.text.price(this.value);
      add("hg-mark hg-value", { left: px(x + 6), top: px(y - font * 1.35) }, named);
    }

    /** The tag at the newest price: which way it went lately is told by its sign and its shape too. */
    mark() {
      const { model, tag, size, zero } = this,
        { W, margin } = size;
      const price = model.p[model.p.length - 1];
      const end = model.phase === "ended" ? model.t[model.t.length - 1] : Math.max(this.now(), model.time);
      const [x, y] = this.place(Math.min(this.xRange[1], (end - zero) / 1000), price);
      const way = Math.sign(price - herd.model.before(model, 3000));
      tag.hidden = false;
      tag.style.fontSize = this.font + "px";
      tag.dataset.way = way > 0 ? "up" : way < 0 ? "down" : "flat";
      tag.style.transform = `translate(${W - margin.r + 4}px, ${y}px) translateY(-50%)`;
      this.dot.dataset.way = tag.dataset.way;
      this.dot.style.transform = `translate(${x}px, ${y}px)`;
      const words = herd.text.arrow(way) + " " + herd.text.price(price);
      if (tag.textContent !== words) tag.textContent = words;
    }

    colours(theme) {
      this.theme = theme;
      this.again();
    }
  }

  /** A few words for a mark: news are cut to `most` letters, a round's begin says its number, its end nothing. */
  function label(event, most) {
    const text = String(event.text || "").replace(/^News: /, "");
    if (event.kind === "news") return "⚡ " + (text.length > most ? text.slice(0, most - 1).trimEnd() + "…" : text);
    const round = /round\s+(\d+).*\bbegins/i.exec(text);
    return round ? (most < 20 ? "R" : "Round ") + round[1] : "";
  }

  herd.PriceChart = PriceChart;
  herd.chart = { hold, ticks, nice, label, WINDOWS };
})(globalThis);
