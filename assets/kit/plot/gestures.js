/* Pointer and wheel on a plot: drag to pan, drag an axis to scale it, wheel and pinch to zoom.

   One set of pointer events serves mouse, pen and touch. While a drawing tool is active, and on drawn shapes, the events
   are left to Plotly. Here the view moves; when and how to redraw is the controller's affair. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const plot = (of.plot = of.plot || Object());

  const SLOP = 4,
    HOLD = 380;

  class Gestures {
    /** host: the plot's element. */
    constructor(host, controller) {
      this.host = host;
      this.controller = controller;
      this.pointers = new Map();
      this.drag = null;
      this.pinch = null;
      const on = (name, handler, options) => host.addEventListener(name, handler.bind(this), options);
      on("pointerdown", this.down);
      on("pointermove", this.move);
      on("pointerup", this.up);
      on("pointercancel", this.up);
      on("lostpointercapture", this.up);
      on("pointerleave", this.leave);
      on("wheel", this.wheel, { passive: false });
      on("dblclick", this.double);
    }

    /** True while the reader holds the controller. */
    get active() {
      return Boolean(this.drag || this.pinch);
    }

    /** Where an event is; while the reader drags, the page's layout is not asked for it. */
    at(event) {
      if (!this.active || !this.box) this.box = this.host.getBoundingClientRect();
      return { x: event.clientX - this.box.left, y: event.clientY - this.box.top };
    }

    /** "plot", "price" (axis), "time" (axis) or "" for a point. */
    zone({ x, y }) {
      const { plot: box, panes } = this.controller.geometry;
      if (x > box.x + box.w) return y >= panes.price.y && y <= panes.price.y + panes.price.h ? "price" : "";
      return y > box.y + box.h ? "time" : "plot";
    }

    onShape(event) {
      return Boolean(event.target.closest && event.target.closest(".shapelayer, .outline-controllers"));
    }

    down(event) {
      const { controller } = this;
      if (!controller.ready || event.button > 0 || event.target.closest("button")) return;
      if (controller.tools.active || this.onShape(event)) {
        if (controller.tools.active === "erase") {
          controller.tools.eraseAt(this.at(event));
          event.preventDefault(); // Plotly would take hold of a shape that is gone
        }
        return;
      }
      const point = this.at(event);
      this.pointers.set(event.pointerId, point);
      try {
        this.host.setPointerCapture(event.pointerId);
      } catch {
        /* the pointer is gone already */
      }
      if (this.pointers.size === 2) {
        this.drag = null;
        this.pinch = this.fingers();
        return;
      }
      const zone = this.zone(point);
      if (!zone) return;
      this.drag = { zone, start: point, last: point, moved: false, vertical: false, cross: false };
      if (event.pointerType === "touch" && zone === "plot") {
        this.hold = setTimeout(() => {
          if (this.drag && !this.drag.moved) {
            this.drag.cross = true;
            controller.point(point);
          }
        }, HOLD);
      }
    }

    move(event) {
      const { controller } = this;
      if (!controller.ready) return;
      const point = this.at(event);
      if (this.pinch && this.pointers.has(event.pointerId)) {
        this.pointers.set(event.pointerId, point);
        this.movePinch(this.pinch);
        return;
      }
      if (!this.drag) {
        if (event.pointerType !== "touch") {
          controller.point(point);
          this.cursor(event, point);
        }
        return;
      }
      const drag = this.drag,
        { view, geometry } = controller;
      if (drag.cross) {
        controller.point(point);
        return;
      }
      if (!drag.moved) {
        const dx = Math.abs(point.x - drag.start.x),
          dy = Math.abs(point.y - drag.start.y);
        if (Math.max(dx, dy) < SLOP) return;
        drag.moved = true;
        // prices fit themselves until somebody clearly pulls them up or down
        drag.vertical = drag.zone === "plot" && (!view.auto || dy > 2 * dx);
        clearTimeout(this.hold);
        controller.point(null);
      }
      const dx = point.x - drag.last.x,
        dy = point.y - drag.last.y;
      drag.last = point;
      if (drag.zone === "plot") {
        if (dx && !(drag.vertical && view.auto)) plot.view.panX(view, controller.slotsOf(-dx));
        if (drag.vertical) plot.view.panY(view, (dy * (view.y1 - view.y0)) / geometry.panes.price.h);
      } else if (drag.zone === "price") {
        plot.view.zoomY(view, Math.exp(dy / 160), (view.y0 + view.y1) / 2);
      } else {
        plot.view.zoomX(view, Math.exp(-dx / 260), view.x1);
      }
      controller.moved();
    }

    up(event) {
      this.pointers.delete(event.pointerId);
      clearTimeout(this.hold);
      if (this.pinch && this.pointers.size < 2) {
        this.pinch = null;
        this.controller.settled();
        return;
      }
      const drag = this.drag;
      if (!drag) return;
      this.drag = null;
      if (!drag.moved && !drag.cross) {
        if (event.pointerType === "touch") this.controller.point(this.controller.pointer ? null : drag.start);
        if (drag.zone === "plot") this.controller.tapped(drag.start);
      }
      if (drag.moved) this.controller.settled();
    }

    leave(event) {
      if (event.pointerType !== "touch" && !this.drag) this.controller.point(null);
    }

    cursor(event, point) {
      const { active } = this.controller.tools;
      this.host.dataset.cursor = active || (this.onShape(event) ? "shape" : this.zone(point));
    }

    /** How far the two fingers are apart, and their middle. */
    fingers() {
      const [a, b] = [...this.pointers.values()];
      return { dx: Math.abs(a.x - b.x), dy: Math.abs(a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
    }

    movePinch(before) {
      const { controller } = this,
        { view } = controller,
        now = this.fingers(),
        by = (axis) => Math.max(20, before[axis]) / Math.max(20, now[axis]);
      if (now.dy > 1.6 * now.dx) plot.view.zoomY(view, by("dy"), controller.heightAt(now.y));
      else {
        plot.view.zoomX(view, by("dx"), controller.slotAt(now.x));
        plot.view.panX(view, controller.slotsOf(before.x - now.x));
      }
      this.pinch = now;
      controller.moved();
    }

    wheel(event) {
      const { controller } = this;
      if (!controller.ready) return;
      event.preventDefault();
      const { x, y } = this.at(event),
        { view } = controller,
        unit = [1, 24, 240][event.deltaMode];
      const clamped = (px) => Math.max(-160, Math.min(160, px * unit)),
        [dx, dy] = [event.deltaX, event.deltaY].map(clamped);
      if (this.zone({ x, y }) === "price" || event.altKey || (event.shiftKey && event.ctrlKey))
        plot.view.zoomY(view, Math.exp((dy || dx) / 500), controller.heightAt(y));
      else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))
        plot.view.panX(view, controller.slotsOf(dx || dy));
      else plot.view.zoomX(view, Math.exp(dy / 500), controller.slotAt(x));
      controller.moved();
    }

    double(event) {
      const { controller } = this;
      if (!controller.ready || controller.tools.active || this.onShape(event)) return;
      const zone = this.zone(this.at(event));
      if (zone === "time") controller.goLive();
      else if (zone) controller.autoPrice();
    }
  }

  plot.Gestures = Gestures;
})(window);
