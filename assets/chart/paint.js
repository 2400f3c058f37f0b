/* The footprint below Plotly's layers: everything that moves with the market, on one canvas.

   `frame` gathers what the painters share for one drawing (visible bars, pixel functions, level of detail, the largest
   cells); `paint` calls them from back to front. It reads the chart and changes nothing. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  const REACH = 400; // bars left of the view whose zones may still reach into it

  const MERGED = 2; // px: narrower bars are shown in groups below the price, and by the lines over it

  const LARGEST = { bid_ask: "maxCell", delta: "maxDelta" }; // else maxTotal

  /** Digits for which numbers in the cells need room, in short and in tiny: of nine bars in ten the largest, so that one
      figure alone, which is written smaller or left out where it does not fit, takes no other away. Below 1 smaller ones
      are longer. all: of every bar, and of small ones too. */
  function longest(bars, mode, decimals, all) {
    const name = LARGEST[mode] || "maxTotal";
    const list = bars.map((bar) => bar[name]).sort((a, b) => a - b);
    const value = list[Math.floor((all ? 1 : 0.9) * (list.length - 1))] || 1,
      small = all ? Math.min(4, decimals) : 3;
    const { short, tiny, widest } = of.plot.format;
    return [
      Math.max(decimals ? small + 1.5 : 2, widest(short, value, decimals)),
      Math.max(decimals ? small + 0.5 : 1, widest(tiny, value, decimals)),
    ];
  }

  /** The bars of a range as the painters read them: [{bar, slot}]. */
  function listed(model, from, to) {
    const bars = [];
    for (let i = from; i <= to; i++) bars.push({ bar: model.bars[i], slot: model.first + i });
    return bars;
  }

  /** Groups of bars, each as one: its largest volume and delta, and its last running values. */
  function merged(series, k, from, to) {
    const { columns, a, b, slot } = series.groups(k, from, to),
      bars = [];
    for (let i = a; i <= b; i++) {
      const { deltaMin, deltaMax, vwap } = columns,
        delta = deltaMax[i] > -deltaMin[i] ? deltaMax[i] : deltaMin[i];
      const bar = {
        s: columns.session[i],
        vol: columns.volume[i],
        n: columns.trades[i],
        delta,
        d: [delta, columns.deltaLow[i], columns.deltaHigh[i]],
        cvd: columns.cvd[i],
        vwap: vwap[i] === vwap[i] ? vwap[i] : null,
        sigma: columns.sigma[i],
      };
      bars.push({ bar, slot: slot(i) });
    }
    return bars;
  }

  /** Everything that the painters need, for the view as it is: w is px of a bar, or of a group of narrow ones. */
  function frameOf(chart) {
    const { model, series, view, options, geometry } = chart;
    const box = geometry.panes.price,
      plot = geometry.plot;
    const perSlot = plot.w / (view.x1 - view.x0),
      perLevel = box.h / (view.y1 - view.y0);
    const X = (slot) => plot.x + (slot - view.x0) * perSlot;
    const Y = (level) => box.y + (view.y1 - level) * perLevel;
    const range = of.plot.view.visible(view, series),
      [from, to] = range.map((slot) => slot - model.first);
    const k = series.level(perSlot, MERGED),
      bars = k ? merged(series, k, ...range) : listed(model, from, to);

    const h = perLevel * model.rows,
      narrow = perSlot < of.lod.MIN_SLOT;
    const most = { cell: 1, total: 1, delta: 1 };
    if (!narrow)
      for (const { bar } of bars) {
        most.cell = Math.max(most.cell, bar.maxCell);
        most.total = Math.max(most.total, bar.maxTotal);
        most.delta = Math.max(most.delta, bar.maxDelta);
      }
    const seen = narrow ? [] : bars.map(({ bar }) => bar);
    const lod = of.lod.choose({
      w: perSlot,
      h,
      mode: options.mode,
      digits: longest(seen, options.mode, model.sd),
      least: chart.view.font,
    });
    return {
      model,
      view,
      options,
      theme: chart.theme,
      mode: options.mode,
      box,
      X,
      Y,
      w: perSlot * 2 ** k,
      perSlot,
      h,
      from,
      to,
      reach: Math.max(0, from - REACH),
      bars,
      lod,
      most,
      top: box.y,
      bottom: box.y + box.h,
      pocs: [],
    };
  }

  function bars(ctx, frame, series) {
    const { theme, X, Y, lod } = frame;
    if (lod.kind === "candle") {
      const [from, to] = [frame.from, frame.to].map((i) => series.first + i);
      of.plot.candles.candles(ctx, series, { theme, X, Y, w: frame.perSlot, from, to });
      return;
    }
    for (const { bar, slot } of frame.bars) of.cells.footprint(ctx, bar, slot, frame);
    ctx.strokeStyle = theme.poc;
    ctx.lineWidth = 1.3;
    for (const [x, y, width, height] of frame.pocs) {
      if (height >= 5) ctx.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
      else {
        ctx.fillStyle = theme.poc;
        ctx.globalAlpha = 0.9;
        ctx.fillRect(x, y + height / 2 - 0.75, width, 1.5);
        ctx.globalAlpha = 1;
      }
    }
  }

  /** Delta under each bar where the table does not already say it. */
  function deltas(ctx, frame) {
    if (frame.options.panes.includes("table") || frame.w < 34 || frame.lod.kind === "candle") return;
    of.plot.canvas.text(ctx, "600 10px " + frame.theme.font, "center", "top");
    const room = (frame.w - 4) / (10 * of.lod.DIGIT) - 2; // beside the Δ
    for (const { bar, slot } of frame.bars) {
      ctx.fillStyle = bar.delta >= 0 ? frame.theme.buy : frame.theme.sell;
      const y = frame.Y(bar.l - frame.model.rows) + 4,
        text = of.plot.format.fitting(bar.delta, frame.model.sd, room, true);
      if (text) ctx.fillText("Δ " + text, frame.X(slot), y);
    }
  }

  function volumeProfile(ctx, frame, chart) {
    const { model, options, theme } = frame;
    chart.profile = chart.span = null;
    if (options.profile === "off" || frame.to < frame.from) return;
    const session = options.profile === "session";
    const at = Math.max(0, Math.min(model.bars.length - 1, frame.to));
    const last = !model.live && at === model.bars.length - 1;
    chart.span = session
      ? { start: model.bars[at].s, end: null, session }
      : { start: model.bars[frame.from].t, end: last ? null : model.bars[at].t, session };
    chart.profileCache = chart.profileCache || {};
    const profile = session
      ? of.profile.session(model, chart.span)
      : of.profile.compute(model, frame.from, at, chart.span, chart.profileCache);
    if (!profile) return;
    chart.profile = profile;
    const label = session ? (model.profile.ladder.cut ? "session, in part" : "session") : "visible range";
    of.profile.paint(
      ctx,
      profile,
      model,
      frame.box,
      frame.Y,
      frame.box.w * chart.view.share,
      theme,
      label + " · Σ " + of.plot.format.short(profile.sum, model.sd),
    );
  }

  /** Draw the whole picture. ctx: in CSS pixels, cleared. */
  function paint(ctx, chart) {
    const frame = frameOf(chart),
      { panes, plot } = chart.geometry,
      { clip } = of.plot.canvas;
    chart.frame = frame;
    of.plot.axes.grid(ctx, chart);
    clip(ctx, panes.price, () => {
      of.marks.sessions(ctx, frame);
      of.marks.zones(ctx, frame);
      volumeProfile(ctx, frame, chart);
      bars(ctx, frame, chart.series);
      deltas(ctx, frame);
      of.marks.vwap(ctx, frame);
      of.marks.unfinished(ctx, frame);
      of.marks.studies(ctx, frame);
      of.plot.crosshair.lastLine(ctx, chart);
    });
    if (panes.table) {
      clip(ctx, panes.table, () => of.lower.paintTable(ctx, panes.table, frame));
      of.lower.paintTableNames(ctx, panes.table, chart.theme, plot.x + plot.w);
    }
    if (panes.delta) clip(ctx, panes.delta, () => of.lower.paintDelta(ctx, panes.delta, chart.axesData.delta, frame));
    if (panes.cvd) clip(ctx, panes.cvd, () => of.lower.paintCvd(ctx, panes.cvd, chart.axesData.cvd, frame));
    return frame;
  }

  of.paint = { REACH, paint, longest };
})(globalThis);
