/* Studies over the bars and in panes below them: lines, and bars from zero. Their values are the server's.

   A study has two columns of the series, as groups of bars need its lowest and its highest value. In a pane values are
   whole units of their last decimal, as volumes are. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const plot = (of.plot = of.plot || Object());

  /** The name of the second column. */
  const top = (name) => name + " high";

  /** Values times a factor; NaN for none. */
  function times(values, factor) {
    const made = new Float64Array(values.length);
    for (let i = 0; i < made.length; i++) made[i] = values[i] === null ? NaN : values[i] * factor;
    return made;
  }

  /** A study with all that may be left out. factor: from its values to those of its columns. */
  function complete(given, { tick }) {
    const study = { label: given.name, pane: "price", kind: "line", decimals: 2, guides: [], ...given };
    return { ...study, factor: study.pane === "price" ? 1 / tick : 10 ** study.decimals };
  }

  /** The axis of a pane, for the visible slots. */
  function axis(chart, name, from, to) {
    const studies = chart.studiesIn(name),
      [{ decimals, guides, factor }] = studies,
      last = chart.last && chart.last[name],
      values = guides.map((guide) => guide * factor);
    for (const study of studies)
      values.push(chart.data.over(study.name, from, to), chart.data.over(top(study.name), from, to));
    if (studies.some(({ kind }) => kind === "bars")) values.push(0);
    const held = values.filter(Number.isFinite),
      [low, high] = held.length ? [Math.min(...held), Math.max(...held)] : [0, 0];
    return plot.axes.lower(low, high, chart.geometry.panes[name], decimals, last && last.range);
  }

  function paint(ctx, { theme, data }, { name, kind, colour, width, dash, fall }, frame) {
    if (kind === "bars") {
      const style = { name, top: top(name), rise: colour || theme.buy, fall: fall || theme.sell };
      plot.candles.columnsFromZero(ctx, data, frame, style);
    } else plot.candles.line(ctx, data, frame, { name, top: top(name), colour: colour || theme.vwap, width, dash });
  }

  /** A pane below the prices. */
  function pane(ctx, chart, name, frame) {
    const box = chart.geometry.panes[name],
      { theme } = chart,
      studies = chart.studiesIn(name),
      [{ guides, factor }] = studies;
    plot.canvas.clip(ctx, box, () => {
      const Y = plot.axes.pane(ctx, box, chart.axesData[name], theme);
      ctx.strokeStyle = theme.strong;
      ctx.lineWidth = 1;
      ctx.setLineDash([4, 4]);
      for (const guide of guides) plot.canvas.line(ctx, box.x, Y(guide * factor), box.x + box.w, Y(guide * factor));
      ctx.setLineDash([]);
      for (const study of studies) paint(ctx, chart, study, { ...frame, Y, box });
      plot.axes.title(ctx, box, studies.map(({ label }) => label).join(" · "), theme);
    });
  }

  plot.studies = { top, times, complete, axis, paint, pane };
})(window);
