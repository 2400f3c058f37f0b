/* The debrief's page in the browser: its theme, printing, the address of the chosen session.

   The server draws the figures in the theme in force. Printing wants light ones at once, so each figure's colours are
   swapped for those of the other theme by name, and swapped back afterwards. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const $ = (id) => root.document.getElementById(id);
  const NO = () => root.dash_clientside.no_update;

  const NAMES = ["paper", "grid", "strong", "text", "muted", "vwap", "volume", "buy", "sell"];
  const PRINT_WIDTH = 680; // px of an A4 page between its margins

  let listening = false;
  let kept = null; // figures as they were before printing

  const here = () => Boolean($("debrief"));

  /** Colours of the dark theme and, for each, that of the light one. */
  function pairs() {
    const dark = of.theme.colours("blue", "dark"),
      light = of.theme.colours("blue", "light");
    return NAMES.map((name) => [dark[name], light[name]]);
  }

  /** A copy of a figure's data or layout in light colours. Pure. */
  function lighten(part, swaps) {
    let text = JSON.stringify(part);
    for (const [dark, light] of swaps) text = text.split(`"${dark}"`).join(`"${light}"`);
    return JSON.parse(text);
  }

  const plain = (layout) => {
    const { width, height, autosize, ...rest } = layout;
    return rest;
  };

  function beforePrint() {
    if (!here() || kept) return;
    const { dataset } = root.document.documentElement;
    const dark = of.theme.scheme() === "dark";
    kept = { theme: dataset.theme, figures: [] };
    dataset.theme = "light";
    const swaps = dark ? pairs() : [];
    for (const node of root.document.querySelectorAll("#debrief .js-plotly-plot")) {
      const width = node.closest(".hd-half") ? PRINT_WIDTH / 2 - 10 : PRINT_WIDTH;
      const was = { node, data: node.data, layout: plain(node.layout) };
      kept.figures.push(was);
      const layout = { ...lighten(was.layout, swaps), width, height: Math.min(320, node.clientHeight || 320) };
      root.Plotly.react(node, lighten(was.data, swaps), layout, { staticPlot: true, displayModeBar: false });
    }
  }

  function afterPrint() {
    if (!kept) return;
    const { theme, figures } = kept;
    kept = null;
    root.document.documentElement.dataset.theme = theme;
    const config = { displayModeBar: false, responsive: true, showTips: false };
    for (const { node, data, layout } of figures)
      root.Plotly.react(node, data, { ...layout, autosize: true }, config).then(() => root.Plotly.Plots.resize(node));
  }

  function toggle() {
    of.theme.choose(of.theme.scheme() === "dark" ? "light" : "dark");
    return themed();
  }

  /** Tell the components which scheme is in force; returns it. */
  function themed() {
    const scheme = of.theme.scheme();
    root.dash_clientside.set_props("mantine", { forceColorScheme: scheme });
    return scheme;
  }

  function listen() {
    if (listening) return;
    listening = true;
    root.addEventListener("beforeprint", beforePrint);
    root.addEventListener("afterprint", afterPrint);
    root.addEventListener("keydown", (event) => {
      if (!here() || event.ctrlKey || event.metaKey || event.altKey || event.key.toLowerCase() !== "t") return;
      if (event.target.closest("input, textarea, select, [role=combobox]")) return;
      root.dash_clientside.set_props("debrief-theme", { data: toggle() });
    });
    of.theme.onSystemChange(() => here() && root.dash_clientside.set_props("debrief-theme", { data: themed() }));
  }

  const functions = {
    boot: (config) => {
      if (!config || !here()) return NO();
      listen();
      return themed();
    },
    press: () => {
      const found = (root.dash_clientside.callback_context.triggered || [])[0];
      if (!found || !found.value) return NO();
      if (found.prop_id.startsWith("debrief-theme-button")) return toggle();
      root.print();
      return NO();
    },
    /** Keep the address that of the session shown, so that it can be sent on. */
    chosen: (session) => {
      if (session && here()) {
        const search = "?session=" + encodeURIComponent(session);
        if (root.location.search !== search) root.history.replaceState(null, "", root.location.pathname + search);
      }
      return NO();
    },
  };

  of.debrief = { lighten, pairs, beforePrint, afterPrint };
  root.dash_clientside = Object.assign({}, root.dash_clientside, { herd_debrief: functions });
})(globalThis);
