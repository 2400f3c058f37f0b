"""The instruments' page in a real browser: cards that live, the dialog of one, steering, the quiz, lost lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from callbacks.app import assets_folder
from tests.browser.conftest import DESKTOP, PHONE
from tests.running import RunningServer, start_server

pytestmark = pytest.mark.browser

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


class Page:
    """One open page. `errors`: what the console and the page complained of, but for refusals that a test provokes."""

    def __init__(self, context: Any, url: str) -> None:
        context.set_default_timeout(12_000)
        self.page = context.new_page()
        self.url = url
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(f"exception: {error}"))
        self.page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))

    def visit(self) -> None:
        self.page.goto(f"{self.url}/instruments/")
        self.page.wait_for_function("() => window.orderflow?.instruments?.page?.node.dataset.state === 'live'")
        self.page.wait_for_selector(".ix-card")

    def afresh(self) -> None:
        """No dialog, no search, the first order, running at speed 1."""
        self.page.evaluate(
            """async () => {
              const { page } = window.orderflow.instruments;
              page.dialog(page.opened, false);
              page.field.value = "";
              page.find("");
              page.sorts.value = "id";
              page.sort("id");
              document.activeElement.blur();
              scrollTo(0, 0);
              await page.control.send({ action: "speed", speed: 1 }, true);
              await page.control.send({ action: "scenario" }, true);
              await page.control.send({ action: "start" }, true);
              for (const node of document.querySelectorAll(".ix-toast")) node.remove();
            }"""
        )
        self.page.wait_for_function("() => !document.querySelector('.mantine-Modal-overlay')?.checkVisibility()")

    def until(self, condition: str, timeout: float = 8_000) -> None:
        """Wait for a JavaScript condition on `page` (the script's) and `$` (querySelector)."""
        self.page.wait_for_function(
            f"() => {{ const page = window.orderflow.instruments.page, $ = (s) => document.querySelector(s);"
            f" return {condition}; }}",
            timeout=timeout,
        )

    def text(self, selector: str) -> str:
        return str(self.page.inner_text(selector))

    def cards(self) -> list[str]:
        return [str(id) for id in self.page.eval_on_selector_all(".ix-card", "all => all.map((one) => one.dataset.id)")]

    def open(self, id: str) -> None:
        self.page.click(f".ix-card[data-id={id}]")
        self.page.wait_for_selector(".ix-form")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def focused(self) -> str:
        return str(self.page.evaluate("() => document.activeElement.dataset.id || document.activeElement.id"))


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with some instruments, for all tests of this module: leave it running, at speed 1, without scenario."""
    config = tmp_path_factory.mktemp("instruments") / "orderflow.toml"
    config.write_text(TABLES)
    server = start_server("--ephemeral", "--no-browser", "--config", str(config), environ={"TICKER_COUNT": str(COUNT)})
    yield server
    server.stop()


@pytest.fixture
def open_page(browser: Any, launch: Callable[..., RunningServer]) -> Iterator[Callable[..., Page]]:
    """open_page(server, phone=False, visit=True): a page of its own. Complaints fail the test, but `expect`ed ones.

    It needs `launch` so that pages are closed before a test's own servers end.
    """
    opened: list[tuple[Page, tuple[str, ...]]] = []

    def go(server: RunningServer, *, phone: bool = False, visit: bool = True, expect: tuple[str, ...] = ()) -> Page:
        context = browser.new_context(
            viewport=PHONE if phone else DESKTOP, has_touch=phone, is_mobile=phone, color_scheme="dark"
        )
        page = Page(context, server.url)
        opened.append((page, expect))
        if visit:
            page.visit()
        return page

    yield go
    for page, _ in opened:
        page.page.context.close()
    assert [e for page, expect in opened for e in page.errors if not any(word in e for word in expect)] == []


@pytest.fixture(scope="module")
def desk_page(browser: Any, live: RunningServer) -> Iterator[Page]:
    """The module's desktop page: loading it for each test would take minutes."""
    page = Page(browser.new_context(viewport=DESKTOP, color_scheme="dark"), live.url)
    page.visit()
    yield page
    page.page.context.close()


@pytest.fixture
def desk(desk_page: Page) -> Iterator[Page]:
    """The desktop page as first opened."""
    desk_page.afresh()
    yield desk_page
    errors, desk_page.errors[:] = [e for e in desk_page.errors if REFUSED not in e], []
    assert errors == []


# the grid


def test_cards_live(desk: Page) -> None:
    assert len(desk.cards()) == COUNT + 2
    assert desk.text("#instruments-count") == "14 instruments"
    desk.until("page.model.items.get('ITEM_00').series.p.length >= 3")
    before = desk.page.evaluate("() => window.orderflow.instruments.page.now.steps")
    desk.until(f"page.now.steps > {before + 10} && page.timing.paint.n > 2")
    card = desk.text(".ix-card[data-id=GOLD]")
    assert "Precious metal" in card
    assert "GBM" in card
    assert "1,9" in card or "1,8" in card
    assert any(sign in card for sign in ("▲ +", "▼ −", "■ ±"))
    assert "BOOK" in desk.text(".ix-card[data-id=BOOK] .ix-tag")
    drawn = "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((x) => x > 0)"
    assert desk.page.eval_on_selector(".ix-card[data-id=ITEM_00] canvas", drawn)


def test_the_line_of_figures(desk: Page) -> None:
    words = desk.text("#instruments-status")
    for name in ("instruments", "steps", "trades", "skipped", "lag", "model time", "seed"):
        assert name in words
    assert "halted" not in words


def test_search_finds_by_id_name_and_model(desk: Page) -> None:
    desk.press("/")
    assert desk.focused == "instruments-search"
    for text, found in (("item_03", ["ITEM_03"]), ("precious", ["GOLD"]), ("ou book", ["BOOK"])):
        desk.page.fill("#instruments-search", text)
        assert desk.cards() == found
        assert desk.text("#instruments-count") == "1 of 14"
    desk.page.fill("#instruments-search", "nowhere")
    assert "“nowhere”" in desk.text("#instruments-nothing")
    desk.press("Escape")
    assert len(desk.cards()) == 14


def test_orders(desk: Page) -> None:
    def sort(order: str) -> list[str]:
        desk.page.select_option("#instruments-sort", order)
        return desk.cards()

    assert sort("price")[0] == "GOLD"
    assert sort("name")[-1] == "GOLD"
    sort("change")
    sort("volatility")
    desk.until("!page.filling")
    for order, key in (("change", "ix.change(one)"), ("volatility", "one.series.volatility ?? -1")):
        found = desk.page.evaluate(
            f"""() => {{
              const ix = window.orderflow.instruments;
              ix.page.sort("{order}");
              return ix.page.grid.shown.map((one) => {key});
            }}"""
        )
        assert found == sorted(found, reverse=True)
        assert len(found) == 14
    assert sort("id")[0] == "ITEM_00"


def test_keys_move_between_the_cards_and_open_one(desk: Page) -> None:
    desk.press("/", "ArrowDown")
    columns = desk.page.evaluate("() => window.orderflow.instruments.page.grid.columns")
    assert desk.focused == "ITEM_00"
    desk.press("ArrowRight", "ArrowRight", "ArrowLeft")
    assert desk.focused == "ITEM_01"
    desk.press("ArrowDown")
    assert desk.focused == f"ITEM_{1 + columns:02d}"
    desk.press("End")
    last = desk.focused
    assert last == desk.cards()[-1]
    desk.press("ArrowRight", "Enter")
    desk.until("page.opened === 'detail'")
    desk.page.wait_for_selector(".ix-form")
    assert last in desk.text("#instruments-title-detail")
    desk.press("Escape")
    desk.until("page.opened === null")
    desk.page.wait_for_timeout(100)
    assert desk.focused == last
    stops = desk.page.eval_on_selector_all(".ix-card", "all => all.filter((one) => one.tabIndex === 0).length")
    assert stops == 1


def test_help_lists_the_keys(desk: Page) -> None:
    desk.press("?")
    desk.until("page.opened === 'help'")
    assert "Real or fake?" in desk.text("#instruments-help-keys")
    assert "how much the price moves in a minute" in desk.text(".ix-help-marks")


# one instrument


def test_a_card_opens_with_history_and_lives(desk: Page) -> None:
    desk.open("ITEM_02")
    desk.until("page.detail.plot.t.length > 1 && page.detail.plot.pictures > 0")
    held = desk.page.evaluate("() => window.orderflow.instruments.page.detail.plot.t.length")
    desk.until(f"page.detail.plot.t.length > {held + 1}")
    assert desk.text("#instruments-line").endswith("Live")
    assert desk.page.get_attribute("#instruments-flow", "href") == "/chart/?symbol=ITEM_02"
    assert "since start at" in desk.text("#instruments-change")
    assert "Bollerslev" in desk.text("#instruments-card")
    box = desk.page.locator("#instruments-plot").bounding_box()
    desk.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    desk.page.wait_for_selector("#instruments-cross:not([hidden])")
    assert "UTC" in desk.text("#instruments-readout")
    desk.page.mouse.move(2, 2)
    desk.page.wait_for_selector("#instruments-cross", state="hidden")


def test_too_few_returns_are_said_and_then_the_facts(desk: Page) -> None:
    desk.open("ITEM_04")
    desk.page.wait_for_selector(".ix-too-few, .ix-table")
    if desk.page.query_selector(".ix-too-few"):
        assert "needs 200 returns, there are" in desk.text(".ix-too-few")
    desk.page.evaluate("() => window.orderflow.instruments.page.control.send({ action: 'speed', speed: 100 })")
    desk.until("page.detail.plot.t.length > 260")
    desk.page.evaluate("() => window.orderflow.instruments.page.control.send({ action: 'speed', speed: 1 })")
    desk.press("Escape")
    desk.until("page.opened === null")
    desk.open("ITEM_04")
    desk.page.wait_for_selector(".ix-table")
    rows = desk.page.locator(".ix-table tbody tr")
    assert rows.count() == 7
    assert "Excess kurtosis" in rows.nth(1).inner_text()
    assert any(word in rows.nth(1).inner_text() for word in ("✓ fits", "✗ does not fit"))
    assert desk.page.locator(".ix-band").count() == 7


def test_an_order_book_has_a_quote(desk: Page) -> None:
    desk.open("BOOK")
    desk.page.wait_for_selector("#instruments-quote:not([hidden])")
    words = desk.text("#instruments-quote")
    assert "Bid" in words
    assert "Ask" in words
    assert "not checked" in desk.text("#instruments-facts")
    assert not desk.page.locator("select[name=arrivals]").is_visible()


def test_a_parameter_is_edited_wrong_and_then_right(desk: Page, live: RunningServer) -> None:
    desk.open("ITEM_05")
    apply = desk.page.locator(".ix-form button[type=submit]")
    assert apply.is_disabled()
    desk.page.select_option("select[name=model]", "heston")
    desk.page.fill("input[name='params.theta']", "-1")
    desk.page.fill("input[name='arrival_params.branching']", "1")
    desk.page.fill("input[name=seed]", "abc")
    apply.click()
    wrong = {
        "params.theta": "must be at least 0",
        "arrival_params.branching": "below 1",
        "seed": "must be a whole number",
    }
    for name, words in wrong.items():
        field = desk.page.locator(f"input[name='{name}']")
        field.locator("xpath=..").locator(".ix-field-error").get_by_text(words).wait_for()
        assert field.get_attribute("aria-invalid") == "true"
    assert desk.page.evaluate("() => document.activeElement.getAttribute('aria-invalid')") == "true"
    assert live.get("/api/v1/tickers/ITEM_05/model")["spec"]["model"] == "garch"

    desk.page.fill("input[name='params.theta']", "0,5")
    desk.page.fill("input[name='params.xi']", "4000")
    desk.page.fill("input[name='arrival_params.branching']", "0.5")
    desk.page.fill("input[name=seed]", "9223372036854775807")
    desk.press("Enter")
    desk.page.wait_for_selector(".ix-warning")
    assert "Feller" in desk.text(".ix-warnings")
    spec = live.get("/api/v1/tickers/ITEM_05/model")["spec"]
    assert spec["model"] == "heston"
    assert spec["params"] == {"theta": 0.5, "xi": 4000.0}
    assert spec["arrival_params"] == {"branching": 0.5}
    assert spec["seed"] == 2**63 - 1
    desk.until("page.model.items.get('ITEM_05').model === 'heston'")
    assert "HESTON" in desk.text(".ix-card[data-id=ITEM_05] .ix-tag")

    back = desk.page.get_by_role("button", name="Take all changes back")
    back.click()
    desk.page.get_by_role("button", name="Really?").click()
    desk.until("page.model.items.get('ITEM_05').model === 'garch'")
    assert live.get("/api/v1/tickers/ITEM_05/model")["spec"]["seed"] is None


def test_what_is_typed_survives_a_new_look_at_the_card(desk: Page) -> None:
    desk.open("ITEM_06")
    desk.page.fill("input[name='params.sigma']", "0.77")
    desk.page.evaluate(
        """async () => {
          const { detail } = window.orderflow.instruments.page;
          await detail.look(detail.turn, window.orderflow.instruments.page.library());
        }"""
    )
    assert desk.page.input_value("input[name='params.sigma']") == "0.77"
    desk.page.get_by_role("button", name="Discard").click()
    assert desk.page.input_value("input[name='params.sigma']") == "1.2"


# steering


def test_pause_and_speed(desk: Page, live: RunningServer) -> None:
    desk.page.click("#instruments-run")
    desk.until("page.node.dataset.state === 'paused'")
    assert desk.text("#instruments-live") == "Paused"
    assert live.get("/api/v1/simulation")["running"] is False
    desk.page.evaluate("() => document.activeElement.blur()")
    desk.press("p")
    desk.until("page.node.dataset.state === 'live'")
    desk.press("+", "+")
    desk.until("page.now.speed === 5")
    assert desk.text("#instruments-speed-text") == "5×"
    desk.press("-")
    desk.until("page.now.speed === 2")


def test_restart_asks_and_takes_a_seed(desk: Page, live: RunningServer) -> None:
    before = live.get("/api/v1/tickers")[0]["initial_price"]
    desk.page.click("[data-do=restart]")
    desk.until("page.opened === 'restart'")
    desk.page.fill("#instruments-seed", "x7")
    desk.page.click("#instruments-restart-go")
    desk.until("$('#instruments-restart-error').textContent.includes('must be a whole number')")
    desk.page.fill("#instruments-seed", "77")
    desk.page.click("#instruments-restart-go")
    desk.until("page.opened === null && page.now.seed === 77")
    after = live.get("/api/v1/tickers")[0]["initial_price"]
    assert after != before
    desk.until(f"page.model.items.get('ITEM_00').initial === {after}")


def test_scenarios_bundled_and_own(desk: Page) -> None:
    desk.page.click("#instruments-scenario-open")
    desk.until("page.opened === 'scenario'")
    desk.page.get_by_role("button", name="Play Flash crash").click()
    desk.until("page.now.scenario === 'Flash crash'")
    desk.until("$('#instruments-scenario-now').textContent.includes('of 5:50')")
    desk.page.click("[data-do=scenario-stop]")
    desk.until("page.now.scenario === null")
    desk.page.fill(
        "#instruments-scenario-text", '[[events]]\nkind = "shok"\nat = -1\n[[events]]\nkind = "halt"\nat = 0\n'
    )
    desk.page.click("[data-do=scenario-own]")
    desk.page.wait_for_selector("#instruments-scenario-errors:not([hidden])")
    told = desk.text("#instruments-scenario-errors")
    assert "Event 1, kind: 'shok' is not known: did you mean 'shock'?" in told
    assert "Event 2, seconds: is missing" in told
    own = 'name = "Stop"\n[[events]]\nkind = "halt"\nat = 0\nseconds = 900\ninstruments = "ITEM_01"\n'
    with desk.page.expect_file_chooser() as chooser:
        desk.page.click("[data-do=scenario-file]")
    chooser.value.set_files({"name": "stop.toml", "mimeType": "text/plain", "buffer": own.encode()})
    desk.until("$('#instruments-scenario-text').value.includes('Stop')")
    desk.page.click("[data-do=scenario-own]")
    desk.until("page.now.scenario === 'Stop'")
    desk.press("Escape")
    desk.until("$('.ix-card[data-id=ITEM_01] .ix-mark').textContent === 'Halted'")
    assert "halted" in desk.text("#instruments-status")


def test_without_the_key_it_is_said_how_to_get_it(desk: Page) -> None:
    body = json.dumps({"detail": "this call changes something and needs the key"})

    def refuse(route: Any) -> None:
        route.fulfill(status=401, body=body, content_type="application/json")

    desk.page.route("**/api/v1/simulation", refuse)
    desk.page.click("#instruments-run")
    desk.page.wait_for_selector(".ix-toast.ix-bad")
    assert "?key=" in desk.text(".ix-toast.ix-bad")
    assert "Pause" in desk.text("#instruments-run")
    desk.page.unroute("**/api/v1/simulation")


# the quiz


def test_quiz_to_the_end_by_keys(desk: Page) -> None:
    desk.press("q")
    desk.until("page.quiz.state === 'ask'")
    seed = desk.page.evaluate("() => window.orderflow.instruments.page.quiz.seed")
    for number in range(10):
        desk.until(f"page.quiz.state === 'ask' && page.quiz.number === {number}")
        desk.press(("1", "r", "2", "f")[number % 4])
        desk.until("page.quiz.state === 'told'")
        words = desk.text("#instruments-quiz-answer")
        assert ("Right" in words) is desk.page.evaluate(
            "(n) => window.orderflow.instruments.page.quiz.right[n]", number
        )
        assert "excess kurtosis" in words
        assert "Source: " in words
        desk.press("Enter")
    desk.until("page.quiz.state === 'over'")
    right = desk.page.evaluate("() => window.orderflow.instruments.page.quiz.right.filter(Boolean).length")
    assert f"{right} of 10" in desk.text("#instruments-quiz-answer")
    desk.page.click("[data-do=quiz-again]")
    desk.until(f"page.quiz.state === 'ask' && page.quiz.seed !== {seed}")


# what each key, button and field does


def shows(page: Any, selector: str, words: str, timeout: float = 12_000) -> None:
    """Wait until an element says something with these words."""
    page.wait_for_function(
        "([s, words]) => (document.querySelector(s)?.innerText ?? '').includes(words)",
        arg=[selector, words],
        timeout=timeout,
    )


def dialog(desk: Page, name: str) -> Any:
    """The open dialog of a title, once it is there."""
    found = desk.page.get_by_role("dialog", name=name)
    found.wait_for()
    return found


def gone(desk: Page) -> None:
    """Wait until no dialog is to be seen."""
    desk.page.wait_for_function(
        "() => ![...document.querySelectorAll('[role=dialog]')].some((one) => one.checkVisibility())"
    )


def test_keys_and_buttons_of_the_page(desk: Page) -> None:
    page = desk.page
    desk.press("/", "Enter")
    assert desk.focused in desk.cards()
    desk.press("Home")
    desk.press("PageDown")
    below = desk.focused
    assert below != "ITEM_00"
    desk.press("PageUp")
    assert desk.focused == "ITEM_00"
    desk.press("/", "Escape")
    assert desk.focused != "instruments-search"
    page.fill("#instruments-search", "nosuch")
    page.get_by_role("button", name="Show all").click()
    shows(page, "#instruments-count", "14 instruments")
    page.keyboard.type("sq")  # the search has the keys
    assert page.get_by_role("dialog").filter(visible=True).count() == 0
    desk.press("Escape")
    desk.press("Escape")
    desk.press("Control+s")
    assert page.get_by_role("dialog").filter(visible=True).count() == 0
    desk.press("s")
    dialog(desk, "Scenarios")
    desk.press("q")
    assert page.get_by_role("dialog").filter(visible=True).count() == 1
    desk.press("Escape")
    gone(desk)
    header = page.locator(".of-header")
    header.get_by_role("button", name="Real or fake?").click()
    dialog(desk, "Real or fake?")
    desk.press("Escape")
    gone(desk)
    header.get_by_role("button", name="Keyboard and definitions").click()
    assert dialog(desk, "Keyboard and definitions").get_by_role("link").get_attribute("href") == "/docs"
    desk.press("Escape")
    gone(desk)
    header.get_by_role("button", name="Dark or light").click()
    page.wait_for_selector("html[data-theme='light']")
    page.evaluate("() => document.activeElement.blur()")
    desk.press("n")
    page.wait_for_selector("html[data-theme='dark']")
    slider = page.get_by_label("Speed")
    slider.focus()
    slider.press("ArrowRight")
    shows(page, "#instruments-speed-text", "2×")
    page.evaluate("() => document.activeElement.blur()")
    desk.press("=")
    shows(page, "#instruments-speed-text", "5×")
    assert slider.get_attribute("aria-valuetext") == "5 times real time"


def test_the_price_chart_is_zoomed_and_read_by_keys(desk: Page) -> None:
    page = desk.page
    desk.open("ITEM_03")
    chart = page.get_by_role("application", name="Price chart")
    ticks = "() => [...document.querySelectorAll('#instruments-plot .ytick text')].map((one) => one.textContent).join()"
    page.wait_for_function(f"() => ({ticks})() !== ''")
    page.wait_for_timeout(2_000)  # so that there are prices to go along
    chart.focus()
    read = "#instruments-readout"
    said = []
    for key in ("End", "ArrowLeft", "Home", "ArrowRight", "PageDown", "Shift+ArrowRight", "PageUp", "Shift+ArrowLeft"):
        desk.press(key)
        shows(page, read, "UTC")
        said.append(desk.text(read).split(" UTC")[0])
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
    page.wait_for_timeout(600)
    zoomed = page.evaluate(ticks)
    page.wait_for_timeout(1_500)
    assert page.evaluate(ticks) == zoomed
    page.mouse.dblclick(x, y)
    page.wait_for_function(f"(before) => ({ticks})() !== before", arg=zoomed)


def test_the_form_of_a_model(desk: Page, live: RunningServer) -> None:
    page = desk.page
    desk.open("ITEM_07")
    card = page.get_by_role("region", name="Model card")
    words = card.inner_text()
    assert "by default" in words
    for name in ("Name", "Interval", "Initial price", "Seed", "Group", "Correlation"):
        assert card.get_by_label(name).first.is_visible(), name
    law = card.get_by_label("Arrivals of trades")
    law.select_option(law.locator("option:not(:checked)").first.get_attribute("value"))
    page.wait_for_function("(before) => document.getElementById('instruments-card').innerText !== before", arg=words)
    card.get_by_label("Order book").check()
    card.get_by_label("Arrivals of trades").wait_for(state="hidden")
    card.get_by_role("button", name="Discard").click()
    card.get_by_label("Arrivals of trades").wait_for()
    back = card.get_by_role("button", name="Take all changes back")
    back.click()
    card.get_by_role("button", name="Really? It begins anew").wait_for()
    card.get_by_label("Name").focus()
    back.wait_for()
    card.get_by_label("Name").fill("Renamed")
    card.get_by_role("button", name="Apply").click()
    shows(page, "#instruments-toasts", "ITEM_07: Changed.")
    dialog(desk, "ITEM_07 · Renamed")
    back.click()
    card.get_by_role("button", name="Really? It begins anew").click()
    shows(page, "#instruments-toasts", "it began anew")
    assert live.get("/api/v1/tickers/ITEM_07/model")["spec"]["name"] != "Renamed"
    desk.press("Escape")
    gone(desk)
    desk.page.get_by_text("% a minute").first.wait_for()


def test_restart_by_enter_dice_and_cancel(desk: Page, live: RunningServer) -> None:
    page = desk.page
    seed = live.get("/api/v1/simulation")["seed"]
    for close in ("Cancel", ""):
        page.get_by_role("button", name="Restart …").click()
        asks = dialog(desk, "Restart the simulation")
        field = asks.get_by_label("Seed")
        assert field.input_value() == str(seed)
        asks.get_by_role("button", name="Another seed").click()
        assert field.input_value().isdecimal()
        if close:
            asks.get_by_role("button", name=close).click()
            gone(desk)
            assert live.get("/api/v1/simulation")["seed"] == seed
    field.fill("78")
    field.press("Enter")
    shows(page, "#instruments-toasts", "Restarted with seed 78.")
    gone(desk)
    assert live.get("/api/v1/simulation")["seed"] == 78


def test_an_own_scenario_from_example_drop_or_nothing(desk: Page) -> None:
    page = desk.page
    desk.press("s")
    box = dialog(desk, "Scenarios")
    text = box.get_by_label("Text of your scenario")
    text.fill("")
    box.get_by_role("button", name="Play this").click()
    box.get_by_role("alert").get_by_text("There is nothing to play").wait_for()
    box.get_by_role("button", name="An example").click()
    assert 'kind = "shock"' in text.input_value()
    drop = """(words) => {
      const files = new DataTransfer();
      files.items.add(new File([words], "own.toml", { type: "text/plain" }));
      const event = new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: files });
      document.querySelector("#instruments-scenario-own textarea, textarea").dispatchEvent(event);
    }"""
    page.evaluate(drop, "# dropped here")
    page.wait_for_function("() => document.querySelector('textarea').value === '# dropped here'")
    page.evaluate(drop, "#" * (1 << 20) + "#")
    box.get_by_role("alert").get_by_text("own.toml is larger than 1 MiB.").wait_for()


def test_a_scenario_that_plays_is_named(desk: Page) -> None:
    page = desk.page
    desk.press("s")
    box = dialog(desk, "Scenarios")
    box.get_by_text("No scenario plays.").wait_for()
    assert box.get_by_role("button", name="Play ").count() >= 3
    box.get_by_role("button", name="Play Flash crash").click()
    box.get_by_text("Plays: Flash crash").wait_for()
    desk.press("Escape")
    gone(desk)
    page.get_by_role("button", name="of 5:50").wait_for()
    assert "Flash crash" in page.get_by_role("button", name="of 5:50").inner_text()


def test_quiz_by_mouse_and_without_an_answer(desk: Page) -> None:
    page = desk.page
    fault = {"n": 1, "error": "there are no recordings"}
    broken = [True]

    def answer(route: Any) -> None:
        body = route.request.post_data or ""
        if broken[0] and "instruments-quiz-told" in body:
            asked = next(one["value"] for one in json.loads(body)["inputs"] if one["id"] == "instruments-quiz-ask")
            told = {"instruments-quiz-told": {"data": {**fault, "n": asked["n"]}}}
            route.fulfill(json={"multi": True, "response": told})
        else:
            route.continue_()

    desk.press("q")
    box = dialog(desk, "Real or fake?")
    box.get_by_text("Question 1 of 10").wait_for()
    box.get_by_text("0 right").wait_for()
    box.get_by_role("button", name="Fake").click()
    box.get_by_role("button", name="Next").wait_for()
    desk.press("n")
    box.get_by_text("Question 2 of 10").wait_for()
    desk.press("Escape")
    gone(desk)
    desk.press("q")
    box.get_by_text("Question 2 of 10").wait_for()
    for number in range(2, 11):
        box.get_by_role("button", name="Real").click()
        box.get_by_role("button", name="Next" if number < 10 else "See the score").click()
    box.get_by_text("of 10 right").wait_for()
    page.route("**/_dash-update-component**", answer)
    box.get_by_role("button", name="Play again").click()
    box.get_by_text("there are no recordings").wait_for()
    broken[0] = False
    box.get_by_role("button", name="Try again").click()
    box.get_by_text("Question 1 of 10").wait_for()
    page.unroute("**/_dash-update-component**", answer)


def test_texts_for_screen_readers(desk: Page) -> None:
    page = desk.page
    search = page.get_by_role("search", name="Find instruments")
    assert search.get_by_label("Search by id, name or model").count() == 1
    assert search.get_by_role("status").get_attribute("aria-live") == "polite"
    steer = page.get_by_role("group", name="Simulation")
    assert steer.get_by_role("status").first.inner_text() == "Live"
    assert steer.get_by_role("button", name="Pause").get_attribute("aria-pressed") == "false"
    assert steer.get_by_label("Speed").get_attribute("aria-valuetext") == "1 times real time"
    assert page.get_by_label("State of the simulation").count() == 1
    grid = page.get_by_label("Instruments", exact=True)
    described = grid.first.get_attribute("aria-describedby")
    assert "Enter opens one" in str(page.text_content(f"#{described}"))
    desk.open("ITEM_01")
    box = dialog(desk, "ITEM_01")
    chart = box.get_by_role("application", name="The arrow keys move the crosshair along the prices.")
    assert chart.count() == 1
    for name in ("Prices", "Model card"):
        assert box.get_by_role("region", name=name).count() == 1
    assert box.get_by_role("button", name="Close").count() == 1


def test_a_lost_line_is_told_in_the_dialog_too(open_page: Callable[..., Page], live: RunningServer) -> None:
    page = open_page(live, expect=("ERR_INTERNET_DISCONNECTED", "WebSocket", "Failed to"))
    page.open("ITEM_02")
    shows(page.page, "#instruments-line", "Live")
    page.page.context.set_offline(True)
    shows(page.page, "#instruments-line", "Reconnecting …")
    shows(page.page, "#instruments-live", "Reconnecting …")
    page.page.context.set_offline(False)
    shows(page.page, "#instruments-toasts", "Connected again.", timeout=20_000)
    shows(page.page, "#instruments-line", "Live", timeout=20_000)


def test_a_viewer_sees_and_changes_nothing(
    open_page: Callable[..., Page], launch: Callable[..., RunningServer]
) -> None:
    environ = {"TICKER_COUNT": "3", "ORDERFLOW_API_KEY": "open-sesame"}
    server = launch("--ephemeral", "--no-browser", environ=environ)
    page = open_page(server, expect=(REFUSED,))
    shows(page.page, "#instruments-status", "view only")
    page.page.get_by_role("button", name="Pause").click()
    page.page.get_by_role("alert").get_by_text("open this page once with ?key=").wait_for()
    assert server.get("/api/v1/simulation")["running"] is True
    page.page.goto(f"{server.url}/instruments/?key=open-sesame")
    page.page.get_by_role("button", name="Pause").click()
    shows(page.page, "#instruments-live", "Paused")
    assert "view only" not in page.text("#instruments-status")


# elsewhere


def test_phone(open_page: Callable[..., Page], live: RunningServer) -> None:
    phone = open_page(live, phone=True)
    assert phone.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    phone.page.tap(".ix-card[data-id=ITEM_02]")
    phone.page.wait_for_selector(".ix-form")
    phone.until("page.detail.plot.pictures > 0")
    box = phone.page.locator(".ix-dialog-detail .mantine-Modal-content").bounding_box()
    assert (box["x"], box["width"]) == (0, PHONE["width"])
    assert phone.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    phone.page.get_by_role("button", name="Close").first.tap()
    phone.until("page.opened === null")
    phone.page.tap("[data-do=quiz]")
    phone.until("page.quiz.state === 'ask'")
    guess = phone.page.locator("[data-do=quiz-fake]").bounding_box()
    assert guess["height"] >= 44
    assert guess["y"] + guess["height"] < PHONE["height"]
    phone.page.tap("[data-do=quiz-fake]")
    phone.until("page.quiz.state === 'told'")


def test_no_instruments(open_page: Callable[..., Page], server: RunningServer) -> None:
    page = open_page(server, visit=False)
    page.page.goto(f"{server.url}/instruments/")
    page.page.wait_for_selector("#instruments-none:not([hidden])")
    assert "TICKER_COUNT=12" in page.text("#instruments-none")
    assert page.text("#instruments-count") == "0 instruments"


def test_many_instruments_are_few_cards(open_page: Callable[..., Page], launch: Callable[..., RunningServer]) -> None:
    page = open_page(launch("--ephemeral", "--no-browser", environ={"TICKER_COUNT": "600"}))
    assert page.text("#instruments-count") == "600 instruments"
    assert len(page.cards()) < 80
    page.press("/", "ArrowDown", "End")
    assert page.focused == "ITEM_599"
    assert "ITEM_00" not in page.cards()
    size = page.page.get_attribute(".ix-cell:last-child", "aria-posinset")
    assert size == "600"
    page.until("page.model.items.get('ITEM_599').filled && page.timing.paint.count < 60")
    page.press("Home")
    assert page.focused == "ITEM_00"
    page.page.fill("#instruments-search", "_59")
    assert len(page.cards()) == 11  # ITEM_59 too


def test_it_connects_again_after_a_restart(
    open_page: Callable[..., Page], launch: Callable[..., RunningServer]
) -> None:
    first = launch("--ephemeral", "--no-browser", environ={"TICKER_COUNT": "3"})
    page = open_page(first, expect=("WebSocket", "ERR_CONNECTION_REFUSED"))
    first.stop()
    page.until("page.node.dataset.state === 'reconnecting'")
    assert "No connection" in page.text("#instruments-banner")
    launch("--ephemeral", "--no-browser", "--port", str(first.port), environ={"TICKER_COUNT": "5"})
    page.until("page.node.dataset.state === 'live' && page.model.items.size === 5", timeout=20_000)
    page.page.wait_for_selector("#instruments-banner", state="hidden")
    page.until("document.querySelectorAll('.ix-card').length === 5")


# pure parts, in a blank page


@pytest.fixture(scope="module")
def js(browser: Any) -> Iterator[Callable[..., Any]]:
    """js("ix.wait(a, 0)", a=3): the value of an expression in a page with the modules alone."""
    page = browser.new_page()
    page.goto("about:blank")
    for name in ("text", "socket", "series", "model", "facts", "values", "control", "keys"):
        page.add_script_tag(path=str(assets_folder() / "instruments" / f"{name}.js"))

    def call(expression: str, **values: Any) -> Any:
        names = ", ".join(values)
        return page.evaluate(
            f"({{ {names} }}) => {{ const ix = window.orderflow.instruments; return {expression}; }}", values
        )

    yield call
    page.close()


def test_every_script_is_valid(js: Callable[..., Any]) -> None:
    for script in sorted((assets_folder() / "instruments").glob("*.js")):
        assert js("void new Function(text)", text=script.read_text()) is None, script.name


def test_waits_grow_and_differ(js: Callable[..., Any]) -> None:
    assert [js("ix.wait(n, 0.5)", n=n) for n in (0, 1, 2, 5, 50)] == [250, 500, 1000, 8000, 8000]
    assert (js("ix.wait(3, 0)"), js("ix.wait(3, 1)")) == (1000, 3000)


def test_a_series_joins_memory_and_news(js: Callable[..., Any]) -> None:
    joined = "(() => { const s = new ix.Series(); %s return [s.t, s.p, s.volatility]; })()"
    assert js(joined % "s.add(1000, 5); s.add(1000, 6); s.add(500, 7);") == [[1000], [5], None]
    assert js(joined % "s.add(3000, 4); s.fill(0, 2000, [1, 1, 1]);")[:2] == [[0, 1000, 2000, 3000], [1, 1, 1, 4]]
    long = js(joined % "for (let k = 1; k < 500; k++) s.add(k, k);")
    assert (len(long[0]), long[0][0], long[0][-1]) == (120, 380, 499)
    # two moves of 1 % within 30 s are √2 · √2 % a minute
    sigma = js(joined % "s.fill(0, 30000, [100, 101, 102.01]);")[2]
    assert sigma == pytest.approx(0.0199, abs=1e-4)


def test_numbers_as_text(js: Callable[..., Any]) -> None:
    assert js("ix.text.price(x)", x=1234567.891) == "1,234,567.89"
    assert [js("ix.text.percent(x)", x=x) for x in (0.0123, -0.5, 0.00001)] == ["+1.23 %", "−50.00 %", "±0.00 %"]
    assert [js("ix.text.arrow(x)", x=x) for x in (0.1, -0.1, 0)] == ["▲", "▼", "■"]
    assert [js("ix.text.short(x)", x=x) for x in (0, 1.23456, -7.5, 70000, 1e9)] == [
        "0",
        "1.23",
        "−7.5",
        "70000",
        "1.00e+9",
    ]
    assert [js("ix.text.span(x)", x=x) for x in (5, 350, 3700)] == ["0:05", "5:50", "1:01:40"]
    assert js("ix.place(l)", l=["body", "events", 1, "at"]) == "Event 2, at: "


def test_a_fact_has_its_place_in_the_band(js: Callable[..., Any]) -> None:
    inside = js("ix.facts.place(f)", f={"value": 1.0, "low": 0.0, "high": 2.0, "theory": 1.5})
    assert inside["low"] < inside["at"] < inside["theory"] < inside["high"]
    out = js("ix.facts.place(f)", f={"value": 9.0, "low": 0.0, "high": 2.0, "theory": "infinite"})
    assert out["high"] < out["at"] <= 1
    assert out["theory"] is None


def test_a_seed_stays_exact(js: Callable[..., Any]) -> None:
    text = js("ix.values.json(c)", c={"seed": str(2**63 - 1), "name": "A"})
    assert json.loads(text) == {"seed": 2**63 - 1, "name": "A"}
    assert json.loads(js("ix.values.json(c)", c={"seed": "007"})) == {"seed": 7}
    assert json.loads(js("ix.values.json(c)", c={"seed": "x"})) == {"seed": "x"}
