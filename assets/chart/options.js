/* What the reader has chosen: kept in localStorage, and the part that makes a view worth sharing in the URL.

   The URL holds symbol, frame, rows, the options and definitions that differ from the defaults, the visible range when
   the chart does not follow the market, and behind the # the drawings. A row size set by hand is kept for each symbol.
   `read` and `write` of the URL are pure text functions; a page without storage simply forgets. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  const KEY = "orderflow.options";
  const ROWS = "orderflow.rows";
  const PANES = ["table", "delta", "cvd"];

  const DEFAULTS = {},
    CHOICES = {}; // of the layout, see `begin`

  /** Take over what can be chosen: {defaults, choices}. */
  function begin({ defaults, choices }) {
    Object.assign(DEFAULTS, defaults);
    Object.assign(CHOICES, choices);
  }

  /** A stored value, or the default when it makes no sense (storage outlives versions). */
  function sane(key, value) {
    const usual = DEFAULTS[key];
    if (key === "panes") return Array.isArray(value) ? PANES.filter((p) => value.includes(p)) : [...usual];
    if (CHOICES[key]) return CHOICES[key].includes(value) ? value : usual;
    return typeof value === typeof usual ? value : usual;
  }

  function complete(given) {
    const options = {};
    for (const key of Object.keys(DEFAULTS)) options[key] = sane(key, key in given ? given[key] : DEFAULTS[key]);
    return options;
  }

  /** Options over those of a first visit; a narrow screen starts with fewer panes. */
  const over = (options, narrow) => complete({ ...(narrow ? { panes: ["delta"], profile: "off" } : {}), ...options });

  const load = (narrow) => over(of.kit.storage.load(KEY, {}), narrow);

  function save(options) {
    const changed = {};
    for (const key of Object.keys(DEFAULTS)) {
      if (JSON.stringify(options[key]) !== JSON.stringify(DEFAULTS[key])) changed[key] = options[key];
    }
    // panes and profile are kept even at their defaults: on a phone the defaults differ
    changed.panes = options.panes;
    changed.profile = options.profile;
    of.kit.storage.save(KEY, changed);
  }

  /** Ticks in a row that the reader set for a symbol; 0 when that is left to the server. */
  function rowsOf(symbol) {
    const rows = of.kit.storage.load(ROWS, {})[symbol];
    return Number.isInteger(rows) && rows > 0 ? rows : 0;
  }

  function keepRows(symbol, rows) {
    const kept = of.kit.storage.load(ROWS, {});
    if (rows) kept[symbol] = rows;
    else delete kept[symbol];
    of.kit.storage.save(ROWS, kept);
  }

  const iso = (ms) => new Date(ms).toISOString().replace(/(:00)?\.000Z$/, "Z");

  /** Definitions as text: "ratio:4.5,studies:naked_poc.absorption". */
  const definitions = (marks) =>
    Object.entries(marks || {})
      .map(([name, value]) => name + ":" + [value].flat().join("."))
      .join();

  /** Query text of a view: {symbol, frame, rows, options, marks (definitions as text), bars, from, to (ms), y: [low, high]
      prices}. */
  function write(state) {
    const query = new URLSearchParams(),
      { options = {} } = state;
    if (state.symbol) query.set("symbol", state.symbol);
    if (state.frame) query.set("frame", state.frame);
    if (state.rows) query.set("rows", state.rows);
    const off = [],
      on = [];
    for (const [key, value] of Object.entries(options)) {
      if (String(value) === String(DEFAULTS[key])) continue;
      if (typeof value === "boolean") (value ? on : off).push(key);
      else query.set(key, String(value) || "none");
    }
    const lists = { on, off, marks: state.marks || "" };
    for (const [key, value] of Object.entries(lists)) if (value.length) query.set(key, value);
    if (state.bars) query.set("bars", state.bars);
    if (Number.isFinite(state.from) && Number.isFinite(state.to)) {
      query.set("from", iso(state.from));
      query.set("to", iso(state.to));
    }
    if (state.y) query.set("price", state.y.join(","));
    const text = query.toString().replace(/%3A/g, ":").replace(/%2C/g, ",");
    return text ? "?" + text : "";
  }

  /** The inverse; keys that are missing or make no sense are left out. */
  function read(text) {
    const query = new URLSearchParams(text),
      list = (key) => (query.get(key) || "").split(","),
      state = {},
      options = {};
    for (const key of ["symbol", "frame", "marks"]) if (query.get(key)) state[key] = query.get(key);
    if (/^\d{1,6}$/.test(query.get("rows") || "")) state.rows = Number(query.get("rows"));
    for (const key of Object.keys(CHOICES)) if (CHOICES[key].includes(query.get(key))) options[key] = query.get(key);
    if (query.has("panes")) options.panes = PANES.filter((p) => list("panes").includes(p));
    for (const [word, value] of [
      ["on", true],
      ["off", false],
    ])
      for (const key of list(word)) if (typeof DEFAULTS[key] === "boolean") options[key] = value;
    if (Object.keys(options).length) state.options = options;
    const from = Date.parse(query.get("from")),
      to = Date.parse(query.get("to"));
    if (to > from) Object.assign(state, { from, to });
    if (query.get("bars") > 0) state.bars = Number(query.get("bars"));
    const y = list("price").map(Number);
    if (y.length === 2 && y.every(Number.isFinite) && y[1] > y[0]) state.y = y;
    return state;
  }

  of.options = { DEFAULTS, begin, complete, over, load, save, read, write, definitions, rowsOf, keepRows };
})(globalThis);
