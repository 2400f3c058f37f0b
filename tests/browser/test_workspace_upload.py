"""The workspace's upload dialog and its log-in menu with a real server and browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.waiting import PATIENCE
from tests.running import RunningServer, start_server
from tests.web.accounts.conftest import ANN

pytestmark = pytest.mark.browser
Visit = Callable[..., Any]
HEADER = "when,open,high,low,close,volume"
DROP = """([text, name]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name));
  for (const type of ["dragenter", "dragover", "drop"])
    document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""
CUT = "(buttons) => buttons.filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.textContent)"
ON_TOP = """(button) => {
  const { x, y, width, height } = button.getBoundingClientRect();
  return button.contains(document.elementFromPoint(x + width / 2, y + height / 2));
}"""
FIRST = "() => { const { charts } = window.orderflow.page, c = charts[0]; return c && c.ready ? c.key : null; }"


def text(price: int, rows: int = 40) -> str:
    """A file of candles at a price, whose column of times is not called so."""
    lines = [
        f"{1_704_067_200 + 60 * row},{price},{price + 2},{price - 2},{price + row % 2},{row + 1}" for row in range(rows)
    ]
    return "\n".join([HEADER, *lines]) + "\n"


def step(page: Any, name: str) -> None:
    """Wait for a step of the dialog."""
    page.locator(f"#ws-up-box[data-step='{name}']").wait_for()


def drawn(page: Any, close: int) -> None:
    """Wait until the first chart shows one's own candles at a price."""
    page.wait_for_function(
        """(close) => {
          const chart = window.orderflow.page.charts[0], { data } = chart || {};
          if (!chart || !chart.ready || chart.key !== "custom:btc:1m" || data.n !== 40) return false;
          return Math.round(data.bar(data.first).close * data.tick) === close;
        }""",
        arg=close,
        timeout=PATIENCE,
    )


@pytest.fixture(scope="module")
def served() -> Iterator[RunningServer]:
    """A server without any data."""
    server = start_server("--ephemeral", environ={"FEEDS": "none"})
    yield server
    server.stop()


@pytest.fixture(scope="module")
def guarded() -> Iterator[RunningServer]:
    """A server where a login is required."""
    server = start_server("--ephemeral", environ={"FEEDS": "simulated", "ORDERFLOW_ACCOUNTS": "required"})
    yield server
    server.stop()


def test_a_dropped_file_is_mapped_stored_drawn_replaced_and_undone(visit: Visit, served: RunningServer) -> None:
    page = visit(f"{served.url}/workspace/")
    page.get_by_text("No klines").wait_for()
    page.evaluate(DROP, [text(100), "btc.csv"])
    step(page, "look")
    dialog = page.get_by_role("dialog", name="Your own data")
    dialog.get_by_text("there is no column for time").wait_for()
    assert page.locator("#ws-up-send").is_disabled()
    role = dialog.get_by_role("combobox", name="What the column when is").or_(
        dialog.get_by_role("textbox", name="What the column when is")
    )
    role.first.click()
    page.get_by_role("option", name="Time", exact=True).locator("visible=true").click()
    dialog.get_by_text("40 rows").wait_for()
    page.locator("#ws-up-send:not([disabled])").click()
    step(page, "done")
    dialog.get_by_text("40 candles stored as “btc” (1m)").wait_for()
    dialog.get_by_role("button", name="Show on the chart").click()
    drawn(page, 100)
    assert dialog.is_hidden()
    page.keyboard.press("u")
    dialog.wait_for()
    page.evaluate(DROP, [text(200), "btc.csv"])  # its header is known now
    page.locator("#ws-up-facts").get_by_text("40 rows").wait_for()
    page.locator("#ws-up-send:not([disabled])").click()
    step(page, "done")
    drawn(page, 200)
    dialog.get_by_role("button", name="Undo").dblclick()  # a second undo would take the first back
    page.locator("#ws-up-undone").get_by_text("Undone").wait_for()
    drawn(page, 100)
    dialog.get_by_role("tab", name="Your data").click()
    dialog.get_by_role("button", name="Delete: btc").wait_for()
    assert page.locator(".ws-up-actions .mantine-Button-label").evaluate_all(CUT) == []
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")


def test_a_refused_file_and_a_server_that_is_away_are_told(visit: Visit, served: RunningServer) -> None:
    page = visit(f"{served.url}/workspace/", phone=True, expect=("ERR_FAILED", "did not respond"))
    page.get_by_role("button", name="Upload your own data").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a file").click()
    chooser.value.set_files([{"name": "page.csv", "mimeType": "text/csv", "buffer": b"<html></html>"}])
    fault = page.locator("#ws-up-fault")
    fault.get_by_text("web page").wait_for()
    page.route("**/data/upload/file*", lambda route: route.abort())
    page.route("**/_dash-update-component*", lambda route: route.abort())  # nor can a callback say so
    page.evaluate(DROP, [text(300).replace(HEADER, "time,open,high,low,close,volume"), "btc.csv"])
    fault.get_by_text("the server cannot be reached").wait_for()
    page.unroute("**/data/upload/file*")
    page.get_by_role("button", name="Try again").click()  # the file comes, and the look at it is lost
    page.locator("#ws-up-sent").get_by_text("Sent. Reading it").wait_for()
    page.get_by_role("button", name="Cancel").click()
    step(page, "choose")
    page.unroute("**/_dash-update-component*")
    page.get_by_role("button", name="Try again").click()
    step(page, "look")
    page.route("**/_dash-update-component*", lambda route: route.abort())
    with page.expect_event("requestfailed", lambda request: "ws-up-go.data" in (request.post_data or "")):
        page.locator("#ws-up-send").click()
    page.unroute("**/_dash-update-component*")
    bad = text(300).replace(HEADER, "time,open,high,low,close,volume").replace(",298,", ",303,")  # highs below the lows
    page.locator("#ws-up-send").dblclick()  # it waits until the button can be pressed
    step(page, "done")
    page.evaluate(DROP, [bad, "bad.csv"])
    page.locator("#ws-up-problem").get_by_text("cannot be stored").wait_for()
    page.locator(".ws-up-table th").first.evaluate("(head) => head.scrollIntoView({ block: 'end' })")
    assert page.locator("#ws-up-send").evaluate(ON_TOP)
    width = page.evaluate("() => document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"]


def test_a_visitor_logs_in_and_out(visit: Visit, guarded: RunningServer) -> None:
    page = visit(f"{guarded.url}/workspace/", expect=("401",))
    page.get_by_role("heading", name="Log in to see live klines and your own candles").first.wait_for()
    page.get_by_text("Custom", exact=True).click()
    page.get_by_role("heading", name="Log in to see your own candles").first.wait_for()
    page.evaluate(DROP, [text(100), "btc.csv"])
    page.locator("#ws-up-fault").get_by_text("Log in to upload").wait_for()
    for path, given in (("register", ANN), ("login", {k: ANN[k] for k in ("email", "password")})):
        assert page.request.post(f"{guarded.url}/auth/{path}", data=given).ok
    page.goto(f"{guarded.url}/workspace/")
    page.locator("#ws-login-name").get_by_text("Ann").wait_for()
    page.get_by_text("Live", exact=True).click()
    page.wait_for_function(FIRST, timeout=PATIENCE)
    page.locator("#ws-login-button").click()
    page.get_by_role("menu").get_by_text("ann@example.org").wait_for()
    page.get_by_text("Log out").click()
    page.get_by_role("heading", name="Log in to see").first.wait_for()
    assert [each["name"] for each in page.context.cookies() if "access" in each["name"]] == []
