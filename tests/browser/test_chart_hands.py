"""Zoom, pan and drawings on a live chart survive updates; with real mouse events."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.chart import START, Chart, Feed, post_ticks
from tests.running import RunningServer

pytestmark = pytest.mark.browser
Open = Callable[..., Chart]


def test_zoom_and_a_drawn_line_survive_updates(open_chart: Open, server: RunningServer) -> None:
    post_ticks(server, "HANDS", minutes=35)
    chart = open_chart(server, "?symbol=HANDS")
    chart.page.mouse.move(*chart.at(0.3, 0.5))
    chart.drag(chart.at(0.4, 0.5), chart.at(0.6, 0.5))
    chart.page.mouse.wheel(0, -400)
    chart.settled()
    line = chart.draw("t", (0.2, 0.3), (0.5, 0.6))
    assert not line["follow"]
    with Feed(server, "HANDS", minute=35):
        later = chart.until(f"s.bars >= {line['bars'] + 2} && s.ticks > {line['ticks']}")
        held = chart.settled()
    assert later["x"] == line["x"]
    assert later["shapes"] == line["shapes"]
    assert held["axis"] == pytest.approx(line["axis"])
    assert chart.page.locator("#chart-plot .shapelayer path").count() >= 1


def test_follow_goes_with_the_newest_bar(chart: Chart, server: RunningServer) -> None:
    post_ticks(server, "FOLLOW", minutes=35)
    chart.afresh("?symbol=FOLLOW")
    first = chart.settled()
    with Feed(server, "FOLLOW", minute=35):
        later = chart.until(f"s.last >= {first['last'] + 2} && s.x[1] >= {first['x'][1] + 1.5}")
    assert later["follow"]
    assert later["x"][1] - later["x"][0] == pytest.approx(first["x"][1] - first["x"][0])


def test_dragging_continues_over_updates(chart: Chart, server: RunningServer) -> None:
    post_ticks(server, "HELD", minutes=35)
    chart.afresh("?symbol=HELD")
    before = chart.settled()
    mouse = chart.page.mouse
    mouse.move(*chart.at(0.5, 0.5))
    mouse.down()  # before the first new bar, which the view would follow
    with Feed(server, "HELD", minute=35):
        mouse.move(*chart.at(0.7, 0.5), steps=8)
        chart.until(f"s.bars > {before['bars']}")
        held = chart.state
        mouse.move(*chart.at(0.8, 0.5), steps=4)
        mouse.up()
        after = chart.settled()
    span = before["x"][1] - before["x"][0]
    assert held["x"][0] == pytest.approx(before["x"][0] - 0.2 * span, abs=0.3)
    assert after["x"][0] == pytest.approx(before["x"][0] - 0.3 * span, abs=0.4)


def test_go_live_is_offered_after_panning_back(chart: Chart) -> None:
    button = chart.page.get_by_role("button", name="Go live")
    assert not button.is_visible()
    chart.drag(chart.at(0.4, 0.5), chart.at(0.7, 0.5))
    state = chart.settled()
    assert not state["follow"]
    chart.page.wait_for_url("**from=*")
    button.click()
    live = chart.settled()
    assert live["follow"]
    assert live["x"][1] > live["last"]
    button.wait_for(state="hidden")
    chart.page.wait_for_url(lambda url: "from=" not in url)


def test_drawings_persist_over_a_reload_and_in_another_frame(chart: Chart) -> None:
    chart.draw("t", (0.2, 0.3), (0.5, 0.6))
    before = chart.draw("r", (0.55, 0.2), (0.7, 0.4))
    assert [shape[0] for shape in before["shapes"]] == ["line", "rect"]
    chart.page.reload()
    chart.ready()
    after = chart.until("s.shapes.length === 2")
    for old, new in zip(before["shapes"], after["shapes"], strict=True):
        assert new[0] == old[0]
        assert new[1:] == pytest.approx(old[1:], abs=0.02)
    chart.page.keyboard.press("]")
    wider = chart.until("s.frame === '3min' && s.shapes.length === 2")
    assert wider["shapes"][0][2] == pytest.approx(before["shapes"][0][2])
    assert wider["shapes"][0][1] == pytest.approx(before["shapes"][0][1] / 3, abs=0.5)


def test_erase_clear_and_undo(chart: Chart) -> None:
    chart.draw("t", (0.2, 0.3), (0.5, 0.3))
    chart.draw("t", (0.2, 0.6), (0.5, 0.6))
    chart.page.keyboard.press("e")
    chart.until("s.tool !== null")
    chart.page.mouse.click(*chart.at(0.35, 0.3))
    left = chart.until("s.shapes.length === 1")
    chart.page.keyboard.press("Escape")
    chart.draw("r", (0.6, 0.2), (0.7, 0.3))
    chart.page.keyboard.press("Backspace")
    assert chart.until("s.shapes.length === 1")["shapes"] == left["shapes"]
    chart.page.get_by_role("button", name="Clear all drawings").click()
    chart.until("s.shapes.length === 0")
    assert chart.page.evaluate("() => localStorage.getItem('orderflow.drawings.SHOWN')") is None


def test_a_drawn_line_can_be_moved(chart: Chart) -> None:
    before = chart.draw("t", (0.2, 0.4), (0.5, 0.4))
    chart.drag(chart.at(0.35, 0.4), chart.at(0.35, 0.6))
    after = chart.until(f"s.shapes[0][2] < {before['shapes'][0][2]} - 1")
    kept = json.loads(chart.page.evaluate("() => localStorage.getItem('orderflow.drawings.SHOWN')"))
    assert kept[0]["y0"] == pytest.approx(after["shapes"][0][2])
    assert after["x"] == before["x"]  # the line was moved, not the chart


def test_wheel_zooms_time_and_keeps_following(chart: Chart) -> None:
    before = chart.state
    chart.page.mouse.move(*chart.at(0.5, 0.5))
    chart.page.mouse.wheel(0, -300)
    after = chart.settled()
    assert after["follow"]
    assert after["x"][1] - after["x"][0] < 0.8 * (before["x"][1] - before["x"][0])
    assert after["x"][1] == pytest.approx(before["x"][1], abs=1.5)


def test_price_axis_scales_by_dragging_and_double_click_fits_again(chart: Chart) -> None:
    chart.page.keyboard.press("a")
    before = chart.settled()
    chart.drag(chart.at(1.02, 0.4), chart.at(1.02, 0.7))
    scaled = chart.settled()
    assert not scaled["auto"]
    assert scaled["y"][1] - scaled["y"][0] > 1.3 * (before["y"][1] - before["y"][0])
    assert chart.page.get_by_role("button", name="Auto price").is_visible()
    chart.page.mouse.dblclick(*chart.at(0.5, 0.5))
    fitted = chart.settled()
    assert fitted["auto"]
    assert fitted["y"] == pytest.approx(before["y"])


def test_overview_moves_the_window(chart: Chart) -> None:
    strip = chart.page.locator("#chart-overview").bounding_box()
    y = strip["y"] + strip["height"] / 2
    before = chart.state
    chart.drag((strip["x"] + strip["width"] * 0.85, y), (strip["x"] + strip["width"] * 0.7, y))
    after = chart.settled()
    assert after["x"][0] < before["x"][0] - 3
    assert not after["follow"]


def test_live_update_is_light_on_the_browser(open_chart: Open, server: RunningServer) -> None:
    post_ticks(server, "LIGHT", minutes=35)
    chart = open_chart(server, "?symbol=LIGHT")
    chart.page.wait_for_timeout(800)
    with Feed(server, "LIGHT", minute=34.9, speed=1.0):
        chart.page.wait_for_timeout(500)
        chart.page.evaluate(
            "() => { for (const list of Object.values(window.orderflow.page.chart.timing)) list.length = 0; }"
        )
        chart.page.wait_for_function("() => window.orderflow.page.chart.timing.merge.length >= 4")
        merges = sorted(chart.state["timing"]["merge"])
    assert merges[len(merges) // 2] <= 60  # ms: merging and all drawing of one update


def test_wheel_and_axes(chart: Chart) -> None:
    page = chart.page
    before = chart.settled()

    def wheel(at: tuple[float, float], key: str = "") -> dict[str, Any]:
        page.mouse.move(*at)
        if key:
            page.keyboard.down(key)
        page.mouse.wheel(0, -300)
        if key:
            page.keyboard.up(key)
        return chart.settled()

    for at, key in ((chart.at(0.5, 0.5), "Alt"), (chart.at(1.02, 0.5), "")):
        after = wheel(at, key)
        assert after["y"][1] - after["y"][0] < before["y"][1] - before["y"][0]
        assert after["x"] == before["x"]
        page.get_by_role("button", name="Auto price").click()
        assert chart.settled()["auto"]
    moved = wheel(chart.at(0.5, 0.5), "Shift")
    assert moved["x"][0] < before["x"][0]
    assert moved["x"][1] - moved["x"][0] == pytest.approx(before["x"][1] - before["x"][0])
    host = page.locator("#chart-host").bounding_box()
    axis = host["y"] + host["height"] - 8
    chart.drag((host["x"] + 500, axis), (host["x"] + 700, axis))
    scaled = chart.settled()
    assert scaled["x"][1] - scaled["x"][0] < 0.8 * (moved["x"][1] - moved["x"][0])
    page.mouse.dblclick(host["x"] + 500, axis)
    assert chart.settled()["follow"]


def test_the_overview_by_keys_and_by_its_edges(chart: Chart) -> None:
    overview = chart.page.get_by_role("application", name="Overview of the held bars")
    overview.focus()
    first = chart.settled()
    chart.page.keyboard.press("ArrowLeft")
    left = chart.settled()
    assert left["x"][0] < first["x"][0]
    chart.page.keyboard.press("ArrowRight")
    assert chart.settled()["x"] == pytest.approx(first["x"])
    strip = overview.bounding_box()
    y = strip["y"] + strip["height"] / 2
    chart.page.mouse.move(strip["x"] + 4, y)
    chart.page.mouse.down()
    chart.page.mouse.up()
    beside = chart.settled()
    assert beside["x"][0] < first["x"][0]
    assert beside["x"][1] - beside["x"][0] == pytest.approx(first["x"][1] - first["x"][0])
    chart.page.get_by_role("button", name="Go live").click()
    live = chart.settled()
    low, high = min(-0.5, live["x"][0]), max(live["last"] + 1, live["x"][1])
    edge = strip["x"] + (live["x"][0] - low) / (high - low) * strip["width"]
    chart.drag((edge, y), (edge + 150, y))
    narrow = chart.settled()
    assert narrow["x"][0] > live["x"][0] + 2
    assert narrow["x"][1] == pytest.approx(live["x"][1], abs=1.5)


def test_a_drawing_of_another_tab_is_shown(chart: Chart, shown: str) -> None:
    other = chart.page.context.new_page()
    other.goto(f"{chart.url}/herd/play")
    start = int(START.timestamp() * 1000)
    line = {"type": "line", "axis": "y", "t0": start + 900_000, "t1": start + 1_800_000, "y0": 25_000, "y1": 25_010}
    other.evaluate(
        "([key, text]) => localStorage.setItem(key, text)", [f"orderflow.drawings.{shown}", json.dumps([line])]
    )
    chart.until("s.shapes.length === 1")
    other.close()
