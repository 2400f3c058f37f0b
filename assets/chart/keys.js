/* Keyboard shortcuts: one table, from which the handler and the help are made.

   Keys work anywhere on the page except while typing or inside an open dialog or list, and never with Ctrl, Alt or
   Cmd, which belong to the browser. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  /** [keys, words, action name, argument]. The help lists them in this order, under the headings. */
  const TABLE = [
    ["Chart"],
    [["1"], "Bid × ask footprint", "mode", "bid_ask"],
    [["2"], "Delta footprint", "mode", "delta"],
    [["3"], "Volume footprint", "mode", "volume"],
    [["4"], "Volume profile of each bar", "mode", "profile"],
    [["5"], "Candles", "mode", "candles"],
    [["["], "Shorter time frame", "frame", -1],
    [["]"], "Longer time frame", "frame", 1],
    [["/"], "Find a symbol", "symbol"],
    ["Move"],
    [["L", "End"], "Go live: follow the newest bar", "live"],
    [["ArrowLeft"], "Back in time (with Shift: a screenful)", "pan", -1],
    [["ArrowRight"], "Forward in time (with Shift: a screenful)", "pan", 1],
    [["+", "=", "ArrowUp"], "Zoom in", "zoom", 0.8],
    [["-", "ArrowDown"], "Zoom out", "zoom", 1.25],
    [["A"], "Fit prices to the screen", "auto"],
    ["Studies"],
    [["V"], "VWAP on or off", "toggle", "vwap"],
    [["P"], "Volume profile: visible, session, off", "profile"],
    [["I"], "Imbalance marks on or off", "toggle", "imbalance"],
    [["Z"], "Stacked zones on or off", "toggle", "stacked"],
    [["B"], "Table of bar figures on or off", "pane", "table"],
    [["D"], "Delta pane on or off", "pane", "delta"],
    [["C"], "Cumulative delta pane on or off", "pane", "cvd"],
    ["Draw"],
    [["T"], "Trend line", "tool", "line"],
    [["R"], "Rectangle", "tool", "rect"],
    [["E"], "Erase a drawing", "tool", "erase"],
    [["Backspace", "Delete"], "Take back the last drawing", "undo"],
    [["Escape"], "Put the tool away", "escape"],
    ["Page"],
    [["S"], "Settings", "settings"],
    [["N"], "Dark or light", "theme"],
    [["X"], "Save as PNG", "png"],
    [["?"], "This help", "help"],
  ];

  const NAMES = {
    ArrowLeft: "←",
    ArrowRight: "→",
    ArrowUp: "↑",
    ArrowDown: "↓",
    Escape: "Esc",
    Backspace: "⌫",
    Delete: "Del",
  };

  /** True when a key press belongs to a field, a list or a dialog. */
  function typing(target) {
    if (!target || !target.closest) return false;
    return Boolean(
      target.isContentEditable ||
      target.closest(
        'input, textarea, select, [role="listbox"], [role="combobox"], [role="dialog"], [role="menu"], [role="slider"], .mantine-Drawer-content',
      ),
    );
  }

  /** The action of a key press, or null: {name, argument, shift}. */
  function find(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.isComposing) return null;
    const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
    for (const entry of TABLE) {
      if (entry.length > 1 && entry[0].includes(key))
        return { name: entry[2], argument: entry[3], shift: event.shiftKey };
    }
    return null;
  }

  function listen(act) {
    root.document.addEventListener("keydown", (event) => {
      // leaving a field gives the keys back to the chart
      if (event.key === "Escape" && event.target.matches("input")) event.target.blur();
      const inRadio = event.target.matches && event.target.matches('input[type="radio"], input[type="checkbox"]');
      if (inRadio ? /^(Arrow| |Enter|Tab)/.test(event.key) : typing(event.target)) return;
      const action = find(event);
      if (!action) return;
      // space and arrows on a focused button or link keep their meaning
      if (
        /^Arrow/.test(event.key) &&
        event.target.closest &&
        event.target.closest('[role="tab"], [role="radiogroup"], canvas[role]')
      )
        return;
      event.preventDefault();
      act(action);
    });
  }

  /** The help as rows for the dialog: [{heading} | {keys: [text], words}]. */
  function help() {
    return TABLE.map((entry) =>
      entry.length === 1 ? { heading: entry[0] } : { keys: entry[0].map((k) => NAMES[k] || k), words: entry[1] },
    );
  }

  of.keys = { TABLE, find, typing, listen, help };
})(globalThis);
