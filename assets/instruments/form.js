/* The model card of one instrument, as a form: every parameter with its meaning, the server's errors at their fields.

   The form holds what the reader typed; only what differs from the instrument is sent. Parameters go as a whole table, as
   the server keeps it. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const ix = (of.instruments = of.instruments || {});

  const INPUT = { autocomplete: "off", spellcheck: "false", inputmode: "decimal" };
  const number = (text) => ix.values.number(text);
  let count = 0;

  class Form {
    /** node: where it stands. library: what GET /models said. events: {send(body) → {ok, text, errors, body}, sent(card)}. */
    constructor(node, library, events) {
      Object.assign(this, { node, library, events });
      this.fields = new Map();
      this.sure = false;
    }

    /** Does the form hold changes that were not sent? */
    get dirty() {
      return this.card ? Object.keys(this.changes()).length > 0 : false;
    }

    /** A card has come: build the form anew, or leave it when the reader is at work in it. */
    take(card, anew) {
      const same = this.card && JSON.stringify(this.card.spec) === JSON.stringify(card.spec);
      if (!anew && this.card && (same || this.dirty)) {
        if (same) this.card = card;
        this.warn(card.warnings);
        return;
      }
      this.card = card;
      this.build();
    }

    clear() {
      this.card = null;
      this.fields.clear();
      this.node.replaceChildren(ix.make("p", "ix-small", "Reading the model …"));
    }

    build() {
      const { make } = ix,
        { spec } = this.card;
      this.fields.clear();
      this.sure = false;
      this.form = make("form", "ix-form", null, { novalidate: true });
      this.modelPart = make("div", "ix-part");
      this.arrivalPart = make("div", "ix-part");
      this.flowPart = make("div", "ix-part");
      this.message = make("p", "ix-error", "", { role: "alert", hidden: true });
      this.warnings = make("div", "ix-warnings");
      const model = this.choice(
        "model",
        "Price model",
        this.library.models.map((m) => [m.name, m.title]),
        spec.model,
      );
      const law = this.choice(
        "arrivals",
        "Arrivals of trades",
        this.library.arrivals.map((m) => [m.name, m.title]),
        spec.arrivals,
      );
      const book = this.check(
        "book",
        "Order book",
        "Trades come from an order book with zero-intelligence traders around the model's price: true aggressor side, and a quote.",
        spec.book,
      );
      this.buttons();
      this.form.append(
        make("h3", "ix-h", "Model"),
        model,
        this.modelPart,
        this.warnings,
        make("h3", "ix-h", "Trades"),
        book,
        law,
        this.arrivalPart,
        this.flowPart,
        make("h3", "ix-h", "Name and pace"),
        this.pace(),
        this.message,
        this.actions,
      );
      this.parts();
      this.warn(this.card.warnings);
      this.form.addEventListener("input", (event) => this.changed(event));
      this.form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.send();
      });
      this.node.replaceChildren(this.form);
      this.changed();
    }

    // its pieces

    /** A row: label, field, meaning, and room for what is wrong. */
    row(name, title, field, { unit, doc, hint, wide } = {}) {
      const { make } = ix,
        id = `instruments-field-${++count}`;
      field.id = id;
      field.name = name;
      field.setAttribute("aria-describedby", id + "-doc " + id + "-error");
      const error = make("span", "ix-field-error", "", { id: id + "-error" });
      const label = make("label", "ix-field-label", [title, unit ? make("small", null, unit) : null], { for: id });
      const words = make(
        "span",
        "ix-field-doc",
        [doc || null, hint ? make("em", null, (doc ? " " : "") + hint) : null],
        { id: id + "-doc" },
      );
      const row = make("div", "ix-field-row" + (wide ? " ix-wide" : ""), [label, field, words, error]);
      this.fields.set(name, { field, error, row });
      return row;
    }

    choice(name, title, pairs, value) {
      const options = pairs.map(([key, words]) =>
        ix.make("option", null, words, { value: key, selected: key === value }),
      );
      return this.row(name, title, ix.make("select", "ix-field", options), { wide: true });
    }

    check(name, title, doc, value) {
      const field = ix.make("input", "ix-check", null, { type: "checkbox" });
      field.checked = value;
      return this.row(name, title, field, { doc, wide: true });
    }

    input(name, title, value, about) {
      const field = ix.make("input", "ix-field", null, {
        ...INPUT,
        ...(about && about.attributes),
        placeholder: about && about.placeholder,
      });
      field.value = value === null || value === undefined ? "" : String(value);
      return this.row(name, title, field, about);
    }

    param(prefix, param, value) {
      const hint = `${ix.values.range(param)}; ${ix.text.short(param.default)} by default`;
      return this.input(prefix + "." + param.name, param.name, value, { unit: param.unit, doc: param.doc, hint });
    }

    pace() {
      const { spec } = this.card,
        words = { attributes: { inputmode: "text" } };
      return ix.make("div", "ix-part", [
        this.input("name", "Name", spec.name, words),
        this.input("interval", "Interval", spec.interval, {
          unit: "s",
          doc: "Between two prices.",
          hint: "0.001 to 3600",
        }),
        this.input("initial_price", "Initial price", spec.initial_price, {
          placeholder: "drawn",
          doc: "Empty: drawn between the settings' bounds. A change begins the instrument anew.",
        }),
        this.input("seed", "Seed", spec.seed, {
          placeholder: "from the common seed",
          attributes: { inputmode: "numeric" },
          doc: "Of all its randomness. Empty: the child of the common seed that belongs to its id. A change begins it anew.",
        }),
        this.input("group", "Group", spec.group, {
          ...words,
          placeholder: "none",
          doc: "Instruments of one group move together.",
        }),
        this.input("correlation", "Correlation", spec.correlation, {
          doc: "With its group's common noise; two members correlate as much as the product of theirs.",
          hint: "−1 to 1",
        }),
      ]);
    }

    buttons() {
      const { make } = ix;
      this.apply = make("button", "ix-button ix-primary", "Apply", { type: "submit" });
      this.discard = make("button", "ix-button", "Discard", { type: "button" });
      this.back = make("button", "ix-button ix-plain", "Take all changes back", {
        type: "button",
        title: "As the settings have it; it begins anew",
      });
      this.discard.addEventListener("click", () => this.build());
      this.back.addEventListener("click", () => this.restore());
      this.back.addEventListener("blur", () => this.calm());
      this.actions = make("div", "ix-buttons ix-sticky", [this.apply, this.discard, this.back]);
    }

    /** The parameters that belong to the model, the arrivals and the trades that are chosen. */
    parts() {
      const { spec } = this.card,
        { make } = ix,
        chosen = { model: this.value("model"), law: this.value("arrivals"), book: this.value("book") };
      for (const name of [...this.fields.keys()]) if (name.includes(".")) this.fields.delete(name);
      const fill = (part, prefix, params, given, thing) => {
        const rows = params.map((p) => this.param(prefix, p, given ? (given[p.name] ?? p.default) : p.default));
        part.replaceChildren(
          ...(thing ? [make("p", "ix-doc", thing.doc), make("p", "ix-source", thing.source)] : []),
          ...rows,
        );
      };
      const model = this.library.models.find((m) => m.name === chosen.model);
      const law = this.library.arrivals.find((m) => m.name === chosen.law);
      fill(this.modelPart, "params", model.params, chosen.model === spec.model ? spec.params : null, model);
      const lawNode = this.fields.get("arrivals").row;
      lawNode.hidden = this.arrivalPart.hidden = chosen.book;
      if (chosen.book) this.arrivalPart.replaceChildren();
      else
        fill(
          this.arrivalPart,
          "arrival_params",
          law.params,
          chosen.law === spec.arrivals ? spec.arrival_params : null,
          law,
        );
      fill(
        this.flowPart,
        "flow",
        chosen.book ? this.library.book : this.library.flow,
        chosen.book === spec.book ? spec.flow : null,
      );
    }

    value(name) {
      const found = this.fields.get(name);
      if (!found) return null;
      return found.field.type === "checkbox" ? found.field.checked : found.field.value;
    }

    // what changed

    /** The table of parameters below a prefix, as far as they are not the defaults. */
    table(prefix, params) {
      const table = {};
      for (const param of params) {
        const text = this.value(prefix + "." + param.name);
        const value = text === null ? null : number(text);
        if (value !== null && value !== param.default) table[param.name] = value;
      }
      return table;
    }

    /** The body of the PUT: what differs from the instrument. */
    changes() {
      const { spec } = this.card,
        body = {};
      const same = (a, b) => {
        const names = new Set([...Object.keys(a), ...Object.keys(b)]);
        return [...names].every((name) => a[name] === b[name]);
      };
      const plain = (given, params) =>
        Object.fromEntries(
          Object.entries(given).filter(([name, v]) => params.some((p) => p.name === name && p.default !== v)),
        );
      const model = this.value("model"),
        law = this.value("arrivals"),
        book = this.value("book");
      const tables = [
        ["params", this.library.models.find((m) => m.name === model).params, model === spec.model],
        ["arrival_params", book ? [] : this.library.arrivals.find((m) => m.name === law).params, law === spec.arrivals],
        ["flow", book ? this.library.book : this.library.flow, book === spec.book],
      ];
      if (model !== spec.model) body.model = model;
      if (law !== spec.arrivals) body.arrivals = law;
      if (book !== spec.book) body.book = book;
      for (const [prefix, params, kept] of tables) {
        if (prefix === "arrival_params" && book) continue;
        const table = this.table(prefix, params);
        // what the server keeps of another model would not fit this one, so a new one's table is always sent
        if (!kept || !same(table, plain(spec[prefix], params))) body[prefix] = table;
      }
      const name = this.value("name").trim(),
        group = this.value("group").trim();
      if (name !== spec.name) body.name = name;
      if (group !== (spec.group || "")) body.group = group || null;
      for (const key of ["interval", "initial_price", "correlation"]) {
        const value = number(this.value(key));
        if (value !== spec[key]) body[key] = value;
      }
      const seed = this.value("seed").trim();
      if (seed !== (spec.seed === null ? "" : String(spec.seed))) body.seed = seed === "" ? null : seed;
      return body;
    }

    changed(event) {
      if (event) {
        const { name } = event.target;
        this.fault(name, "");
        this.calm();
        if (name === "model" || name === "arrivals" || name === "book") this.parts();
      }
      const changes = this.changes(),
        some = Object.keys(changes).length > 0;
      this.apply.disabled = this.discard.disabled = !some;
      for (const [name, { row }] of this.fields) {
        const [table, key] = name.split(".");
        const inside = changes[table] && key && typeof changes[table] === "object" && this.card.spec[table];
        const edited = key ? inside && changes[table][key] !== this.card.spec[table][key] : table in changes;
        row.toggleAttribute("data-edited", Boolean(edited));
      }
    }

    // what is wrong

    fault(name, text) {
      const found = this.fields.get(name);
      if (!found) return false;
      ix.put(found.error, text);
      if (text) found.field.setAttribute("aria-invalid", "true");
      else found.field.removeAttribute("aria-invalid");
      return true;
    }

    say(text) {
      ix.put(this.message, text);
      this.message.hidden = !text;
    }

    warn(warnings) {
      if (!this.warnings) return;
      this.warnings.replaceChildren(
        ...(warnings || []).map((text) => ix.make("p", "ix-warning", [ix.make("b", null, "⚠ Note: "), text])),
      );
    }

    async send() {
      const changes = this.changes();
      if (!Object.keys(changes).length) return;
      await this.put(changes, "Changed.");
    }

    /** All as the settings have it; asks once more. */
    async restore() {
      if (!this.sure) {
        this.sure = true;
        this.back.textContent = "Really? It begins anew";
        return;
      }
      await this.put({}, "As the settings have it; it began anew.");
    }

    calm() {
      if (!this.sure) return;
      this.sure = false;
      this.back.textContent = "Take all changes back";
    }

    async put(changes, done) {
      for (const name of this.fields.keys()) this.fault(name, "");
      this.say("");
      this.apply.disabled = true;
      const { card } = this;
      const answer = await this.events.send(ix.values.json(changes));
      if (this.card !== card) return; // another instrument meanwhile
      if (answer.ok) {
        this.take(answer.body, true);
        this.events.sent(answer.body, done);
        return;
      }
      this.apply.disabled = false;
      const loose = [];
      let first = null;
      for (const { loc, text } of answer.errors) {
        const name = String(loc[loc.length - 1] ?? "");
        if (this.fault(name, text)) first = first || this.fields.get(name).field;
        else loose.push(`${name} ${text}`);
      }
      this.say(loose.length ? loose.join("; ") : first ? "Not changed: see what is marked." : answer.text);
      if (first) first.focus();
    }
  }

  ix.Form = Form;
})(globalThis);
