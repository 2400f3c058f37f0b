/* Questions to the server: through Dash's stores one after the other, or to the REST addresses; and short words for the
   reader about what became of them. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const ix = (of.instruments = of.instruments || {});

  const PATIENCE = 8000;
  const SHOWN = 5000;
  const KEY =
    "This server needs its key for that: open this page once with ?key=… at the end of its address, as the server printed it at its start.";

  /** One question at a time through a pair of stores: Dash lets a newer question overtake an older one's answer. */
  class Channel {
    constructor(store) {
      this.store = store;
      this.queue = [];
      this.n = 0;
    }

    /** Resolves to the answer, or to null when there is none in time. */
    ask(question) {
      return new Promise((resolve) => {
        this.queue.push({ question, resolve });
        if (!this.current) this.next();
      });
    }

    next() {
      const one = (this.current = this.queue.shift());
      if (!one) return;
      const n = ++this.n;
      one.timer = setTimeout(() => this.take({ n }, null), PATIENCE);
      root.dash_clientside.set_props(this.store, { data: { ...one.question, n } });
    }

    /** An answer has come in. */
    take(answer, value = answer) {
      const one = this.current;
      if (!one || !answer || answer.n !== this.n) return;
      clearTimeout(one.timer);
      this.current = null;
      one.resolve(value);
      if (!this.current) this.next();
    }
  }

  /** Ask a REST address. Resolves to {ok, status, body, text, errors}: text says what went wrong, errors is [{field, text}]
      by field. Never rejects. */
  async function call(path, method, body) {
    const options = { method: method || "GET", cache: "no-store", signal: AbortSignal.timeout(PATIENCE) };
    if (body !== undefined) {
      options.headers = { "Content-Type": "application/json" };
      options.body = typeof body === "string" ? body : JSON.stringify(body);
    }
    let response;
    try {
      response = await fetch(path, options);
    } catch (error) {
      const slow = error.name === "TimeoutError";
      return fault(0, slow ? "The server did not answer in time." : "The server is unreachable.");
    }
    let found = null;
    try {
      found = await response.json();
    } catch {
      /* an answer that is no JSON says nothing more than its status */
    }
    if (response.ok) return { ok: true, status: response.status, body: found, text: "", errors: [] };
    if (response.status === 401) return fault(401, KEY);
    const detail =
      found && typeof found.detail === "string" ? found.detail : `The server refused it (${response.status}).`;
    const errors = ((found && found.errors) || []).map((error) => ({ loc: error.loc || [], text: error.msg }));
    return fault(response.status, detail.charAt(0).toUpperCase() + detail.slice(1), errors);
  }

  const fault = (status, text, errors) => ({ ok: false, status, body: null, text, errors: errors || [] });

  /** A short message at the edge of the screen. bad: something went wrong; it stays longer. */
  function toast(text, bad) {
    const box = root.document.getElementById("instruments-toasts");
    if (!box) return;
    for (const node of [...box.children]) if (node.textContent === text) node.remove();
    const node = ix.make("div", "ix-toast" + (bad ? " ix-bad" : ""), text, bad ? { role: "alert" } : {});
    box.append(node);
    while (box.children.length > 3) box.firstChild.remove();
    setTimeout(() => node.remove(), bad ? 2 * SHOWN : SHOWN);
  }

  ix.Channel = Channel;
  ix.call = call;
  ix.toast = toast;
  ix.KEY = KEY;
})(globalThis);
