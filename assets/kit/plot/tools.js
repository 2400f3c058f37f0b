/* Drawing tools: line, rectangle, erase, clear; and their memory.

   Plotly draws and edits the shapes. They are kept under the controller's key (a symbol), by time and price and not by
   slot, so they stand at their place in every frame, after a reload, and after the server has started anew: in
   localStorage, or in what the controller has for it. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const plot = (of.plot = of.plot || Object());

  const PREFIX = "orderflow.drawings.";
  const MODES = { line: "drawline", rect: "drawrect" };
  const NEAR = 9;

  /** Shapes as stored: [{type, axis, t0, t1 (ms), y0, y1 (prices, or values of a lower pane)}]. */
  function stored(key) {
    return of.kit.storage.load(PREFIX + key, []).filter(sane);
  }

  const sane = (s) => ["line", "rect"].includes(s.type) && [s.t0, s.t1, s.y0, s.y1].every(Number.isFinite);

  const store = (key, list) => of.kit.storage.write(PREFIX + key, list.length ? JSON.stringify(list) : null);

  /** Drawings as text for an address, and back: "l,y,k7x…,25000.5,k7y…,25010;r,…", times in base 36. */
  const write = (list) =>
    list
      .map(({ type, axis = "y", t0, y0, t1, y1 }) =>
        [type[0], axis, Math.round(t0).toString(36), Number(y0.toPrecision(12))]
          .concat(Math.round(t1).toString(36), Number(y1.toPrecision(12)))
          .join(),
      )
      .join(";");

  const read = (text) =>
    text
      .split(";")
      .map((word) => {
        const [type, axis, t0, y0, t1, y1] = word.split(",");
        const [from, to] = [t0, t1].map((time) => parseInt(time, 36));
        return { type: { l: "line", r: "rect" }[type], axis, t0: from, t1: to, y0: Number(y0), y1: Number(y1) };
      })
      .filter(sane);

  /** Keep the drawings of an address beside those that are there. */
  function adopt(key, text) {
    const list = stored(key),
      known = list.map((item) => write([item]));
    store(key, [...list, ...read(text).filter((item) => !known.includes(write([item])))]);
  }

  /** Show which tool is in hand: the button that has its name as `data-tool` is pressed. */
  function press(active) {
    for (const node of root.document.querySelectorAll("[data-tool]"))
      node.setAttribute("aria-pressed", String(node.getAttribute("data-tool") === active));
  }

  /** A Plotly shape from a stored one. */
  function toShape(item, series, scale, theme) {
    return {
      type: item.type,
      xref: "x",
      yref: item.axis || "y",
      x0: series.slotOfTime(item.t0),
      x1: series.slotOfTime(item.t1),
      y0: heightOf(item.y0, item.axis, series, scale),
      y1: heightOf(item.y1, item.axis, series, scale),
      editable: false, // dragging a shape moves it, dragging its ends stretches it (edits.shapePosition)
      layer: "above",
      ...style(theme),
    };
  }

  /** Where a price stands on its axis, and back; on the axes of the lower panes their values stand. */
  const heightOf = (price, axis, { tick }, scale) =>
    axis && axis !== "y" ? price : scale.name === "log" ? scale.to(price / tick) * tick : price;

  const priceAt = (height, axis, { tick }, scale) =>
    axis && axis !== "y" ? height : scale.name === "log" ? scale.from(height / tick) * tick : height;

  const place = ({ type, yref, x0, y0, x1, y1 }) => [type, yref, x0, y0, x1, y1].join();

  const style = (theme) => ({
    line: { color: theme.draw, width: 2 },
    fillcolor: theme.name === "dark" ? "rgba(255,209,102,0.08)" : "rgba(180,83,9,0.08)",
  });

  function fromShape(shape, series, scale) {
    const price = (y) => priceAt(Number(y), shape.yref, series, scale);
    return {
      type: shape.type,
      axis: shape.yref || "y",
      t0: series.timeOfSlot(Number(shape.x0)),
      t1: series.timeOfSlot(Number(shape.x1)),
      y0: price(shape.y0),
      y1: price(shape.y1),
    };
  }

  /** The line of an alert: {id, price, words}. Dragging it moves the alert. */
  const alertShape = (theme, height, { id, words }) => ({
    type: "line",
    name: id,
    xref: "paper",
    yref: "y",
    x0: 0,
    x1: 1,
    y0: height,
    y1: height,
    editable: false,
    layer: "above",
    line: { color: theme.vwap, width: 1.5, dash: "dash" },
    label: { text: words, textposition: "start", yanchor: "bottom", font: { size: 11, color: theme.vwap } },
  });

  class Tools {
    /** `controller.gd` is the Plotly element, `controller.key` what the drawings are kept under, `controller.drawings` may
        have {load(key), save(key, list)} of its own for that. */
    constructor(controller) {
      this.controller = controller;
      this.active = null;
      this.key = null;
      this.known = new Map(); // what the shapes on the plot were made from
      this.hidden = []; // drawings of panes that are not shown
      this.alerts = [];
      this.own = 0;
    }

    /** Listen to Plotly once it stands. */
    attach(gd) {
      gd.on("plotly_relayout", (event) => {
        if (this.own || !Object.keys(event).some((key) => key.startsWith("shapes"))) return;
        const dragged = this.dragged();
        if (dragged) {
          this.show(); // a line stays across the pane
          this.controller.events.alert?.(dragged);
          return;
        }
        this.save();
        if ("shapes" in event) this.show(); // newly drawn: Plotly's own editing off, ours on
        if (this.active && this.active !== "erase") this.choose(null);
      });
      // drawn in another tab
      const elsewhere = (event) => {
        if (event.key === PREFIX + this.key) this.show();
      };
      root.addEventListener("storage", elsewhere, { signal: this.controller.life.signal });
    }

    shapes() {
      return (this.controller.gd && this.controller.gd.layout.shapes) || [];
    }

    /** The drawings among the shapes. */
    drawn() {
      return this.shapes().filter((shape) => !shape.name);
    }

    /** Show alerts as lines: [{id, price, words}]. */
    setAlerts(list) {
      if (JSON.stringify(list) === JSON.stringify(this.alerts)) return;
      this.alerts = list;
      this.show();
    }

    /** The alert whose line was dragged, at its new price; or null. */
    dragged() {
      for (const alert of this.alerts) {
        const shape = this.shapes().find(({ name }) => name === alert.id);
        const { series, view } = this.controller,
          { tick, pd } = series;
        if (!shape || shape.y0 === heightOf(alert.price, "y", series, view.scale)) continue;
        const price = priceAt(shape.y0, "y", series, view.scale);
        alert.price = Number((Math.round(price / tick) * tick).toFixed(pd));
        return { ...alert };
      }
      return null;
    }

    save() {
      // one that was not moved keeps its times, also where they lie beyond the bars held
      const { series, view, drawings, events } = this.controller;
      const item = (shape) => this.known.get(place(shape)) || fromShape(shape, series, view.scale);
      (drawings || { save: store }).save(this.key, [...this.drawn().map(item), ...this.hidden]);
      events.view?.(); // the address has them
    }

    /** The stored shapes of the controller's key as Plotly shapes; panes that are not shown keep theirs for later. */
    project() {
      const { series, theme, geometry, view, owners, key, drawings } = this.controller;
      this.key = key;
      const axes = ["y", ...Object.keys(owners).map((name) => geometry.panes[name] && owners[name])];
      const list = (drawings || { load: stored }).load(key),
        seen = (item) => axes.includes(item.axis || "y");
      this.hidden = list.filter((item) => !seen(item));
      const shapes = list.filter(seen).map((item) => toShape(item, series, view.scale, theme));
      this.known = new Map(shapes.map((shape, i) => [place(shape), list.filter(seen)[i]]));
      const height = ({ price }) => heightOf(price, "y", series, view.scale);
      return [...shapes, ...this.alerts.map((alert) => alertShape(theme, height(alert), alert))];
    }

    /** Relayout with shapes of ours; the event that Plotly then sends is ignored. Plotly leaves the handles of a line that
        is gone, so that they are taken away here. */
    relayout(update) {
      this.own++;
      if (update.shapes) this.controller.gd.querySelectorAll(".shapelayer").forEach((node) => node.replaceChildren());
      return root.Plotly.relayout(this.controller.gd, update).finally(() => this.own--);
    }

    /** Put the stored shapes on the plot (another symbol, another frame, a changed pane or scale). */
    show() {
      if (this.controller.gd) this.relayout({ shapes: this.project() });
    }

    /** Choose "line", "rect", "erase" or null; the same again puts it away. */
    choose(tool) {
      this.active = tool === this.active ? null : tool;
      if (this.controller.moving) this.controller.settled(); // Plotly, which draws, is hidden while the view moves
      if (this.controller.gd) {
        this.relayout({
          dragmode: MODES[this.active] || false,
          newshape: { ...style(this.controller.theme), layer: "above", drawdirection: "diagonal" },
        });
      }
      this.controller.nodes.host.dataset.cursor = this.active || "plot";
      this.controller.events.tool?.(this.active);
    }

    /** A shape's outline on the screen, and the pane that it lies in. */
    outline({ type, xref, yref: axis, x0, y0, x1, y1 }) {
      const { view, geometry, series, axesData, owners } = this.controller,
        { plot: box, panes } = geometry,
        name = Object.keys(owners).find((each) => owners[each] === axis && panes[each]),
        pane = panes[name || "price"],
        [low, high] = name ? axesData[name].range : [view.y0 * series.tick, view.y1 * series.tick];
      const [left, right] = xref === "paper" ? [0, 1] : [view.x0, view.x1],
        X = (x) => box.x + ((x - left) / (right - left)) * box.w,
        Y = (y) => pane.y + ((high - y) / (high - low)) * pane.h;
      const path = new Path2D();
      if (type === "rect") path.rect(X(x0), Y(y0), X(x1) - X(x0), Y(y1) - Y(y0));
      else {
        path.moveTo(X(x0), Y(y0));
        path.lineTo(X(x1), Y(y1));
      }
      return { pane, path };
    }

    /** Draw the shapes on a canvas: for the moments in which Plotly's layers are hidden. */
    paint(ctx) {
      for (const shape of this.shapes()) {
        const { pane, path } = this.outline(shape),
          { color, width, dash } = shape.line;
        plot.canvas.clip(ctx, pane, () => {
          Object.assign(ctx, { strokeStyle: color, lineWidth: width, fillStyle: shape.fillcolor });
          ctx.setLineDash(dash ? [9, 9] : []);
          if (shape.type === "rect") ctx.fill(path);
          ctx.stroke(path);
        });
      }
    }

    /** Remove the drawing nearest to a point, of equally near ones the last. */
    eraseAt({ x, y }) {
      const list = this.drawn(),
        ctx = root.document.createElement("canvas").getContext("2d"),
        paths = list.map((shape) => this.outline(shape).path);
      if (!ctx) return;
      ctx.lineCap = "round";
      for (let near = 1; near <= NEAR; near++) {
        ctx.lineWidth = 2 * near;
        const at = (path, i) =>
            ctx.isPointInStroke(path, x, y) || (list[i].type === "rect" && ctx.isPointInPath(path, x, y)),
          found = paths.map(at).lastIndexOf(true);
        if (found >= 0) return this.replace(list.filter((_, i) => i !== found));
      }
    }

    replace(list) {
      this.relayout({ shapes: [...list, ...this.shapes().filter(({ name }) => name)] });
      this.save();
    }

    clear() {
      this.replace([]);
    }

    /** Remove the shape drawn last. */
    undo() {
      const list = this.drawn();
      if (list.length) this.replace(list.slice(0, -1));
    }
  }

  plot.tools = { Tools, press, stored, write, read, adopt };
})(window);
