/* The chart page's start, and the functions that Dash calls (`dash_clientside.chart`).

   `page` holds the one chart of the page. Dash polls by its interval and hands each answer to `receive`; buttons and
   fields come in through `press` and `choose`. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const $ = (id) => root.document.getElementById(id);
  const NO = () => root.dash_clientside.no_update;

  const page = (of.page = { chart: null, config: null, timer: 0, news: 0 });

  function boot(config) {
    if (!config || !$("chart-host")) return [NO(), NO(), NO(), NO()];
    clearInterval(page.timer);
    if (page.chart) page.chart.close();
    page.config = config;
    of.options.begin(config.options);
    Object.assign(of.plot.theme.known, config.colours);
    of.marks.bands = config.bands;
    const nodes = {};
    for (const name of ["host", "plot", "base", "overlay", "readout", "overview"]) nodes[name] = $("chart-" + name);
    const { legend, controls } = of;
    page.chart = new of.Chart(
      nodes,
      { minutes: config.minutes, exact: config.exact },
      {
        view: () => {
          legend.following();
          of.address.remember(false);
          of.reach.near();
        },
        follow: legend.following,
        tool: of.plot.tools.press,
        drawn: () => {
          legend.following();
          of.poll.profileFollow();
          if (page.chart.moving) return; // what follows is of the data
          legend.headline();
          legend.statistics();
          controls.links();
        },
        hover: legend.show,
        alert: (data) => root.dash_clientside.set_props("chart-alert-moved", { data }),
      },
    );
    page.timer = setInterval(legend.statistics, 1000); // the rate falls while no news comes
    of.poll.want.frame = config.frame;
    const link = of.address.visit(root.location, true);
    if (!page.listening) {
      page.listening = true;
      root.addEventListener("popstate", () => {
        if (root.location.pathname !== page.config.path) return;
        const data = of.address.visit(root.location, false);
        if (data) root.dash_clientside.set_props("chart-link", { data });
      });
      // the table is layouts/chart_keys.py; a dialog has its keys for itself while it is used
      of.kit.keys.listen((key, event) => {
        const [name, argument] = (!event.target.closest('[role="dialog"]') && config.keys[key]) || [];
        if (name) controls.act({ name, argument, shift: event.shiftKey });
        return Boolean(name);
      });
      of.kit.upload.drop(root.document.body, (_, files) => of.files.take(files));
    }
    controls.show(true);
    legend.following();
    return [of.poll.state(true), of.poll.first(), false, link || NO()];
  }

  /** A function for Dash that gets what a store holds, if anything, and sets no output. */
  const takes = (act) => (data) => {
    if (data && page.chart) act(data);
    return NO();
  };

  /** A function for Dash that gets what changed: the words of its id after "chart-do-", its value and its id. */
  const changed = (act) => () => {
    for (const { prop_id, value } of root.dash_clientside.callback_context.triggered) {
      const id = prop_id.split(".")[0];
      act(id.replace("chart-do-", "").split("-"), value, id);
    }
    return NO();
  };

  const clientside = {
    boot,
    receive: (answer) => of.poll.receive(answer) || NO(),
    older: takes((answer) => of.reach.answered(answer)),
    /** A time was chosen in the dialog. */
    go: takes(({ time }) => of.reach.go(page.chart, time)),
    /** A file is loaded: go to its time. */
    files: takes(({ symbol, said, ...wanted }) => {
      of.controls.choose("chart-symbol", symbol);
      Object.assign(page.chart, { wanted, ready: false });
      of.poll.ask();
      of.legend.announce(said);
    }),
    closed: (opened) => of.files.closed(opened),
    recolour: takes(() => page.chart.recolour()),
    /** Alerts of the symbol, as lines. */
    alerts: takes(({ symbol, lines }) => page.chart.tools.setAlerts(symbol === page.chart.model.symbol ? lines : [])),
    /** The definitions that an address asked for are in force. said: what of it makes no sense. */
    linked: takes(({ marks, said }) => {
      of.poll.want.marks = JSON.stringify(marks);
      if (said) of.legend.announce(said);
    }),
    /** A button `chart-do-<action>[-<argument>]` was pressed. */
    press: changed(([name, argument], clicks) => clicks && of.controls.act({ name, argument })),
    /** A field changed. */
    choose: changed((_, value, id) => of.controls.choose(id, value)),
  };

  root.dash_clientside = Object.assign({}, root.dash_clientside, { chart: clientside });
})(globalThis);
