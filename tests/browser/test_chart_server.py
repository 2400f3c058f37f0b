"""A lost server is reported, and the page continues by itself after a restart, even with other data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.browser.chart import START, Chart, at_rest, middle, post_ticks
from tests.running import RunningServer

pytestmark = pytest.mark.browser
Open = Callable[..., Chart]


def test_empty_server_gets_a_hint_and_replays_the_sample(
    launch: Callable[..., RunningServer], open_chart: Open
) -> None:
    server = launch("--ephemeral")
    chart = open_chart(server)
    assert chart.text("chart-empty-title") == "No ticks yet"
    assert chart.text("chart-command").startswith("orderflow-replay YOUR_TICKS.csv")
    assert chart.page.title() == "Order flow · Orderflow"
    chart.page.get_by_role("button", name="Replay the sample").click()
    state = chart.until("s.bars > 20")
    assert state["symbol"]
    assert not chart.page.locator("#chart-empty").is_visible()


def test_unreachable_server_is_reported_and_a_restarted_one_followed(
    launch: Callable[..., RunningServer], open_chart: Open, tmp_path: Path
) -> None:
    server = launch("--data-dir", str(tmp_path))
    post_ticks(server, "LASTING", minutes=20)
    chart = open_chart(server, "?symbol=LASTING")
    before = chart.draw("t", (0.2, 0.3), (0.5, 0.6))
    assert server.stop() == 0

    banner = chart.page.locator("#chart-banner")
    banner.wait_for()
    assert "unreachable" in banner.inner_text()
    assert banner.get_attribute("role") == "alert"
    assert chart.pixels()["drawn"] > 5_000  # the last state stays

    again = launch("--data-dir", str(tmp_path), "--port", str(server.port))
    chart.page.wait_for_function("() => document.getElementById('chart-banner').dataset.kind === 'up'")
    post_ticks(again, "LASTING", minutes=3, start=START + timedelta(minutes=20))
    after = chart.until(f"s.epoch !== '{before['epoch']}' && s.bars > {before['bars']}")
    assert after["symbol"] == "LASTING"
    assert after["shapes"][0][2] == pytest.approx(before["shapes"][0][2])
    banner.wait_for(state="hidden")
    chart.page.reload()
    chart.ready()
    assert len(chart.until("s.shapes.length === 1")["shapes"]) == 1
    # the browser logs refused connections, which this test expects
    chart.errors[:] = [e for e in chart.errors if "ERR_CONNECTION_REFUSED" not in e and "did not respond" not in e]


def test_reset_symbol_leaves_an_empty_chart_that_fills_again(open_chart: Open, server: RunningServer) -> None:
    post_ticks(server, "GONE", minutes=12)
    chart = open_chart(server, "?symbol=GONE")
    assert chart.state["bars"] == 12
    server.post("/reset?symbol=GONE", b"")
    chart.page.locator("#chart-empty").wait_for()
    assert chart.text("chart-empty-title") == "No ticks of GONE yet"
    post_ticks(server, "GONE", minutes=5)
    assert chart.until("s.bars === 5")["symbol"] == "GONE"
    assert not chart.page.locator("#chart-empty").is_visible()


def test_evicted_bars_are_loaded_when_panning_back(
    launch: Callable[..., RunningServer], open_chart: Open, tmp_path: Path
) -> None:
    server = launch("--data-dir", str(tmp_path), "--max-candles", "40")
    post_ticks(server, "LONG", minutes=120, rate=1.0)
    chart = open_chart(server, "?symbol=LONG")
    before = chart.until("s.bars === 120")  # also those of which marks may reach into the view
    for _ in range(6):
        chart.drag(chart.at(0.1, 0.5), chart.at(0.9, 0.5))
    at_rest(chart)
    assert chart.state["last"] == before["last"]
    shown = middle(chart)
    chart.page.evaluate("() => window.orderflow.controls.choose('chart-rows', '10')")
    chart.until("s.rows === 10 && s.bars === 120")  # all are sent anew, the older ones too
    at_rest(chart)
    assert abs(middle(chart) - shown) < timedelta(seconds=1)
    chart.page.keyboard.press("l")
    live = at_rest(chart, "c.view.follow")
    assert live["x"][1] > live["last"]
