/* The numbers of the cell under the pointer, and of its bar. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  /** What lies under the pointer: {slot, bar, level, row, cell, inPrice} (cell: the sums of the row, when it has any). */
  function pick(chart, pointer) {
    const { model } = chart,
      hit = of.plot.crosshair.at(chart, pointer),
      bar = model.bars[hit.slot - model.first],
      row = Math.floor((hit.level + 0.5) / model.rows);
    let cell = null;
    if (bar && hit.inPrice) {
      const at = bar.k ? bar.k.indexOf(row - bar.lo) : row - bar.lo;
      if (at in bar.b) cell = { bid: bar.b[at], ask: bar.a[at], unknown: bar.u ? bar.u[at] : 0, poc: at === bar.p };
    }
    return { ...hit, bar, row, cell };
  }

  const CELL = [
    ["Bid", (c) => c.bid, "sell"],
    ["Ask", (c) => c.ask, "buy"],
    ["Delta", (c) => c.ask - c.bid, "sign"],
    ["Volume", (c) => c.bid + c.ask + c.unknown, ""],
  ];

  /** Fill the readout card; false when there is nothing to say. */
  function fill(chart, node, hit) {
    const { model, options } = chart,
      { line } = of.plot.crosshair,
      { exact, price, stamp, count } = of.plot.format;
    node.textContent = "";
    const signed = (v) => (v > 0 ? "+" : "") + exact(v, model.sd);
    const step = model.rows;
    if (hit.inPrice) {
      const low = hit.row * step,
        high = low + step - 1;
      const ends = step === 1 ? [low] : [low, high];
      line(node, "Price", ends.map((level) => price(level, model.tick, model.pd)).join(" – "), "head");
    }
    if (hit.cell) {
      for (const [name, value, kind] of CELL) {
        const number = value(hit.cell);
        if (kind === "sign") line(node, name, signed(number), number >= 0 ? "buy" : "sell");
        else line(node, name, exact(number, model.sd), kind);
      }
      if (hit.cell.unknown) line(node, "Unknown side", exact(hit.cell.unknown, model.sd), "");
      if (hit.cell.poc) line(node, "Point of control", "●", "");
    }
    const bar = hit.bar;
    if (!bar) return Boolean(hit.inPrice);
    line(node, "Bar", stamp(bar.t, options.zone, model.ms < 60000), "head");
    line(node, "Trades", count(bar.n), "");
    line(node, "Bar volume", exact(bar.vol, model.sd), "");
    line(node, "Bar delta", signed(bar.delta), bar.delta >= 0 ? "buy" : "sell");
    line(node, "Cum. delta", signed(bar.cvd), bar.cvd >= 0 ? "buy" : "sell");
    if (bar.vwap !== null) line(node, "VWAP", price(bar.vwap, model.tick, model.pd), "");
    return true;
  }

  of.readout = { pick, fill };
})(globalThis);
