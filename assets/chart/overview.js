/* The strip below the chart: the held bars as one line, with a window that can be dragged and resized.

   Instead of Plotly's range slider, which draws every trace twice. It is redrawn with a new bar or a moved view. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  const HANDLE = 9;

  class Overview {
    /** canvas: fills its host. chart: the controller; `move(x0, x1)` is called while the reader drags. */
    constructor(canvas, chart, move) {
      this.canvas = canvas;
      this.chart = chart;
      this.move = move;
      this.drag = null;
      canvas.addEventListener("pointerdown", (e) => this.down(e));
      canvas.addEventListener("pointermove", (e) => this.moved(e));
      for (const name of ["pointerup", "pointercancel"])
        canvas.addEventListener(name, () => {
          this.drag = null;
        });
      canvas.addEventListener("keydown", (e) => this.key(e));
    }

    /** Slots from the left edge to the right edge of the strip. */
    bounds() {
      const { model, view } = this.chart,
        last = of.model.lastSlot(model);
      return [
        Math.min(model.first - 0.5, view.x0),
        Math.max(last + 1, Math.min(view.x1, last + 0.25 * (view.x1 - view.x0))),
      ];
    }

    x(slot) {
      const [a, b] = this.bounds();
      return ((slot - a) / (b - a)) * this.canvas.clientWidth;
    }

    slot(x) {
      const [a, b] = this.bounds();
      return a + (x / this.canvas.clientWidth) * (b - a);
    }

    window() {
      const { view } = this.chart,
        W = this.canvas.clientWidth;
      const x0 = Math.max(0, this.x(view.x0)),
        x1 = Math.min(W, this.x(view.x1));
      return [x0, Math.max(x1, x0 + 8)];
    }

    down(event) {
      const [x0, x1] = this.window(),
        x = event.offsetX,
        { view } = this.chart;
      this.canvas.setPointerCapture(event.pointerId);
      let kind = "move";
      if (Math.abs(x - x0) < HANDLE) kind = "left";
      else if (Math.abs(x - x1) < HANDLE) kind = "right";
      else if (x < x0 || x > x1) {
        const half = (view.x1 - view.x0) / 2,
          centre = this.slot(x);
        this.move(centre - half, centre + half);
      }
      this.drag = { kind, x, x0: view.x0, x1: view.x1, bounds: this.bounds() };
    }

    moved(event) {
      if (!this.drag) {
        const [x0, x1] = this.window(),
          x = event.offsetX;
        const edge = Math.abs(x - x0) < HANDLE || Math.abs(x - x1) < HANDLE;
        this.canvas.style.cursor = edge ? "ew-resize" : x > x0 && x < x1 ? "grab" : "pointer";
        return;
      }
      const { kind, bounds } = this.drag;
      const by = ((event.offsetX - this.drag.x) / this.canvas.clientWidth) * (bounds[1] - bounds[0]);
      let { x0, x1 } = this.drag;
      if (kind !== "right") x0 += by;
      if (kind !== "left") x1 += by;
      if (x1 - x0 >= 3) this.move(x0, x1);
    }

    key(event) {
      const { view } = this.chart,
        step = (view.x1 - view.x0) * 0.25;
      const by = { ArrowLeft: -step, ArrowRight: step }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      this.move(view.x0 + by, view.x1 + by);
    }

    /** Closes as points; at most two (low and high) a pixel, so thousands of bars cost no more than the strip is wide. */
    outline(W, Y) {
      // the strip's width is known: asking the page for it at every bar would lay the page out at every bar
      const { model } = this.chart,
        [a, b] = this.bounds(),
        X = (i) => ((model.first + i - a) / (b - a)) * W,
        points = [];
      if (model.bars.length <= 2 * W) return model.bars.map((bar, i) => [X(i), Y(bar.c)]);
      let column = -1,
        low = 0,
        high = 0;
      model.bars.forEach((bar, i) => {
        const x = Math.floor(X(i)),
          y = Y(bar.c);
        if (x !== column) {
          if (column >= 0) points.push([column, low], [column, high]);
          column = x;
          low = high = y;
        } else {
          low = Math.max(low, y);
          high = Math.min(high, y);
        }
      });
      points.push([column, low], [column, high]);
      return points;
    }

    paint() {
      const { chart, canvas } = this,
        { model, theme } = chart,
        W = canvas.clientWidth,
        H = canvas.clientHeight;
      if (!W || !H) return;
      const ctx = of.canvas.prepare(canvas, W, H);
      if (!model.bars.length) return;
      const low = Math.min(...model.bars.map((bar) => bar.l)),
        high = Math.max(...model.bars.map((bar) => bar.h));
      const Y = (level) => 3 + ((high - level) / Math.max(1, high - low)) * (H - 6);
      const path = this.outline(W, Y);
      ctx.beginPath();
      path.forEach(([x, y], i) => (i ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
      ctx.strokeStyle = theme.muted;
      ctx.lineWidth = 1.2;
      ctx.lineJoin = "round";
      ctx.stroke();
      ctx.lineTo(path[path.length - 1][0], H);
      ctx.lineTo(path[0][0], H);
      ctx.closePath();
      ctx.fillStyle = theme.muted;
      ctx.globalAlpha = 0.18;
      ctx.fill();
      ctx.globalAlpha = 1;
      const [x0, x1] = this.window();
      ctx.fillStyle = theme.paper;
      ctx.globalAlpha = 0.6;
      ctx.fillRect(0, 0, x0, H);
      ctx.fillRect(x1, 0, W - x1, H);
      ctx.globalAlpha = 0.1;
      ctx.fillStyle = theme.buy;
      ctx.fillRect(x0, 0, x1 - x0, H);
      ctx.globalAlpha = 1;
      ctx.strokeStyle = theme.buy;
      ctx.lineWidth = 1;
      ctx.strokeRect(Math.round(x0) + 0.5, 0.5, Math.max(1, Math.round(x1 - x0) - 1), H - 1);
      ctx.fillStyle = theme.buy;
      for (const x of [x0, x1]) {
        ctx.beginPath();
        ctx.roundRect(x - 2, H / 2 - 8, 4, 16, 2);
        ctx.fill();
      }
    }
  }

  of.Overview = Overview;
})(globalThis);
