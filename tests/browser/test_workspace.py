"""The workspace with a real server: live candles, one's own with signals, indicators, drawings, several charts."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layouts.figures.palette import palette
from orderflow.market.kline_columns import KlineColumns
from orderflow.runtime.workers import Workers
from orderflow.storage.records.address import address_of
from orderflow.storage.records.kline_store import KlineStore
from orderflow.storage.records.records import Records
from orderflow.storage.records.series import SeriesKey
from orderflow.workspace.store import KLINES, PUBLIC
from tests.browser.plot import START, Plot, candles
from tests.browser.waiting import PATIENCE
from tests.running import RunningServer, start_server

pytestmark = pytest.mark.browser
Visit = Callable[..., Any]
ROWS = 2_000
SIGNALS = "timestamp,type,price,label,color,icon\n" + "".join(
    f"{START + i * 60_000},{'buy' if i % 2 else 'sell'},,label {i},orange,star\n" for i in range(ROWS - 30, ROWS, 7)
)


SEEN = """() => [0, 1].map((index) => {
  const chart = window.orderflow.page.charts[index], { data, view, choice } = chart;
  return {
    key: chart.key, kind: choice.kind, scale: view.scale.name, follow: view.follow, auto: view.auto,
    studies: chart.listed.map(({ label }) => label), signals: chart.marks.rows.time.length,
    bars: [data.n > 1000, data.bar(data.last)], times: [data.timeOfSlot(view.x0), data.timeOfSlot(view.x1)],
    prices: [view.y0, view.y1],
  };
})"""
APART = """(rows) => rows.map(({ children: [words, keys] }) =>
  keys.getBoundingClientRect().left - words.getBoundingClientRect().right)"""
CUT = "(all) => all.filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.textContent)"
FIXED = ("key", "kind", "scale", "follow", "auto", "studies", "signals", "bars")


HOLD = """() => {
  const real = window.fetch;
  Object.assign(window, { held: [], hold: "ws-data", stopped: [], fail: "", failed: 0, late: "", came: [] });
  window.fetch = async (request, options = {}) => {
    const output = String(options.body).split("}")[0];
    if (window.fail && output.includes(window.fail)) {
      window.failed++;
      throw new TypeError("Failed to fetch");
    }
    const wait = (go, stop) => {
      window.held.push(go);
      options.signal.onabort = () => (window.stopped.push(output), stop(options.signal.reason));
    };
    if (window.hold && output.includes(window.hold)) await new Promise(wait);
    if (!window.late || !output.includes(window.late)) return real(request, options);
    const answer = await real(request, { ...options, signal: undefined });
    await new Promise((go) => window.came.push(go));
    return answer;
  };
}"""
"""Callbacks whose first output has the name in `hold` wait for `RELEASE`, and `stopped` has those that the page stops;
those with that in `fail` do not arrive; answers of that in `late` wait in `came`, and nothing stops them."""
RELEASE = "() => { window.hold = ''; window.held.splice(0).forEach((go) => go()); }"


@pytest.fixture(scope="module")
def served() -> Iterator[RunningServer]:
    """A server with simulated coins, candles and signals of one's own."""
    server = start_server("--ephemeral", environ={"FEEDS": "simulated"})
    columns = candles(ROWS)
    rows = "\n".join(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))
    server.post("/data/upload/ohlcv?name=mine", f"timestamp,open,high,low,close,volume\n{rows}\n".encode(), "text/csv")
    server.post("/data/upload/signals?name=calls", SIGNALS.encode(), "text/csv")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def empty() -> Iterator[RunningServer]:
    """A server without any ticks."""
    server = start_server("--ephemeral", "--ticker-count", "0", environ={"FEEDS": "none"})
    yield server
    server.stop()


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with a venue's klines and the ticks that they are of; one kline has another high."""
    folder, count = tmp_path_factory.mktemp("both"), 300
    high = np.full(count, 106)
    high[150] = 109
    low, volume = np.full(count, 100), np.full(count, 3)
    time = START + np.arange(count) * 60_000
    columns = (time, low, high, low, np.full(count, 105), volume, volume, volume, np.ones(count, np.bool_))
    workers = Workers()
    records = Records(address_of(folder), workers)
    records.start()
    store = KlineStore(records, lambda: 1)
    store.replace(SeriesKey(PUBLIC, KLINES, "BTCUSDT", "1m"), [KlineColumns.of(columns, 0, 0)], "binance")
    records.close()
    workers.stop()
    server = start_server("--data-dir", str(folder), "--ticker-count", "0", environ={"FEEDS": "none"})
    ticks = "".join(
        f"{at + second * 1000},{price},1,buy,binance:BTCUSDT\n"
        for at in time.tolist() for second, price in ((0, 100), (30, 106), (59, 105))
    )  # fmt: skip
    server.post("/ticks", f"timestamp,price,size,side,symbol\n{ticks}".encode(), "text/csv")
    yield server
    server.stop()


