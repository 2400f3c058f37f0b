/* The statistics line in the footer. */
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

  /** Items of the line: [{key, label, value, title, bad}]. age: ms since the last answer that carried news. */
  function items(stats, model, age) {
    if (!stats || !stats.ticks) return [];
    const fresh = Math.max(0, 1 - age / 10000);
    const list = [
      { key: "ticks", label: "Ticks", value: of.format.count(stats.ticks) },
      { key: "candles", label: "Candles", value: of.format.count(stats.candles) },
      {
        key: "range",
        label: "Range",
        value: Number.isFinite(stats.low) ? stats.low.toFixed(model.pd) + " – " + stats.high.toFixed(model.pd) : "–",
      },
      {
        key: "rate",
        label: "Ticks/s",
        value: of.format.rate((stats.rate || 0) * fresh),
        title: "over the last 10 seconds",
      },
      {
        key: "last",
        label: "Last",
        value: stats.last ? of.format.stamp(stats.last, model.zone, true) : "–",
        title: "time of the last trade",
      },
      {
        key: "late",
        label: "Late",
        value: of.format.count(stats.late || 0),
        title: "trades that came after newer ones; they amended their own bars",
      },
      {
        key: "duplicates",
        label: "Duplicates",
        value: of.format.count(stats.duplicates || 0),
        title: "repetitions: the id, time, price and size of a trade that is there; counted once",
      },
      {
        key: "rejected",
        label: "Rejected",
        value: of.format.count(stats.rejected || 0),
        title: "rows that are not trades",
        bad: stats.rejected > 0,
      },
    ];
    if (stats.id_conflicts)
      list.push({
        key: "id_conflicts",
        label: "Id conflicts",
        value: of.format.count(stats.id_conflicts),
        title: "different trades that share an id; all are counted",
      });
    if (stats.evicted)
      list.push({
        key: "evicted",
        label: "On disk only",
        value: of.format.count(stats.evicted),
        title: "older trades, no longer in memory",
      });
    const [bars, failures] = stats.audit || [0, 0];
    list.push({
      key: "audit",
      label: "Audit",
      value: failures ? failures + " wrong" : bars ? "✓ " + of.format.count(bars) : "–",
      bad: failures > 0,
      title:
        of.format.count(bars) + " sealed minutes were computed a second time and compared, " + failures + " differed",
    });
    return list;
  }

  class StatusLine {
    constructor(node) {
      this.node = node;
      this.cells = new Map();
    }

    /** The box of an item; a new one goes before `next`. */
    cell(key, next = null) {
      if (!this.cells.has(key)) {
        const document = this.node.ownerDocument,
          box = document.createElement("span");
        box.className = "of-stat";
        box.dataset.key = key;
        box.append(document.createElement("span"), document.createElement("b"));
        this.node.insertBefore(box, next);
        this.cells.set(key, box);
      }
      return this.cells.get(key);
    }

    show(stats, model, age) {
      const list = items(stats, model, age);
      this.node.hidden = !list.length;
      const put = (element, text) => {
        if (element.textContent !== text) element.textContent = text;
      };
      const shares = quality(stats && stats.rules),
        shown = new Set(list.map((item) => item.key).concat(shares.length ? "sides" : []));
      let next = this.cells.get("sides") || null;
      for (const item of list.reverse()) {
        const box = (next = this.cell(item.key, next));
        put(box.firstChild, item.label);
        put(box.lastChild, item.value);
        box.title = item.title || "";
        box.classList.toggle("of-bad", Boolean(item.bad));
      }
      for (const [key, box] of this.cells) box.hidden = !shown.has(key);
      if (!shares.length) return;
      const box = this.cell("sides"),
        bar = box.lastChild;
      put(box.firstChild, "Sides");
      const words = shares.map(([, name, share]) => name + " " + percent(share)).join(" · ");
      if (box.title === words) return;
      box.title = words;
      bar.textContent = "";
      const strip = bar.ownerDocument.createElement("i");
      strip.className = "of-quality";
      strip.setAttribute("aria-hidden", "true");
      for (const [key, , share] of shares) {
        const part = bar.ownerDocument.createElement("i");
        part.className = "of-q-" + key;
        part.style.width = share + "%";
        strip.append(part);
      }
      bar.append(strip, words);
    }
  }

  of.status = { StatusLine, items, quality, percent };
})(globalThis);
