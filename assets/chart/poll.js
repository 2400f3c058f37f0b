/* What the page asks the server for, and what it does with an answer.

   `want` is what the reader chose; what they left open (null, 0) the server or the zoom decides. The state that a poll
   sends is [epoch, revision, first bar ms, symbol, frame, rows, marks]; every answer repeats what was asked in `ask`, so
   an answer to an older question is known and left alone. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  const REST_MS = 250;

  const want = { symbol: null, frame: null, rows: 0 };
  let zoomRows = 0; // ticks a row that the zoom asks for while `want.rows` is 0
  let kick = 0,
    timer = 0;

  const set = (id, props) => root.dash_clientside.set_props(id, props);

  /** What the next poll says. fresh: asks for everything. */
  function state(fresh) {
    const { chart } = of.page,
      { model } = chart,
      held = !fresh && model.bars.length > 0;
    return [
      model.epoch,
      held ? model.rev : 0,
      held ? model.bars[0].t : 0,
      want.symbol || (held ? model.symbol : null),
      want.frame,
      want.rows || zoomRows || (held ? model.rows : 0),
      of.options.marks(chart.options),
    ];
  }

  /** Ask anew at once: another symbol, frame, row size or definition. */
  function ask() {
    set("chart-state", { data: state(true) });
    set("chart-kick", { data: ++kick });
  }

  /** Does an answer still fit what the page wants? */
  function current(answer) {
    const [symbol, frame, rows, marks] = answer.ask || [];
    return (
      (want.symbol === null || symbol === want.symbol) &&
      frame === want.frame &&
      (want.rows || zoomRows || rows) === rows &&
      JSON.stringify(marks || null) === JSON.stringify(of.options.marks(of.page.chart.options))
    );
  }

  /** Rows on "auto" follow the zoom: ask for others when numbers would fit then, once the view has come to rest. */
  function rowsFollow() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const { chart } = of.page;
      if (want.rows || !chart.ready || chart.held) return;
      const rows = chart.rowsWanted();
      if (rows === chart.model.rows || rows === zoomRows) return;
      zoomRows = rows;
      ask();
    }, REST_MS);
  }

  /** Forget what the zoom asked for: another series has other prices. */
  function rowsAnew() {
    zoomRows = 0;
  }

  /** Take in an answer. Returns the state for the next poll, or null when it is none of ours. */
  function receive(answer) {
    const { chart } = of.page;
    if (!answer || !chart || !current(answer)) return null;
    if (answer.error) {
      of.controls.fault(answer.error);
      return null;
    }
    of.page.news = performance.now();
    if (!chart.receive(answer)) return state(true);
    of.legend.headline(); // also in a tab that is not looked at
    if (answer.full) {
      if (answer.frame && want.frame !== answer.frame) {
        want.frame = answer.frame;
        of.controls.show();
      }
      of.controls.rowChoices();
      if (chart.model.symbol && !want.symbol) set("chart-symbol", { value: chart.model.symbol });
    }
    of.legend.empty(!chart.model.bars.length);
    return state(false);
  }

  of.poll = { want, state, ask, receive, rowsFollow, rowsAnew, first: () => ++kick };
})(globalThis);
