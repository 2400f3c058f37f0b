/* Controls on their way to the server, and words for the presenter: what was done, or why not. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const herd = (of.herd = of.herd || {});

  const PATIENCE = 10000;
  const SHOWN = 4500;

  /** A short message at the edge of the screen. bad: something went wrong; it stays longer. */
  function toast(text, bad) {
    const box = root.document.getElementById("herd-toasts");
    if (!box) return;
    const node = herd.make("div", "hg-toast" + (bad ? " hg-bad" : ""), text);
    if (bad) node.setAttribute("role", "alert");
    box.append(node);
    while (box.children.length > 4) box.firstChild.remove();
    setTimeout(() => node.remove(), bad ? 2 * SHOWN : SHOWN);
  }

  /** What an error body says, in one sentence. */
  function sentence(body, status) {
    const detail = body && body.detail;
    if (typeof detail === "string" && body.errors && body.errors.length) {
      const said = body.errors.map((error) => error.msg).filter((text) => !detail.includes(text));
      return said.length ? detail + ": " + said.join("; ") : detail;
    }
    if (typeof detail === "string") return detail;
    return "The server refused it (" + status + ").";
  }

  /** POST a control. Resolves to {ok, status, body, text}: text says what went wrong. Never rejects. */
  async function control(action, values) {
    let response;
    try {
      response = await fetch("/herd/control", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ action, ...values }),
        signal: AbortSignal.timeout(PATIENCE),
      });
    } catch (error) {
      const slow = error && error.name === "TimeoutError";
      const text = slow ? "No answer yet: it may still happen." : "The server is unreachable.";
      return { ok: false, status: 0, text };
    }
    let body = null;
    try {
      body = await response.json();
    } catch {
      /* an answer without JSON says what its status says */
    }
    return { ok: response.ok, status: response.status, body, text: response.ok ? "" : sentence(body, response.status) };
  }

  herd.send = { toast, control, sentence };
})(globalThis);
