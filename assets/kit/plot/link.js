/* Linked plots: they show the same time, and each marks where the pointer of another is. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const plot = (of.plot = of.plot || Object());

  const others = (controller) => controller.linked.filter((other) => other !== controller && other.ready);

  let following = false; // a plot that is moved by another moves none

  /** Link plots with each other; a list of one unlinks it. The first that has bars leads those that have its time. */
  function join(controllers) {
    for (const controller of controllers) controller.linked = controllers;
    controllers.filter(({ ready }) => ready).forEach((found, index) => index || follow(found, true));
  }

  /** Show the time that a plot shows on those linked with it. held: on those that have bars of it. */
  function follow(controller, held = false) {
    if (following) return;
    const { series, view } = controller;
    following = true;
    for (const other of others(controller)) {
      other.showTimes(series.timeOfSlot(view.x0), series.timeOfSlot(view.x1), held);
    }
    following = false;
  }

  /** Mark where its pointer is. */
  function mark(controller) {
    const { hit, series } = controller;
    for (const other of others(controller)) {
      const time = hit ? series.timeOfSlot(hit.slot) : null;
      if (other.mark === time) continue;
      other.mark = time;
      other.drawOverlay();
    }
  }

  plot.link = { join, follow, mark };
})(window);
