/* Full screen and presentation, for pages on a projector.

   A click on an element with `data-fullscreen` toggles full screen, on one with `data-present` presentation alone. The
   document has `data-presenting` in both, for the style sheets, and the screen is kept awake meanwhile. Where the
   browser has no full screen or refuses it, the button toggles presentation instead. Escape ends both. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const kit = /** @type {Kit} */ (of.kit = of.kit || Object());

  const { document } = root;
  const { dataset } = document.documentElement;
  /** @type {WakeLockSentinel | null} */
  let lock = null;

  const presenting = () => "presenting" in dataset;

  function present(on) {
    if (on) dataset.presenting = "";
    else delete dataset.presenting;
    for (const node of document.querySelectorAll("[data-fullscreen], [data-present]")) {
      node.setAttribute("aria-pressed", String(on));
    }
    awake();
  }

  function full() {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (document.fullscreenEnabled) document.documentElement.requestFullscreen().catch(() => present(true));
    else present(!presenting());
  }

  /** A projector must not go to sleep in a talk; where the browser cannot promise that, it may. */
  async function awake() {
    try {
      if (presenting() && root.navigator.wakeLock && !lock) lock = await root.navigator.wakeLock.request("screen");
      else if (!presenting() && lock) await lock.release();
    } catch {
      // refused: the page is hidden, or the battery is low
    }
    if (!presenting() || (lock && lock.released)) lock = null;
  }

  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    if (event.target.closest("[data-fullscreen]")) full();
    else if (event.target.closest("[data-present]")) present(!presenting());
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && presenting() && !document.fullscreenElement && !kit.keys.dialog()) present(false);
  });
  document.addEventListener("fullscreenchange", () => present(Boolean(document.fullscreenElement)));
  // without full screen its button is hidden by the style sheet
  if (!document.fullscreenEnabled) document.documentElement.dataset.noFullscreen = "";
  document.addEventListener("visibilitychange", () => document.hidden || awake());
})(window);
