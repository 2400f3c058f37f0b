"""Studies on the chart: the page shows the server's values, and the settings switch a study on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from callbacks.app import assets_folder
from tests.browser.chart import Chart, post_ticks
from tests.running import RunningServer

pytestmark = pytest.mark.browser
Open = Callable[..., Chart]
HELD = """() => {
  const { model } = orderflow.page.chart;
  return model.bars.map((bar) => ({
    t: bar.t,
    delta: bar.delta / 10 ** model.sd,
    cvd: bar.cvd / 10 ** model.sd,
    vwap: bar.vwap * model.tick,
    poc: orderflow.model.rowOf(bar, bar.p) * model.rows * model.tick,
  }));
}"""


def api(server: RunningServer, symbol: str, rows: int) -> list[dict[str, Any]]:
    """The bars of the API with the chart's row size."""
    return list(server.get(f"/api/v1/bars/{symbol}?group={rows}")["bars"])


def same(held: list[dict[str, Any]], bars: list[dict[str, Any]]) -> None:
    """Assert that the page's bars have the API's values."""
    assert len(held) == len(bars) > 0
    for name in ("delta", "cvd", "poc"):
        assert [bar[name] for bar in held] == pytest.approx([float(bar[name]) for bar in bars], abs=1e-9), name
    assert [bar["vwap"] for bar in held] == pytest.approx([float(bar["vwap"]) for bar in bars], abs=1e-4)


def test_figures_are_those_of_the_api_also_after_a_late_tick(chart: Chart, server: RunningServer) -> None:
    post_ticks(server, "LATE", minutes=35)
    chart.afresh("?symbol=LATE")
    rows = chart.settled()["rows"]
    before = chart.page.evaluate(HELD)
    same(before, api(server, "LATE", rows))
    late = b'{"timestamp": "2026-03-02T14:33:10Z", "price": 25000, "size": 500, "side": "buy", "symbol": "LATE"}'
    server.post("/tick", late, "application/json")
    chart.page.wait_for_function(f"(last) => ({HELD})().at(-1).cvd === last + 500", arg=before[-1]["cvd"])
    after = chart.page.evaluate(HELD)
    same(after, api(server, "LATE", rows))
    assert after[-1]["vwap"] != before[-1]["vwap"]


def test_naked_pocs_are_switched_on_and_shown_in_the_legend(chart: Chart, server: RunningServer) -> None:
    post_ticks(server, "NAKED", minutes=35)
    chart.afresh("?symbol=NAKED")
    studies = "orderflow.page.chart.model.studies"
    assert chart.page.evaluate(studies) == {}
    assert "Naked POC" not in chart.text("chart-legend-rules")
    plain = chart.pixels()["drawn"]
    chart.page.click("#chart-do-settings")
    chart.page.click("label:has-text('Naked points of control')")
    chart.page.wait_for_function(f"() => ({studies}.naked_poc || []).length > 0")
    rays = chart.page.evaluate(f"{studies}.naked_poc")
    rows = chart.page.evaluate("orderflow.page.chart.model.rows")
    bars = chart.page.evaluate("orderflow.page.chart.model.bars.map((b) => [b.t, b.l, b.h])")
    for t, row in rays:
        assert not any(low // rows <= row <= high // rows for at, low, high in bars if at > t)
    chart.page.wait_for_function(
        "() => document.getElementById('chart-legend-rules').textContent.includes('Naked POC')"
    )
    chart.page.keyboard.press("Escape")
    chart.page.wait_for_timeout(400)
    assert chart.pixels()["drawn"] > plain


def test_profile_marks_follow_the_visible_bars(chart: Chart, server: RunningServer) -> None:
    post_ticks(server, "PROFILE", minutes=60)
    chart.afresh("?symbol=PROFILE")
    marked = """() => {
      const { model, span, profile } = orderflow.page.chart;
      return model.profile && JSON.stringify(model.profile.span) === JSON.stringify(span) && profile.poc >= 0;
    }"""
    for key in ("", "ArrowLeft"):
        if key:
            chart.page.keyboard.press(key)
            chart.settled()
        chart.page.wait_for_function(marked)
        found = chart.page.evaluate(
            """() => {
              const { profile, span, model } = orderflow.page.chart;
              return { span, rows: model.rows, low: profile.low, poc: profile.poc,
                       total: [...profile.total] };
            }"""
        )
        most = max(found["total"])
        assert found["total"][found["poc"]] == most


def test_quiet_market_has_profile_marks_and_definitions(launch: Callable[..., RunningServer], open_chart: Open) -> None:
    server = launch("--ephemeral")
    post_ticks(server, "QUIET", minutes=60)
    chart = open_chart(server)  # symbol and rows are left to the server
    chart.page.wait_for_function(
        """() => {
          const { model, span } = orderflow.page.chart;
          return model.profile && JSON.stringify(model.profile.span) === JSON.stringify(span);
        }"""
    )
    chart.page.keyboard.press("s")
    chart.page.locator("#chart-rules", has_text="Imbalance 3x").wait_for()


def test_no_script_computes_what_the_studies_compute() -> None:
    """POC, value area, CVD and VWAP come from the server; no script computes them."""
    scripts = {path.name: path.read_text("utf-8") for path in (assets_folder() / "chart").glob("*.js")}
    assert "studies.js" not in scripts
    for name, text in scripts.items():
        for formula in (
            "valueArea",
            "accumulate",
            "cvd +=",
            "vwap +=",
            ".sigma *",
            "s2 / s0",
            "s1 / s0",
            "goal",
        ):
            assert formula not in text, (name, formula)
        assert "Math.sqrt(Math.max(0" not in text, name
