"""Page object of the chart: open it, read its state, move the mouse; and ticks to show on it."""

from __future__ import annotations

import random
import threading
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any

from layouts.chart_settings import DEFINITIONS, DRAWN, settings_drawer
from tests.browser.waiting import PATIENCE
from tests.layouts.trees import walk
from tests.running import RunningServer

START = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HEADER = "timestamp,price,size,side,symbol\n"

STATE = """() => {
  const { page } = window.orderflow, c = page && page.chart;
  if (!c || !c.ready || !c.gd || !c.gd.layout) return null;
  return {
    symbol: c.model.symbol, frame: c.model.frame, rows: c.model.rows, bars: c.model.bars.length, rev: c.model.rev,
    epoch: c.model.epoch, x: [c.view.x0, c.view.x1], y: [c.view.y0, c.view.y1],
    follow: c.view.follow, auto: c.view.auto,
    last: c.series.last, mode: c.options.mode, panes: c.options.panes, theme: c.theme.name,
    shapes: (c.gd.layout.shapes || []).map((s) => [s.type, s.x0, s.y0, s.x1, s.y1]), tool: c.tools.active,
    axis: c.gd._fullLayout.xaxis.range, lod: c.frame.lod.kind, ticks: c.model.stats.ticks, moving: Boolean(c.moving),
    wanted: window.orderflow.poll.want.rows || c.model.auto,
    plot: c.geometry.plot, price: c.geometry.panes.price, timing: c.timing, options: c.options,
  };
}"""


HELD = """() => {
  const { model } = window.orderflow.page.chart, price = (level) => level * model.tick;
  return model.bars.map((bar) => [bar.t, price(bar.o), price(bar.h), price(bar.l), price(bar.c), bar.vol, bar.n]);
}"""
"""The held bars: time, open, high, low, close, volume, trades."""


def usual_definitions() -> dict[str, dict[str, Any]]:
    """Properties of the settings' fields by id: their defaults."""
    properties = {**DEFINITIONS, **dict.fromkeys(DRAWN, "checked")}
    fields = {getattr(part, "id", None): part for part in walk(settings_drawer())}
    ids = {f"chart-opt-{option}": name for option, name in properties.items()}
    return {id: {name: getattr(fields[id], name)} for id, name in ids.items()}


class Chart:
    """One open page. errors: errors of the console and uncaught exceptions."""

    def __init__(self, page: Any, url: str) -> None:
        self.page = page
        self.url = url
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(f"exception: {error}"))
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))

    def visit(self, query: str = "") -> None:
        """Go to the chart and wait until it has drawn bars (or says that there are none)."""
        self.page.goto(f"{self.url}/chart/{query}")
        self.ready()

    def ready(self) -> None:
        """Wait until bars are drawn, or the empty state is shown."""
        self.page.wait_for_function(
            f"() => ({STATE})() !== null || document.querySelector('#chart-empty:not([hidden])')"
        )
        self.page.wait_for_timeout(100)

    def afresh(self, query: str) -> None:
        """Reset the page to the state of a first visit with `query`, without loading it: nothing stored or chosen."""
        self.page.evaluate(
            """([query, definitions]) => {
              const of = window.orderflow;
              for (const [id, props] of Object.entries(definitions)) dash_clientside.set_props(id, props);
              document.activeElement.blur();
              localStorage.clear();
              of.kit.theme.apply();
              of.page.chart.tools.choose(null);
              of.page.chart.point(null);
              history.pushState(null, "", location.pathname + query);
              of.page.chart.set(of.options.DEFAULTS, false);
              of.address.visit({ search: query, hash: "" }, false);
              of.page.chart.start(true);
            }""",
            [query, usual_definitions()],
        )
        self.page.wait_for_function(
            """() => {
              const { page, poll } = window.orderflow;
              return page.chart.ready && poll.come() && !poll.marks() && !poll.want.marks;
            }"""
        )
        self.page.mouse.move(2, 2)
        self.settled()

    def settled(self) -> dict[str, Any]:
        """The state after the view has stopped moving and has the row size that was requested."""
        self.page.wait_for_timeout(150)
        return self.until("!s.moving && s.rows === s.wanted")

    @property
    def state(self) -> dict[str, Any]:
        """The state of the chart."""
        state = self.page.evaluate(STATE)
        assert state is not None, "the chart shows no bars"
        return dict(state)

    def until(self, condition: str, timeout: float = PATIENCE) -> dict[str, Any]:
        """Wait until a JavaScript condition on the state `s` holds; returns the state."""
        self.page.wait_for_function(f"() => {{ const s = ({STATE})(); return s && ({condition}); }}", timeout=timeout)
        return self.state

    def text(self, id: str) -> str:
        """The text of an element."""
        return str(self.page.text_content(f"#{id}") or "")

    def at(self, across: float, down: float) -> tuple[float, float]:
        """Page pixels of a point of the price pane, given as shares of its width and height."""
        box = self.page.locator("#chart-host").bounding_box()
        price = self.state["price"]
        return box["x"] + price["x"] + across * price["w"], box["y"] + price["y"] + down * price["h"]

    def drag(self, start: tuple[float, float], end: tuple[float, float], *, hold: int = 0) -> None:
        """Drag with the mouse: press, move in steps, wait `hold` ms, release."""
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=6)
        mouse.move(*end, steps=6)
        if hold:
            self.page.wait_for_timeout(hold)
        mouse.up()

    def draw(self, key: str, start: tuple[float, float], end: tuple[float, float]) -> dict[str, Any]:
        """Draw a shape between two points of the price pane with the tool of a key; returns the state afterwards."""
        count = len(self.state["shapes"])
        self.page.keyboard.press(key)
        self.until("s.tool !== null")
        self.drag(self.at(*start), self.at(*end))
        return self.until(f"s.shapes.length === {count + 1} && s.tool === null")

    def pixels(self, id: str = "chart-base") -> dict[str, int]:
        """Counts of the painted pixels of a canvas: all, bluish (bought) and orange (sold)."""
        return dict(
            self.page.evaluate(
                """(id) => {
                  const canvas = document.getElementById(id), { width, height } = canvas;
                  const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
                  let drawn = 0, buy = 0, sell = 0;
                  for (let i = 0; i < data.length; i += 4) {
                    if (!data[i + 3]) continue;
                    drawn++;
                    if (data[i + 2] > data[i] + 40) buy++;
                    if (data[i] > data[i + 2] + 40) sell++;
                  }
                  return { drawn, buy, sell, all: width * height };
                }""",
                id,
            )
        )


