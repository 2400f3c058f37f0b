/* The cards: only those near the window are in the document, and only those in it are drawn.

   All are of one height, so the place of each follows from its number; what is not there is padding of the list. A card
   that leaves is used again for one that comes. Prices come many at a time; a frame later the seen cards among them are
   brought up to date. The arrow keys reach every card, there or not. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const ix = (of.instruments = of.instruments || {});

  const HEIGHT = 160,
    SPARK = 62; // px: of a card and of its sparkline, as in the style sheet
  const MARGIN = 400; // px outside the window in which cards are there
  const ALL = 60; // so few cards are there always, for whoever finds them by the browser's own search
  const POOL = 80;

  /** A card's elements, once; every card is a copy. */
  function template() {
    const m = ix.make;
    return m("li", "ix-cell", [
      m(
        "button",
        "ix-card",
        [
          m("span", "ix-head", [m("b", "ix-id"), m("span", "ix-name"), m("span", "ix-tag")]),
          m("canvas", "ix-spark", null, { "aria-hidden": "true" }),
          m("span", "ix-foot", [
            m("span", "ix-price"),
            m("span", "ix-change", [m("span", null, null, { "aria-hidden": "true" }), m("span")]),
          ]),
          m("span", "ix-more", [m("span", "ix-sigma"), m("span", "ix-mark")]),
        ],
        { type: "button", tabindex: "-1" },
      ),
    ]);
  }

  class Grid {
    /** list: the <ul>. events: {open(id), seen([items]): they need their history, timed(name, ms, count)}. */
    constructor(list, model, events) {
      Object.assign(this, { list, model, events });
      this.cards = new Map(); // by id, those in the document
      this.pool = [];
      this.shown = [];
      this.waiting = new Set();
      this.template = template();
      this.colours = null;
      this.at = null; // id of the card that Tab reaches
      this.life = new AbortController();
      const { signal } = this.life;
      this.sizes = new ResizeObserver(() => this.resized());
      this.sizes.observe(list.parentNode);
      list.tabIndex = -1;
      list.addEventListener("click", (event) => this.click(event), { signal });
      list.addEventListener("keydown", (event) => this.key(event), { signal });
      list.addEventListener("focusin", (event) => this.focused(event.target.closest(".ix-card")), { signal });
      root.addEventListener("scroll", () => this.scrolled(), { signal, passive: true });
      root.document.addEventListener("visibilitychange", () => !root.document.hidden && this.again(), { signal });
    }

    close() {
      this.life.abort();
      this.sizes.disconnect();
      cancelAnimationFrame(this.request);
      cancelAnimationFrame(this.rolling);
      this.list.replaceChildren();
    }

    /** The roster has changed: `arrange` follows. */
    roster({ gone }) {
      for (const one of gone) this.waiting.delete(one);
      for (const card of this.cards.values()) this.about(card);
      this.again();
    }

    /** A card for an item: one from the pool, or a new one. */
    card(one) {
      let card = this.pool.pop();
      if (!card) {
        const cell = this.template.cloneNode(true),
          button = cell.firstChild,
          find = (name) => button.querySelector(".ix-" + name),
          change = find("change");
        card = { cell, button, change, arrow: change.firstChild, share: change.lastChild };
        for (const name of ["id", "name", "tag", "price", "sigma", "mark"]) card[name] = find(name);
        card.canvas = find("spark");
      }
      card.one = one;
      card.seen = false;
      card.button.dataset.id = one.id;
      card.button.tabIndex = -1;
      this.about(card);
      this.show(card, true);
      this.cards.set(one.id, card);
      return card;
    }

    /** Take a card out of the document. */
    drop(card) {
      if (card.cell.contains(root.document.activeElement)) this.list.focus({ preventScroll: true });
      card.cell.remove();
      this.cards.delete(card.one.id);
      this.waiting.delete(card.one);
      if (this.pool.length < POOL) this.pool.push(card);
      else ix.spark.release(card.canvas);
    }

    /** What does not change with each price. */
    about(card) {
      const { one, mark } = card;
      ix.put(card.id, one.id);
      ix.put(card.name, one.name === one.id ? "" : one.name);
      ix.put(card.tag, one.model + (one.book ? " · book" : "") + (one.group ? " · " + one.group : ""));
      const word = one.failure ? "Failed" : one.halted ? "Halted" : "";
      ix.put(mark, word);
      mark.dataset.kind = word;
      mark.title = one.failure || (one.halted ? "A scenario has halted the trading" : "");
    }

    /** Show these items in this order. */
    arrange(items) {
      this.shown = items;
      this.place = new Map(items.map((one, k) => [one.id, k]));
      this.measure();
      this.look();
    }

    // which cards are there

    measure() {
      const style = getComputedStyle(this.list);
      this.columns = Math.max(1, style.gridTemplateColumns.split(" ").filter((track) => track !== "none").length);
      this.row = HEIGHT + (parseFloat(style.rowGap) || 0);
      this.inner = 0;
    }

    resized() {
      const width = this.list.parentNode.clientWidth;
      if (width !== this.width) {
        this.width = width;
        this.measure();
        this.again();
      }
      this.look();
    }

    scrolled() {
      if (this.rolling) return;
      this.rolling = requestAnimationFrame(() => {
        this.rolling = 0;
        this.look();
      });
    }

    /** Put the cards near the window into the document, in order; take the others out. */
    look() {
      const begun = performance.now();
      const { shown, list, columns, row } = this,
        n = shown.length,
        rows = Math.ceil(n / columns);
      const top = list.getBoundingClientRect().top;
      const clamp = (k) => Math.min(n, Math.max(0, k));
      const first = clamp(Math.floor(-top / row) * columns),
        last = clamp(Math.ceil((root.innerHeight - top) / row) * columns);
      let from = 0,
        to = n;
      if (n > ALL) {
        from = clamp(Math.floor((-top - MARGIN) / row) * columns);
        to = clamp(Math.ceil((root.innerHeight - top + MARGIN) / row) * columns);
      }
      const wanted = new Set();
      for (let k = from; k < to; k++) wanted.add(shown[k].id);
      for (const card of [...this.cards.values()]) if (!wanted.has(card.one.id)) this.drop(card);
      let node = list.firstChild;
      const fresh = [];
      for (let k = from; k < to; k++) {
        const one = shown[k],
          card = this.cards.get(one.id) || this.card(one),
          seen = k >= first && k < last;
        card.one = one;
        if (card.cell === node) node = node.nextSibling;
        else this.move(card.cell, node);
        card.cell.setAttribute("aria-posinset", k + 1);
        card.cell.setAttribute("aria-setsize", n);
        if (seen && !card.seen) {
          this.waiting.add(one);
          if (!one.filled) fresh.push(one);
        }
        card.seen = seen;
      }
      const space = (count) => (count > 0 ? count * row + "px" : "");
      list.style.paddingTop = space(Math.floor(from / columns));
      list.style.paddingBottom = space(rows - Math.ceil(to / columns));
      this.tab();
      if (fresh.length) this.events.seen(fresh);
      this.soon();
      this.events.timed("look", performance.now() - begun, to - from);
    }

    /** Put a cell before another; the focus stays in it. */
    move(cell, before) {
      const held = cell.contains(root.document.activeElement) ? root.document.activeElement : null;
      this.list.insertBefore(cell, before);
      if (held) held.focus({ preventScroll: true });
    }

    /** Items that can be seen. */
    seen() {
      return [...this.cards.values()].filter((card) => card.seen).map((card) => card.one);
    }

    // drawing

    /** These items have new prices. */
    moved(items) {
      for (const one of items) {
        const card = this.cards.get(one.id);
        if (card && card.seen) this.waiting.add(one);
      }
      this.soon();
    }

    /** Everything seen is drawn anew: another theme, another size. */
    again() {
      this.moved([...this.cards.values()].map((card) => card.one));
    }

    /** Bring the waiting cards up to date with the next frame. */
    soon() {
      if (this.request || root.document.hidden || !this.waiting.size) return;
      this.request = requestAnimationFrame(() => {
        this.request = 0;
        const begun = performance.now();
        let drawn = 0;
        for (const one of this.waiting) {
          const card = this.cards.get(one.id);
          if (!card || !card.seen) continue;
          this.show(card);
          drawn++;
        }
        this.waiting.clear();
        if (drawn) this.events.timed("paint", performance.now() - begun, drawn);
      });
    }

    /** Write a card's figures, and draw its line unless only words are wanted. */
    show(card, words) {
      const { one } = card,
        share = ix.change(one),
        { text } = ix,
        direction = text.direction(share);
      ix.put(card.price, text.price(one.price));
      ix.put(card.arrow, text.arrow(share) + " ");
      ix.put(card.share, text.percent(share));
      if (card.change.dataset.dir !== String(direction)) card.change.dataset.dir = direction;
      const sigma = one.series.volatility;
      ix.put(card.sigma, sigma === null ? "" : "σ " + text.number(100 * sigma, sigma < 0.001 ? 3 : 2) + " % a minute");
      if (words || !this.colours) return;
      // all cards are of one width, so one of them is asked for it
      if (!this.inner) this.inner = card.canvas.clientWidth;
      ix.spark.draw(card.canvas, this.inner, SPARK, one.series.p, {
        line: direction > 0 ? this.colours.buy : direction < 0 ? this.colours.sell : this.colours.muted,
        base: this.colours.neutral,
        start: one.initial,
        room: 30,
        dot: true,
      });
    }

    // by hand

    click(event) {
      const button = event.target.closest(".ix-card");
      if (button) this.events.open(button.dataset.id);
    }

    focused(button) {
      if (!button) return;
      this.at = button.dataset.id;
      this.tab();
    }

    /** One card is reached with Tab: the one last at, else the first that is there. */
    tab() {
      const card = this.cards.get(this.at) || this.cards.values().next().value;
      for (const each of this.cards.values()) {
        const index = each === card ? 0 : -1;
        if (each.button.tabIndex !== index) each.button.tabIndex = index;
      }
    }

    /** Put the focus on the present card. */
    focus() {
      this.go(this.place.get(this.at) ?? 0);
    }

    /** Put the focus on a card by its number, and the card into sight. */
    go(number) {
      const one = this.shown[number];
      if (!one) return;
      const room = root.document.querySelector(".ix-bar").getBoundingClientRect().bottom + 10;
      const top = this.list.getBoundingClientRect().top + Math.floor(number / this.columns) * this.row;
      const under = top + HEIGHT + 40 - root.innerHeight;
      const over = Math.max(room, 62) - top;
      if (over > 0) root.scrollBy({ top: -over, behavior: "instant" });
      else if (under > 0) root.scrollBy({ top: under, behavior: "instant" });
      this.look();
      const card = this.cards.get(one.id);
      if (card) card.button.focus({ preventScroll: true });
    }

    key(event) {
      const { columns } = this,
        own = event.target === this.list || event.target.closest(".ix-card");
      if (event.ctrlKey || event.metaKey || event.altKey || !own) return;
      const at = this.place.get(this.at) ?? 0,
        last = this.shown.length - 1;
      const page = columns * Math.max(1, Math.floor(root.innerHeight / this.row) - 1);
      const steps = {
        ArrowLeft: at - 1,
        ArrowRight: at + 1,
        ArrowUp: at - columns,
        ArrowDown: at + columns > last && Math.floor(at / columns) < Math.floor(last / columns) ? last : at + columns,
        PageUp: Math.max(0, at - page),
        PageDown: Math.min(last, at + page),
        Home: 0,
        End: last,
      };
      const to = steps[event.key];
      if (to === undefined) return;
      event.preventDefault();
      if (to >= 0 && to <= last) this.go(to);
    }
  }

  ix.Grid = Grid;
})(globalThis);
