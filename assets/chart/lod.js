/* Level of detail: what can be read at the current zoom.

   From the size of a slot and a row in pixels it decides whether numbers fit, and when they give way to colour and
   colour to plain candles. It never changes what a row is: rows, and every mark on them, are the server's. Pure
   functions, so that the thresholds can be tested. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  const DIGIT = 0.57; // width of a digit in units of the font size, for the interface fonts we use
  const BOLD = 0.7; // and of a bold one
  const MIN_FONT = 7;
  const MAX_FONT = 12.5;
  const TEXT_ROW = 8.2; // the lowest row in which a number still reads
  const MIN_SLOT = 7; // narrower than this only a candle makes sense
  const LINE = 0.85; // of a row's height is what its digits may take

  /** The largest font, px, with which the mode's numbers fit a width; `digits` is how many digits wide the longest is. */
  function fontFor(mode, digits, width) {
    if (mode === "bid_ask") return (width / 2 - 2.5) / (digits * DIGIT);
    return (width - 5) / (digits * DIGIT + (mode === "delta" ? 0.6 : 0));
  }

  /** Px between the candle strip and the next bar, of a slot w px wide: where the cells go. */
  const room = (w) => w - 2 * margin(w) - strip(w) - 1;

  /** Px free at each side of a bar. */
  const margin = (w) => Math.min(3, w * 0.03);

  /** Width of the candle beside the cells. */
  const strip = (w) => Math.max(2, Math.min(7, w * 0.06));

  /** How numbers can be written in rows of a height: {font, print: "short" | "tiny"}, or null when they do not fit.
      digits: how wide the longest number is in short and in tiny, in digits. least: px of digits that are preferred to
      more of them. */
  function writing(mode, digits, w, height, least) {
    if (height < TEXT_ROW) return null;
    for (const size of [least, MIN_FONT]) {
      for (const [i, print] of ["short", "tiny"].entries()) {
        const font = Math.min(MAX_FONT, height * LINE, fontFor(mode, digits[i], room(w))) + 1e-6;
        if (font >= size) return { font: Math.floor(font * 2) / 2, print };
      }
    }
    return null;
  }

  /** w, h: px of a slot and of one row. mode: bid_ask | delta | volume | profile | candles. digits: widths of the
      longest number (short, tiny). least: as above. Returns {kind: "text" | "colour" | "candle", font, print}. */
  function choose({ w, h, mode, digits, least = MIN_FONT }) {
    if (mode === "candles" || w < MIN_SLOT || !(h > 0)) return { kind: "candle", font: 0 };
    const found = writing(mode, digits, w, h, least);
    return found ? { kind: "text", ...found } : { kind: "colour", font: 0 };
  }

  /** Indices of the rows to paint, of n from low to high that are h px each: all, or where rows are lower than a pixel
      the heaviest of each pixel. y(i), weight(i): px and volume of a row. */
  function visible(n, h, y, weight) {
    const list = [];
    let at = NaN;
    for (let i = 0; i < n; i++) {
      const pixel = h < 1 ? Math.round(y(i)) : i;
      if (pixel !== at) list.push(i);
      else if (weight(i) > weight(list[list.length - 1])) list[list.length - 1] = i;
      at = pixel;
    }
    return list;
  }

  of.lod = { choose, writing, visible, margin, strip, DIGIT, BOLD, LINE, MIN_SLOT };
})(globalThis);
