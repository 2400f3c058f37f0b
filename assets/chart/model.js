/* The bars that the page holds, and how an answer of the server is merged into them. types.d.ts says what a model holds.

   Bars sit in equal slots, so that nights and quiet minutes take no room: slot = first + index. `first` grows when old
   bars fall away, so a slot keeps its number while it is on screen. Nothing here touches the page. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  function create() {
    return {
      epoch: null,
      rev: 0,
      symbol: null,
      frame: null,
      ms: 0,
      tick: 1,
      pd: 0,
      rows: 1,
      auto: 0,
      sd: 0,
      bars: [],
      first: 0,
      deep: false,
      live: null,
      before: null,
      more: { before: true, after: false },
      studies: {},
      profile: null,
      stats: {},
      sealed: 0,
    };
  }

  /** Running values of a bar: the CVD candle, and VWAP with its deviation. */
  function settle(bar, q, w) {
    const [delta, low, high] = bar.d;
    bar.cvdOpen = q - delta;
    bar.cvdHigh = bar.cvdOpen + high;
    bar.cvdLow = bar.cvdOpen + low;
    bar.cvd = q;
    [bar.vwap, bar.sigma] = w || [null, 0];
  }

  /** Volume and the largest cell of a bar, from its rows, and its running values. */
  function derive(bar) {
    let volume = 0,
      cell = 0,
      total = 0,
      delta = 0;
    for (let i = 0; i < bar.b.length; i++) {
      const b = bar.b[i],
        a = bar.a[i],
        u = bar.u ? bar.u[i] : 0;
      volume += a + b + u;
      if (b > cell) cell = b;
      if (a > cell) cell = a;
      if (a + b + u > total) total = a + b + u;
      if (Math.abs(a - b) > delta) delta = Math.abs(a - b);
    }
    bar.vol = volume;
    bar.delta = bar.d[0];
    bar.maxCell = cell;
    bar.maxTotal = total;
    bar.maxDelta = delta;
    settle(bar, bar.q, bar.w);
    return bar;
  }

  /** Index of the bar that starts at `t`, or of the place where it belongs as -(index) - 1. */
  function find(bars, t) {
    let low = 0,
      high = bars.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (bars[middle].t === t) return middle;
      if (bars[middle].t < t) low = middle + 1;
      else high = middle - 1;
    }
    return -low - 1;
  }

  const SAME = ["symbol", "frame", "tick", "pd", "rows", "sd", "ref"];

  /** True when a partial answer fits what is held; otherwise the page must ask for everything. */
  function fits(model, answer) {
    return model.epoch === answer.epoch && SAME.every((key) => answer[key] === undefined || answer[key] === model[key]);
  }

  /** Merge one answer. Returns {full, added, dropped, inserted} or null when a snapshot is needed.

      added: bars that are new at the end; inserted: slots before which a late tick made a new bar (slots after them
      moved by one); dropped: how many old bars fell away. */
  function merge(model, answer) {
    if (answer.full) {
      const old = model.bars,
        same = model.symbol === answer.symbol && model.frame === answer.frame;
      for (const key of SAME) if (answer[key] !== undefined) model[key] = answer[key];
      model.symbol = answer.symbol || null;
      model.ms = answer.ms || 0;
      model.deep = false;
      model.more = { before: true, after: false };
      model.bars = (answer.bars || []).map(derive);
      model.first = same ? model.first + shift(old, model.bars) : 0;
      model.sealed++;
      finish(model, answer);
      return { full: true, added: model.bars.length > 0, dropped: 0, inserted: [] };
    }
    if (!fits(model, answer)) return null;
    const bars = model.bars;
    let from = bars.length,
      added = false,
      dropped = 0;
    const inserted = [];
    for (const raw of answer.bars || []) {
      const bar = derive(raw);
      const last = bars.length - 1;
      if (last >= 0 && bars[last].t === bar.t) {
        bars[last] = bar;
        from = Math.min(from, last);
        continue;
      }
      if (last < 0 || bars[last].t < bar.t) {
        if (model.live) continue; // the window ends before it
        bars.push(bar);
        from = Math.min(from, last + 1);
        added = true;
        continue;
      }
      const at = find(bars, bar.t);
      if (at >= 0) {
        bars[at] = bar;
        from = Math.min(from, at);
      } else if (at === -1 && (model.live || bar.t < answer.first))
        continue; // older than what is held
      else {
        bars.splice(-at - 1, 0, bar);
        inserted.push(model.first - at - 1);
        from = Math.min(from, -at - 1);
        added = true;
      }
    }
    for (const [t, q, w] of answer.run || []) {
      const at = find(bars, t);
      if (at < 0) continue;
      settle(bars[at], q, w);
      from = 0;
    }
    // bars that the server let go stay only behind older ones that were asked for: those are history, and whole
    while (!model.deep && dropped < bars.length - 1 && bars[dropped].t < answer.first) dropped++;
    if (dropped) {
      bars.splice(0, dropped);
      model.first += dropped;
      from = 0;
    }
    if (from < bars.length - 1) model.sealed++;
    finish(model, answer);
    return { full: false, added, dropped, inserted };
  }

  /** By how many slots the first bar lies further right than before, told by a bar that both have. */
  function shift(old, bars) {
    if (!old.length || !bars.length) return 0;
    const later = find(old, bars[0].t);
    if (later >= 0) return later;
    const earlier = find(bars, old[0].t);
    return earlier >= 0 ? -earlier : old.length;
  }

  /** A window of the bars of an answer about older ones, beside the live model. */
  function window(live, { bars, before, more_before, more_after }) {
    const more = { before: more_before, after: more_after };
    return { ...live, bars: bars.map(derive), first: 0, deep: true, live, before, more, sealed: live.sealed + 1 };
  }

  /** Put older bars in front. */
  function prepend(model, answer) {
    const first = model.bars.length ? model.bars[0].t : Infinity;
    const bars = answer.bars.filter((bar) => bar.t < first).map(derive);
    model.more.before = answer.more_before && bars.length > 0;
    if (!bars.length) return;
    model.bars = [...bars, ...model.bars];
    model.first -= bars.length;
    model.deep = true;
    model.before = answer.before;
    model.sealed++;
  }

  /** Put later bars at the end of a window. */
  function append(model, answer) {
    const last = model.bars[model.bars.length - 1].t;
    const bars = answer.bars.filter((bar) => bar.t > last).map(derive);
    model.more.after = answer.more_after && bars.length > 0;
    model.bars = [...model.bars, ...bars];
    model.sealed++;
  }

  /** The live model with the bars of a window in front if the two meet, else null. Slots stay those of the window. */
  function join(model) {
    const { live, bars } = model,
      from = live.bars[0];
    if (!from || bars[bars.length - 1].t < from.t) return null;
    const older = bars.filter((bar) => bar.t < from.t);
    live.bars = [...older, ...live.bars];
    for (const key of ["first", "before"]) live[key] = model[key];
    live.more.before = model.more.before;
    live.deep = true;
    live.sealed++;
    return live;
  }

  /** Let bars beyond `most` go, at the end that is further from the slots x0 to x1, but none of these. The live model
      of which the newest bars would go becomes a window. Returns the model to be shown. */
  function trim(model, most, x0, x1) {
    const spare = model.bars.length - most,
      left = x0 - model.first,
      right = lastSlot(model) - x1;
    if (spare <= 0 || Math.max(left, right) < spare) return model;
    let shown = model;
    if (left > right) {
      model.bars = model.bars.slice(spare);
      model.first += spare;
      model.before = model.before === null ? null : model.before + spare;
      model.more.before = true;
    } else {
      if (!model.live) {
        const live = { ...model, bars: model.bars.slice(-most / 2), deep: true, before: null };
        live.first += model.bars.length - live.bars.length;
        live.more = { before: true, after: false };
        shown = Object.assign(model, { live });
      }
      model.bars = model.bars.slice(0, -spare);
      model.more.after = true;
    }
    shown.sealed++;
    return shown;
  }

  function finish(model, answer) {
    model.epoch = answer.epoch;
    model.rev = answer.rev;
    model.studies = answer.studies || {};
    const { start, end, session, marks, counting, ...ladder } = answer.profile || {};
    model.uncounted = Boolean(counting); // the profile's bars are being counted: ask again
    model.profile = marks ? { marks, span: { start, end, session }, ladder } : null;
    if (answer.auto) model.auto = answer.auto;
    if (answer.stats) model.stats = answer.stats;
    if (answer.session !== undefined) model.session = answer.session;
    if (answer.marks !== undefined) model.marks = answer.marks;
  }

  /** The bar with the last price: of a window that of its live model. */
  const newest = ({ live, bars }) => (live ? live.bars : bars).slice(-1)[0];

  /** Slot of the last bar; one before `first` when there is none. */
  const lastSlot = (model) => model.first + model.bars.length - 1;

  const held = new WeakMap(); // the columns of each model

  /** The columns of a bar, and how a group of bars is told by one: the lowest and highest where either can be seen. */
  const COLUMNS = {
    time: ["first", (bar) => bar.t],
    open: ["first", (bar) => bar.o],
    high: ["max", (bar) => bar.h],
    low: ["min", (bar) => bar.l],
    close: ["last", (bar) => bar.c],
    session: ["last", (bar) => bar.s],
    volume: ["max", (bar) => bar.vol],
    trades: ["max", (bar) => bar.n],
    deltaLow: ["min", (bar) => bar.d[1]],
    deltaHigh: ["max", (bar) => bar.d[2]],
    deltaMin: ["min", (bar) => bar.delta],
    deltaMax: ["max", (bar) => bar.delta],
    cvd: ["last", (bar) => bar.cvd],
    cvdMin: ["min", (bar) => bar.cvd],
    cvdMax: ["max", (bar) => bar.cvd],
    cvdLow: ["min", (bar) => bar.cvdLow],
    cvdHigh: ["max", (bar) => bar.cvdHigh],
    vwap: ["last", (bar) => (bar.vwap === null ? NaN : bar.vwap)],
    sigma: ["last", (bar) => bar.sigma],
  };
  const KINDS = Object.fromEntries(Object.entries(COLUMNS).map(([name, [kind]]) => [name, kind]));

  const batch = (bars) =>
    Object.fromEntries(Object.entries(COLUMNS).map(([name, [, value]]) => [name, bars.map(value)]));

  /** The model's bars as Columns, brought up to date. */
  function columns(model) {
    let kept = held.get(model);
    if (!kept) held.set(model, (kept = { sealed: -1, newest: null, series: new of.plot.Columns(KINDS) }));
    const { series } = kept,
      { bars, sealed, first, tick, pd, sd, ms, rows } = model,
      newest = bars[bars.length - 1] || null;
    if (kept.sealed === sealed && kept.newest === newest && series.n === bars.length && series.first === first)
      return series;
    Object.assign(series, { tick, pd, sd, ms, rows });
    if (kept.sealed !== sealed || series.first !== first || !series.n || bars.length < series.n)
      series.set(batch(bars), first);
    else series.append(batch(bars.slice(series.n - 1)));
    Object.assign(kept, { sealed, newest });
    return series;
  }

  /** Row number of the i-th entry of a bar. */
  const rowOf = (bar, i) => bar.lo + (bar.k ? bar.k[i] : i);

  /** The definitions in force, in one line. */
  const definitions = (model) =>
    [model.marks, model.session && "CVD/VWAP reset " + model.session].filter(Boolean).join(" · ");

  of.model = { definitions, create, merge, prepend, append, window, join, trim, newest, find, columns, rowOf };
})(globalThis);
