"""The instruments' page in a real browser: live table, keys, controls, themes, lost connections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import PHONE
from tests.browser.instruments import COUNT, Page
from tests.running import RunningServer

pytestmark = pytest.mark.browser

UNDRAWN = """() => {
  const api = dash_ag_grid.getApi("instruments-grid"), { setFocusedCell } = api;
  api.setFocusedCell = () => (api.setFocusedCell = setFocusedCell);
}"""
"""The next row to get the focus does not get it, as one that a busy browser has not drawn yet."""

# the table


def test_cards_live(ix: Page) -> None:
    assert len(ix.rows()) == COUNT + 2
    assert ix.text("#instruments-count") == "14 instruments"
    before = {id: ix.cell(id, "price") for id in ix.rows()}
    ix.until(
        "Object.entries(before).filter(([id, price]) =>"
        " $(`.ag-row[row-id='${id}'] [col-id=price]`).innerText !== price).length > 7",
        before=before,
    )
    assert ix.cell("GOLD", "name") == "Precious metal"
    assert ix.cell("GOLD", "model") == "GBM"
    assert ix.cell("GOLD", "price").startswith(("1,9", "1,8"))
    assert ix.cell("GOLD", "change").startswith(("▲ +", "▼ −", "■ ±"))
    assert "BOOK" in ix.cell("BOOK", "model")
    drawn = "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((x) => x > 0)"
    assert ix.page.eval_on_selector(".ag-row[row-id=ITEM_00] canvas", drawn)


def test_what_is_shown_is_what_the_server_has(ix: Page, ix_server: RunningServer) -> None:
    ix.sort("Change")
    ix.page.wait_for_timeout(4_000)  # some rows change places
    ix_server.post("/api/v1/simulation", b'{"action": "pause"}')
    ix.state("paused")
    ix.page.wait_for_timeout(600)
    prices = {one["id"]: f"{one['current_price']:,.2f}" for one in ix_server.get("/api/v1/tickers")}
    assert {id: ix.cell(id, "price") for id in ix.rows()} == prices
    ix_server.post("/api/v1/simulation", b'{"action": "start"}')


def test_focus_selection_and_scroll_survive_updates(open_ix: Callable[..., Page], launch: Callable[..., Any]) -> None:
    page = open_ix(launch("--ephemeral", "--no-browser", environ={"TICKER_COUNT": "100"}))
    page.sort("Change")
    page.page.wait_for_timeout(700)
    page.press("/", "ArrowDown", *["ArrowDown"] * 30)
    held, scrolled = page.focused, page.page.evaluate("() => document.querySelector('.ag-body-viewport').scrollTop")
    assert scrolled > 0
    page.page.click(f".ag-row[row-id={held}] [col-id=id]")
    page.dialog(held)
    page.press("Escape")
    page.gone()
    page.page.wait_for_timeout(4_500)  # longer than an order is kept when nobody is at the rows
    assert page.focused == held
    assert page.page.evaluate("() => document.querySelector('.ag-body-viewport').scrollTop") == scrolled
    assert page.page.get_attribute(".ag-row-selected", "row-id") == held


def test_summary_line(ix: Page) -> None:
    words = ix.text("#instruments-status")
    for name in ("instruments", "steps", "trades", "skipped", "lag", "model time", "seed"):
        assert name in words
    assert "halted" not in words


def test_search_finds_by_id_name_and_model(ix: Page) -> None:
    ix.press("/")
    assert ix.focused == "instruments-search"
    for text, found in (("item_03", "ITEM_03"), ("precious", "GOLD"), ("ou book", "BOOK")):
        ix.page.fill("#instruments-search", text)
        ix.until_rows(found)
        ix.shows("#instruments-count", "1 of 14")
    ix.page.fill("#instruments-search", "nowhere")
    ix.shows("#instruments-nothing", "“nowhere”")
    ix.press("Escape")
    ix.shows("#instruments-count", "14 instruments")
    assert len(ix.rows()) == 14


def test_sort_orders(ix: Page) -> None:
    for words, first in (("Price", "GOLD"), ("Id", "ITEM_00")):
        ix.sort(words)
        ix.until("$('.ag-row[row-index=\"0\"]').getAttribute('row-id') === first", first=first)
    ix.sort("Name")
    ix.until("$('.ag-row[row-index=\"13\"]').getAttribute('row-id') === 'GOLD'")
    number = "return Number((one.innerText.match(/[−\\d.]+/) ?? ['-1'])[0].replace('−', '-'))"
    for words, column in (("Change", "change"), ("Volatility", "sigma")):
        ix.sort(words)
        ix.page.mouse.move(2, 2)
        ix.page.evaluate("() => document.activeElement.blur()")
        condition = (
            "(() => { const rows = [...document.querySelectorAll('.ag-center-cols-container .ag-row')]"
            ".sort((a, b) => a.getAttribute('row-index') - b.getAttribute('row-index'));"
            f" const all = rows.map((row) => {{ const one = row.querySelector('[col-id={column}]'); {number}; }});"
            " return all.length === 14 && all.every((one, k) => !k || one <= all[k - 1]); })()"
        )
        ix.until(condition)


def test_keys_move_between_the_cards_and_open_one(ix: Page) -> None:
    ix.press("/", "ArrowDown")
    ix.until_focused("ITEM_00")
    ix.press("ArrowRight", "ArrowRight", "ArrowLeft")
    ix.until_focused("ITEM_01")
    ix.press("ArrowDown")
    ix.until_focused("ITEM_02")
    ix.press("ArrowUp")
    ix.until_focused("ITEM_01")
    ix.press("End")
    last = ix.rows()[-1]
    ix.until_focused(last)
    ix.press("ArrowRight", "Enter")
    ix.page.wait_for_selector("#instruments-card input[name=seed]")
    ix.shows("#instruments-title-detail", last)
    ix.press("Escape")
    ix.gone()
    ix.until_focused(last)
    ix.press("Home")
    ix.until_focused("ITEM_00")
    ix.press("Tab")
    assert ix.page.evaluate("() => !document.activeElement.closest('.ag-row')")
    ix.press("Shift+Tab")
    assert ix.page.evaluate("() => Boolean(document.activeElement.closest('.ag-row'))")


def test_help_lists_the_keys(ix: Page) -> None:
    ix.press("?")
    ix.dialog("Keyboard and definitions")
    words = ix.text("#instruments-help-keys")
    for key in ("Search", "Faster", "Slower", "Scenarios", "Real or fake?", "Dark or light", "This help"):
        assert key in words
    assert "how much the price moves in a minute" in ix.text(".ix-help-marks")


def test_keys_and_buttons_of_the_page(ix: Page) -> None:
    page = ix.page
    ix.press("/", "Enter")
    ix.until_focused("ITEM_00")
    ix.press("PageDown")
    below = ix.focused
    assert below != "ITEM_00"
    ix.press("PageUp")
    ix.until_focused("ITEM_00")
    ix.press("/", "Escape")
    assert ix.focused != "instruments-search"
    page.fill("#instruments-search", "nosuch")
    page.get_by_role("button", name="Show all").click()
    ix.shows("#instruments-count", "14 instruments")
    page.focus("#instruments-search")
    page.keyboard.type("sq")  # the search has the keys
    assert page.get_by_role("dialog").filter(visible=True).count() == 0
    ix.press("Escape", "Escape", "Control+s", "s")
    ix.dialog("Scenarios")
    ix.press("q")
    assert page.get_by_role("dialog").filter(visible=True).count() == 1
    ix.press("Escape")
    ix.gone()
    header = page.locator(".of-header")
    header.get_by_role("button", name="Real or fake?").click()
    ix.dialog("Real or fake?")
    ix.press("Escape")
    ix.gone()
    header.get_by_role("button", name="Keyboard and definitions").click()
    link = ix.dialog("Keyboard and definitions").get_by_role("link")
    assert link.get_attribute("href") == "/docs"
    ix.press("Escape")
    ix.gone()
    header.get_by_role("button", name="Dark or light").click()
    page.wait_for_selector("html[data-theme='light']")
    page.evaluate("() => document.activeElement.blur()")
    ix.press("n")
    page.wait_for_selector("html[data-theme='dark']")
    slider = page.get_by_role("slider", name="Speed")
    slider.focus()
    slider.press("ArrowRight")
    ix.shows("#instruments-speed-text", "2×")
    page.evaluate("() => document.activeElement.blur()")
    ix.press("=")
    ix.shows("#instruments-speed-text", "5×")
    page.get_by_role("slider", name="5 times real time").wait_for()


def test_the_table_follows_the_theme(ix: Page) -> None:
    def colours() -> tuple[str, str]:
        found = ix.page.evaluate(
            "() => ['.ix-grid .ag-row', '.ix-grid .ag-header'].map((s) =>"
            " getComputedStyle(document.querySelector(s)).backgroundColor)"
        )
        return tuple(found)

    dark = colours()
    ix.press("n")
    ix.page.wait_for_selector("html[data-theme='light']")
    light = colours()
    ix.press("n")
    ix.page.wait_for_selector("html[data-theme='dark']")
    assert colours() == dark
    assert all(a != b for a, b in zip(dark, light, strict=True))


# controls


def test_pause_and_speed(ix: Page, ix_server: RunningServer) -> None:
    ix.page.click("#instruments-run")
    ix.state("paused")
    assert ix.text("#instruments-live") == "Paused"
    assert "Start" in ix.text("#instruments-run")
    assert ix.page.get_attribute("#instruments-run", "aria-pressed") == "true"
    assert ix_server.get("/api/v1/simulation")["running"] is False
    ix.page.evaluate("() => document.activeElement.blur()")
    ix.press("p")
    ix.state("live")
    for key, words in (("+", "2×"), ("+", "5×"), ("-", "2×")):
        ix.press(key)
        ix.shows("#instruments-speed-text", words)
    assert ix_server.get("/api/v1/simulation")["speed"] == 2


def test_two_pages_control_one_simulation(ix: Page, open_ix: Callable[..., Page], ix_server: RunningServer) -> None:
    other = open_ix(ix_server)
    other.press("+")
    ix.shows("#instruments-speed-text", "2×")
    other.press("+")
    ix.shows("#instruments-speed-text", "5×")
    ix.page.wait_for_timeout(1_200)  # no page answers another's change with one of its own
    assert ix_server.get("/api/v1/simulation")["speed"] == 5


def test_a_viewer_sees_and_changes_nothing(open_ix: Callable[..., Page], locked: RunningServer) -> None:
    page = open_ix(locked)
    page.shows("#instruments-status", "view only")
    page.page.get_by_role("button", name="Pause").click()
    page.page.get_by_role("alert").get_by_text("open this page once with ?key=").wait_for()
    assert "Pause" in page.text("#instruments-run")
    slider = page.page.get_by_role("slider", name="Speed")
    slider.press("ArrowRight")
    page.until("$('[role=slider]').getAttribute('aria-valuenow') === '3'")  # it goes back to what is
    state = locked.get("/api/v1/simulation")
    assert (state["running"], state["speed"]) == (True, 1)
    page.visit("?key=open-sesame")
    page.page.get_by_role("button", name="Pause").click()
    page.shows("#instruments-live", "Paused")
    assert "view only" not in page.text("#instruments-status")
    page.page.get_by_role("button", name="▶ Start").click()
    page.shows("#instruments-live", "Live")


def test_texts_for_screen_readers(ix: Page) -> None:
    page = ix.page
    search = page.get_by_role("search", name="Find instruments")
    assert search.get_by_label("Search by id, name or model").count() == 1
    assert search.get_by_role("status").get_attribute("aria-live") == "polite"
    steer = page.get_by_role("group", name="Simulation")
    assert steer.get_by_role("status").first.inner_text() == "Live"
    assert steer.get_by_role("button", name="Pause").get_attribute("aria-pressed") == "false"
    assert steer.get_by_role("slider", name="1 times real time").count() == 1
    assert page.get_by_label("State of the simulation").count() == 1
    listed = page.get_by_role("region", name="Instruments", exact=True)
    described = listed.get_attribute("aria-describedby")
    assert "Enter opens one" in str(page.text_content(f"#{described}"))
    ix.open("ITEM_01")
    box = ix.dialog("ITEM_01")
    chart = box.get_by_role("application", name="The arrow keys move the crosshair along the prices.")
    assert chart.count() == 1
    for name in ("Prices", "Model card"):
        assert box.get_by_role("region", name=name).count() == 1
    assert box.get_by_role("button", name="Close").count() == 1


# elsewhere


def test_phone(open_ix: Callable[..., Page], ix_server: RunningServer) -> None:
    phone = open_ix(ix_server, phone=True)
    assert phone.page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    row = phone.page.locator(".ag-row[row-id=ITEM_02]")
    places = {
        name: row.locator(f"[col-id={name}]").bounding_box() for name in ("id", "model", "spark", "price", "change")
    }
    for box in places.values():
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
    assert places["model"]["y"] > places["id"]["y"]
    assert places["change"]["y"] > places["price"]["y"]
    assert places["id"]["x"] < places["spark"]["x"] < places["price"]["x"]
    phone.page.tap(".ag-row[row-id=ITEM_02]")
    phone.page.wait_for_selector("#instruments-card input[name=seed]")
    phone.until_points(1)
    box = phone.page.locator(".ix-dialog-detail .mantine-Modal-content").bounding_box()
    assert (box["x"], box["width"]) == (0, PHONE["width"])
    assert phone.page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    phone.dialog("ITEM_02").get_by_role("button", name="Close").tap()
    phone.gone()
    phone.page.get_by_role("button", name="Real or fake?").tap()
    quiz = phone.dialog("Real or fake?")
    quiz.get_by_text("Question 1 of 10").wait_for()
    guess = quiz.get_by_role("button", name="Fake")
    box = guess.bounding_box()
    assert box["height"] >= 44
    assert box["y"] + box["height"] < PHONE["height"]
    guess.tap()
    quiz.get_by_role("button", name="Next").wait_for()


def test_no_instruments(open_ix: Callable[..., Page], server: RunningServer) -> None:
    page = open_ix(server, visit=False)
    page.page.goto(f"{server.url}/instruments/")
    page.page.wait_for_selector("#instruments-none:not([hidden])")
    assert "TICKER_COUNT=12" in page.text("#instruments-none")
    assert page.text("#instruments-count") == "0 instruments"


def test_many_instruments_are_few_cards(open_ix: Callable[..., Page], launch: Callable[..., RunningServer]) -> None:
    environ = {"TICKER_COUNT": "180", "PRICE_UPDATE_INTERVAL": "5"}
    page = open_ix(launch("--ephemeral", "--no-browser", environ=environ))
    assert page.text("#instruments-count") == "180 instruments"
    assert page.text("#instruments-range") == "1 to 60 of 180"
    assert len(page.rows()) < 60
    page.press("/", "ArrowDown", "End")
    page.until_focused("ITEM_179")
    assert page.cell("ITEM_179", "place") == "180"
    assert page.text("#instruments-range") == "121 to 180 of 180"
    page.press("Home")
    page.until_focused("ITEM_00")
    page.page.get_by_role("button", name="2", exact=True).click()
    page.shows("#instruments-range", "61 to 120 of 180")
    page.page.click(".ag-row[row-id=ITEM_60] [col-id=name]")
    page.dialog("ITEM_60")
    page.press("Escape")
    page.gone()
    page.until_focused("ITEM_60")
    page.press("ArrowUp")  # from the first row to the last one of the page before
    page.until_focused("ITEM_59")
    page.page.evaluate(UNDRAWN)
    page.press("ArrowDown")
    page.until_focused("ITEM_60")
    page.page.fill("#instruments-search", "_17")
    page.shows("#instruments-count", "11 of 180")  # ITEM_17 too
    page.until("document.querySelectorAll('.ag-center-cols-container .ag-row').length === 11")
