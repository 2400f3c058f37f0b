"""Every bar of the log can be reached, in order and without a gap: by panning, Home, End, and a date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.browser.chart import HELD, START, Chart, at_rest, middle, of_log, post_ticks
from tests.running import RunningServer

pytestmark = pytest.mark.browser
Open = Callable[..., Chart]

IN_VIEW = """() => {
  const { model, view } = window.orderflow.page.chart;
  const [low, high] = [view.x0, view.x1].map((x) => Math.round(x) - model.first);
  return [Math.max(0, low), Math.min(model.bars.length, high + 1)];
}"""


ANNOUNCED = """() => {
  const node = document.getElementById("chart-announce");
  window.announced = [];
  new MutationObserver(() => window.announced.push(node.textContent)).observe(node, { childList: true });
}"""
"""Keeps all announcements: another one may follow at once."""


@pytest.fixture
def chart(deep_desk: Chart) -> Iterator[Chart]:
    """The page live, as at a first visit."""
    deep_desk.page.evaluate("() => { window.orderflow.reach.limits.bars = 20000; }")
    deep_desk.afresh("?symbol=DEEP")
    yield deep_desk
    errors, deep_desk.errors[:] = list(deep_desk.errors), []
    assert errors == []


def test_home_shows_the_first_bar_and_end_the_newest(chart: Chart, deep: RunningServer) -> None:
    every = of_log(deep, "DEEP", "1min")
    live = chart.settled()
    assert f"of {len(every):,}" in chart.text("chart-held")
    assert f"Candles{len(every):,}" in chart.text("chart-stats")
    chart.page.keyboard.press("Home")
    first = at_rest(chart, "m.live && !m.more.before")
    held = chart.page.evaluate(HELD)
    assert held == every[: len(held)]
    assert first["x"][0] == pytest.approx(-0.5)
    assert not first["follow"]
    assert chart.text("chart-held") == f"bars 1 – {len(held)} of {len(every):,}"
    chart.page.keyboard.press("End")
    end = at_rest(chart, "!m.live && c.view.follow")
    held = chart.page.evaluate(HELD)
    assert held == every[-len(held) :]
    assert end["x"][1] - end["x"][0] == pytest.approx(live["x"][1] - live["x"][0])


@pytest.mark.parametrize(("frame", "key"), [("1min", "Shift+ArrowRight"), ("ticks:20", "Shift+ArrowLeft")])
def test_panning_over_the_whole_log_shows_every_bar_once_and_in_order(
    chart: Chart, deep: RunningServer, frame: str, key: str
) -> None:
    every = of_log(deep, "DEEP", frame)
    chart.page.evaluate("() => { window.orderflow.reach.limits.bars = 400; }")
    chart.page.evaluate("(frame) => window.orderflow.controls.choose('chart-frame', frame)", frame)
    chart.until(f"s.frame === '{frame}'")
    for _ in range(6):
        chart.page.keyboard.press("-")
    at_rest(chart)
    if key.endswith("Right"):
        chart.page.keyboard.press("Home")
        at_rest(chart, "m.live && !m.more.before")
    seen: dict[float, list[float]] = {}
    most = 0
    for _ in range(60):
        at_rest(chart)
        held, (low, high) = chart.page.evaluate(f"() => [({HELD})(), ({IN_VIEW})()]")
        at = [row[0] for row in every].index(held[0][0])
        assert held == every[at : at + len(held)]
        most = max(most, len(held))
        seen |= {row[0]: row for row in held[low:high]}
        if every[-1 if key.endswith("Right") else 0][0] in seen:
            break
        chart.page.keyboard.press(key)
    assert [seen[time] for time in sorted(seen)] == every
    assert most < 400 + 800  # those far from the view were let go
    if key.endswith("Right"):
        assert not chart.page.evaluate("() => window.orderflow.page.chart.away")


def test_ticks_come_in_beside_older_bars_without_a_gap(chart: Chart, deep: RunningServer) -> None:
    post_ticks(deep, "GROWS", minutes=1800, rate=0.08)  # so long that the first bars do not touch those read ahead
    chart.afresh("?symbol=GROWS")
    chart.page.keyboard.press("Home")
    before = at_rest(chart, "m.live")
    title, held = chart.page.title(), chart.page.evaluate(HELD)
    post_ticks(deep, "GROWS", minutes=3, rate=1, start=START + timedelta(minutes=1800), seed=3)
    late = b'{"timestamp": "2026-03-02T14:40:30Z", "price": 24990, "size": 3, "side": "buy", "symbol": "GROWS"}'
    deep.post("/tick", late)
    chart.until(f"s.ticks > {before['ticks']} + 100")
    chart.page.wait_for_function("(title) => document.title !== title", arg=title)
    after = at_rest(chart)
    assert after["x"] == pytest.approx(before["x"])
    every = of_log(deep, "GROWS", "1min")
    chart.page.wait_for_function(
        f"([bars, n]) => ({HELD})().length === bars && ({HELD})()[10][6] === n", arg=[len(held), every[10][6]]
    )
    now = chart.page.evaluate(HELD)
    assert now == every[: len(now)] != held  # the late tick is in a bar that only the log has
    assert chart.text("chart-held").endswith(f"of {len(every):,}")
    chart.page.keyboard.press("l")
    at_rest(chart, "c.view.follow")
    live = chart.page.evaluate(HELD)
    assert live == every[-len(live) :]


def go_to(chart: Chart, text: str) -> None:
    """Type a date into the dialog, which G opens."""
    chart.page.keyboard.press("g")
    field = chart.page.get_by_label("Date and time")
    field.fill(text)
    field.press("Enter")


def test_a_date_is_gone_to_and_one_outside_says_what_there_is(chart: Chart) -> None:
    dialog = chart.page.get_by_role("dialog", name="Go to a date")
    go_to(chart, "2026-03-02 20:15")
    chart.page.wait_for_url("**from=2026-03-02T*")
    at_rest(chart)
    assert middle(chart) == datetime(2026, 3, 2, 20, 15, tzinfo=UTC)
    go_to(chart, "2026-03-05")
    said = "The trades are from 2026-03-02 14:30:00 to 2026-03-03 07:"
    dialog.locator(".mantine-TextInput-error").filter(has_text=said).wait_for()
    chart.page.get_by_label("Date and time").fill("yesterday")
    dialog.get_by_role("button", name="Go", exact=True).click()
    dialog.get_by_text("Not a date: write 2026-03-02 14:30").wait_for()
    chart.page.get_by_label("Date and time").fill("05:30")
    chart.page.get_by_label("Date and time").press("Enter")
    dialog.wait_for(state="hidden")
    chart.page.wait_for_url("**to=2026-03-03T05:*")
    assert middle(chart) == datetime(2026, 3, 3, 5, 30, tzinfo=UTC)
    go_to(chart, "2026-03-02")
    at_rest(chart, "!m.more.before && c.view.x0 < m.first")


def test_another_frame_stays_at_the_same_time(chart: Chart) -> None:
    go_to(chart, "2026-03-02 20:15")
    chart.page.wait_for_url("**from=2026-03-02T*")
    chart.page.get_by_role("dialog").wait_for(state="hidden")
    chart.page.keyboard.press("]")
    chart.until("s.frame === '3min'")
    at_rest(chart)
    assert middle(chart) == datetime(2026, 3, 2, 20, 15, tzinfo=UTC)
    chart.page.go_back()
    chart.until("s.frame === '1min'")
    at_rest(chart)
    assert abs(middle(chart) - datetime(2026, 3, 2, 20, 15, tzinfo=UTC)) < timedelta(minutes=1)
    chart.page.evaluate("() => window.orderflow.controls.choose('chart-rows', '4')")
    chart.until("s.rows === 4")
    at_rest(chart)
    assert abs(middle(chart) - datetime(2026, 3, 2, 20, 15, tzinfo=UTC)) < timedelta(minutes=1)


def test_a_time_asked_for_while_another_series_comes_is_shown_of_that(chart: Chart, deep: RunningServer) -> None:
    time = datetime(2026, 3, 3, 3, tzinfo=UTC)
    chart.page.evaluate(
        """(time) => {
          orderflow.controls.choose("chart-frame", "3min");
          orderflow.reach.go(orderflow.page.chart, time);
        }""",
        time.timestamp() * 1000,
    )
    chart.until("s.frame === '3min'")
    at_rest(chart)
    assert middle(chart) == time


def test_a_phone_goes_to_a_date(open_chart: Open, deep: RunningServer) -> None:
    chart = open_chart(deep, "?symbol=DEEP", phone=True)
    chart.page.get_by_role("button", name="Go to a date").tap()
    dialog = chart.page.get_by_role("dialog", name="Go to a date")
    dialog.get_by_text("The trades are from 2026-03-02 14:30:00").wait_for()
    chart.page.get_by_label("Date and time").fill("2026-03-02 20:15")
    dialog.get_by_role("button", name="Go", exact=True).tap()
    chart.page.wait_for_url("**from=2026-03-02T*")
    assert middle(chart) == datetime(2026, 3, 2, 20, 15, tzinfo=UTC)
    width = chart.page.evaluate("() => document.documentElement.scrollWidth")
    assert width <= chart.page.viewport_size["width"]  # innerWidth grows with what is too wide


def test_bars_that_are_being_counted_are_said_and_asked_for_again(chart: Chart) -> None:
    """The server's answers are held back as while it counts: first to the poll, then to the question for older bars."""
    page, held, asked = chart.page, {"chart-delta", "chart-older-response"}, Counter[str]()

    def counting(route: Any) -> None:
        answer = route.fetch()
        name = next((name for name in held if f'"output":"{name}.data"' in (route.request.post_data or "")), "")
        if answer.status != 200 or not name:
            route.fulfill(response=answer)
            return
        asked[name] += 1
        body = answer.json()
        data = body["response"][name]["data"]
        data |= {"bars": [], "counting": True}
        if name == "chart-delta":
            data |= {"rev": 0, "stats": data["stats"] | {"candles": None, "counting": True}}
        route.fulfill(response=answer, json=body)

    def until_asked_again(name: str) -> None:
        before = asked[name]
        while asked[name] < before + 2:
            page.wait_for_timeout(50)
        held.discard(name)

    page.route("**/_dash-update-component*", counting)
    page.evaluate("() => window.orderflow.controls.choose('chart-frame', 'ticks:25')")
    page.wait_for_function(
        "() => document.getElementById('chart-empty-title').textContent === 'Counting ticks:25 bars …'"
    )
    assert not page.get_by_role("button", name="Replay the sample").is_visible()
    until_asked_again("chart-delta")
    chart.until("s.frame === 'ticks:25'")
    page.keyboard.press("Home")
    page.wait_for_function("() => document.getElementById('chart-loading').textContent === 'Counting ticks:25 bars …'")
    until_asked_again("chart-older-response")
    at_rest(chart, "!m.more.before && c.view.x0 < m.first")
    page.unroute_all(behavior="wait")


