/* Signals over the bars: marks of things that happened at a time.

   Only those in view are painted. Where they stand closer than a mark is wide, those of a stretch of bars are one mark
   with their number; the stretches lie at fixed slots, so that they do not change while the reader pans. Labels show
   where there is room. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const plot = (of.plot = of.plot || Object());

  const SIZE = 5; // px from the middle of a mark to its edge
  const ROOM = 14; // px that a mark needs
  const REACH = 12; // px from a mark at which a click means it
  const MANY = 60; // marks in view, without edges
  const APART = 40; // px between marks from which labels are tried

  const polygon = (points) => (ctx, x, y, s) => {
    points.forEach(([px, py], i) => (i ? ctx.lineTo(x + px * s, y + py * s) : ctx.moveTo(x + px * s, y + py * s)));
    ctx.closePath();
  };
  const star = Array.from({ length: 10 }, (_, i) => {
    const angle = (Math.PI * i) / 5,
      r = i % 2 ? 0.5 : 1.2;
    return [r * Math.sin(angle), -r * Math.cos(angle)];
  });
  const SHAFT = [0.45, 1.1];
  const up = [[0, -1.2], [1.1, 0.1], [0.45, 0.1], SHAFT, [-0.45, 1.1], [-0.45, 0.1], [-1.1, 0.1]]; // prettier-ignore
  const SHAPES = {
    "arrow-up": polygon(up),
    "arrow-down": polygon(up.map(([x, y]) => [x, -y])),
    arrow: polygon(up.map(([x, y]) => [-y, x])),
    triangle: polygon([[0, -1.1], [1.1, 0.9], [-1.1, 0.9]]), // prettier-ignore
    square: polygon([[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]]), // prettier-ignore
    diamond: polygon([[0, -1.2], [1.1, 0], [0, 1.2], [-1.1, 0]]), // prettier-ignore
    flag: polygon([[-0.8, -1.2], [1, -0.6], [-0.5, 0], [-0.5, 1.2], [-0.8, 1.2]]), // prettier-ignore
    star: polygon(star),
    cross: polygon(
      [[-1, -0.5], [-0.5, -1], [0, -0.5], [0.5, -1], [1, -0.5], [0.5, 0], [1, 0.5], [0.5, 1], [0, 0.5], [-0.5, 1], [-1, 0.5], [-0.5, 0]], // prettier-ignore
    ),
    circle: (ctx, x, y, s) => ctx.arc(x, y, 0.95 * s, 0, 2 * Math.PI),
  };

  class Signals {
    constructor() {
      /** @type {any} */
      this.rows = { time: [] };
      this.slots = new Float64Array(0);
      this.placed = "";
      this.widths = new Map(); // px of texts
      this.drawn = []; // marks on the canvas: {x, y, from, to}
    }

    /** rows: arrays of one length, the earliest first: {time (ms), side, type, price, label, color, icon}; all but the time may be
        missing, or null in a row. */
    set(rows) {
      this.rows = rows;
      this.slots = new Float64Array(rows.time.length);
      this.placed = "";
    }

    cell(name, row) {
      const values = this.rows[name];
      return values ? values[row] : null;
    }

    /** Find the bar that each falls into. */
    place(series) {
      const key = [series.version, series.first, series.n].join();
      if (key === this.placed) return;
      this.placed = key;
      const end = series.n ? series.at("time", series.last) + series.spacing() : -Infinity;
      this.rows.time.forEach((time, row) => {
        const slot = series.slotFrom(time),
          at = series.at("time", slot) === time ? slot : slot - 1;
        this.slots[row] = at < series.first ? -Infinity : time >= end ? Infinity : at;
      });
    }

    /** First row whose slot is not below one. */
    rowFrom(slot) {
      let low = 0,
        high = this.slots.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.slots[middle] < slot) low = middle + 1;
        else high = middle;
      }
      return low;
    }

    /** Rows that are painted as one: [{from, to (rows), slot}]. */
    groups({ w, from, to }) {
      const size = 2 ** Math.max(0, Math.ceil(Math.log2(ROOM / w))),
        found = [];
      for (let row = this.rowFrom(from); row < this.slots.length && this.slots[row] <= to;) {
        const cell = Math.floor(this.slots[row] / size),
          begin = row;
        row = this.rowFrom((cell + 1) * size);
        const alone = this.slots[begin] === this.slots[row - 1];
        found.push({ from: begin, to: row - 1, slot: alone ? this.slots[begin] : (cell + 0.5) * size - 0.5 });
      }
      return found;
    }

    paint(ctx, series, frame) {
      this.place(series);
      const { theme, X, Y, box } = frame,
        groups = this.groups(frame),
        labelled = groups.length < 2 || box.w / groups.length >= APART;
      this.drawn = [];
      let end = -Infinity; // right end of the last label
      plot.canvas.text(ctx, "600 10px " + theme.font, "center", "middle");
      for (const { from, to, slot } of groups) {
        const count = to - from + 1,
          side = this.cell("side", from) || 0,
          price = count === 1 ? this.cell("price", from) : null,
          edge = (name) => Y(series.over(name, this.slots[from], this.slots[to])),
          x = X(slot),
          own = Number.isFinite(price) && price !== null,
          y = own ? Y(price / series.tick) : side > 0 ? edge("low") + ROOM : edge("high") - ROOM;
        this.mark(ctx, theme, x, y, from, side, groups.length < MANY);
        this.drawn.push({ x, y, from, to });
        const words = count > 1 ? String(count) : labelled ? String(this.cell("label", from) || "") : "";
        if (!words) continue;
        const half = this.width(ctx, words) / 2;
        if (x - half < end + 4) continue;
        end = x + half;
        ctx.fillStyle = theme.text;
        ctx.fillText(words, x, y + (side > 0 ? 1 : -1) * (SIZE + 8));
      }
    }

    width(ctx, words) {
      let width = this.widths.get(words);
      if (!width) this.widths.set(words, (width = ctx.measureText(words).width));
      return width;
    }

    /** edged: with an edge in the colour of the paper. */
    mark(ctx, theme, x, y, row, side, edged) {
      const usual = side > 0 ? "arrow-up" : side < 0 ? "arrow-down" : "circle",
        icon = this.cell("icon", row),
        colour = this.cell("color", row) || (side > 0 ? theme.buy : side < 0 ? theme.sell : theme.vwap);
      ctx.fillStyle = colour;
      ctx.strokeStyle = theme.paper;
      ctx.lineWidth = 1;
      ctx.beginPath();
      SHAPES[plot.ICONS.includes(icon) ? icon : usual](ctx, x, y, SIZE);
      ctx.fill();
      if (edged) ctx.stroke();
    }

    /** Rows of the mark at a point, or none. */
    at({ x, y }) {
      let best = null,
        least = REACH;
      for (const mark of this.drawn) {
        const far = Math.hypot(mark.x - x, mark.y - y);
        if (far > least) continue;
        least = far;
        best = mark;
      }
      return best ? Array.from({ length: best.to - best.from + 1 }, (_, i) => best.from + i) : [];
    }
  }

  plot.Signals = Signals;
  plot.ICONS = Object.keys(SHAPES);
})(window);
