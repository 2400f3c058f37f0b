/* The strip below a plot: the held bars as one line, with a window that can be dragged and resized.

   Instead of Plotly's range slider, which draws every trace twice. It is redrawn with a new bar or a moved view. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const plot = (of.plot = of.plot || Object());

  const HANDLE = 9;

  class Overview {
    /** canvas: fills its host. `controller.window(x0, x1)` is called while the reader drags. */
    constructor(canvas, controller) {
      this.canvas = canvas;
      this.controller = controller;
      this.drag = null;
      this.drawn = ""; // what `held`, a bitmap, shows
      this.spans = [0, 0]; // and its slots
      canvas.addEventListener("pointerdown", (e) => this.down(e));
      canvas.addEventListener("pointermove", (e) => this.moved(e));
      for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => (this.drag = null));
      canvas.addEventListener("keydown", (e) => this.key(e));
    }

    /** Slots from the left edge to the right edge of the strip. */
    bounds() {
      const { series, view } = this.controller,
        { first, last } = series;
      return [Math.min(first - 0.5, view.x0), Math.max(last + 1, Math.min(view.x1, last + 0.25 * (view.x1 - view.x0)))];
    }

    x(slot) {
      const [a, b] = this.bounds();
      return ((slot - a) / (b - a)) * this.W;
    }

    slot(x) {
      const [a, b] = this.bounds();
      return a + (x / this.W) * (b - a);
    }

    window() {
      const { view } = this.controller,
        x0 = Math.max(0, this.x(view.x0)),
        x1 = Math.min(this.W, this.x(view.x1));
      return [x0, Math.max(x1, x0 + 8)];
    }

    down(event) {
      const [x0, x1] = this.window(),
        x = event.offsetX,
        { view } = this.controller;
      this.canvas.setPointerCapture(event.pointerId);
      let kind = "move";
      if (Math.abs(x - x0) < HANDLE) kind = "left";
      else if (Math.abs(x - x1) < HANDLE) kind = "right";
      else if (x < x0 || x > x1) {
        const half = (view.x1 - view.x0) / 2,
          centre = this.slot(x);
        this.controller.window(centre - half, centre + half);
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
      const by = ((event.offsetX - this.drag.x) / this.W) * (bounds[1] - bounds[0]);
      let { x0, x1 } = this.drag;
      if (kind !== "right") x0 += by;
      if (kind !== "left") x1 += by;
      if (x1 - x0 >= 3) this.controller.window(x0, x1);
    }

    key(event) {
      const { view } = this.controller,
        step = (view.x1 - view.x0) * 0.25;
      const by = { ArrowLeft: -step, ArrowRight: step }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      this.controller.window(view.x0 + by, view.x1 + by);
    }

    /** A line through the closes; where there is more than one a pixel, through low and high of each, so that thousands of
        bars cost no more than the strip is wide. */
    outline(ctx, W, Y) {
      const { series } = this.controller,
        [from, to] = this.spans,
        k = series.n <= 2 * W ? 0 : series.level(W / (to - from), 1),
        { columns, a, b, slot } = series.groups(k, series.first, series.last),
        X = (i) => ((slot(i) - from) / (to - from)) * W;
      ctx.beginPath();
      for (let i = a; i <= b; i++)
        for (const name of k ? ["low", "high"] : ["close"]) ctx.lineTo(X(i), Y(columns[name][i]));
      return [X(a), X(b)];
    }

    /** The outline as a bitmap, for the slots `spans`. It lasts while the view moves, stretched where the strip shows more
        slots by then: to paint it anew costs as much as the rest of a frame. */
    picture(W, H) {
      const { series, theme, view, moving } = this.controller,
        { scale } = view,
        [low, high] = [series.over("low"), series.over("high")].map(scale.to),
        { version, first, n, newest } = series,
        spans = this.bounds();
      const key = [version, first, n, newest.close, low, high, scale.name, theme.name, W, H].join();
      if (key === this.drawn && (moving || spans.join() === this.spans.join())) return this.held;
      this.drawn = key;
      this.spans = spans;
      const canvas = new OffscreenCanvas(1, 1),
        ctx = plot.canvas.prepare(canvas, W, H),
        Y = (level) => 3 + ((high - scale.to(level)) / Math.max(1, high - low)) * (H - 6),
        [left, right] = this.outline(ctx, W, Y);
      ctx.strokeStyle = theme.muted;
      ctx.lineWidth = 1.2;
      ctx.lineJoin = "round";
      ctx.stroke();
      ctx.lineTo(right, H);
      ctx.lineTo(left, H);
      ctx.closePath();
      ctx.fillStyle = theme.muted;
      ctx.globalAlpha = 0.18;
      ctx.fill();
      return (this.held = canvas.transferToImageBitmap());
    }

    /** Take note of the strip's size. */
    measure() {
      this.W = this.canvas.clientWidth;
      this.H = this.canvas.clientHeight;
    }

    paint() {
      const { controller, canvas, W, H } = this,
        { series, theme } = controller;
      if (!W || !H) return;
      const ctx = plot.canvas.prepare(canvas, W, H);
      if (!series.n) return;
      const picture = this.picture(W, H),
        [left, right] = this.spans.map((slot) => this.x(slot)),
        [x0, x1] = this.window();
      ctx.drawImage(picture, left, 0, right - left, H);
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

  plot.Overview = Overview;
})(window);
