/* Lines on small canvases: the sparkline of a card, and the prices of a quiz's question. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const ix = (of.instruments = of.instruments || {});

  /** Give the canvas the pixels of its place on the screen; false while it has none. */
  function fit(canvas, W, H) {
    const ratio = Math.min(2, root.devicePixelRatio || 1);
    const w = Math.round(W * ratio),
      h = Math.round(H * ratio);
    if (w < 2 || h < 2) return false;
    if (canvas.width !== w || canvas.height !== h) {
      canvas.width = w;
      canvas.height = h;
    }
    return true;
  }

  /** Give back what a canvas holds, until it is seen again. */
  function release(canvas) {
    if (canvas.width) canvas.width = canvas.height = 0;
  }

  /** Draw prices over the whole canvas. look: {line, base?, grid?, start?: a price drawn as a dashed line, room?: how many
      prices the width has room for, width?: of the line, dot?: mark the end}. */
  function draw(canvas, W, H, prices, look) {
    if (!fit(canvas, W, H)) return;
    const ratio = canvas.width / W,
      c = canvas.getContext("2d"),
      n = prices.length;
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.clearRect(0, 0, W, H);
    if (!n) return;
    let low = Infinity,
      high = -Infinity;
    for (let k = 0; k < n; k++) {
      if (prices[k] < low) low = prices[k];
      if (prices[k] > high) high = prices[k];
    }
    const least = Math.max(high * 1e-4, 1e-9);
    if (high - low < least) {
      const middle = (high + low) / 2;
      low = middle - least / 2;
      high = middle + least / 2;
    }
    const top = look.pad || 4,
      right = look.dot ? 5 : 1;
    const y = (p) => top + ((high - p) / (high - low)) * (H - 2 * top);
    const step = (W - right) / (Math.max(look.room || 0, n, 2) - 1),
      from = W - right - (n - 1) * step;
    if (look.start !== undefined && look.start > low && look.start < high) {
      c.strokeStyle = look.base;
      c.lineWidth = 1;
      c.setLineDash([2, 3]);
      c.beginPath();
      c.moveTo(0, Math.round(y(look.start)) + 0.5);
      c.lineTo(W, Math.round(y(look.start)) + 0.5);
      c.stroke();
      c.setLineDash([]);
    }
    c.beginPath();
    for (let k = 0; k < n; k++) {
      const X = from + k * step,
        Y = y(prices[k]);
      if (k) c.lineTo(X, Y);
      else c.moveTo(X, Y);
    }
    c.strokeStyle = look.line;
    c.lineWidth = look.width || 1.5;
    c.lineJoin = "round";
    c.stroke();
    if (n > 1) {
      c.lineTo(W - right, H);
      c.lineTo(from, H);
      c.closePath();
      c.globalAlpha = 0.12;
      c.fillStyle = look.line;
      c.fill();
      c.globalAlpha = 1;
    }
    if (look.dot) {
      c.beginPath();
      c.arc(W - right, y(prices[n - 1]), 2.5, 0, 7);
      c.fillStyle = look.line;
      c.fill();
    }
  }

  ix.spark = { draw, release };
})(globalThis);
