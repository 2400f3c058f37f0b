/* Level of detail: what can be read at the current zoom.

   From the size of a slot and a row in pixels it decides how many rows are drawn as one, whether numbers fit, and when
   cells give way to colour and colour to plain candles. A pure function, so that the thresholds can be tested. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  const MOST = 1e6;
  const FACTORS = [1, 2, 4, 5, 8]; // of a decade: what makes round prices of ticks of 1, 2, 2.5 or 5
  const DIGIT = 0.57; // width of a digit in units of the font size, for the interface fonts we use
  const MIN_FONT = 7;
  const MAX_FONT = 12.5;
  const TEXT_ROW = 8.2; // the lowest row in which a number still reads
  const COMFORT_ROW = 9.5; // rows chosen anew are at least this high, so that small moves do not change them
  const COLOUR_ROW = 2;
  const MIN_SLOT = 7; // narrower than this only a candle makes sense
  const MAX_TEXT_GROUP = 10; // beyond this, grouping for the sake of numbers hides too much
  const NICE = [1, 2, 2.5, 5];

  const known = new Map();

  /** How many rows may be drawn as one, when a row is `step` high in price: those that give round prices. */
  function groups(step) {
    if (known.has(step)) return known.get(step);
    const list = [];
    for (let decade = 1; decade <= MOST; decade *= 10) {
      for (const factor of FACTORS) {
        const group = factor * decade,
          size = step * group,
          mantissa = size / 10 ** Math.floor(Math.log10(size) + 1e-9);
        const round = NICE.some((nice) => Math.abs(mantissa / nice - 1) < 1e-6);
        if ((group === 1 || round) && !list.includes(group)) list.push(group);
      }
    }
    known.set(step, list);
    return list;
  }

  /** The largest font, px, with which the mode's numbers fit a width; `digits` is how many digits wide the longest is. */
  function fontFor(mode, digits, width) {
    if (mode === "bid_ask") return (width / 2 - 3.5) / (digits * DIGIT);
    return (width - 5) / (digits * DIGIT + (mode === "delta" ? 0.6 : 0));
  }

  /** Px between the candle strip and the next bar, of a slot w px wide: where the cells go. */
  const room = (w) => w - 2 * Math.min(3, w * 0.05) - strip(w) - 1;

  /** Width of the candle beside the cells. */
  const strip = (w) => Math.max(2, Math.min(7, w * 0.075));

  /** How numbers can be written in rows of a height: {font, print: "short" | "tiny"}, or null when they do not fit.
      digits: how wide the longest number is in short and in tiny, in digits. */
  function writing(mode, digits, w, height) {
    if (height < TEXT_ROW) return null;
    for (const [i, print] of ["short", "tiny"].entries()) {
      const font = Math.min(MAX_FONT, height * 0.8, fontFor(mode, digits[i], room(w)));
      if (font >= MIN_FONT) return { font: Math.floor(font * 2) / 2, print };
    }
    return null;
  }

  /** w, h: px of a slot and of one row. mode: bid_ask | delta | volume | profile | candles. digits(group): widths of
      the longest number (short, tiny) when so many rows are one. step: height of a row in price.
      Returns {kind: "text" | "colour" | "candle", group, font, print, rowHeight}. */
  function choose({ w, h, mode, digits, step }) {
    const candle = { kind: "candle", group: 1, font: 0, rowHeight: h };
    if (mode === "candles" || w < MIN_SLOT || !(h > 0)) return candle;
    const sizes = groups(step);
    const tall = sizes.find((group) => h * group >= TEXT_ROW);
    if (tall && tall <= MAX_TEXT_GROUP) {
      const found = writing(mode, digits(tall), w, h * tall);
      if (found) return { kind: "text", group: tall, ...found, rowHeight: h * tall };
    }
    // Without numbers fine rows are an advantage: the outline shows. Group only until a row can be seen.
    const seen = sizes.find((group) => h * group >= COLOUR_ROW);
    return seen ? { kind: "colour", group: seen, font: 0, rowHeight: h * seen } : candle;
  }

  /** Ticks a row should have so that numbers can be read, as the server should sum them; the present number while that
      does. perTick: px of a tick. tick: its price. digits(rows): as above, but of ticks. */
  function rowsFor({ w, perTick, mode, digits, tick, now }) {
    if (mode === "candles" || w < MIN_SLOT || !(perTick > 0)) return now;
    const fits = (rows) => writing(mode, digits(rows), w, perTick * rows) !== null;
    if (perTick * now >= TEXT_ROW && perTick * now < 2.6 * TEXT_ROW && fits(now)) return now;
    const sizes = groups(tick);
    const tall = sizes.find((rows) => perTick * rows >= COMFORT_ROW);
    if (tall && fits(tall)) return tall;
    return sizes.find((rows) => perTick * rows >= COLOUR_ROW) || now;
  }

  of.lod = { choose, rowsFor, groups, strip, DIGIT, TEXT_ROW, MIN_SLOT };
})(globalThis);
