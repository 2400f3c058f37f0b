"""The crypto tickers' page, alerts on it and on the chart, and their notices on every page, with a real server."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.browser.chart import ticks_csv
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.waiting import PATIENCE
from tests.running import RunningServer, start_server

pytestmark = pytest.mark.browser
Visit = Callable[..., Any]
TOLD = "() => JSON.parse(localStorage.getItem('orderflow.told') || '[]')"
COVERED = """(inside) => {
  const boxes = (part) => [...document.querySelectorAll(part)].filter((node) => node.checkVisibility())
    .map((node) => [node, node.getBoundingClientRect()]).filter(([, box]) => box.width && box.height);
  const notices = boxes(".of-notice"), controls = boxes(`${inside} :is(a, button, input)`);
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const covered = controls.filter(([, control]) => control.top < 0 || notices.some(([, box]) => meet(box, control)));
  const cut = notices.filter(([, box]) => box.left < 0 || box.top < 0 || box.right > window.innerWidth);
  return [covered.map(([node]) => node.ariaLabel || node.textContent || node.id), controls.length, cut.length];
}"""
"""Controls of a part that a notice covers, the number of controls, and of notices that are not whole."""
NOTIFIED = """() => {
  window.notified = [];
  window.Notification = class { static permission = "granted"; constructor(title, { tag }) { notified.push(tag); } };
}"""


@pytest.fixture(scope="module")
def served() -> Iterator[RunningServer]:
    """A server with simulated coins."""
    own = {"WEBHOOK_ALLOW_HTTP": "1", "WEBHOOK_ALLOW_PRIVATE": "1"}
    server = start_server("--ephemeral", environ={"FEEDS": "simulated", **own})
    yield server
    server.stop()


def trade(server: RunningServer, symbol: str, *prices: float) -> None:
    """Send one trade after the other."""
    for price in prices:
        tick = {"timestamp": time.time_ns(), "price": price, "size": 1, "symbol": symbol}
        server.post("/tick", json.dumps(tick).encode())


def alert(server: RunningServer, symbol: str, price: float, **more: Any) -> str:
    """Make an alert above a price; returns its id."""
    body = {"ticker": symbol, "condition": "above", "price": price, **more}
    return str(server.post("/alerts", json.dumps(body).encode())["id"])


def ready(page: Any) -> Any:
    """Wait for the cards."""
    page.locator(".tk-card").nth(2).wait_for()
    return page


def test_prices_move_without_a_reload_and_are_called_simulated(visit: Visit, served: RunningServer) -> None:
    page = ready(visit(f"{served.url}/tickers/"))
    assert page.locator(".tk-ticker").all_inner_texts()[:3] == ["BTC", "ETH", "DOGE"]
    assert page.locator(".tk-source").first.inner_text() == "SIMULATED"
    page.evaluate("() => (window.kept = true)")
    texts = "() => [...document.querySelectorAll('.tk-price')].map((node) => node.textContent).join()"
    before = page.evaluate(texts)
    page.wait_for_function(f"(before) => ({texts})() !== before", arg=before)
    newest = "() => document.querySelector('.tk-spark .js-plotly-plot').data[0].x.slice(-1)[0]"
    last = page.evaluate(newest)
    page.wait_for_function(f"(last) => ({newest})() > last", arg=last)
    assert page.evaluate("() => window.kept")
    assert served.get("/api/v1/tickers") == []
    assert {row["ticker"]: row["series"] for row in served.get("/api/v1/crypto")["tickers"]}["BTC"] == "sim:BTC"


def test_a_card_opens_its_history_with_ranges_and_links(visit: Visit, served: RunningServer) -> None:
    page = ready(visit(f"{served.url}/tickers/"))
    page.get_by_role("button", name="Open the history of ETH").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="ETH")
    dialog.wait_for()
    graph = "document.querySelector('#tickers-graph .js-plotly-plot')"
    page.wait_for_function(f"() => {graph}?.data[0].x.length > 1")
    assert page.evaluate(f"() => {graph}.data[0].x.length") <= 100
    first = page.evaluate(f"() => {graph}.data[0].x.slice(-1)[0]")
    page.wait_for_function(f"(last) => {graph}.data[0].x.slice(-1)[0] > last", arg=first)
    times = page.evaluate(f"() => {graph}.data[0].x")
    assert times == sorted(set(times))
    assert dialog.get_by_role("link", name="Order flow").get_attribute("href") == "/chart/?symbol=sim%3AETH"
    dialog.get_by_text("1 hour").click()
    page.wait_for_function(f"() => {graph}.layout.uirevision.includes('1min:60')")
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    ready(page).get_by_role("button", name="Open the history of BTC").click()
    page.get_by_role("dialog", name="BTC").get_by_role("button", name="New alert …").click()
    page.wait_for_function("() => parseFloat(document.getElementById('tickers-alert-value').value) > 0")


def test_a_link_opens_what_its_sender_saw_and_back_closes_it(visit: Visit, served: RunningServer) -> None:
    page = ready(visit(f"{served.url}/tickers/?ticker=eth&range=1min:60"))
    graph = "document.querySelector('#tickers-graph .js-plotly-plot')"
    eth, btc = (page.get_by_role("dialog", name=name) for name in ("ETH", "BTC"))
    eth.wait_for()
    page.wait_for_function(f"() => {graph}?.layout.uirevision?.includes('1min:60')")
    page.keyboard.press("Escape")
    eth.wait_for(state="hidden")
    page.wait_for_url("**/tickers/")
    page.get_by_role("button", name="Open the history of BTC").click()
    btc.wait_for()
    page.wait_for_url("**/?ticker=BTC&range=1min:60")
    btc.get_by_text("1 day").click()
    page.wait_for_url("**/?ticker=BTC&range=1min:1440")
    page.go_back()
    page.wait_for_function(f"() => {graph}.layout.uirevision.includes('1min:60')")
    page.go_back()
    btc.wait_for(state="hidden")
    page.go_forward()
    btc.wait_for()
    page.goto(f"{served.url}/tickers/?view=table&ticker=NOPE")
    page.get_by_role("gridcell", name="ETH", exact=True).wait_for()
    page.get_by_text("Cards", exact=True).click()
    page.wait_for_url("**/tickers/")


def test_tickers_are_added_moved_removed_and_shown_as_a_table(visit: Visit, served: RunningServer) -> None:
    page = ready(visit(f"{served.url}/tickers/"))
    page.keyboard.press("a")
    page.keyboard.type("not a name")
    page.keyboard.press("Enter")
    page.locator("#tickers-add-fault").filter(has_text="Ticker").wait_for()
    page.fill("#tickers-name", "SOL")
    page.keyboard.press("Enter")
    page.get_by_role("article", name="SOL").wait_for()
    page.locator("#tickers-add-fault").filter(has_text="Ticker").wait_for(state="hidden")
    page.get_by_role("button", name="Move SOL forward").click()
    names = "() => [...document.querySelectorAll('.tk-ticker')].map((node) => node.textContent).join()"
    page.wait_for_function(f"() => ({names})() === 'BTC,ETH,SOL,DOGE'")
    page.keyboard.press("Escape")
    page.locator("body").press("v")
    page.get_by_role("gridcell", name="SOL", exact=True).wait_for()
    price = page.locator(".ag-row[row-id=SOL] [col-id=price]")
    before = price.inner_text()
    page.wait_for_function(
        "(before) => document.querySelector('.ag-row[row-id=SOL] [col-id=price]').textContent !== before", arg=before
    )
    page.locator("body").press("v")
    ready(page).get_by_role("button", name="Remove SOL").click()
    page.get_by_role("article", name="SOL").wait_for(state="detached")
    assert [row["ticker"] for row in served.get("/api/v1/crypto")["tickers"]] == ["BTC", "ETH", "DOGE"]


def test_an_alert_is_set_fires_once_and_is_acknowledged_on_all_pages(
    visit: Visit, served: RunningServer, browser: Any
) -> None:
    trade(served, "NOTE", 100)
    context = browser.new_context(viewport=DESKTOP)
    context.set_default_timeout(PATIENCE)
    context.add_init_script(f"({NOTIFIED})()")
    page, other = context.new_page(), context.new_page()
    page.goto(f"{served.url}/tickers/")
    other.goto(f"{served.url}/herd/")
    ready(page).get_by_text("Browser notifications are on").wait_for()
    page.get_by_role("textbox", name="Ticker or symbol").click()
    for text in ("Backspace", "Backspace"):
        page.keyboard.press(text)
    page.keyboard.type("NOTE")
    page.keyboard.press("Enter")
    page.fill("#tickers-alert-value", "-5")
    page.get_by_role("button", name="Set alert").click()
    page.locator("#tickers-alert-fault").filter(has_text="rice").wait_for()
    page.fill("#tickers-alert-value", "101.5")
    page.get_by_role("button", name="Would it have fired?").click()
    page.get_by_text("It would not have fired").wait_for()
    page.get_by_role("button", name="Set alert").dblclick(delay=40)
    current = page.get_by_label("Current Alerts")
    current.get_by_text("NOTE greater than 101.5").wait_for()  # one
    assert page.locator("#tickers-alert-fault").inner_text() == ""
    trade(served, "NOTE", 102, 103, 104)
    for tab in (page, other):
        tab.locator(".of-notice").get_by_text("NOTE greater than 101.5: 102").wait_for()
    current.get_by_text("fired", exact=True).wait_for()
    page.locator("#tickers-events").get_by_text("NOTE greater than 101.5: 102").wait_for()
    page.wait_for_function(f"() => ({TOLD})().length === 1")
    told = [tag for tab in (page, other) for tag in tab.evaluate("() => window.notified")]
    assert told == page.evaluate(TOLD)  # by one of the tabs
    other.get_by_role("button", name="Acknowledge: NOTE").click()
    for tab in (page, other):
        tab.locator(".of-notice").first.wait_for(state="detached")
    assert len(served.get("/alerts/events?limit=10")) == 1
    context.close()


def test_alerts_are_paused_edited_armed_again_and_deleted(visit: Visit, served: RunningServer) -> None:
    trade(served, "EDIT", 100)
    alert(served, "EDIT", 200, note="<b>first</b>")
    page = ready(visit(f"{served.url}/tickers/"))
    current = page.get_by_label("Current Alerts")
    row = current.locator(".tk-alert").filter(has_text="EDIT greater")
    row.get_by_text("<b>first</b>").wait_for()  # as text
    row.get_by_role("button", name="Pause: EDIT").click()
    row.get_by_text("paused").wait_for()
    row.get_by_role("button", name="Resume: EDIT").click()
    row.get_by_text("waits").wait_for()
    row.get_by_role("button", name="Snooze 1 h").click()
    row.get_by_text("snoozed until").wait_for()
    row.get_by_role("button", name="Wake: EDIT").click()
    row.get_by_role("button", name="Snooze 1 h: EDIT").wait_for()
    row.get_by_role("button", name="Edit: EDIT").click()
    page.get_by_role("button", name="Change alert").wait_for()
    page.wait_for_function("() => document.getElementById('tickers-alert-value').value === '200'")
    page.fill("#tickers-alert-value", "210")
    page.get_by_role("button", name="Change alert").click()
    row.get_by_text("EDIT greater than 210").wait_for()
    page.get_by_role("button", name="Set alert").wait_for()
    row.get_by_role("button", name="Delete: EDIT").click()
    row.wait_for(state="detached")


def test_a_target_is_made_tested_paused_changed_and_deleted(visit: Visit, served: RunningServer) -> None:
    page = ready(visit(f"{served.url}/tickers/"))
    panel = page.get_by_label("Deliveries", exact=True)
    panel.get_by_text("None yet").wait_for()
    panel.get_by_role("button", name="Add a target").click()
    dialog = page.get_by_role("dialog", name="New target")
    dialog.get_by_role("button", name="Add the target").click()
    dialog.get_by_text("Must be 1 to 100 visible characters.").wait_for()
    dialog.get_by_text("Is missing.").wait_for()
    dialog.get_by_label("Name").fill("<b>bot</b>")
    dialog.get_by_label("Url").fill("ftp://127.0.0.1")
    dialog.get_by_role("button", name="Add the target").click()
    dialog.get_by_text("Must begin with https://").wait_for()
    dialog.get_by_label("Url").fill(f"{served.url}/health?token=w0rd")
    dialog.get_by_role("button", name="Add the target").click()
    dialog.wait_for(state="hidden")
    row = panel.locator(".tk-alert").filter(has_text="<b>bot</b>")  # as text
    row.get_by_text(f"webhook: 127.0.0.1:{served.port}").wait_for()
    row.get_by_role("button", name="Send a test").click()
    panel.get_by_text("did not take the test message: answered 405").wait_for()
    row.get_by_role("button", name="Pause").click()
    row.get_by_text("paused").wait_for()
    row.get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog", name="Change the target")
    dialog.get_by_text("Stored and not shown").first.wait_for()
    dialog.get_by_label("Name").fill("my bot")
    dialog.get_by_role("button", name="Save").click()
    dialog.wait_for(state="hidden")
    row = panel.locator(".tk-alert").filter(has_text="my bot")
    page.get_by_text("More", exact=True).click()
    page.get_by_role("textbox", name="Send it to").focus()
    page.keyboard.press("ArrowDown")
    page.get_by_role("option", name="my bot").wait_for()
    page.keyboard.press("Escape")
    assert "w0rd" not in page.content()
    row.get_by_role("button", name="Delete").click()
    question = page.get_by_role("dialog", name="Delete my bot?")
    question.get_by_role("button", name="Delete the target").click()
    panel.get_by_text("None yet").wait_for()
    assert served.get("/delivery/targets") == []


def test_a_denied_permission_is_said(browser: Any, served: RunningServer) -> None:
    context = browser.new_context(viewport=DESKTOP)
    context.set_default_timeout(PATIENCE)
    context.add_init_script("Object.defineProperty(Notification, 'permission', { get: () => 'denied' })")
    page = context.new_page()
    page.goto(f"{served.url}/tickers/")
    ready(page).get_by_text("Browser notifications are blocked").wait_for()
    context.close()


def test_a_phone_has_no_width_to_scroll(visit: Visit, served: RunningServer) -> None:
    page = ready(visit(f"{served.url}/tickers/", phone=True, dark=False))
    page.get_by_text("More", exact=True).tap()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    wide = "(part) => document.querySelector(part).getBoundingClientRect().width"
    assert page.evaluate(wide, ".mantine-MultiSelect-root") > 0.8 * PHONE["width"]
    page.wait_for_function("() => document.querySelector('#tickers-feeds').textContent")
    feeds = page.locator(".tk-status").bounding_box()
    assert feeds["height"] > 40, "it takes two lines"
    assert feeds["y"] + feeds["height"] <= PHONE["height"], "all of it can be read"
    page.get_by_role("button", name="Open the history of BTC").tap()
    page.get_by_role("dialog", name="BTC").wait_for()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    trade(served, "SMALL", 100)
    alert(served, "SMALL", 1, message="a long message of an alert that has fired on a phone")
    trade(served, "SMALL", 101)
    button = page.get_by_role("button", name="Acknowledge: a long message")
    button.wait_for()
    box = button.bounding_box()
    assert box["x"] + box["width"] <= PHONE["width"]
    button.tap()
    button.wait_for(state="detached")


def test_notices_cover_no_control_of_a_page(visit: Visit, served: RunningServer) -> None:
    page = ready(visit(f"{served.url}/tickers/"))
    if page.locator(".of-notice").count():
        page.locator(".of-notice-ok").last.click()  # all
        page.locator(".of-notice").first.wait_for(state="detached")
    trade(served, "COVER", 100)
    for count, message in enumerate(("one long message of an alert " * 9, "a second", "a third"), 1):
        alert(served, "COVER", 100 + count, message=message)
        trade(served, "COVER", 101 + count)
        page.locator(".of-notice").get_by_text(message.strip()).wait_for()
        for size in (DESKTOP, PHONE):
            page.set_viewport_size(size)
            covered, controls, cut = page.evaluate(COVERED, "#page")
            assert (covered, controls > 10, cut) == ([], True, 0), (count, size)
    page.get_by_role("button", name="Open the history of BTC").click()
    dialog = page.get_by_role("dialog", name="BTC")
    dialog.wait_for()
    for size in (PHONE, DESKTOP):
        page.set_viewport_size(size)
        assert page.evaluate(COVERED, "[role=dialog]")[::2] == [[], 0]
    page.goto(f"{served.url}/chart/?symbol=COVER")
    page.wait_for_function("() => window.orderflow?.page?.chart?.ready")
    page.locator(".of-notice").first.wait_for()
    assert page.evaluate(COVERED, "#page")[::2] == [[], 0]
    page.get_by_role("button", name="Acknowledge all 3").click()
    page.locator(".of-notice").first.wait_for(state="detached")
    assert page.locator(".of-header").bounding_box()["height"] == 52


def test_an_alert_is_made_on_the_chart_and_dragged_to_another_price(visit: Visit, served: RunningServer) -> None:
    served.post("/ticks", ticks_csv("LINES", minutes=20).encode(), "text/csv")
    page = visit(f"{served.url}/chart/?symbol=LINES")
    shapes = "(window.orderflow?.page?.chart?.gd?.layout?.shapes || []).filter((shape) => shape.name)"
    page.wait_for_function("() => window.orderflow?.page?.chart?.ready")
    page.mouse.move(500, 300)
    page.keyboard.press("k")
    dialog = page.get_by_role("dialog", name="New alert on LINES")
    dialog.wait_for()
    last = page.evaluate("() => { const m = orderflow.page.chart.model; return m.bars.slice(-1)[0].c * m.tick; }")
    dialog.get_by_label("Price", exact=True).fill(f"{last + 2:.2f}")
    dialog.get_by_role("button", name="Set alert").dblclick()
    dialog.wait_for(state="hidden")
    page.wait_for_function(f"() => {shapes}.length === 1 && {shapes}[0].y0 === {last + 2}")

    def drag(by: float) -> None:
        x, y, to = page.evaluate(
            f"""() => {{
              const chart = orderflow.page.chart, box = document.getElementById("chart-host").getBoundingClientRect();
              const axis = chart.gd._fullLayout.yaxis, at = (price) => box.y + axis._offset + axis.l2p(price);
              return [box.x + 420, at({shapes}[0].y0), at({shapes}[0].y0 + {by})];
            }}"""
        )
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x, (y + to) / 2, steps=5)
        page.mouse.move(x, to, steps=5)
        page.mouse.up()

    drag(-1)
    page.wait_for_function(f"() => {shapes}.length === 1 && {shapes}[0].y0 < {last + 2}")
    moved = page.evaluate(f"() => {shapes}[0].y0")
    page.wait_for_function(
        """(price) => fetch("/alerts").then((answer) => answer.json())
          .then((alerts) => alerts.some((alert) => alert.ticker === "LINES" && alert.price === price))""",
        arg=moved,
    )
    assert moved == pytest.approx(last + 1, abs=0.5)
    made = next(each["id"] for each in served.get("/alerts") if each["ticker"] == "LINES")
    assert requests.delete(f"{served.url}/alerts/{made}", timeout=20).ok
    channel = {"ticker": "LINES", "operator": "inside_channel", "low": last - 1, "high": last + 1}
    served.post("/alerts", json.dumps(channel).encode())
    stands = f"() => {shapes}.length === 2 && {shapes}[0].y0 === {last - 1}"
    page.wait_for_function(stands)
    drag(3)
    page.get_by_text("The line stays where it was: High: must be above low.").wait_for()
    page.wait_for_function(stands)


def test_of_many_alerts_a_page_is_shown_and_some_are_found(visit: Visit, served: RunningServer) -> None:
    trade(served, "MANY", 100)
    made = [alert(served, "MANY", 1_000 + n) for n in range(60)]
    page = ready(visit(f"{served.url}/tickers/"))
    rows, turn = page.locator(".tk-alert"), page.get_by_role("navigation", name="Pages of alerts")
    turn.get_by_role("button", name="2").click()
    page.wait_for_function("() => document.querySelectorAll('.tk-alert').length < 50")
    page.get_by_label("Find alerts").fill("many 1007")
    page.get_by_text(f"1 of {len(served.get('/alerts'))}", exact=True).wait_for()
    assert rows.locator("b").all_inner_texts() == ["MANY greater than 1007"]
    for each in made:
        urllib.request.urlopen(urllib.request.Request(f"{served.url}/alerts/{each}", method="DELETE"), timeout=20)
    page.get_by_text("No alert has “many 1007”.").wait_for()
