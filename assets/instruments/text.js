/* Numbers and times of the instruments' page as text, and elements that hold them. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const ix = (of.instruments = of.instruments || {});

  const MINUS = "−";
  const known = (value) => typeof value === "number" && Number.isFinite(value);
  const formats = new Map();

  /** A number with `digits` decimals, thousands apart; "–" for none. */
  function number(value, digits) {
    if (!known(value)) return "–";
    let format = formats.get(digits);
    if (!format) {
      format = new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
      formats.set(digits, format);
    }
    const text = format.format(Math.abs(value));
    return value < 0 && /[1-9]/.test(text) ? MINUS + text : text;
  }

  const whole = (value) => number(value, 0);
  const price = (value) => number(value, 2);

  /** Three significant digits, as a parameter or a figure is read. */
  function short(value) {
    if (!known(value)) return "–";
    const size = Math.abs(value);
    if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2).replace("-", MINUS);
    const text = String(Number(size.toPrecision(size >= 100 ? 6 : 3)));
    return value < 0 ? MINUS + text : text;
  }

  /** With its sign, also plus. */
  function signed(value, digits) {
    if (!known(value)) return "–";
    const text = number(Math.abs(value), digits);
    return /[1-9]/.test(text) ? (value > 0 ? "+" : MINUS) + text : "±" + text;
  }

  /** 1 up, −1 down, 0 neither, as far as two decimals of a percent show it. */
  const direction = (share) => (share >= 0.00005 ? 1 : share <= -0.00005 ? -1 : 0);
  const ARROWS = { 1: "▲", 0: "■", "-1": "▼" };
  const arrow = (share) => ARROWS[direction(share)];
  const percent = (share, digits = 2) => signed(100 * share, digits) + " %";

  /** Seconds as m:ss, or h:mm:ss from an hour on. */
  function span(seconds) {
    const s = Math.max(0, Math.floor(seconds));
    const two = (n) => String(n).padStart(2, "0");
    const minutes = Math.floor(s / 60);
    if (minutes < 60) return minutes + ":" + two(s % 60);
    return Math.floor(minutes / 60) + ":" + two(minutes % 60) + ":" + two(s % 60);
  }

  /** A time (ms) of the day in UTC, with tenths when asked. */
  const clock = (ms, fine) => new Date(ms).toISOString().slice(11, fine ? 21 : 19);

  const speed = (value) => String(Number(value.toPrecision(3))) + "×";

  /** Set an element's text, when it is another. */
  function put(node, text) {
    if (node.textContent !== text) node.textContent = text;
  }

  /** An element with a class, text (or children) and attributes; attributes that are null are left out. */
  function make(tag, className, content, attributes) {
    const node = root.document.createElement(tag);
    if (className) node.className = className;
    if (Array.isArray(content)) node.append(...content.filter((part) => part !== null && part !== undefined));
    else if (content !== undefined && content !== null) node.textContent = content;
    for (const [name, value] of Object.entries(attributes || {}))
      if (value !== null && value !== undefined && value !== false)
        node.setAttribute(name, value === true ? "" : value);
    return node;
  }

  ix.put = put;
  ix.make = make;
  ix.text = { number, whole, price, short, signed, percent, direction, arrow, span, clock, speed, known, MINUS };
})(globalThis);
