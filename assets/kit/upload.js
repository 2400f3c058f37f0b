/* Sends a file as it is, with a progress by bytes: no form, no base64, nothing of it in memory. fetch() cannot say how
   much of a body has gone, so this is an XMLHttpRequest. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const kit = /** @type {Kit} */ (of.kit = of.kit || Object());

  const csrf = () => (root.document.cookie.match(/(?:^|; )orderflow_csrf=([^;]*)/) || ["", ""])[1];

  /** What the server says, as an object; its words where it is no JSON. */
  function answerOf(request) {
    try {
      return JSON.parse(request.responseText);
    } catch {
      return { detail: request.statusText || "the server cannot be reached" };
    }
  }

  /** Send a file; types.d.ts describes `on` and what is returned. */
  function send(path, file, on) {
    const request = new XMLHttpRequest();
    request.open("POST", `${path}?filename=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-CSRF-Token", csrf());
    request.upload.onprogress = (event) => on.progress(event.loaded, file.size);
    request.upload.onload = () => on.progress(file.size, file.size);
    request.onload = () => on.end(request.status, answerOf(request));
    request.onerror = () => on.end(0, answerOf(request));
    request.onabort = () => on.end(0, { detail: "cancelled" });
    request.send(file);
    return () => request.abort();
  }

  /** Let files be dropped on an element; `take` gets the first one, and all of them. */
  function drop(element, take) {
    for (const kind of ["dragenter", "dragover"])
      element.addEventListener(kind, (event) => {
        event.preventDefault();
        element.classList.add("is-over");
      });
    element.addEventListener("dragleave", ({ relatedTarget: to }) => {
      if (!(to instanceof Node && element.contains(to))) element.classList.remove("is-over");
    });
    element.addEventListener("drop", (event) => {
      event.preventDefault();
      element.classList.remove("is-over");
      const files = Array.from(event.dataTransfer.files);
      if (files.length) take(files[0], files);
    });
  }

  /** Let files be chosen, or one. */
  function choose(take, multiple = true) {
    const field = Object.assign(root.document.createElement("input"), { type: "file", multiple });
    field.onchange = () => take(Array.from(field.files || []));
    field.click();
  }

  kit.upload = { send, drop, choose };
})(globalThis);
