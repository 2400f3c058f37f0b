/* Which time is shown, and the bars beyond those that the page holds: the server reads them from the log when the view
   comes near their ends, or goes to a time elsewhere.

   A question names the series and one of `before`, `after` and `around` (ms); the answer repeats it, so that an answer to
   an older one is known and left alone. While the bars of an activity frame are being counted it is asked again. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  const GIVE_UP_MS = 15000;
  const AGAIN_MS = 500;
  const NEAR = 0.15; // of the screen: so near to the end of the held bars more are asked for
  const limits = { bars: 20000 };

  let waiting = "", // the question that is on its way
    timer = 0;

  /** Say what is being waited for; "" when it is over. */
  function say(text) {
    Object.assign(root.document.getElementById("chart-loading"), { hidden: !text, textContent: text });
  }

  function ask(where) {
    const { epoch, symbol, frame, rows, ref } = of.page.chart.live,
      none = { before: null, after: null, around: null };
    const question = { epoch, symbol, frame, rows, ref, marks: of.poll.marks(), ...none, ...where };
    if (JSON.stringify(question) === waiting) return;
    waiting = JSON.stringify(question);
    say(where.after ? "Reading later bars …" : "Reading older bars …");
    send(question);
  }

  function send(question) {
    clearTimeout(timer);
    timer = setTimeout(() => {
      stop();
      if (of.page.chart.wanted && of.poll.come()) of.page.chart.start(false); // asks anew
    }, GIVE_UP_MS);
    root.dash_clientside.set_props("chart-older-request", { data: question });
  }

  /** No longer wait for bars. */
  function stop() {
    clearTimeout(timer);
    waiting = "";
    say("");
  }

  /** Bars have come, or why they cannot. */
  function answered(answer) {
    const { chart } = of.page;
    if (!answer || JSON.stringify(answer.request) !== waiting) return;
    const { request } = answer;
    if (answer.counting && !answer.bars.length) {
      say("Counting " + request.frame + " bars …");
      clearTimeout(timer);
      timer = setTimeout(() => send(request), AGAIN_MS);
      return;
    }
    stop();
    if (!of.poll.come()) return; // those of a series that was left
    if (answer.error) {
      chart.wanted = null;
      if (chart.ready) of.legend.announce(answer.error);
      else of.controls.fault(answer.error);
      return;
    }
    const fits = ["epoch", "symbol", "frame", "rows", "ref"].every((key) => request[key] === chart.live[key]);
    if (fits && touches(chart, request) && JSON.stringify(request.marks) === JSON.stringify(of.poll.marks()))
      take(chart, request, answer);
    else if (chart.wanted) chart.start(false);
    else near();
  }

  /** Do the bars of an answer follow those held? The reader may have gone to others meanwhile. */
  function touches({ model: { bars } }, { before, after }) {
    if (before) return before === bars[0]?.t;
    return !after || after === bars[bars.length - 1]?.t;
  }

  function take(chart, { before, after }, answer) {
    const { model, live } = chart;
    if (before) of.model.prepend(model, answer);
    else if (after) of.model.append(model, answer);
    else if (answer.bars.length) chart.model = of.model.window(live, answer);
    else chart.wanted = null; // there are no bars at all
    chart.model = (chart.away && of.model.join(chart.model)) || chart.model;
    if (chart.wanted) chart.start(false);
    else {
      trim(chart);
      chart.extended();
    }
    near(); // the view may reach further still
  }

  function trim(chart) {
    const { x0, x1 } = chart.view,
      near = x1 - x0;
    chart.model = of.model.trim(chart.model, limits.bars, x0 - Math.max(near, of.paint.REACH), x1 + near);
  }

  /** Has the log bars before the first one? */
  const older = ({ more, live, stats, bars }) => more.before && (live || stats.candles !== bars.length);

  /** Ask for more bars when the reader has come near an end of those held: at the left so many that all marks that reach
      into the view are there. */
  function near() {
    const { chart } = of.page,
      { model, view } = chart,
      margin = NEAR * (view.x1 - view.x0);
    if (!chart.ready || chart.wanted || waiting) return;
    if (view.x0 < model.first + Math.max(margin, of.paint.REACH) && older(model)) ask({ before: model.bars[0].t });
    else if (model.more.after && view.x1 > chart.series.last - margin) ask({ after: model.bars.slice(-1)[0].t });
  }

  /** Are the bars from one time to another (ms) held, so that they can be shown? If not, they are asked for; those of a
      range that is more than the page can hold only in part. */
  function holds({ from, to = from }) {
    const { chart } = of.page;
    for (const model of new Set([chart.model, chart.live])) {
      const first = older(model) ? model.bars[0].t : -Infinity,
        last = model.more.after ? model.bars.slice(-1)[0].t : Infinity;
      if (to < first || from > last) continue;
      chart.model = model;
      const full = model.bars.length >= limits.bars;
      if (full && (from < first || to > last))
        of.legend.announce("A part of this range is shown: it has more bars than the page can hold.");
      else if (from < first) ask({ before: first });
      else if (to > last) ask({ after: last });
      else return true;
      return full;
    }
    ask({ around: Math.max(0, from) });
    return false;
  }

  /** Show a range: {from, to (ms), y (prices)}, as a URL has it; {from} for the bars around a time; {bars} for so many of the
      newest. Returns false when its bars must be asked for first: then it is shown when they have come. */
  function place(chart, range) {
    const { view, live } = chart,
      newest = !Number.isFinite(range.from);
    chart.wanted = range;
    if (!live.bars.length || (!newest && !holds(range))) return false;
    chart.wanted = null;
    view.follow = newest;
    if (newest) {
      chart.model = live;
      view.zoomed = false;
      chart.open();
      if (range.bars) Object.assign(view, { zoomed: true, span: range.bars });
      of.plot.view.toLive(view, of.model.columns(live));
    } else {
      const { series } = chart,
        slot = (time) => series.slotOfTime(time),
        half = (view.x1 - view.x0) / 2;
      if (range.to) {
        chart.show(Math.max(slot(range.from), slot(range.to) - limits.bars), slot(range.to));
        view.best = 0;
      } else {
        view.x0 = Math.max(Math.min(slot(range.from), series.last) - half, series.first - 0.5);
        view.x1 = view.x0 + 2 * half;
      }
      view.span = view.span || (view.x1 - view.x0) / (1 + view.share);
      of.plot.view.clamp(view, chart.series);
    }
    view.auto = !range.y;
    if (range.y) [view.y0, view.y1] = range.y.map((price) => price / live.tick);
    else of.plot.view.fit(view, chart.series, false);
    return true;
  }

  /** Go to a time, ms: to the bars around it, or to the first or the last; of a series that is on its way, when it comes. */
  function go(chart, time) {
    chart.wanted = { from: time };
    if (of.poll.come()) chart.start(false);
  }

  of.reach = { limits, near, answered, stop, trim, place, go };
})(globalThis);
