/* The presenter's hands: buttons, keys and dialogs become controls of the game.

   `Control.act(name, element)` does what a `data-do` attribute or a key says. What destroys something asks first. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const herd = (of.herd = of.herd || {});
  const $ = (id) => root.document.getElementById(id);

  const PHASED = {
    lobby: ["Start", "start", "The market is open."],
    open: ["Freeze", "freeze", "The market is frozen."],
    frozen: ["Resume", "resume", "The market is open again."],
    ended: ["New game", "reset", ""],
  };
  const ASK = {
    undo: ["Undo the last round?", "Portfolios and the price go back to where they were when it began.", "Undo round"],
    lobby: ["Back to the lobby?", "Nobody can trade until you start.", "To the lobby"],
    end: ["End the game?", "Nobody can trade any more; the debrief is ready. This cannot be undone.", "End the game"],
    reset: [
      "Reset everything?",
      "A new game begins under the same code, and everybody joins it anew. The game so far is kept.",
      "Reset",
    ],
  };
  const DONE = {
    undo: "The last round is undone.",
    lobby: "Everybody waits in the lobby.",
    end: "The game has ended.",
    reset: "A new game.",
  };
  const KINDS = ["zero", "trend", "fundamental"];

  class Control {
    /** page: {model, chart, stage, presenter, screen}. */
    constructor(page) {
      this.page = page;
      this.busy = new Set();
      this.people = new herd.People(page);
      const { signal } = page.life;
      const { document } = root;
      document.addEventListener("click", (event) => this.clicked(event), { signal });
      document.addEventListener("submit", (event) => this.submitted(event), { signal });
      // not "change": leaving the field for a button of the list would make the list anew under the pointer
      const typed = (event) => event.target.id === "herd-people-find" && this.people.show();
      const chosen = (event) => event.target.closest("#herd-round-kind") && this.rounds();
      document.addEventListener("input", typed, { signal });
      document.addEventListener("change", chosen, { signal });
    }

    clicked(event) {
      const element = event.target.closest && event.target.closest("[data-do]");
      if (element) this.act(element.dataset.do, element);
      else if (event.target.matches && event.target.matches("dialog")) event.target.close(); // beside the dialog
    }

    act(name, element) {
      const { screen, presenter } = this.page;
      if (screen[name]) return screen[name](element);
      if (this[name + "Do"] && (presenter() || name === "help" || name === "close")) return this[name + "Do"](element);
    }

    // dialogs

    dialog(name) {
      return $("herd-dialog-" + name);
    }

    open(name) {
      const dialog = this.dialog(name);
      this.fault(name, "");
      if (dialog.open) return;
      dialog.showModal();
      const first = dialog.querySelector("input:not([disabled]):not([type=radio])");
      if (first) first.select();
    }

    closeDo(element) {
      const dialog = element && element.closest("dialog");
      if (dialog) dialog.close();
    }

    fault(name, text) {
      const node = $("herd-fault-" + name);
      node.textContent = text;
      node.hidden = !text;
    }

    /** Ask, then do. yes(): sends it. */
    confirm(title, text, word, yes) {
      $("herd-title-confirm").textContent = title;
      $("herd-confirm-text").textContent = text;
      $("herd-send-confirm").textContent = word;
      this.confirmed = yes;
      this.open("confirm");
      $("herd-close-confirm").focus();
    }

    // sending

    /** Send a control; where: the dialog whose button was pressed, to close, or to show the error in. */
    async send(action, values, done, where) {
      if (this.busy.has(action)) return false;
      this.busy.add(action);
      this.shown();
      const answer = await herd.send.control(action, values);
      this.busy.delete(action);
      this.shown();
      if (answer.ok) {
        if (where && this.dialog(where).open) this.dialog(where).close();
        if (done) herd.send.toast(done);
        return true;
      }
      if (answer.status === 401) this.page.allow(false);
      if (where && this.dialog(where).open && answer.status !== 401) this.fault(where, answer.text);
      else {
        if (where) this.dialog(where).close();
        herd.send.toast(answer.text, true);
      }
      return false;
    }

    submitted(event) {
      const form = event.target.closest && event.target.closest("form[data-form]");
      if (!form) return;
      event.preventDefault();
      const name = form.dataset.form;
      const action = { news: "publish", round: "begin", bots: "hire", confirm: "confirmedDo" }[name];
      if (action) this[action]();
    }

    confirmedDo() {
      const yes = this.confirmed;
      this.confirmed = null;
      if (yes) yes();
    }

    ask(name) {
      const [title, text, word] = ASK[name];
      this.confirm(title, text, word, () => this.send(name, {}, DONE[name], "confirm"));
    }

    // the game

    toggleDo() {
      const entry = PHASED[this.page.model.phase];
      if (!entry) return;
      const [, action, done] = entry;
      if (action === "reset") this.ask("reset");
      else this.send(action, {}, done);
    }

    newsDo() {
      this.open("news");
    }

    headlineDo(element) {
      root.dash_clientside.set_props("herd-news-text", { value: element.dataset.text });
      root.dash_clientside.set_props("herd-news-move", { value: Number(element.dataset.move) });
      $("herd-send-news").focus();
    }

    publish() {
      const text = $("herd-news-text").value.trim(),
        move = number("herd-news-move") ?? 0;
      if (!text) return this.fault("news", "A headline is missing.");
      this.send("news", { text, move }, "Published.", "news");
    }

    roundDo() {
      const running = Boolean(this.page.model.round);
      $("herd-dialog-round").dataset.running = running;
      $("herd-send-round").hidden = running;
      this.rounds();
      this.open("round");
    }

    roundNextDo() {
      this.send("round", {}, "The next round.", "round");
    }

    /** The fields of the kind of rounds chosen. */
    rounds() {
      const kind = kindOfRounds();
      $("herd-round-value").hidden = kind !== "value";
      $("herd-round-ssw").hidden = kind !== "ssw";
      if (kind !== this.kind) {
        if (kind === "ssw") root.dash_clientside.set_props("herd-round-rounds", { value: 15 });
        else if (this.kind === "ssw") root.dash_clientside.set_props("herd-round-rounds", { value: 3 });
      }
      this.kind = kind;
    }

    begin() {
      const kind = kindOfRounds();
      const values = { rounds: number("herd-round-rounds"), seconds: number("herd-round-seconds") };
      if (!values.rounds || !values.seconds) return this.fault("round", "How many rounds, and how long is each?");
      if (kind === "ssw") values.preset = "ssw";
      if (kind === "value") {
        values.fundamental = number("herd-round-fundamental");
        if (values.fundamental === null) return this.fault("round", "The fundamental value is missing.");
        const dividend = number("herd-round-dividend");
        if (dividend) values.dividend = dividend;
      }
      this.send("round", values, "The rounds begin.", "round");
    }

    roundStopDo() {
      this.send("round", { stop: true }, "The rounds are stopped.", "round");
    }

    botsDo() {
      const bots = this.page.model.bots || {};
      for (const kind of KINDS) root.dash_clientside.set_props("herd-bots-" + kind, { value: bots[kind] || 0 });
      this.open("bots");
    }

    async hire() {
      const bots = this.page.model.bots || {};
      let sent = 0;
      for (const kind of KINDS) {
        const count = number("herd-bots-" + kind) || 0;
        if (count === (bots[kind] || 0)) continue;
        if (!(await this.send("bots", { kind, count }, "", "bots"))) return;
        sent++;
      }
      const dialog = this.dialog("bots");
      if (dialog.open) dialog.close();
      herd.send.toast(sent ? "The bots are set." : "Nothing has changed.");
    }

    experimentDo() {
      const on = !this.page.model.experiment;
      const done = on ? "Half of the phones and this screen see no meter." : "Everybody sees the meter again.";
      this.send("experiment", { on }, done);
    }

    kickDo(element) {
      const { participant, nick } = element.dataset;
      const text = "Out of the game, with the whole portfolio. Joining again stays possible.";
      this.confirm("Kick " + nick + "?", text, "Kick", async () => {
        if (await this.send("kick", { participant }, nick + " is out.", "confirm")) this.people.fetch();
      });
    }

    undoDo() {
      this.ask("undo");
    }

    lobbyDo() {
      this.ask("lobby");
    }

    endDo() {
      this.ask("end");
    }

    resetDo() {
      this.ask("reset");
    }

    exportDo() {
      this.open("export");
    }

    helpDo() {
      const body = $("herd-help-body");
      body.replaceChildren(...herd.keys.help(this.page.presenter()));
      this.open("help");
    }

    peopleDo() {
      this.people.clear();
      this.open("people");
      this.people.fetch();
    }

    /** The buttons say what they would do now. */
    shown() {
      const { model } = this.page;
      const toggle = $("herd-do-toggle"),
        entry = PHASED[model.phase];
      if (!toggle) return;
      herd.put(toggle.querySelector(".hg-button-words"), entry ? entry[0] : "Start");
      const set = (id, off) => {
        $(id).disabled = Boolean(off);
      };
      set("herd-do-toggle", !entry || this.busy.size);
      set("herd-do-end", model.phase === "ended");
      set("herd-do-lobby", model.phase === "lobby" || model.phase === "ended");
      const ended = model.phase === "ended"; // then the server refuses all but a new game
      set("herd-do-undo", ended || (!model.round && !model.marks.some((event) => event.kind === "round")));
      for (const button of root.document.querySelectorAll("#herd-tools [data-do]"))
        if (["news", "round", "bots", "experiment"].includes(button.dataset.do)) button.disabled = ended;
      const experiment = $("herd-do-experiment");
      experiment.setAttribute("aria-pressed", String(Boolean(model.experiment)));
    }
  }

  function kindOfRounds() {
    const chosen = root.document.querySelector("#herd-round-kind input:checked");
    return chosen ? chosen.value : "plain";
  }

  /** The number in a field, or null. */
  function number(id) {
    const text = $(id).value.replace(/,/g, "").trim();
    return text === "" || !Number.isFinite(Number(text)) ? null : Number(text);
  }

  herd.Control = Control;
})(globalThis);
