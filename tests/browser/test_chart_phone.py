"""The chart on a phone: layout, unfolding controls, panning with one finger and zooming with two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.chart import Chart
from tests.running import RunningServer

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def phone(new_chart: Callable[..., Chart], server: RunningServer, shown: str) -> Iterator[Chart]:
    """The page on a phone, shared by these tests."""
    chart = new_chart(server, phone=True)
    chart.visit(f"?symbol={shown}")
    yield chart
    chart.page.context.close()


@pytest.fixture
def chart(phone: Chart, shown: str) -> Iterator[Chart]:
    """The page on a phone in the state of a first visit."""
    phone.afresh(f"?symbol={shown}")
    yield phone
    errors, phone.errors[:] = list(phone.errors), []
    assert errors == []


def test_nothing_scrolls_sideways(chart: Chart) -> None:
    size = "() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    width, height = chart.page.evaluate(size)
    view = chart.page.viewport_size  # innerWidth grows with what is too wide
    assert width <= view["width"] == 390
    assert height <= view["height"]


def test_axes_are_readable(chart: Chart) -> None:
    for axis in ("x", "y"):
        labels = chart.page.locator(f"#chart-plot .{axis}tick text")
        assert 1 <= labels.count() <= 5
        assert labels.first.evaluate("(e) => getComputedStyle(e).fontSize") in ("11px", "12px")
        ends = labels.evaluate_all("(all) => all.map((e) => e.getBoundingClientRect().right)")
        assert max(ends) <= 390  # no figure is cut
    assert chart.page.locator("#chart-plot .modebar").count() == 0


def test_the_name_of_a_frame_is_not_cut(chart: Chart) -> None:
    frame = chart.page.locator("#chart-frame")
    wide = """(input) => {
      const style = getComputedStyle(input), context = document.createElement("canvas").getContext("2d");
      context.font = `${style.fontSize} ${style.fontFamily}`;
      const room = input.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
      return room - context.measureText("100 trades").width;
    }"""
    assert frame.evaluate(wide) >= 0


def test_controls_unfold_and_work(chart: Chart) -> None:
    assert not chart.page.get_by_role("button", name="Draw a line").is_visible()
    chart.page.get_by_role("button", name="All controls").tap()
    chart.page.get_by_text("Delta", exact=True).first.tap()
    chart.until("s.mode === 'delta'")
    chart.page.get_by_role("button", name="Draw a line").tap()
    assert chart.until("s.tool === 'line'")
    assert not chart.page.get_by_role("button", name="Draw a line").is_visible()


def test_one_finger_moves_and_two_zoom(chart: Chart) -> None:
    session = chart.page.context.new_cdp_session(chart.page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        session.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]},
        )

    def slide(start: list[tuple[float, float]], end: list[tuple[float, float]]) -> dict[str, Any]:
        touch("touchStart", *start)
        for step in range(1, 9):
            part = step / 8
            points = [
                (a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part) for a, b in zip(start, end, strict=True)
            ]
            touch("touchMove", *points)
            chart.page.wait_for_timeout(20)
        touch("touchEnd")
        return chart.settled()

    before = chart.state
    span = before["x"][1] - before["x"][0]
    moved = slide([(120, 400)], [(260, 400)])
    assert moved["x"][0] < before["x"][0] - 0.3 * span
    assert not moved["follow"]
    wide = slide([(80, 400), (280, 400)], [(150, 400), (200, 400)])
    assert wide["x"][1] - wide["x"][0] > 2 * span
    zoomed = slide([(150, 400), (200, 400)], [(80, 400), (280, 400)])
    assert zoomed["x"][1] - zoomed["x"][0] < 0.5 * (wide["x"][1] - wide["x"][0])


def test_a_tap_reads_the_bar(chart: Chart) -> None:
    chart.page.touchscreen.tap(*chart.at(0.5, 0.5))
    chart.page.locator("#chart-readout").wait_for()
    assert "Bar volume" in chart.page.inner_text("#chart-readout")


def test_long_press_shows_the_cell_and_two_fingers_scale_prices(chart: Chart) -> None:
    session = chart.page.context.new_cdp_session(chart.page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        fingers = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    before = chart.state
    touch("touchStart", (200, 350))
    card = chart.page.locator("#chart-readout")
    card.wait_for()
    words = card.inner_text()
    for step in range(1, 9):
        touch("touchMove", (200 - 12 * step, 350))
    chart.page.wait_for_function("(before) => document.getElementById('chart-readout').innerText !== before", arg=words)
    touch("touchEnd")
    assert chart.settled()["x"] == before["x"]
    touch("touchStart", (190, 320), (200, 420))
    for step in range(1, 9):
        touch("touchMove", (190, 320 - 8 * step), (200, 420 + 8 * step))
        chart.page.wait_for_timeout(20)
    touch("touchEnd")
    after = chart.settled()
    assert after["y"][1] - after["y"][0] < 0.8 * (before["y"][1] - before["y"][0])