def shown(page: Any, index: int = 0) -> Plot:
    """A chart of the page, once it has candles."""
    page.wait_for_function(
        """(index) => {
          const { charts } = window.orderflow.page, chart = charts[index];
          window.charts = charts;
          return chart && chart.ready && chart.gd && chart.gd.layout && chart.axesData;
        }""",
        arg=index,
        timeout=PATIENCE,
    )
    return Plot(page, str(index))


def choose(page: Any, kind: str, index: int, name: str) -> None:
    """Choose in one of the lists of a chart."""
    page.locator(f".ws-card[data-index='{index}'] .ws-{kind} input").first.click()
    page.get_by_role("option", name=name, exact=True).locator("visible=true").click()


def own(page: Any) -> Plot:
    """The page with one's own candles in the first chart."""
    page.get_by_text("Custom", exact=True).click()
    chart = shown(page)
    chart.until("chart.key === 'custom:mine:1m'")
    return chart


def test_live_candles_move_and_are_called_simulated(visit: Visit, served: RunningServer) -> None:
    page = visit(f"{served.url}/workspace/")
    chart = shown(page)
    page.evaluate("() => (window.kept = true)")
    before = page.evaluate("() => JSON.stringify(charts[0].newest)")
    page.wait_for_function("(before) => JSON.stringify(charts[0].newest) !== before", arg=before, timeout=PATIENCE)
    page.wait_for_function("() => document.querySelector('.ws-state').textContent === 'SIMULATED'", timeout=PATIENCE)
    assert chart.state["follow"]
    assert "SIMULATED" in page.locator(".of-legend").first.inner_text()
    assert page.evaluate("() => window.kept")


def test_own_candles_with_signals_indicators_and_older_pages(visit: Visit, served: RunningServer) -> None:
    page = visit(f"{served.url}/workspace/")
    chart = own(page)
    choose(page, "signals", 0, "calls")
    chart.until("chart.marks.drawn.length > 0")
    page.get_by_role("button", name="Indicators").click()
    page.get_by_role("dialog", name="Charts and indicators").wait_for()
    cut = (
        "() => [...document.querySelectorAll('.ws-options input')].filter((x) => x.scrollWidth > x.clientWidth).length"
    )
    assert page.evaluate(cut) == 0
    for name in ("EMA 1", "RSI"):
        page.get_by_role("switch", name=name, exact=True).locator("..").click()
    chart.until("chart.listed.length === 2")
    assert set(chart.state["panes"]) == {"price", "rsi"}
    page.get_by_role("textbox", name="EMA 1: number of candles").fill("9")
    page.wait_for_function("() => charts[0].listed[0].label === 'EMA 9'", timeout=PATIENCE)
    page.keyboard.press("Escape")
    page.locator(".of-host").first.focus()
    for _ in range(40):
        page.keyboard.press("Shift+ArrowLeft")
        if chart.settled()["n"] == ROWS:
            break
    chart.until(f"chart.data.n === {ROWS}")
    value = page.evaluate("() => charts[0].data.bar(charts[0].data.first + 8)['ema-0-ema'] * charts[0].data.tick")
    assert value == pytest.approx(sum(candles(ROWS)["close"][:9]) / 9)
    assert page.evaluate("() => charts[0].data.bar(charts[0].data.first)['ema-0-ema']") != 0  # none: NaN
    page.goto(f"{served.url}/workspace/")  # the next visit, without what the address said
    again = shown(page)
    again.until("chart.key === 'custom:mine:1m' && chart.marks.rows.time.length > 0 && chart.listed.length === 2")


