/* The chart's colours, dark and light; the reader's choice between them is the kit's.

   Buyers are blue and sellers orange: a pair that the common colour-vision deficiencies keep apart; green and red are
   there for those used to them. Colour never stands alone: bid is left and ask is right, deltas have signs, rising
   candles are hollow, imbalances are bold with an arrow. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  const FONT = 'Inter, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
  const BASE = {
    dark: {
      name: "dark",
      font: FONT,
      paper: "#0c1017",
      plot: "#0c1017",
      grid: "#1a212d",
      strong: "#2c3646",
      text: "#dbe3ee",
      cell: "#dfe6ef",
      strongCell: "#ffffff",
      muted: "#8592a6",
      neutral: "#64748b",
      poc: "#f8fafc",
      vwap: "#c79bff",
      draw: "#ffd166",
      cross: "#94a3b8",
      tag: "#334155",
      tagText: "#f1f5f9",
      heat: 0.66,
      volume: "#7d8fd1",
    },
    light: {
      name: "light",
      font: FONT,
      paper: "#ffffff",
      plot: "#ffffff",
      grid: "#eceff4",
      strong: "#cdd5e0",
      text: "#1b2533",
      cell: "#1b2533",
      strongCell: "#05080d",
      muted: "#5d6b7e",
      neutral: "#94a3b8",
      poc: "#0f172a",
      vwap: "#7c3aed",
      draw: "#b45309",
      cross: "#64748b",
      tag: "#334155",
      tagText: "#ffffff",
      heat: 0.6,
      volume: "#5b6dc4",
    },
  };
  const PAIRS = {
    blue: { dark: { buy: "#3d9bff", sell: "#ff8f3a" }, light: { buy: "#1273de", sell: "#e06510" } },
    green: { dark: { buy: "#26a69a", sell: "#ef5350" }, light: { buy: "#0d9488", sell: "#dc2626" } },
  };
  /** All colours of the scheme in force with a pair of side colours ("blue" or "green"). */
  function colours(pair, name) {
    const which = name || of.kit.theme.scheme();
    return { ...BASE[which], ...(PAIRS[pair] || PAIRS.blue)[which] };
  }

  of.theme = Object.assign(of.theme || {}, { colours, FONT });
})(globalThis);
