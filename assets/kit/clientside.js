/* Clientside callbacks that Dash pages share: ClientsideFunction("kit", "theme"). */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  /** @type {Kit} */
  const kit = (of.kit = of.kit || Object());

  const { location } = root;
  const functions = {
    /** The scheme in force, for the theme provider and for a store by which callbacks colour figures. */
    theme: () => kit.theme.begin(),

    /** Make "?name=value" the address's query, without an entry in the history. */
    address: (value, name) => {
      const search = `?${name}=${encodeURIComponent(value)}`;
      if (value && location.search !== search) root.history.replaceState(null, "", location.pathname + search);
      return root.dash_clientside.no_update;
    },

    /** Open the browser's dialog for printing when a button was clicked. */
    print: (clicks) => {
      if (clicks) root.print();
      return root.dash_clientside.no_update;
    },
  };

  root.dash_clientside = Object.assign({}, root.dash_clientside, { kit: functions });
})(window);
