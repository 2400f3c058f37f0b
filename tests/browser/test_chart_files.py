"""A file on the chart, the whole way: dropped, asked about, changed, loaded, shown; and cancelled, without a trace."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.chart import Chart
from tests.running import RunningServer

pytestmark = pytest.mark.browser

SYMBOL = "DROPPED"
HOURS = 3
ROWS = 300
DAYS = "when,px,volume,other\n" + "".join(
    f"0{3 + n * HOURS // ROWS // 24}/02/2026 {n * HOURS // ROWS:02}:{n * HOURS * 60 // ROWS % 60:02}:{n % 60:02},"
    f"{100 + n % 9 * 0.25},{1 + n % 4},{n % 3}\n"
    for n in range(ROWS)
)
"""Trades of 3 February or 2 March 2026; nothing in the file tells which."""
DROP = """([name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name));
  const host = document.getElementById("chart-host");
  for (const kind of ["dragenter", "dragover", "drop"])
    host.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


def test_a_file_is_dropped_asked_about_changed_loaded_and_shown(
    server: RunningServer, shown: str, open_chart: Callable[..., Chart]
) -> None:
    chart = open_chart(server, f"?symbol={shown}")
    page = chart.page
    dialog = page.get_by_role("dialog", name="Open a file of ticks")
    load = page.locator("#chart-files-load")
    page.on("filechooser", lambda chooser: None)  # the browser's own dialog stays away from now on

    page.evaluate(DROP, [f"{SYMBOL}.csv", DAYS])
    dialog.get_by_text("A question about this file").wait_for()
    assert "day/month or month/day" in (dialog.locator("#chart-files-question").text_content() or "")
    assert load.is_disabled()
    order = dialog.get_by_label("Order of dates")
    order.focus()  # by the keyboard alone
    order.press("ArrowDown")
    page.get_by_role("option", name="month/day/year").wait_for()
    order.press("ArrowDown")
    order.press("Enter")
    dialog.get_by_text(f"Load {ROWS} ticks").wait_for()
    assert "2026-03-02 00:00:00" in (dialog.locator("#chart-files-report").text_content() or "")

    sizes = dialog.get_by_label("What column other is")  # the size is another column
    sizes.click()
    page.get_by_role("option", name="size", exact=True).click()
    page.wait_for_function("() => document.querySelector('#chart-files-report').textContent.includes('size=other')")
    assert dialog.get_by_label("What column volume is").input_value() == "–"
    dialog.get_by_text(f"Load {ROWS} ticks").wait_for()
    assert SYMBOL not in {row["symbol"] for row in server.get("/api/v1/symbols")["symbols"]}  # nothing is loaded yet

    load.dblclick()
    dialog.wait_for(state="detached")
    state = chart.until(f"s.symbol === '{SYMBOL}' && !s.follow")
    assert state["ticks"] == ROWS
    page.wait_for_function("() => location.search.includes('from=2026-03-02T00:00Z')")
    with page.expect_file_chooser() as asked:
        page.keyboard.press("o")
    assert asked.value.is_multiple()
    assert sum(row["volume"] for row in server.get(f"/api/v1/bars/{SYMBOL}")["bars"]) == sum(n % 3 for n in range(ROWS))


def test_a_file_that_is_chosen_and_cancelled_is_gone(
    server: RunningServer, shown: str, open_chart: Callable[..., Chart]
) -> None:
    chart = open_chart(server, f"?symbol={shown}", phone=True)
    page = chart.page
    file = {"name": "gone.csv", "mimeType": "text/csv", "buffer": b"timestamp,price,size\n1760032800,100,1\n"}
    page.on("filechooser", lambda chooser: chooser.set_files([file, {**file, "name": "gone-2.csv"}]))
    page.get_by_role("button", name="All controls").tap()
    with page.expect_response(lambda answer: answer.url.endswith("filename=gone-2.csv")) as sent:
        page.get_by_role("button", name="Open a file of ticks").tap()
    dialog = page.get_by_role("dialog", name="Open a file of ticks")
    dialog.get_by_text("Load 2 ticks").wait_for()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= page.viewport_size["width"]
    with page.expect_response(
        lambda answer: "_dash-update-component" in answer.url and "files-gone" in answer.request.post_data
    ):
        dialog.get_by_role("button", name="Cancel").tap()
    dialog.wait_for(state="detached")
    report = f"{server.url}/data/chart-files/report?files={sent.value.json()['file']}"
    assert page.request.post(report).status == 404
