/* What lies over the cells: stacked zones, unfinished auctions, VWAP with its bands, session starts.

   A zone or an unfinished auction reaches to the right until a later bar trades through it. Where that happens is
   looked up once and remembered on the mark, so a live update looks only at the bars that came since. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  /** Index of the first bar after `at` for which `through(bar)` holds, or -1; `memo` keeps how far was searched. */
  function end(model, at, memo, through) {
    const bars = model.bars,
      origin = model.first;
    if (memo.version !== model.sealed) {
      memo.version = model.sealed;
      memo.seen = origin + at;
      memo.found = -1;
    }
    if (memo.found >= 0) return memo.found - origin;
    for (let i = memo.seen - origin + 1; i < bars.length; i++) {
      if (through(bars[i])) {
        // the last bar still moves, but a price once traded stays traded
        memo.found = origin + i;
        return i;
      }
      if (i < bars.length - 1) memo.seen = origin + i;
    }
    return -1;
  }

  /** Where the mark `name` of the bar at an index is on the screen: px of its left and right end, whether it is open (as far
      as can be seen, whatever bars are held beyond), and the index of the bar that ends it; null if it is out of sight. */
  function reach({ model, X, box }, at, name, left, through) {
    const bar = model.bars[at],
      memo = ((bar.memo = bar.memo || {})[name] = bar.memo[name] || {}),
      stop = end(model, at, memo, through),
      edge = box.x + box.w,
      x0 = X(model.first + left),
      x1 = Math.min(edge, stop < 0 ? Infinity : X(model.first + stop));
    return x1 < box.x || x0 > edge ? null : { x0, x1, open: x1 === edge, stop };
  }

  function zones(ctx, frame) {
    const { model, options, theme, Y } = frame;
    if (!options.stacked) return;
    const to = frame.to;
    for (let i = frame.reach; i <= to; i++) {
      const bar = model.bars[i];
      for (const [side, a, b] of bar.st || []) {
        const low = of.model.rowOf(bar, a) * model.rows - 0.5,
          high = (of.model.rowOf(bar, b) + 1) * model.rows - 0.5;
        const through = side > 0 ? (x) => x.l < low : (x) => x.h > high,
          seen = reach(frame, i, [side, a, b].join(":"), i - 0.5, through);
        if (!seen) continue;
        const { x0, x1, open } = seen,
          y0 = Y(high),
          y1 = Y(low);
        ctx.fillStyle = side > 0 ? theme.buy : theme.sell;
        ctx.globalAlpha = open ? 0.11 : 0.06;
        ctx.fillRect(x0, y0, x1 - x0, y1 - y0);
        ctx.globalAlpha = open ? 0.5 : 0.22;
        ctx.fillRect(x0, side > 0 ? y1 - 1 : y0, x1 - x0, 1);
        ctx.globalAlpha = 1;
      }
    }
  }

  function unfinished(ctx, frame) {
    const { model, options, theme, Y, w } = frame;
    if (!options.unfinished) return;
    for (let i = frame.reach; i <= frame.to; i++) {
      const bar = model.bars[i];
      if (!bar.f || bar === of.model.newest(model)) continue; // the newest bar is unfinished by nature
      for (const [flag, level, through, sign] of [
        ["H", bar.h, (x) => x.h > bar.h, -1],
        ["L", bar.l, (x) => x.l < bar.l, 1],
      ]) {
        if (!bar.f.includes(flag)) continue;
        const seen = reach(frame, i, flag, i, through);
        if (!seen || (seen.stop === i + 1 && w < 20)) continue;
        const { x0, x1, open } = seen,
          y = Math.round(Y(level - sign * 0.5)) + 0.5; // the outer edge of the extreme price, whatever the rows
        ctx.strokeStyle = theme.cross;
        ctx.lineWidth = 1;
        ctx.globalAlpha = open ? 0.8 : 0.35;
        if (open) {
          ctx.setLineDash([1, 4]);
          of.plot.canvas.line(ctx, x0, y, x1, y);
          ctx.setLineDash([]);
        }
        if (w >= 10) {
          const size = Math.min(4, w * 0.12);
          ctx.beginPath();
          ctx.moveTo(x0 - size, y + sign * 2);
          ctx.lineTo(x0 + size, y + sign * 2);
          ctx.lineTo(x0, y + sign * (2 + size * 1.4));
          ctx.closePath();
          ctx.stroke();
        }
        ctx.globalAlpha = 1;
      }
    }
  }

  /** A line that begins anew with each session. height(bar): px, NaN for none. */
  function running(ctx, { bars, X }, height) {
    ctx.beginPath();
    let session = null;
    for (const { bar, slot } of bars) {
      const y = height(bar);
      if (y !== y) continue;
      if (bar.s === session) ctx.lineTo(X(slot), y);
      else ctx.moveTo(X(slot), y);
      session = bar.s;
    }
    ctx.stroke();
  }

  function vwap(ctx, frame) {
    const { options, theme, Y, bars } = frame;
    if (!options.vwap || !bars.length) return;
    const lines = [0];
    if (options.bands) for (const k of of.marks.bands) lines.push(k, -k);
    for (const k of lines) {
      ctx.strokeStyle = theme.vwap;
      ctx.lineWidth = k ? 1 : 1.8;
      ctx.globalAlpha = k ? Math.max(0.2, 0.75 - 0.17 * Math.abs(k)) : 0.95;
      ctx.setLineDash(k ? [4, 2 + Math.abs(k)] : []);
      running(ctx, frame, (bar) => (bar.vwap === null ? NaN : Y(bar.vwap + k * bar.sigma)));
    }
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
  }

  /** A rule where a session begins: CVD and VWAP start anew there. */
  function sessions(ctx, frame) {
    const { theme, X, bars, box } = frame;
    ctx.strokeStyle = theme.strong;
    ctx.lineWidth = 1;
    ctx.setLineDash([5, 4]);
    ctx.beginPath();
    for (let i = 1; i < bars.length; i++) {
      if (bars[i].bar.s === bars[i - 1].bar.s) continue;
      const x = Math.round(X(bars[i].slot - 0.5)) + 0.5;
      ctx.moveTo(x, box.y);
      ctx.lineTo(x, box.y + box.h);
    }
    ctx.stroke();
    ctx.setLineDash([]);
  }

  /** Naked points of control: [t of the bar, row] each, a ray from its bar to the right; its bar may be one before those held. */
  function nakedPoc(ctx, { model, theme, X, Y, box }, rays) {
    ctx.strokeStyle = theme.poc;
    ctx.lineWidth = 1.2;
    ctx.globalAlpha = 0.8;
    ctx.setLineDash([7, 4]);
    ctx.beginPath();
    for (const [t, row] of rays) {
      const at = of.model.find(model.bars, t),
        y = Math.round(Y((row + 0.5) * model.rows - 0.5)) + 0.5;
      if (at < -1) continue; // later than a window of older bars
      ctx.moveTo(at < 0 ? box.x : X(model.first + at), y);
      ctx.lineTo(box.x + box.w, y);
    }
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
  }

  /** One painter for each study that comes apart from the bars. */
  const PAINTERS = { naked_poc: nakedPoc };

  function studies(ctx, frame) {
    for (const [name, found] of Object.entries(frame.model.studies)) PAINTERS[name](ctx, frame, found);
  }

  of.marks = { bands: [], running, studies, zones, unfinished, vwap, sessions };
})(globalThis);
