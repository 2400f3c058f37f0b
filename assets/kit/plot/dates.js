/* Labels of the time axis. Each stands at the first bar of its hour, day or month, so gaps take no room. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const plot = (of.plot = of.plot || Object());

  const SECOND = 1000,
    MINUTE = 60000,
    HOUR = 3600000,
    DAY = 86400000,
    MONTH = 30 * DAY;
  const STEPS = [
    ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
    ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
    ...[1, 2, 4, 6, 12].map((n) => n * HOUR),
    ...[1, 2, 7].map((n) => n * DAY),
    ...[1, 3, 6, 12, 24, 60, 120, 240].map((n) => n * MONTH),
  ];

  /** Whole steps since 1970 at a time, and the time at which a number of them is over. */
  function calendar(step, offset) {
    if (step < MONTH) return [(t) => Math.floor((t - offset) / step), (cell) => cell * step + offset];
    const months = step / MONTH;
    const count = (t) => {
      const date = new Date(t - offset);
      return Math.floor((date.getUTCFullYear() * 12 + date.getUTCMonth()) / months);
    };
    return [count, (cell) => new Date(0).setUTCFullYear(0, cell * months) + offset];
  }

  /** Labels of the visible bars, at least `gap` px apart, at least one: {slots, texts}. zone: "utc" or "local". */
  function ticks(view, series, pixels, gap, zone) {
    const [slots, texts] = [Array(), Array()];
    const from = Math.max(series.first, Math.ceil(view.x0)),
      to = Math.min(series.last, Math.floor(view.x1));
    if (to < from) return { slots, texts };
    const [begin, end] = [series.at("time", from), series.at("time", to)];
    const perSlot = pixels / (view.x1 - view.x0),
      spacing = Math.max(series.spacing(), (end - begin) / Math.max(1, to - from)),
      step = STEPS.find((s) => s >= series.ms && (s / spacing) * perSlot >= gap) || STEPS[STEPS.length - 1];
    const offset = zone === "local" ? new Date(end).getTimezoneOffset() * MINUTE : 0;
    const [cell, start] = calendar(step, offset),
      [day] = calendar(DAY, offset);
    let before = from > series.first ? series.at("time", from - 1) : begin - spacing,
      lastX = -Infinity;
    while (cell(before) < cell(end)) {
      const slot = series.slotFrom(start(cell(before) + 1)),
        t = series.at("time", slot),
        earlier = slot > series.first ? series.at("time", slot - 1) : t - spacing,
        newDay = day(t) !== day(earlier),
        x = slot * perSlot;
      before = t;
      if (x - lastX < gap * 0.66) {
        if (!newDay || step >= DAY) continue;
        slots.pop();
        texts.pop();
      }
      lastX = x;
      slots.push(slot);
      texts.push(label(t, zone, step, newDay));
    }
    if (!slots.length) [slots[0], texts[0]] = [from, label(begin, zone, step, step >= DAY)];
    return { slots, texts };
  }

  /** Days stand out, and of months the years. */
  function label(t, zone, step, newDay) {
    const { day, clock, month } = plot.format;
    if (step >= MONTH) {
      const [name, year] = month(t, zone).split(" ");
      return name !== "Jan" && step < 12 * MONTH ? `${name} ${year}` : `<b>${year}</b>`;
    }
    return newDay || step >= DAY ? "<b>" + day(t, zone) + "</b>" : clock(t, zone, step < MINUTE);
  }

  plot.dates = { ticks };
})(window);
