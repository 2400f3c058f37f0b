/* What part of the chart is on screen: a range of slots (x) and of price levels (y), and how it moves.

   The view alone decides the ranges; Plotly's axes are set from it. `follow` keeps the newest bar at the right,
   `auto` keeps the visible bars' prices filling the height. All functions are pure or change only the view. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  const MIN_SPAN = 4,
    MAX_SPAN = 20000;

  const create = () => ({
    headroom: 0,
    share: 0,
    x0: -1,
    x1: 30,
    y0: 0,
    y1: 1,
    follow: true,
    auto: true,
    span: 0,
    pad: 1.2,
    height: 0, // px of the price pane
    font: 7, // px of digits that are preferred to more of them
    best: 0, // bars of the first view; while no more are shown,
    least: 0, // rows are no lower than so many px: prices at the far ends are left out instead
  });

  /** Put the newest bar at the right edge. While the first bars arrive the window grows with them. */
  function toLive(view, model) {
    const last = of.model.lastSlot(model);
    const span = view.span || 30;
    const shown = view.zoomed ? span : Math.max(Math.min(12, span), Math.min(span, model.bars.length));
    const room = Math.max(view.pad, shown * view.share || 0);
    view.x1 = last + 0.5 + room;
    view.x0 = last + 0.5 - shown;
    view.follow = true;
  }

  /** Lowest low and highest high of the visible bars, in levels; null when none is visible. */
  function extent(view, model) {
    const from = Math.max(0, Math.ceil(view.x0 - 0.5) - model.first);
    const to = Math.min(model.bars.length - 1, Math.floor(view.x1 + 0.5) - model.first);
    const seen = model.bars.slice(from, Math.max(0, to + 1));
    return seen.length ? [Math.min(...seen.map((bar) => bar.l)), Math.max(...seen.map((bar) => bar.h))] : null;
  }

  /** [y0, y1] of a view that shows the prices from low to high with an edge, and room for the legend over the top. */
  function around(view, low, high) {
    const size = Math.max(high - low + 1, 8),
      middle = (low + high) / 2,
      edge = size * 0.07 + 1;
    const y0 = middle - size / 2 - edge;
    return [y0, y0 + (size + 2 * edge) / (1 - view.headroom)];
  }

  /** [low, high] of the part of `seen` that takes no more than `room` levels and holds the last visible bar; `seen` if it
      fits whole. */
  function readable(view, model, seen, room) {
    const [y0, y1] = around(view, ...seen);
    if (y1 - y0 <= room) return seen;
    const at = Math.max(0, Math.min(model.bars.length - 1, Math.floor(view.x1 + 0.5) - model.first)),
      bar = model.bars[at];
    const size = Math.max(1, (room * (1 - view.headroom) - 2) / 1.14 - 1),
      middle = (bar.l + bar.h) / 2;
    const slack = Math.max(0, (size - (bar.h - bar.l)) / 2),
      centre = Math.max(middle - slack, Math.min(middle + slack, (seen[0] + seen[1]) / 2));
    return [centre - size / 2, centre + size / 2];
  }

  /** Fit prices to the visible bars. Lazily while live: a price range that breathes with every tick cannot be read. */
  function fit(view, model, lazy) {
    const seen = extent(view, model);
    if (!seen) return false;
    const room = view.span <= view.best ? (view.height / view.least) * model.rows : Infinity;
    const part = readable(view, model, seen, room),
      [y0, y1] = around(view, ...part);
    const last = model.bars[model.bars.length - 1],
      [low, high] = part === seen ? seen : [last.l, last.h];
    const now = view.y1 - view.y0,
      roof = view.y1 - view.headroom * 0.6 * now;
    const close = now <= Math.min(1.35 * (y1 - y0), 1.001 * room);
    if (lazy && low - 0.5 >= view.y0 && high + 0.5 <= roof && close) return false;
    if (view.y0 === y0 && view.y1 === y1) return false;
    view.y0 = y0;
    view.y1 = y1;
    return true;
  }

  function panX(view, slots) {
    view.x0 += slots;
    view.x1 += slots;
    if (slots) view.follow = false;
  }

  function panY(view, levels) {
    view.y0 += levels;
    view.y1 += levels;
    view.auto = false;
  }

  /** Scale x around slot `at` (the right edge while following, so that the newest bar stays). factor < 1 zooms in. */
  function zoomX(view, factor, at) {
    const around = view.follow ? view.x1 : at;
    const span = view.x1 - view.x0;
    const limited = Math.max(MIN_SPAN, Math.min(MAX_SPAN, span * factor)) / span;
    view.x0 = around - (around - view.x0) * limited;
    view.x1 = around + (view.x1 - around) * limited;
    view.span = (view.x1 - view.x0) / (1 + (view.share || 0));
    view.zoomed = true;
  }

  function zoomY(view, factor, at) {
    const span = view.y1 - view.y0;
    if (span * factor < 3 && factor < 1) return;
    view.y0 = at - (at - view.y0) * factor;
    view.y1 = at + (view.y1 - at) * factor;
    view.auto = false;
  }

  /** Keep at least a few bars on screen, so that nobody gets lost in the void. */
  function clamp(view, model) {
    const first = model.first,
      last = of.model.lastSlot(model),
      span = view.x1 - view.x0;
    const keep = Math.min(3, model.bars.length);
    if (view.x1 < first + keep) {
      view.x1 = first + keep;
      view.x0 = view.x1 - span;
    }
    if (view.x0 > last - keep + 1) {
      view.x0 = last - keep + 1;
      view.x1 = view.x0 + span;
    }
  }

  const NICE = [1, 2, 2.5, 5];

  /** Round step of at least `least`, a multiple of `unit` (0: any). */
  function niceStep(least, unit) {
    let power = 10 ** Math.floor(Math.log10(Math.max(least, 1e-12)));
    for (let k = 0; k < 3; k++, power *= 10) {
      for (const factor of NICE) {
        const step = factor * power;
        if (step < least * 0.999) continue;
        const ratio = unit ? step / unit : 1;
        if (!unit || (ratio >= 1 && Math.abs(ratio - Math.round(ratio)) < 1e-6)) return step;
      }
    }
    return unit ? Math.max(unit, Math.ceil(least / unit) * unit) : power;
  }

  /** Tick values in [low, high], at most one each `gap` px. */
  function ticks(low, high, pixels, gap, unit) {
    if (!(high > low) || !(pixels > 0)) return [];
    const step = niceStep(((high - low) * gap) / pixels, unit);
    const values = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) {
      values.push(Number((i * step).toPrecision(14)));
      if (values.length > 60) break;
    }
    return values;
  }

  const SECOND = 1000,
    MINUTE = 60000,
    HOUR = 3600000,
    DAY = 86400000;
  const STEPS = [
    ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
    ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
    ...[1, 2, 4, 6, 12].map((n) => n * HOUR),
    ...[1, 2, 7, 30].map((n) => n * DAY),
  ];

  /** Labels of the time axis: {slots, texts, days (slots where a day begins)}. Each stands at a bar. */
  function timeTicks(view, model, pixels, gap, zone) {
    const bars = model.bars,
      slots = [],
      texts = [],
      days = [];
    if (!bars.length) return { slots, texts, days };
    const from = Math.max(0, Math.ceil(view.x0) - model.first);
    const to = Math.min(bars.length - 1, Math.floor(view.x1) - model.first);
    if (to < from) return { slots, texts, days };
    const perSlot = pixels / (view.x1 - view.x0);
    const spacing = Math.max(of.model.spacing(model), (bars[to].t - bars[from].t) / Math.max(1, to - from));
    const step = STEPS.find((s) => s >= model.ms && (s / spacing) * perSlot >= gap) || STEPS[STEPS.length - 1];
    const offset = zone === "local" ? new Date(bars[to].t).getTimezoneOffset() * MINUTE : 0;
    const cell = (t, size) => Math.floor((t - offset) / size);
    let lastX = -Infinity;
    for (let i = from; i <= to; i++) {
      const t = bars[i].t,
        before = i ? bars[i - 1].t : t - spacing;
      const newDay = cell(t, DAY) !== cell(before, DAY);
      if (!newDay && cell(t, step) === cell(before, step)) continue;
      const x = i * perSlot;
      if (newDay) days.push(model.first + i);
      if (x - lastX < gap * 0.66) {
        if (!newDay) continue;
        slots.pop();
        texts.pop();
      }
      lastX = x;
      slots.push(model.first + i);
      texts.push(
        newDay || step >= DAY ? "<b>" + of.format.day(t, zone) + "</b>" : of.format.clock(t, zone, step < MINUTE),
      );
    }
    return { slots, texts, days };
  }

  of.view = {
    create,
    toLive,
    around,
    extent,
    fit,
    panX,
    panY,
    zoomX,
    zoomY,
    clamp,
    niceStep,
    ticks,
    timeTicks,
  };
})(globalThis);
