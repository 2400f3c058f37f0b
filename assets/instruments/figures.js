/* The line of figures at the foot of the page: what the simulation has done, and whether it keeps up. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const ix = (of.instruments = of.instruments || {});

  /** The state of a simulation of which nothing is known yet. */
  const IDLE = {
    running: false,
    speed: 1,
    seed: null,
    instruments: 0,
    halted: 0,
    failed: 0,
    steps: 0,
    trades: 0,
    skipped: 0,
    lag_ms: 0,
    time: 0,
    scenario: null,
    scenario_time: null,
  };

  /** [name, text or null: not shown] of each figure. */
  function entries(now, may) {
    const { whole, number, span, speed } = ix.text;
    return [
      ["instruments", whole(now.instruments)],
      ["halted", now.halted ? whole(now.halted) : null],
      ["failed", now.failed ? whole(now.failed) : null],
      ["steps", whole(now.steps)],
      ["trades", whole(now.trades)],
      ["skipped", whole(now.skipped)],
      ["lag", number(now.lag_ms, 1) + " ms"],
      ["model time", span(now.time)],
      ["speed", speed(now.speed)],
      ["seed", String(now.seed)],
      ["view only", may === false ? "the key is needed to change things" : null],
    ];
  }

  class Figures {
    constructor(node) {
      this.node = node;
    }

    /** now: the state of the simulation. may: whether this browser may change it. */
    show(now, may) {
      const found = entries(now, may),
        { make, put } = ix;
      if (!this.cells) {
        const cell = (name) => make("span", "ix-stat", [make("small", null, name), make("b")], { "data-key": name });
        this.cells = new Map(found.map(([name]) => [name, cell(name)]));
        this.node.replaceChildren(...this.cells.values());
        this.cells.get("skipped").title = "Steps left out because the machine could not keep up";
      }
      for (const [name, text] of found) {
        const cell = this.cells.get(name);
        cell.hidden = text === null;
        put(cell.lastChild, text || "");
      }
    }
  }

  ix.Figures = Figures;
  ix.IDLE = IDLE;
})(globalThis);
