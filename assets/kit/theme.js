/* Dark and light: the reader's choice, else `data-default-theme` of the document, else the system's. The style sheets
   read `data-theme` of the document.

   A click on an element with `data-theme-toggle` changes the theme. Its value is the id of a dcc.Store, or empty: the
   store's data is set to "dark" or "light" with each change, so that a callback can colour figures. What the scheme is
   at the start, the provider and the store are told by the clientside callback `kit.theme`. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const kit = /** @type {Kit} */ (of.kit = of.kit || Object());

  const KEY = "orderflow.theme";
  const PROVIDER = "mantine";
  const { document } = root;
  let ready = false; // before Dash has made its components, setting their properties throws
  const query = root.matchMedia("(prefers-color-scheme: dark)");
  let systemDark = query.matches; // read once: in Chromium a read between a change and its event swallows the event

  /** "dark" or "light" as chosen, or "auto" when the reader has not chosen. */
  const choice = () => kit.storage.read(KEY) || "auto";

  /** The scheme in force. */
  function scheme() {
    const { defaultTheme } = document.documentElement.dataset;
    for (const known of [choice(), defaultTheme]) if (known === "dark" || known === "light") return known;
    return systemDark ? "dark" : "light";
  }

  /** Remember a choice; "auto" forgets it. */
  function choose(value) {
    kit.storage.write(KEY, value === "auto" ? null : value);
    apply();
  }

  const toggle = () => choose(scheme() === "dark" ? "light" : "dark");

  /** Put the scheme on the document, for the style sheets. */
  function apply() {
    document.documentElement.dataset.theme = scheme();
    document.documentElement.setAttribute("data-mantine-color-scheme", scheme());
  }

  /** Tell Dash the scheme in force: the theme provider, and the store that a toggle names. */
  function tell() {
    if (!ready) return;
    root.dash_clientside.set_props(PROVIDER, { forceColorScheme: scheme() });
    const store = document.querySelector("[data-theme-toggle]")?.getAttribute("data-theme-toggle");
    if (store) root.dash_clientside.set_props(store, { data: scheme() });
  }

  /** The scheme in force, for a callback: the components are there, and from now on they are told each change. */
  function begin() {
    ready = true;
    return scheme();
  }

  /** Call `listener` when the system's scheme changes and no choice overrides it. */
  function onSystemChange(listener) {
    query.addEventListener("change", (event) => {
      systemDark = event.matches;
      if (choice() !== "auto") return;
      apply();
      listener();
    });
  }

  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || !event.target.closest("[data-theme-toggle]")) return;
    toggle();
    tell();
  });
  onSystemChange(tell);
  kit.theme = { begin, choice, scheme, choose, toggle, apply, tell, onSystemChange };
  apply();
})(window);