def test_older_bars_that_come_after_the_reader_went_elsewhere_are_put_nowhere(
    open_chart: Open, deep: RunningServer
) -> None:
    """Bars before those of a window of the log, answered when the newest are shown again."""
    chart = open_chart(deep, "?symbol=DEEP&frame=5s")
    page, every = chart.page, of_log(deep, "DEEP", "5s")
    chart.settled()
    page.evaluate(
        """() => {
          const { dash_clientside } = window, real = dash_clientside.set_props;
          window.late = [];
          dash_clientside.set_props = (id, props) =>
            id === "chart-older-request" && props.data.before ? window.late.push(props) : real(id, props);
          window.answer = () => {
            dash_clientside.set_props = real;
            window.late.forEach((props) => real("chart-older-request", props));
          };
        }"""
    )
    page.wait_for_function(
        """(time) => {
          const { reach, page } = window.orderflow, { view, model, wanted } = page.chart;
          if (!model.live && !wanted) reach.go(page.chart, time);
          if (!model.live) return false;
          Object.assign(view, { x0: model.first, x1: model.first + 20 });
          reach.near();
          return window.late.length > 0;
        }""",
        arg=every[len(every) // 2][0],
    )
    go = "(time) => window.orderflow.reach.go(window.orderflow.page.chart, time)"
    page.evaluate(go, every[-100][0])
    page.wait_for_function("() => !window.orderflow.page.chart.model.live")
    page.evaluate("() => window.answer()")
    at_rest(chart, "!m.live")
    held = page.evaluate(HELD)
    assert held == every[-len(held) :]


def test_bars_that_cannot_be_read_are_said(open_chart: Open, deep: RunningServer) -> None:
    chart = open_chart(deep, "?symbol=DEEP")

    def refused(route: Any) -> None:
        if '"output":"chart-older-response.data"' not in (route.request.post_data or ""):
            route.continue_()
            return
        answer = route.fetch()
        body = answer.json()
        body["response"]["chart-older-response"]["data"] |= {"bars": [], "error": "the log cannot be read"}
        route.fulfill(response=answer, json=body)

    before = at_rest(chart)
    chart.page.route("**/_dash-update-component*", refused)
    chart.page.evaluate(ANNOUNCED)
    chart.page.keyboard.press("Home")
    chart.page.wait_for_function("() => window.announced.includes('the log cannot be read')")
    assert at_rest(chart)["x"] == pytest.approx(before["x"])
    chart.page.unroute_all(behavior="ignoreErrors")
