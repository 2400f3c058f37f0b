/* A plot of candles: create it on an element, give it data, listen to it. Contract of version 1, stable:

     const chart = of.plot.create(element, { pair, zone, panes, label, drawings, events });

   The element has a size of its own; it gets the canvases, Plotly, a legend and the overview. pair: "blue" or "green";
   zone: "utc" or "local"; panes: names of the panes below the prices that studies may use, from the top, all there will
   ever be; label: for screen readers. drawings: {load(key): list, save(key, list)}, without it localStorage; an item is
   {type: "line" | "rect", axis: "y" or that of its pane, t0, t1 (ms), y0, y1 (prices or values)}. Before the first plot
   `Object.assign(of.plot.theme.known, {schemes, pairs})` of layouts/chart_colours.py; the style sheet is kit/plot.

   In:
     chart.set({ key, title, tick, pd, sd, ms, bars, more })   a series anew. key: names the series, drawings are kept under
         it, and the view stays where it is while the key does; tick, pd: size and decimals of a price; sd: decimals of
         volumes; ms: of a bar, 0 where they differ; more: whether there are older bars to ask for
     chart.prepend(bars, more)   older bars, at the event `older`
     chart.append(bars)          the forming bar, changed bars and later ones, by time
         bars: arrays of one length, oldest first: {time (ms), open, high, low, close, volume}, prices and volumes as
         numbers, NaN or null for none; and by its name each study's values of these bars, if it is to go on
     chart.studies([{ name, label, pane, kind, values, colour, width, dash, fall, decimals, guides }])   all of them, anew.
         pane: "price" (default) or one of `panes`; kind: "line" or "bars" (from zero; colour upwards, fall downwards);
         values: of all bars held, NaN or null for none; colour: CSS, default the theme's; decimals, guides (values of
         dashed rules): of the pane's first study
     chart.signals({ time, type, price, label, color, icon })   arrays of one length, earliest first (see signals.js)
     chart.choose({ kind, scale, volume, pair, zone })   kind: "candles", "line", "heikin"; scale: "linear", "log"
         (linear where a price is not above 0), "percent" (of the first visible close); volume: true or false
     chart.place({ from, to, y } | { from } | { bars } | {})   show times (ms) and prices; around a time; so many of the
         newest bars; the first view. chart.range is what `place` takes to come back here
     of.plot.actions[name](chart, argument, shift), name: live, auto, pan (-1, 1), zoom (factor), tool ("line", "rect",
         "erase", null), undo, clear; chart.png(caption {title, small, right}, words of the file's name): a promise
     of.plot.link.join([chart, …])   they show one time and mark each other's pointer
     chart.recolour()   after a change of the theme;  chart.close()

   Out, all optional, in `events`: view(range) once the view has come to rest; older(time of the first bar held) when the
   view comes near it and there is more; hover({time, open, …, studies by name} | null); signal(rows: indices) at a click
   on a mark; tool(name | null); drawn(). */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const plot = (of.plot = of.plot || Object());

  const PRICES = ["open", "high", "low", "close"];
  const WIDTH = 8; // px of a bar in the first view
  const AHEAD = 0.5; // of the screen: so near to the first bar older ones are asked for
  const NONE = () => {};

  class Plot extends plot.Controller {
    /** @param {any} config */
    constructor(element, config = {}) {
      const { pair = "blue", zone = "utc", panes = [], label = "Chart", drawings, events = {} } = config;
      const own = Object.fromEntries(
        ["view", "older", "hover", "signal", "tool", "drawn"].map((name) => [name, events[name] || NONE]),
      );
      super(
        plot.card.build(element, label),
        {
          alert: NONE,
          follow: NONE,
          drawn: own.drawn,
          view: () => this.rested(),
          hover: () => this.hovered(),
          tool: (tool) => {
            this.nodes.host.dataset.cursor = tool || "plot";
            own.tool(tool);
          },
        },
        Object.fromEntries(panes.map((name, i) => [name, "y" + (i + 2)])),
      );
      this.element = element;
      this.own = own;
      this.panes = panes;
      this.drawings = drawings;
      this.data = new plot.Columns();
      this.listed = []; // studies
      this.marks = new plot.Signals();
      this.choice = { kind: "candles", scale: "linear", volume: true, pair, zone };
      this.title = "";
      this.more = false;
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
        if (this.choice.volume) candles.volume(ctx, data, frame, 0.18);
        if (this.choice.kind === "line")
          candles.line(ctx, data, frame, { name: "close", colour: theme.buy, width: 1.8 });
        else candles.candles(ctx, series, frame);
        for (const study of this.studiesIn("price")) plot.studies.paint(ctx, this, study, frame);
        this.lastPrice(ctx, frame);
        this.marks.paint(ctx, data, frame);
      });
      for (const { name } of this.lower()) plot.studies.pane(ctx, this, name, frame);
    }

    lastPrice(ctx, { theme, Y, box }) {
      const { newest } = this,
        y = newest ? Math.round(Y(newest.close)) + 0.5 : NaN;
      if (!newest || y < box.y || y > box.y + box.h) return;
      ctx.strokeStyle = newest.close >= newest.open ? theme.buy : theme.sell;
      ctx.lineWidth = 1;
      ctx.setLineDash([3, 3]);
      plot.canvas.line(ctx, box.x, y, box.x + box.w, y);
      ctx.setLineDash([]);
    }

    readout(node, { slot }) {
      return plot.card.fill(this, node, slot);
    }

    hovered() {
      const bar = this.hit ? plot.card.row(this, this.hit.slot) : null;
      plot.card.legend(this, bar || plot.card.row(this, this.data.last));
      this.own.hover(bar);
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

    set({ key, title = key, tick, pd, sd = 0, ms = 0, bars, more = false }) {
      const { view, data } = this,
        same = key === this.name && this.ready,
        range = same && !view.follow ? this.range : null;
      this.name = key;
      this.title = title;
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
      if (range) this.place(range);
      this.reframe();
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

    get range() {
      const { view, data } = this,
        found = {};
      if (!this.ready) return found;
      if (!view.follow) {
        found.from = Math.round(data.timeOfSlot(view.x0));
        found.to = Math.round(data.timeOfSlot(view.x1));
      } else if (view.zoomed) found.bars = Number(view.span.toFixed(4));
      if (!view.auto) found.y = [view.y0, view.y1].map((y) => Number((view.scale.from(y) * data.tick).toPrecision(12)));
      return found;
    }

    place({ from, to, y, bars }) {
      const { view, data } = this;
      if (!this.ready) return;
      Object.assign(view, { follow: from === undefined, auto: !y });
      if (from !== undefined) {
        const half = (view.x1 - view.x0) / 2,
          slot = data.slotOfTime(from);
        view.x0 = to === undefined ? slot - half : slot;
        view.x1 = to === undefined ? slot + half : data.slotOfTime(to);
        Object.assign(view, { zoomed: true, span: (view.x1 - view.x0) / (1 + view.share) });
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

    /** Show a span of time, for a linked plot that moves. */
    showTimes(from, to) {
      const { view, data } = this;
      view.x0 = data.slotOfTime(from);
      view.x1 = data.slotOfTime(to);
      Object.assign(view, {
        zoomed: true,
        follow: view.x1 >= data.last + 0.5,
        span: (view.x1 - view.x0) / (1 + view.share),
      });
      this.moved();
    }

    rested() {
      this.own.view(this.range);
      this.ask();
    }

    /** Ask for older bars when the view is near the first one. */
    ask() {
      const { view, data } = this;
      if (!this.more || this.asked !== null || view.x0 > data.first + AHEAD * (view.x1 - view.x0)) return;
      this.asked = data.at("time", data.first);
      this.own.older(this.asked);
    }

    tapped(point) {
      const rows = this.marks.at(point);
      if (rows.length) this.own.signal(rows);
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
