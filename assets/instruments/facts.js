/* The live check of the stylised facts: each figure with its band, what theory says, and whether it fits, in words. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const ix = (of.instruments = of.instruments || {});

  const LENGTHS = [1600, 800, 400, 200]; // returns that the server looks at, as many as there are

  /** A figure as it is read. */
  function figure(name, value) {
    const { text } = ix;
    if (typeof value === "string") return value;
    if (!text.known(value)) return "–";
    if (value === 0) return "0";
    if (name === "volatility") return text.number(100 * value, value < 0.1 ? 1 : 0) + " %";
    if (name === "memory" || name === "clustering" || name === "leverage") return text.signed(value, 3);
    return text.short(value);
  }

  /** Shares of the bar's width: {low, high, at, theory?}, all between 0 and 1. */
  function place({ value, low, high, theory }) {
    const inner = high - low || Math.abs(high) || 1;
    const known = [low, high, value];
    // a theory far outside the band would press the band into a line; it is said in words beside it
    const near = ix.text.known(theory) && theory > low - 2 * inner && theory < high + 2 * inner;
    if (near) known.push(theory);
    const from = Math.min(...known) - 0.15 * inner,
      to = Math.max(...known) + 0.15 * inner;
    const share = (x) => Math.min(1, Math.max(0, (x - from) / (to - from)));
    return { low: share(low), high: share(high), at: share(value), theory: near ? share(theory) : null };
  }

  function bar(fact) {
    const at = place(fact),
      part = (name, style) => ix.make("i", name, null, { style });
    const percent = (x) => (100 * x).toFixed(2) + "%";
    return ix.make(
      "span",
      "ix-band",
      [
        part("ix-band-ok", `left:${percent(at.low)};width:${percent(at.high - at.low)}`),
        at.theory === null ? null : part("ix-band-theory", `left:${percent(at.theory)}`),
        part("ix-band-at" + (fact.ok ? "" : " ix-out"), `left:${percent(at.at)}`),
      ],
      { "aria-hidden": "true" },
    );
  }

  /** One fact as a row of the table. */
  function line(fact) {
    const { make } = ix,
      name = make("th", null, [make("span", null, fact.title), make("small", null, fact.doc)], { scope: "row" });
    if (fact.ok === null || fact.ok === undefined)
      return make("tr", "ix-silent", [
        name,
        make("td", null, fact.text.replace(fact.title + ": ", ""), { colspan: "4" }),
      ]);
    const theory = fact.theory === null ? "–" : figure(fact.name, fact.theory);
    return make("tr", null, [
      name,
      make("td", "ix-num", figure(fact.name, fact.value)),
      make("td", "ix-band-cell", [
        bar(fact),
        make("small", null, `${figure(fact.name, fact.low)} to ${figure(fact.name, fact.high)}`),
      ]),
      make("td", "ix-theory", theory),
      make("td", fact.ok ? "ix-fits" : "ix-misfit", fact.ok ? "✓ fits" : "✗ does not fit"),
    ]);
  }

  /** Sentences about what the figures are of. */
  function notes(card, held, scenario) {
    const said = [];
    const looked = LENGTHS.find((n) => n < held);
    if (looked)
      said.push(
        `Measured on the last ${looked} returns. The band, shaded, holds 99 % of the model's own runs of this length; the bar is the value here, dots are the theory of an endless sample.`,
      );
    if (looked && card.steps < looked)
      said.push(`The last change was ${ix.text.whole(card.steps)} steps ago: older prices are still among these.`);
    if (scenario) said.push(`The scenario “${scenario}” plays: what it does to the prices is not the model's.`);
    const out = card.facts.filter((fact) => fact.ok === false).length;
    if (out && !scenario && card.steps >= (looked || 0))
      said.push("Now and then one of seven is outside by chance: in about 7 % of the looks.");
    return said;
  }

  /** Fill the node with the card's facts. held: prices in its history. */
  function show(node, card, held, scenario) {
    const { make } = ix;
    const parts = [make("h3", "ix-h", "Stylised facts, live")];
    const silent = card.facts.filter((fact) => fact.ok === null);
    const wanting = silent.length === card.facts.length && silent.length ? silent[0].text : "";
    if (!card.facts.length)
      parts.push(
        make(
          "p",
          "ix-small",
          card.spec.book
            ? "Its price comes out of an order book, where trades move it too: the model's laws do not hold for it, so they are not checked."
            : "There is nothing to check.",
        ),
      );
    else if (wanting) {
      const sentence = wanting.slice(wanting.indexOf(": ") + 2),
        count = sentence.match(/^needs (\d+) returns, there are (\d+)/);
      parts.push(make("p", "ix-too-few", "The check " + sentence + "."));
      if (count)
        parts.push(
          make("progress", "ix-progress", null, { max: count[1], value: count[2], "aria-label": "Returns so far" }),
        );
      parts.push(
        make(
          "p",
          "ix-small",
          "Then here: " +
            card.facts.map((fact) => fact.title.toLowerCase().replace("(hill)", "(Hill)")).join(", ") +
            ".",
        ),
      );
    } else {
      const head = ["Fact", "Here", "Band", "Theory", "Verdict"].map((word) =>
        make("th", null, word, { scope: "col" }),
      );
      parts.push(
        make("table", "ix-table", [
          make("thead", null, [make("tr", null, head)]),
          make("tbody", null, card.facts.map(line)),
        ]),
      );
      for (const sentence of notes(card, held, scenario)) parts.push(make("p", "ix-small", sentence));
    }
    node.replaceChildren(...parts);
  }

  ix.facts = { show, place, figure, notes };
})(globalThis);
