/* The panes below the price: the table of bar figures, the delta bars and the cumulative delta.

   `scales` finds the ranges and labels of their axes from the visible bars; the painters draw them on the canvas. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  const TABLE = [
    { name: "Volume", value: (bar) => bar.vol, signed: false },
    { name: "Delta", value: (bar) => bar.delta, signed: true },
    { name: "Min Δ", value: (bar) => bar.d[1], signed: true },
    { name: "Max Δ", value: (bar) => bar.d[2], signed: true },
    { name: "Trades", value: (bar) => bar.n, signed: false, count: true },
  ];

  const TABLE_ROW = 15; // px
  const SMALL = 8; // px: smaller figures of the table are left out

  /** The panes, from the top. */
  const PANES = [
    { name: "table", px: TABLE.length * TABLE_ROW },
    { name: "delta", most: 130 },
    { name: "cvd", most: 150 },
  ];

  /** Axes of the delta and the CVD pane over the slots from one to another. last: the scales in force before. */
  function scales(series, from, to, panes, options, last) {
    const [low, high] = options.cvdStyle === "line" ? ["cvdMin", "cvdMax"] : ["cvdLow", "cvdHigh"],
      over = (name) => series.over(name, from, to),
      { lower } = of.plot.axes;
    const ranges = {
      delta: [Math.min(0, over("deltaLow") || 0), Math.max(0, over("deltaHigh") || 0)],
      cvd: [over(low) || 0, over(high) || 0],
    };
    const axis = (name) => lower(...ranges[name], panes[name], series.sd, last && last[name] && last[name].range);
    return { delta: axis("delta"), cvd: axis("cvd") };
  }

  function paintDelta(ctx, pane, axis, frame) {
    const { theme, X, w, bars } = frame;
    const Y = of.plot.axes.pane(ctx, pane, axis, theme);
    const width = Math.max(1, w * 0.7),
      zero = Y(0);
    for (const { bar, slot } of bars) {
      const x = X(slot),
        y = Y(bar.delta),
        [, low, high] = bar.d;
      ctx.fillStyle = bar.delta >= 0 ? theme.buy : theme.sell;
      if (w >= 5) {
        ctx.globalAlpha = 0.45;
        ctx.fillRect(Math.round(x) - 0.5, Y(high), 1, Math.max(0, Y(low) - Y(high)));
      }
      ctx.globalAlpha = 0.9;
      ctx.fillRect(x - width / 2, Math.min(y, zero), width, Math.max(1, Math.abs(y - zero)));
    }
    ctx.globalAlpha = 1;
    of.plot.axes.title(ctx, pane, "Delta", theme);
  }

  function paintCvd(ctx, pane, axis, frame) {
    const { theme, X, w, bars, options } = frame;
    const Y = of.plot.axes.pane(ctx, pane, axis, theme);
    if (options.cvdStyle === "line" || w < 4) {
      ctx.strokeStyle = theme.buy;
      ctx.lineWidth = 1.6;
      ctx.lineJoin = "round";
      of.marks.running(ctx, frame, (bar) => Y(bar.cvd));
    } else {
      const width = Math.max(2, w * 0.6);
      for (const { bar, slot } of bars) {
        const prices = [bar.cvdOpen, bar.cvdHigh, bar.cvdLow, bar.cvd].map(Y);
        of.plot.candles.candle(ctx, theme, bar.cvd >= bar.cvdOpen, X(slot), width, ...prices);
      }
    }
    of.plot.axes.title(ctx, pane, "Cumulative delta", theme);
  }

  /** How a figure is written in a slot w px wide: [text, font px]; each for itself, so that a long one costs no other. */
  function figure(value, decimals, w, font, plus) {
    for (const size of [font, SMALL]) {
      const text = of.plot.format.fitting(value, decimals, (w - 3) / (size * of.lod.DIGIT), plus);
      if (text && size <= font) return [text, size];
    }
    return ["", font];
  }

  function paintTable(ctx, pane, frame) {
    const { theme, X, w, bars, model } = frame;
    const height = pane.h / TABLE.length,
      font = Math.min(11, height - 3);
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    for (let r = 0; r < TABLE.length; r++) {
      const line = TABLE[r],
        y = pane.y + r * height;
      let most = 1;
      for (const { bar } of bars) most = Math.max(most, Math.abs(line.value(bar)));
      for (const { bar, slot } of bars) {
        const value = line.value(bar),
          x = X(slot);
        ctx.fillStyle = !line.signed ? theme.volume : value >= 0 ? theme.buy : theme.sell;
        ctx.globalAlpha = 0.06 + 0.5 * Math.sqrt(Math.abs(value) / most);
        ctx.fillRect(x - w / 2 + 0.5, y + 0.5, Math.max(1, w - 1), height - 1);
        ctx.globalAlpha = 1;
        if (w < SMALL) continue; // no digit fits
        const [text, size] = figure(value, line.count ? 0 : model.sd, w, font, line.signed);
        if (!text) continue;
        ctx.font = size + "px " + theme.font;
        ctx.fillStyle = theme.cell;
        ctx.fillText(text, x, y + height / 2 + 0.5);
      }
    }
  }

  /** Names of the table's rows, drawn beside it on the axis strip (outside the clip). */
  function paintTableNames(ctx, pane, theme, right) {
    const height = pane.h / TABLE.length;
    of.plot.canvas.text(ctx, Math.min(10.5, height - 3) + "px " + theme.font, "left", "middle");
    ctx.fillStyle = theme.muted;
    for (let r = 0; r < TABLE.length; r++) ctx.fillText(TABLE[r].name, right + 5, pane.y + (r + 0.5) * height + 0.5);
  }

  of.lower = { PANES, scales, paintDelta, paintCvd, paintTable, paintTableNames };
})(globalThis);
