/* Numbers and times as text.

   Sizes arrive as scaled integers (`units`, real = units / 10**decimals) and prices as integer levels of the tick size.
   A footprint cell has room for four or five characters, a readout has room for all digits: `exact`, `short` and
   `tiny` print the same number, each shorter than the one before. Nothing here touches the page. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  const TRIM = /\.?0+$/;

  /** All digits of units / 10**decimals, without trailing zeros: (1250, 3) is "1.25". */
  function exact(units, decimals) {
    if (!Number.isFinite(units)) return "–";
    const text = (units / 10 ** decimals).toFixed(decimals);
    return decimals ? text.replace(TRIM, "") || "0" : text;
  }

  /** At most five characters and a sign: "7", "1.25", "0.08", "980", "4321", "12.3k", "1.2M". */
  function short(units, decimals) {
    const value = units / 10 ** decimals;
    const size = Math.abs(value);
    if (size === 0) return "0";
    if (size >= 9.995e9) return Math.round(value / 1e9) + "B";
    if (size >= 9.995e6) return Math.round(value / 1e6) + "M";
    if (size >= 999950) return (value / 1e6).toFixed(1).replace(TRIM, "") + "M";
    if (size >= 99950) return Math.round(value / 1e3) + "k";
    if (size >= 9999.5) return (value / 1e3).toFixed(1).replace(TRIM, "") + "k";
    if (size >= 99.95 || decimals === 0) return String(Math.round(value));
    if (size >= 9.995) return value.toFixed(1).replace(TRIM, "");
    const text = value.toFixed(2);
    return Number(text) === 0 ? (value < 0 ? "-0" : "0") + "+" : text.replace(TRIM, "");
  }

  /** At most three characters and a sign, for narrow cells: "7", "1.3", "98", "980", "4k", "12k", "1M". */
  function tiny(units, decimals) {
    const value = units / 10 ** decimals,
      size = Math.abs(value);
    if (size >= 9.995e8) return Math.round(value / 1e9) + "B";
    if (size >= 999500) return Math.round(value / 1e6) + "M";
    if (size >= 999.5) return Math.round(value / 1e3) + "k";
    if (size >= 9.95 || decimals === 0) return String(Math.round(value));
    return value.toFixed(1).replace(TRIM, "");
  }

  /** `short` with a plus sign where positive: a sign is the second cue beside the colour. */
  function signed(units, decimals, print = short) {
    return (units > 0 ? "+" : "") + print(units, decimals);
  }

  /** Price of a level (a whole or fractional multiple of the tick) with the instrument's decimals. */
  function price(level, tick, decimals) {
    return (level * tick).toFixed(decimals);
  }

  /** Digit groups for counts: 19794 is "19,794". */
  const count = (value) => of.kit.text.number(value);

  /** A rate: one decimal below ten, none above. */
  function rate(value) {
    if (!Number.isFinite(value)) return "–";
    return value < 9.95 ? value.toFixed(1).replace(TRIM, "") : count(value);
  }

  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

  /** Calendar parts of epoch milliseconds, in UTC or (zone === "local") in the browser's zone. */
  function parts(ms, zone) {
    const date = new Date(ms);
    const get = (name) => (zone === "local" ? date["get" + name]() : date["getUTC" + name]());
    return {
      year: get("FullYear"),
      month: get("Month"),
      day: get("Date"),
      hour: get("Hours"),
      minute: get("Minutes"),
      second: get("Seconds"),
      milli: get("Milliseconds"),
    };
  }

  /** Time of day: "18:05", with seconds when asked for. */
  function clock(ms, zone, seconds) {
    const p = parts(ms, zone),
      { pad } = of.kit.text;
    return pad(p.hour) + ":" + pad(p.minute) + (seconds ? ":" + pad(p.second) : "");
  }

  /** Day: "9 Oct". */
  function day(ms, zone) {
    const p = parts(ms, zone);
    return p.day + " " + MONTHS[p.month];
  }

  /** Day and time for a readout: "9 Oct 2025 18:05:30". */
  function stamp(ms, zone, seconds) {
    const p = parts(ms, zone);
    return p.day + " " + MONTHS[p.month] + " " + p.year + " " + clock(ms, zone, seconds);
  }

  of.format = { exact, short, tiny, signed, price, count, rate, parts, clock, day, stamp };
})(globalThis);
