/* The window's title: the page's heading, as soon as it is there. The chart puts its symbol and price there later. */
(function () {
  "use strict";
  const watch = new MutationObserver(() => {
    const heading = document.querySelector("h1.of-title");
    if (!heading) return;
    watch.disconnect();
    document.title = heading.textContent + " · Orderflow";
  });
  watch.observe(document.documentElement, { childList: true, subtree: true });
})();
