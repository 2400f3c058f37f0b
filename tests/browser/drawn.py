"""What the chart has drawn, read in the page: its rows and marks, and which numbers of its cells are printed."""

from __future__ import annotations

MARKS = """() => {
  const { model } = orderflow.page.chart;
  return { rows: model.rows, bars: model.bars.map((b) => [b.t, b.p, b.v, b.ib, b.is, b.st, b.f, b.b, b.a]) };
}"""
"""The row size, and of every held bar its marks and its rows."""
PRINTED = """() => {
  const { page, model } = orderflow, c = page.chart, texts = [], kept = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    const [, weight, px] = this.font.match(/^(\\w+ )?([\\d.]+)px/);
    if (weight !== "600 ") texts.push({ text, x, y, px: parseFloat(px) }); // those are the profile's words
  };
  c.draw();
  CanvasRenderingContext2D.prototype.fillText = kept;
  const { frame, view } = c, found = { cells: 0, printed: 0, least: Infinity, bars: Math.round(view.span) };
  for (const { bar, slot } of frame.bars) {
    if (slot - 0.5 < view.x0 || slot + 0.5 > view.x1) continue;
    for (let i = 0; i < bar.b.length; i++) {
      const y = frame.Y((model.rowOf(bar, i) + 0.5) * c.model.rows - 0.5), x = frame.X(slot);
      if (y - frame.h / 2 < frame.top || y + frame.h / 2 > frame.bottom) continue;
      const own = texts.filter((t) => Math.abs(t.y - y) < 1.5 && Math.abs(t.x - x) < frame.w / 2 && t.text);
      const sides = [bar.b[i], bar.a[i]].filter((volume) => volume > 0).length;
      found.cells += sides;
      found.printed += Math.min(sides, own.length - (2 - sides));
      for (const { px } of own) found.least = Math.min(found.least, px);
    }
  }
  return found;
}"""
"""Cells with volume in view, how many have their number, the smallest digits (px), and bars of the view."""
