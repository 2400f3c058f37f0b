/* How a series of bars is painted: candles, a line of closes, lines and bars of studies, and the volume.

   Where bars are narrower than `DENSE` px, groups of them are painted as one, so that a picture costs as much as it is
   wide, whatever it shows. A frame is {theme, X(slot), Y(value), w: px of a slot, from, to: slots, box}. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const plot = (of.plot = of.plot || Object());

  const DENSE = 1;

  /** A candle centred at x: hollow when it rises, filled when it falls. open, high, low, close: px. */
  function candle(ctx, theme, up, x, width, open, high, low, close) {
    const colour = up ? theme.buy : theme.sell;
    const top = Math.min(open, close),
      height = Math.max(1, Math.abs(close - open)),
      wide = Math.max(1, Math.round(width)),
      middle = Math.round(x - 0.5);
    ctx.fillStyle = colour;
    if (wide === 1) return ctx.fillRect(middle, Math.round(high), 1, Math.max(1, Math.round(low - high)));
    ctx.fillRect(middle, high, 1, top - high);
    ctx.fillRect(middle, top + height, 1, low - top - height);
    const left = Math.round(x - width / 2);
    if (up && wide >= 4 && height >= 2) {
      ctx.globalAlpha *= 0.25;
      ctx.fillRect(left, top, wide, height);
      ctx.globalAlpha /= 0.25;
      ctx.strokeStyle = colour;
      ctx.lineWidth = 1;
      ctx.strokeRect(left + 0.5, Math.round(top) + 0.5, wide - 1, Math.max(1, Math.round(height) - 1));
    } else ctx.fillRect(left, top, wide, height);
  }

  /** The groups that a frame shows, and px of one. */
  function groupsOf(series, { w, from, to }) {
    const groups = series.groups(series.level(w, DENSE), from, to);
    return { ...groups, px: w * groups.size };
  }

  /** Rising ones first: a change of colour costs as much as a bar. */
  function candles(ctx, series, frame) {
    const { theme, X, Y } = frame,
      { columns, a, b, slot, px } = groupsOf(series, frame),
      { open, high, low, close } = columns,
      width = Math.max(1, Math.min(px * 0.7, 18));
    for (const up of [true, false])
      for (let i = a; i <= b; i++)
        if (close[i] >= open[i] === up)
          candle(ctx, theme, up, X(slot(i)), width, Y(open[i]), Y(high[i]), Y(low[i]), Y(close[i]));
  }

  /** A line through a column; `top`: of groups the column of their highest values, where `name` has the lowest. */
  function line(ctx, series, frame, { name, top = name, colour, width = 1.5, dash = [] }) {
    const { X, Y } = frame,
      { k, columns, a, b, slot } = groupsOf(series, frame),
      [low, high] = [columns[name], columns[top]];
    ctx.strokeStyle = colour;
    ctx.lineWidth = width;
    ctx.lineJoin = "round";
    ctx.setLineDash(dash);
    ctx.beginPath();
    for (let i = a, pen = false; i <= b; i++) {
      const x = X(slot(i)),
        there = low[i] === low[i];
      if (there) ctx[pen ? "lineTo" : "moveTo"](x, Y(low[i]));
      if (there && k && top !== name) ctx.lineTo(x, Y(high[i]));
      pen = there;
    }
    ctx.stroke();
    ctx.setLineDash([]);
  }

  /** Bars from zero; of groups the lowest and the highest. */
  function columnsFromZero(ctx, series, frame, { name, top = name, rise, fall }) {
    const { X, Y } = frame,
      { columns, a, b, slot, px } = groupsOf(series, frame),
      width = Math.max(1, px * 0.7),
      zero = Y(0);
    for (const above of [true, false]) {
      const column = columns[above ? top : name];
      ctx.fillStyle = above ? rise : fall;
      for (let i = a; i <= b; i++) {
        const value = column[i];
        if (above ? !(value >= 0) : !(value < 0)) continue;
        const y = Y(value);
        ctx.fillRect(X(slot(i)) - width / 2, Math.min(y, zero), width, Math.max(1, Math.abs(y - zero)));
      }
    }
  }

  /** Volume at the foot of the box, the largest visible one `share` of it. */
  function volume(ctx, series, frame, share) {
    const { theme, X, box } = frame,
      { columns, a, b, slot, px } = groupsOf(series, frame),
      { open, close } = columns,
      bottom = Math.round(box.y + box.h),
      width = Math.max(1, Math.round(px * 0.7)); // of whole pixels: their edges need no smoothing
    let most = 0;
    for (let i = a; i <= b; i++) if (columns.volume[i] > most) most = columns.volume[i];
    if (!most) return;
    ctx.globalAlpha = 0.32;
    for (const up of [true, false]) {
      ctx.fillStyle = up ? theme.buy : theme.sell;
      for (let i = a; i <= b; i++) {
        const h = Math.round((columns.volume[i] / most) * share * box.h);
        if (close[i] >= open[i] === up && h > 0) ctx.fillRect(Math.round(X(slot(i)) - width / 2), bottom - h, width, h);
      }
    }
    ctx.globalAlpha = 1;
  }

  /** A dashed line before each bar that ends a gap. times: of those bars, ms. */
  function gaps(ctx, series, { theme, X, box }, times) {
    Object.assign(ctx, { strokeStyle: theme.muted, lineWidth: 1 });
    ctx.setLineDash([2, 4]);
    for (const slot of times.map((time) => series.slotFrom(time)))
      if (slot > series.first && slot <= series.last)
        plot.canvas.line(ctx, X(slot - 0.5), box.y, X(slot - 0.5), box.y + box.h);
    ctx.setLineDash([]);
  }

  const CANDLE = ["open", "high", "low", "close"];

  /** Heikin-Ashi candles of a series; kept: what was made before, which is carried on where only the end has grown. */
  function heikin(series, kept) {
    const { version, first } = series;
    const goesOn = kept && kept.of === version && kept.series.first === first && kept.series.n > 1;
    const made = goesOn ? kept.series : new plot.Columns(),
      begin = goesOn ? made.last : first,
      /** @type {Record<string, number[]>} */
      batch = { time: [], open: [], high: [], low: [], close: [], volume: [] };
    let [open, close] = goesOn ? ["open", "close"].map((name) => made.at(name, begin - 1)) : [NaN, NaN];
    for (let slot = begin; slot <= series.last; slot++) {
      const bar = CANDLE.map((name) => series.at(name, slot)),
        mean = (bar[0] + bar[1] + bar[2] + bar[3]) / 4;
      open = open === open ? (open + close) / 2 : (bar[0] + bar[3]) / 2;
      close = mean;
      batch.time.push(series.at("time", slot));
      batch.open.push(open);
      batch.close.push(close);
      batch.high.push(Math.max(bar[1], open, close));
      batch.low.push(Math.min(bar[2], open, close));
      batch.volume.push(series.at("volume", slot));
    }
    for (const name of ["tick", "pd", "sd", "ms", "rows"]) made[name] = series[name];
    goesOn ? made.append(batch) : made.set(batch, first);
    return { of: version, series: made };
  }

  plot.candles = { candle, candles, line, columnsFromZero, volume, gaps, heikin };
})(window);
