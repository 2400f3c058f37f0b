/* Tells fired alerts by sound and by the browser's own notifications: once, in one tab of the browser.

   `data-news` of #notices is JSON: [id, title, text] of each event, the oldest first; a callback sets it. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const kit = /** @type {Kit} */ (of.kit = of.kit || Object());

  const KEY = "orderflow.told";
  const KEPT = 200;
  const WORDS = {
    granted: "Browser notifications are on",
    denied: "Browser notifications are blocked",
    default: "Allow browser notifications …",
  };
  const { document, navigator } = root;
  const allowed = () => ("Notification" in root && root.isSecureContext ? root.Notification.permission : "denied");

  /** Those of the events that no tab has told yet; from now on they are told. */
  function take(news) {
    const told = kit.storage.load(KEY, []);
    const fresh = news.filter(([id]) => !told.includes(id));
    if (fresh.length) kit.storage.save(KEY, [...told, ...fresh.map(([id]) => id)].slice(-KEPT));
    return fresh;
  }

  function tell(news) {
    const fresh = take(news);
    if (fresh.length) kit.sound.play("bell");
    if (allowed() !== "granted") return;
    for (const [tag, title, body] of fresh) new root.Notification(title, { body, tag });
  }

  /** One tab at a time, where the browser can tell its tabs apart. */
  const alone = (act) => (navigator.locks ? navigator.locks.request(KEY, act) : act());

  /** Ask for the browser's permission if a button was clicked; what is the case in words. */
  async function permit(clicks) {
    if (clicks && allowed() === "default") await root.Notification.requestPermission();
    return WORDS[allowed()];
  }

  new MutationObserver((changes) => {
    for (const { target } of changes) {
      const news = target instanceof HTMLElement ? JSON.parse(target.dataset.news || "[]") : [];
      if (news.length) alone(() => tell(news));
    }
  }).observe(document, { subtree: true, attributeFilter: ["data-news"] });
  kit.notify = { permit };
})(window);