def test_drawings_and_the_view_are_kept_for_the_next_visit(visit: Visit, served: RunningServer) -> None:
    page = visit(f"{served.url}/workspace/")
    chart = own(page)
    page.locator(".of-host").first.focus()
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("t")
    chart.until("chart.tools.active === 'line'")
    assert page.locator("#ws-do-line").get_attribute("aria-pressed") == "true"
    state = chart.drag((0.3, 0.3), (0.6, 0.5))
    assert state["shapes"] == 1
    page.keyboard.press("Escape")
    kept = "() => window.dash_clientside && document.querySelector('.ws-row').hidden"
    page.wait_for_function(kept, timeout=PATIENCE)
    page.wait_for_timeout(600)  # the last change of the view is on its way
    page.context.close()
    other = visit(f"{served.url}/workspace/")
    again = own(other)
    again.until("(chart.gd.layout.shapes || []).length === 1")
    again.until("!chart.view.follow")
    assert again.settled()["range"]["from"] == pytest.approx(state["range"]["from"], abs=60_000)
    again.page.keyboard.press("Backspace")


def test_charts_beside_each_other_move_together(visit: Visit, served: RunningServer) -> None:
    page = visit(f"{served.url}/workspace/")
    number = page.get_by_role("radiogroup", name="Number of charts")
    number.get_by_text("2").click()
    first, second = shown(page, 0), shown(page, 1)
    assert first.page.evaluate("() => charts[0].key !== charts[1].key")
    page.locator(".of-host").first.focus()
    page.keyboard.press("+")
    page.keyboard.press("ArrowLeft")
    times = "(id) => [charts[id].data.timeOfSlot(charts[id].view.x0), charts[id].data.timeOfSlot(charts[id].view.x1)]"
    first.settled()
    second.settled()
    assert page.evaluate(times, "1") == pytest.approx(page.evaluate(times, "0"), abs=1)
    number.get_by_text("1").click()
    own(page)
    number.get_by_text("2").click()  # what was hidden meanwhile shows the same kind of series
    second.until("chart.key.startsWith('custom:')")


@pytest.fixture
def peers(served: RunningServer) -> Iterator[None]:
    """Candles of 5 minutes from the start of one's own, and others that end before it."""
    names = {"peer": (START, 5), "peer-old": (START - 86_400_000, 1)}
    for name, (start, minutes) in names.items():
        columns = {**candles(300), "time": [start + i * minutes * 60_000 for i in range(300)]}
        rows = "\n".join(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))
        body = f"timestamp,open,high,low,close,volume\n{rows}\n".encode()
        served.post(f"/data/upload/ohlcv?name={name}", body, "text/csv")
    yield
    for name in names:
        urllib.request.urlopen(urllib.request.Request(f"{served.url}/data/custom/{name}", method="DELETE")).close()


