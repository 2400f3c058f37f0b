/* The crosshair, the price and time tags on the axes, and the card beside the pointer.

   It draws on its own canvas above Plotly, so that moving the mouse repaints nothing else. What lies under the pointer,
   and what of it the card says, is the controller's to know. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const plot = (of.plot = of.plot || Object());

  function tag(ctx, theme, text, x, y, centred, background = theme.tag, colour = theme.tagText) {
    plot.canvas.text(ctx, "600 11px " + theme.font, centred ? "center" : "left", "middle");
    const wide = ctx.measureText(text).width,
      width = Math.min(wide + 10, centred ? Infinity : ctx.canvas.width / ctx.getTransform().a - x), // on a phone
      pad = Math.max(2, (width - wide) / 2);
    ctx.fillStyle = background;
    ctx.beginPath();
    ctx.roundRect(centred ? x - width / 2 : x, y - 9, width, 18, 3);
    ctx.fill();
    ctx.fillStyle = colour;
    ctx.fillText(text, centred ? x : x + pad, y + 0.5, width - 2 * pad);
  }

  /** The last price across the bars. */
  function lastLine(ctx, controller) {
    const { theme, geometry, newest } = controller,
      { x, y, w, h } = geometry.panes.price,
      at = newest ? Math.round(controller.Y(newest.close)) + 0.5 : NaN;
    if (!within(at, y, h)) return;
    ctx.strokeStyle = newest.close >= newest.open ? theme.buy : theme.sell;
    ctx.lineWidth = 1;
    ctx.setLineDash([3, 3]);
    plot.canvas.line(ctx, x, at, x + w, at);
    ctx.setLineDash([]);
  }

  /** The last price on the axis strip, in the colour of the last bar. */
  function lastTag(ctx, controller) {
    const { series, theme, geometry, newest } = controller;
    if (!newest) return;
    const box = geometry.panes.price;
    const y = Math.max(box.y + 9, Math.min(box.y + box.h - 9, controller.Y(newest.close)));
    const side = newest.close >= newest.open ? theme.buy : theme.sell;
    const text = plot.format.price(newest.close, series.tick, series.pd);
    tag(ctx, theme, text, box.x + box.w + 2, y, false, side, theme.name === "dark" ? "#06101d" : "#ffffff");
  }

  const within = (value, from, size) => value >= from && value <= from + size;

  /** What lies at a point of the plot: {slot, level, inPrice}. */
  function at(controller, { x, y }) {
    const { view, geometry } = controller,
      box = geometry.panes.price;
    return {
      slot: Math.round(controller.slotAt(x)),
      level: view.scale.from(controller.heightAt(y)),
      inPrice: within(y, box.y, box.h),
    };
  }

  /** The value at a height of a lower pane, with no digits that the pointer cannot choose. */
  function paneValue(pane, { range }, y) {
    const pixel = (range[1] - range[0]) / pane.h,
      step = 10 ** Math.max(0, Math.floor(Math.log10(pixel)));
    return Math.round((range[1] - (y - pane.y) * pixel) / step) * step;
  }

  /** A dashed cross: through the slot's middle, and through y unless it is null. */
  function cross(ctx, controller, slot, y) {
    const { geometry, theme, series, zone } = controller,
      { plot: box } = geometry,
      right = box.x + box.w,
      x = Math.round(controller.X(slot)) + 0.5;
    ctx.strokeStyle = theme.cross;
    ctx.lineWidth = 1;
    ctx.setLineDash([4, 4]);
    ctx.globalAlpha = 0.8;
    ctx.beginPath();
    if (x >= box.x && x <= right) {
      ctx.moveTo(x, box.y);
      ctx.lineTo(x, box.y + box.h);
    }
    if (y !== null) {
      ctx.moveTo(box.x, y);
      ctx.lineTo(right, y);
    }
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
    const time = plot.format.stamp(series.timeOfSlot(slot), zone, series.ms < 60000);
    tag(ctx, theme, time, Math.max(box.x + 62, Math.min(right - 62, x)), box.y + box.h + 11, true);
  }

  /** Put the card beside the pointer. */
  function place(node, pointer, box) {
    const width = node.offsetWidth,
      height = node.offsetHeight;
    const left = pointer.x + 18 + width > box.x + box.w ? pointer.x - width - 18 : pointer.x + 18;
    const top = Math.max(box.y + 4, Math.min(box.y + box.h - height - 4, pointer.y + 18));
    node.style.transform = `translate(${Math.max(4, Math.round(left))}px, ${Math.round(top)}px)`;
  }

  /** Draw tags and, when the pointer is inside, the cross and the card. Returns what the controller picks there. */
  function paint(ctx, controller, pointer, node) {
    const { geometry, theme, series, axesData, owners } = controller,
      { plot: box, panes } = geometry,
      right = box.x + box.w;
    lastTag(ctx, controller);
    const inside = pointer && within(pointer.x, box.x, box.w) && within(pointer.y, box.y, box.h);
    if (!inside || !series.n) {
      if (!node.hidden) node.hidden = true;
      if (controller.mark !== null && series.n)
        cross(ctx, controller, Math.round(series.slotOfTime(controller.mark)), null);
      return null;
    }
    const hit = controller.pick(pointer),
      y = Math.round(pointer.y) + 0.5;
    cross(ctx, controller, hit.slot, y);
    if (hit.inPrice) tag(ctx, theme, controller.priceText(hit.level), right + 2, y, false);
    for (const name of Object.keys(owners)) {
      const pane = panes[name];
      if (!pane || !within(pointer.y, pane.y, pane.h)) continue;
      tag(ctx, theme, controller.paneText(name, paneValue(pane, axesData[name], pointer.y)), right + 2, y, false);
    }
    node.hidden = !controller.readout(node, hit);
    if (!node.hidden) place(node, pointer, box);
    return hit;
  }

  /** A line of the card. kind: "head", "buy", "sell" or "". */
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

  plot.crosshair = { paint, at, line, lastLine };
})(window);
