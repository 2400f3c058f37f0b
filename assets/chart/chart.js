/* The chart: holds the model, the view and the options, and decides when what is drawn.

   Data arrives through `receive`; the reader's hands through `moved`, `point` and `set`. Every change ends in `draw`
   (canvas only) or `apply` (Plotly's ranges and labels, then the canvas). While data comes in, `apply` runs for a new
   bar or at most every 0.9 s, and never while the reader moves the chart: then Plotly's layers are hidden and the canvas
   draws their labels and shapes too. It knows nothing of Dash. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  const HEAVY_MS = 900;
  const SETTLE_MS = 140;
  const PROFILE_SHARE = 0.13;

  class Chart {
    /** nodes: {host, plot, base, overlay, readout, overview}. config: {minutes, exact: show them all whether or not they can be read}. events: {view, tool, drawn, error}. */
    constructor(nodes, config, events) {
      this.nodes = nodes;
      this.config = config;
      this.events = events;
      this.model = of.model.create();
      this.view = of.view.create();
      this.narrow = root.matchMedia("(max-width: 640px)").matches;
      this.options = of.options.load(this.narrow);
      this.theme = of.theme.colours(this.options.colours);
      this.ready = false;
      this.gd = null;
      this.lastHeavy = 0;
      this.pointer = null;
      this.applied = {};
      this.timing = { merge: [], paint: [], apply: [] };
      this.tools = new of.tools.Tools(this, (tool) => events.tool(tool));
      this.gestures = new of.Gestures(nodes.host, this);
      this.overview = new of.Overview(nodes.overview, this, (x0, x1) => this.window(x0, x1));
      this.reserve();
      this.observer = new ResizeObserver(() => this.resized());
      this.observer.observe(nodes.host);
      this.life = new AbortController();
      const seen = () => {
        if (!root.document.hidden && this.ready) this.refresh(true);
      };
      root.document.addEventListener("visibilitychange", seen, { signal: this.life.signal });
    }

    /** The live model, which goes on beside a window of older bars. */
    get live() {
      return this.model.live || this.model;
    }

    get away() {
      return this.model.live !== null;
    }

    /** The page goes: let go of everything outside it. */
    close() {
      this.ready = false;
      this.observer.disconnect();
      this.life.abort();
      clearTimeout(this.rest);
    }

    /** Room at the right for the profile. */
    reserve() {
      this.view.share = this.options.profile === "off" ? 0.01 : PROFILE_SHARE;
    }

    /** Merge an answer of the server. Returns false when only a snapshot will do: also after late ticks in older bars than
      the server's newest, if such are held. */
    receive(answer) {
      if (answer.late && (this.away || this.live.deep)) return false;
      const started = performance.now(),
        { live } = this,
        away = this.away && !answer.full;
      const before = { symbol: live.symbol, frame: live.frame },
        range = this.ready && !this.view.follow ? of.reach.range(this) : null;
      const merged = of.model.merge(live, answer);
      if (!merged) return false;
      const done = away ? of.model.merge(this.model, answer) : merged;
      if (!live.bars.length) {
        this.model = live;
        this.ready = false;
        this.events.drawn();
        return true;
      }
      const other = before.symbol !== live.symbol || before.frame !== live.frame;
      if (answer.full && range && !other && (this.away || this.view.x0 < live.first)) {
        this.wanted = this.wanted || range; // the bars shown are no longer held
        this.ready = false;
      }
      if (answer.full) this.model = live;
      if (!this.ready || other) this.start(other);
      else {
        const late = done.inserted.filter((slot) => slot <= this.view.x1).length;
        this.view.x0 += late;
        this.view.x1 += late;
        if (done.inserted.length || (done.full && !done.dropped)) this.tools.show();
        if (!this.held) of.reach.trim(this);
        if (!root.document.hidden) this.refresh(done.added);
      }
      this.keep("merge", performance.now() - started);
      return true;
    }

    /** More bars are held at an end; what is on screen stays where it is. */
    extended() {
      this.tools.show();
      if (this.held) return this.draw();
      if (this.view.auto) of.view.fit(this.view, this.model, false);
      this.apply();
      this.overview.paint();
      of.address.remember(false);
    }

    /** First data of a series: set up the view, then mount or rebuild. */
    start(other) {
      const { view } = this;
      if (!this.live.bars.length) return;
      if (other || !view.placed)
        Object.assign(view, { zoomed: false, auto: true, follow: true, placed: true, span: 0 });
      else if (!this.wanted) view.follow = true;
      this.last = null;
      this.measure();
      if (other) this.ready = false;
      if (this.wanted && !of.reach.place(this, this.wanted)) return; // its bars are asked for
      this.ready = true;
      if (view.follow) this.model = this.live;
      this.reframe();
      if (this.gd) {
        this.rebuild();
        this.tools.show();
      } else this.mount();
      this.events.view();
    }

    /** The first view, until the reader zooms or goes elsewhere: as many of the newest bars as can be read. It is kept
      while it can be, so that the scale does not change with every bar. */
    open() {
      const { view, model, options, geometry } = this;
      if (view.zoomed || !view.follow || !model.bars.length) return;
      const { price } = geometry.panes,
        least = of.first.screen(geometry.W, this.narrow);
      const room = { w: price.w, slot: (n) => price.w / (n + Math.max(view.pad, n * view.share)), h: price.h, least };
      const levels = (low, high) => {
        const [y0, y1] = of.view.around(view, low, high);
        return y1 - y0;
      };
      const { minutes, exact } = this.config;
      const best = exact ? of.first.window(model, minutes) : of.first.count(model, minutes, room, options.mode, levels);
      if (exact || best < view.span || best > 1.3 * view.span) view.span = best;
      view.best = exact || options.mode === "candles" ? 0 : view.span;
      view.least = of.first.rowHeight(least.font);
    }

    /** After a change of what the view depends on: the size, the panes, what bars show. */
    reframe() {
      const { view, model } = this;
      this.measure();
      this.open();
      if (view.follow) of.view.toLive(view, model);
      if (view.auto) of.view.fit(view, model, false);
    }

    async mount() {
      this.measure();
      this.gd = this.nodes.plot;
      await of.axes.mount(this.gd, of.axes.layout(this.geometry, this.axesData, this.theme), this.tools.project());
      this.tools.attach(this.gd);
      this.draw();
      this.overview.paint();
    }

    /** Where panes lie, for the host's size and the panes chosen. */
    measure() {
      const { clientWidth: W, clientHeight: H } = this.nodes.host,
        { model } = this;
      const bar = of.model.newest(model);
      const digits = bar ? of.format.price(bar.c, model.tick, model.pd).length : 6;
      this.geometry = of.axes.arrange(W, H, this.options, this.narrow, digits);
      this.view.height = this.geometry.panes.price.h;
      this.view.font = of.first.screen(W, this.narrow).font;
      this.view.pad = this.narrow ? 0.1 : 1.2;
      this.view.headroom = Math.min(0.22, (this.narrow ? 78 : 44) / this.geometry.panes.price.h);
      this.axesData = of.axes.labels(this);
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
        if (this.view.follow) of.view.toLive(this.view, this.model);
        if (this.view.auto) of.view.fit(this.view, this.model, true);
        this.apply();
        this.overview.paint();
      } else this.draw();
    }

    /** The reader moves the view: redraw with the next frame, on the canvases alone. Plotly follows in `settled`. */
    moved() {
      if (!this.ready) return;
      if (this.wanted) of.reach.stop();
      this.wanted = null;
      of.view.clamp(this.view, this.model);
      if (this.view.auto) of.view.fit(this.view, this.model, false);
      this.moving = true;
      clearTimeout(this.rest);
      this.rest = setTimeout(() => this.settled(), SETTLE_MS);
      if (this.frameRequest) return;
      this.frameRequest = root.requestAnimationFrame(() => {
        this.frameRequest = 0;
        if (this.moving) this.nodes.host.classList.add("of-moving");
        this.axesData = of.axes.labels(this);
        this.draw();
        this.overview.paint();
        this.events.follow();
      });
    }

    /** The reader let go, or rests. */
    settled() {
      clearTimeout(this.rest);
      if (this.gestures.active) {
        this.rest = setTimeout(() => this.settled(), SETTLE_MS);
        return;
      }
      const { view, model } = this;
      // pulled back to where the newest bar is at the right: that is following again
      if (
        !view.follow &&
        !this.away &&
        Math.abs(view.x1 - of.model.lastSlot(model) - 0.5 - Math.max(view.pad, view.span * view.share)) < 0.35
      )
        view.follow = true;
      this.moving = false;
      this.apply();
      this.nodes.host.classList.remove("of-moving");
      this.overview.paint();
      this.events.view();
    }

    window(x0, x1) {
      const { view, model } = this;
      view.x0 = x0;
      view.x1 = x1;
      view.zoomed = true;
      view.span = (x1 - x0) / (1 + view.share);
      view.follow = !this.away && x1 >= of.model.lastSlot(model) + 0.5;
      if (view.follow) of.view.toLive(view, model);
      this.moved();
    }

    goLive() {
      this.wanted = null;
      of.reach.stop();
      if (this.away || !this.ready) return this.start(false);
      of.view.toLive(this.view, this.model);
      this.moved();
      this.settled();
    }

    autoPrice() {
      this.view.auto = true;
      this.moved();
      this.settled();
    }

    pan(share) {
      of.view.panX(this.view, share * (this.view.x1 - this.view.x0));
      this.moved();
    }

    zoom(factor) {
      of.view.zoomX(this.view, factor, (this.view.x0 + this.view.x1) / 2);
      if (this.view.follow) of.view.toLive(this.view, this.model);
      this.moved();
    }

    /** The pointer is at {x, y} or (null) gone. */
    point(pointer) {
      this.pointer = pointer;
      if (this.pointRequest) return;
      this.pointRequest = root.requestAnimationFrame(() => {
        this.pointRequest = 0;
        this.drawOverlay();
      });
    }

    /** Change options. keep: as the reader's own, for the next visit. */
    set(changes, keep) {
      this.options = of.options.complete({ ...this.options, ...changes });
      if (keep) of.options.save({ ...of.options.load(this.narrow), ...changes });
      this.reserve();
      this.recolour();
    }

    /** Colours or panes changed. */
    recolour() {
      this.theme = of.theme.colours(this.options.colours);
      if (!this.ready || !this.gd) return;
      this.last = null;
      this.reframe();
      this.rebuild();
      this.tools.show();
    }

    /** Everything anew: size, panes, theme. */
    rebuild() {
      this.measure();
      this.applied = {};
      if (this.gd && this.gd.layout)
        root.Plotly.relayout(this.gd, of.axes.layout(this.geometry, this.axesData, this.theme));
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
      this.axesData = of.axes.labels(this);
      const update = of.axes.ranges(this.axesData, this.geometry),
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
      of.paint.paint(of.canvas.prepare(this.nodes.base, W, H), this);
      this.drawOverlay();
      this.keep("paint", performance.now() - started);
      this.events.drawn();
    }

    drawOverlay() {
      if (!this.ready || !this.frame) return;
      const { W, H } = this.geometry;
      const ctx = of.canvas.prepare(this.nodes.overlay, W, H);
      if (this.moving) {
        of.axes.paintLabels(ctx, this.geometry, this.axesData, this.theme);
        this.tools.paint(ctx);
      }
      this.hit = of.crosshair.paint(ctx, this, this.pointer, this.nodes.readout);
      this.events.hover(this.hit);
    }

    keep(name, ms) {
      const list = this.timing[name];
      list.push(ms);
      if (list.length > 200) list.splice(0, 100);
    }
  }

  of.Chart = Chart;
})(globalThis);
