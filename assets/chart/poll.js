/* What the page asks the server for, and what it does with an answer.

   `want` is what the reader chose; what they left open (null, 0) the server decides. The state that a poll
   sends is what the server's PollState describes; every answer repeats what was asked in `request`, so an answer to an
   older one is known and left alone. The definitions of the settings go to the server without this script: it sends
   everything anew when they are no longer those by which the held bars are marked. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  const REST_MS = 250;

  // linked: the rows are of an address, not set by hand; marks: the only definitions (JSON) that count, "" any
  const want = { symbol: null, frame: null, rows: 0, linked: false, marks: "" };
  let refresh = 0,
    timer = 0,
    spanned = "", // the bars whose profile was asked for
    marks = null; // the definitions by which the held bars are marked

  const set = (id, props) => root.dash_clientside.set_props(id, props);

  /** What the next poll says. fresh: asks for everything. */
  function state(fresh) {
    const { chart } = of.page,
      { live: model } = chart,
      held = !fresh && model.bars.length > 0;
    return {
      epoch: model.epoch,
      revision: held ? model.rev : 0,
      symbol: want.symbol || (held ? model.symbol : null),
      frame: want.frame,
      rows: want.rows,
      marks,
      profile: held || (model.symbol === want.symbol && model.frame === want.frame) ? chart.span : null,
      fresh: Boolean(held && model.uncounted),
    };
  }

  /** Ask anew at once: another symbol, frame or row size. */
  function ask() {
    set("chart-state", { data: state(true) });
    set("chart-refresh", { data: ++refresh });
  }

  /** Has the series come that is wanted? Until then the one before is shown. */
  const come = ({ bars, frame, symbol } = of.page.chart.live) =>
    bars.length > 0 && frame === want.frame && symbol === (want.symbol || symbol);

  /** Does an answer still fit what the page wants? */
  function current(answer) {
    const { symbol, frame, rows, marks: by = null } = answer.request || {};
    if (want.marks && want.marks !== JSON.stringify(by)) return false;
    return (want.symbol === null || symbol === want.symbol) && frame === want.frame && want.rows === rows;
  }

  /** Ask for POC and value area of the profile when the view has come to rest on other bars; they come with every poll
      otherwise. */
  function profileFollow() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const { chart } = of.page,
        { span, model } = chart,
        key = JSON.stringify(span);
      if (!chart.ready || chart.held) return;
      if (!span || key === spanned || key === JSON.stringify(model.profile && model.profile.span)) return;
      spanned = key;
      set("chart-state", { data: { ...state(false), fresh: true } });
      set("chart-refresh", { data: ++refresh });
    }, REST_MS);
  }

  /** The rows of the symbol that has come: those set for it by hand, if the server chose the symbol; automatic ones, if
      an address named just those. Returns whether others must be asked for. */
  function rowsOfSymbol(answer) {
    const kept = of.options.rowsOf(answer.symbol);
    if (want.linked && want.rows === answer.auto && kept !== want.rows) want.rows = 0;
    const other = !want.linked && want.rows === 0 && kept > 0;
    want.linked = want.linked && want.rows > 0;
    if (other) want.rows = kept;
    return other;
  }

  /** Take in an answer. Returns the state for the next poll, or null when it is not for the shown series. */
  function receive(answer) {
    const { chart } = of.page;
    if (!answer || !chart || !current(answer)) return null;
    if (answer.error) {
      of.controls.fault(answer.error);
      return null;
    }
    of.page.news = performance.now();
    marks = answer.request.marks;
    want.marks = "";
    if (!chart.receive(answer)) return state(true);
    of.legend.headline(); // also in a tab that is not looked at
    if (answer.full) {
      spanned = "";
      if (answer.bars.length && rowsOfSymbol(answer)) return state(true);
      if (answer.frame) want.frame = answer.frame;
      of.controls.rowChoices();
      of.controls.show();
      of.legend.show();
      of.address.remember(false, true); // rows and definitions have come
      if (chart.live.symbol && !want.symbol) set("chart-symbol", { value: chart.live.symbol });
    }
    of.legend.empty(!chart.live.bars.length, answer.others);
    if (answer.full) of.reach.near();
    return state(false);
  }

  const first = () => ++refresh;

  of.poll = { want, state, ask, come, receive, profileFollow, marks: () => marks, first };
})(globalThis);
