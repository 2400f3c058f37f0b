/* Export of a plot as a PNG.

   The picture is the canvas painted again at double size, Plotly's axes and drawings over it as SVG, and a caption, so
   that a shared picture explains itself. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const plot = (of.plot = of.plot || Object());

  const SCALE = 2,
    CAPTION = 46;

  /** A canvas with the whole plot. caption: {title, small, right} texts. */
  async function render(controller, caption) {
    const { geometry, theme } = controller,
      { W, H } = geometry;
    const canvas = root.document.createElement("canvas");
    canvas.width = W * SCALE;
    canvas.height = (H + CAPTION) * SCALE;
    const ctx = canvas.getContext("2d");
    if (!ctx) throw new Error("this browser has no canvas");
    ctx.setTransform(SCALE, 0, 0, SCALE, 0, 0);
    ctx.fillStyle = theme.paper;
    ctx.fillRect(0, 0, W, H + CAPTION);
    const { text } = plot.canvas;
    ctx.fillStyle = theme.text;
    text(ctx, "600 15px " + theme.font, "left", "top").fillText(caption.title, 8, 7);
    ctx.fillStyle = theme.muted;
    text(ctx, "11px " + theme.font, "left", "top").fillText(caption.small, 8, 28);
    text(ctx, "11px " + theme.font, "right", "top").fillText(caption.right, W - 8, 10);
    ctx.translate(0, CAPTION);
    controller.paint(ctx);
    const axes = new Image();
    axes.src = await root.Plotly.toImage(controller.gd, { format: "svg", width: W, height: H });
    await axes.decode();
    ctx.drawImage(axes, 0, 0, W, H);
    plot.crosshair.paint(ctx, controller, null, root.document.createElement("div"));
    return canvas;
  }

  function save(blob, name) {
    const link = root.document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  /** Save the picture; words: of its file's name. */
  async function png(controller, caption, words) {
    const canvas = await render(controller, caption);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    save(blob, words.join("_").replace(/[^\w.-]+/g, "-") + ".png");
  }

  plot.export = { png };
})(window);
