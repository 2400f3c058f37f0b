/* What the reader has chosen: kept in localStorage, and the part that makes a view worth sharing in the URL.

   The URL holds symbol, frame, mode, rows, panes, and the visible range when the chart does not follow the market. A row
   size set by hand is kept for each symbol.
   `read` and `write` of the URL are pure text functions; a page without storage simply forgets. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  const KEY = "orderflow.options";
  const ROWS = "orderflow.rows";
  const MODES = ["bid_ask", "delta", "volume", "profile", "candles"];
  const PANES = ["table", "delta", "cvd"];

  const DEFAULTS = {
    mode: "bid_ask",
    panes: ["table", "delta", "cvd"],
    profile: "visible",
    cvdStyle: "candles",
    bands: true,
    readout: true,
    colours: "blue",
    zone: "utc",
  };
  const CHOICES = {
    mode: MODES,
    profile: ["visible", "session", "off"],
    cvdStyle: ["candles", "line"],
    colours: ["blue", "green"],
    zone: ["utc", "local"],
  };

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

  /** Stored options over the defaults; a narrow screen starts with fewer panes. */
  function load(narrow) {
    const stored = of.kit.storage.load(KEY, {});
    const first = narrow ? { panes: ["delta"], profile: "off" } : {};
    return complete({ ...first, ...stored });
  }

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

  const iso = (ms) => new Date(Math.round(ms / 1000) * 1000).toISOString().replace(/(:00)?\.000Z$/, "Z");

  /** Query text of a view: {symbol, frame, mode, rows, panes, from, to (ms), y: [low, high] prices}. */
  function write(state) {
    const query = new URLSearchParams();
    if (state.symbol) query.set("symbol", state.symbol);
    if (state.frame) query.set("frame", state.frame);
    if (state.mode && state.mode !== DEFAULTS.mode) query.set("mode", state.mode);
    if (state.rows) query.set("rows", state.rows);
    if (state.panes && state.panes.join() !== DEFAULTS.panes.join())
      query.set("panes", state.panes.join(",") || "none");
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
      state = {};
    for (const key of ["symbol", "frame"]) if (query.get(key)) state[key] = query.get(key);
    if (MODES.includes(query.get("mode"))) state.mode = query.get("mode");
    if (/^\d{1,6}$/.test(query.get("rows") || "")) state.rows = Number(query.get("rows"));
    if (query.has("panes")) state.panes = PANES.filter((p) => query.get("panes").split(",").includes(p));
    const from = Date.parse(query.get("from")),
      to = Date.parse(query.get("to"));
    if (to > from) {
      state.from = from;
      state.to = to;
    }
    const y = (query.get("price") || "").split(",").map(Number);
    if (y.length === 2 && y.every(Number.isFinite) && y[1] > y[0]) state.y = y;
    return state;
  }

  of.options = { DEFAULTS, complete, load, save, read, write, rowsOf, keepRows };
})(globalThis);
