/* A canvas that is as sharp as the screen, drawn in CSS pixels; what is drawn often, and in which colours: they come with
   the page (layouts/chart_colours.py), the choice between dark and light is the kit's. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const plot = (of.plot = of.plot || Object());

  /** Size the canvas for the device's pixels (at most 2 a CSS pixel: more costs and is not seen), clear it, and return
      its context, whose unit is the CSS pixel. */
  function prepare(canvas, width, height) {
    const ratio = Math.min(2, root.devicePixelRatio || 1);
    const w = Math.round(width * ratio),
      h = Math.round(height * ratio);
    if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
    const ctx = canvas.getContext("2d");
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, width, height);
    return ctx;
  }

  /** How the next texts are written. */
  const text = (ctx, font, textAlign, textBaseline) => Object.assign(ctx, { font, textAlign, textBaseline });

  function line(ctx, x0, y0, x1, y1) {
    ctx.beginPath();
    ctx.moveTo(x0, y0);
    ctx.lineTo(x1, y1);
    ctx.stroke();
  }

  /** Draw inside a box alone. */
  function clip(ctx, box, draw) {
    ctx.save();
    ctx.beginPath();
    ctx.rect(box.x, box.y, box.w, box.h);
    ctx.clip();
    draw();
    ctx.restore();
  }

  /** Set at the page's start: {schemes, pairs}. */
  const known = {};

  /** All colours of the scheme in force, with a pair of colours for the sides: "blue" or "green". */
  function colours(pair, name = of.kit.theme.scheme()) {
    return { ...known.schemes[name], ...known.pairs[pair][name] };
  }

  plot.theme = { colours, known };
  plot.canvas = { prepare, text, line, clip };
})(window);
