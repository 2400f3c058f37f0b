/* The start of the herd game's big screen, and the functions that Dash calls (`dash_clientside.herd`).

   On other pages nothing here runs: Dash calls `boot` where the page's store is. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const herd = (of.herd = of.herd || {});
  const $ = (id) => root.document.getElementById(id);
  const NO = () => root.dash_clientside.no_update;

  const CLOCKS_APART = 1500; // ms between two clocks that are not worth a correction
  const QUIET = 900; // ms without a new picture after which time is drawn on
  const SLOW = 2500; // ms without a first picture after which the banner says so

  class Page {
    constructor(config) {
      this.config = config;
      this.life = new AbortController();
      this.stage = $("herd-stage");
      this.model = herd.model.create();
      this.skew = 0;
      this.bytes = 0;
      const now = () => Date.now() + this.skew;
      this.may = null;
      this.chart = new herd.PriceChart($("herd-plot"), $("herd-tag"), this.model, now);
      this.view = new herd.View(this.stage, this.model, now);
      this.screen = screen(this);
      this.control = new herd.Control(this);
      herd.keys.listen((name) => this.control.act(name), this.presenter, this.life.signal);
      this.clock = setInterval(() => this.beat(), 250);
      root.document.addEventListener("visibilitychange", () => !root.document.hidden && this.chart.again(), {
        signal: this.life.signal,
      });
      root.document.addEventListener("fullscreenchange", () => this.fullscreen(), { signal: this.life.signal });
      const { protocol, host } = root.location;
      this.view.address = root.location.origin + "/j";
      this.began = performance.now();
      this.socket = new herd.Socket(
        (protocol === "https:" ? "wss://" : "ws://") + host + "/herd/ws?view=stage",
        "/herd/state",
        {
          take: (message, bytes) => this.take(message, bytes),
          state: (state, tries, why) => this.connection(state, tries, why),
          fresh: (answer) => typeof answer.version !== "number" || answer.version <= this.model.version + 8,
        },
      );
      this.themed();
      if (!root.document.fullscreenEnabled)
        for (const node of root.document.querySelectorAll("[data-do='full']")) node.hidden = true;
    }

    presenter = () => this.may === true;

    close() {
      this.life.abort();
      clearInterval(this.clock);
      this.socket.close();
      this.chart.close();
      delete root.document.documentElement.dataset.herdShow;
    }

    take(message, bytes) {
      this.bytes += bytes || 0;
      const changed = herd.model.apply(this.model, message);
      if (!changed) return;
      if (changed.has("snapshot")) {
        this.chart.xRange = this.chart.yRange = null;
        this.recall();
      }
      this.view.show(changed);
      this.control.shown();
      if (["snapshot", "feed", "phase"].some((name) => changed.has(name))) this.chart.again();
      else this.chart.soon();
    }

    /** Marks and fundamental values from before this page was there, which the server tells the presenter; and how far
        the two clocks are apart. */
    async recall() {
      const { session } = this.model;
      if (session === null || this.may === null) return;
      try {
        const asked = Date.now();
        const address = this.may ? "/herd/frames?session=" + encodeURIComponent(session) : "/herd/state";
        const answer = await fetch(address, { cache: "no-store" });
        const date = Date.parse(answer.headers.get("date"));
        const skew = date + 500 - (asked + Date.now()) / 2;
        this.skew = Number.isFinite(skew) && Math.abs(skew) > CLOCKS_APART ? skew : 0;
        if (answer.ok && this.may && herd.model.recall(this.model, await answer.json())) {
          this.control.shown();
          this.chart.again();
        }
      } catch {
        /* the marks of the snapshot's own events have to do */
      }
    }

    beat() {
      this.view.tick();
      // a market where nothing happens moves on all the same
      if (herd.model.scene(this.model) === "play" && !this.down && this.chart.age > QUIET) this.chart.soon();
      if (!this.down && this.model.session === null && performance.now() - this.began > SLOW)
        this.banner("wait", "Waiting for the server … the network is slow.");
    }

    connection(state, tries, why) {
      const link = $("herd-link");
      link.dataset.state = state;
      if (state === "open") {
        link.textContent = "Live";
        const was = this.down;
        this.down = false;
        if (was) {
          this.banner("up", "Connected again.");
          setTimeout(() => !this.down && this.banner(null), 2500);
        } else this.banner(null);
        return;
      }
      link.textContent = state === "connecting" && !this.down ? "Connecting …" : "Reconnecting …";
      if (state !== "down") return;
      this.down = true;
      this.stage.dataset.stale = true;
      const seen = this.model.session !== null;
      const rest = seen ? "This is the last picture; it goes on by itself." : "Trying again …";
      this.banner(
        "down",
        why === "offline"
          ? "This device is offline. The screen goes on by itself when the network is back."
          : why && why !== "slow"
            ? "The server says: " + why + " Trying again …"
            : "The server is unreachable. " + rest,
      );
    }

    banner(kind, text) {
      const node = $("herd-banner");
      node.hidden = !kind;
      if (kind !== "down") delete this.stage.dataset.stale;
      if (!kind) return;
      node.dataset.kind = kind;
      herd.put(node, text);
    }

    /** Whether this page may steer. */
    allow(may) {
      this.may = may;
      this.view.presenter = may;
      this.recall();
      this.stage.dataset.access = may ? "presenter" : "viewer";
      $("herd-tools").hidden = !may;
      $("herd-viewer").hidden = may;
      this.view.join();
      this.view.leaders();
      this.control.shown();
      this.chart.again();
    }

    // the screen

    themed() {
      const scheme = dark() ? "dark" : "light";
      root.document.documentElement.dataset.theme = scheme;
      root.document.documentElement.setAttribute("data-mantine-color-scheme", scheme);
      root.dash_clientside.set_props("mantine", { forceColorScheme: scheme });
      this.chart.colours(of.theme.colours("blue", scheme));
    }

    present(on) {
      const { dataset } = root.document.documentElement;
      if (on) dataset.herdShow = "";
      else delete dataset.herdShow;
      this.awake(on);
    }

    get presenting() {
      return "herdShow" in root.document.documentElement.dataset;
    }

    fullscreen() {
      this.present(Boolean(root.document.fullscreenElement));
    }

    /** A projector must not go to sleep in the talk; where the browser offers no such promise, it may. */
    async awake(on) {
      try {
        if (on && root.navigator.wakeLock && !this.lock) this.lock = await root.navigator.wakeLock.request("screen");
        else if (!on && this.lock) {
          const { lock } = this;
          this.lock = null;
          await lock.release();
        }
      } catch {
        this.lock = null; // refused: a hidden page, or a battery that is low
      }
    }
  }

  /** Dark unless the reader chose otherwise: it is made for a projector. */
  function dark() {
    return of.theme.choice() !== "light";
  }

  /** What changes the screen and not the game; for everybody. */
  function screen(page) {
    const elsewhere = (address) => () => root.open(address, "_blank", "noopener");
    return {
      full: () => {
        const { document } = root;
        const refused = () => page.present(true);
        if (document.fullscreenElement) document.exitFullscreen();
        else if (document.fullscreenEnabled) document.documentElement.requestFullscreen().catch(refused);
        else page.present(!page.presenting);
      },
      present: () => page.present(!page.presenting),
      escape: () => {
        if (!root.document.fullscreenElement) page.present(false);
      },
      qr: () => {
        const dialog = $("herd-dialog-qr");
        if (dialog.open) dialog.close();
        else dialog.showModal();
      },
      window: () => {
        const note = $("herd-window-note");
        herd.put(note, page.chart.next());
        note.hidden = false;
        clearTimeout(page.noteTimer);
        page.noteTimer = setTimeout(() => (note.hidden = true), 2500);
      },
      theme: () => {
        of.theme.choose(dark() ? "light" : "dark");
        page.themed();
      },
      flow: elsewhere("/chart?symbol=HERD"),
      debrief: elsewhere("/herd/debrief/"),
    };
  }

  function boot(config) {
    if (!config || !$("herd-stage")) return NO();
    if (herd.page) herd.page.close();
    herd.page = new Page(config);
    return NO();
  }

  root.dash_clientside = Object.assign({}, root.dash_clientside, {
    herd: {
      boot,
      allow: (access) => {
        if (herd.page && access) herd.page.allow(access.presenter === true);
        return NO();
      },
    },
  });
})(globalThis);
