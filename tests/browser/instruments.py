"""Page object of the instruments' page: what a user sees and presses."""

from __future__ import annotations

import json
from typing import Any

from tests.browser.waiting import PATIENCE
from tests.running import RunningServer

COUNT = 12
TABLES = """
[simulated.GOLD]
name = "Precious metal"
model = "gbm"
initial_price = 1900

[simulated.BOOK]
model = "ou"
book = true
"""
REFUSED = "Failed to load resource"
LINE = "document.querySelector('#instruments-graph .js-plotly-plot')"


class Page:
    """One open page. errors: errors of the console and uncaught exceptions."""

    def __init__(self, context: Any, url: str) -> None:
        context.set_default_timeout(PATIENCE)
        self.page = context.new_page()
        self.url = url
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(f"exception: {error} {error.stack}"))
        self.page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))

    def visit(self, query: str = "") -> None:
        self.page.goto(f"{self.url}/instruments/{query}")
        self.state("live", 30_000)
        self.page.wait_for_selector(".ix-grid .ag-row [col-id=price]:not(:empty)")

    def afresh(self, server: RunningServer) -> None:
        """Reset the page: no dialog, no search, the default order, running at speed 1."""
        for _ in range(2):
            self.press("Escape")
        self.gone()
        if self.page.input_value("#instruments-search"):
            self.page.fill("#instruments-search", "")
        if self.page.input_value("#instruments-sort") != "Id":
            self.sort("Id")
        for body in ({"action": "speed", "speed": 1}, {"action": "scenario"}, {"action": "start"}):
            server.post("/api/v1/simulation", json.dumps(body).encode())
        self.page.evaluate("() => document.activeElement.blur()")
        self.page.mouse.move(2, 2)
        self.state("live")
        self.shows("#instruments-speed-text", "1×")
        self.shows("#instruments-count", "14 instruments")

    def state(self, name: str, timeout: float = PATIENCE) -> None:
        """Wait until the page is live, paused or connecting."""
        self.page.wait_for_selector(f"#instruments-page[data-state={name}]", timeout=timeout)

    def until(self, condition: str, timeout: float = PATIENCE, **values: Any) -> None:
        """Wait until a JavaScript condition on `$` (querySelector) and these values holds."""
        names = ", ".join(values)
        script = f"({{ {names} }}) => {{ const $ = (s) => document.querySelector(s); return {condition}; }}"
        self.page.wait_for_function(script, arg=values, timeout=timeout)

    def shows(self, selector: str, words: str, timeout: float = PATIENCE) -> None:
        """Wait until the text of an element contains `words`."""
        found = "($(selector)?.innerText ?? '').includes(words)"
        self.until(found, timeout, selector=selector, words=words)

    def says(self, words: str, timeout: float = PATIENCE) -> None:
        """Wait for a notification that contains `words`."""
        self.page.locator(".mantine-Notification-root").get_by_text(words).last.wait_for(timeout=timeout)

    def text(self, selector: str) -> str:
        return str(self.page.inner_text(selector))

    def rows(self) -> list[str]:
        """Ids of the rows in the document, from top to bottom."""
        script = "all => all.map((one) => [Number(one.getAttribute('row-index')), one.getAttribute('row-id')])"
        found = self.page.eval_on_selector_all(".ix-grid .ag-center-cols-container .ag-row", script)
        return [str(key) for _, key in sorted(found)]

    def until_rows(self, *ids: str) -> None:
        """Wait until the rows are exactly these."""
        script = "[...document.querySelectorAll('.ix-grid .ag-center-cols-container .ag-row')]"
        condition = f"{script}.map((one) => one.getAttribute('row-id')).sort().join() === ids"
        self.until(condition, ids=",".join(sorted(ids)))

    def cell(self, id: str, column: str) -> str:
        return self.text(f".ag-row[row-id='{id}'] [col-id={column}]")

    def sort(self, words: str) -> None:
        """Choose an order."""
        self.page.click("#instruments-sort")
        self.page.get_by_role("option", name=words).click()
        self.page.evaluate("() => document.activeElement.blur()")

    def open(self, id: str) -> None:
        self.page.click(f".ag-row[row-id='{id}'] [col-id=id]")
        self.page.wait_for_selector("#instruments-card input[name='seed']")
        self.shows("#instruments-title-detail", id)

    def dialog(self, name: str) -> Any:
        """Wait for the dialog with this title, and return it."""
        found = self.page.get_by_role("dialog", name=name)
        found.wait_for()
        return found

    def gone(self) -> None:
        """Wait until no dialog is visible."""
        self.until("![...document.querySelectorAll('[role=dialog]')].some((one) => one.checkVisibility())")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def focused(self) -> str:
        """Id of the focused row or element."""
        script = "() => { const at = document.activeElement, row = at.closest('.ag-row');"
        return str(self.page.evaluate(script + " return row ? row.getAttribute('row-id') : at.id; }"))

    def until_focused(self, id: str) -> None:
        row = "document.activeElement.closest('.ag-row')?.getAttribute('row-id') === id"
        self.until(f"{row} || document.activeElement.id === id", id=id)

    def line(self) -> list[list[float]]:
        """[ms, price] of each point of the displayed price line."""
        script = f"() => {{ const [one] = {LINE}.data; return one.x.map((x, k) => [x, one.y[k]]); }}"
        found: list[list[float]] = self.page.evaluate(script)
        return found

    def until_points(self, more_than: int, timeout: float = PATIENCE) -> None:
        """Wait until the price line has more than `more_than` points."""
        self.until(f"{LINE}?.data?.[0]?.x.length > count", timeout, count=more_than)
