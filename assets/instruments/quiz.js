/* "Real or fake?": the server asks and judges, this draws the prices and counts. No scale is shown, as it would tell. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const ix = (of.instruments = of.instruments || {});
  const $ = (id) => root.document.getElementById("instruments-quiz" + (id ? "-" + id : ""));

  class Quiz {
    constructor(page) {
      this.page = page;
      this.channel = new ix.Channel("instruments-quiz-ask");
      this.sizes = new ResizeObserver(() => this.draw());
      this.sizes.observe($("chart").parentNode);
      this.state = "none";
    }

    close() {
      this.sizes.disconnect();
    }

    /** The dialog is opened: go on, or begin. */
    open() {
      if (this.state === "none" || this.state === "over" || this.state === "fault") this.begin();
      else this.draw();
    }

    async begin() {
      this.set("wait");
      this.right = [];
      this.prices = null;
      this.draw();
      ix.put($("head"), "Reading the recordings …");
      $("answer").replaceChildren();
      const answer = await this.channel.ask({ begin: true });
      if (!answer || answer.error) return this.fault(answer ? answer.error : "The server did not answer.");
      this.seed = answer.seed;
      this.of = answer.of;
      this.put(0, answer.prices);
    }

    fault(text) {
      this.set("fault");
      ix.put($("head"), "");
      $("answer").replaceChildren(ix.make("p", "ix-error", text), button("Try again", "quiz-again"));
    }

    /** Put a question. */
    put(number, prices) {
      this.number = number;
      this.prices = prices;
      this.verdict = null;
      this.set("ask");
      this.head();
      $("answer").replaceChildren(
        ix.make(
          "p",
          "ix-quiz-hint",
          "Look at the large moves: do they come in bursts? Is any far out of line? Does it return to a level?",
        ),
      );
      this.draw();
    }

    head() {
      const dots = Array.from({ length: this.of }, (_, k) => {
        const was = this.right[k];
        return ix.make(
          "i",
          was === undefined ? (k === this.number ? "ix-now-dot" : "") : was ? "ix-right-dot" : "ix-wrong-dot",
          was === undefined ? "" : was ? "✓" : "✗",
        );
      });
      const score = this.right.filter(Boolean).length;
      $("head").replaceChildren(
        ix.make("span", "ix-quiz-number", `Question ${this.number + 1} of ${this.of}`),
        ix.make("span", "ix-quiz-dots", dots, { "aria-hidden": "true" }),
        ix.make("span", "ix-quiz-score", `${score} right`),
      );
    }

    async guess(what) {
      if (this.state !== "ask") return;
      this.set("judge");
      const { number, seed } = this;
      const answer = await this.channel.ask({ seed, number, guess: what });
      if (this.seed !== seed || this.number !== number) return;
      if (!answer || answer.error) {
        this.set("ask");
        $("answer").replaceChildren(
          ix.make("p", "ix-error", answer ? answer.error : "The server did not answer. Guess again."),
        );
        return;
      }
      this.right[number] = answer.right;
      this.verdict = answer;
      this.next_ = answer.prices;
      this.set("told");
      this.head();
      const last = !answer.prices;
      const go = button(last ? "See the score" : "Next", "quiz-next", "ix-primary");
      $("answer").replaceChildren(
        ix.make(
          "p",
          "ix-verdict " + (answer.right ? "ix-fits" : "ix-misfit"),
          `${answer.right ? "✓ Right" : "✗ Wrong"}: this is ${answer.real ? "real" : "fake"}.`,
        ),
        ix.make("p", null, answer.hint),
        ix.make("p", "ix-source", "Source: " + answer.source),
        ix.make("div", "ix-buttons", [go, ix.make("small", "ix-small", "Enter")]),
      );
      this.draw();
      go.focus({ preventScroll: true });
      go.scrollIntoView({ block: "nearest" });
    }

    next() {
      if (this.state !== "told") return;
      if (this.next_) {
        this.put(this.number + 1, this.next_);
        $("guess").firstChild.focus({ preventScroll: true });
        $("head").scrollIntoView({ block: "nearest" });
      } else this.score();
    }

    score() {
      this.set("over");
      const score = this.right.filter(Boolean).length,
        n = this.of;
      // with a coin, at least this many right: for the reader to judge the score by
      let ways = 0,
        row = 1;
      for (let k = 0; k <= n; k++) {
        if (k >= score) ways += row;
        row = (row * (n - k)) / (k + 1);
      }
      const chance = Math.max(1, Math.round((100 * ways) / 2 ** n));
      const word =
        score >= n - 1
          ? "You know markets when you see them."
          : score >= 0.7 * n
            ? "Better than most: the models are good."
            : score >= 0.4 * n
              ? "About as good as a coin: that is how good the models are."
              : "The models had you.";
      ix.put($("head"), "");
      $("answer").replaceChildren(
        ix.make("p", "ix-quiz-total", [ix.make("b", null, `${score} of ${n}`), " right"]),
        ix.make("p", null, `${word} Somebody who tosses a coin gets ${score} or more right in ${chance} % of games.`),
        ix.make(
          "p",
          "ix-small",
          "The tell-tales are the stylised facts: fat tails, bursts of volatility, no memory in the returns themselves. Every instrument's card checks them live.",
        ),
        ix.make("div", "ix-buttons", [
          button("Play again", "quiz-again", "ix-primary"),
          button("Close", "close", "ix-plain"),
        ]),
      );
      $("answer").querySelector("button").focus({ preventScroll: true });
    }

    set(state) {
      this.state = state;
      $().dataset.state = state;
      for (const node of $("guess").children) node.disabled = state !== "ask";
    }

    draw() {
      const canvas = $("chart"),
        box = canvas.parentNode;
      const W = box.clientWidth,
        H = box.clientHeight;
      if (W < 40 || H < 40) return;
      const { colours } = this.page;
      const line = !this.verdict ? colours.text : this.verdict.right ? colours.buy : colours.sell;
      ix.spark.draw(canvas, W, H, this.prices || [], { line, base: colours.neutral, width: 1.8, pad: 14 });
    }

    /** A key while the dialog is open; true when it was one of ours. */
    key(event) {
      const key = event.key.toUpperCase();
      if (this.state === "ask" && (key === "1" || key === "R")) this.guess("real");
      else if (this.state === "ask" && (key === "2" || key === "F")) this.guess("fake");
      else if (this.state === "told" && (key === "ENTER" || key === " " || key === "N")) this.next();
      else return false;
      return true;
    }
  }

  const button = (words, act, kind) =>
    ix.make("button", "ix-button " + (kind || ""), words, { type: "button", "data-do": act });

  ix.Quiz = Quiz;
})(globalThis);
