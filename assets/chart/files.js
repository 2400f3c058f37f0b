/* Files dropped on the page or chosen: sent one after the other. All else is callbacks (callbacks/chart_files.py). */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const set = (name, props) => root.dash_clientside.set_props("chart-files" + name, props);
  const mib = (bytes) => (bytes / 2 ** 20).toFixed(1);

  let stop = null, // ends what is being sent
    sent = [];

  function take(files) {
    closed(false);
    const ids = (sent = []),
      size = files.reduce((sum, file) => sum + file.size, 0);
    const send = (before) => {
      const file = files[ids.length];
      const progress = (bytes) => {
        set("-said", { children: `Sending ${file.name}: ${mib(before + bytes)} of ${mib(size)} MiB` });
        set("-bar", { value: (100 * (before + bytes)) / (size || 1) });
      };
      const end = (status, { file: id, detail = "" }) => {
        if (ids !== sent || !stop) return; // cancelled
        if (status === 201 && ids.push(id) < files.length) return send(before + file.size);
        stop = null;
        set("-error", { children: detail }); // the server may be gone
        set("-sent", { data: { files: ids, error: detail, at: Date.now() } });
      };
      stop = of.kit.upload.send("/data/chart-files", file, { progress, end });
    };
    set("", { opened: true });
    send(0);
  }

  /** Without its dialog nothing is sent any more, and the server removes what has come. */
  function closed(opened) {
    const end = opened ? null : stop;
    if (end) stop = null;
    if (end) end();
    if (end) set("-gone", { data: sent });
    return root.dash_clientside.no_update;
  }

  of.files = { take, closed };
})(globalThis);
