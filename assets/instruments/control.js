/* Steering the simulation: pause, speed, restart, scenarios. Every change goes to the server, and what it answers is what
   is shown; a refusal is told in its own words. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const ix = (of.instruments = of.instruments || {});
  const $ = (id) => root.document.getElementById("instruments-" + id);

  const LARGEST = 1 << 20; // bytes of a scenario's file
  const EXAMPLE = `name = "My scenario"
description = "A shock, then nerves, then a halt."

[[events]]
kind = "shock"
at = 5                  # seconds from the beginning
percent = -4
instruments = "all"     # or an id, a group, a list

[[events]]
kind = "volatility"
at = 5
factor = 3
seconds = 60

[[events]]
kind = "halt"
at = 70
seconds = 10
`;

  class Control {
    /** page: {config, status(), took(status), again()}. */
    constructor(page) {
      this.page = page;
      this.speeds = page.config.speeds;
      this.build();
    }

    build() {
      const { make } = ix,
        { speeds } = this;
      this.slider = make("input", null, null, {
        type: "range",
        id: "instruments-speed",
        min: 0,
        max: speeds.length - 1,
        step: 1,
        value: speeds.indexOf(1),
      });
      this.slider.addEventListener("input", () => this.spoken(speeds[this.slider.value]));
      this.slider.addEventListener("change", () => this.send({ action: "speed", speed: speeds[this.slider.value] }));
      $("speed-host").replaceChildren(this.slider);
      this.seed = make("input", "ix-field", null, {
        id: "instruments-seed",
        inputmode: "numeric",
        autocomplete: "off",
        "aria-describedby": "instruments-restart-error",
      });
      this.seed.addEventListener("keydown", (event) => event.key === "Enter" && this.restart());
      $("seed-host").replaceChildren(make("label", "ix-field-label", "Seed", { for: "instruments-seed" }), this.seed);
      this.own = make("textarea", "ix-field ix-code", null, {
        id: "instruments-scenario-text",
        rows: 8,
        spellcheck: "false",
        "aria-label": "Text of your scenario",
        "aria-describedby": "instruments-scenario-errors",
        placeholder: '[[events]]\nkind = "shock"\nat = 5\npercent = -4',
      });
      this.own.addEventListener("dragover", (event) => event.preventDefault());
      this.own.addEventListener("drop", (event) => {
        const file = event.dataTransfer && event.dataTransfer.files[0];
        if (!file) return;
        event.preventDefault();
        this.read(file);
      });
      this.file = make("input", null, null, {
        type: "file",
        accept: ".toml,.json,.txt,text/plain,application/json",
        hidden: true,
      });
      this.file.addEventListener("change", () => {
        if (this.file.files[0]) this.read(this.file.files[0]);
        this.file.value = "";
      });
      $("scenario-own").replaceChildren(this.own, this.file);
      this.list();
    }

    list() {
      const { make, text } = ix;
      const rows = this.page.config.scenarios.map((one) => {
        const words = one.fault || one.description;
        const length = one.fault ? "" : one.loop ? `every ${text.span(one.seconds)}` : text.span(one.seconds);
        const play = make("button", "ix-button", "Play", {
          type: "button",
          "data-do": "scenario-play",
          "data-name": one.name,
          "aria-label": "Play " + one.title,
          disabled: Boolean(one.fault),
        });
        return make(
          "li",
          "ix-scenario",
          [
            make("div", null, [
              make("b", null, one.title),
              make("small", null, length),
              make("p", one.fault ? "ix-error" : null, words),
            ]),
            play,
          ],
          { "data-title": one.title },
        );
      });
      $("scenario-list").replaceChildren(
        ...(rows.length ? rows : [make("li", "ix-small", "None came with this program.")]),
      );
    }

    /** The state of the simulation, into the toolbar. */
    show(status) {
      const run = $("run");
      ix.put(run, status.running ? "❚❚ Pause" : "▶ Start");
      run.setAttribute("aria-pressed", String(!status.running));
      if (root.document.activeElement !== this.slider || this.speed !== status.speed) {
        this.speed = status.speed;
        const nearest = this.speeds.reduce(
          (best, one, k) =>
            Math.abs(Math.log(one / status.speed)) < Math.abs(Math.log(this.speeds[best] / status.speed)) ? k : best,
          0,
        );
        this.slider.value = nearest;
        this.spoken(status.speed);
      }
      this.playing(status);
    }

    spoken(speed) {
      const words = ix.text.speed(speed);
      ix.put($("speed-text"), words);
      this.slider.setAttribute("aria-valuetext", `${words.replace("×", "")} times real time`);
    }

    /** What plays, in the dialog and on its button. */
    playing(status) {
      const { text, make } = ix;
      const open = $("scenario-open"),
        now = $("scenario-now");
      const known = this.page.config.scenarios.find((one) => one.title === status.scenario);
      const time = status.scenario_time;
      const over = known && !known.fault && !known.loop && time > known.seconds;
      const at = !status.scenario
        ? ""
        : over
          ? "over"
          : known && !known.fault
            ? `${text.span(known.loop ? time % known.seconds : time)} of ${text.span(known.seconds)}`
            : text.span(time);
      ix.put(open, status.scenario ? `${status.scenario} · ${at}` : "Scenario …");
      open.toggleAttribute("data-on", Boolean(status.scenario) && !over);
      for (const row of $("scenario-list").children)
        row.toggleAttribute("data-on", row.dataset.title === status.scenario && Boolean(status.scenario));
      if (!now.firstChild) {
        this.nowText = make("span");
        this.stop = make("button", "ix-button", "■ Stop", { type: "button", "data-do": "scenario-stop" });
        now.append(this.nowText, this.stop);
      }
      ix.put(
        this.nowText,
        status.scenario ? `${over ? "Was played" : "Plays"}: ${status.scenario} · ${at}` : "No scenario plays.",
      );
      this.stop.hidden = !status.scenario;
    }

    /** POST one action. Resolves to the answer; a refusal is shown, unless `quiet`. */
    async send(body, quiet) {
      const answer = await ix.call(this.page.config.prefix + "/simulation", "POST", body);
      if (answer.ok) this.page.took(answer.body);
      else {
        if (!quiet) ix.toast(answer.text, true);
        this.speed = null;
        this.show(this.page.status());
      }
      return answer;
    }

    toggle() {
      return this.send({ action: this.page.status().running ? "pause" : "start" });
    }

    /** One stop faster or slower. */
    async faster(by) {
      const at = Number(this.slider.value) + by;
      if (at < 0 || at >= this.speeds.length) return;
      this.slider.value = at;
      this.spoken(this.speeds[at]);
      await this.send({ action: "speed", speed: this.speeds[at] });
    }

    // restart

    ask() {
      this.seed.value = String(this.page.status().seed ?? "");
      ix.put($("restart-error"), "");
      this.seed.removeAttribute("aria-invalid");
    }

    dice() {
      this.seed.value = String(crypto.getRandomValues(new Uint32Array(1))[0]);
    }

    async restart() {
      const text = this.seed.value.trim(),
        present = this.page.status().seed;
      const body =
        text === "" || text === String(present)
          ? '{"action":"restart"}'
          : `{"action":"restart","seed":${/^\d{1,19}$/.test(text) ? text.replace(/^0+(?=\d)/, "") : JSON.stringify(text)}}`;
      const answer = await this.send(body, true);
      if (!answer.ok) {
        const [error] = answer.errors;
        ix.put($("restart-error"), error ? "The seed " + error.text + "." : answer.text);
        if (error) this.seed.setAttribute("aria-invalid", "true");
        return;
      }
      this.page.dialog("restart", false);
      this.page.again();
      ix.toast(`Restarted with seed ${answer.body.seed}.`);
    }

    // scenarios

    async play(body) {
      this.errors([]);
      const answer = await this.send({ action: "scenario", ...body }, true);
      if (answer.ok) {
        ix.toast(answer.body.scenario ? `Plays: ${answer.body.scenario}.` : "The scenario has ended.");
        return true;
      }
      const told = answer.errors.map(({ loc, text }) => place(loc) + text);
      this.errors(told.length ? told : [answer.text]);
      return false;
    }

    async playOwn() {
      const text = this.own.value;
      if (!text.trim()) {
        this.errors(["There is nothing to play: paste a scenario, take one from a file, or begin with the example."]);
        this.own.focus();
        return;
      }
      const done = await this.play({ text });
      if (done) this.own.removeAttribute("aria-invalid");
      else this.own.setAttribute("aria-invalid", "true");
    }

    example() {
      this.own.value = EXAMPLE;
      this.own.focus();
      this.own.setSelectionRange(0, 0);
      this.own.scrollTop = 0;
    }

    async read(file) {
      if (file.size > LARGEST) return this.errors([`${file.name} is larger than 1 MiB.`]);
      this.own.value = await file.text();
      this.errors([]);
      this.own.focus();
    }

    errors(lines) {
      const node = $("scenario-errors");
      node.hidden = !lines.length;
      const { make } = ix;
      node.replaceChildren(
        ...(lines.length
          ? [
              make(
                "b",
                null,
                lines.length === 1 ? "It cannot be played:" : `It cannot be played; ${lines.length} things are wrong:`,
              ),
              make(
                "ul",
                null,
                lines.map((line) => make("li", null, line)),
              ),
            ]
          : []),
      );
    }
  }

  /** The place of an error in a scenario, as words: ["body", "events", 0, "kind"] is "event 1, kind: ". */
  function place(loc) {
    const [, table, row, field] = loc;
    if (table !== "events" || typeof row !== "number") return loc.length > 1 ? loc.slice(1).join(" ") + " " : "";
    return `Event ${row + 1}${field ? ", " + field : ""}: `;
  }

  ix.Control = Control;
  ix.place = place;
})(globalThis);
