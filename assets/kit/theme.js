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
  const query = root.matchMedia("(prefers-color-scheme: dark)");
  let ready = false, // before Dash has made its components, setting their properties throws
    systemDark = query.matches; // read once: in Chromium a read between a change and its event swallows the event

  /** The scheme in force. */
  function scheme() {
    for (const known of [kit.storage.read(KEY), document.documentElement.dataset.defaultTheme])
      if (known === "dark" || known === "light") return known;
    return systemDark ? "dark" : "light";
  }

  /** Put the scheme on the document, for the style sheets, and tell Dash: the provider, and the store that a toggle names. */
  function apply() {
    document.documentElement.dataset.theme = scheme();
    document.documentElement.setAttribute("data-mantine-color-scheme", scheme());
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

  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || !event.target.closest("[data-theme-toggle]")) return;
    kit.storage.write(KEY, scheme() === "dark" ? "light" : "dark");
    apply();
  });
  query.addEventListener("change", ({ matches }) => {
    systemDark = matches;
    apply();
  });
  kit.theme = { begin, scheme, apply };
  apply();
})(window);
