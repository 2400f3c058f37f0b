/* The page's keys: one table, from which the handler and the help are made. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const herd = (of.herd = of.herd || {});

  /** [key, words, what it does, for the presenter only], under headings. */
  const TABLE = [
    ["Game"],
    [" ", "Start, freeze or resume the market", "toggle", true],
    ["N", "News: a headline that may move the price", "news", true],
    ["R", "Rounds: begin or stop them", "round", true],
    ["B", "Bots: how many of each kind", "bots", true],
    ["X", "Experiment: hide the meter from half of the phones", "experiment", true],
    ["K", "People: find somebody, kick", "people", true],
    ["U", "Undo the last round (asks)", "undo", true],
    ["H", "Hold everybody in the lobby (asks)", "lobby", true],
    ["E", "End the game (asks)", "end", true],
    ["Z", "Reset: a new game from nothing (asks)", "reset", true],
    ["S", "Save: export the session's files", "export", true],
    ["Screen"],
    ["F", "Full screen, without the controls", "full"],
    ["P", "Presentation: hide or show the controls", "present"],
    ["Q", "QR code on the whole screen, and back", "qr"],
    ["W", "Time shown: all, five minutes, one minute", "window"],
    ["T", "Dark or light", "theme"],
    ["O", "Order flow of the crowd, in a new tab", "flow"],
    ["D", "Debrief, in a new tab", "debrief"],
    ["?", "This help", "help"],
    ["Escape", "Close a dialog; leave the presentation", "escape"],
  ];
  const NAMES = { " ": "Space", Escape: "Esc" };

  /** What a key press does here, or null. It is not ours while typing, in a dialog, or with Ctrl, Alt or Cmd. */
  function find(event, presenter) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.isComposing) return null;
    const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
    const { target } = event;
    const within = (selector) => Boolean(target && target.closest && target.closest(selector));
    if (within("input, textarea, select, [contenteditable]")) return null;
    const dialog = within("dialog[open]"); // one that has just closed may hold the focus for a moment
    const usable = target && target.checkVisibility && target.checkVisibility();
    if (key === " " && usable && within("button, a, summary, [tabindex='0']")) return null; // presses what has focus
    for (const entry of TABLE)
      if (entry.length > 1 && entry[0] === key && (presenter || !entry[3])) {
        if (dialog && !(entry[2] === "qr" && within("#herd-dialog-qr"))) return null;
        return event.repeat ? null : entry[2];
      }
    return null;
  }

  function listen(act, presenter, signal) {
    root.document.addEventListener(
      "keydown",
      (event) => {
        const action = find(event, presenter());
        if (!action) return;
        if (action !== "escape") event.preventDefault();
        act(action);
      },
      { signal },
    );
  }

  /** The help, as elements. */
  function help(presenter) {
    const { make } = herd,
      sections = [];
    for (const [key, words, action, only] of TABLE) {
      if (!action) {
        const section = make("section");
        section.append(make("h3", "", key));
        sections.push(section);
      } else if (presenter || !only) {
        const row = make("div", "hg-help-row");
        row.append(make("span", "", words), make("kbd", "", NAMES[key] || key));
        sections[sections.length - 1].append(row);
      }
    }
    return sections.filter((section) => section.children.length > 1);
  }

  herd.keys = { TABLE, find, listen, help };
})(globalThis);
