/* The chart: a plot of the model's bars, with what the reader chose to see of them.

   Data arrives through `receive`; when what is drawn is the engine's to decide (kit/plot/controller.js). It knows nothing
   of Dash. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  const PROFILE_SHARE = 0.13;
  const OWNERS = { delta: "y2", cvd: "y3" };

  class Chart extends of.plot.Controller {
    /** nodes, events: the engine's. config: {minutes, exact: show them all whether or not they can be read}. */
    constructor(nodes, config, events) {
      super(nodes, events, OWNERS);
      this.config = config;
      this.model = of.model.create();
      this.options = of.options.load(this.narrow);
      this.theme = this.colours();
      this.reserve();
    }

    /** The live model, which goes on beside a window of older bars. */
    get live() {
      return this.model.live || this.model;
    }

    get away() {
      return this.model.live !== null;
    }

    get series() {
      return of.model.columns(this.model);
    }

    get newest() {
      return of.model.columns(this.live).newest;
    }

    get key() {
      return this.model.symbol;
    }

    get zone() {
      return this.options.zone;
    }

    colours() {
      return of.plot.theme.colours(this.options.colours);
    }

    lower() {
      return of.lower.PANES.filter(({ name }) => this.options.panes.includes(name));
    }

    scales(from, to) {
      this.last = of.lower.scales(this.series, from, to, this.geometry.panes, this.options, this.last);
      return this.last;
    }

    paint(ctx) {
      of.paint.paint(ctx, this);
    }

    pick(pointer) {
      return of.readout.pick(this, pointer);
    }

    readout(node, hit) {
      return this.options.readout && of.readout.fill(this, node, hit);
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
        range = this.ready && !this.view.follow ? this.range : null;
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
      if (this.view.auto) of.plot.view.fit(this.view, this.series, false);
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
        const [y0, y1] = of.plot.view.around(view, low, high);
        return y1 - y0;
      };
      const { minutes, exact } = this.config;
      const best = exact ? of.first.window(model, minutes) : of.first.count(model, minutes, room, options.mode, levels);
      if (exact || best < view.span || best > 1.3 * view.span) view.span = best;
      view.best = exact || options.mode === "candles" ? 0 : view.span;
      view.least = of.first.rowHeight(least.font);
    }

    measure() {
      super.measure();
      this.view.font = of.first.screen(this.geometry.W, this.narrow).font;
    }

    moved() {
      if (!this.ready) return;
      if (this.wanted) of.reach.stop();
      this.wanted = null;
      super.moved();
    }

    goLive() {
      this.wanted = null;
      of.reach.stop();
      if (this.away || !this.ready) this.start(false);
      else super.goLive();
    }

    /** Change options. keep: as the reader's own, for the next visit. */
    set(changes, keep) {
      this.options = of.options.complete({ ...this.options, ...changes });
      if (keep) of.options.save({ ...of.options.load(this.narrow), ...changes });
      this.reserve();
      this.recolour();
    }

    /** Save a picture, with the definitions in force. */
    png() {
      const { model, options } = this,
        { symbol, frame, stats, tick, pd } = model,
        { price, stamp } = of.plot.format,
        bar = of.model.newest(model),
        time = stamp(stats.last || bar.t, options.zone, true) + (options.zone === "utc" ? " UTC" : "");
      const caption = {
        title: [symbol, frame, of.legend.modeName(options.mode)].join("  ·  "),
        small: of.model.definitions(model),
        right: `last ${price(bar.c, tick, pd)}  ·  ${time}`,
      };
      const saved = new Date(stats.last || Date.now()).toISOString().slice(0, 19).replace(/[:T]/g, "-");
      return of.plot.export.png(this, caption, [symbol, frame, saved]);
    }
  }

  of.Chart = Chart;
})(globalThis);
