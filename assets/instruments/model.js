/* What the page knows of the instruments: the roster, the newest prices, which ones are wanted and in which order. Pure. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const ix = (of.instruments = of.instruments || {});

  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  /** One instrument. */
  function item(row, rank) {
    const [id, name, model, book, group, initial, price, t, halted, failure] = row;
    return { id, name, model, book, group, initial, price, t, halted, failure, rank, series: new ix.Series() };
  }

  class Model {
    constructor() {
      this.items = new Map();
    }

    /** Take in a roster; {gone: [item], fresh: [item]} */
    roster(rows) {
      const gone = [],
        fresh = [],
        ids = new Set(rows.map((row) => row[0]));
      for (const each of this.items.values())
        if (!ids.has(each.id)) {
          gone.push(each);
          this.items.delete(each.id);
        }
      rows.forEach((row, rank) => {
        const known = this.items.get(row[0]),
          now = item(row, rank);
        if (!known) {
          this.items.set(now.id, now);
          now.series.add(now.t, now.price);
          fresh.push(now);
          return;
        }
        const { name, model, book, group, initial, halted, failure } = now;
        if (known.initial !== initial) {
          known.series.clear(); // it began anew
          known.price = now.price;
          known.t = now.t;
          known.filled = false;
        }
        Object.assign(known, { name, model, book, group, initial, halted, failure, rank });
      });
      return { gone, fresh };
    }

    /** Take in the board's rows; the items that moved, or null when one is unknown: the roster is old. */
    board(rows) {
      const moved = [];
      for (const [id, price, t] of rows) {
        const one = this.items.get(id);
        if (!one) return null;
        if (t === one.t && price === one.price) continue;
        one.price = price;
        one.t = t;
        one.series.add(t, price);
        moved.push(one);
      }
      return moved;
    }

    /** The items that a search finds, in order. */
    list(search, order) {
      const words = search.trim().toLowerCase().split(/\s+/).filter(Boolean);
      const found = [...this.items.values()].filter((one) => {
        if (!words.length) return true;
        const text = `${one.id} ${one.name} ${one.model}${one.book ? " book" : ""} ${one.group || ""}`.toLowerCase();
        return words.every((word) => text.includes(word));
      });
      return found.sort(by(order));
    }
  }

  const change = (one) => (one.initial > 0 ? one.price / one.initial - 1 : 0);

  const KEYS = { price: (one) => one.price, change, volatility: (one) => one.series.volatility ?? -1 };

  /** A comparison for an order of the list. */
  function by(order) {
    if (order === "name") return (a, b) => collator.compare(a.name, b.name) || a.rank - b.rank;
    const key = KEYS[order];
    if (!key) return (a, b) => a.rank - b.rank;
    const values = new Map();
    const of_ = (one) => {
      let value = values.get(one);
      if (value === undefined) values.set(one, (value = key(one)));
      return value;
    };
    return (a, b) => of_(b) - of_(a) || a.rank - b.rank;
  }

  ix.Model = Model;
  ix.change = change;
})(globalThis);
