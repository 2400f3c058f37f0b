"""The dialog of one instrument in a real browser: its live line, its stylised facts, the form of its model."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.browser.instruments import LINE, REFUSED, Page
from tests.browser.waiting import PATIENCE
from tests.running import RunningServer

pytestmark = pytest.mark.browser

LOST = ("ERR_", REFUSED, "Failed to fetch", "Callback failed")
"""Console messages while the server is not reachable."""
CROSSED = f"new Date({LINE}.data[0].x[{LINE}._hoverdata[0].pointNumber]).toISOString().slice(11, 21)"
"""The time of day at which the crosshair is."""
CALLBACKS = "**/_dash-update-component**"


def history(server: RunningServer, id: str) -> list[list[float]]:
    """[ms, price] of each price in the server's history."""
    found = server.get(f"/api/v1/tickers/{id}/history?limit=1000")["history"]
    times = [datetime.fromisoformat(one["timestamp"]).replace(tzinfo=UTC).timestamp() * 1000 for one in found]
    return [[round(time, 3), one["value"]] for time, one in zip(times, found, strict=True)]


def same_as_the_server(page: Page, server: RunningServer, id: str) -> bool:
    """True if the displayed points are the server's, each once and in order; the server may have newer ones."""
    drawn, held = page.line(), history(server, id)
    rounded = [[round(int(time * 1000) / 1000, 3), price] for time, price in drawn]
    return (
        len(drawn) > 0
        and [one[1] for one in held[: len(drawn)]] == [one[1] for one in drawn]
        and all(abs(a[0] - b[0]) < 0.01 for a, b in zip(held, rounded, strict=False))
    )


@contextmanager
def held(page: Page, words: str, do: Callable[[], Any]) -> Iterator[None]:
    """Do what sends a callback whose request contains `words`; the server gets it after the block."""
    routes: list[Any] = []

    def hold(route: Any) -> None:
        if routes or words not in (route.request.post_data or ""):
            route.continue_()
        else:
            routes.append(route)

    page.page.route(CALLBACKS, hold)
    try:
        do()
        until = time.monotonic() + PATIENCE / 1000
        while not routes and time.monotonic() < until:
            page.page.wait_for_timeout(50)
        yield
        with page.page.expect_response(lambda answer: answer.request == routes[0].request):
            routes[0].continue_()
    finally:
        page.page.unroute(CALLBACKS, hold)


def test_dialog_opens_with_history_and_updates(ix: Page) -> None:
    ix.open("ITEM_02")
    ix.until_points(1)
    ix.until_points(len(ix.line()) + 1)
    assert ix.text("#instruments-line").endswith("Live")
    assert ix.page.get_attribute("#instruments-flow", "href") == "/chart/?symbol=ITEM_02"
    assert "since start at" in ix.text("#instruments-change")
    assert "Bollerslev" in ix.text("#instruments-card")
    box = ix.page.locator("#instruments-plot").bounding_box()
    ix.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    ix.shows("#instruments-readout", "UTC")
    assert ix.page.locator("#instruments-graph .spikeline").count() > 0
    ix.page.mouse.move(2, 2)
    ix.until("!$('#instruments-readout').innerText")
    ix.until("!$('#instruments-graph .spikeline')")


def test_the_line_has_every_point_once(open_ix: Callable[..., Page], launch: Callable[..., RunningServer]) -> None:
    server = launch("--ephemeral", "--no-browser", environ={"TICKER_COUNT": "2", "PRICE_UPDATE_INTERVAL": "0.1"})
    page, other = open_ix(server, expect=LOST), open_ix(server, expect=LOST)
    for one in (page, other):
        one.open("ITEM_01")
        one.until_points(10)
    figure = page.page.evaluate(f"() => {{ window.first = {LINE}.layout.uirevision; return window.first; }}")
    lost = [3]

    def lose(route: Any) -> None:
        if "instruments-graph" in (route.request.post_data or "") and lost[0]:
            lost[0] -= 1
            route.fetch()  # the server answers, and the answer is lost
            route.abort()
        else:
            route.continue_()

    page.page.route("**/_dash-update-component**", lose)
    until = time.monotonic() + 60
    while lost[0]:  # a slow browser asks seldom
        assert time.monotonic() < until
        page.until_points(len(page.line()) + 8)
    session = page.page.context.new_cdp_session(page.page)
    session.send("Page.setWebLifecycleState", {"state": "frozen"})  # as a tab that is hidden for long
    server.post("/api/v1/simulation", b'{"action": "speed", "speed": 10}')  # misses many points in little time
    other.until_points(len(other.line()) + 100)
    server.post("/api/v1/simulation", b'{"action": "speed", "speed": 1}')
    session.send("Page.setWebLifecycleState", {"state": "active"})
    page.until_points(len(page.line()) + 8)
    assert all(same_as_the_server(one, server, "ITEM_01") for one in (page, other))
    assert page.page.evaluate(f"() => {LINE}.layout.uirevision") == figure
    server.post("/api/v1/simulation", json.dumps({"action": "restart", "seed": 5}).encode())
    for one in (page, other):
        one.until(f"{LINE}.layout.uirevision !== before", before=figure)
        one.until_points(8)
        assert same_as_the_server(one, server, "ITEM_01")


