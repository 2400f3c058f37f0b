/* Sends the file of the upload dialog, chosen or dropped anywhere on the page. Callbacks get the server's answer. */
(function (root) {
  "use strict";
  const { document, orderflow } = root;
  const set = (id, props) => root.dash_clientside.set_props("ws-up" + id, props);
  const page = { last: /** @type {File | null} */ (null), turn: 0, stop: () => {} };

  /** Back to the choice of a file: by the page alone, as a callback may not reach the server either. */
  function back(children) {
    page.turn++;
    page.stop();
    set("-box", { "data-step": "choose" });
    set("-again", { style: {} });
    set("-fault", { children });
  }

  function take(file) {
    const [turn, { most, lost }] = [++page.turn, Object(document.getElementById("ws-up-box")).dataset];
    const end = (status, answer) => {
      if (turn !== page.turn) return;
      if (status) set("-file", { data: { filename: file.name, size: file.size, ...answer, status } });
      else back(`${file.name} ${lost}`);
    };
    const progress = (sent, of) => {
      const [done, all] = [sent, of].map((bytes) => (bytes / 2 ** 20).toFixed(1));
      set("-bar", { value: of ? (100 * sent) / of : 100 });
      set("-sent", { children: sent < of ? `${done} of ${all} MiB of ${file.name}` : "Sent. Reading it …" });
    };
    page.stop();
    page.last = file;
    set("load", { opened: true });
    set("-tabs", { value: "file" });
    set("-box", { "data-step": "sending" });
    progress(0, file.size);
    if (file.size > Number(most)) end(413, {});
    else page.stop = orderflow.kit.upload.send("/data/upload/file", file, { progress, end });
  }

  function act() {
    const { callback_context: context, no_update: same } = root.dash_clientside;
    const [{ prop_id: id, value }] = context.triggered;
    if (!value) return same;
    if (id === "ws-up-again.n_clicks") take(page.last);
    else if (id === "ws-up-cancel.n_clicks") back("");
    else if (id === "ws-left.data") root.location.reload();
    else orderflow.kit.upload.choose(([file]) => file && take(file), false);
    return same;
  }
  orderflow.kit.upload.drop(document.documentElement, take);
  root.dash_clientside = Object.assign({}, root.dash_clientside, { upload: { act } });
})(window);
