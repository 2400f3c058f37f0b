/* Hotkeys, with the same rules on every page.

   A key acts when no modifier is held, nobody is typing and no dialog is open. While one is open, only keys of elements
   inside it act. An element names its keys itself, so a Dash page needs no script: dmc.Button("News", id="news",
   **{"data-hotkey": "N"}) is clicked by N; a text field is focused, a switch turned. Several keys are separated by spaces; letters are
   upper case, the space bar is "Space". What is disabled or `hidden` does not act; what a style sheet hides does. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const kit = /** @type {Kit} */ (of.kit = of.kit || Object());

  const { document } = root;
  const DIALOGS = 'dialog[open], [role="dialog"]';
  const TOGGLES = 'input[type="radio"], input[type="checkbox"]';
  const FIELDS =
    'input, textarea, select, [contenteditable], [role="listbox"], [role="combobox"], [role="slider"], [role="menu"]';
  const IDLE = ':disabled, [hidden], [data-disabled], [aria-disabled="true"]';
  const PRESSED_BY_SPACE = 'button, a, summary, [role="button"], [tabindex="0"]';

  /** The name of an event's key: "A", "?", "ArrowLeft", "Space". */
  const name = (event) => (event.key === " " ? "Space" : event.key.length === 1 ? event.key.toUpperCase() : event.key);

  // A button keeps the focus after a click, and gets it back from the dialog that it opened. Space is the page's then: who
  // has clicked on "News" does not open it again by freezing the market. Who goes by Tab, outside of a dialog, does.
  let clicked = false;
  document.addEventListener("pointerdown", () => (clicked = true), true);
  document.addEventListener("keydown", (event) => event.key === "Tab" && !dialog() && (clicked = false), true);

  /** Does the key belong to the element that has the focus? */
  function taken(event) {
    const target = event.target instanceof Element ? event.target : document.body;
    const key = name(event);
    if (target.matches(TOGGLES)) return /^(Arrow|Space$|Enter$|Tab$)/.test(key);
    if (target.closest(FIELDS)) return true;
    if (key === "Space" || key === "Enter") {
      if (clicked && !dialog()) return false;
      return Boolean(target.closest(PRESSED_BY_SPACE)) && target.getClientRects().length > 0;
    }
    return key.startsWith("Arrow") && Boolean(target.closest('[role="tab"], [role="radiogroup"], canvas[role]'));
  }

  /** The name of the pressed key, or null when it is not the page's: a modifier is held, or a field has the focus. */
  function pressed(event) {
    const modified = event.ctrlKey || event.metaKey || event.altKey;
    return modified || event.defaultPrevented || event.isComposing || taken(event) ? null : name(event);
  }

  /** The dialog that is open, or null. */
  function dialog() {
    const shown = Array.from(document.querySelectorAll(DIALOGS)).filter((node) => node.getClientRects().length > 0);
    return shown[shown.length - 1] || null;
  }

  /** Call act(key, event) for the keys that are the page's, also while a dialog is open; when it returns true, the browser
      does nothing with them. */
  function listen(act) {
    document.addEventListener("keydown", (event) => {
      const field = event.key === "Escape" && document.activeElement;
      // leaving a field gives the keys back to the page
      if (field instanceof HTMLInputElement && (act !== press || field.closest("[data-hotkey]"))) field.blur();
      const key = pressed(event);
      if (key && act(key, event)) event.preventDefault();
    });
  }

  /** Click or focus the element that names the key. True when there is one. */
  function press(key, event) {
    const nodes = /** @type {NodeListOf<HTMLElement>} */ ((dialog() || document).querySelectorAll("[data-hotkey]"));
    for (const node of nodes) {
      if (!(node.dataset.hotkey || "").split(" ").includes(key) || node.closest(IDLE)) continue;
      if (event.repeat && !key.startsWith("Arrow")) return true; // a held arrow steps on
      /** @type {HTMLElement | null} */
      const field = node.matches("input") ? node : node.querySelector("input, textarea, select");
      if (field && !field.matches(TOGGLES)) field.focus();
      else (field || node).click();
      return true;
    }
    return false;
  }

  kit.keys = { dialog, listen };
  listen(press);
})(window);
