/* The window of prices behind a card's sparkline: the newest ones, as the board's socket brings them. Pure. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const ix = (of.instruments = of.instruments || {});

  const POINTS = 120;

  class Series {
    constructor() {
      this.t = [];
      this.p = [];
    }

    get last() {
      return this.t.length ? this.t[this.t.length - 1] : 0;
    }

    /** The newest price; one that is not newer is left out. */
    add(t, p) {
      if (t <= this.last) return;
      this.t.push(t);
      this.p.push(p);
      if (this.t.length > POINTS) {
        this.t.shift();
        this.p.shift();
      }
    }

    /** What the server remembers, in front of what came meanwhile. */
    fill(first, last, prices) {
      const t = [],
        p = [];
      const step = prices.length > 1 ? (last - first) / (prices.length - 1) : 0;
      prices.forEach((price, k) => {
        t.push(first + k * step);
        p.push(price);
      });
      for (let k = 0; k < this.t.length; k++)
        if (!t.length || this.t[k] > last) {
          t.push(this.t[k]);
          p.push(this.p[k]);
        }
      this.t = t.slice(-POINTS);
      this.p = p.slice(-POINTS);
    }

    clear() {
      this.t = [];
      this.p = [];
    }

    /** Share that the price moves in a minute: √(Σ r² · 60 s / T) over the window; null with fewer than 3 prices. */
    get volatility() {
      const { t, p } = this,
        n = t.length;
      if (n < 3 || t[n - 1] <= t[0]) return null;
      let sum = 0;
      for (let k = 1; k < n; k++) {
        const r = Math.log(p[k] / p[k - 1]);
        sum += r * r;
      }
      return Math.sqrt((sum * 60000) / (t[n - 1] - t[0]));
    }
  }

  Series.POINTS = POINTS;
  ix.Series = Series;
})(globalThis);
