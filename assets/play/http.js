/* Requests to the server: JSON both ways, with a limit on the wait. */
(function (root) {
  "use strict";
  const herd = (root.herd = root.herd || Object());

  const WAIT_MS = 8000;

  /** {status, body (an object, {} for anything else), wait: Retry-After in s or 0}; rejects when there was no answer. */
  async function call(method, path, body) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), WAIT_MS);
    /** @type {RequestInit} */
    const options = { method, cache: "no-store", credentials: "same-origin", signal: stop.signal };
    if (body !== undefined) {
      options.body = JSON.stringify(body);
      options.headers = { "Content-Type": "application/json" };
    }
    try {
      const answer = await root.fetch(path, options),
        json = await answer.json().catch(() => ({})),
        wait = Number(answer.headers.get("Retry-After")) || 0;
      return { status: answer.status, body: json && typeof json === "object" ? json : {}, wait };
    } finally {
      clearTimeout(timer);
    }
  }

  herd.http = {
    get: (path) => call("GET", path),
    post: (path, body) => call("POST", path, body),
  };
})(window);
