/* Clientside callbacks that Dash pages share: ClientsideFunction("kit", "theme"). */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const kit = /** @type {Kit} */ (of.kit = of.kit || Object());

  const { history, location } = root;
  const functions = {
    /** The scheme in force, for the theme provider and for a store by which callbacks colour figures. */
    theme: () => kit.theme.begin(),

    /** Make "?name=value" all that follows the address's path, nothing without a name; not an entry in the history. */
    address: (value, name) => {
      const rest = name ? `?${name}=${encodeURIComponent(value)}` : "";
      if (value && location.search + location.hash !== rest) history.replaceState(null, "", location.pathname + rest);
      return root.dash_clientside.no_update;
    },

    /** Open what is closed: at once, so that no key meant for it comes too early. */
    toggle: (_clicks, opened) => !opened,

    /** A dialog has opened: a number for this opening, and no fault in the other outputs. At once, and not by the server,
        whose answer could wipe out what the first attempt to send has told. */
    opened: (open) => {
      const { callback_context: context, no_update: same } = root.dash_clientside;
      return context.outputs_list.map((_, i) => (open ? (i ? null : Date.now()) : same));
    },

    /** A moment after Enter or a click: a field that a callback follows letter by letter gives Dash its text with a timer
        of 0 ms, and its Enter at once. Fields just put into the page call this too, unpressed. A true state: still busy. */
    settled: () => {
      const { callback_context: context, no_update: same } = root.dash_clientside;
      if (Object.values(context.states).includes(true) || !context.triggered.some(({ value }) => value)) return same;
      return new Promise((done) => setTimeout(() => setTimeout(() => done(Date.now()), 30)));
    },

    /** Ask for the browser's permission to notify. */
    permit: (clicks) => kit.notify.permit(clicks),

    /** Nothing is wrong with a field while it is changed. */
    faultless: () => null,

    /** Open the browser's dialog for printing when a button was clicked. */
    print: (clicks) => {
      if (clicks) root.print();
      return root.dash_clientside.no_update;
    },
  };

  // a double click sends once: its second click would repeat or undo what the first has done
  const once = (event) => event.detail > 1 && event.target.closest("[data-once]") && event.stopPropagation();
  root.addEventListener("click", once, true);
  root.dash_clientside = Object.assign({}, root.dash_clientside, { kit: functions });
})(window);
