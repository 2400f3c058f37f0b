/* Price scales: how a level becomes a height, and which prices an axis names.

   A view's y is `scale.to(level)`: the level itself, or of a logarithmic scale basis points of its logarithm. A percent
   scale is linear and names the distance from a price. A scale is {name, to, from, ticks(view, pane, gap, series, base)};
   the last gives {values: levels, texts}. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const plot = (of.plot = of.plot || Object());

  const UNIT = 1e4;
  const same = (value) => value;
  const names = (values, { tick, pd }) => ({ values, texts: values.map((level) => (level * tick).toFixed(pd)) });

  const LINEAR = {
    name: "linear",
    to: same,
    from: same,
    ticks: ({ y0, y1 }, pane, gap, series) => {
      const { tick } = series,
        prices = plot.view.ticks(y0 * tick, y1 * tick, pane.h, gap, tick);
      return { values: prices.map((price) => price / tick), texts: prices.map((price) => price.toFixed(series.pd)) };
    },
  };

  const LOG = {
    name: "log",
    to: (level) => UNIT * Math.log(Math.max(level, 1e-9)),
    from: (y) => Math.exp(y / UNIT),
    /** Round prices, each at least a gap above the one before. */
    ticks: ({ y0, y1 }, pane, gap, series) => {
      const found = [],
        apart = ((y1 - y0) * gap) / pane.h;
      for (let y = y0; y <= y1 && found.length < 60;) {
        const level = LOG.from(y),
          step = plot.view.niceStep((LOG.from(y + apart) - level) * series.tick, series.tick) / series.tick,
          next = Math.ceil(level / step - 1e-9) * step;
        if (LOG.to(next) > y1) break;
        found.push(next);
        y = LOG.to(next) + apart;
      }
      return names(found, series);
    },
  };

  const PERCENT = {
    ...LINEAR,
    name: "percent",
    /** base: the level that is 0 %. */
    ticks: ({ y0, y1 }, pane, gap, _, base) => {
      const share = (level) => (100 * (level - base)) / base,
        values = plot.view.ticks(share(y0), share(y1), pane.h, gap, 0),
        digits = values.length > 1 && values[1] - values[0] < 1 ? 2 : 0;
      return {
        values: values.map((value) => base * (1 + value / 100)),
        texts: values.map((value) => (value > 0 ? "+" : "") + value.toFixed(digits) + " %"),
      };
    },
  };

  plot.scale = { LINEAR, LOG, PERCENT, of: (name) => ({ log: LOG, percent: PERCENT })[name] || LINEAR };
})(window);