def test_a_lost_answer_ends_nothing_while_another_one_is_awaited(
    open_ix: Callable[..., Page], launch: Callable[..., RunningServer]
) -> None:
    server = launch("--ephemeral", "--no-browser", environ={"TICKER_COUNT": "2", "PRICE_UPDATE_INTERVAL": "0.1"})
    page = open_ix(server, expect=LOST)
    page.open("ITEM_01")
    page.until_points(10)
    awaited, lost = list[Any](), list[Any]()

    def lose(route: Any) -> None:
        body = route.request.post_data or ""
        if "notices-interval" in body and not awaited:
            awaited.append(route)
        elif "instruments-graph" in body and awaited and not lost:
            lost.append(route)
            route.abort()
        else:
            route.continue_()

    with page.page.expect_event("requestfailed"):
        page.page.route("**/_dash-update-component**", lose)
    page.until_points(len(page.line()) + 8)
    awaited[0].continue_()


def test_killed_server_is_reported_and_the_table_and_the_line_restart(
    open_ix: Callable[..., Page], launch: Callable[..., RunningServer]
) -> None:
    environ = {"TICKER_COUNT": "2", "PRICE_UPDATE_INTERVAL": "0.1"}
    first = launch("--ephemeral", "--no-browser", environ=environ)
    page = open_ix(first, expect=LOST)
    page.open("ITEM_01")
    page.until_points(10)
    first.process.kill()
    page.page.locator(".ix-banner").get_by_text("No connection").wait_for(timeout=3_000)
    assert "Reconnecting" in page.page.evaluate(
        "() => getComputedStyle($('#instruments-line'), '::after').content".replace("$", "document.querySelector")
    )
    environ["TICKER_COUNT"] = "5"
    second = launch("--ephemeral", "--no-browser", "--port", str(first.port), environ=environ)
    page.until(f"{LINE}.data[0].x[0] > before", 60_000, before=page.line()[-1][0])
    page.until_points(10)
    assert same_as_the_server(page, second, "ITEM_01")
    page.page.locator(".ix-banner").wait_for(state="hidden")
    page.press("Escape")
    page.gone()
    page.shows("#instruments-count", "5 instruments")
    page.until("document.querySelectorAll('.ag-center-cols-container .ag-row').length === 5")


def test_lost_server_is_reported_in_the_dialog(open_ix: Callable[..., Page], ix_server: RunningServer) -> None:
    page = open_ix(ix_server, expect=LOST)
    page.open("ITEM_02")
    page.shows("#instruments-line", "Live")
    page.page.context.set_offline(True)
    banner = page.page.locator(".ix-banner")
    banner.get_by_text("No connection").wait_for(timeout=3_000)
    for id in ("instruments-line", "instruments-live"):
        script = f"() => getComputedStyle(document.getElementById('{id}'), '::after').content"
        assert "Reconnecting …" in page.page.evaluate(script)
    page.page.context.set_offline(False)
    banner.get_by_text("The server is back.").wait_for()
    page.until_points(len(page.line()) + 1)


