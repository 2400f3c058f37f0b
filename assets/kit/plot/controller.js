/* The engine of a plot: holds the view and decides when what is drawn.

   The reader's hands come in through `moved`, `point` and the actions. Every change ends in `draw` (canvas only) or
   `apply` (Plotly's ranges and labels, then the canvas). While data comes in, `apply` runs for a new bar or at most every
   0.9 s, and never while the reader moves the plot: then Plotly's layers are hidden and the canvas draws their labels
   and shapes too.

   A page's chart extends it and says what is shown: the members of PlotShown in types.d.ts. It knows nothing of Dash. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const plot = (of.plot = of.plot || Object());

  const HEAVY_MS = 900;
  const SETTLE_MS = 140;

  class Controller extends /** @type {new () => PlotShown} */ (/** @type {unknown} */ (Object)) {
    /** nodes: {host, plot, base, overlay, readout, overview}. events, all optional: {view, follow, tool, drawn, hover,
        alert}. owners: the Plotly axis of each pane that may be below the prices, {name: "y2"}. */
    constructor(nodes, events, owners) {
      super();
      this.nodes = nodes;
      this.events = events;
      this.owners = owners;
      this.view = plot.view.create();
      nodes.host.dataset.cursor = "plot";
      this.narrow = root.matchMedia("(max-width: 640px)").matches;
      this.ready = false;
      this.gd = null;
      this.lastHeavy = 0;
      this.pointer = null;
      this.mark = null; // time at which a linked plot has its pointer
      this.linked = [];
      this.applied = {};
      this.timing = { merge: [], paint: [], apply: [] };
      this.tools = new plot.tools.Tools(this);
      this.gestures = new plot.Gestures(nodes.host, this);
      this.overview = new plot.Overview(nodes.overview, this);
      this.observer = new ResizeObserver(() => this.resized());
      this.observer.observe(nodes.host);
      this.life = new AbortController();
      const seen = () => {
        if (!root.document.hidden && this.ready) this.refresh(true);
      };
      root.document.addEventListener("visibilitychange", seen, { signal: this.life.signal });
    }

    // What a page's chart may say otherwise ------------------------------------------------------------------------

    /** Are older bars shown than the newest ones held? */
    get away() {
      return false;
    }

    /** What lies under the pointer: {slot, level, inPrice} and more. */
    pick(pointer) {
      return plot.crosshair.at(this, pointer);
    }

    priceText(level) {
      return plot.format.price(Math.round(level), this.series.tick, this.series.pd);
    }

    /** A value of a lower pane as text. */
    paneText(_pane, value) {
      return plot.format.exact(value, this.series.sd);
    }

    /** The plot was clicked or tapped at a point. */
    tapped(_point) {}

    // The engine ---------------------------------------------------------------------------------------------------

    /** The plot goes: let go of everything outside it. */
    close() {
      this.ready = false;
      this.observer.disconnect();
      this.life.abort();
      clearTimeout(this.rest);
    }

    /** px of a slot, and of a level. */
    X(slot) {
      const { x, w } = this.geometry.plot,
        { x0, x1 } = this.view;
      return x + ((slot - x0) / (x1 - x0)) * w;
    }

    Y(level) {
      const { y, h } = this.geometry.panes.price,
        { y0, y1, scale } = this.view;
      return y + ((y1 - scale.to(level)) / (y1 - y0)) * h;
    }

    /** And back: the slot at x, and the height (a level as `scale.js` has it) at y. */
    slotAt(x) {
      const { plot: box } = this.geometry;
      return this.view.x0 + (x - box.x) * this.slotsOf(1);
    }

    heightAt(y) {
      const { price } = this.geometry.panes,
        { y0, y1 } = this.view;
      return y1 - ((y - price.y) / price.h) * (y1 - y0);
    }

    /** Slots in so many px. */
    slotsOf(px) {
      return (px * (this.view.x1 - this.view.x0)) / this.geometry.plot.w;
    }

    /** The level that a percent scale calls 0 %: the first visible close. */
    get zeroLevel() {
      const { series, view } = this;
      return series.at("close", Math.max(series.first, Math.min(series.last, Math.ceil(view.x0))));
    }

    /** The visible range: in ms, or as a number of bars while the newest is followed; and, where set by hand, in prices. */
    get range() {
      const { view, series, ready } = this,
        found = {},
        price = (y) => Number((view.scale.from(y) * series.tick).toFixed(series.pd + 3));
      if (!ready) return found;
      if (!view.follow) [found.from, found.to] = [view.x0, view.x1].map((slot) => Math.round(series.timeOfSlot(slot)));
      else if (view.zoomed) found.bars = Number(view.span.toFixed(4));
      if (!view.auto || (!view.follow && view.span <= view.best)) found.y = [view.y0, view.y1].map(price);
      return found;
    }

    /** After a change of what the view depends on: the size, the panes, what bars show. */
    reframe() {
      const { view } = this;
      this.measure();
      this.open();
      if (view.follow) plot.view.toLive(view, this.series);
      if (view.auto) plot.view.fit(view, this.series, false);
    }

    async mount() {
      this.measure();
      this.gd = this.nodes.plot;
      const { geometry, axesData, theme, owners } = this;
      await plot.axes.mount(this.gd, plot.axes.layout(geometry, axesData, theme, owners), this.tools.project(), owners);
      this.tools.attach(this.gd);
      this.apply(); // linked plots may have moved it meanwhile
      this.overview.paint();
    }

    /** Where panes lie, for the host's size and the panes chosen. */
    measure() {
      const { clientWidth: W, clientHeight: H } = this.nodes.host,
        { newest } = this;
      const digits = newest ? this.priceText(newest.close).length : 6;
      this.overview.measure();
      this.geometry = plot.axes.arrange(W, H, this.lower(), this.narrow, digits);
      const { h } = this.geometry.panes.price;
      this.view.height = h;
      this.view.pad = this.narrow ? 0.1 : 1.2;
      this.view.headroom = Math.min(0.22, (this.narrow ? 78 : 44) / h);
      this.axesData = plot.axes.labels(this);
    }

    get held() {
      return this.gestures.active || this.moving || Boolean(this.gd && this.gd._dragging);
    }

    /** After data: follow and fit at the slow beat, paint at every beat. */
    refresh(added) {
      const now = performance.now();
      if (!this.held && (added || now - this.lastHeavy >= HEAVY_MS)) {
        this.lastHeavy = now;
        if (added) this.open();
        if (this.view.follow) plot.view.toLive(this.view, this.series);
        if (this.view.auto) plot.view.fit(this.view, this.series, true);
        this.apply();
        this.overview.paint();
      } else this.draw();
    }

    /** The reader moves the view: redraw with the next frame, on the canvases alone. Plotly follows in `settled`. */
    moved() {
      if (!this.ready) return;
      plot.view.clamp(this.view, this.series);
      if (this.view.auto) plot.view.fit(this.view, this.series, false);
      plot.link.follow(this);
      if (this.tools.active) return this.settled(); // Plotly draws, and must not be hidden
      this.moving = true;
      clearTimeout(this.rest);
      this.rest = setTimeout(() => this.settled(), SETTLE_MS);
      if (this.frameRequest) return;
      this.frameRequest = root.requestAnimationFrame(() => {
        this.frameRequest = 0;
        if (this.moving) this.cover(true);
        this.axesData = plot.axes.labels(this);
        this.draw();
        this.overview.paint();
        this.events.follow?.();
      });
    }

    /** Hide Plotly's layers, or show them. Only a change is said: the page would be styled anew for each frame. */
    cover(yes) {
      const { classList } = this.nodes.host;
      if (classList.contains("of-moving") !== yes) classList.toggle("of-moving", yes);
    }

    /** The reader let go, or rests. */
    settled() {
      clearTimeout(this.rest);
      if (this.gestures.active) {
        this.rest = setTimeout(() => this.settled(), SETTLE_MS);
        return;
      }
      const { view, series } = this;
      // pulled back to where the newest bar is at the right: that is following again
      if (
        !view.follow &&
        !this.away &&
        Math.abs(view.x1 - series.last - 0.5 - Math.max(view.pad, view.span * view.share)) < 0.35
      )
        view.follow = true;
      this.moving = false;
      this.apply();
      this.cover(false);
      this.overview.paint();
      this.events.view?.();
    }

    /** Show the slots from one to another. */
    show(x0, x1) {
      Object.assign(this.view, { x0, x1, zoomed: true, span: (x1 - x0) / (1 + this.view.share) });
    }

    window(x0, x1) {
      const { view, series } = this;
      this.show(x0, x1);
      view.follow = !this.away && x1 >= series.last + 0.5;
      if (view.follow) plot.view.toLive(view, series);
      this.moved();
    }

    goLive() {
      plot.view.toLive(this.view, this.series);
      this.moved();
      this.settled();
    }

    autoPrice() {
      this.view.auto = true;
      this.moved();
      this.settled();
    }

    pan(share) {
      plot.view.panX(this.view, share * (this.view.x1 - this.view.x0));
      this.moved();
    }

    zoom(factor) {
      plot.view.zoomX(this.view, factor, (this.view.x0 + this.view.x1) / 2);
      if (this.view.follow) plot.view.toLive(this.view, this.series);
      this.moved();
    }

    /** The pointer is at {x, y} or (null) gone. */
    point(pointer) {
      this.pointer = pointer;
      if (this.pointRequest) return;
      this.pointRequest = root.requestAnimationFrame(() => {
        this.pointRequest = 0;
        this.drawOverlay();
        plot.link.mark(this);
      });
    }

    /** Colours or panes changed. */
    recolour() {
      this.theme = this.colours();
      if (!this.ready || !this.gd) return;
      this.last = null;
      this.reframe();
      this.rebuild();
      this.tools.show();
    }

    /** Everything anew: size, panes, theme. What is hidden has no size, and Plotly none to go back to: when it is shown. */
    rebuild() {
      if (!this.nodes.host.clientWidth) return;
      this.measure();
      this.applied = {};
      if (this.gd && this.gd.layout)
        root.Plotly.relayout(this.gd, plot.axes.layout(this.geometry, this.axesData, this.theme, this.owners));
      this.draw();
      this.overview.paint();
    }

    resized() {
      this.narrow = root.matchMedia("(max-width: 640px)").matches;
      if (!this.ready || !this.nodes.host.clientWidth) return;
      this.reframe();
      this.rebuild();
    }

    /** Plotly's ranges and labels, when they changed, and the picture. */
    apply() {
      if (!this.ready || !this.gd || !this.gd.layout) return;
      const started = performance.now();
      this.axesData = plot.axes.labels(this);
      const update = plot.axes.ranges(this.axesData, this.geometry, this.owners),
        changed = {};
      for (const [key, value] of Object.entries(update)) {
        const text = JSON.stringify(value);
        if (this.applied[key] !== text) {
          this.applied[key] = text;
          changed[key] = value;
        }
      }
      if (Object.keys(changed).length) root.Plotly.relayout(this.gd, changed);
      this.keep("apply", performance.now() - started);
      this.draw();
    }

    draw() {
      if (!this.ready || !this.geometry) return;
      const started = performance.now(),
        { W, H } = this.geometry;
      const ctx = plot.canvas.prepare(this.nodes.base, W, H);
      this.paint(ctx);
      this.drawOverlay(ctx);
      this.keep("paint", performance.now() - started);
      this.events.drawn?.();
    }

    /** What is above Plotly. base: the canvas just painted, which takes it while the plot moves without a pointer: a second
        canvas of this size costs a millisecond a frame, unless it is hidden. */
    drawOverlay(base = null) {
      if (!this.ready || !this.geometry) return;
      const { W, H } = this.geometry,
        { style } = this.nodes.overlay,
        alone = base && this.moving && !this.pointer && this.mark === null,
        shown = alone ? "hidden" : "";
      if (style.visibility !== shown) style.visibility = shown;
      const ctx = alone ? base : plot.canvas.prepare(this.nodes.overlay, W, H);
      if (this.moving) {
        plot.axes.paintLabels(ctx, this.geometry, this.axesData, this.theme, this.owners);
        this.tools.paint(ctx);
      }
      this.hit = plot.crosshair.paint(ctx, this, this.pointer, this.nodes.readout);
      this.events.hover?.(this.hit);
    }

    keep(name, ms) {
      const list = this.timing[name];
      list.push(ms);
      if (list.length > 200) list.splice(0, 100);
    }
  }

  /** What a key or a button may ask of any plot, by its name: act(controller, argument, shift). */
  const actions = {
    live: (controller) => controller.goLive(),
    auto: (controller) => controller.autoPrice(),
    pan: (controller, by, shift) => controller.pan(by * (shift ? 0.9 : 0.12)),
    zoom: (controller, factor) => controller.zoom(factor),
    tool: (controller, name) => controller.tools.choose(name),
    undo: (controller) => controller.tools.undo(),
    clear: (controller) => controller.tools.clear(),
  };

  Object.assign(plot, { Controller, actions });
})(window);
