"""Rows and marks are the server's on every screen and at every zoom; a first view can be read; sessions are whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.browser.chart import START, Chart, post_ticks
from tests.browser.drawn import MARKS, PRINTED
from tests.exactness import samples
from tests.exactness.path import replay
from tests.running import RunningServer

pytestmark = pytest.mark.browser
Open = Callable[..., Chart]


@pytest.fixture(scope="module")
def recorded(server: RunningServer) -> list[str]:
    """The bundled recordings on the server."""
    for symbol, file in (("FIRST-LTC", samples.LTC), ("FIRST-BTC", samples.BTC)):
        replay(server, file, symbol)
    return ["FIRST-LTC", "FIRST-BTC"]


def test_rows_and_marks_are_equal_on_every_screen_and_at_every_zoom(
    open_chart: Open, server: RunningServer, recorded: list[str]
) -> None:
    query = f"?symbol={recorded[0]}&frame=5min"
    chart = open_chart(server, query)
    chart.settled()
    seen = chart.page.evaluate(MARKS)
    assert any(bar[5] for bar in seen["bars"]), "no stacked zone to compare"
    for key in ("-", "-", "-", "+", "+", "+", "+", "+", "+"):
        chart.page.keyboard.press(key)
        chart.settled()
        chart.page.wait_for_timeout(300)
        assert chart.page.evaluate(MARKS) == seen
    for size in ((1920, 1080), (700, 420)):
        chart.page.set_viewport_size({"width": size[0], "height": size[1]})
        chart.page.wait_for_timeout(600)
        assert chart.page.evaluate(MARKS) == seen
    phone = open_chart(server, query, phone=True)
    phone.settled()
    assert phone.page.evaluate(MARKS) == seen


@pytest.mark.slow
@pytest.mark.parametrize(
    ("screen", "px", "bars"),
    [({"size": (1440, 900)}, 9, 10), ({"size": (1920, 1080)}, 10, 15), ({"phone": True}, 10, 5)],
    ids=["desk", "large", "phone"],
)
def test_first_view_can_be_read_on_every_screen(
    open_chart: Open, server: RunningServer, recorded: list[str], screen: dict[str, Any], px: int, bars: int
) -> None:
    queries = [f"?symbol={symbol}&frame={frame}" for frame in ("1min", "ticks:100", "range:8") for symbol in recorded]
    chart = open_chart(server, queries[0], **screen)
    for query in queries:
        if query == queries[0]:
            chart.settled()
        else:
            chart.afresh(query)
        found = chart.page.evaluate(PRINTED)
        told = f"{query}: {found}"
        assert found["cells"] > 0, told
        assert found["printed"] >= 0.95 * found["cells"], told
        assert found["least"] >= px, told
        assert found["bars"] >= bars, told


def test_rows_too_low_for_numbers_are_drawn_in_colour_and_stay(chart: Chart) -> None:
    chart.page.evaluate("() => window.orderflow.controls.choose('chart-rows', '1')")
    chart.until("s.rows === 1")
    seen = chart.page.evaluate(MARKS)
    for _ in range(8):
        chart.page.keyboard.press("-")
    chart.until("s.lod === 'colour'")
    assert "row 0.25" in chart.text("chart-legend-sub")
    assert chart.page.evaluate(MARKS) == seen
    assert chart.pixels()["buy"] > 2_000


def test_address_has_the_rows_and_a_link_shows_them(open_chart: Open, server: RunningServer) -> None:
    post_ticks(server, "LINKED", minutes=35)
    chart = open_chart(server, "?symbol=LINKED")
    rows = chart.settled()["rows"]
    chart.page.wait_for_url(f"**symbol=LINKED&frame=1min&rows={rows}*")
    assert "auto" in chart.text("chart-legend-sub")
    address, marks = chart.page.url.split("/chart/")[1], chart.page.evaluate(MARKS)
    chart.page.context.close()
    again = open_chart(server, address)
    assert again.settled()["rows"] == rows
    assert again.page.evaluate(MARKS) == marks
    again.page.wait_for_function("() => orderflow.poll.want.rows === 0")  # the automatic size: still automatic
    again.page.context.close()
    other = open_chart(server, "?symbol=LINKED&rows=20")
    assert other.settled()["rows"] == 20
    assert "auto" not in other.text("chart-legend-sub")


def test_rows_set_by_hand_are_kept_for_their_instrument(open_chart: Open, server: RunningServer) -> None:
    for symbol in ("HANDMADE", "LEFTALONE"):
        post_ticks(server, symbol, minutes=35)
    chart = open_chart(server, "?symbol=HANDMADE")
    automatic = chart.settled()["rows"]
    choose = "([id, value]) => window.orderflow.controls.choose(id, value)"
    chart.page.evaluate(choose, ["chart-rows", "10"])
    chart.until("s.rows === 10")
    chart.page.evaluate(choose, ["chart-frame", "5min"])
    chart.until("s.frame === '5min' && s.rows === 10")
    chart.page.evaluate(choose, ["chart-symbol", "LEFTALONE"])
    chart.until("s.symbol === 'LEFTALONE' && s.rows !== 10")
    chart.visit("?symbol=HANDMADE")
    assert chart.settled()["rows"] == 10
    chart.page.evaluate(choose, ["chart-rows", "0"])
    chart.until(f"s.rows === {automatic}")
    chart.page.reload()
    chart.ready()
    assert chart.settled()["rows"] == automatic


def test_session_profile_is_that_of_the_whole_session(
    launch: Callable[..., RunningServer], open_chart: Open, tmp_path: Path
) -> None:
    server = launch("--data-dir", str(tmp_path), "--max-candles", "40")
    post_ticks(server, "SESSION", minutes=900, rate=0.2, start=START - timedelta(hours=12))
    chart = open_chart(server, "?symbol=SESSION")
    rows = chart.settled()["rows"]
    chart.page.keyboard.press("p")
    chart.page.wait_for_function("() => orderflow.page.chart.profile && orderflow.page.chart.span.session")
    found: dict[str, Any] = chart.page.evaluate(
        """() => {
          const { profile } = orderflow.page.chart;
          return { sum: profile.sum, poc: profile.low + profile.poc, total: [...profile.total], low: profile.low };
        }"""
    )
    cells = server.get(f"/api/v1/footprint/SESSION?frame=1d&group={rows}&limit=10000")["footprint"]
    true = {Decimal(str(c["price"])): c["bid_volume"] + c["ask_volume"] + c["unknown_volume"] for c in cells}
    assert found["sum"] == sum(true.values())
    held = chart.page.evaluate("() => orderflow.page.chart.model.bars.reduce((sum, bar) => sum + bar.vol, 0)")
    assert held < found["sum"]
    mine = {(found["low"] + i) * rows * Decimal("0.25"): total for i, total in enumerate(found["total"]) if total}
    assert mine == {price: volume for price, volume in true.items() if volume}
    assert true[found["poc"] * rows * Decimal("0.25")] == max(true.values())
