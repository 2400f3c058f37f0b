/* Values of a form's fields: as text, from text, and on their way to the server. Pure. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const ix = (of.instruments = of.instruments || {});

  /** A range as words: "> 0 to 400". */
  function range(param) {
    const { short } = ix.text;
    return `${param.low_open ? "above " : ""}${short(param.low)} to ${param.high_open ? "below " : ""}${short(param.high)}`;
  }

  /** What a field says: a number, or the text itself when it is none (the server says what is wrong with it). */
  function number(text) {
    const plain = text.trim().replace("−", "-").replace(",", ".");
    if (plain === "") return null;
    const value = Number(plain);
    return Number.isFinite(value) ? value : text;
  }

  /** JSON of the changes; a seed stays exact beyond 2^53. */
  function json(changes) {
    if (typeof changes.seed !== "string" || !/^\d{1,19}$/.test(changes.seed)) return JSON.stringify(changes);
    const { seed, ...rest } = changes;
    const others = JSON.stringify(rest).slice(1, -1);
    return `{"seed":${seed.replace(/^0+(?=\d)/, "")}${others ? "," + others : ""}}`;
  }

  ix.values = { json, number, range };
})(globalThis);
