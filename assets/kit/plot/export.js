/* Export of a plot as a PNG.

   The picture is the canvas painted again at double size, Plotly's axes and drawings over it as SVG, and a caption, so
   that a shared picture explains itself. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const plot = (of.plot = of.plot || Object());

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
    ctx.textBaseline = "top";
    ctx.textAlign = "left";
    ctx.fillStyle = theme.text;
    ctx.font = "600 15px " + theme.font;
    ctx.fillText(caption.title, 8, 7);
    ctx.fillStyle = theme.muted;
    ctx.font = "11px " + theme.font;
    ctx.fillText(caption.small, 8, 28);
    ctx.textAlign = "right";
    ctx.fillText(caption.right, W - 8, 10);
    ctx.translate(0, CAPTION);
    controller.paint(ctx);
    const axes = await root.Plotly.toImage(controller.gd, { format: "svg", width: W, height: H });
    ctx.drawImage(await image(axes), 0, 0, W, H);
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
