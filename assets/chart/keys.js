/* Keyboard shortcuts: one table, from which the handler and the help are made. When a key acts, the kit says. */
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

  /** What a key does, or null: {name, argument, shift}. */
  function find(key, event) {
    const entry = TABLE.find((one) => one.length > 1 && one[0].includes(key));
    return entry ? { name: entry[2], argument: entry[3], shift: event.shiftKey } : null;
  }

  /** Call act for each key; an open dialog has its own while the focus is in it. */
  function listen(act) {
    of.kit.keys.listen((key, event) => {
      const found = event.target.closest('[role="dialog"]') ? null : find(key, event);
      if (found) act(found);
      return Boolean(found);
    });
  }

  /** The help as rows for the dialog: [{heading} | {keys: [text], words}]. */
  function help() {
    return TABLE.map((entry) =>
      entry.length === 1 ? { heading: entry[0] } : { keys: entry[0].map((k) => NAMES[k] || k), words: entry[1] },
    );
  }

  of.keys = { TABLE, find, listen, help };
})(globalThis);
