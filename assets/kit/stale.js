/* Says when the server is gone. A callback of Dash that fails is silent by itself, and the page would show old numbers.

   A page opts in by an element: html.Div(hidden=True, role="status", **{"data-stale": "words to show"}). It is shown when
   a callback cannot reach the server or none has been answered for `data-quiet` ms (1500), and GET /health does not
   answer within `data-timeout` ms (1200); `data-offline` has other words for a device without a network. It is hidden
   again when the server answers; until then the document has `data-unreachable`, for style sheets. `data-revive` names
   what a failed callback may have left disabled, or `ID:loading`, and is then so no more; while a slow one is under way
   only that of the failed ones. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const kit = /** @type {Kit} */ (of.kit = of.kit || Object());
  const CALLBACKS = "/_dash-update-component";
  const BEAT_MS = 300;
  const BACK_MS = 3000; // how long "The server is back." stands
  const { document, fetch } = root;
  const dropped = () => new Response(null, { status: 204 }); // to Dash: nothing changes
  let last = performance.now(),
    down = false,
    probing = false,
    failed = ""; // what callbacks without an answer were sent
  const waiting = new Map(); // what those were sent that have no answer yet, by what stops them

  const banner = () => /** @type {HTMLElement | null} */ (document.querySelector("[data-stale]"));

  function show(node, kind, words) {
    node.dataset.kind = kind;
    node.textContent = words;
    node.hidden = false;
  }

  /** The server has answered. */
  function alive(node) {
    last = performance.now();
    if (!down) return;
    down = false;
    delete document.documentElement.dataset.unreachable;
    if (!node) return;
    show(node, "up", "The server is back.");
    setTimeout(() => down || (node.hidden = true), BACK_MS);
  }

  function dead(node) {
    const { stale = "The server is unreachable.", offline = stale } = node.dataset;
    const words = root.navigator.onLine ? stale : offline;
    if (!down || node.hidden) show(node, "down", words);
    down = true;
    document.documentElement.dataset.unreachable = "";
  }

  async function probe(node) {
    if (probing || document.hidden) return;
    probing = true;
    const { timeout = "1200", revive = "" } = node.dataset;
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), Number(timeout));
    try {
      const answer = await fetch.call(root, "/health", { cache: "no-store", signal: stop.signal });
      if (!answer.ok) throw new Error(answer.statusText);
      const ended = (/** @type {string[]} */ [id]) => id && (down || !waiting.size || failed.includes(`"${id}"`));
      const left = (revive + " notices-interval").split(" ").map((each) => each.split(":"));
      for (const [id, state = "disabled"] of left.filter(ended)) root.dash_clientside.set_props(id, { [state]: false });
      failed = "";
      alive(node);
    } catch {
      dead(node); // refused, timed out, offline: all mean unreachable
    }
    clearTimeout(timer);
    probing = false;
  }

  /** Probe when there is a reason to. now: there is one. body: what a failed callback was sent. */
  function check(now, body = "") {
    const node = banner();
    if (node) failed += body;
    if (node && (now || down || failed || performance.now() - last > Number(node.dataset.quiet || 1500))) probe(node);
  }

  /** The browser's fetch, whose callbacks of Dash are watched. */
  async function watched(request, options = Object()) {
    const asked = String(request instanceof Request ? request.url : request).includes(CALLBACKS),
      stop = new AbortController();
    if (!asked) return fetch.call(root, request, options);
    waiting.set(stop, String(options.body));
    try {
      const answer = await fetch.call(root, request, { ...options, signal: stop.signal });
      if (answer.status < 500) alive(banner());
      return stop.signal.aborted ? dropped() : answer;
    } catch (error) {
      if (error.name === "AbortError") return dropped();
      check(true, options.body);
      throw error;
    } finally {
      waiting.delete(stop);
    }
  }

  root.fetch = watched;
  /** Drop the callbacks under way that `ends` says yes to, by what they were sent. */
  kit.stale = { drop: (ends) => waiting.forEach((body, stop) => ends(body) && stop.abort()) };
  root.addEventListener("online", () => check(true));
  document.addEventListener("visibilitychange", () => (last = performance.now()));
  setInterval(() => check(false), BEAT_MS);
})(window);