def ticks_csv(symbol: str, *, minutes: float, start: datetime = START, seed: int = 7, rate: float = 4.0) -> str:
    """CSV of a random walk on a grid of 0.25; the same arguments give the same ticks."""
    dice = random.Random(seed)
    price, rows, at = 100_000, [HEADER], 0.0
    while at < minutes * 60:
        price += dice.choice((-1, -1, 0, 0, 0, 1, 1))
        side = "buy" if dice.random() < 0.52 else "sell"
        time = (start + timedelta(seconds=at)).isoformat()
        rows.append(f"{time},{price / 4:.2f},{1 + int(dice.expovariate(0.25))},{side},{symbol}\n")
        at += dice.expovariate(rate)
    return "".join(rows)


def post_ticks(server: RunningServer, symbol: str, **options: Any) -> int:
    """Send generated ticks; returns the number accepted."""
    body = ticks_csv(symbol, **options).encode()
    return int(server.post("/ticks", body, "text/csv")["accepted"])


class Feed:
    """Context manager that sends ticks: `rate` per second of wall time, with `speed` market seconds per second."""

    def __init__(self, server: RunningServer, symbol: str, *, minute: float, speed: float = 60.0) -> None:
        self._server, self._symbol = server, symbol
        self._start = START + timedelta(minutes=minute)
        self._speed = speed
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Feed:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join(10)

    def _run(self) -> None:
        count = 0
        step = 0.2 * self._speed
        while not self._done.wait(0.2):
            start = self._start + timedelta(seconds=count * step)
            post_ticks(self._server, self._symbol, minutes=step / 60, start=start, seed=count)
            count += 1


def at_rest(chart: Chart, condition: str = "true", timeout: float = PATIENCE) -> dict[str, Any]:
    """Wait until the view has come to rest, no bars are asked for, and the address says what is shown.

    condition: a JavaScript condition on the chart `c` and its model `m`.
    """
    chart.page.wait_for_function(
        f"""() => {{
          const {{ page, address }} = window.orderflow, c = page.chart, m = c && c.model;
          const loading = document.getElementById("chart-loading");
          const still = c && c.ready && !c.wanted && !c.moving && loading.hidden;
          return still && (location.search + location.hash) === address.text() && ({condition});
        }}""",
        timeout=timeout,
    )
    return chart.state


def of_log(server: RunningServer, symbol: str, frame: str) -> list[list[float]]:
    """The bars of the API, as `HELD` has them."""
    found: list[list[float]] = []
    for bar in server.get(f"/api/v1/bars/{symbol}?frame={frame}&limit=10000")["bars"]:
        time = (datetime.fromisoformat(bar["time"]) - EPOCH) // timedelta(milliseconds=1)
        # bars of one millisecond are moved apart by one
        time = max(time, int(found[-1][0]) + 1) if found else time
        found.append([time, *(bar[name] for name in ("open", "high", "low", "close", "volume", "trades"))])
    return found


def middle(chart: Chart) -> datetime:
    """The time in the middle of the view."""
    time = chart.page.evaluate(
        "() => { const { series, view } = window.orderflow.page.chart;"
        " return series.timeOfSlot((view.x0 + view.x1) / 2); }"
    )
    return datetime.fromtimestamp(time / 1000, UTC)
