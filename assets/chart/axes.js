/* Plotly as the chart's frame: axes with their labels, and the drawing tools. It draws no data.

   The bars are painted on a canvas below Plotly's transparent layers (see paint.js): cells as traces cost 15 to 60
   times as much. The view owns all ranges; this module turns a view into one `Plotly.relayout`, and knows where each
   pane lies in pixels, so that the canvas and the axes agree without reading Plotly's private fields. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  const TABLE_ROW = 15;
  const TABLE_ROWS = 5;
  const GAP = 8;

  /** Pixel boxes of the plot and its panes for a host of W × H px, and the font of the labels. narrow: a phone. digits: of
      a price; long ones are written smaller on a phone, where width is for the bars. */
  function arrange(W, H, options, narrow, digits) {
    const font = narrow && digits < 7 ? 12 : 11,
      gap = narrow ? 2 : 4, // px between axis and label
      right = narrow ? Math.max(52, digits * 6.7 + 5) : Math.max(60, digits * 7 + 14),
      top = 6,
      bottom = narrow ? 22 : 24,
      left = narrow ? 2 : 6;
    const plot = { x: left, y: top, w: Math.max(40, W - left - right), h: Math.max(60, H - top - bottom) };
    const has = (name) => options.panes.includes(name);
    const heights = {};
    if (has("table")) heights.table = TABLE_ROWS * TABLE_ROW;
    const share = narrow ? 0.16 : 0.115;
    if (has("delta")) heights.delta = Math.max(44, Math.min(130, plot.h * share));
    if (has("cvd")) heights.cvd = Math.max(44, Math.min(150, plot.h * share));
    // a low window keeps its price pane: the others give way
    const wanted = Object.values(heights).reduce((sum, h) => sum + h + GAP, 0);
    const squeeze = Math.min(1, (plot.h * 0.6) / (wanted || 1));
    const panes = {};
    let y = plot.y + plot.h;
    for (const name of ["cvd", "delta", "table"]) {
      if (!heights[name]) continue;
      const h = heights[name] * squeeze;
      panes[name] = { x: plot.x, w: plot.w, y: y - h, h };
      y -= h + GAP;
    }
    panes.price = { x: plot.x, w: plot.w, y: plot.y, h: y - plot.y };
    return { W, H, plot, panes, font, gap, margin: { l: left, r: right, t: top, b: bottom } };
  }

  const domain = (geometry, pane) => {
    const { plot } = geometry;
    return [1 - (pane.y + pane.h - plot.y) / plot.h, 1 - (pane.y - plot.y) / plot.h].map((v) =>
      Math.min(1, Math.max(0, v)),
    );
  };

  /** Plotly layout keys (nested) of everything that depends on geometry, theme and view. */
  function layout(geometry, axes, theme) {
    const label = { color: theme.muted, size: geometry.font, family: theme.font };
    const common = { showgrid: false, zeroline: false, fixedrange: true, tickfont: label, automargin: false };
    const side = (pane, data) => ({
      ...common,
      side: "right",
      anchor: "x",
      ticks: "outside",
      ticklen: geometry.gap,
      tickcolor: "rgba(0,0,0,0)",
      domain: domain(geometry, pane),
      range: data.range,
      tickmode: "array",
      tickvals: data.values,
      ticktext: data.texts,
    });
    const hidden = { ...common, visible: false, anchor: "x", domain: [0, 0.001], range: [0, 1], side: "right" };
    const lowest = geometry.panes.cvd ? "y3" : geometry.panes.delta ? "y2" : "free";
    return {
      width: geometry.W,
      height: geometry.H,
      margin: { ...geometry.margin, pad: 0 },
      autosize: false,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      showlegend: false,
      hovermode: false,
      font: { family: theme.font, size: geometry.font, color: theme.text },
      xaxis: {
        ...common,
        type: "linear",
        range: axes.x.range,
        ticks: "",
        tickmode: "array",
        tickvals: axes.x.values,
        ticktext: axes.x.texts,
        anchor: lowest,
        position: 0,
        tickangle: 0,
      },
      yaxis: side(geometry.panes.price, axes.price),
      yaxis2: geometry.panes.delta ? side(geometry.panes.delta, axes.delta) : hidden,
      yaxis3: geometry.panes.cvd ? side(geometry.panes.cvd, axes.cvd) : hidden,
    };
  }

  /** One empty trace per pane: Plotly draws only axes that something refers to. */
  function traces() {
    return ["y", "y2", "y3"].map((yaxis) => ({
      type: "scatter",
      mode: "markers",
      x: [null],
      y: [null],
      yaxis,
      hoverinfo: "skip",
    }));
  }

  const QUIET = { displayModeBar: false, doubleClick: false, showAxisDragHandles: false, showTips: false };
  const CONFIG = { ...QUIET, edits: { shapePosition: true } };

  function mount(node, first, shapes) {
    return root.Plotly.newPlot(node, traces(), { ...first, dragmode: false, shapes, newshape: {} }, CONFIG);
  }

  /** Ranges and labels only, as flat keys: the cheap update while data comes in or the reader pans. */
  function ranges(axes, geometry) {
    const update = {
      "xaxis.range": axes.x.range,
      "xaxis.tickvals": axes.x.values,
      "xaxis.ticktext": axes.x.texts,
      "yaxis.range": axes.price.range,
      "yaxis.tickvals": axes.price.values,
      "yaxis.ticktext": axes.price.texts,
    };
    for (const [name, key] of [
      ["delta", "yaxis2"],
      ["cvd", "yaxis3"],
    ]) {
      if (!geometry.panes[name]) continue;
      update[key + ".range"] = axes[name].range;
      update[key + ".tickvals"] = axes[name].values;
      update[key + ".ticktext"] = axes[name].texts;
    }
    return update;
  }

  /** The axes' labels on a canvas, where Plotly writes them: while the reader moves the chart, Plotly rests, as one of its
      updates takes longer than a frame. */
  function paintLabels(ctx, geometry, axes, theme) {
    const { plot, panes } = geometry,
      right = plot.x + plot.w;
    ctx.fillStyle = theme.muted;
    ctx.textBaseline = "middle";
    ctx.font = geometry.font + "px " + theme.font;
    const place = (pane, axis) => {
      ctx.textAlign = "left";
      axis.values.forEach((value, i) => {
        const y = pane.y + ((axis.range[1] - value) / (axis.range[1] - axis.range[0])) * pane.h;
        if (y >= pane.y - 1 && y <= pane.y + pane.h + 1) ctx.fillText(axis.texts[i], right + geometry.gap + 3, y + 0.5);
      });
    };
    place(panes.price, axes.price);
    if (panes.delta) place(panes.delta, axes.delta);
    if (panes.cvd) place(panes.cvd, axes.cvd);
    ctx.textAlign = "center";
    axes.x.values.forEach((slot, i) => {
      const x = plot.x + ((slot - axes.x.range[0]) / (axes.x.range[1] - axes.x.range[0])) * plot.w;
      const bold = axes.x.texts[i].startsWith("<b>");
      ctx.font = (bold ? "bold " : "") + geometry.font + "px " + theme.font;
      if (x >= plot.x && x <= right) ctx.fillText(axes.x.texts[i].replace(/<[^>]*>/g, ""), x, plot.y + plot.h + 8.5);
    });
  }

  /** Ranges and tick labels of all axes, for the chart's view. The lower panes' scales are kept in `chart.last`, as they
      hold on to their range while it fits. */
  function labels(chart) {
    const { model, view, geometry, options, narrow } = chart,
      { plot, panes } = geometry;
    const from = Math.max(0, Math.floor(view.x0 - 0.5) - model.first);
    const to = Math.min(model.bars.length - 1, Math.ceil(view.x1 + 0.5) - model.first);
    const time = of.view.timeTicks(view, model, plot.w, narrow ? Math.max(72, plot.w / 4.6) : 74, options.zone);
    const low = view.y0 * model.tick,
      high = view.y1 * model.tick;
    const gap = narrow ? Math.max(48, panes.price.h / 5) : 42;
    const prices = of.view.ticks(low, high, panes.price.h, gap, model.tick);
    chart.last = of.lower.scales(model, from, to, panes, options, chart.last);
    return {
      x: { range: [view.x0, view.x1], values: time.slots, texts: time.texts },
      price: { range: [low, high], values: prices, texts: prices.map((p) => p.toFixed(model.pd)) },
      delta: chart.last.delta,
      cvd: chart.last.cvd,
    };
  }

  of.axes = { labels, paintLabels, arrange, layout, ranges, mount, TABLE_ROW, TABLE_ROWS };
})(globalThis);
