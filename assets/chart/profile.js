/* Volume profile: of the visible range the sums of the rows of the bars in it, of a session the rows that the server
   sends, since it has more of that than the page. POC and value area are the server's.

   The sum of all but the last bar is kept, so that a live update costs one bar, and a step to the side those that come
   and go. `compute` is pure but for that cache; `paint` draws the result at the right of the price pane. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  function emptyTable(low, high) {
    const n = high - low + 1;
    return { low, bid: new Float64Array(n), ask: new Float64Array(n), unknown: new Float64Array(n) };
  }

  function add(table, bar, sign = 1) {
    for (let i = 0; i < bar.b.length; i++) {
      const at = of.model.rowOf(bar, i) - table.low;
      table.bid[at] += sign * bar.b[i];
      table.ask[at] += sign * bar.a[i];
      if (bar.u) table.unknown[at] += sign * bar.u[i];
    }
  }

  const firstRow = (bar) => of.model.rowOf(bar, 0);
  const lastRow = (bar) => of.model.rowOf(bar, bar.b.length - 1);

  /** The rows of bars summed; null when they have none. */
  function sum(bars) {
    const held = bars.filter((bar) => bar.b.length);
    if (!held.length) return null;
    const table = emptyTable(
      held.reduce((low, bar) => Math.min(low, firstRow(bar)), Infinity),
      held.reduce((high, bar) => Math.max(high, lastRow(bar)), -Infinity),
    );
    for (const bar of held) add(table, bar);
    return table;
  }

  /** A table with room for the rows of a bar: a new one where it has none, or if a copy is wanted. */
  function covering(table, bar, copied) {
    const low = firstRow(bar),
      high = lastRow(bar);
    if (!table) return emptyTable(low, high);
    const end = table.low + table.bid.length - 1;
    if (low >= table.low && high <= end && !copied) return table;
    const wide = emptyTable(Math.min(low, table.low), Math.max(high, end));
    for (const side of ["bid", "ask", "unknown"]) wide[side].set(table[side], table.low - wide.low);
    return wide;
  }

  /** Make the cache hold the sum of the bars in some slots: from what it holds, where these are nearly the same. */
  function slide(cache, model, a, b) {
    const key = [model.epoch, model.rows, model.sealed].join();
    const bars = (from, to) => model.bars.slice(from - model.first, to - model.first);
    const shared = Math.min(b, cache.b) - Math.max(a, cache.a);
    if (cache.model !== model || cache.key !== key || !(shared > (b - a) / 2) || !(shared > (cache.b - cache.a) / 2))
      cache.table = sum(bars(a, b));
    else {
      for (const bar of [...bars(cache.a, a), ...bars(b, cache.b)]) if (bar.b.length) add(cache.table, bar, -1);
      for (const bar of [...bars(a, cache.a), ...bars(cache.b, b)]) {
        if (!bar.b.length) continue;
        cache.table = covering(cache.table, bar);
        add(cache.table, bar);
      }
    }
    Object.assign(cache, { model, key, a, b });
    return cache.table;
  }

  /** Profile of bars[from..to]: {low, bid, ask, unknown, total, most, poc, val, vah, sum} in rows. span: how the server
      is asked for its marks. cache: an object of the caller's; it holds the sum of the sealed bars (all but the very
      last). `model.sealed` changes when a sealed bar does. */
  function compute(model, from, to, span, cache) {
    if (to < from || !model.bars.length) return null;
    const live = to === model.bars.length - 1,
      bar = model.bars[to];
    let table = slide(cache, model, model.first + from, model.first + (live ? to : to + 1));
    if (live && bar.b.length) {
      table = covering(table, bar, true);
      add(table, bar);
    }
    return finish(table, marked(model, span));
  }

  /** Profile of a whole session, as above; null until the server has sent it. */
  function session(model, span) {
    const marks = marked(model, span);
    return marks.length ? finish(sum([model.profile.ladder]), marks) : null;
  }

  function finish(table, marks) {
    if (!table) return null;
    const n = table.bid.length,
      total = new Float64Array(n);
    let most = 0,
      all = 0;
    for (let i = 0; i < n; i++) {
      total[i] = table.bid[i] + table.ask[i] + table.unknown[i];
      all += total[i];
      if (total[i] > most) most = total[i];
    }
    if (!all) return null;
    const [poc, val, vah] = marks.map((row) => row - table.low);
    return { ...table, total, most, poc, val, vah, sum: all };
  }

  /** Rows of POC, low and high of the value area; none while the server's are of other bars. */
  function marked({ profile }, span) {
    return profile && JSON.stringify(profile.span) === JSON.stringify(span) ? profile.marks : [];
  }

  /** Draw at the right edge of the price pane. box: {x, y, w, h}; Y: level to px; width: px of the longest row. */
  function paint(ctx, profile, model, box, Y, width, theme, label) {
    const right = box.x + box.w,
      step = model.rows;
    const edge = (i) => (profile.low + i) * step - 0.5;
    const pixel = Math.abs(Y(step) - Y(0));
    const gap = pixel > 3 ? 1 : 0;
    const { total } = profile;
    for (const i of of.lod.visible(
      total.length,
      pixel,
      (at) => Y(edge(at)),
      (at) => total[at],
    )) {
      if (!total[i]) continue;
      const y1 = Y(edge(i)),
        y0 = Y(edge(i + 1));
      if (y1 < box.y || y0 > box.y + box.h) continue;
      const inside = !(i < profile.val || i > profile.vah);
      const height = Math.max(pixel < 1 ? 1 : 0.7, y1 - y0 - gap);
      const long = (width * profile.total[i]) / profile.most;
      const ask = (width * profile.ask[i]) / profile.most,
        bid = (width * profile.bid[i]) / profile.most;
      ctx.globalAlpha = inside ? 0.62 : 0.3;
      ctx.fillStyle = theme.neutral;
      if (long - ask - bid > 0.4) ctx.fillRect(right - long, y0, long - ask - bid, height);
      ctx.fillStyle = theme.buy;
      ctx.fillRect(right - ask - bid, y0, ask, height);
      ctx.fillStyle = theme.sell;
      ctx.fillRect(right - bid, y0, bid, height);
    }
    ctx.globalAlpha = 1;
    if (profile.poc !== undefined) lines(ctx, profile, edge, step, box, Y, width, theme);
    of.plot.canvas.text(ctx, "10px " + theme.font, "right", "middle");
    ctx.fillStyle = theme.muted;
    ctx.fillText(label, right - 4, box.y + 10);
  }

  /** POC and value area beside the rows. */
  function lines(ctx, profile, edge, step, box, Y, width, theme) {
    const right = box.x + box.w;
    const middle = Math.round(Y(edge(profile.poc) + step / 2)) + 0.5;
    ctx.strokeStyle = theme.poc;
    ctx.lineWidth = 1.2;
    of.plot.canvas.line(ctx, right - width - 6, middle, right, middle);
    ctx.setLineDash([2, 3]);
    ctx.lineWidth = 1;
    ctx.strokeStyle = theme.muted;
    ctx.beginPath();
    for (const level of [edge(profile.vah + 1), edge(profile.val)]) {
      const y = Math.round(Y(level)) + 0.5;
      ctx.moveTo(right - width - 6, y);
      ctx.lineTo(right, y);
    }
    ctx.stroke();
    ctx.setLineDash([]);
    of.plot.canvas.text(ctx, "600 9.5px " + theme.font, "right", "middle");
    const tag = (text, y, colour) => {
      if (y < box.y + 6 || y > box.y + box.h - 6) return;
      ctx.fillStyle = colour;
      ctx.fillText(text, right - width - 9, y);
    };
    tag("POC", middle, theme.poc);
    if (Math.abs(Y(edge(profile.vah + 1)) - middle) > 10) tag("VAH", Y(edge(profile.vah + 1)), theme.muted);
    if (Math.abs(Y(edge(profile.val)) - middle) > 10) tag("VAL", Y(edge(profile.val)), theme.muted);
  }

  of.profile = { compute, session, paint };
})(globalThis);
