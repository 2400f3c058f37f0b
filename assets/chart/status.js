/* The statistics line in the footer. Its boxes are in the page (layouts/chart.py); a box without a figure is hidden. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  const RULES = [
    ["flag", "flagged"],
    ["volumes", "by volumes"],
    ["quote", "by quote"],
    ["tick", "by tick rule"],
    ["none", "unknown"],
  ];

  /** Percent of ticks by how their side was found: [[key, words, percent]], the unused left out. */
  function quality(rules) {
    const total = (rules || []).reduce((a, b) => a + b, 0);
    if (!total) return [];
    return RULES.map(([key, words], i) => [key, words, (100 * rules[i]) / total]).filter(([, , share]) => share > 0);
  }

  /** Rounded, but never to nothing or to all. */
  function percent(share) {
    const edge = (share > 0 && share < 10) || (share > 99 && share < 100);
    return (share > 0 && share < 0.1 ? "<0.1" : share > 99.9 && edge ? ">99.9" : share.toFixed(edge ? 1 : 0)) + " %";
  }

  /** Texts by box. age: ms since the last answer that carried news. */
  function texts(stats, { pd, zone }, age) {
    if (!stats || !stats.ticks) return {};
    const { count } = of.plot.format,
      some = (value) => (value ? count(value) : ""),
      fresh = Math.max(0, 1 - age / 10000),
      [bars, failures] = stats.audit || [0, 0];
    return {
      ticks: count(stats.ticks),
      candles: stats.counting ? "counting …" : count(stats.candles),
      range: Number.isFinite(stats.low) ? stats.low.toFixed(pd) + " – " + stats.high.toFixed(pd) : "–",
      rate: of.plot.format.rate((stats.rate || 0) * fresh),
      last: stats.last ? of.plot.format.stamp(stats.last, zone, true) : "–",
      late: count(stats.late || 0) + (stats.pending ? ` (${count(stats.pending)} being put in order)` : ""),
      duplicates: count(stats.duplicates || 0),
      rejected: count(stats.rejected || 0),
      id_conflicts: some(stats.id_conflicts),
      missing_ids: some(stats.missing_ids),
      evicted: some(stats.evicted),
      audit: failures ? failures + " wrong" : bars ? "✓ " + count(bars) : "–",
      sides: quality(stats.rules)
        .map(([, name, share]) => name + " " + percent(share))
        .join(" · "),
    };
  }

  function show(node, stats, model, age) {
    const found = texts(stats, model, age),
      bad = { rejected: stats.rejected > 0, audit: Boolean(stats.audit && stats.audit[1]) };
    node.hidden = !found.ticks;
    for (const box of node.children) {
      const { key } = box.dataset,
        value = box.querySelector("b");
      box.hidden = !found[key];
      box.classList.toggle("of-bad", Boolean(bad[key]));
      if (value.textContent !== (found[key] || "")) value.textContent = found[key] || "";
    }
    const shares = Object.fromEntries(quality(stats.rules).map(([key, , share]) => [key, share]));
    for (const [key] of RULES)
      for (const part of node.getElementsByClassName("of-q-" + key)) part.style.width = (shares[key] || 0) + "%";
  }

  of.status = { show, texts, quality, percent };
})(globalThis);
