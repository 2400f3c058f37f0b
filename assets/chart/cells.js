/* One bar of the footprint on the canvas, in each of its modes, and the candle beside it.

   `frame` carries what all bars share: theme, options, the level of detail, the pixel functions X(slot) and Y(level),
   the largest cell in view. Text is drawn in one pass per font, as changing the font is what costs. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  const heat = (share, strength) => 0.05 + strength * Math.sqrt(Math.min(1, share));

  /** Half a cell: heat by volume; an imbalance (`strong`) is fuller, with a bar and an arrow at its outer edge. */
  function side(ctx, colour, x, y, width, height, alpha, volume, strong, direction) {
    if (!volume) return;
    ctx.fillStyle = colour;
    ctx.globalAlpha = strong ? Math.max(0.5, alpha) : alpha;
    ctx.fillRect(x, y, width, height);
    if (!strong) return;
    ctx.globalAlpha = 1;
    ctx.fillRect(direction < 0 ? x : x + width - 2, y, 2, height);
    arrow(ctx, direction < 0 ? x - 3 : x + width + 3, y + height / 2, direction, Math.min(3.5, height * 0.35), colour);
  }

  /** Paint the footprint of one bar in its slot. */
  function footprint(ctx, bar, slot, frame) {
    const { theme, options, lod, model, X, Y, w, mode } = frame;
    const step = model.rows;
    const x = X(slot),
      strip = of.lod.strip(w);
    const left = x - w / 2 + of.lod.margin(w) + strip + 1,
      right = x + w / 2 - of.lod.margin(w);
    const width = Math.max(1, right - left),
      centre = left + width / 2;
    const marked = (list) => new Set(options.imbalance ? list : []);
    const flags = { buy: marked(bar.ib), sell: marked(bar.is) };
    const text = lod.kind === "text",
      least = Math.min(lod.font, frame.view.font);
    const labels = [],
      bold = [],
      small = [];
    const warm = (volume) => heat(volume / frame.most.cell, theme.heat);
    /** A number, as it fits `px` (in smaller digits if it must), muted when it is 0; strong: of an imbalance. */
    const label = (value, px, at, y, align, dim, strong) => {
      const fit = (font, digit) => of.plot.format.fitting(value, model.sd, px / (font * digit), mode === "delta");
      const words = fit(lod.font, strong ? of.lod.BOLD : of.lod.DIGIT);
      if (!words) small.push([fit(least, of.lod.DIGIT), at, y, align, strong ? theme.strongCell : theme.cell, dim]);
      else if (strong) bold.push([words, at, y, align, theme.strongCell, 1]);
      else labels.push([words, at, y, align, value ? theme.cell : theme.muted, dim]);
    };
    const [vaLow, vaHigh] = (options.value_area && bar.v) || [-Infinity, Infinity];
    const volume = (i) => bar.a[i] + bar.b[i] + (bar.u ? bar.u[i] : 0);
    const lowest = frame.h < 1 ? 1 : 0.6;

    for (const i of of.lod.visible(bar.b.length, frame.h, (at) => Y(of.model.rowOf(bar, at) * step), volume)) {
      const row = of.model.rowOf(bar, i);
      const yLow = Y(row * step - 0.5),
        yHigh = Y((row + 1) * step - 0.5);
      if (yLow < frame.top || yHigh > frame.bottom) continue;
      const gap = yLow - yHigh > 4 ? 0.5 : 0,
        y = yHigh + gap,
        h = Math.max(lowest, yLow - yHigh - 2 * gap);
      const middle = (yLow + yHigh) / 2 + 0.5;
      const b = bar.b[i],
        a = bar.a[i],
        total = volume(i),
        delta = a - b;
      const dim = i < vaLow || i > vaHigh ? 0.55 : 1;
      if (mode === "bid_ask") {
        const half = width / 2 - 0.5,
          sold = flags.sell.has(i),
          bought = flags.buy.has(i);
        side(ctx, theme.sell, left, y, half, h, warm(b) * dim, b, sold && text, -1);
        side(ctx, theme.buy, centre + 0.5, y, half, h, warm(a) * dim, a, bought && text, 1);
        if (text) {
          label(b, half - 1.5, centre - 2, middle, "right", dim, sold);
          label(a, half - 1.5, centre + 2, middle, "left", dim, bought);
        }
      } else if (mode === "delta") {
        ctx.fillStyle = delta >= 0 ? theme.buy : theme.sell;
        ctx.globalAlpha = heat(Math.abs(delta) / frame.most.delta, theme.heat) * dim;
        ctx.fillRect(left, y, width, h);
        if (text) label(delta, width - 2, centre, middle, "center", dim);
      } else if (mode === "volume") {
        ctx.fillStyle = theme.volume;
        ctx.globalAlpha = heat(total / frame.most.total, theme.heat + 0.12) * dim;
        ctx.fillRect(left, y, width, h);
        if (text) label(total, width - 2, centre, middle, "center", dim);
      } else {
        const unit = width / Math.max(1, bar.maxTotal),
          bid = b * unit,
          ask = a * unit,
          rest = (total - a - b) * unit;
        ctx.globalAlpha = 0.72 * (dim < 1 ? 0.6 : 1);
        ctx.fillStyle = theme.sell;
        ctx.fillRect(left, y, bid, h);
        ctx.fillStyle = theme.buy;
        ctx.fillRect(left + bid, y, ask, h);
        if (rest > 0.3) {
          ctx.fillStyle = theme.neutral;
          ctx.fillRect(left + bid + ask, y, rest, h);
        }
        if (text) label(total, width - 3, left + 3, middle, "left", dim);
      }
      if (mode !== "bid_ask" || !text) arrows(ctx, i, flags, left, right, middle, h, w, theme);
      if (options.poc && i === bar.p) frame.pocs.push([left, yHigh, width, yLow - yHigh]);
    }
    ctx.globalAlpha = 1;
    if (text) {
      write(ctx, labels, "", lod.font, theme);
      write(ctx, bold, "700 ", lod.font, theme);
      write(ctx, small, "", least, theme);
    }
    if (options.value_area && bar.v && w >= 14) {
      const low = Y(of.model.rowOf(bar, bar.v[0]) * model.rows - 0.5);
      const high = Y((of.model.rowOf(bar, bar.v[1]) + 1) * model.rows - 0.5);
      ctx.fillStyle = theme.poc;
      ctx.globalAlpha = 0.5;
      ctx.fillRect(Math.round(right) + 0.5, high, 1.2, low - high);
      ctx.globalAlpha = 1;
    }
    const top = Math.max(bar.o, bar.c),
      bottom = Math.min(bar.o, bar.c),
      up = bar.c >= bar.o;
    const sx = left - strip / 2 - 1;
    of.plot.candles.candle(
      ctx,
      theme,
      up,
      sx,
      strip,
      Y(up ? bottom : top),
      Y(bar.h + 0.5),
      Y(bar.l - 0.5),
      Y(up ? top : bottom),
    );
  }

  /** A small triangle at the outer edge of a cell: the second cue of an imbalance. */
  function arrow(ctx, x, y, side, size, colour) {
    ctx.fillStyle = colour;
    ctx.beginPath();
    ctx.moveTo(x - side * size * 1.1, y - size);
    ctx.lineTo(x, y);
    ctx.lineTo(x - side * size * 1.1, y + size);
    ctx.fill();
  }

  function arrows(ctx, i, flags, left, right, y, h, w, theme) {
    if (h < 4 || w < 16) return; // would be dust
    ctx.globalAlpha = 1;
    const size = Math.min(4, h * 0.4);
    if (flags.sell.has(i)) arrow(ctx, left, y, -1, size, theme.sell);
    if (flags.buy.has(i)) arrow(ctx, right, y, 1, size, theme.buy);
  }

  function write(ctx, labels, weight, font, theme) {
    if (!labels.length) return;
    ctx.font = weight + font + "px " + theme.font;
    ctx.textBaseline = "middle";
    for (const [text, x, y, align, colour, dim] of labels) {
      ctx.textAlign = align;
      ctx.fillStyle = colour;
      ctx.globalAlpha = dim < 1 ? 0.75 : 1;
      ctx.fillText(text, x, y);
    }
    ctx.globalAlpha = 1;
  }

  of.cells = { footprint };
})(globalThis);
