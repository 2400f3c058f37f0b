/* Values kept in localStorage. Without storage (a private window, a full disk) a page forgets, and works all the same. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const kit = /** @type {Kit} */ (of.kit = of.kit || Object());

  /** The text under a key, or null. */
  function read(key) {
    try {
      return root.localStorage.getItem(key);
    } catch {
      return null;
    }
  }

  /** Keep a text; null removes it. */
  function write(key, text) {
    try {
      if (text === null) root.localStorage.removeItem(key);
      else root.localStorage.setItem(key, text);
    } catch {
      // the value lasts as long as the page
    }
  }

  /** The value under a key as JSON; `otherwise` when there is none or it is not JSON. */
  function load(key, otherwise) {
    try {
      return JSON.parse(read(key) || "null") || otherwise;
    } catch {
      return otherwise;
    }
  }

  const save = (key, value) => write(key, JSON.stringify(value));

  kit.storage = { read, write, load, save };
})(window);