@pytest.mark.usefixtures("peers")
def test_charts_show_one_time_before_any_is_moved(visit: Visit, served: RunningServer) -> None:
    left = {"from": START + 60 * 60_000, "to": START + 160 * 60_000}  # before the candles of a first answer
    page = visit(f"{served.url}/workspace/?mode=custom&charts=1&symbol=mine&frame=1m")
    first = shown(page)
    first.until("chart.key === 'custom:mine:1m'")
    first.call("place", left)
    first.until(f"chart.data.n === {ROWS}")
    with page.expect_response(lambda answer: f'"view":{{"from":{left["from"]}' in (answer.request.post_data or "")):
        first.call("place", left)
    page.get_by_role("radiogroup", name="Number of charts").get_by_text("4").click()  # kept for the next visit
    query = "mode=custom&symbol=mine&frame=1m&symbol2=peer&frame2=5m&symbol3=peer-old&frame3=1m"
    page.goto(f"{served.url}/workspace/?{query}")
    first, second, elder = (shown(page, index) for index in range(3))
    for chart, key in ((first, "mine:1m"), (second, "peer:5m"), (elder, "peer-old:1m")):
        chart.until(f"chart.key === 'custom:{key}' && !chart.moving")
    times = "(id) => [charts[id].data.timeOfSlot(charts[id].view.x0), charts[id].data.timeOfSlot(charts[id].view.x1)]"
    for index in "01":
        assert page.evaluate(times, index) == pytest.approx([*left.values()], abs=1_000)
    assert elder.state["follow"]  # it has nothing of that time, and stays where it was
    choose(page, "symbol", 1, "mine")  # has that time too, and is opened there
    choose(page, "frame", 1, "1m")
    second.until("chart.key === 'custom:mine:1m' && !chart.moving")
    assert page.evaluate(times, "1") == pytest.approx([*left.values()], abs=1_000)


def test_what_a_chart_waits_for_is_said_and_can_be_asked_for_again(visit: Visit, served: RunningServer) -> None:
    page = visit("about:blank", phone=True, expect=("Callback failed",))
    page.add_init_script(f"({HOLD})()")
    page.goto(f"{served.url}/workspace/?mode=custom&charts=1&symbol=mine&frame=1m")
    said, plot = page.locator(".ws-busy").first, page.locator(".ws-plot").first
    page.wait_for_function("() => window.held.length > 0", timeout=PATIENCE)
    said.get_by_text("Loading …").wait_for()
    assert plot.get_attribute("aria-busy") == "true"
    page.evaluate(RELEASE)
    chart = shown(page)
    said.wait_for(state="hidden")
    assert plot.get_attribute("aria-busy") == "false"
    page.evaluate("() => { window.hold = 'ws-older'; }")
    chart.call("place", {"from": START + 480 * 60_000, "to": START + 560 * 60_000})
    said.get_by_text("Loading older candles …").wait_for()
    page.evaluate(RELEASE)
    chart.until(f"chart.data.n === {ROWS}")
    said.wait_for(state="hidden")
    page.evaluate("() => { window.fail = 'ws-data'; window.orderflow.page.patience = 300; }")
    page.get_by_text("Live", exact=True).click()
    page.wait_for_function("() => window.failed === 4", timeout=PATIENCE)  # of each chart, shown or not
    said.get_by_text("The candles have not come yet.").wait_for()
    assert chart.state["n"] == ROWS
    page.evaluate("() => { window.fail = ''; }")
    said.get_by_role("button", name="Try again").click()
    chart.until("chart.key === 'live:sim:BTC:1m'")
    said.wait_for(state="hidden")


def test_a_late_answer_of_the_mode_that_was_left_changes_nothing(visit: Visit, served: RunningServer) -> None:
    page = visit("about:blank")
    page.add_init_script(f"({HOLD})(); window.hold = ''")
    page.goto(f"{served.url}/workspace/?mode=live&charts=1&symbol=sim:BTC&frame=1m")
    chart, state = shown(page), page.locator(".ws-state").first
    state.filter(has_text="SIMULATED").wait_for()
    page.evaluate(  # so that the next answer says it again
        """() => {
          window.late = "ws-delta";
          window.dash_clientside.set_props({ index: 0, type: "ws-state" }, { children: "" });
        }"""
    )
    page.wait_for_function("() => window.came.length > 0", timeout=PATIENCE)
    state.filter(has_text=re.compile("^$")).wait_for(state="attached")
    page.get_by_text("Custom", exact=True).click()
    page.locator(".ws-busy").first.get_by_text("Loading …").wait_for()
    page.evaluate(
        """() => {
          const said = document.querySelector(".ws-state"), note = () => window.noted.push(said.textContent);
          window.noted = [];
          new MutationObserver(note).observe(said, { childList: true, characterData: true, subtree: true });
          charts[0].append = () => window.noted.push("bars");
          window.late = "";
          window.came.splice(0).forEach((go) => go());
        }"""
    )
    chart.until("chart.key === 'custom:mine:1m'")
    assert page.evaluate("() => window.noted") == []


