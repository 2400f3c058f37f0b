/* The elements of a plot of candles, and what is written in them: the legend, and the card beside the pointer. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const plot = (of.plot = of.plot || Object());

  const PRICES = ["open", "high", "low", "close"];

  /** The elements of a plot. */
  function build(element, label) {
    const add = (parent, tag, className) => {
      const node = root.document.createElement(tag);
      node.className = className;
      return parent.appendChild(node);
    };
    element.classList.add("of-plot-frame");
    const host = add(element, "div", "of-host");
    const nodes = {
      host,
      base: add(host, "canvas", "of-layer"),
      plot: add(host, "div", "of-plot"),
      overlay: add(host, "canvas", "of-layer of-overlay"),
      legend: add(host, "div", "of-legend"),
      readout: add(host, "div", "of-readout"),
      overview: add(element, "canvas", "of-overview"),
    };
    nodes.readout.hidden = true;
    for (const [node, words] of [
      [host, label],
      [nodes.overview, "Overview of the held bars; the arrow keys move the window"],
    ]) {
      node.tabIndex = 0;
      node.setAttribute("role", "application");
      node.setAttribute("aria-label", words);
    }
    return nodes;
  }

  /** The bar in a slot as {time, open, …, studies: by name}, in prices and values; null where there is none. */
  function row({ data, listed }, slot) {
    const bar = data.bar(slot);
    if (!bar) return null;
    const prices = PRICES.map((name) => [name, bar[name] * data.tick]),
      studies = listed.map(({ name, factor }) => [name, bar[name] / factor]);
    return {
      time: bar.time,
      ...Object.fromEntries(prices),
      volume: bar.volume / 10 ** data.sd,
      studies: Object.fromEntries(studies),
    };
  }

  /** Prices and volume as pairs of texts. */
  function words({ data: { pd, sd } }, bar) {
    const found = PRICES.map((name) => [name[0].toUpperCase(), bar[name].toFixed(pd)]);
    if (bar.volume === bar.volume) found.push(["V", plot.format.short(bar.volume * 10 ** sd, sd)]);
    return found;
  }

  /** Fill the card; false where there is no bar. */
  function fill(chart, node, slot) {
    const bar = row(chart, slot),
      { line } = plot.crosshair,
      { data, zone, listed } = chart;
    node.textContent = "";
    if (!bar) return false;
    line(node, "Bar", plot.format.stamp(bar.time, zone, data.ms < 60000), "head");
    for (const [name, value] of words(chart, bar)) line(node, name, value, "");
    for (const { name, label, pane, decimals } of listed) {
      const value = bar.studies[name];
      if (value === value) line(node, label, value.toFixed(pane === "price" ? data.pd : decimals), "");
    }
    return true;
  }

  function legend(chart, bar) {
    const { legend: node } = chart.nodes,
      values = bar ? words(chart, bar).map((pair) => pair.join("\u00a0")) : [],
      text = [chart.title, ...values].join("  ");
    if (node.textContent !== text) node.textContent = text;
  }

  plot.card = { build, row, fill, legend };
})(window);
