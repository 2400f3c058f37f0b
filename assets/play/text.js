/* Numbers, times and names as the phone shows them. Nothing here touches the page.

   All files of this folder are one script on the phone, in the order that callbacks/herd_play.py gives. They are written
   for browsers of 2020 and hang on one object, `window.herd`. */
(function (root) {
  "use strict";
  const herd = (root.herd = root.herd || Object());

  /** Digit groups and two decimals: -5000 is "−5,000.00"; from `limit` on without decimals, as cells are narrow. */
  function money(value, limit = 9999.995) {
    if (!Number.isFinite(value)) return "–";
    const [whole, part] = Math.abs(value)
      .toFixed(Math.abs(value) < limit ? 2 : 0)
      .split(".");
    const sign = Number(value.toFixed(2)) < 0 ? "−" : "";
    return sign + whole.replace(/\B(?=(\d{3})+$)/g, ",") + (part ? "." + part : "");
  }

  /** The same with its sign always shown: the second cue beside a colour. */
  function signed(value, limit) {
    const text = money(value, limit);
    return Number(value.toFixed(2)) > 0 ? "+" + text : text;
  }

  /** Two decimals; below 0.1 as many as two significant digits need, at least four. */
  function price(value) {
    const size = Math.abs(value);
    return value.toFixed(size >= 0.1 || !size ? 2 : Math.max(4, 1 - Math.floor(Math.log10(size))));
  }

  /** "+2.3%" */
  function percent(part) {
    const value = Math.round(part * 1000) / 10;
    return (value > 0 ? "+" : value < 0 ? "−" : "") + Math.abs(value).toFixed(1) + "%";
  }

  /** "1 share", "10 shares" */
  function shares(count) {
    return count === 1 ? "1 share" : count + " shares";
  }

  /** Milliseconds as "1:05", from an hour on as "1:01:05"; never below "0:00". */
  function clock(ms) {
    const s = Math.max(0, Math.ceil(ms / 1000)),
      pad = (value) => String(value).padStart(2, "0"),
      minutes = Math.floor(s / 60);
    const whole = minutes < 60 ? minutes : Math.floor(minutes / 60) + ":" + pad(minutes % 60);
    return whole + ":" + pad(s % 60);
  }

  /** -1, 0 or 1 as an arrow. */
  function arrow(direction) {
    return direction > 0 ? "▲" : direction < 0 ? "▼" : "";
  }

  /** A random UUID; crypto.randomUUID is missing on pages that came by plain http. */
  function uuid() {
    const bytes = root.crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  herd.text = { money, signed, price, percent, shares, clock, arrow, uuid };
})(window);