def test_a_switch_of_mode_stops_what_the_other_one_asks_for(visit: Visit, served: RunningServer) -> None:
    page = visit("about:blank")
    page.add_init_script(f"({HOLD})(); window.hold = ''")
    page.goto(f"{served.url}/workspace/?mode=custom&charts=1&symbol=mine&frame=1m")
    chart, said = shown(page), page.locator(".ws-busy").first
    chart.until("chart.key === 'custom:mine:1m'")
    page.evaluate("() => { window.hold = 'ws-older'; }")
    chart.call("place", {"from": START + 480 * 60_000, "to": START + 560 * 60_000})
    said.get_by_text("Loading older candles …").wait_for()
    page.wait_for_function("() => window.held.length === 1", timeout=PATIENCE)
    page.evaluate("() => { window.hold = 'ws-data'; }")
    page.get_by_text("Live", exact=True).click()
    said.get_by_text("Loading …").wait_for()
    page.wait_for_function("() => window.stopped.some((name) => name.includes('ws-older'))", timeout=PATIENCE)
    before = chart.state["n"]
    page.evaluate(  # answers that were read when it was stopped
        """(time) => {
          const { older, delta } = window.dash_clientside.workspace, [one, key] = [[1], "custom:mine:1m"];
          const bars = { time: [time], open: one, high: one, low: one, close: one, volume: one };
          older({ key, bars, more: false }, { index: 0 });
          delta({ key, bars: { ...bars, time: [time + 1e9] } }, { index: 0 });
        }""",
        START,
    )
    assert said.inner_text() == "Loading …"
    assert chart.state["n"] == before
    page.evaluate(RELEASE)
    chart.until("chart.key === 'live:sim:BTC:1m'")
    said.wait_for(state="hidden")


def test_a_lost_server_is_said_and_the_page_goes_on(visit: Visit, served: RunningServer) -> None:
    address = f"{served.url}/workspace/?mode=live&charts=1&symbol=sim:BTC&frame=1m"
    page = visit(address, expect=("ERR_", "Failed to fetch", "Callback failed"))
    shown(page)
    banner = page.locator(".of-banner-over")
    assert banner.is_hidden()
    lost = "ws-delta"  # a callback that was lost leaves its interval disabled
    with page.expect_event("requestfailed", lambda request: lost in (request.post_data or "")[:80]):
        page.context.set_offline(True)
    banner.get_by_text("No connection to the server. These are the last candles").wait_for()
    page.context.set_offline(False)
    banner.get_by_text("The server is back.").wait_for()
    before = page.evaluate("() => JSON.stringify(charts[0].newest)")
    page.wait_for_function("(before) => JSON.stringify(charts[0].newest) !== before", arg=before, timeout=PATIENCE)
    banner.wait_for(state="hidden")


def test_a_click_right_after_the_help_was_closed_counts(visit: Visit, served: RunningServer) -> None:
    page = visit(f"{served.url}/workspace/")
    shown(page)
    box = page.get_by_text("Custom", exact=True).bounding_box()
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keyboard").wait_for()
    assert min(page.locator(".of-help-row").evaluate_all(APART)) > 8
    page.keyboard.press("Escape")
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    shown(page).until("chart.key.startsWith('custom:')")


