"""The plot of candles that pages share: hands, keys, scales, studies, signals, drawings, linked plots."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.plot import MINUTE, START, Plot, candles, load

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(browser: Any) -> Iterator[Plot]:
    """One page for the tests of the module, with a plot that has the panes rsi and macd."""
    context = browser.new_context(viewport=DESKTOP, color_scheme="dark", accept_downloads=True)
    plot = load(context.new_page()).create(panes=["rsi", "macd"])
    yield plot
    context.close()


@pytest.fixture
def plot(opened: Plot) -> Iterator[Plot]:
    """The plot at the newest of 400 candles, with nothing chosen."""
    errors: list[str] = []
    note = lambda error: errors.append(str(error))  # noqa: E731  # the same object is taken off again
    opened.page.on("pageerror", note)
    opened.page.evaluate("() => { window.kept = Object.assign(window.kept, { X: [], Y: [] }); }")
    opened.page.mouse.move(2, 2)
    opened.show(key="before")
    opened.call("choose", {"kind": "candles", "scale": "linear", "volume": True})
    opened.show()
    opened.page.evaluate("() => { for (const list of Object.values(charts.first.told)) list.length = 0; }")
    opened.settled()
    yield opened
    opened.page.remove_listener("pageerror", note)
    assert errors == []


def test_the_first_view_is_the_newest_bars(plot: Plot) -> None:
    state = plot.state
    assert state["follow"]
    assert state["x"][1] > 399 > state["x"][0] > 100
    shown = candles(400)["low"][math.ceil(state["x"][0]) :]
    assert state["axis"][0] < min(shown)
    ink = plot.page.evaluate("""() => {
      const { base } = charts.first.nodes, { data } = base.getContext("2d").getImageData(0, 0, base.width, base.height);
      let n = 0; for (let i = 3; i < data.length; i += 4) n += data[i] > 0; return n; }""")
    assert ink > 10_000


def test_what_comes_while_the_plot_is_hidden_is_drawn_when_it_is_shown(plot: Plot) -> None:
    seen = plot.state
    plot.page.evaluate("() => { charts.first.nodes.host.style.display = 'none'; }")
    plot.show(200, key="other")
    plot.page.evaluate("() => { charts.first.nodes.host.style.display = ''; }")
    plot.until("chart.gd.layout.width === chart.nodes.host.clientWidth && chart.geometry.W > 0")
    now = plot.settled()
    assert now["n"] == 200
    assert now["x"][1] > 199 > now["x"][0]
    assert now["axis"][0] < min(candles(200)["low"][math.ceil(max(0, now["x"][0])) :])
    assert now["price"] == seen["price"]


def test_pan_asks_for_older_bars_and_keeps_the_place(plot: Plot) -> None:
    plot.show(more=True)
    moved = plot.drag((0.2, 0.5), (0.9, 0.5))
    moved = plot.drag((0.2, 0.5), (0.9, 0.5))
    assert not moved["follow"]
    assert moved["told"]["older"] == [START]
    assert moved["told"]["view"][-1] == moved["range"]
    older = candles(300, START - 300 * MINUTE, seed=5)
    plot.call("prepend", older, False)
    after = plot.settled()
    assert (after["n"], after["first"]) == (700, -300)
    assert after["x"] == moved["x"]
    assert after["range"] == moved["range"]
    plot.act("pan", -1, True)
    assert plot.settled()["told"]["older"] == [START]  # there is no more


def test_prices_fit_older_bars_that_come_into_view(plot: Plot) -> None:
    plot.show(more=True)
    plot.call("place", {"from": START - 100 * MINUTE, "to": START + 20 * MINUTE})
    older = candles(300, START - 300 * MINUTE, seed=5)
    older = {name: [20 + value for value in values] if name != "time" else values for name, values in older.items()}
    plot.call("prepend", older, False)
    low, high = plot.settled()["axis"]
    assert low < min(older["low"][-99:])
    assert high > max(older["high"][-99:])


def test_wheel_axis_and_double_click(plot: Plot) -> None:
    before = plot.state
    plot.page.mouse.move(*plot.at(0.5, 0.5))
    plot.page.mouse.wheel(0, 300)
    wide = plot.settled()
    assert wide["x"][1] - wide["x"][0] > 1.3 * (before["x"][1] - before["x"][0])
    assert wide["x"][1] == pytest.approx(before["x"][1], abs=20)  # the newest bar stays
    plot.drag((1.02, 0.3), (1.02, 0.6))
    scaled = plot.state
    assert not scaled["auto"]
    assert scaled["y"][1] - scaled["y"][0] > 1.2 * (wide["y"][1] - wide["y"][0])
    assert "y" in scaled["range"]
    plot.page.mouse.dblclick(*plot.at(0.5, 0.5))
    assert plot.settled()["auto"]


def test_keys_act_by_name(plot: Plot) -> None:
    before = plot.state
    plot.act("pan", -1, False)
    moved = plot.settled()
    span = before["x"][1] - before["x"][0]
    assert moved["x"][0] == pytest.approx(before["x"][0] - 0.12 * span)
    plot.act("zoom", 0.5)
    assert plot.settled()["x"][1] - plot.state["x"][0] == pytest.approx(0.5 * span, rel=0.01)
    plot.act("live")
    assert plot.settled()["follow"]


def test_view_is_read_and_set(plot: Plot) -> None:
    wanted = {"from": START + 50 * MINUTE, "to": START + 150 * MINUTE, "y": [60.5, 140.25]}
    plot.call("place", wanted)
    assert plot.settled()["range"] == wanted
    plot.call("place", {"from": START + 200 * MINUTE})
    assert plot.settled()["x"] == pytest.approx([150, 250])
    plot.call("place", {"bars": 40})
    assert plot.settled()["range"] == {"bars": 40}
    plot.call("place", {})
    assert plot.settled()["range"] == {}
    plot.call("place", wanted)
    plot.show(500)  # the same series anew keeps the place
    assert plot.settled()["range"] == wanted


def test_the_forming_bar_changes_and_new_bars_are_followed(plot: Plot) -> None:
    before = plot.state
    last = {name: [values[-1]] for name, values in candles(400).items()}
    plot.call("append", {**last, "high": [150.0], "close": [149.0]})
    assert plot.call("priceText", 14900) == "149.00"
    assert plot.page.evaluate("() => charts.first.newest.close") == pytest.approx(14900)
    plot.call("append", {**last, "time": [START + 400 * MINUTE]})
    later = plot.settled()
    assert later["n"] == 401
    assert later["x"][1] == pytest.approx(before["x"][1] + 1)
    plot.call("append", {**last, "time": [START + 30 * MINUTE + 1]})  # a bar that was missing
    assert plot.state["n"] == 402


def test_a_series_without_bars_or_older_ones_is_no_end(plot: Plot) -> None:
    plot.call("set", {"key": "Y", "tick": 0.01, "pd": 2, "ms": MINUTE, "bars": candles(0)})
    assert not plot.page.evaluate("() => charts.first.ready")
    assert not plot.page.locator("#first .xtick").first.is_visible()
    plot.call("choose", {"scale": "log"})
    plot.show(key="Y", more=True)
    assert plot.page.evaluate("() => charts.first.view.scale.name") == "log"
    plot.call("place", {"from": START, "to": START + 50 * MINUTE})
    assert plot.settled()["told"]["older"] == [START]
    plot.call("prepend", candles(0), True)  # the server has none after all
    plot.call("place", {"from": START, "to": START + 60 * MINUTE})
    assert plot.settled()["told"]["older"] == [START]


@pytest.mark.parametrize("kind", ["line", "heikin"])
def test_kinds_of_bars(plot: Plot, kind: str) -> None:
    shot = "() => charts.first.nodes.base.toDataURL()"
    before = plot.page.evaluate(shot)
    plot.call("choose", {"kind": kind})
    assert plot.page.evaluate(shot) != before
    if kind == "heikin":
        bars = candles(400)
        opened, closed = [], []
        for o, h, low, c in zip(bars["open"], bars["high"], bars["low"], bars["close"], strict=True):
            opened.append((opened[-1] + closed[-1]) / 2 if opened else (o + c) / 2)
            closed.append((o + h + low + c) / 4)
        found = plot.page.evaluate("() => ['open', 'close'].map((name) => charts.first.series.at(name, 399) / 100)")
        assert found == pytest.approx([opened[-1], closed[-1]])


def test_log_and_percent_scale(plot: Plot) -> None:
    plot.call("place", {"from": START, "to": START + 399 * MINUTE})
    line = {"type": "line", "axis": "y", "t0": START, "t1": START + MINUTE, "y0": 90, "y1": 110}
    plot.page.evaluate("(line) => { kept.X = [line]; }", line)
    plot.call("choose", {"scale": "log"})
    state = plot.settled()
    assert float(state["labels"][0]) < float(state["labels"][-1])
    low, high = (1e4 * math.log(price / 0.01) * 0.01 for price in (90, 110))
    assert plot.page.evaluate("() => [charts.first.gd.layout.shapes[0].y0, charts.first.gd.layout.shapes[0].y1]") == (
        pytest.approx([low, high])
    )
    plot.call("choose", {"scale": "percent"})
    assert all(label.endswith(" %") for label in plot.state["labels"])
    assert plot.page.evaluate("() => charts.first.gd.layout.shapes[0].y0") == pytest.approx(90)


def test_few_bars_in_a_long_range_have_a_time(plot: Plot) -> None:
    plot.show(2, key="few", bars=candles(2, START + 3 * MINUTE))
    found = plot.page.evaluate(
        "() => orderflow.plot.dates.ticks({ x0: -60, x1: 3 }, charts.first.series, 700, 74, 'utc')"
    )
    assert found["slots"] == [plot.state["first"]]


def test_a_dashed_line_stands_where_bars_are_missing(plot: Plot) -> None:
    bars = {name: values[:350] + values[360:] for name, values in candles(400).items()}
    plot.show(bars=bars, gaps=[START + at * MINUTE for at in (-5, 360, 900)])
    drawn, wanted = plot.page.evaluate(
        """() => {
          const { canvas } = orderflow.plot, { line } = canvas, chart = charts.first, found = [];
          canvas.line = (ctx, x0, y0, x1, y1) => {
            if (ctx.getLineDash().join() === "2,4") found.push([x0, x1]);
            line(ctx, x0, y0, x1, y1);
          };
          chart.draw();
          canvas.line = line;
          const { view, geometry, data } = chart, slot = data.first + 350 - 0.5;
          return [found, geometry.plot.x + ((slot - view.x0) * geometry.plot.w) / (view.x1 - view.x0)];
        }"""
    )
    assert drawn == [[pytest.approx(wanted)] * 2]


def test_drawings_are_kept_by_key(plot: Plot) -> None:
    plot.act("tool", "line")
    plot.drag((0.3, 0.4), (0.6, 0.6))
    plot.until("chart.gd.layout.shapes.length === 1 && chart.tools.active === null")
    assert plot.page.evaluate("() => kept.X.map((item) => item.type)") == ["line"]
    assert plot.state["told"]["tool"] == ["line", None]
    plot.show(key="Y")
    plot.until("chart.gd.layout.shapes.length === 0")
    plot.show()
    plot.until("chart.gd.layout.shapes.length === 1")
    plot.act("undo")
    plot.until("chart.gd.layout.shapes.length === 0")
    assert plot.page.evaluate("() => kept.X") == []
    assert plot.page.locator(".shapelayer circle").count() == 0  # nor its handles


def test_a_drawing_begins_while_the_view_still_moves(plot: Plot) -> None:
    plot.act("tool", "line")
    start, end = plot.at(0.45, 0.7), plot.at(0.75, 0.8)
    plot.page.mouse.move(*start)
    plot.page.mouse.wheel(0, 120)
    plot.page.mouse.down()
    plot.page.mouse.move(*end, steps=4)
    plot.page.mouse.up()
    plot.until("(chart.gd.layout.shapes || []).length === 1 && chart.tools.active === null")
    assert plot.page.evaluate("() => kept.X.map((item) => item.type)") == ["line"]
    plot.act("tool", "erase")
    plot.page.mouse.click((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 + 20)  # beside it
    assert len(plot.page.evaluate("() => kept.X")) == 1
    plot.page.mouse.click((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 + 5)
    plot.until("(chart.gd.layout.shapes || []).length === 0")
    plot.act("tool", "erase")


def test_studies_over_the_bars_and_in_panes(plot: Plot) -> None:
    bars = candles(400)
    mean = [None] * 5 + bars["close"][5:]
    rsi = {
        "name": "rsi14",
        "label": "RSI 14",
        "pane": "rsi",
        "values": [30 + i % 40 for i in range(400)],
        "guides": [30, 70],
    }
    macd = {"name": "hist", "pane": "macd", "kind": "bars", "values": [(i % 9) - 4 for i in range(400)], "decimals": 3}
    plot.call("studies", [{"name": "ema", "label": "EMA 5", "values": mean, "colour": "#fc0"}, rsi, macd])
    state = plot.settled()
    assert set(state["panes"]) == {"price", "rsi", "macd"}
    plot.page.mouse.move(*plot.at(0.5, 0.5))
    plot.until("(chart.told.hover || []).some((bar) => bar)")
    bar = [each for each in plot.state["told"]["hover"] if each][-1]
    at = bars["time"].index(bar["time"])
    assert bar["close"] == pytest.approx(bars["close"][at])
    assert bar["studies"] == pytest.approx({"ema": mean[at], "rsi14": rsi["values"][at], "hist": macd["values"][at]})
    assert "EMA 5" in plot.page.inner_text(".of-readout")
    last = {name: [values[-1]] for name, values in bars.items()}
    plot.call("append", {**last, "time": [START + 400 * MINUTE], "ema": [101.5]})
    assert plot.page.evaluate("() => charts.first.data.at('ema', 400)") == pytest.approx(10150)
    assert plot.page.evaluate("() => Number.isNaN(charts.first.data.at('rsi14', 400))")
    plot.call("place", {"from": START + 50 * MINUTE, "to": START + 150 * MINUTE})
    plot.show()  # the same series anew, whose studies come after it
    assert plot.settled()["panes"] == ["price"]
    assert plot.state["range"] == {"from": START + 50 * MINUTE, "to": START + 150 * MINUTE}
    plot.call("studies", [rsi])
    assert set(plot.settled()["panes"]) == {"price", "rsi"}
    plot.call("studies", [])
    assert plot.settled()["panes"] == ["price"]


def test_signals_tell_their_rows_and_merge_when_dense(plot: Plot) -> None:
    rows = range(0, 400, 4)
    marks = {"time": [START + i * MINUTE for i in rows], "side": [1, -1] * 50, "price": [None] * 100}
    plot.call("place", {"from": START + 100 * MINUTE, "to": START + 140 * MINUTE})
    plot.call("signals", {**marks, "icon": ["star"] * 100, "label": ["here"] * 100, "color": ["#ff00ff"] * 100})
    plot.settled()
    mark = plot.page.evaluate("() => charts.first.marks.drawn[3]")
    under = "({ y, from }) => [from % 2 === 0, y > charts.first.Y(charts.first.data.at('low', 4 * from))]"
    assert all(buy == below for buy, below in plot.page.evaluate(f"() => charts.first.marks.drawn.map({under})"))
    assert mark["from"] == mark["to"]
    state = plot.state
    plot.page.mouse.click(state["left"] + mark["x"], state["top"] + mark["y"])
    plot.until("(chart.told.signal || []).length")
    assert plot.state["told"]["signal"] == [[mark["from"]]]
    plot.call("place", {"from": START - 2000 * MINUTE, "to": START + 2400 * MINUTE})
    assert plot.settled()["marks"] < 50
    counts = plot.page.evaluate("() => charts.first.marks.drawn.map(({ from, to }) => to - from + 1)")
    assert sum(counts) == 100
    assert max(counts) > 1


def test_a_picture_is_saved(plot: Plot, tmp_path: Path) -> None:
    plot.page.evaluate(
        """() => {
          const { prototype } = CanvasRenderingContext2D, real = prototype.roundRect;
          window.wide = [];
          prototype.roundRect = function (x, y, width, ...rest) {
            if (!this.canvas.isConnected) window.wide.push(width);
            real.call(this, x, y, width, ...rest);
          };
        }"""
    )
    with plot.page.expect_download() as caught:
        plot.call("png", {"title": "X", "small": "", "right": "now"}, ["X", "1m"])
    caught.value.save_as(tmp_path / "plot.png")
    assert caught.value.suggested_filename == "X_1m.png"
    assert (tmp_path / "plot.png").read_bytes()[:4] == b"\x89PNG"
    (tag,) = plot.page.evaluate("window.wide")  # the last price, on the axis and not across the chart
    assert 30 < tag < 80


def test_linked_plots_share_time_and_pointer(browser: Any) -> None:
    context = browser.new_context(viewport=DESKTOP)
    first = load(context.new_page(), plots=2).create()
    second = Plot(first.page, "second").create()
    first.show()
    second.show(200, ms=2 * MINUTE, bars={**candles(200), "time": [START + 2 * i * MINUTE for i in range(200)]})
    join = "() => orderflow.plot.link.join([charts.first, charts.second])"
    first.call("place", {"from": START + 10 * MINUTE, "to": START + 90 * MINUTE})
    first.page.evaluate(join)
    assert second.settled()["x"] == pytest.approx([5, 45])
    first.page.evaluate("() => orderflow.plot.link.join([charts.first])")
    second.show(200, key="elder", bars=candles(200, START - 500 * MINUTE))
    elder = second.settled()["x"]
    first.page.evaluate(join)
    assert second.settled()["x"] == elder
    second.show(200, ms=2 * MINUTE, bars={**candles(200), "time": [START + 2 * i * MINUTE for i in range(200)]})
    first.call("place", {"from": START + 100 * MINUTE, "to": START + 180 * MINUTE})
    first.settled()
    assert second.settled()["range"] == first.state["range"]
    assert second.state["x"] == pytest.approx([50, 90])
    first.page.mouse.move(*first.at(0.5, 0.5))
    second.until("chart.mark !== null")
    assert second.state["mark"] == START + 140 * MINUTE
    first.page.mouse.move(*first.at(1.05, 0.5))
    second.until("chart.mark === null")
    context.close()


def test_two_fingers_zoom_on_a_phone(browser: Any) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    plot = load(context.new_page()).create()
    plot.show()
    session = context.new_cdp_session(plot.page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        fingers = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    before = plot.state
    touch("touchStart", (80, 400), (280, 400))
    for step in range(1, 9):
        touch("touchMove", (80 + 9 * step, 400), (280 - 9 * step, 400))
    touch("touchEnd")
    after = plot.settled()
    assert after["x"][1] - after["x"][0] > 1.5 * (before["x"][1] - before["x"][0])
    context.close()