def test_the_price_chart_is_zoomed_and_read_by_keys(ix: Page, ix_server: RunningServer) -> None:
    page = ix.page
    ix.open("ITEM_03")
    ix.until_points(5, 20_000)
    chart = page.get_by_role("application", name="Price chart")
    chart.focus()
    said = []
    for key in ("End", "ArrowLeft", "Home", "ArrowRight", "PageDown", "Shift+ArrowRight", "PageUp", "Shift+ArrowLeft"):
        before = ix.text("#instruments-readout")
        ix.press(key)
        if key in ("ArrowLeft", "Home", "ArrowRight"):
            ix.until("$('#instruments-readout').innerText !== before", before=before)
        ix.until(f"$('#instruments-readout').innerText.startsWith({CROSSED})")
        said.append(ix.text("#instruments-readout").split(" UTC")[0])
    assert said[1] < said[0]
    assert said[2] < said[3] <= said[4] <= said[5]
    assert said[6] <= said[5]
    assert said[7] <= said[6]
    box = page.locator("#instruments-plot").bounding_box()
    x, y = box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.3
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + box["width"] * 0.3, y + box["height"] * 0.4, steps=8)
    page.mouse.up()
    ranges = f"() => JSON.stringify([{LINE}.layout.xaxis.range, {LINE}.layout.yaxis.range])"
    ix.until(f"{LINE}.layout.yaxis.autorange === false")
    zoomed = page.evaluate(ranges)
    page.evaluate(f"() => {{ window.updates = 0; {LINE}.on('plotly_afterplot', () => {{ window.updates++; }}); }}")
    before = len(ix.line())
    ix_server.post("/api/v1/simulation", b'{"action": "speed", "speed": 5}')  # so that every update has new points
    ix.until("window.updates >= 20")
    assert len(ix.line()) >= before + 20
    assert page.evaluate(ranges) == zoomed
    page.mouse.dblclick(x, y)
    ix.until(f"{LINE}.layout.yaxis.autorange === true")


def test_too_few_returns_are_reported_before_the_facts(ix: Page, ix_server: RunningServer) -> None:
    ix.open("ITEM_04")
    ix.page.wait_for_selector(".ix-too-few, .ix-table")
    if ix.page.query_selector(".ix-too-few"):
        assert "needs 200 returns, there are" in ix.text(".ix-too-few")
    ix_server.post("/api/v1/simulation", b'{"action": "speed", "speed": 100}')
    ix.until_points(260, 30_000)
    ix_server.post("/api/v1/simulation", b'{"action": "speed", "speed": 1}')
    ix.press("Escape")
    ix.gone()
    ix.open("ITEM_04")
    ix.page.wait_for_selector(".ix-table")
    rows = ix.page.locator(".ix-table tbody tr")
    assert rows.count() == 7
    assert "Excess kurtosis" in rows.nth(1).inner_text()
    assert any(word in rows.nth(1).inner_text() for word in ("✓ fits", "✗ does not fit"))
    assert ix.page.locator(".ix-band").count() == 7


def test_an_order_book_has_a_quote(ix: Page) -> None:
    ix.open("BOOK")
    ix.page.wait_for_selector("#instruments-quote:not([hidden])")
    words = ix.text("#instruments-quote")
    assert all(word in words for word in ("Bid", "Ask", "Spread"))
    ix.shows("#instruments-facts", "not checked")
    card = ix.page.get_by_role("region", name="Model card")
    card.locator("input[name='flow.tick']").wait_for()
    assert not card.get_by_label("Arrivals of trades").first.is_visible()


def test_invalid_and_valid_edit_of_a_parameter(ix: Page, ix_server: RunningServer) -> None:
    ix.open("ITEM_05")
    apply = ix.page.get_by_role("button", name="Apply")
    assert apply.is_disabled()
    ix.page.get_by_label("Price model").first.click()
    ix.page.get_by_role("option", name="Heston").click()
    ix.page.wait_for_selector("input[name='params.theta']")
    ix.page.fill("input[name='params.theta']", "-1")
    ix.page.fill("input[name='arrival_params.branching']", "1")
    ix.page.fill("input[name=seed]", "abc")
    apply.click()
    wrong = {
        "params.theta": "must be at least 0",
        "arrival_params.branching": "below 1",
        "seed": "must be a whole number",
    }
    for name, words in wrong.items():
        field = ix.page.locator(f"input[name='{name}'][aria-invalid=true]")
        field.locator("xpath=../..").locator(".mantine-InputWrapper-error").get_by_text(words).wait_for()
    assert ix.page.evaluate("() => document.activeElement.name") == "params.theta"
    assert ix_server.get("/api/v1/tickers/ITEM_05/model")["spec"]["model"] == "garch"

    ix.page.fill("input[name='params.theta']", "0,5")
    ix.page.fill("input[name='params.xi']", "4000")
    ix.page.fill("input[name='arrival_params.branching']", "0.5")
    ix.page.fill("input[name=seed]", "9223372036854775807")
    ix.press("Enter")
    ix.says("ITEM_05: Changed.")
    ix.shows("#instruments-warnings", "Feller")
    spec = ix_server.get("/api/v1/tickers/ITEM_05/model")["spec"]
    assert spec["model"] == "heston"
    assert spec["params"] == {"theta": 0.5, "xi": 4000.0}
    assert spec["arrival_params"] == {"branching": 0.5}
    assert spec["seed"] == 2**63 - 1
    assert ix.page.input_value("input[name=seed]") == str(2**63 - 1)
    ix.shows(".ag-row[row-id=ITEM_05] [col-id=model]", "HESTON")

    ix.page.get_by_role("button", name="Take all changes back").click()
    ix.page.get_by_role("menuitem", name="Really?").click()
    ix.shows(".ag-row[row-id=ITEM_05] [col-id=model]", "GARCH")
    assert ix_server.get("/api/v1/tickers/ITEM_05/model")["spec"]["seed"] is None


