/* Numbers and times as text.

   Sizes arrive as scaled integers (`units`, real = units / 10**decimals) and prices as integer levels of the tick size.
   A footprint cell has room for four or five characters, a readout has room for all digits: `exact`, `short` and
   `tiny` print the same number, each shorter than the one before. `short` keeps three significant digits and `tiny`
   two, also of a number below 1; fewer are shown only where they are all there are. Nothing here touches the page. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const plot = (of.plot = of.plot || Object());

  const TRIM = /\.?0+$/;

  /** All digits of units / 10**decimals, without trailing zeros: (1250, 3) is "1.25". */
  function exact(units, decimals) {
    if (!Number.isFinite(units)) return "–";
    const text = (units / 10 ** decimals).toFixed(decimals);
    return decimals ? text.replace(TRIM, "") || "0" : text;
  }

  /** @type {[number, string][]} */
  const UNITS = [
    [1e9, "B"],
    [1e6, "M"],
    [1e3, "k"],
  ];

  /** At least `digits` significant digits: (1.028, 2) is "1.0", (123.4, 2) is "123". */
  const significant = (value, digits) =>
    Math.abs(value) >= 10 ** digits - 0.5 ? value.toFixed(0) : value.toPrecision(digits);

  function brief(units, decimals, digits, limit) {
    const value = units / 10 ** decimals,
      size = Math.abs(value);
    if (size >= limit) {
      const [unit, letter] = UNITS.find((each) => size >= 0.9995 * each[0]) || [1, ""];
      return significant(value / unit, digits) + letter;
    }
    const text = significant(value, size < 0.995 ? 2 : digits);
    return Number(text) === value ? String(value) : text;
  }

  /** For cells: "7", "1.25", "0.084", "980", "4321", "12.3k", "1.23M". */
  const short = (units, decimals) => brief(units, decimals, 3, 9999.5);

  /** For narrow cells: "7", "1.3", ".084", "98", "980", "4.3k", "12k", "1.2M". */
  const tiny = (units, decimals) => brief(units, decimals, 2, 999.5).replace(/^(-?)0\./, "$1.");

  const WIDTHS = { ".": 0.5, k: 0.95, M: 1.5, B: 1.2, "+": 1.05, "-": 0.6 };

  /** How wide a number is, in widths of a digit. */
  function width(text) {
    let sum = 0;
    for (const character of text) sum += WIDTHS[character] || 1;
    return sum;
  }

  /** How wide the numbers up to this one become, in digits: "1.4k" is wider than "12k". */
  function widest(print, units, decimals) {
    let most = width(print(units, decimals));
    for (let u = 12 * 10 ** decimals; u <= units; u *= 10) most = Math.max(most, width(print(u, decimals)));
    return most;
  }

  /** The number in the longest form that is no wider than `room` digits, "" where none is. plus: with its sign. */
  function fitting(units, decimals, room, plus) {
    if (room < 1) return "";
    for (const print of [short, tiny]) {
      const text = plus ? signed(units, decimals, print) : print(units, decimals);
      if (width(text) <= room) return text;
    }
    return "";
  }

  /** Evenly spaced values of an axis, all with the digits in which they differ: "12.50k", "12.55k". */
  function axis(values, decimals) {
    if (values.length < 2) return values.map((value) => short(value, decimals));
    const real = values.map((value) => value / 10 ** decimals),
      most = Math.max(...real.map(Math.abs));
    const places = (unit) => {
      const whole = (step) => step > 0.5 && Math.abs(step - Math.round(step)) < 1e-6;
      let p = 0;
      while (p < 9 && !whole(((real[1] - real[0]) / unit) * 10 ** p)) p++;
      return p;
    };
    const large = ([unit, _]) => most >= (unit > 1e3 ? unit : 9999.5) && places(unit) <= 2;
    const [unit, letter] = UNITS.find(large) || [1, ""];
    return real.map((value) => (value ? (value / unit).toFixed(places(unit)) + letter : "0"));
  }

  /** `short` with a plus sign where positive: a sign is the second cue beside the colour. */
  function signed(units, decimals, print = short) {
    return (units > 0 ? "+" : "") + print(units, decimals);
  }

  /** Price of a level (a whole or fractional multiple of the tick) with the instrument's decimals. */
  function price(level, tick, decimals) {
    return (level * tick).toFixed(decimals);
  }

  const GROUPS = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

  /** Digit groups for counts: 19794 is "19,794". */
  const count = (value) => (Number.isFinite(value) ? GROUPS.format(value) : "–");

  /** A rate: two significant digits, from ten on all that stand before the point. */
  function rate(value) {
    if (!Number.isFinite(value)) return "–";
    return value && value < 9.95 ? value.toPrecision(2) : count(value);
  }

  /** Day, month, year and time of epoch milliseconds in UTC or (zone === "local") in the browser's zone, as words. */
  function words(ms, zone) {
    const offset = zone === "local" ? new Date(ms).getTimezoneOffset() * 60000 : 0,
      [, day, month, year, time = ""] = new Date(ms - offset).toUTCString().split(" ");
    return [day.replace(/^0/, ""), month, year, time];
  }

  /** Time of day: "18:05", with seconds when asked for. */
  const clock = (ms, zone, seconds) => words(ms, zone)[3].slice(0, seconds ? 8 : 5);

  /** Day: "9 Oct". */
  const day = (ms, zone) => words(ms, zone).slice(0, 2).join(" ");

  /** Month: "Oct 2025". */
  const month = (ms, zone) => words(ms, zone).slice(1, 3).join(" ");

  /** Day and time for a readout: "9 Oct 2025 18:05:30". */
  const stamp = (ms, zone, seconds) => words(ms, zone).slice(0, 3).join(" ") + " " + clock(ms, zone, seconds);

  plot.format = { exact, short, tiny, widest, fitting, axis, price, count, rate, clock, day, month, stamp };
})(window);
