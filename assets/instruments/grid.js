/* The cards: made once, written and drawn only while they can be seen, reached with the arrow keys.

   Prices come many at a time; a frame later the seen cards among them are brought up to date. A card far away holds no
   pixels: its canvas is given back. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const ix = (of.instruments = of.instruments || {});

  const MARGIN = "150px"; // so far outside the window a card is still drawn
  const SPARK = 62; // px: the sparkline's height, as in the style sheet

  /** A card's elements, once; every card is a copy. */
  function template() {
    const m = ix.make;
    return m("li", "ix-cell", [
      m("button", "ix-card", [
        m("span", "ix-head", [m("b", "ix-id"), m("span", "ix-name"), m("span", "ix-tag")]),
        m("canvas", "ix-spark", null, { "aria-hidden": "true" }),
        m("span", "ix-foot", [
          m("span", "ix-price"),
          m("span", "ix-change", [m("span", null, null, { "aria-hidden": "true" }), m("span")]),
        ]),
        m("span", "ix-more", [m("span", "ix-sigma"), m("span", "ix-mark")]),
      ], { type: "button", tabindex: "-1" }),
    ]);
  }

  class Grid {
    /** list: the <ul>. events: {open(id), seen([items]): they need their history, order(): "id" …, timed(name, ms)}. */
    constructor(list, model, events) {
      Object.assign(this, { list, model, events });
      this.cards = new Map();
      this.waiting = new Set();
      this.template = template();
      this.colours = null;
      this.life = new AbortController();
      const { signal } = this.life;
      this.observer = new IntersectionObserver((entries) => this.look(entries), { rootMargin: MARGIN });
      this.sizes = new ResizeObserver(() => this.resized());
      this.sizes.observe(list);
      list.addEventListener("click", (event) => this.click(event), { signal });
      list.addEventListener("keydown", (event) => this.key(event), { signal });
      list.addEventListener("focusin", (event) => this.current(event.target.closest(".ix-card")), { signal });
      root.document.addEventListener("visibilitychange", () => this.wake(), { signal });
    }

    close() {
      this.life.abort();
      this.observer.disconnect();
      this.sizes.disconnect();
      cancelAnimationFrame(this.request);
      this.list.replaceChildren();
    }

    /** Cards for new instruments, none for those that are gone. */
    roster({ gone, fresh }) {
      for (const one of gone) {
        const card = this.cards.get(one.id);
        if (!card) continue;
        this.observer.unobserve(card.cell);
        card.cell.remove();
        this.cards.delete(one.id);
      }
      const cells = root.document.createDocumentFragment();
      for (const one of fresh) cells.append(this.card(one).cell);
      this.list.append(cells);
      for (const one of fresh) this.observer.observe(this.cards.get(one.id).cell);
      for (const card of this.cards.values()) {
        this.about(card);
        this.waiting.add(card.one);
      }
      this.soon();
    }

    card(one) {
      const cell = this.template.cloneNode(true),
        button = cell.firstChild;
      const find = (name) => button.querySelector(".ix-" + name);
      const change = find("change");
      const card = {
        one,
        cell,
        button,
        canvas: find("spark"),
        price: find("price"),
        change,
        arrow: change.firstChild,
        share: change.lastChild,
        sigma: find("sigma"),
        mark: find("mark"),
        seen: false,
      };
      button.dataset.id = one.id;
      this.cards.set(one.id, card);
      return card;
    }

    /** What does not change with each price. */
    about(card) {
      const { one, button, mark } = card;
      ix.put(button.querySelector(".ix-id"), one.id);
      ix.put(button.querySelector(".ix-name"), one.name === one.id ? "" : one.name);
      ix.put(button.querySelector(".ix-tag"), one.model + (one.book ? " · book" : "") + (one.group ? " · " + one.group : ""));
      const word = one.failure ? "Failed" : one.halted ? "Halted" : "";
      ix.put(mark, word);
      mark.dataset.kind = word;
      mark.title = one.failure || (one.halted ? "A scenario has halted the trading" : "");
    }

    /** Show these items in this order; the others are hidden. */
    arrange(items) {
      const shown = new Set(items);
      for (const { one, cell } of this.cards.values()) if (cell.hidden === shown.has(one)) cell.hidden = !shown.has(one);
      let at = this.list.firstChild;
      for (const one of items) {
        const { cell } = this.cards.get(one.id);
        while (at && at.hidden) at = at.nextSibling;
        if (at === cell) at = at.nextSibling;
        else this.move(cell, at);
      }
      this.shown = items;
      const here = this.cards.get(this.at);
      if (!here || here.cell.hidden) this.current(items.length ? this.cards.get(items[0].id).button : null);
    }

    /** Put a card before another; the focus stays on it. */
    move(cell, before) {
      const held = cell.contains(root.document.activeElement) ? root.document.activeElement : null;
      this.list.insertBefore(cell, before);
      if (held) held.focus({ preventScroll: true });
    }

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
      for (const card of this.cards.values()) if (card.seen) this.waiting.add(card.one);
      this.soon();
    }

    wake() {
      if (!root.document.hidden) this.again();
    }

    resized() {
      const width = this.list.clientWidth;
      if (width === this.width) return;
      this.width = width;
      this.inner = 0;
      this.again();
    }

    look(entries) {
      const fresh = [];
      for (const entry of entries) {
        const card = this.cards.get(entry.target.firstChild.dataset.id);
        if (!card) continue;
        card.seen = entry.isIntersecting && !card.cell.hidden;
        if (!card.seen) {
          ix.spark.release(card.canvas);
          continue;
        }
        this.waiting.add(card.one);
        if (!card.one.filled) fresh.push(card.one);
      }
      if (fresh.length) this.events.seen(fresh);
      this.soon();
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

    show(card) {
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
      if (!this.colours) return;
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

    /** The one card that Tab reaches. */
    current(button) {
      const before = this.cards.get(this.at);
      if (before && before.button !== button) before.button.tabIndex = -1;
      if (!button) {
        this.at = null;
        return;
      }
      this.at = button.dataset.id;
      button.tabIndex = 0;
    }

    /** Put the focus on the present card. */
    focus() {
      const card = this.cards.get(this.at);
      if (card) card.button.focus();
    }

    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || !this.shown || !event.target.closest(".ix-card")) return;
      const columns = getComputedStyle(this.list).gridTemplateColumns.split(" ").length;
      const at = this.shown.findIndex((one) => one.id === this.at);
      const last = this.shown.length - 1;
      const page = columns * Math.max(1, Math.floor(root.innerHeight / 190) - 1);
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
      if (to < 0 || to > last) return;
      const { button } = this.cards.get(this.shown[to].id);
      button.focus();
      button.scrollIntoView({ block: "nearest" });
    }
  }

  ix.Grid = Grid;
})(globalThis);
