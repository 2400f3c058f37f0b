"""A page with plots of random candles and nothing else: what `assets/kit/plot` gives a page, without a server."""

from __future__ import annotations

import random
from typing import Any

from callbacks.app import PLOTLY, assets_folder
from layouts.chart_colours import PAIRS, SCHEMES
from orderflow.web.kit.bundles import find_files
from tests.browser.waiting import PATIENCE

START = 1_760_000_400_000
MINUTE = 60_000
PAGE = """<!DOCTYPE html><html data-theme="dark"><head>
<style>body {{ margin: 0 }} #first, #second {{ width: 100vw; height: {height}vh }}</style></head>
<body><div id="first"></div><div id="second"></div></body></html>"""

OPEN = """([id, config]) => {
  const { plot } = window.orderflow, told = {}, kept = (window.kept = window.kept || {});
  const events = {};
  for (const name of ["view", "older", "hover", "signal", "tool"])
    events[name] = (value) => (told[name] = told[name] || []).push(value ?? null);
  const drawings = { load: (key) => kept[key] || [], save: (key, list) => void (kept[key] = list) };
  const chart = plot.create(document.getElementById(id), { ...config, drawings, events });
  (window.charts = window.charts || {})[id] = Object.assign(chart, { told });
}"""

STATE = """(id) => {
  const chart = window.charts[id], { view, data, geometry, told, gd } = chart;
  const box = chart.nodes.host.getBoundingClientRect();
  return {
    x: [view.x0, view.x1], y: [view.y0, view.y1], follow: view.follow, auto: view.auto, moving: Boolean(chart.moving),
    first: data.first, n: data.n, range: chart.range, told, price: geometry.panes.price, plot: geometry.plot,
    left: box.left, top: box.top, shapes: (gd.layout.shapes || []).length, tool: chart.tools.active,
    axis: gd.layout.yaxis.range, labels: chart.axesData.price.texts, panes: Object.keys(geometry.panes),
    mark: chart.mark, marks: chart.marks.drawn.length,
  };
}"""


def candles(count: int, start: int = START, seed: int = 3) -> dict[str, list[float]]:
    """Columns of random candles, one a minute from `start` (ms)."""
    dice = random.Random(seed)
    bars: dict[str, list[float]] = {name: [] for name in ("time", "open", "high", "low", "close", "volume")}
    price = 100.0
    for i in range(count):
        close = round(max(20.0, price + dice.uniform(-1, 1)), 2)
        row = (start + i * MINUTE, price, max(price, close) + 0.25, min(price, close) - 0.25, close, dice.randrange(90))
        for name, value in zip(bars, row, strict=True):
            bars[name].append(value)
        price = close
    return bars


class Plot:
    """One plot of the page, by the id of its element."""

    def __init__(self, page: Any, id: str = "first") -> None:
        self.page = page
        self.id = id

    def create(self, **config: Any) -> Plot:
        """Create it; config: of `plot.create`, without events and drawings."""
        self.page.evaluate(OPEN, [self.id, config])
        return self

    def call(self, name: str, *arguments: Any) -> Any:
        """Call a method of the plot."""
        code = "([id, name, given]) => { const r = charts[id][name](...given); return r && r.then ? null : r; }"
        return self.page.evaluate(code, [self.id, name, list(arguments)])

    def act(self, name: str, *arguments: Any) -> None:
        """What a key or a button does."""
        code = "([id, name, given]) => void orderflow.plot.actions[name](charts[id], ...given)"
        self.page.evaluate(code, [self.id, name, list(arguments)])

    def show(self, count: int = 400, key: str = "X", **more: Any) -> None:
        """Set random candles, and wait until they are drawn."""
        given = {"key": key, "tick": 0.01, "pd": 2, "ms": MINUTE, "bars": candles(count), **more}
        self.call("set", given)
        self.until("chart.gd && chart.gd.layout && chart.axesData")

    def until(self, condition: str) -> None:
        """Wait until a JavaScript condition on `chart` holds."""
        code = f"(id) => {{ const chart = charts[id]; return {condition}; }}"
        self.page.wait_for_function(code, arg=self.id, timeout=PATIENCE)

    @property
    def state(self) -> dict[str, Any]:
        """Its view, and what its events have told."""
        return dict(self.page.evaluate(STATE, self.id))

    def settled(self) -> dict[str, Any]:
        """The state once the view is at rest."""
        self.page.wait_for_timeout(60)  # a move begins with the next frame
        self.until("!chart.moving")
        return self.state

    def at(self, across: float, down: float) -> tuple[float, float]:
        """Page pixels of a point of the price pane, in shares of its size."""
        state = self.state
        price = state["price"]
        return state["left"] + price["x"] + across * price["w"], state["top"] + price["y"] + down * price["h"]

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> dict[str, Any]:
        """Drag from one share of the price pane to another."""
        first, last, mouse = self.at(*start), self.at(*end), self.page.mouse
        mouse.move(*first)
        mouse.down()
        mouse.move((first[0] + last[0]) / 2, (first[1] + last[1]) / 2, steps=4)
        mouse.move(*last, steps=4)
        mouse.up()
        return self.settled()


def load(page: Any, plots: int = 1) -> Plot:
    """Put the scripts into an empty page with one element, or two. Returns the first, not created yet."""
    page.set_default_timeout(PATIENCE)
    page.set_content(PAGE.format(height=100 // plots))
    assets = assets_folder()
    for path in find_files(assets, ("page.css", "kit/plot"), ".css"):
        page.add_style_tag(path=str(path))
    for path in find_files(assets, (PLOTLY, "kit", "kit/plot"), ".js"):
        page.add_script_tag(path=str(path))
    colours = {"schemes": SCHEMES, "pairs": PAIRS}
    page.evaluate("(colours) => void Object.assign(orderflow.plot.theme.known, colours)", colours)
    return Plot(page)
