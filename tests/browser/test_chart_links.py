"""A link shows what it says: the same range, bars, marks, drawings, options and definitions in another browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.browser.chart import HELD, START, Chart, at_rest, middle, of_log
from tests.running import RunningServer

pytestmark = pytest.mark.browser
Open = Callable[..., Chart]

VIEW = """() => {
  const { page, poll, plot: { tools } } = window.orderflow;
  const c = page.chart, m = c.model, { view, frame } = c;
  const shown = m.bars.slice(frame.from, frame.to + 1);
  return {
    series: [m.symbol, m.frame, m.rows],
    range: [view.x0, view.x1].map((slot) => c.series.timeOfSlot(slot)),
    price: [view.y0, view.y1],
    follow: view.follow,
    bars: shown.map((b) => [b.t, b.o, b.h, b.l, b.c, b.b, b.a, b.p, b.v, b.ib, b.is, b.st, b.f, b.q, b.w]),
    drawings: tools.write(tools.stored(m.symbol)),
    shapes: c.gd.layout.shapes.map((s) => [s.type, c.series.timeOfSlot(s.x0), s.y0, c.series.timeOfSlot(s.x1), s.y1]),
    options: c.options,
    definitions: [poll.marks(), document.querySelector(".of-legend-rules").textContent],
    profile: c.profile && [c.profile.poc, c.profile.val, c.profile.vah, c.profile.sum],
    lod: frame.lod.kind,
    cell: [frame.w, frame.h],
  };
}"""
FIXED = ("series", "follow", "bars", "drawings", "options", "definitions", "profile", "lod")


def oldest(chart: Chart) -> None:
    """The first bar of the log, zoomed out."""
    chart.page.keyboard.press("-")
    chart.page.keyboard.press("Home")
    at_rest(chart, "m.live && !m.more.before")


def activity(chart: Chart) -> None:
    """Activity bars in the middle of the log."""
    chart.page.evaluate("() => window.orderflow.controls.choose('chart-frame', 'volume:100')")
    chart.until("s.frame === 'volume:100'")
    time = int((START + timedelta(minutes=500)).timestamp() * 1000)
    chart.page.evaluate("(time) => window.orderflow.reach.go(window.orderflow.page.chart, time)", time)
    chart.page.wait_for_url("**from=2026-03-02T*")


def studied(chart: Chart) -> None:
    """Drawings, options and definitions."""
    chart.page.keyboard.press("Shift+ArrowLeft")
    chart.settled()
    chart.draw("t", (0.2, 0.3), (0.5, 0.6))
    chart.draw("r", (0.6, 0.2), (0.8, 0.5))
    for key in ("v", "2", "b", "p"):
        chart.page.keyboard.press(key)
    chart.page.keyboard.press("s")
    drawer = chart.page.get_by_role("dialog", name="Studies and settings")
    drawer.get_by_label("Imbalance ratio").fill("4.5")
    drawer.get_by_label("Imbalance ratio").press("Enter")
    drawer.get_by_role("switch", name="Naked").check(force=True)
    drawer.get_by_text("Local time", exact=True).click()
    rules = "document.querySelector('.of-legend-rules').textContent"
    chart.page.wait_for_function(f"() => {rules}.includes('4.5x') && {rules}.includes('aked')")
    drawer.get_by_role("button").first.click()
    drawer.wait_for(state="hidden")


def zoomed(chart: Chart) -> None:
    """The newest bars, more of them than at first, and prices set by hand."""
    for _ in range(3):
        chart.page.keyboard.press("-")
    chart.settled()
    chart.drag(chart.at(1.02, 0.4), chart.at(1.02, 0.6))
    assert chart.settled()["follow"]


@pytest.mark.parametrize(
    ("arrange", "phone"), [(oldest, False), (activity, False), (studied, False), (zoomed, False), (oldest, True)]
)
def test_a_copied_address_shows_the_same_in_a_new_browser(
    open_chart: Open, deep: RunningServer, deep_desk: Chart, arrange: Callable[[Chart], None], phone: bool
) -> None:
    chart = open_chart(deep, "?symbol=DEEP", phone=True) if phone else deep_desk
    if not phone:
        chart.afresh("?symbol=DEEP")
    arrange(chart)
    settled = "!c.span || JSON.stringify(c.span) === JSON.stringify(m.profile && m.profile.span)"
    at_rest(chart, settled)
    seen, url = chart.page.evaluate(VIEW), chart.page.url
    again = open_chart(deep, url.split("/chart/")[1], phone=phone)
    at_rest(again, settled)
    found = again.page.evaluate(VIEW)
    assert {name: found[name] for name in FIXED} == {name: seen[name] for name in FIXED}
    assert found["range"] == pytest.approx(seen["range"], abs=10)  # ms
    assert found["cell"] == pytest.approx(seen["cell"], rel=1e-3)
    assert found["price"] == pytest.approx(seen["price"], abs=0.5)
    assert len(found["shapes"]) == len(seen["shapes"]) == (2 if arrange is studied else 0)
    for here, there in zip(found["shapes"], seen["shapes"], strict=True):
        assert here[0] == there[0]
        assert here[1:] == pytest.approx(there[1:], abs=2)
    assert again.page.url == url


def test_a_range_older_than_memory_is_shown_and_its_address_stays(deep_desk: Chart, deep: RunningServer) -> None:
    query = "?symbol=DEEP&frame=1min&from=2026-03-02T17:00Z&to=2026-03-02T17:20Z"
    addresses: list[str] = []
    chart = deep_desk
    chart.page.on("framenavigated", lambda frame: addresses.append(frame.url))
    chart.visit(query)
    at_rest(chart)
    state = chart.state
    held = chart.page.evaluate(HELD)
    first = round(state["x"][0] - state["last"]) + len(held) - 1
    every = of_log(deep, "DEEP", "1min")
    assert held[first : first + 21] == every[150:171]
    assert state["x"][1] - state["x"][0] == pytest.approx(20)
    assert [url for url in addresses if "from=2026-03-02T17:00Z&to=2026-03-02T17:20Z" not in url] == []
    assert addresses


def test_an_old_link_without_rows_leaves_the_readers_own_options(deep_desk: Chart) -> None:
    chart = deep_desk
    chart.afresh("?symbol=DEEP")
    chart.page.keyboard.press("v")
    chart.page.wait_for_url("**off=vwap*")
    chart.visit("?symbol=DEEP&frame=5min")
    at_rest(chart)
    assert not chart.state["options"]["vwap"]
    chart.visit(f"?symbol=DEEP&frame=5min&rows={chart.state['rows']}")
    at_rest(chart)
    assert chart.state["options"]["vwap"]
    chart.visit("?symbol=DEEP")
    at_rest(chart)
    assert not chart.state["options"]["vwap"]


def test_definitions_of_a_link_that_make_no_sense_are_said(deep_desk: Chart) -> None:
    chart = deep_desk
    chart.visit("?symbol=DEEP&frame=1min&rows=2&marks=ratio:0,stack:4,what:5")
    at_rest(chart)
    said = chart.text("chart-announce")
    assert "ratio: 0 is not from 0.01 to 1000" in said
    assert "what: is not an option" in said
    assert "stacked 4" in chart.text("chart-legend-rules")
    assert "marks=stack:4" in chart.page.url


def test_back_and_forward_between_the_first_bars_and_another_frame(deep_desk: Chart) -> None:
    chart = deep_desk
    chart.afresh("?symbol=DEEP")
    chart.page.keyboard.press("Home")
    at_rest(chart, "m.live")
    first = chart.page.url
    chart.page.keyboard.press("]")
    chart.until("s.frame === '3min'")
    at_rest(chart)
    chart.page.keyboard.press("End")
    at_rest(chart, "c.view.follow")
    live = chart.page.url
    chart.page.go_back()
    chart.until("s.frame === '1min'")
    at_rest(chart, "m.live")
    assert chart.page.url == first
    assert middle(chart) < START + timedelta(hours=1)
    chart.page.go_forward()
    chart.until("s.frame === '3min'")
    at_rest(chart, "c.view.follow")
    assert chart.page.url == live


def test_a_choice_beside_a_refused_frame_is_not_lost(deep_desk: Chart) -> None:
    chart = deep_desk
    chart.visit("?symbol=DEEP&frame=7min")
    chart.page.locator("#chart-empty-why").filter(has_text="frame '7min' is not known").wait_for()
    # the refusal comes with each poll: here between the choice and what Dash does with it
    chart.page.evaluate(
        """() => {
            window.dash_clientside.set_props("chart-frame", { value: "5min" });
            window.orderflow.controls.fault("frame '7min' is not known");
        }"""
    )
    chart.until("s.frame === '5min'")


def test_unknown_names_are_said_and_nothing_is_drawn(deep_desk: Chart) -> None:
    chart = deep_desk
    chart.visit("?symbol=DEEP&frame=7min")
    why = chart.page.locator("#chart-empty-why")
    why.filter(has_text="frame '7min' is not known; use one of 1s, 5s").wait_for()
    assert not chart.page.locator("#chart-host").is_visible()
    assert not chart.page.get_by_role("button", name="Replay the sample").is_visible()
    assert "frame=7min" in chart.page.url
    chart.page.get_by_label("Time frame").first.click()
    chart.page.get_by_role("option", name="5min", exact=True).click()
    chart.until("s.frame === '5min'")
    assert not why.is_visible()
    chart.page.go_back()
    why.wait_for()
    assert not chart.page.locator("#chart-host").is_visible()
    chart.visit("?symbol=NOBODY&frame=1min")
    why.filter(has_text="There are ticks of DEEP").wait_for()
    assert chart.text("chart-empty-title") == "No ticks of NOBODY yet"
    assert "symbol=NOBODY" in chart.page.url
