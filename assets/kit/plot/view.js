/* What part of a series is on screen: a range of slots (x) and of prices (y, as `scale.js` has them), and how it moves.

   The view alone decides the ranges; Plotly's axes are set from it. `follow` keeps the newest bar at the right,
   `auto` keeps the visible bars' prices filling the height. All functions are pure or change only the view. `series` are
   the Columns shown. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const plot = (of.plot = of.plot || Object());

  const MIN_SPAN = 4;

  const create = () => ({
    scale: plot.scale.LINEAR,
    headroom: 0, // share of the price pane that is left to the legend
    share: 0, // and of the width at the right of the newest bar
    most: 20000, // slots, zoomed out all the way
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
  function toLive(view, series) {
    const span = view.span || 30;
    const shown = view.zoomed ? span : Math.max(Math.min(12, span), Math.min(span, series.n));
    const room = Math.max(view.pad, shown * view.share || 0);
    view.x1 = series.last + 0.5 + room;
    view.x0 = series.last + 0.5 - shown;
    view.follow = true;
  }

  /** First and last slot of which a part is visible. */
  const visible = (view, series) => [
    Math.max(series.first, Math.floor(view.x0 - 0.5)),
    Math.min(series.last, Math.ceil(view.x1 + 0.5)),
  ];

  /** Lowest low and highest high of the visible bars, in levels; null when none is visible. */
  function extent(view, series) {
    const from = Math.ceil(view.x0 - 0.5),
      to = Math.floor(view.x1 + 0.5),
      low = series.over("low", from, to);
    return low === low ? [low, series.over("high", from, to)] : null;
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
  function readable(view, series, seen, room) {
    const [y0, y1] = around(view, ...seen);
    if (y1 - y0 <= room) return seen;
    const at = Math.max(series.first, Math.min(series.last, Math.floor(view.x1 + 0.5))),
      [low, high] = ["low", "high"].map((name) => series.at(name, at));
    const size = Math.max(1, (room * (1 - view.headroom) - 2) / 1.14 - 1),
      middle = (low + high) / 2;
    const slack = Math.max(0, (size - (high - low)) / 2),
      centre = Math.max(middle - slack, Math.min(middle + slack, (seen[0] + seen[1]) / 2));
    return [centre - size / 2, centre + size / 2];
  }

  /** Fit prices to the visible bars. Lazily while live: a price range that breathes with every tick cannot be read. */
  function fit(view, series, lazy) {
    const levels = extent(view, series);
    if (!levels) return false;
    const { to } = view.scale,
      seen = levels.map(to);
    const room = view.span <= view.best ? (view.height / view.least) * series.rows : Infinity;
    const part = readable(view, series, seen, room),
      [y0, y1] = around(view, ...part);
    const last = ["low", "high"].map((name) => to(series.at(name, series.last))),
      [low, high] = part === seen ? seen : last;
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
    const limited = Math.max(MIN_SPAN, Math.min(view.most, span * factor)) / span;
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
  function clamp(view, { first, last, n }) {
    const span = view.x1 - view.x0,
      keep = Math.min(3, n);
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

  plot.view = { create, toLive, visible, around, fit, panX, panY, zoomX, zoomY, clamp, niceStep, ticks };
})(window);
