/* What the page asks the server for, and what it does with an answer.

   `want` is what the reader chose; what they left open (null, 0) the server decides. The state that a poll
   sends is what the server's PollState describes; every answer repeats what was asked in `request`, so an answer to an
   older one is known and left alone. The definitions of the settings go to the server without this script: it sends
   everything anew when they are no longer those by which the held bars are marked. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  const REST_MS = 250;
  const GIVE_UP_MS = 15000;
  const NEAR = 0.15; // of the screen: so near to the first bar older ones are asked for
  const MAX_BARS = 20000;

  // linked: the rows are of an address, not set by hand
  const want = { symbol: null, frame: null, rows: 0, linked: false };
  let refresh = 0,
    timer = 0,
    giveUp = 0,
    waiting = "", // the question about older bars that is on its way
    spanned = "", // the bars whose profile was asked for
    marks = null, // the definitions by which the held bars are marked
    exhausted = ""; // and the one to which there was nothing

  const set = (id, props) => root.dash_clientside.set_props(id, props);

  /** What the next poll says. fresh: asks for everything. */
  function state(fresh) {
    const { chart } = of.page,
      { model } = chart,
      held = !fresh && model.bars.length > 0;
    return {
      epoch: model.epoch,
      revision: held ? model.rev : 0,
      symbol: want.symbol || (held ? model.symbol : null),
      frame: want.frame,
      rows: want.rows,
      marks,
      profile: held || (model.symbol === want.symbol && model.frame === want.frame) ? chart.span : null,
    };
  }

  /** Ask anew at once: another symbol, frame or row size. */
  function ask() {
    set("chart-state", { data: state(true) });
    set("chart-refresh", { data: ++refresh });
  }

  /** Does an answer still fit what the page wants? */
  function current(answer) {
    const { symbol, frame, rows } = answer.request || {};
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
    if (!chart.receive(answer)) return state(true);
    of.legend.headline(); // also in a tab that is not looked at
    if (answer.full) {
      spanned = "";
      if (answer.bars.length && rowsOfSymbol(answer)) return state(true);
      if (answer.frame) want.frame = answer.frame;
      of.controls.rowChoices();
      of.controls.show();
      of.legend.show();
      of.address.remember(false); // the rows have come
      if (chart.model.symbol && !want.symbol) set("chart-symbol", { value: chart.model.symbol });
    }
    of.legend.empty(!chart.model.bars.length);
    if (answer.full) loadOlder();
    return state(false);
  }

  /** Ask for bars before those held, when the reader has come near their beginning and the server had more. */
  function loadOlder() {
    const { chart } = of.page,
      { model, view } = chart;
    if (!chart.ready || !model.ms || waiting || model.bars.length >= MAX_BARS) return;
    if (view.x0 > model.first + NEAR * (view.x1 - view.x0) || !(model.stats.candles > model.bars.length)) return;
    const { epoch, symbol, frame, bars, rows, ref } = model;
    const request = { epoch, symbol, frame, first: bars[0].t, rows, ref, marks },
      key = JSON.stringify(request);
    if (key === exhausted) return;
    waiting = key;
    clearTimeout(giveUp);
    giveUp = setTimeout(() => {
      waiting = "";
      loading(false);
    }, GIVE_UP_MS);
    loading(true);
    set("chart-older-request", { data: request });
  }

  /** Older bars have come. */
  function older(answer) {
    const { chart } = of.page,
      { model } = chart;
    if (!answer || JSON.stringify(answer.request) !== waiting) return;
    const { request } = answer;
    exhausted = answer.bars.length ? "" : waiting;
    waiting = "";
    clearTimeout(giveUp);
    loading(false);
    const fits = ["epoch", "symbol", "frame", "rows", "ref"].every((key) => request[key] === model[key]);
    if (!fits || JSON.stringify(request.marks) !== JSON.stringify(marks) || !answer.bars.length) return;
    chart.prepend(answer);
    loadOlder(); // the view may reach further still
  }

  function loading(yes) {
    const node = root.document.getElementById("chart-loading");
    if (node) node.hidden = !yes;
  }

  const first = () => ++refresh;

  of.poll = { loadOlder, older, want, state, ask, receive, profileFollow, marks: () => marks, first };
})(globalThis);
