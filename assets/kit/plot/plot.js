/* A plot of candles: create it on an element, give it data, listen to it. types.d.ts is its contract. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const plot = (of.plot = of.plot || Object());

  const PRICES = ["open", "high", "low", "close"];
  const WIDTH = 8; // px of a bar in the first view
  const AHEAD = 0.5; // of the screen: so near to the first bar older ones are asked for

  class Plot extends plot.Controller {
    /** @param {HTMLElement} element @param {PlotConfig} config */
    constructor(element, config = {}) {
      const { pair = "blue", zone = "utc", panes = [], label = "Chart", drawings, events = {} } = config;
      const { tool, drawn } = events,
        owners = Object.fromEntries(panes.map((name, i) => [name, "y" + (i + 2)])),
        heard = { tool, drawn, view: () => this.rested(), hover: () => this.hovered() };
      super(plot.card.build(element, label), heard, owners);
      this.element = element;
      this.own = events;
      this.panes = panes;
      this.drawings = drawings;
      this.data = new plot.Columns();
      this.listed = []; // studies
      this.marks = new plot.Signals();
      this.choice = { kind: "candles", scale: "linear", volume: true, pair, zone };
      this.title = "";
      this.more = false;
      this.gaps = []; // when bars go on after a gap, ms
      this.asked = null;
      this.changes = 0;
      this.smooth = null;
      this.view.share = 0.03;
      this.theme = this.colours();
    }

    // What the engine asks -------------------------------------------------------------------------------------------

    get series() {
      if (this.choice.kind !== "heikin") return this.data;
      if (!this.smooth || this.smooth.changes !== this.changes)
        this.smooth = { ...plot.candles.heikin(this.data, this.smooth), changes: this.changes };
      return this.smooth.series;
    }

    get newest() {
      return this.data.newest;
    }

    get key() {
      return this.name;
    }

    get zone() {
      return this.choice.zone;
    }

    colours() {
      return plot.theme.colours(this.choice.pair);
    }

    lower() {
      const used = this.listed.map(({ pane }) => pane);
      return this.panes.filter((name) => used.includes(name)).map((name) => ({ name, most: 150 }));
    }

    /** The studies of a pane. */
    studiesIn(pane) {
      return this.listed.filter((study) => study.pane === pane);
    }

    scales(from, to) {
      const axes = this.lower().map(({ name }) => [name, plot.studies.axis(this, name, from, to)]);
      return (this.last = Object.fromEntries(axes));
    }

    paneText(pane, value) {
      return plot.format.exact(value, this.studiesIn(pane)[0].decimals);
    }

    open() {
      const { view, data, geometry } = this;
      if (view.zoomed || !view.follow) return;
      view.span = Math.max(10, Math.min(data.n, Math.round(geometry.plot.w / (this.narrow ? WIDTH - 2 : WIDTH))));
    }

    paint(ctx) {
      const { geometry, view, series, theme, data } = this,
        { price } = geometry.panes,
        [from, to] = plot.view.visible(view, series),
        w = geometry.plot.w / (view.x1 - view.x0),
        { candles, canvas } = plot;
      const left = geometry.plot.x - view.x0 * w,
        X = (slot) => left + slot * w;
      const { scale, y0, y1 } = view,
        per = price.h / (y1 - y0),
        top = price.y + y1 * per;
      const Y = scale.name === "log" ? (level) => top - scale.to(level) * per : (level) => top - level * per;
      const frame = { theme, X, Y, w, from, to, box: price };
      plot.axes.grid(ctx, this);
      canvas.clip(ctx, price, () => {
        candles.gaps(ctx, data, frame, this.gaps);
        if (this.choice.volume) candles.volume(ctx, data, frame, 0.18);
        if (this.choice.kind === "line")
          candles.line(ctx, data, frame, { name: "close", colour: theme.buy, width: 1.8 });
        else candles.candles(ctx, series, frame);
        for (const study of this.studiesIn("price")) plot.studies.paint(ctx, this, study, frame);
        plot.crosshair.lastLine(ctx, this);
        this.marks.paint(ctx, data, frame);
      });
      for (const { name } of this.lower()) plot.studies.pane(ctx, this, name, frame);
    }

    readout(node, { slot }) {
      return plot.card.fill(this, node, slot);
    }

    hovered() {
      const bar = this.hit ? plot.card.row(this, this.hit.slot) : null;
      plot.card.legend(this, bar || plot.card.row(this, this.data.last));
      this.own.hover?.(bar);
    }

    // Data -----------------------------------------------------------------------------------------------------------

    /** Prices in levels, volumes and studies in units of their last decimal. */
    scaled(bars) {
      const { tick, sd } = this.data,
        batch = { time: bars.time },
        times = plot.studies.times;
      for (const name of PRICES) if (bars[name]) batch[name] = times(bars[name], 1 / tick);
      if (bars.volume) batch.volume = times(bars.volume, 10 ** sd);
      for (const { name, factor } of this.listed) {
        if (!bars[name]) continue;
        batch[name] = batch[plot.studies.top(name)] = times(bars[name], factor);
      }
      return batch;
    }

    set({ key, title = key, tick, pd, sd = 0, ms = 0, bars, more = false, gaps = [] }) {
      const { view, data } = this,
        same = key === this.name && this.ready,
        range = same && !view.follow ? this.range : null;
      this.name = key;
      this.title = title;
      this.gaps = gaps;
      for (const name of this.listed) this.forget(name);
      this.listed = [];
      Object.assign(data, { tick, pd, sd, ms });
      data.set(this.scaled(bars));
      if (!same) {
        Object.assign(view, { zoomed: false, auto: true, follow: true });
        this.signals({ time: [] });
      }
      this.changed(more);
      this.rescale();
      this.last = null;
      this.ready = data.n > 0;
      this.nodes.plot.style.visibility = this.ready ? "" : "hidden";
      if (!this.ready) return this.blank();
      this.reframe(); // without the panes of before
      if (range) this.place(range);
      if (this.gd) {
        this.rebuild();
        this.tools.show();
      } else this.mount();
      this.ask();
    }

    prepend(bars, more = false) {
      if (!this.ready) return;
      const came = this.data.prepend(this.scaled(bars));
      this.changed(more && came > 0);
      this.tools.show();
      if (this.view.auto) plot.view.fit(this.view, this.series, false); // those that came may be visible already
      if (this.held) this.draw();
      else this.settled();
    }

    append(bars) {
      if (!this.ready || !bars.time.length) return;
      const { n } = this.data;
      this.data.append(this.scaled(bars));
      this.changed(this.more);
      if (!root.document.hidden) this.refresh(this.data.n > n);
    }

    changed(more) {
      this.changes++;
      this.more = more;
      this.asked = null;
      this.view.most = Math.max(1000, 1.2 * this.data.n);
    }

    forget({ name }) {
      this.data.drop(name);
      this.data.drop(plot.studies.top(name));
    }

    studies(list) {
      for (const study of this.listed) this.forget(study);
      this.listed = list.map((given) => plot.studies.complete(given, this.data));
      const batch = this.scaled(Object.fromEntries(this.listed.map(({ name, values }) => [name, values])));
      for (const { name } of this.listed) {
        this.data.put(name, "min", batch[name]);
        this.data.put(plot.studies.top(name), "max", batch[name]);
      }
      this.last = null;
      this.recolour();
    }

    signals(rows) {
      this.marks.set(rows);
      this.draw();
    }

    choose(changes) {
      Object.assign(this.choice, changes);
      this.rescale();
      this.recolour();
    }

    /** The scale chosen, if the prices have a logarithm. */
    rescale() {
      const { choice, data, view } = this,
        scale = plot.scale.of(choice.scale === "log" && !(data.over("low") > 0) ? "linear" : choice.scale);
      if (scale !== view.scale) Object.assign(view, { scale, auto: true });
    }

    // The view -------------------------------------------------------------------------------------------------------

    place({ from, to, y, bars }) {
      const { view, data } = this;
      if (!this.ready) return;
      Object.assign(view, { follow: from === undefined, auto: !y });
      if (from !== undefined) {
        const half = (view.x1 - view.x0) / 2,
          slot = data.slotOfTime(from);
        this.show(...(to === undefined ? [slot - half, slot + half] : [slot, data.slotOfTime(to)]));
      } else {
        Object.assign(view, { zoomed: Boolean(bars), span: bars || 0 });
        this.open();
        plot.view.toLive(view, data);
      }
      if (y) [view.y0, view.y1] = y.map((price) => view.scale.to(price / data.tick));
      if (!this.gd) return;
      this.moved();
      this.settled();
    }

    /** Show a span of time, for a linked plot that moves. held: only if there are bars of it. */
    showTimes(from, to, held = false) {
      const { view, data } = this,
        [x0, x1] = [from, to].map((time) => data.slotOfTime(time));
      if (held && (x0 >= data.last + 1 || x1 < data.first)) return;
      this.show(x0, x1);
      view.follow = view.x1 >= data.last + 0.5;
      this.moved();
    }

    rested() {
      this.own.view?.(this.range);
      this.ask();
    }

    /** Ask for older bars when the view is near the first one. */
    ask() {
      const { view, data } = this;
      if (!this.more || this.asked !== null || view.x0 > data.first + AHEAD * (view.x1 - view.x0)) return;
      this.asked = data.at("time", data.first);
      this.own.older?.(this.asked);
    }

    tapped(point) {
      const rows = this.marks.at(point);
      if (rows.length) this.own.signal?.(rows);
    }

    /** No bars: nothing is drawn. */
    blank() {
      const { W, H } = this.geometry || { W: 0, H: 0 };
      for (const name of ["base", "overlay"]) plot.canvas.prepare(this.nodes[name], W, H);
      this.nodes.legend.textContent = this.title;
    }

    png(caption, words) {
      return plot.export.png(this, caption, words);
    }

    close() {
      super.close();
      if (this.gd) root.Plotly.purge(this.gd);
      this.element.replaceChildren();
    }
  }

  Object.assign(plot, { Plot, create: (element, config) => new Plot(element, config) });
})(window);
