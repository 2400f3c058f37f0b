/* Plotly as the plot's frame: axes with their labels, and the drawing tools. It draws no data.

   The bars are painted on a canvas below Plotly's transparent layers: cells as traces cost 15 to 60 times as much. The
   view owns all ranges; this module turns a view into one `Plotly.relayout`, and knows where each pane lies in pixels, so
   that the canvas and the axes agree without reading Plotly's private fields.

   The price axis is "y". `owners` names the axes of the panes below it: {pane: "y2"}; one that is not shown keeps its
   axis, hidden. Heights on the axis of prices are `view.y * tick`, whatever the scale. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const plot = (of.plot = of.plot || Object());

  const GAP = 8;
  const LEAST = 44; // px of a pane below the prices

  /** Pixel boxes of the plot and its panes for a host of W × H px, and the font of the labels. lower: the panes below the
      prices, from the top: {name, px, or most: px of a share of the height}. narrow: a phone. digits: of a price; long ones
      are written smaller on a phone, where width is for the bars. */
  function arrange(W, H, lower, narrow, digits) {
    const font = narrow && digits < 7 ? 12 : 11,
      gap = narrow ? 2 : 4, // px between axis and label
      right = narrow ? Math.max(52, digits * 6.7 + 5) : Math.max(60, digits * 7 + 14),
      top = 6,
      bottom = narrow ? 22 : 24,
      left = narrow ? 2 : 6;
    const box = { x: left, y: top, w: Math.max(40, W - left - right), h: Math.max(60, H - top - bottom) };
    const share = narrow ? 0.16 : 0.115,
      height = ({ px, most }) => px || Math.max(LEAST, Math.min(most, box.h * share));
    // a low window keeps its price pane: the others give way
    const wanted = lower.reduce((sum, pane) => sum + height(pane) + GAP, 0),
      squeeze = Math.min(1, (box.h * 0.6) / (wanted || 1));
    const panes = {};
    let y = box.y + box.h;
    for (const pane of [...lower].reverse()) {
      const h = height(pane) * squeeze;
      panes[pane.name] = { x: box.x, w: box.w, y: y - h, h };
      y -= h + GAP;
    }
    panes.price = { x: box.x, w: box.w, y: box.y, h: y - box.y };
    return { W, H, plot: box, panes, font, gap, margin: { l: left, r: right, t: top, b: bottom } };
  }

  const domain = (geometry, pane) => {
    const box = geometry.plot;
    return [1 - (pane.y + pane.h - box.y) / box.h, 1 - (pane.y - box.y) / box.h].map((v) =>
      Math.min(1, Math.max(0, v)),
    );
  };

  /** "yaxis2" of the axis "y2". */
  const key = (axis) => "yaxis" + axis.slice(1);

  /** Plotly's keys of a range and its labels. */
  const labelled = ({ range, values, texts }) => ({ range, tickvals: values, ticktext: texts });

  /** Plotly layout keys (nested) of everything that depends on geometry, theme and view. */
  function layout(geometry, axes, theme, owners) {
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
      tickmode: "array",
      ...labelled(data),
    });
    const hidden = { ...common, visible: false, anchor: "x", domain: [0, 0.001], range: [0, 1], side: "right" };
    const shown = Object.keys(geometry.panes).filter((name) => owners[name]);
    const below = Object.entries(owners).map(([name, axis]) => [
      key(axis),
      geometry.panes[name] ? side(geometry.panes[name], axes[name]) : hidden,
    ]);
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
        ticks: "",
        tickmode: "array",
        ...labelled(axes.x),
        anchor: shown.length ? owners[shown[0]] : "free", // panes are listed from the bottom
        position: 0,
        tickangle: 0,
      },
      yaxis: side(geometry.panes.price, axes.price),
      ...Object.fromEntries(below),
    };
  }

  /** One empty trace per axis: Plotly draws only axes that something refers to. */
  function traces(owners) {
    return ["y", ...Object.values(owners)].map((yaxis) => ({
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

  function mount(node, first, shapes, owners) {
    return root.Plotly.newPlot(node, traces(owners), { ...first, dragmode: false, shapes, newshape: {} }, CONFIG);
  }

  /** Ranges and labels only, as flat keys: the cheap update while data comes in or the reader pans. */
  function ranges(axes, geometry, owners) {
    const update = {},
      add = (axis, data) => {
        for (const [name, value] of Object.entries(labelled(data))) update[`${axis}.${name}`] = value;
      };
    add("xaxis", axes.x);
    add("yaxis", axes.price);
    for (const [name, axis] of Object.entries(owners)) if (geometry.panes[name]) add(key(axis), axes[name]);
    return update;
  }

  /** The axes' labels on a canvas, where Plotly writes them: while the reader moves the chart, Plotly rests, as one of its
      updates takes longer than a frame. */
  function paintLabels(ctx, geometry, axes, theme, owners) {
    const { plot: box, panes } = geometry,
      right = box.x + box.w;
    ctx.fillStyle = theme.muted;
    ctx.textBaseline = "middle";
    ctx.font = geometry.font + "px " + theme.font;
    ctx.textAlign = "left";
    for (const name of ["price", ...Object.keys(owners)]) {
      const pane = panes[name],
        axis = axes[name];
      if (!pane) continue;
      axis.values.forEach((value, i) => {
        const y = pane.y + ((axis.range[1] - value) / (axis.range[1] - axis.range[0])) * pane.h;
        if (y >= pane.y - 1 && y <= pane.y + pane.h + 1) ctx.fillText(axis.texts[i], right + geometry.gap + 3, y + 0.5);
      });
    }
    ctx.textAlign = "center";
    const [from, to] = axes.x.range;
    for (const bold of [false, true]) {
      if (bold) ctx.font = "bold " + ctx.font;
      axes.x.values.forEach((slot, i) => {
        const x = box.x + ((slot - from) / (to - from)) * box.w,
          text = axes.x.texts[i];
        if (text.startsWith("<b>") === bold && x >= box.x && x <= right)
          ctx.fillText(text.replace(/<[^>]*>/g, ""), x, box.y + box.h + 8.5);
      });
    }
  }

  /** Ranges and tick labels of all axes, for a controller's view. The lower panes' are the controller's own. */
  function labels(controller) {
    const { series, view, geometry, narrow, zone } = controller,
      { plot: box, panes } = geometry,
      { scale } = view;
    const time = plot.dates.ticks(view, series, box.w, narrow ? Math.max(72, box.w / 4.6) : 74, zone);
    const gap = narrow ? Math.max(48, panes.price.h / 5) : 42;
    const prices = scale.ticks(view, panes.price, gap, series, controller.zeroLevel);
    const [from, to] = plot.view.visible(view, series);
    return {
      x: { range: [view.x0, view.x1], values: time.slots, texts: time.texts },
      price: {
        range: [view.y0 * series.tick, view.y1 * series.tick],
        values: prices.values.map((level) => scale.to(level) * series.tick),
        texts: prices.texts,
      },
      ...controller.scales(from, to),
    };
  }

  /** Range and labels of a lower pane's axis. previous: the range in force. */
  function lower(low, high, pane, decimals, previous) {
    if (!(high > low)) {
      low -= 1;
      high += 1;
    }
    const edge = (high - low) * 0.08;
    let range = [low - edge, high + edge];
    // keep the last range while it still fits closely: a pane that breathes with every tick cannot be read
    if (
      previous &&
      previous[0] <= low &&
      previous[1] >= high &&
      previous[1] - previous[0] < 1.5 * (range[1] - range[0])
    )
      range = previous;
    const values = pane ? plot.view.ticks(range[0], range[1], pane.h, 26, 1) : [];
    return { range, values, texts: plot.format.axis(values, decimals) };
  }

  /** Rules at the labels, and those between the panes; as rectangles, which cost less than lines. */
  function grid(ctx, controller) {
    const { theme, geometry, axesData: axes, view, series } = controller,
      { plot: box, panes } = geometry,
      { price } = panes;
    const [top, bottom] = [view.y1 * series.tick, view.y0 * series.tick];
    ctx.fillStyle = theme.grid;
    for (const value of axes.price.values) {
      const y = Math.round(price.y + ((top - value) / (top - bottom)) * price.h);
      if (y + 0.5 >= price.y && y + 0.5 <= price.y + price.h) ctx.fillRect(price.x, y, price.w, 1);
    }
    for (const slot of axes.x.values) {
      const x = Math.round(box.x + ((slot - view.x0) / (view.x1 - view.x0)) * box.w);
      ctx.fillRect(x, box.y, 1, box.h);
    }
    ctx.fillStyle = theme.strong;
    for (const [name, pane] of Object.entries(panes))
      if (name !== "price") ctx.fillRect(box.x, Math.round(pane.y - 4), box.w, 1);
    ctx.fillRect(Math.round(box.x + box.w), box.y, 1, box.h);
  }

  /** Rules of a lower pane, and where it begins to count. Returns the height of a value. */
  function pane(ctx, box, axis, theme) {
    const [low, high] = axis.range,
      Y = (value) => box.y + ((high - value) / (high - low)) * box.h,
      rule = (value) => ctx.fillRect(box.x, Math.round(Y(value)), box.w, 1);
    ctx.fillStyle = theme.grid;
    axis.values.forEach(rule);
    ctx.fillStyle = theme.strong;
    if (low < 0 && high > 0) rule(0);
    return Y;
  }

  /** The name of a lower pane, over what it shows. */
  function title(ctx, box, text, theme) {
    plot.canvas.text(ctx, "600 10px " + theme.font, "left", "top");
    ctx.fillStyle = theme.paper;
    ctx.globalAlpha = 0.8;
    ctx.fillRect(box.x + 3, box.y + 1, ctx.measureText(text).width + 6, 13);
    ctx.globalAlpha = 1;
    ctx.fillStyle = theme.muted;
    ctx.fillText(text, box.x + 6, box.y + 3);
  }

  plot.axes = { labels, lower, pane, title, grid, paintLabels, arrange, layout, ranges, mount };
})(window);
