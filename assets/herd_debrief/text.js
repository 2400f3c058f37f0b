/* Numbers and times of the game as text. Pure. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const herd = (of.herd = of.herd || {});

  const MINUS = "−";
  const known = (value) => typeof value === "number" && Number.isFinite(value);

  function group(text) {
    const [whole, part] = text.split(".");
    const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
    return part ? grouped + "." + part : grouped;
  }

  /** A number with `digits` decimals, thousands apart; "–" for none. */
  function number(value, digits) {
    if (!known(value)) return "–";
    const text = Math.abs(value).toFixed(digits || 0);
    return (value < 0 && Number(text) !== 0 ? MINUS : "") + group(text);
  }

  /** A price: two decimals, none from 100,000 on, more below 0.1. */
  function price(value) {
    if (!known(value)) return "–";
    const size = Math.abs(value);
    return number(value, size >= 100000 ? 0 : size >= 0.1 || size === 0 ? 2 : 4);
  }

  /** Money on the leaderboard: whole, or short from a million on. */
  function money(value) {
    if (!known(value)) return "–";
    return Math.abs(value) >= 1e6 ? number(value / 1e6, 2) + "M" : number(value, 0);
  }

  /** With its sign, also plus. */
  function signed(value, write) {
    if (!known(value)) return "–";
    const text = write(Math.abs(value));
    const none = !/[1-9]/.test(text); // rounded to nothing: neither more nor less
    return (none ? "±" : value > 0 ? "+" : MINUS) + text;
  }

  const percent = (share, digits) => (known(share) ? number(100 * share, digits || 0) + " %" : "–");

  /** Seconds as m:ss, or h:mm:ss from an hour on. */
  function span(seconds) {
    const s = Math.max(0, Math.round(seconds));
    const two = (n) => String(n).padStart(2, "0");
    const minutes = Math.floor(s / 60);
    return minutes < 60
      ? minutes + ":" + two(s % 60)
      : Math.floor(minutes / 60) + ":" + two(minutes % 60) + ":" + two(s % 60);
  }

  /** ▲, ▼ or ■ for a change, as colour alone would not do. */
  const arrow = (change) => (change > 0 ? "▲" : change < 0 ? "▼" : "■");

  /** An address without what nobody has to type; the code stands beside it. */
  function address(url, code) {
    const text = String(url || "").replace(/^https?:\/\//, "");
    return code && text.endsWith("/" + code) ? text.slice(0, -code.length - 1) : text;
  }

  /** A figure of the statistics by its key. */
  function statistic(key, value) {
    if (!known(value)) return "–";
    if (key === "imbalance") return signed(value, (v) => number(100 * v, 0) + " %");
    if (key === "gini") return number(value, 2);
    if (key === "net_position") return signed(value, (v) => number(v, 0));
    return number(value, 0);
  }

  herd.text = { number, price, money, signed, percent, span, arrow, address, statistic, MINUS };
})(globalThis);
