/* The first view: the initial window if its numbers can be read, else the newest bars that can.

   How many bars that is depends on the screen; what the bars hold does not. Where not even the fewest bars fit one above
   the other, the prices around the newest bar are shown. Pure functions. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  /** What a screen asks for: {font: least px of a digit, fewest: bars}. */
  function screen(width, narrow) {
    if (narrow) return { font: 10, fewest: 5 };
    return width >= 1800 ? { font: 10, fewest: 15 } : { font: 9, fewest: 10 };
  }

  const LEAST = 4;
  const USUAL = 20; // bars of a window that would hold fewer, when their numbers fit
  const DENSEST = 14; // px of a bar without numbers

  /** Bars of the initial window. */
  function window({ bars, ms }, minutes) {
    const since = bars[bars.length - 1].t - minutes * 60000;
    return Math.max(LEAST, ms ? Math.round((minutes * 60000) / ms) : bars.filter((bar) => bar.t > since).length);
  }

  /** Height of a row, px, in which digits of a font size can be written. */
  const rowHeight = (font) => font / of.lod.LINE;

  /** How many bars the first view shows. room: {w, h: px for bars and prices, slot(n): px of one of n bars, least: what
      `screen` says}. levels(low, high): how many levels a view of these prices shows. */
  function count(model, minutes, room, mode, levels) {
    const most = Math.max(USUAL, window(model, minutes)),
      { font, fewest } = room.least;
    if (mode === "candles") return Math.max(fewest, Math.min(most, Math.round(room.w / DENSEST)));
    const seen = [],
      height = rowHeight(font);
    let low = Infinity,
      high = -Infinity,
      n = 0;
    while (n < most) {
      const bar = model.bars[model.bars.length - 1 - n];
      if (bar) {
        low = Math.min(low, bar.l);
        high = Math.max(high, bar.h);
        seen.push(bar);
      }
      const found = of.lod.writing(mode, of.paint.longest(seen, mode, model.sd, true), room.slot(n + 1), height, font);
      const tall = n < fewest || (room.h / levels(low, high)) * model.rows >= height;
      if (!tall || !found || found.font < font) break;
      n++;
    }
    return Math.max(Math.min(fewest, most), n);
  }

  const span = (ms) => (ms < 60000 ? Math.round(ms / 1000) + " s" : String(Math.round(ms / 60000)));

  /** "12 of 30 minutes" when the newest n bars are less than the window, else "". */
  function told(model, minutes, n) {
    const { bars, ms } = model,
      last = bars[bars.length - 1],
      first = bars[bars.length - n];
    if (!first || n >= bars.length) return "";
    const shown = (ms ? last.t + ms : last.e || last.t) - first.t;
    return shown < minutes * 60000 ? `${span(shown)} of ${minutes} minutes` : "";
  }

  of.first = { screen, window, count, rowHeight, told };
})(globalThis);
