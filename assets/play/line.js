/* The price line: the last minutes on a canvas, sharp on every screen, with the phone's own trades marked on it. */
(function (root) {
  "use strict";
  const herd = (root.herd = root.herd || Object());

  const SHOWN_MS = 180000;
  const MIN_MS = 30000;
  const HELD_MS = 1500; // a longer silence means that the price stood still
  const STEPS = [1, 2, 2.5, 5];

  /** Prices for two to four horizontal lines between low and high, and the decimals that they need. */
  function levels(low, high) {
    const rough = (high - low) / 3;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * (STEPS.find((factor) => factor * power >= rough * 0.999) || 10);
    const out = [];
    for (let i = Math.ceil(low / step); i * step <= high; i++) out.push(i * step);
    const whole = (digits) => Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) < 1e-6;
    return { out, decimals: whole(0) ? 0 : whole(1) ? 1 : 2 };
  }

  /** The points of [from, to], the price before `from` brought to its edge, silences drawn flat. */
  function points(history, from, to) {
    const out = [];
    history.forEach(([time, price], i) => {
      const next = history[i + 1];
      if (next && next[0] <= from) return;
      const last = out[out.length - 1];
      if (last && time - last[0] > HELD_MS) out.push([time - 250, last[1]]);
      out.push([Math.max(time, from), price]);
    });
    if (out.length) out.push([Math.max(to, out[out.length - 1][0]), out[out.length - 1][1]]);
    return out;
  }

  /** Lowest and highest price of the points, with air around them. */
  function range(shown) {
    const prices = shown.map((point) => point[1]);
    const low = Math.min(...prices),
      high = Math.max(...prices);
    const air = Math.max((high - low) * 0.12, high * 0.004);
    return [low - air, high + air];
  }

  function draw(canvas, market, trades) {
    const ratio = root.devicePixelRatio || 1,
      width = canvas.clientWidth,
      height = canvas.clientHeight;
    if (!width || !height) return;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    if (!market.history.length) return;

    const style = root.getComputedStyle(root.document.documentElement);
    const colour = (name) => style.getPropertyValue("--" + name).trim();
    const size = Math.max(11, 0.75 * parseFloat(style.fontSize));
    const to = Math.max(herd.market.now(market), market.time);
    const first = market.history[0][0];
    const from = to - Math.min(SHOWN_MS, Math.max(MIN_MS, to - first));
    const shown = points(market.history, from, to);
    const [low, high] = range(shown);
    pen.font = size + "px system-ui, sans-serif";
    const { out: lines, decimals } = levels(low, high);
    const gutter = Math.max(...lines.concat(high).map((price) => pen.measureText(price.toFixed(decimals)).width));
    const right = width - gutter - 8,
      bottom = height - size - 6;
    const x = (time) => ((time - from) / (to - from)) * (right - 4);
    const y = (price) => 4 + ((high - price) / (high - low)) * (bottom - 8);

    pen.lineWidth = 1;
    pen.strokeStyle = colour("line");
    pen.fillStyle = colour("muted");
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    lines.forEach((price) => {
      const at = Math.round(y(price) * ratio) / ratio + 0.5 / ratio;
      pen.beginPath();
      pen.moveTo(0, at);
      pen.lineTo(right, at);
      pen.stroke();
      if (at > size / 2 && at < bottom + size / 2) pen.fillText(price.toFixed(decimals), width, at);
    });
    pen.textBaseline = "bottom";
    pen.textAlign = "left";
    pen.fillText(ago(to - from), 0, height);
    pen.textAlign = "right";
    pen.fillText("now", right, height);

    pen.beginPath();
    shown.forEach(([time, price], i) => (i ? pen.lineTo(x(time), y(price)) : pen.moveTo(x(time), y(price))));
    pen.strokeStyle = colour("text");
    pen.lineWidth = 2.25;
    pen.lineJoin = "round";
    pen.stroke();
    pen.lineTo(x(to), bottom);
    pen.lineTo(x(shown[0][0]), bottom);
    pen.globalAlpha = 0.07;
    pen.fillStyle = colour("text");
    pen.fill();
    pen.globalAlpha = 1;

    trades.forEach((trade) => {
      if (trade.t < from) return;
      const up = trade.side === "buy";
      mark(pen, x(Math.min(trade.t, to)), y(trade.price), up, colour(up ? "buy" : "sell"), colour("paper"), size);
    });
    const [, last] = shown[shown.length - 1];
    pen.beginPath();
    pen.arc(x(to), y(last), 4, 0, 2 * Math.PI);
    pen.fillStyle = colour("text");
    pen.fill();
  }

  /** An own trade: a triangle below the line pointing up (bought), or above it pointing down (sold). */
  function mark(pen, x, y, up, fill, edge, size) {
    const tall = up ? size * 0.95 : -size * 0.95,
      at = y + (up ? 3 : -3);
    pen.beginPath();
    pen.moveTo(x, at);
    pen.lineTo(x - size * 0.55, at + tall);
    pen.lineTo(x + size * 0.55, at + tall);
    pen.closePath();
    pen.fillStyle = fill;
    pen.strokeStyle = edge;
    pen.lineWidth = 3;
    pen.stroke();
    pen.fill();
  }

  function ago(ms) {
    return ms < 90000 ? Math.round(ms / 1000) + " s ago" : Math.round(ms / 60000) + " min ago";
  }

  /** The line in words, for those who cannot see it. */
  function words(market) {
    const to = herd.market.now(market);
    const shown = points(market.history, to - SHOWN_MS, to);
    if (!shown.length) return "Price line";
    const prices = shown.map((point) => point[1]);
    const [low, high, now] = [Math.min(...prices), Math.max(...prices), market.price].map((price) =>
      herd.text.money(price),
    );
    return "Price line of the last minutes: lowest " + low + ", highest " + high + ", now " + now;
  }

  herd.line = { draw, levels, points, words };
})(window);
