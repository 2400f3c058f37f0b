/* Keyboard shortcuts. The table is layouts/chart_keys.py, which the page's store brings; when a key acts, the kit says. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  /** Call act({name, argument, shift}) for each key of the table; a dialog has its keys for itself while it is used. */
  function listen(act) {
    of.kit.keys.listen((key, event) => {
      const found = event.target.closest('[role="dialog"]') ? null : of.page.config.keys[key];
      if (found) act({ name: found[0], argument: found[1], shift: event.shiftKey });
      return Boolean(found);
    });
  }

  of.keys = { listen };
})(globalThis);