def test_a_phone_shows_candles_and_nothing_beside_the_screen(visit: Visit, served: RunningServer) -> None:
    page = visit(f"{served.url}/workspace/?mode=live&charts=4", phone=True)
    chart = shown(page)
    assert chart.state["n"] > 10
    number = page.get_by_role("radiogroup", name="Number of charts")
    number.get_by_text("1").click()
    page.locator(".ws-turns").wait_for(state="hidden")
    number.get_by_text("4").click()
    page.get_by_text("of 4, one at a time").wait_for()
    seen = (
        "() => [...document.querySelectorAll('.ws-card')].map((x) => x.checkVisibility({ visibilityProperty: true }))"
    )
    assert page.evaluate(seen) == [True, False, False, False]
    page.get_by_role("radiogroup", name="The chart shown").get_by_text("3").click()
    page.wait_for_function(f"() => String(({seen})()) === 'false,false,true,false'", timeout=PATIENCE)
    assert shown(page, 2).state["n"] > 10
    page.get_by_role("radiogroup", name="The chart shown").get_by_text("1").click()
    page.wait_for_function(f"() => ({seen})()[0]", timeout=PATIENCE)
    page.wait_for_function("() => document.querySelector('.ws-state').textContent === 'SIMULATED'", timeout=PATIENCE)
    chart.settled()
    edges = (
        "() => [...document.querySelectorAll('.ws-card:not([hidden]) .of-host')].map((x) => x.getBoundingClientRect())"
    )
    plot, *_ = page.evaluate(edges)
    width = page.evaluate("() => document.documentElement.scrollWidth")
    assert max(width, plot["right"]) <= page.viewport_size["width"]  # innerWidth grows with what is too wide


def test_a_copied_address_shows_the_same_in_a_new_browser(visit: Visit, served: RunningServer) -> None:
    page = visit(f"{served.url}/workspace/")
    first = own(page)
    page.get_by_role("radio", name="2", exact=True).locator("..").click()
    second = shown(page, 1)
    choose(page, "frame", 1, "1m")
    choose(page, "signals", 0, "calls")
    first.until("chart.marks.rows.time.length > 0")
    page.get_by_role("button", name="Indicators").click()
    page.get_by_role("dialog", name="Charts and indicators").wait_for()
    page.get_by_role("switch", name="EMA 1", exact=True).locator("..").click()
    page.get_by_role("textbox", name="EMA 1: number of candles").fill("9")
    page.get_by_role("textbox", name="Candles", exact=True).click()
    page.get_by_role("option", name="Heikin-Ashi").click()
    page.wait_for_function("() => charts[0].listed.length && charts[0].listed[0].label === 'EMA 9'", timeout=PATIENCE)
    page.keyboard.press("Escape")
    page.locator(".of-host").first.focus()
    for key in ("-", "Shift+ArrowLeft"):
        page.keyboard.press(key)
    first.drag((1.02, 0.4), (1.02, 0.6))  # prices by hand
    second.settled()
    addressed = """() => {
      const { range } = charts[0], query = new URLSearchParams(location.search);
      return query.has("y") && new Date(query.get("from")).getTime() === range.from;
    }"""
    page.wait_for_function(addressed, timeout=PATIENCE)
    seen, url = page.evaluate(SEEN), page.url
    page.context.close()
    again = visit(url)
    for index in (0, 1):
        shown(again, index).until("!chart.moving && chart.listed.length === 1")
    shown(again).until("chart.marks.rows.time.length > 0 && !chart.view.auto")
    found = again.evaluate(SEEN)
    for here, there in zip(found, seen, strict=True):
        assert {name: here[name] for name in FIXED} == {name: there[name] for name in FIXED}
        assert here["times"] == pytest.approx(there["times"], abs=1_000)
        assert here["prices"] == pytest.approx(there["prices"], abs=1)
    assert again.url == url
    again.wait_for_function("() => dash_component_api.getLayout('ws-address').props.data", timeout=PATIENCE)
    again.get_by_text("Live", exact=True).click()
    shown(again).until("chart.key === 'live:sim:BTC:1m'")
    again.wait_for_url("**mode=live**")
    again.go_back()
    shown(again).until("chart.key === 'custom:mine:1m' && !chart.view.follow")
    assert again.url == url


def test_what_an_address_names_and_is_not_there_is_said(visit: Visit, served: RunningServer) -> None:
    page = visit(
        f"{served.url}/workspace/?mode=live&charts=2&symbol=NOBODY&frame=1m&symbol2=sim:BTC&frame2=7m&kind=bars"
    )
    notes = page.locator(".ws-note")
    notes.nth(0).filter(has_text="There are no klines of 'NOBODY'").wait_for()
    notes.nth(1).filter(has_text="7m").wait_for()
    page.locator("#ws-status").filter(has_text="kind 'bars' is not known; use one of candles, line, heikin").wait_for()
    choose(page, "symbol", 0, "sim:ETH · SIMULATED")
    shown(page).until("chart.key === 'live:sim:ETH:1m'")
    page.wait_for_function("() => document.querySelector('.ws-note').hidden", timeout=PATIENCE)


