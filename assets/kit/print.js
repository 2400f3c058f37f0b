/* Figures on paper: while the browser prints an element with `data-paper`, the page is light, and the element's Plotly
   figures have the colours and the width of paper. Its value is JSON: pairs of [a colour of the dark theme, that of the
   light one], as the figures name them. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const kit = /** @type {Kit} */ (of.kit = of.kit || Object());

  const WIDTH = 680; // px of an A4 page between its margins
  const HEIGHT = 320;
  const kept = []; // figures as they were before printing

  /** A copy of a figure's data or layout in the colours of paper. */
  function lighten(part, pairs) {
    let text = JSON.stringify(part);
    for (const [dark, light] of pairs) text = text.split(`"${dark}"`).join(`"${light}"`);
    return JSON.parse(text);
  }

  root.addEventListener("beforeprint", () => {
    const page = /** @type {HTMLElement | null} */ (root.document.querySelector("[data-paper]"));
    if (!page || kept.length) return;
    const pairs = kit.theme.scheme() === "dark" ? JSON.parse(page.dataset.paper || "[]") : [];
    root.document.documentElement.dataset.theme = "light";
    for (const node of page.querySelectorAll(".js-plotly-plot")) {
      const { data, layout, clientWidth: wide, clientHeight: high } = /** @type {any} */ (node); // 0 high in print styles
      kept.push({ node, data, layout: { ...layout, width: undefined, height: undefined, autosize: true } });
      const size = { width: (WIDTH * wide) / page.clientWidth, height: Math.min(HEIGHT, high || HEIGHT) };
      root.Plotly.react(node, lighten(data, pairs), { ...lighten(layout, pairs), ...size, autosize: false });
    }
  });

  root.addEventListener("afterprint", () => {
    root.document.documentElement.dataset.theme = kit.theme.scheme();
    for (const { node, data, layout } of kept.splice(0)) {
      root.Plotly.react(node, data, layout).then(() => root.Plotly.Plots.resize(node));
    }
  });
})(window);
