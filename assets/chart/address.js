/* The address bar: the view as a link that can be shared, and the browser's back and forward.

   Choices (symbol, frame, mode, rows, panes) are steps of the history; moving the view only corrects the present one. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  const REST_MS = 350;
  let timer = 0;

  function text() {
    const { chart } = of.page,
      { model } = chart,
      { want } = of.poll,
      come = model.bars.length && model.frame === want.frame && (!want.symbol || model.symbol === want.symbol);
    return of.options.write({
      symbol: want.symbol || model.symbol,
      frame: want.frame,
      mode: chart.options.mode,
      rows: want.rows || (come ? model.auto : 0),
      panes: chart.options.panes,
      ...chart.range(),
    });
  }

  /** step: something that the back button takes back. */
  function remember(step) {
    clearTimeout(timer);
    const write = () => {
      const address = root.location.pathname + text();
      if (address === root.location.pathname + root.location.search) return;
      root.history[step ? "pushState" : "replaceState"](root.history.state, "", address);
    };
    if (step) write();
    else timer = setTimeout(write, REST_MS);
  }

  /** Take over what an address says. first: at the start, when nothing is shown yet. */
  function visit(query, first) {
    const { chart, config } = of.page,
      { want } = of.poll,
      asked = of.options.read(query);
    const next = { symbol: asked.symbol || null, frame: asked.frame || config.frame };
    const { model } = chart,
      shown = !want.rows && asked.rows === model.rows && next.symbol === model.symbol && next.frame === model.frame;
    next.rows = shown ? 0 : asked.rows || of.options.rowsOf(next.symbol);
    const changed = Object.keys(next).some((key) => next[key] !== want[key]);
    Object.assign(want, next, { linked: Boolean(asked.rows) && !shown });
    const options = {};
    if (asked.mode || !first) options.mode = asked.mode || of.options.DEFAULTS.mode;
    if (asked.panes || !first) options.panes = asked.panes || [...of.options.DEFAULTS.panes];
    if (Object.keys(options).length) chart.set(options, false);
    const range = Number.isFinite(asked.from) || asked.y ? asked : null;
    if (first) {
      chart.wanted = range;
      return;
    }
    of.controls.show();
    if (changed) {
      chart.wanted = range;
      chart.ready = false;
      of.poll.ask();
    } else {
      chart.place(range || {});
      chart.moved();
    }
  }

  of.address = { remember, visit };
})(globalThis);
