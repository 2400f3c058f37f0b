/* What of the herd game's big screen has to happen in the browser at once, by attributes that its components carry.

   A callback of the server is an answer of 20 to 60 ms away, and by then the presenter has typed on: after N the first
   letters of the headline would be keys of the page, and after a ready headline Enter would send the one before it.
   Who is asked about (`data-request`) is read here, as a pattern-matching callback would be called with every new row
   of the leaderboard, once a second. */
(function (root) {
  "use strict";
  const { document } = root;
  const set = (id, props) => root.dash_clientside.set_props(id, props);

  /** By attribute: what a click does with its value. */
  const ACTS = {
    opens: (id) => set(id, { opened: true }),
    closes: (id) => set(id, { opened: false }),
    fill: (values) => Object.entries(JSON.parse(values)).forEach(([id, value]) => set(id, { value })),
    focus: (id) => document.getElementById(id).focus(),
    request: (data) => set("herd-request", { data: { ...JSON.parse(data), at: Date.now() } }),
  };

  document.addEventListener("click", (event) => {
    for (const [name, act] of Object.entries(ACTS)) {
      const node = event.target.closest(`[data-${name}]`);
      if (node) act(node.dataset[name]);
    }
  });
})(window);
