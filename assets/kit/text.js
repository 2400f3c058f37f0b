/* Numbers and times as text, for pages that write them in the browser. Nothing here touches the page. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const kit = /** @type {Kit} */ (of.kit = of.kit || Object());

  const MINUS = "−";

  /** A number with `digits` decimals and digit groups: (-5000, 2) is "−5,000.00"; "–" for what is not a number. */
  function number(value, digits = 0) {
    if (typeof value !== "number" || !isFinite(value)) return "–";
    const text = Math.abs(value).toFixed(digits);
    const [whole, part] = text.split(".");
    const sign = value < 0 && Number(text) !== 0 ? MINUS : "";
    return sign + whole.replace(/\B(?=(\d{3})+$)/g, ",") + (part ? "." + part : "");
  }

  /** The same with a plus sign where the shown number is above zero: a sign is the second cue beside a colour. */
  function signed(value, digits = 0) {
    const text = number(value, digits);
    return value > 0 && /[1-9]/.test(text) ? "+" + text : text;
  }

  const pad = (value) => String(value).padStart(2, "0");

  /** Seconds as "1:05", from an hour on as "1:01:05"; never below "0:00". */
  function span(seconds) {
    const s = Math.max(0, Math.ceil(seconds));
    const minutes = Math.floor(s / 60);
    if (minutes < 60) return minutes + ":" + pad(s % 60);
    return Math.floor(minutes / 60) + ":" + pad(minutes % 60) + ":" + pad(s % 60);
  }

  kit.text = { number, signed, span, pad };
})(window);
