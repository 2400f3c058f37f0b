/* The address bar: the view as a link that can be shared, and the browser's back and forward.

   Choices (symbol, frame, mode, rows, panes) are steps of the history; moving the view only corrects the present one. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  const REST_MS = 350;
  let timer = 0,
    links = 0;

  function text() {
    const { chart } = of.page,
      { want, come } = of.poll,
      symbol = want.symbol || chart.live.symbol;
    const query = of.options.write({
      symbol,
      frame: want.frame,
      rows: want.rows || (come() ? chart.live.auto : 0),
      options: chart.options,
      marks: of.options.definitions(of.poll.marks()),
      ...chart.range,
    });
    const drawn = symbol ? of.plot.tools.write(of.plot.tools.stored(symbol)) : "";
    return query + (drawn && "#draw=" + drawn);
  }

  /** step: something that the back button takes back; now: without waiting for the view to rest. An address of which the
      bars or definitions have not come stays. */
  function remember(step, now = step) {
    clearTimeout(timer);
    const write = () => {
      const { chart } = of.page,
        pending = chart.wanted || of.poll.want.marks || !chart.ready;
      const { pathname, search, hash } = root.location,
        address = pathname + text();
      if ((pending && !step) || address === pathname + search + hash) return;
      root.history[step ? "pushState" : "replaceState"](root.history.state, "", address);
    };
    if (now) write();
    else timer = setTimeout(write, REST_MS);
  }

  /** Take over what an address says. first: at the start, when nothing is shown yet. An address that names the rows was
      copied from a page: what it leaves out is at its default. Returns {n, marks: definitions (text) that the server has
      to put in force}, or null. */
  function visit({ search, hash }, first) {
    const { chart, config } = of.page,
      { want } = of.poll,
      asked = of.options.read(search),
      { marks = "", rows, from, y, bars } = asked;
    const next = { symbol: asked.symbol || null, frame: asked.frame || config.frame };
    const { live } = chart,
      shown = !want.rows && rows === live.rows && next.symbol === live.symbol && next.frame === live.frame;
    next.rows = shown ? 0 : rows || of.options.rowsOf(next.symbol);
    const changed = Object.keys(next).some((key) => next[key] !== want[key]);
    Object.assign(want, next, { linked: Boolean(rows) && !shown });
    const whole = rows || !first;
    chart.set(whole ? of.options.over(asked.options, chart.narrow) : { ...chart.options, ...asked.options }, false);
    if (first && next.symbol && hash.startsWith("#draw=")) of.plot.tools.adopt(next.symbol, hash.slice(6));
    const range = Number.isFinite(from) || y || bars ? asked : null,
      other = (whole || marks) && marks !== of.options.definitions(of.poll.marks());
    if (other || (first && whole)) want.marks = marks ? "?" : "null"; // the server says how it reads them
    if (first) chart.wanted = range;
    else {
      of.controls.show();
      if (changed || other) {
        chart.wanted = range;
        chart.ready = false;
      }
      if (changed) of.poll.ask();
      else if (!other && of.reach.place(chart, range || {})) chart.moved();
    }
    return want.marks ? { n: ++links, marks } : null;
  }

  of.address = { text, remember, visit };
})(globalThis);
