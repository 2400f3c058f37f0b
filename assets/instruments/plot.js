/* The price chart of one instrument: Plotly draws line, area and axes in a plain element of its own; the crosshair lies
   above it and costs no redraw. New prices are drawn at most a few times a second, and never under a held mouse. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const ix = (of.instruments = of.instruments || {});

  const REST = 240; // ms between two pictures
  const MARGIN = { l: 8, r: 62, t: 10, b: 26 };

  class Plot {
    /** frame: around `node` (Plotly's) and `cross` (the crosshair). most: prices held. read(words or null): what the
        crosshair is at. */
    constructor(frame, node, cross, most, read) {
      Object.assign(this, { frame, node, cross, most, read });
      this.t = [];
      this.p = [];
      this.zoomed = false;
      this.life = new AbortController();
      const { signal } = this.life;
      this.sizes = new ResizeObserver(() => this.soon());
      this.sizes.observe(node);
      frame.addEventListener("pointermove", (event) => this.point(event), { signal });
      frame.addEventListener("pointerleave", () => this.leave(), { signal });
      frame.addEventListener("pointerdown", () => (this.held = true), { signal });
      root.addEventListener("pointerup", () => this.free(), { signal });
      root.addEventListener("pointercancel", () => this.free(), { signal });
      frame.addEventListener("keydown", (event) => this.key(event), { signal });
      frame.addEventListener("blur", () => this.leave(), { signal });
      this.cross.replaceChildren(
        ix.make("i", "ix-cross-x"),
        ix.make("i", "ix-cross-y"),
        ix.make("i", "ix-cross-dot"),
        ix.make("span", "ix-cross-tag"),
      );
    }

    close() {
      this.life.abort();
      this.sizes.disconnect();
      clearTimeout(this.timer);
      if (this.drawn) root.Plotly.purge(this.node);
    }

    /** All prices: times in ms, prices; and the price at the start, for the dashed line. */
    set(t, p, initial) {
      this.t = t;
      this.p = p;
      this.initial = initial;
      this.zoomed = false;
      this.at = null;
      this.leave();
      this.draw();
    }

    add(t, p) {
      if (this.t.length && t <= this.t[this.t.length - 1]) return;
      this.t.push(t);
      this.p.push(p);
      if (this.t.length > this.most) {
        this.t.shift();
        this.p.shift();
        if (this.at !== null && this.at > 0) this.at--;
      }
      this.soon();
    }

    colours(colours) {
      this.look = colours;
      this.soon();
    }

    free() {
      this.held = false;
      this.soon();
    }

    soon() {
      if (this.timer) return;
      this.timer = setTimeout(
        () => {
          this.timer = 0;
          if (this.held || root.document.hidden) return;
          requestAnimationFrame(() => this.draw());
        },
        Math.max(0, REST - (performance.now() - (this.last || 0))),
      );
    }

    draw() {
      const { node, look } = this,
        W = node.clientWidth,
        H = node.clientHeight;
      if (!look || W < 60 || H < 60 || !root.Plotly) return;
      const begun = (this.last = performance.now());
      const n = this.p.length;
      const rises = n ? this.p[n - 1] >= this.initial : true;
      const line = rises ? look.buy : look.sell;
      const x = this.t.map((ms) => new Date(ms).toISOString());
      const [low, high] = this.bounds();
      const layout = {
        width: W,
        height: H,
        margin: MARGIN,
        paper_bgcolor: "rgba(0,0,0,0)",
        plot_bgcolor: "rgba(0,0,0,0)",
        font: { family: of.theme.FONT, size: 12, color: look.muted },
        showlegend: false,
        hovermode: false,
        dragmode: root.matchMedia("(pointer: fine)").matches ? "zoom" : false,
        uirevision: this.zoomed ? "held" : "live",
        xaxis: {
          type: "date",
          gridcolor: look.grid,
          linecolor: look.strong,
          showline: true,
          nticks: W < 500 ? 4 : 7,
          tickformat: "%H:%M:%S",
          zeroline: false,
        },
        yaxis: {
          side: "right",
          gridcolor: look.grid,
          nticks: 7,
          tickformat: ",.2~f",
          zeroline: false,
          fixedrange: false,
        },
        shapes:
          this.initial >= low && this.initial <= high
            ? [
                {
                  type: "line",
                  xref: "paper",
                  x0: 0,
                  x1: 1,
                  y0: this.initial,
                  y1: this.initial,
                  line: { color: look.neutral, width: 1, dash: "dot" },
                },
              ]
            : [],
      };
      if (!this.zoomed) {
        layout.yaxis.range = [low, high];
        if (n > 1) layout.xaxis.range = [x[0], x[n - 1]];
      } else {
        layout.yaxis.range = this.ranges.y;
        layout.xaxis.range = this.ranges.x;
      }
      // the area reaches down to the range's end: a line of its own there keeps the axis off zero
      const floor = Math.min(low, this.zoomed ? Math.min(...this.ranges.y) : low);
      const base = { x: n ? [x[0], x[n - 1]] : [], y: n ? [floor, floor] : [], mode: "lines", line: { width: 0 } };
      const series = {
        x,
        y: this.p,
        mode: "lines",
        line: { color: line, width: 1.6, shape: "linear", simplify: true },
        fill: "tonexty",
        fillcolor: line + "22",
      };
      root.Plotly.react(node, [base, series], layout, {
        displayModeBar: false,
        responsive: false,
        doubleClick: "reset",
        showTips: false,
        scrollZoom: false,
      });
      if (!this.drawn) {
        this.drawn = true;
        node.on("plotly_relayout", (change) => this.relayout(change));
        node.on("plotly_doubleclick", () => {
          this.zoomed = false;
          this.soon();
        });
      }
      this.pictures = (this.pictures || 0) + 1;
      this.took = performance.now() - begun;
      if (this.at !== null && !this.cross.hidden) this.mark(this.at);
    }

    /** The prices' range with some room. */
    bounds() {
      let low = Infinity,
        high = -Infinity;
      for (const p of this.p) {
        if (p < low) low = p;
        if (p > high) high = p;
      }
      if (!(high >= low)) return [0, 1];
      const room = Math.max((high - low) * 0.08, high * 1e-4, 0.005);
      return [low - room, high + room];
    }

    relayout(change) {
      const { _fullLayout } = this.node;
      if (change["xaxis.range[0]"] === undefined && change["yaxis.range[0]"] === undefined) return;
      this.zoomed = true;
      this.ranges = { x: [..._fullLayout.xaxis.range], y: [..._fullLayout.yaxis.range] };
      this.soon();
    }

    // the crosshair

    axes() {
      const full = this.node._fullLayout;
      return this.drawn && full && full.xaxis ? full : null;
    }

    point(event) {
      const full = this.axes();
      if (!full || !this.t.length) return;
      const box = this.node.getBoundingClientRect();
      const x = event.clientX - box.left - full.xaxis._offset,
        y = event.clientY - box.top - full.yaxis._offset;
      if (x < 0 || y < 0 || x > full.xaxis._length || y > full.yaxis._length) return this.leave();
      this.mark(this.nearest(full.xaxis.p2r ? full.xaxis.p2d(x) : x));
    }

    /** The price nearest to a time of the axis. */
    nearest(when) {
      const ms = typeof when === "number" ? when : Date.parse(String(when).replace(" ", "T") + "Z");
      let low = 0,
        high = this.t.length - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.t[middle] < ms) low = middle + 1;
        else high = middle;
      }
      return low > 0 && ms - this.t[low - 1] < this.t[low] - ms ? low - 1 : low;
    }

    mark(at) {
      const full = this.axes();
      if (!full || at === null || at < 0 || at >= this.t.length) return;
      this.at = at;
      const price = this.p[at],
        ms = this.t[at];
      const x = full.xaxis._offset + full.xaxis.d2p(new Date(ms).toISOString().slice(0, 23).replace("T", " ")),
        y = full.yaxis._offset + full.yaxis.d2p(price);
      const [vertical, horizontal, dot, tag] = this.cross.children;
      this.cross.hidden = false;
      vertical.style.cssText = `left:${x}px;top:${full.yaxis._offset}px;height:${full.yaxis._length}px`;
      horizontal.style.cssText = `top:${y}px;left:${full.xaxis._offset}px;width:${full.xaxis._length}px`;
      dot.style.cssText = `left:${x}px;top:${y}px`;
      tag.style.cssText = `top:${y}px;left:${full.xaxis._offset + full.xaxis._length}px`;
      ix.put(tag, ix.text.price(price));
      this.read({ ms, price, share: price / this.initial - 1 });
    }

    leave() {
      if (this.cross.hidden) return;
      this.cross.hidden = true;
      this.at = null;
      this.read(null);
    }

    key(event) {
      const last = this.t.length - 1,
        from = this.at === null ? last : this.at;
      const steps = {
        ArrowLeft: from - 1,
        ArrowRight: from + 1,
        PageUp: from - 20,
        PageDown: from + 20,
        Home: 0,
        End: last,
      };
      if (steps[event.key] === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.mark(
        Math.min(last, Math.max(0, steps[event.key] + (event.shiftKey ? 9 * Math.sign(steps[event.key] - from) : 0))),
      );
    }
  }

  ix.Plot = Plot;
})(globalThis);
