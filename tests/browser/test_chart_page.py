"""The chart's page: what it draws and shows, its keys, fields and URL parameters."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from orderflow.market.studies.vwap import BANDS
from tests.browser.chart import Chart, post_ticks
from tests.running import RunningServer

pytestmark = pytest.mark.browser
Open = Callable[..., Chart]


def test_page_draws_footprint_cells_of_both_sides(chart: Chart) -> None:
    state = chart.until("s.lod === 'text'")
    assert state["bars"] == 40
    assert state["follow"]
    seen = chart.pixels()
    assert seen["buy"] > 10_000
    assert seen["sell"] > 10_000
    assert chart.pixels("chart-overview")["drawn"] > 1_000


def test_first_view_is_what_can_be_read_of_the_last_thirty_minutes(chart: Chart) -> None:
    state = chart.until("s.lod === 'text'")
    shown = round(state["last"] + 0.5 - state["x"][0])
    assert 10 <= shown <= 30
    assert (f"{shown} of 30 minutes" in chart.text("chart-legend-sub")) is (shown < 30)
    assert state["axis"] == pytest.approx(state["x"])
    chart.page.keyboard.press("ArrowDown")
    chart.until(f"s.x[1] - s.x[0] > {state['x'][1] - state['x'][0]}")
    assert "of 30 minutes" not in chart.text("chart-legend-sub")


def test_one_small_plotly_is_loaded_and_nothing_from_elsewhere(chart: Chart, server: RunningServer) -> None:
    names = chart.page.evaluate("() => performance.getEntriesByType('resource').map((e) => e.name)")
    assert any("00-plotly-basic" in name for name in names)
    assert [name for name in names if "plotly" in name] == [name for name in names if "00-plotly-basic" in name]
    assert [name for name in names if not name.startswith((server.url, "data:", "blob:"))] == []


def test_title_legend_and_statistics_say_what_is_shown(chart: Chart, shown: str, server: RunningServer) -> None:
    stats = server.get(f"/stats?symbol={shown}")
    assert re.fullmatch(rf"\d+\.\d\d [▲▼] {shown} · Order flow", chart.page.title())
    assert chart.text("chart-legend-title") == shown
    assert "1min · Bid × ask · row" in chart.text("chart-legend-sub")
    rules = chart.text("chart-legend-rules")
    assert "Imbalance 3x diagonal" in rules
    assert "VA 70%" in rules
    assert "CVD/VWAP reset UTC 00:00" in rules
    line = chart.text("chart-stats")
    assert f"Ticks{stats['ticks']:,}" in line
    assert "Candles40" in line
    assert "flagged 100 %" in line
    for word in ("Range", "Ticks/s", "Late", "Duplicates", "Rejected", "Audit"):
        assert word in line


def test_trades_that_share_an_id_are_counted_at_the_foot(chart: Chart, shown: str, server: RunningServer) -> None:
    foot = "(text) => document.getElementById('chart-stats').innerText.replace(/\\s+/g, '').includes(text)"
    assert not chart.page.evaluate(foot, "Idconflicts")
    rows = "".join(f"2026-03-02T14:30:0{k}Z,25000,1,buy,7,SHARED\n" for k in (1, 2, 3, 3))
    server.post("/ticks", b"timestamp,price,size,side,id,symbol\n" + rows.encode(), "text/csv")
    chart.afresh("?symbol=SHARED")
    chart.page.wait_for_function(foot, arg="Idconflicts2")
    assert chart.page.evaluate(foot, "Duplicates1")
    chart.afresh(f"?symbol={shown}")
    chart.page.wait_for_function(f"() => !({foot})('Idconflicts')")


def test_unchanged_market_costs_an_empty_answer(chart: Chart) -> None:
    def poll(answer: Any) -> bool:  # by the clock, not for another range of the profile
        sent = answer.request.post_data or ""
        return "_dash-update" in answer.url and "chart-delta" in sent and '["chart-interval.n_intervals"]' in sent

    with chart.page.expect_response(lambda answer: poll(answer) and answer.status == 204):
        pass
    for _ in range(2):
        with chart.page.expect_response(poll) as answer:
            pass
        assert answer.value.status == 204


def test_change_is_a_small_answer(chart: Chart, server: RunningServer) -> None:
    post_ticks(server, "SMALL", minutes=35)
    chart.afresh("?symbol=SMALL")
    chart.until("s.symbol === 'SMALL'")
    sizes: list[int] = []

    def note(answer: Any) -> None:
        if "_dash-update" in answer.url and answer.status == 200:
            sizes.append(len(answer.body()))

    chart.page.on("response", note)
    before = chart.state["ticks"]
    server.post(
        "/tick",
        b'{"timestamp": "2026-03-02T15:04:59.9Z", "price": 25000.25, "size": 2, "side": "buy", "symbol": "SMALL"}',
    )
    chart.until(f"s.ticks === {before + 1}")
    assert sizes
    assert max(sizes) <= 2_048
    chart.page.remove_listener("response", note)


def test_keys_change_what_bars_show(chart: Chart) -> None:
    for key, mode in (("2", "delta"), ("3", "volume"), ("4", "profile"), ("5", "candles"), ("1", "bid_ask")):
        chart.page.keyboard.press(key)
        chart.until(f"s.mode === '{mode}'")
        assert ("mode=" in chart.page.url) is (mode != "bid_ask")
        assert {"bid_ask": "Bid × ask"}.get(mode, mode.capitalize()) in chart.text("chart-legend-sub")
        chart.page.wait_for_function(f"() => document.querySelector('#chart-mode input:checked').value === '{mode}'")
        assert chart.pixels()["drawn"] > 5_000


def test_keys_do_nothing_while_typing(chart: Chart) -> None:
    chart.page.keyboard.press("/")
    chart.page.keyboard.type("25")
    assert chart.page.evaluate("() => document.activeElement.id") == "chart-symbol"
    assert chart.state["mode"] == "bid_ask"
    chart.page.keyboard.press("Control+2")
    assert chart.state["mode"] == "bid_ask"


def test_help_lists_the_keys_and_escape_closes_it(chart: Chart) -> None:
    chart.page.keyboard.press("?")
    dialog = chart.page.get_by_role("dialog")
    dialog.get_by_text("Go live: follow the newest bar").wait_for()
    chart.page.keyboard.press("3")
    assert chart.state["mode"] == "bid_ask"  # the dialog has the keys
    chart.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")


def test_theme_follows_the_system_until_it_is_chosen(open_chart: Open, server: RunningServer, shown: str) -> None:
    chart = open_chart(server, f"?symbol={shown}", dark=False)
    assert chart.state["theme"] == "light"
    chart.page.keyboard.press("n")
    chart.until("s.theme === 'dark'")
    assert chart.page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(12, 16, 23)"
    chart.page.reload()
    chart.ready()
    assert chart.state["theme"] == "dark"


def test_address_holds_the_view_and_back_takes_steps_back(chart: Chart, shown: str) -> None:
    chart.page.keyboard.press("2")
    chart.page.keyboard.press("]")
    chart.until("s.frame === '3min'")
    chart.page.wait_for_url(lambda url: re.search(rf"\?symbol={shown}&frame=3min&rows=\d+&mode=delta$", url))
    chart.page.go_back()
    chart.until("s.frame === '1min' && s.mode === 'delta'")
    chart.page.go_back()
    chart.until("s.mode === 'bid_ask'")
    chart.page.go_forward()
    chart.until("s.mode === 'delta'")


def test_address_of_a_range_shows_that_range(open_chart: Open, server: RunningServer, shown: str) -> None:
    query = f"?symbol={shown}&frame=1min&rows=2&panes=cvd&from=2026-03-02T14:35Z&to=2026-03-02T14:50Z&price=24900,25100"
    chart = open_chart(server, query)
    state = chart.settled()
    assert state["x"] == pytest.approx([5, 20])
    assert state["y"] == pytest.approx([99_600, 100_400])
    assert (state["follow"], state["rows"], state["panes"]) == (False, 2, ["cvd"])
    assert chart.page.url.endswith(query)


def test_activity_bars_are_drawn(chart: Chart) -> None:
    chart.page.evaluate("() => window.orderflow.controls.choose('chart-frame', 'volume:500')")
    state = chart.until("s.frame === 'volume:500'")
    assert state["bars"] > 20


def test_settings_change_the_definitions_in_force(chart: Chart) -> None:
    chart.page.keyboard.press("s")
    chart.page.get_by_label("Imbalance ratio").fill("4.5")
    chart.page.get_by_label("Imbalance ratio").press("Enter")
    chart.page.wait_for_function(
        "() => document.getElementById('chart-rules').textContent.startsWith('Imbalance 4.5x')"
    )
    chart.page.reload()
    chart.ready()
    assert "Imbalance 4.5x" in chart.text("chart-legend-rules")


def test_hovering_shows_the_cell(chart: Chart) -> None:
    slot = chart.page.evaluate(
        """() => {
          const { page, model } = window.orderflow, c = page.chart, bar = c.model.bars[c.model.bars.length - 1];
          const i = Math.floor(bar.b.length / 2);
          const box = document.getElementById("chart-host").getBoundingClientRect();
          return {
            x: box.left + c.frame.X(c.series.last),
            y: box.top + c.frame.Y((model.rowOf(bar, i) + 0.5) * c.model.rows - 0.5),
            bid: bar.b[i], ask: bar.a[i], trades: bar.n,
          };
        }"""
    )
    chart.page.mouse.move(slot["x"], slot["y"])
    card = chart.page.locator("#chart-readout")
    card.wait_for()
    words = re.sub(r"\s+", " ", card.inner_text())
    assert f"Bid {slot['bid']} Ask {slot['ask']}" in words
    assert f"Delta {slot['ask'] - slot['bid']:+d}".replace("+0", "0") in words
    assert f"Trades {slot['trades']}" in words


def test_png_and_csv_are_exported(chart: Chart, server: RunningServer, shown: str) -> None:
    with chart.page.expect_download() as download:
        chart.page.keyboard.press("x")
    assert re.fullmatch(rf"{shown}_1min_[\d-]+\.png", download.value.suggested_filename)
    assert download.value.path().stat().st_size > 50_000
    chart.page.get_by_role("button", name="Export").click()
    links = {
        name: chart.page.get_by_role("menuitem", name=name).get_attribute("href")
        for name in ("Bars (CSV)", "Footprint (CSV)", "Ticks (CSV)")
    }
    for name, first in (("Bars (CSV)", "time,open"), ("Footprint (CSV)", "time,price"), ("Ticks (CSV)", "time,price")):
        answer = chart.page.request.get(f"{server.url}{links[name]}")
        assert answer.status == 200
        assert answer.text().startswith(first)


# what each key, button and field does


def kept(chart: Chart) -> dict[str, Any]:
    """The options stored in the browser."""
    return dict(json.loads(chart.page.evaluate("() => localStorage.getItem('orderflow.options')") or "{}"))


def until_kept(chart: Chart, **options: Any) -> None:
    """Wait until the browser has stored these options; options with their default may be missing."""
    chart.page.wait_for_function(
        """(wanted) => {
          const kept = JSON.parse(localStorage.getItem("orderflow.options") || "{}");
          const same = ([key, value]) => JSON.stringify(kept[key] ?? null) === JSON.stringify(value);
          return Object.entries(wanted).every(same);
        }""",
        arg=options,
    )


def until_legend(chart: Chart, words: str) -> None:
    """Wait until the legend contains `words` below the symbol or in the definitions."""
    chart.page.wait_for_function(
        "(words) => document.querySelector('.of-legend').textContent.includes(words)", arg=words
    )


def test_keys_of_the_view(chart: Chart) -> None:
    press = chart.page.keyboard.press
    first = chart.settled()
    press("ArrowLeft")
    left = chart.settled()
    assert left["x"][0] < first["x"][0]
    press("Shift+ArrowLeft")
    far = chart.settled()
    assert left["x"][0] - far["x"][0] > 3 * (first["x"][0] - left["x"][0])
    press("ArrowRight")
    assert chart.settled()["x"][0] > far["x"][0]
    for closer, wider in (("+", "-"), ("=", "-"), ("ArrowUp", "ArrowDown")):
        before = chart.settled()
        press(closer)
        near = chart.settled()
        assert near["x"][1] - near["x"][0] < before["x"][1] - before["x"][0]
        press(wider)
        after = chart.settled()
        assert after["x"][1] - after["x"][0] == pytest.approx(before["x"][1] - before["x"][0])
    press("End")
    assert chart.settled()["follow"]
    chart.drag(chart.at(1.02, 0.4), chart.at(1.02, 0.7))
    assert not chart.settled()["auto"]
    press("a")
    assert chart.settled()["auto"]
    press("]")
    until_legend(chart, "3min ·")
    press("[")
    until_legend(chart, "1min ·")


def test_keys_of_the_studies(chart: Chart) -> None:
    press = chart.page.keyboard.press
    for key, option in (("v", "vwap"), ("i", "imbalance"), ("z", "stacked")):
        press(key)
        until_kept(chart, **{option: False})
        press(key)
        until_kept(chart, **{option: None})
    for profile in ("session", "off", "visible"):
        press("p")
        until_kept(chart, profile=profile)
    press("b")
    chart.page.wait_for_url("**panes=delta,cvd*")
    press("d")
    chart.page.wait_for_url("**panes=cvd*")
    press("c")
    chart.page.wait_for_url("**panes=none*")
    for key in ("b", "d", "c"):
        press(key)
    until_kept(chart, panes=["table", "delta", "cvd"])


def test_fields_of_the_header(chart: Chart, server: RunningServer, shown: str) -> None:
    post_ticks(server, "OTHERWISE", minutes=5)
    page = chart.page
    page.get_by_label("Time frame").first.click()
    page.get_by_role("option", name="5min", exact=True).click()
    until_legend(chart, "5min ·")
    page.get_by_label("Time frame").first.click()
    page.get_by_role("option", name="500 trades").click()
    until_legend(chart, "ticks:500 ·")
    page.get_by_label("Time frame").first.click()
    page.get_by_role("option", name="1min", exact=True).click()
    until_legend(chart, "1min ·")
    for name, word in (("Volume", "Volume"), ("Candles", "Candles"), ("Bid × ask", "Bid × ask")):
        page.locator("#chart-mode").get_by_text(name, exact=True).click()
        until_legend(chart, f"1min · {word}")
    rows = page.get_by_label("Ticks in one footprint row").first
    page.wait_for_function("() => /^Auto · \\d+$/.test(document.getElementById('chart-rows').value)")
    rows.click()
    page.get_by_role("option", name="5 ticks", exact=True).click()
    page.wait_for_url("**rows=5*")
    until_legend(chart, "row 1.25")
    page.reload()
    chart.ready()
    page.get_by_label("Symbol").first.fill("otherw")
    page.get_by_role("option", name="OTHERWISE").click()
    page.wait_for_function("() => document.getElementById('chart-legend-title').textContent === 'OTHERWISE'")
    assert "symbol=OTHERWISE" in page.url


def test_buttons_of_the_header(chart: Chart) -> None:
    page = chart.page
    for name in ("Draw a line", "Draw a rectangle", "Erase a drawing"):
        button = page.get_by_role("button", name=name)
        button.click()
        page.wait_for_function("(b) => b.getAttribute('aria-pressed') === 'true'", arg=button.element_handle())
        button.click()
        page.wait_for_function("(b) => b.getAttribute('aria-pressed') === 'false'", arg=button.element_handle())
    chart.draw("t", (0.2, 0.3), (0.5, 0.6))
    page.keyboard.press("Delete")
    chart.until("s.shapes.length === 0")
    page.get_by_role("button", name="Keyboard shortcuts").click()
    page.get_by_role("dialog", name="Keyboard and mouse").get_by_text("Double-click to fit prices again.").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog", name="Keyboard and mouse").wait_for(state="hidden")
    page.get_by_role("button", name="Dark or light").click()
    page.wait_for_selector("html[data-theme='light']")
    page.get_by_role("button", name="Studies and settings").click()
    page.get_by_label("Imbalance ratio").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Picture (PNG)").click()
    assert download.value.suggested_filename.endswith(".png")


def test_every_setting_is_kept(chart: Chart) -> None:
    page = chart.page
    page.keyboard.press("s")
    drawer = page.get_by_role("dialog", name="Studies and settings")
    drawer.wait_for()
    switches = {
        "Point of control": "poc",
        "Value area": "value_area",
        "Diagonal imbalance": "imbalance",
        "Stacked zones": "stacked",
        "Unfinished auctions": "unfinished",
        "VWAP": "vwap",
        "VWAP bands ±1, 2, 3 σ": "bands",
        "Numbers beside the pointer": "readout",
    }
    assert page.evaluate("window.orderflow.marks.bands") == list(BANDS.default)
    for label, option in switches.items():
        drawer.get_by_role("switch", name=label, exact=True).uncheck(force=True)
        until_kept(chart, **{option: False})
    choices = (("Session", "profile", "session"), ("Line", "cvdStyle", "line"), ("Green – red", "colours", "green"))
    for label, option, value in (*choices, ("Local time", "zone", "local")):
        drawer.get_by_text(label, exact=True).click()
        until_kept(chart, **{option: value})
    drawer.get_by_role("switch", name="Counts against an empty other side").uncheck(force=True)
    until_legend(chart, ", never against zero")
    drawer.get_by_text("One row", exact=True).click()
    until_legend(chart, "one row")
    numbers = (
        ("Least volume of an imbalance", "4", "min 4"),
        ("Ticks that make a stacked zone", "5", "stacked 5"),
        ("Value area, % of volume", "80", "VA 80%"),
    )
    for label, text, words in numbers:
        drawer.get_by_label(label).fill(text)
        drawer.get_by_label(label).press("Enter")
        until_legend(chart, words)
    for label, panes in (("Bar figures", ["delta", "cvd"]), ("Delta", ["cvd"]), ("Cumulative delta", [])):
        drawer.get_by_text(label, exact=True).first.click()
        until_kept(chart, panes=panes)
    before = chart.settled()
    chart.drag(chart.at(0.3, 0.5), chart.at(0.5, 0.5))  # the chart is not locked by the drawer
    assert chart.settled()["x"][0] < before["x"][0]
    options, definitions = kept(chart), chart.text("chart-legend-rules")
    page.reload()
    chart.ready()
    assert kept(chart) == options
    until_legend(chart, definitions)
    page.keyboard.press("s")
    drawer.wait_for()
    assert not drawer.get_by_role("switch", name="VWAP", exact=True).is_checked()
    assert drawer.get_by_label("Value area, % of volume").input_value() == "80"
    drawer.get_by_role("button").first.click()
    drawer.wait_for(state="hidden")


def test_invalid_setting_is_reported_at_its_field(chart: Chart) -> None:
    page = chart.page
    before = chart.text("chart-legend-rules")
    page.keyboard.press("s")
    drawer = page.get_by_role("dialog", name="Studies and settings")
    stack = drawer.get_by_label("Ticks that make a stacked zone")
    stack.fill("1")  # not left yet: the field would put it right
    drawer.get_by_text("1 is not from 2 to 100").wait_for()
    assert stack.get_attribute("aria-invalid") == "true"
    stack.fill("4")
    until_legend(chart, "stacked 4")
    drawer.get_by_text("is not from").wait_for(state="hidden")
    every = drawer.get_by_label("Every")
    every.fill("")
    drawer.get_by_role("button", name="Show", exact=True).click()
    drawer.get_by_text("A whole number from 1 to 1,000,000,000").wait_for()
    assert chart.state["frame"] == "1min"
    stack.fill("3")
    until_legend(chart, before)
    drawer.get_by_role("button").first.click()
    drawer.wait_for(state="hidden")


def test_activity_bars_of_any_measure(chart: Chart) -> None:
    page = chart.page
    page.keyboard.press("s")
    drawer = page.get_by_role("dialog", name="Studies and settings")
    for name, frame in (("Trades", "ticks:700"), ("Range, ticks", "range:700"), ("Delta", "delta:700")):
        drawer.get_by_label("Bars are cut by").first.click()
        page.get_by_role("option", name=name, exact=True).click()
        drawer.get_by_label("Every").fill("700")
        drawer.get_by_role("button", name="Show", exact=True).click()
        until_legend(chart, f"{frame} ·")
        assert f"frame={frame}" in page.url
    drawer.get_by_role("button").first.click()
    drawer.wait_for(state="hidden")


def test_the_chart_of_an_unknown_symbol_offers_a_command_and_links(open_chart: Open, server: RunningServer) -> None:
    chart = open_chart(server, "?symbol=NOBODY")
    page = chart.page
    assert chart.text("chart-empty-title") == "No ticks of NOBODY yet"
    assert chart.text("chart-command") == f"orderflow-replay YOUR_TICKS.csv --symbol NOBODY --server {server.url}"
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
    page.get_by_role("button", name="Copy").click()
    page.wait_for_function("() => document.getElementById('chart-announce').textContent === 'Copied.'")
    assert page.evaluate("() => navigator.clipboard.readText()") == chart.text("chart-command")
    wanted = {
        "simulated instrument": "/instruments/",
        "herd game": "/herd/",
        "All routes and formats": "/docs",
    }
    for name, address in wanted.items():
        link = page.locator("#chart-empty").get_by_role("link", name=name)
        assert link.get_attribute("href") == address


def test_texts_for_screen_readers(chart: Chart) -> None:
    page = chart.page
    assert page.get_by_role("application", name="Footprint chart. Arrow keys move and zoom").count() == 1
    assert (
        page.get_by_role("application", name="Overview of the held bars; the arrow keys move the window").count() == 1
    )
    assert page.locator("#chart-announce[role='status'][aria-live='polite']").count() == 1
    for name in ("Symbol", "Time frame", "What the bars show", "Ticks in one footprint row", "Statistics"):
        assert page.get_by_label(name, exact=True).first.is_visible(), name
    assert page.get_by_role("group", name="Drawing tools").count() == 1