def test_a_venue_s_candles_are_compared_with_those_of_its_ticks_and_saved(visit: Visit, both: RunningServer) -> None:
    page = visit(f"{both.url}/workspace/?mode=live&charts=1&symbol=BTCUSDT&frame=1m")
    chart = shown(page)
    button = page.get_by_role("button", name="The venue's candles beside those of its ticks").first
    button.get_by_text("Ticks: 1 of 298 differ").wait_for()
    button.click()
    drawer = page.get_by_role("dialog", name="Venue and ticks")
    drawer.get_by_text("297 equal, 1 differ. The largest difference is 3 in a price").wait_for()
    (row,) = drawer.locator("tbody tr").all()
    cells = row.locator("td").all_inner_texts()
    assert cells[1:] == ["high", "109", "106"]
    row.get_by_role("button").click()
    chart.until(f"chart.range.from === {START + 110 * 60_000} && chart.range.to === {START + 190 * 60_000}")
    page.keyboard.press("Escape")
    drawer.wait_for(state="hidden")
    page.wait_for_url("**from=**")  # the server knows the range too
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the candles of chart 1 as CSV").click()
    assert download.value.suggested_filename == "BTCUSDT-1m.csv"
    header, *rows = Path(download.value.path()).read_text().splitlines()
    assert header == "timestamp,open,high,low,close,volume"
    assert len(rows) == 81
    assert rows[40].split(",")[1:] == ["100", "109", "100", "105", "3"]
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("radiogroup", name="Number of charts").get_by_text("4").click()
    page.locator(".ws-card[data-index='3'] .ws-bar").get_by_text("CSV").wait_for()
    assert page.locator(".ws-card:not([hidden]) .ws-bar .mantine-Button-label").evaluate_all(CUT) == []


def test_a_first_visit_shows_a_sample_that_is_gone_after_the_first_upload(visit: Visit, empty: RunningServer) -> None:
    page = visit(f"{empty.url}/workspace/", dark=False)
    page.get_by_text("No klines").wait_for()
    page.get_by_text("Custom", exact=True).click()
    chart = shown(page)
    chart.until("chart.key === 'custom:SAMPLE:1m' && chart.marks.drawn.length > 5")
    assert page.locator(".of-legend").first.inner_text().startswith("SAMPLE LTCUSDT 1m · Binance spot")
    page.locator(".ws-state").first.filter(has_text="SAMPLE: Binance spot LTC/USDT, 21 June 2025").wait_for()
    page.locator(".ws-state[title^='SAMPLE: Binance spot LTC/USDT, 21 June 2025']").first.wait_for()
    page.get_by_role("button", name="What prices did after signals").click()
    page.locator("#ws-study-excursions .main-svg").first.wait_for()
    paper = "() => document.querySelector('#ws-study-returns .js-plotly-plot').layout.paper_bgcolor"
    assert page.evaluate(paper) == palette("light").paper
    dialog = page.get_by_role("dialog", name="What prices did after signals")
    assert dialog.locator("tbody tr").count() == 5
    assert "The entry is the first price after a signal" in dialog.inner_text()
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Table (CSV)").click()
    assert Path(download.value.path()).read_text().startswith("horizon,signals,beyond")
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert empty.get("/data/custom") == []
    rows = "".join(f"{START + i * 60_000},1,2,1,2,5\n" for i in range(30))
    body = f"timestamp,open,high,low,close,volume\n{rows}".encode()
    empty.post("/data/upload/ohlcv?name=first", body, "text/csv")
    chart.until("chart.key === 'custom:first:1m'")
    assert chart.state["marks"] == 0
    page.locator(".ws-card[data-index='0'] .ws-symbol input").first.click()
    page.get_by_role("option", name="first").wait_for()
    assert page.get_by_role("option", name="SAMPLE").count() == 0