def test_typed_text_survives_an_update_of_the_card(ix: Page, ix_server: RunningServer) -> None:
    def change() -> None:  # as somebody else
        ix.page.request.put(f"{ix_server.url}/api/v1/tickers/ITEM_06/model", data={"interval": 0.9})

    ix.open("ITEM_06")
    ix.until("$('#instruments-discard').disabled")
    with held(ix, '"output":"instruments-fresh.data', change):
        ix.page.fill("input[name='params.sigma']", "0.77")  # the answer with the change comes after it
    ix.until("dash_component_api.getLayout('instruments-fresh').props.data?.form.spec.interval === 0.9")
    ix.page.fill("input[name=name]", "Other")
    for name in ("name", "params.sigma"):
        ix.page.locator(".ix-edited", has=ix.page.locator(f"input[name='{name}']")).wait_for()
    assert ix.page.input_value("input[name='params.sigma']") == "0.77"
    ix.page.get_by_role("button", name="Discard").click()
    ix.until("$(\"input[name='params.sigma']\").value === '1.2' && $('input[name=interval]').value === '0.9'")


def test_a_form_goes_with_its_dialog_and_comes_for_no_other(ix: Page, ix_server: RunningServer) -> None:
    ix.open("ITEM_06")
    ix.page.fill("input[name='params.sigma']", "0.8")
    with held(ix, '"changedPropIds":["instruments-submit.data"]', lambda: ix.press("Enter")):
        ix.press("Escape")
        ix.gone()
        ix.until("!$('#instruments-card').textContent")
        ix.open("ITEM_07")
    ix.says("ITEM_06: Changed.")
    assert ix.text("#instruments-title-detail").startswith("ITEM_07")
    ix.page.fill("input[name=name]", "Seven")
    ix.press("Enter")
    ix.says("ITEM_07: Changed.")
    ix.dialog("ITEM_07 · Seven")
    assert ix_server.get("/api/v1/tickers/ITEM_07/model")["spec"]["name"] == "Seven"


def test_the_form_of_a_model(ix: Page, ix_server: RunningServer) -> None:
    page = ix.page
    ix.open("ITEM_07")
    card = page.get_by_role("region", name="Model card")
    words = card.inner_text()
    assert "by default" in words
    for name in ("name", "interval", "initial_price", "seed", "group", "correlation"):
        assert card.locator(f"input[name={name}]").is_visible(), name
    card.get_by_label("Arrivals of trades").first.click()
    page.get_by_role("option", name="Poisson").first.click()
    ix.until("document.getElementById('instruments-card').innerText !== before", before=words)
    card.get_by_label("Order book").check()
    card.get_by_label("Arrivals of trades").first.wait_for(state="hidden")
    page.wait_for_timeout(300)
    assert ix_server.get("/api/v1/tickers/ITEM_07/model")["spec"]["arrivals"] != "poisson"  # nothing was sent yet
    card.get_by_role("button", name="Discard").click()
    card.get_by_label("Arrivals of trades").first.wait_for()
    back = card.get_by_role("button", name="Take all changes back")
    back.click()
    page.get_by_role("menuitem", name="Really? It begins anew").wait_for()
    card.locator("input[name=name]").click()
    page.get_by_role("menuitem", name="Really? It begins anew").wait_for(state="hidden")
    card.locator("input[name=name]").fill("Renamed")
    card.get_by_role("button", name="Apply").click()
    ix.says("ITEM_07: Changed.")
    ix.dialog("ITEM_07 · Renamed")
    ix.shows(".ag-row[row-id=ITEM_07] [col-id=name]", "Renamed")
    back.click()
    page.get_by_role("menuitem", name="Really? It begins anew").click()
    ix.says("it began anew")
    assert ix_server.get("/api/v1/tickers/ITEM_07/model")["spec"]["name"] != "Renamed"
    ix.press("Escape")
    ix.gone()
    assert ix.cell("ITEM_08", "sigma").endswith("% a minute")
