/* The dialog of one instrument: its price live over its own socket, the chart, the model card. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const ix = (of.instruments = of.instruments || {});
  const $ = (id) => root.document.getElementById("instruments-" + id);

  const LOOK = 10000; // ms between two looks at the model card
  const LOOK_BOOK = 2000; // with an order book: the quote is looked at too, and no facts are computed
  const LARGEST = 1000; // prices that one question for the history brings

  class Detail {
    /** page: {config, model, library(), status(), say(card)}. */
    constructor(page) {
      this.page = page;
      this.plot = new ix.Plot($("plot").parentNode, $("plot"), $("cross"), Math.max(2, page.config.history), (at) =>
        this.read(at),
      );
      this.id = null;
    }

    close() {
      this.leave();
      this.plot.close();
    }

    /** Show an instrument. */
    async open(id) {
      this.leave();
      this.id = id;
      const turn = (this.turn = (this.turn || 0) + 1);
      const { config, model } = this.page,
        one = model.items.get(id);
      this.address = config.prefix + "/tickers/" + encodeURIComponent(id);
      ix.put($("title-detail"), one && one.name !== id ? `${id} · ${one.name}` : id);
      $("flow").href = "/chart/?symbol=" + encodeURIComponent(id);
      this.early = [];
      this.ready = false;
      this.held = 0;
      this.initial = one ? one.initial : NaN;
      this.note("Reading the history …");
      this.plot.set([], [], this.initial);
      this.price(one ? one.price : NaN);
      this.marks(one || {});
      $("facts").replaceChildren();
      $("quote").hidden = true;
      ix.put($("line"), "");
      const library = this.page.library();
      if (!this.form)
        this.form = new ix.Form($("card"), null, {
          send: (body) => ix.call(this.address + "/model", "PUT", body),
          sent: (card, words) => this.sent(card, words),
        });
      this.form.clear();
      this.socket = new ix.Socket("/ws/" + encodeURIComponent(id), {
        take: (message) => this.take(message),
        state: (state, tries, why) => this.line(state, tries, why),
      });
      this.look(turn, library);
    }

    /** The dialog is closed. */
    leave() {
      if (this.socket) this.socket.close();
      this.socket = null;
      this.id = null;
      this.turn = (this.turn || 0) + 1;
      clearTimeout(this.timer);
    }

    async history() {
      const { turn } = this;
      const limit = Math.min(LARGEST, this.page.config.history);
      const answer = await ix.call(`${this.address}/history?limit=${limit}`);
      if (turn !== this.turn) return;
      if (!answer.ok) return this.note(answer.text);
      const { ticker, history } = answer.body;
      this.initial = ticker.initial_price;
      const t = [],
        p = [];
      for (const { value, timestamp } of history) {
        const ms = Date.parse(timestamp.slice(0, 23) + "Z");
        if (t.length && ms <= t[t.length - 1]) continue;
        t.push(ms);
        p.push(value);
      }
      this.note(p.length < 2 ? "The first prices are on their way." : "");
      this.plot.set(t, p, this.initial);
      this.ready = true;
      for (const [ms, price] of this.early) this.plot.add(ms, price);
      this.early = [];
      this.price(ticker.current_price);
    }

    take(message) {
      if (message.type !== "price_update") return;
      const { price, timestamp } = message.data;
      const ms = Date.parse(timestamp.slice(0, 23) + "Z");
      if (this.ready) {
        if (this.plot.t.length < 2) this.note("");
        this.plot.add(ms, price);
      } else this.early.push([ms, price]);
      this.price(price);
    }

    line(state, tries, why) {
      const words = {
        connecting: tries ? "Connecting again …" : "Connecting …",
        open: "Live",
        down: "Reconnecting …" + (why ? ` (${why})` : ""),
        gone: why || "There is no such instrument any more.",
      };
      const node = $("line");
      node.dataset.state = state;
      ix.put(node, words[state]);
      if (state === "open") this.history();
      if (state === "gone") this.note(words.gone);
    }

    note(text) {
      ix.put($("plot-note"), text);
    }

    price(price) {
      const { text } = ix,
        share = price / this.initial - 1;
      ix.put($("price"), text.price(price));
      const node = $("change");
      if (!text.known(share)) return ix.put(node, "");
      node.dataset.dir = text.direction(share);
      ix.put(
        node,
        `${text.arrow(share)} ${text.signed(price - this.initial, 2)} (${text.percent(share)}) since start at ${text.price(this.initial)}`,
      );
    }

    marks({ halted, failure }) {
      const node = $("marks");
      node.replaceChildren();
      if (halted) node.append(ix.make("b", "ix-mark", "Halted", { "data-kind": "Halted" }));
      if (failure) node.append(ix.make("b", "ix-mark", "Failed: " + failure, { "data-kind": "Failed" }));
    }

    quote(quote) {
      const node = $("quote");
      node.hidden = !quote;
      if (!quote) return;
      const { text, make } = ix;
      const side = (name, price, size, kind) =>
        make("span", "ix-side " + kind, [
          make("small", null, name),
          make("b", null, text.price(price)),
          make("small", null, "× " + text.whole(size)),
        ]);
      node.replaceChildren(
        side("Bid", quote.bid, quote.bid_size, "ix-bid"),
        side("Ask", quote.ask, quote.ask_size, "ix-ask"),
        make("span", "ix-side", [make("small", null, "Spread"), make("b", null, text.price(quote.ask - quote.bid))]),
      );
    }

    /** What the crosshair is at. */
    read(at) {
      const { text } = ix;
      ix.put(
        $("readout"),
        at
          ? `${text.clock(at.ms, true)} UTC · ${text.price(at.price)} · ${text.arrow(at.share)} ${text.percent(at.share)}`
          : "",
      );
    }

    // the model card

    async look(turn, waiting) {
      const answer = await ix.call(this.address + "/model");
      const library = await waiting;
      if (turn !== this.turn) return;
      if (answer.ok && library) {
        this.form.library = library;
        this.show(answer.body);
      } else if (!this.form.card) {
        const text = answer.ok ? "The list of models cannot be read." : answer.text;
        this.form.node.replaceChildren(ix.make("p", "ix-error", text));
      }
      const book = answer.ok && answer.body.spec.book;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.look(turn, this.page.library()), book ? LOOK_BOOK : LOOK);
    }

    show(card) {
      this.form.take(card);
      this.about(card);
    }

    about(card) {
      this.quote(card.quote);
      this.marks(card);
      const { scenario } = this.page.status();
      ix.facts.show($("facts"), card, this.plot.t.length, scenario);
    }

    /** A change was taken: what began anew is read anew. */
    sent(card, words) {
      ix.toast(`${card.id}: ${words}`);
      this.page.edited();
      ix.put($("title-detail"), card.spec.name !== card.id ? `${card.id} · ${card.spec.name}` : card.id);
      this.about(card);
      this.history();
    }
  }

  ix.Detail = Detail;
})(globalThis);
