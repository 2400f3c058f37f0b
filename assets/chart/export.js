/* Export of the chart as a PNG.

   The picture is the canvas painted again at double size, Plotly's axes and drawings over it as SVG, and a caption with
   the definitions in force, so that a shared picture explains itself. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  const SCALE = 2,
    CAPTION = 46;

  function image(url) {
    return new Promise((resolve, reject) => {
      const picture = new Image();
      picture.onload = () => resolve(picture);
      picture.onerror = () => reject(new Error("the axes could not be drawn"));
      picture.src = url;
    });
  }

  /** A canvas with the whole chart. */
  async function render(chart) {
    const { geometry, theme, model, options } = chart,
      { W, H } = geometry;
    const canvas = root.document.createElement("canvas");
    canvas.width = W * SCALE;
    canvas.height = (H + CAPTION) * SCALE;
    const ctx = canvas.getContext("2d");
    ctx.setTransform(SCALE, 0, 0, SCALE, 0, 0);
    ctx.fillStyle = theme.paper;
    ctx.fillRect(0, 0, W, H + CAPTION);
    const bar = of.model.newest(model);
    ctx.textBaseline = "top";
    ctx.textAlign = "left";
    ctx.fillStyle = theme.text;
    ctx.font = "600 15px " + theme.font;
    ctx.fillText([model.symbol, model.frame, of.legend.modeName(options.mode)].join("  ·  "), 8, 7);
    ctx.fillStyle = theme.muted;
    ctx.font = "11px " + theme.font;
    ctx.fillText(of.model.definitions(model), 8, 28);
    ctx.textAlign = "right";
    const price = of.format.price(bar.c, model.tick, model.pd),
      time = of.format.stamp(model.stats.last || bar.t, options.zone, true);
    ctx.fillText(`last ${price}  ·  ${time}${options.zone === "utc" ? " UTC" : ""}`, W - 8, 10);
    ctx.translate(0, CAPTION);
    of.paint.paint(ctx, chart);
    ctx.drawImage(await image(await root.Plotly.toImage(chart.gd, { format: "svg", width: W, height: H })), 0, 0, W, H);
    of.crosshair.paint(ctx, chart, null, root.document.createElement("div"));
    return canvas;
  }

  function save(blob, name) {
    const link = root.document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  async function png(chart) {
    const canvas = await render(chart);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    const time = new Date(chart.model.stats.last || Date.now()).toISOString().slice(0, 19).replace(/[:T]/g, "-");
    save(blob, [chart.model.symbol, chart.model.frame, time].join("_").replace(/[^\w.-]+/g, "-") + ".png");
  }

  of.export = { png };
})(globalThis);
