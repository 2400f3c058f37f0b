/* What ag-grid and Plotly are given by the instruments' page as functions: the sparkline of a row, and keys. */
(function (root) {
  "use strict";
  const { document, getComputedStyle: style } = root;
  const functions = (root.dashAgGridFunctions = {});
  let held = null; // whether the reader is at the rows; null before the first ones have come
  let wanted = null; // {edge, first}: the row to focus on a page that is on its way

  const set = (name, props) => root.dash_clientside.set_props("instruments-" + name, props);
  const grid = () => root.dash_ag_grid.getApi("instruments-grid");
  const pager = () => root.dash_component_api.getLayout("instruments-pages").props;
  const place = (api) => api.getDisplayedRowCount() && api.getDisplayedRowAtIndex(0).data.place;

  const waiting = new Map(); // sparklines to draw: canvas -> {points, base}

  /** Draw those that wait: all is read before anything is drawn, as each change between would lay the page out anew. */
  function drawAll() {
    const ratio = Math.min(2, root.devicePixelRatio || 1);
    const read = ([canvas, line]) => [canvas, line, canvas.clientWidth, canvas.clientHeight, style(canvas).color];
    const all = Array.from(waiting, read);
    waiting.clear();
    for (const [canvas, line, W, H, color] of all) {
      const [width, height] = [Math.round(W * ratio), Math.round(H * ratio)];
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
      const c = canvas.getContext("2d");
      c.reset();
      c.scale(ratio, ratio);
      c.strokeStyle = c.fillStyle = color;
      if (line.points.length) draw(c, line, W, H);
    }
  }

  /** Draw a line with an area below it, a dot at its end, and the price at the start dashed. points, base: 0 to 90. */
  function draw(c, { points, base }, W, H) {
    const x = (k) => W - 5 - ((points.length - 1 - k) * (W - 6)) / Math.max(29, points.length - 1);
    const y = (point) => 4 + (1 - point / 90) * (H - 8);
    const line = new Path2D();
    points.forEach((point, k) => line.lineTo(x(k), y(point)));
    c.lineWidth = 1.5;
    c.stroke(line);
    c.fillRect(W - 7, y(points[points.length - 1]) - 2, 4, 4);
    line.lineTo(W - 5, H);
    line.lineTo(x(0), H);
    c.globalAlpha = 0.12;
    c.fill(line);
    if (base === null) return;
    c.globalAlpha = 0.5;
    c.setLineDash([2, 3]);
    c.strokeRect(-2, Math.round(y(base)) + 0.5, W + 4, H);
  }

  function Sparkline({ value, data }) {
    const ref = root.React.useRef(null);
    root.React.useEffect(() => {
      const points = Array.from(value || "", (character) => character.charCodeAt(0) - 35);
      if (!waiting.size) root.requestAnimationFrame(drawAll);
      waiting.set(ref.current, { points, base: data.base });
    });
    return root.React.createElement("canvas", { ref, "aria-hidden": true });
  }
  root.dashAgGridComponentFunctions = { Sparkline };

  /** Put the focus on the first or last row of the page, in a later frame if the grid has not drawn the row yet. */
  function focus(edge, frames = 60) {
    const api = grid(),
      row = edge === "last" ? api.getDisplayedRowCount() - 1 : 0;
    if (!api.getDisplayedRowCount()) return;
    api.ensureIndexVisible(row);
    api.setFocusedCell(row, "id");
    const { id } = api.getDisplayedRowAtIndex(row);
    if (frames && !document.activeElement.closest(`.ag-row[row-id="${root.CSS.escape(id)}"]`))
      root.requestAnimationFrame(() => focus(edge, frames - 1));
  }

  function turn(page, edge) {
    const { value, total } = pager(),
      to = Math.min(total, Math.max(1, page));
    if (to === value) return void focus(edge);
    wanted = { edge, first: place(grid()) };
    set("pages", { value: to });
  }

  functions.instrumentsArrived = ({ api }) => {
    if (held === null) hold();
    if (!wanted || wanted.first === place(api)) return;
    root.requestAnimationFrame(focus.bind(null, wanted.edge, 60));
    wanted = null;
  };
  functions.instrumentsTab = () => false;
  functions.instrumentsNavigate = ({ key, previousCellPosition: at, api }) => {
    const rowIndex = at.rowIndex + (key === "ArrowLeft" || key === "ArrowUp" ? -1 : 1);
    const { value, total } = pager();
    if (rowIndex >= 0 && rowIndex < api.getDisplayedRowCount()) return { ...at, rowIndex };
    if (rowIndex < 0 ? value > 1 : value < total) turn(value + Math.sign(rowIndex), rowIndex < 0 ? "last" : "first");
    return at;
  };
  functions.instrumentsKeys = ({ event, node }) => {
    const { key, ctrlKey, metaKey, altKey } = event;
    if (!["Enter", "Home", "End"].includes(key) || ctrlKey || metaKey || altKey) return false;
    if (key === "Enter") set("grid", { cellClicked: { rowId: node.id, timestamp: event.timeStamp } });
    else turn(key === "Home" ? 1 : Infinity, key === "Home" ? "first" : "last");
    return !event.preventDefault();
  };

  /** After the dialog no instrument is open, the next one begins with an empty card, and the focus is at its row again,
      also where the grid has made the row anew meanwhile. */
  function closed(opened, open) {
    const node = !opened && open.id && grid().getRowNode(open.id);
    const back = () => document.activeElement === document.body && grid().setFocusedCell(node.rowIndex, "id");
    if (node) root.setTimeout(back, 100);
    const { no_update: same } = root.dash_clientside;
    return opened ? [same, -1, same, same] : [{ ...open, id: null }, 0, null, []];
  }

  /** The form of an answer, unless another instrument is open by now or, before it was sent, something was typed. */
  const fresh = ({ form, sent }, { id }, clean) =>
    form.id === id && (sent || clean) ? form : root.dash_clientside.no_update;
  /** What is typed differs until the server has compared it. A new form puts in many fields at once. */
  const typed = () => root.dash_clientside.callback_context.triggered.length > 1 && root.dash_clientside.no_update;
  root.dash_clientside = Object.assign({}, root.dash_clientside, { instruments: { closed, fresh, typed } });

  /** Rows keep their places while the reader is about to choose one. */
  function hold() {
    const now = Boolean(document.querySelector(".ix-grid:is(:hover, :focus-within)"));
    if (now !== held) set("held", { data: (held = now) });
  }
  const again = () => held !== null && hold(); // before, there is nothing on the page that could be told
  for (const type of ["mouseover", "mouseout", "focusin", "focusout"]) document.addEventListener(type, again);

  /** Move the crosshair of the price chart along its points. */
  function cross(event, frame) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20, Home: -1e9, End: 1e9 };
    const step = steps[event.key] * (event.shiftKey ? 10 : 1);
    const plot = frame.querySelector(".js-plotly-plot"),
      [{ x, y }] = plot.data;
    const [at = x.length - 1] = (plot._hoverdata || []).map((point) => point.pointNumber);
    if (!step || !x.length || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const pointNumber = Math.min(x.length - 1, Math.max(0, at + step));
    root.Plotly.Fx.hover(plot, [{ curveNumber: 0, pointNumber }]);
    set("graph", { hoverData: { points: [{ x: x[pointNumber], y: y[pointNumber] }] } });
  }

  document.addEventListener("keydown", (event) => {
    if (event.target.id === "instruments-plot") cross(event, event.target);
    if (event.target.id !== "instruments-search" || !/^(ArrowDown|Enter)$/.test(event.key)) return;
    event.preventDefault();
    focus("first");
  });
  new MutationObserver((changes) => {
    const wrong = document.querySelector('#instruments-card [aria-invalid="true"]');
    if (changes[0].attributeName === "aria-invalid") return void (wrong && wrong.focus()); // what the server refused
    if (document.querySelector(".ag-row")) grid().refreshCells({ force: true, columns: ["spark"] });
  }).observe(document.documentElement, { subtree: true, attributeFilter: ["data-theme", "aria-invalid"] });
})(globalThis);
