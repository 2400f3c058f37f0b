/* A plot's colours. They come with the page (layouts/chart_colours.py); the choice between dark and light is the kit's. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const plot = (of.plot = of.plot || Object());

  /** Set at the page's start: {schemes, pairs}. */
  const known = {};

  /** All colours of the scheme in force, with a pair of colours for the sides: "blue" or "green". */
  function colours(pair, name = of.kit.theme.scheme()) {
    return { ...known.schemes[name], ...known.pairs[pair][name] };
  }

  plot.theme = { colours, known };
})(window);
