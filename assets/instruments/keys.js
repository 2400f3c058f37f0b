/* Keys of the instruments' page: one table, from which the handler and the help are made. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const ix = (of.instruments = of.instruments || {});

  /** [keys, words, action]; without an action it is for the help alone. */
  const TABLE = [
    [["/"], "Search", "search"],
    [["←", "→", "↑", "↓"], "From card to card"],
    [["Enter"], "Open the card"],
    [["Esc"], "Close a dialog; empty the search"],
    [["P"], "Pause or go on", "run"],
    [["+", "="], "Faster", "faster"],
    [["-"], "Slower", "slower"],
    [["S"], "Scenarios", "scenario"],
    [["Q"], "Real or fake?", "quiz"],
    [["1", "R"], "In the quiz: real"],
    [["2", "F"], "In the quiz: fake"],
    [["N"], "Dark or light", "theme"],
    [["?"], "This help", "help"],
  ];

  const FIELDS = 'input:not([type="range"]):not([type="checkbox"]), textarea, select, [contenteditable="true"]';

  /** The action of a key on the page itself, or null. */
  function find(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.isComposing) return null;
    const { target } = event;
    if (target && target.closest && (target.closest(FIELDS) || target.closest('[role="dialog"]'))) return null;
    const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
    const found = TABLE.find((entry) => entry[2] && entry[0].includes(key));
    return found ? found[2] : null;
  }

  /** Fill the help. */
  function help(node) {
    const { make } = ix;
    node.replaceChildren(
      ...TABLE.map(([keys, words]) =>
        make("div", "ix-help-row", [
          make("span", null, words),
          make(
            "span",
            null,
            keys.filter((key) => key !== "=").map((key) => make("kbd", null, key)),
          ),
        ]),
      ),
    );
  }

  ix.keys = { TABLE, find, help };
})(globalThis);
