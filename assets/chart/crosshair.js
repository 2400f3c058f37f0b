/* The crosshair, the price and time tags on the axes, and the numbers of the cell under the pointer.

   It draws on its own canvas above Plotly, so that moving the mouse repaints nothing else. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  function tag(ctx, theme, text, x, y, centred, background = theme.tag, colour = theme.tagText) {
    of.canvas.text(ctx, "600 11px " + theme.font, centred ? "center" : "left", "middle");
    const wide = ctx.measureText(text).width,
      width = Math.min(wide + 10, centred ? Infinity : ctx.canvas.clientWidth - x), // narrower on a phone, but whole
      pad = Math.max(2, (width - wide) / 2);
    ctx.fillStyle = background;
    ctx.beginPath();
    ctx.roundRect(centred ? x - width / 2 : x, y - 9, width, 18, 3);
    ctx.fill();
    ctx.fillStyle = colour;
    ctx.fillText(text, centred ? x : x + pad, y + 0.5, width - 2 * pad);
  }

  /** The last price on the axis strip, in the colour of the last bar and with an arrow of its direction. */
  function lastTag(ctx, chart) {
    const { model, theme, geometry, frame } = chart,
      bar = of.model.newest(model);
    if (!bar || !frame) return;
    const box = geometry.panes.price;
    const y = Math.max(box.y + 9, Math.min(box.y + box.h - 9, frame.Y(bar.c)));
    const text = of.format.price(bar.c, model.tick, model.pd);
    const side = bar.c >= bar.o ? theme.buy : theme.sell;
    tag(ctx, theme, text, box.x + box.w + 2, y, false, side, theme.name === "dark" ? "#06101d" : "#ffffff");
  }

  /** What lies under a pixel: {slot, bar, level, row, cell} (cell: the sums of the row, when it has any). */
  function pick(chart, x, y) {
    const { frame, model, view, geometry } = chart;
    if (!frame) return null;
    const box = geometry.panes.price;
    const slot = Math.round(view.x0 + ((x - box.x) / box.w) * (view.x1 - view.x0));
    const bar = of.model.barAt(model, slot);
    const level = view.y1 - ((y - box.y) / box.h) * (view.y1 - view.y0);
    const inPrice = y >= box.y && y <= box.y + box.h;
    const row = Math.floor((level + 0.5) / model.rows);
    let cell = null;
    if (bar && inPrice) {
      const at = bar.k ? bar.k.indexOf(row - bar.lo) : row - bar.lo;
      if (at in bar.b) cell = { bid: bar.b[at], ask: bar.a[at], unknown: bar.u ? bar.u[at] : 0, poc: at === bar.p };
    }
    return { slot, bar, level, row, cell, inPrice };
  }

  const CELL = [
    ["Bid", (c) => c.bid, "sell"],
    ["Ask", (c) => c.ask, "buy"],
    ["Delta", (c) => c.ask - c.bid, "sign"],
    ["Volume", (c) => c.bid + c.ask + c.unknown, ""],
  ];

  function line(parent, name, value, kind) {
    const row = parent.ownerDocument.createElement("div");
    row.className = "of-readout-row" + (kind ? " of-" + kind : "");
    const label = parent.ownerDocument.createElement("span"),
      number = parent.ownerDocument.createElement("b");
    label.textContent = name;
    number.textContent = value;
    row.append(label, number);
    parent.append(row);
  }

  /** Fill the readout card. */
  function readout(chart, node, hit) {
    const { model, options } = chart;
    node.textContent = "";
    const signed = (v) => (v > 0 ? "+" : "") + of.format.exact(v, model.sd);
    const step = model.rows;
    if (hit.inPrice) {
      const low = hit.row * step,
        high = low + step - 1;
      const ends = step === 1 ? [low] : [low, high];
      line(node, "Price", ends.map((level) => of.format.price(level, model.tick, model.pd)).join(" – "), "head");
    }
    if (hit.cell) {
      for (const [name, value, kind] of CELL) {
        const number = value(hit.cell);
        if (kind === "sign") line(node, name, signed(number), number >= 0 ? "buy" : "sell");
        else line(node, name, of.format.exact(number, model.sd), kind);
      }
      if (hit.cell.unknown) line(node, "Unknown side", of.format.exact(hit.cell.unknown, model.sd), "");
      if (hit.cell.poc) line(node, "Point of control", "●", "");
    }
    const bar = hit.bar;
    if (!bar) return Boolean(hit.inPrice);
    line(node, "Bar", of.format.stamp(bar.t, options.zone, model.ms < 60000), "head");
    line(node, "Trades", of.format.count(bar.n), "");
    line(node, "Bar volume", of.format.exact(bar.vol, model.sd), "");
    line(node, "Bar delta", signed(bar.delta), bar.delta >= 0 ? "buy" : "sell");
    line(node, "Cum. delta", signed(bar.cvd), bar.cvd >= 0 ? "buy" : "sell");
    if (bar.vwap !== null) line(node, "VWAP", of.format.price(bar.vwap, model.tick, model.pd), "");
    return true;
  }

  /** Draw tags and, when the pointer is inside, the cross; place the readout beside the pointer. */
  function paint(ctx, chart, pointer, node) {
    const { geometry, theme, model, options } = chart,
      { plot, panes } = geometry;
    lastTag(ctx, chart);
    const within = (value, from, size) => value >= from && value <= from + size;
    const inside = pointer && within(pointer.x, plot.x, plot.w) && within(pointer.y, plot.y, plot.h);
    if (!inside || !model.bars.length) {
      node.hidden = true;
      return null;
    }
    const hit = pick(chart, pointer.x, pointer.y);
    const x = Math.round(chart.frame.X(hit.slot)) + 0.5,
      y = Math.round(pointer.y) + 0.5;
    ctx.strokeStyle = theme.cross;
    ctx.lineWidth = 1;
    ctx.setLineDash([4, 4]);
    ctx.globalAlpha = 0.8;
    ctx.beginPath();
    if (x >= plot.x && x <= plot.x + plot.w) {
      ctx.moveTo(x, plot.y);
      ctx.lineTo(x, plot.y + plot.h);
    }
    ctx.moveTo(plot.x, y);
    ctx.lineTo(plot.x + plot.w, y);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
    const right = plot.x + plot.w,
      time = of.format.stamp(of.model.timeOfSlot(model, hit.slot), options.zone, model.ms < 60000);
    tag(ctx, theme, time, Math.max(plot.x + 62, Math.min(right - 62, x)), plot.y + plot.h + 11, true);
    if (hit.inPrice) tag(ctx, theme, of.format.price(Math.round(hit.level), model.tick, model.pd), right + 2, y, false);
    for (const name of ["delta", "cvd"]) {
      const pane = panes[name];
      if (!pane || !within(pointer.y, pane.y, pane.h)) continue;
      const range = chart.axesData[name].range,
        pixel = (range[1] - range[0]) / pane.h,
        step = 10 ** Math.max(0, Math.floor(Math.log10(pixel))); // no digits that the pointer cannot choose
      const value = Math.round((range[1] - (pointer.y - pane.y) * pixel) / step) * step;
      tag(ctx, theme, of.format.exact(value, model.sd), right + 2, y, false);
    }
    node.hidden = !(options.readout && readout(chart, node, hit));
    if (!node.hidden) {
      const width = node.offsetWidth,
        height = node.offsetHeight;
      const left = pointer.x + 18 + width > plot.x + plot.w ? pointer.x - width - 18 : pointer.x + 18;
      const top = Math.max(plot.y + 4, Math.min(plot.y + plot.h - height - 4, pointer.y + 18));
      node.style.transform = `translate(${Math.max(4, Math.round(left))}px, ${Math.round(top)}px)`;
    }
    return hit;
  }

  of.crosshair = { paint };
})(globalThis);
