"""The herd game's big screen in a real browser: what the room sees, and what the presenter's hands do."""

from __future__ import annotations

import json
import re
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from typing import Any

import pytest

from tests.browser.herd_stage import NAMES, FakeGame, Stage
from tests.running import RunningServer

pytestmark = pytest.mark.browser

OPEN = "() => [...document.querySelectorAll('dialog[open]')].map((d) => d.id.replace('herd-dialog-', ''))"
Open = Callable[..., Stage]


@pytest.fixture
def game() -> FakeGame:
    """A game in its last round, with 228 people and four minutes of prices."""
    made = FakeGame(int(time.time() * 1000))
    made.past(240, value=True)
    return made


@pytest.fixture
def open_stage(browser: Any, server: RunningServer) -> Iterator[Open]:
    """open_stage(game, phone=False, width=1440, key=True): the page. A console error or an exception fails the test."""
    opened: list[Stage] = []

    def go(game: FakeGame, *, phone: bool = False, viewer: bool = False, **options: Any) -> Stage:
        options.setdefault("viewport", {"width": 390, "height": 844} if phone else {"width": 1440, "height": 900})
        context = browser.new_context(has_touch=phone, is_mobile=phone, **options)
        context.set_default_timeout(15_000)
        stage = Stage(context.new_page(), server.url, game)
        if viewer:
            stage.page.route("**/_dash-update-component**", _no_key)
        opened.append(stage)
        stage.visit()
        return stage

    yield go
    for stage in opened:
        stage.page.context.close()
    assert [error for stage in opened for error in stage.errors] == []


@pytest.fixture(scope="module")
def desk(browser: Any, server: RunningServer) -> Iterator[Stage]:
    """A presenter's page for those who only look: they leave it as it was."""
    made = FakeGame(int(time.time() * 1000))
    made.past(240, value=True)
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(15_000)
    stage = Stage(context.new_page(), server.url, made)
    stage.visit()
    yield stage
    context.close()
    assert (stage.errors, made.controls) == ([], [])


def _no_key(route: Any) -> None:
    """The server's answer to somebody without the key; all other callbacks go through."""
    if "herd-access" in (route.request.post_data or ""):
        route.fulfill(json={"multi": True, "response": {"herd-access": {"data": {"presenter": False}}}})
    else:
        route.continue_()


def closed(stage: Stage) -> None:
    """Wait until no dialog is open."""
    none_open(stage.page)


def open_by(page: Any, key: str, field: str) -> None:
    """Press a key until its dialog is there: while the one before it fades away, keys are still that one's."""
    for _ in range(5):
        page.keyboard.press(key)
        until = time.monotonic() + 2
        while time.monotonic() < until:
            if page.locator(field).is_visible():
                return
            page.wait_for_timeout(50)
    raise AssertionError(f"{key} opens no dialog")


def none_open(page: Any) -> None:
    """Wait until the answer has come that closes a dialog; what it did may be seen before."""
    page.wait_for_function(f"() => !({OPEN})().length")


def visible(stage: Stage, selector: str) -> bool:
    """Whether an element is to be seen."""
    return bool(stage.page.locator(selector).first.is_visible())


def test_shows_price_phase_round_and_crowd(desk: Stage) -> None:
    stage, game = desk, desk.game
    price = game.state["price"]
    assert stage.text("herd-price") == f"{price:.2f}"
    sign = "▲ +" if price > 100 else "▼ −"
    assert stage.text("herd-change").startswith(f"{sign}{abs(price - 100):.2f}")
    assert (stage.text("herd-phase"), stage.text("herd-round")) == ("Open", "Round 3 of 3")
    assert re.fullmatch(r"0:[34]\d", stage.text("herd-clock"))
    assert (stage.text("herd-meter-buy"), stage.text("herd-meter-sell")) == ("Buyers 63 %", "37 % Sellers")
    assert stage.text("herd-meter-batch") == "Last batch: ▲ 34 ▼ 12"
    assert (stage.text("herd-stat-max_cash"), stage.text("herd-stat-gini")) == ("15,321", "0.12")
    rows = stage.page.locator("#herd-leaders li")
    assert rows.count() == 10
    assert rows.nth(0).inner_text().split() == ["1", NAMES[0], "14,200", "▲", "+4,200"]
    assert "bot" in rows.nth(3).inner_text().split()
    assert stage.page.locator("#herd-feed li").nth(0).inner_text().split("\n")[-1] == "Round 3 of 3 begins"
    assert stage.page.title() == "Herd game · Orderflow"


def test_the_way_in_stays_on_the_screen(desk: Stage) -> None:
    stage = desk
    card = stage.page.locator(".hg-join")
    assert card.locator(".hg-url").inner_text() == "192.168.178.20:8765/j"
    assert card.locator(".hg-code").inner_text() == "Code K7QX"
    assert card.locator(".hg-count").inner_text() == "228 joined · 231 connected"
    assert card.locator("img").evaluate("(e) => e.complete && e.naturalWidth > 0")
    small = card.locator("img").bounding_box()["width"]
    assert small > 140
    stage.page.keyboard.press("q")
    whole = stage.page.locator("#herd-dialog-qr img").bounding_box()["height"]
    assert whole > 0.8 * 900 > small
    stage.page.keyboard.press("q")
    assert stage.page.evaluate(OPEN) == []
    card.get_by_role("button").click()
    assert stage.page.evaluate(OPEN) == ["qr"]
    stage.page.keyboard.press("Escape")
    closed(stage)


def test_the_chart_has_the_session_its_rounds_news_and_value(desk: Stage) -> None:
    stage, game = desk, desk.game
    stage.page.wait_for_selector(".hg-value")
    lines = stage.page.evaluate("() => orderflow.herd.page.chart.node.data.map((t) => [t.x.length, t.y])")
    assert 300 < lines[0][0] <= 1_700
    prices = [p for _, p in game.history]
    assert (max(prices) in lines[0][1], min(prices) in lines[0][1]) == (True, True)
    assert set(lines[1][1]) == {120.0, 95.0, 70.0}
    assert stage.page.locator(".hg-value").inner_text() == "Fundamental value 70.00"
    assert stage.page.locator(".hg-mark-line[data-kind='round']").count() == 5
    assert stage.page.locator(".hg-mark-line[data-kind='news']").count() == 1
    assert stage.page.locator(".hg-mark[data-kind='news']").inner_text() == "⚡ Profit warning (-20%)"
    assert stage.page.locator("#herd-plot .xtick").count() >= 4


def test_updates_arrive_and_cost_little(open_stage: Open, game: FakeGame) -> None:
    stage = open_stage(game)
    points = stage.page.evaluate("() => orderflow.herd.page.model.t.length")
    for step in range(1, 9):
        game.say(price=150.0 + step, meter=0.25, buys=1, sells=9)
        stage.page.wait_for_timeout(120)
    stage.wait_text("herd-price", "158.00")
    stage.wait_text("herd-meter-sell", "75 % Sellers")
    stage.wait_text("herd-tag", "▲ 158.00")
    assert stage.page.evaluate("() => orderflow.herd.page.model.t.length") == points + 8
    drawn = stage.page.evaluate("() => orderflow.herd.page.chart.node.data[0].y.slice(-1)[0]")
    assert drawn == 158.0
    times = sorted(stage.page.evaluate("() => orderflow.herd.page.chart.timing"))
    assert times[len(times) // 2] < 125  # half of the time between two batches, on a busy machine


def test_news_are_told_large_and_phases_aloud(open_stage: Open, game: FakeGame) -> None:
    stage = open_stage(game)
    assert stage.text("herd-announce") == ""
    game.say(("news", "News: Comet (+5%)"), news={"text": "Comet", "time": game.now}, price=130.0)
    stage.wait_text("herd-news", "Comet")
    assert stage.text("herd-announce") == ""
    game.say(phase="frozen", round={"round": 3, "of": 3, "ends": None, "left": 9_000})
    stage.wait_text("herd-announce", "The market is frozen. Round 3 of 3.")
    assert (stage.text("herd-phase"), stage.text("herd-clock")) == ("Frozen", "0:09")
    assert stage.page.locator("[aria-live]").evaluate_all("(list) => list.map((e) => e.id)") == [
        "herd-announce",
        "herd-toasts",
    ]


def test_until_somebody_comes_the_code_fills_the_screen(open_stage: Open) -> None:
    game = FakeGame(int(time.time() * 1000))
    stage = open_stage(game)
    hero = stage.page.locator("#herd-hero")
    assert hero.locator("img").bounding_box()["height"] > 600
    assert hero.get_by_role("heading").inner_text() == "Scan to join"
    assert hero.locator("li").count() == 3
    assert not visible(stage, ".hg-side")
    game.say(n=1, stats={"participants": 1, "connected": 2})
    hero.wait_for(state="hidden")
    assert visible(stage, "#herd-plot .main-svg")
    game.say(phase="lobby")
    hero.wait_for()
    assert hero.locator(".hg-count").inner_text() == "1 joined · 2 connected"


def test_keys_steer_the_game(open_stage: Open, game: FakeGame) -> None:
    stage = open_stage(game)
    keyboard = stage.page.keyboard
    keyboard.press("Space")
    assert stage.sent(1) == {"action": "freeze"}
    stage.wait_text("herd-do-toggle", "Resume")
    keyboard.press("Space")
    assert stage.sent(2) == {"action": "resume"}
    keyboard.press("x")
    assert stage.sent(3) == {"action": "experiment", "on": True}
    keyboard.press("n")
    keyboard.type("Space on the moon")
    stage.page.fill("#herd-news-move", "-12.5")
    keyboard.press("Enter")
    assert stage.sent(4) == {"action": "news", "text": "Space on the moon", "move": -12.5}
    stage.wait_text("herd-toasts", "Published.")
    assert stage.page.evaluate(OPEN) == []
    keyboard.press("?")
    rows = stage.page.locator("#herd-help-body .hg-help-row")
    assert rows.count() == stage.page.evaluate("() => orderflow.herd.keys.TABLE.filter((e) => e.length > 1).length")
    keyboard.press("e")  # a dialog keeps the keys to itself
    assert stage.page.evaluate(OPEN) == ["help"]
    assert len(game.controls) == 4


def test_the_mouse_steers_the_game(open_stage: Open, game: FakeGame) -> None:
    game.state["round"] = None
    stage = open_stage(game)
    stage.page.get_by_role("button", name="Rounds").click()
    stage.page.get_by_label("With a fundamental value").check()
    for field, value in (("rounds", "5"), ("seconds", "45"), ("fundamental", "110"), ("dividend", "1.5")):
        stage.page.fill(f"#herd-round-{field}", value)
    stage.page.get_by_role("button", name="Start rounds").click()
    wanted = {"rounds": 5, "seconds": 45, "fundamental": 110, "dividend": 1.5}
    assert stage.sent(1) == {"action": "round", **wanted}
    closed(stage)
    stage.page.get_by_role("button", name="Rounds").click()
    stage.page.get_by_label("Smith, Suchanek").check()
    stage.page.wait_for_function("() => document.getElementById('herd-round-rounds').value === '15'")
    stage.page.get_by_role("button", name="Start rounds").click()
    assert stage.sent(2) == {"action": "round", "rounds": 15, "seconds": 45, "preset": "ssw"}
    closed(stage)
    game.say(round={"round": 1, "of": 15, "ends": game.now + 45_000})
    stage.wait_text("herd-round", "Round 1 of 15")
    stage.page.get_by_role("button", name="Rounds").click()
    stage.page.get_by_role("button", name="End it, begin the next").click()
    assert stage.sent(3) == {"action": "round"}
    closed(stage)
    stage.page.get_by_role("button", name="Rounds").click()
    stage.page.get_by_role("button", name="Stop the rounds").click()
    assert stage.sent(4) == {"action": "round", "stop": True}
    closed(stage)
    stage.page.get_by_role("button", name="Bots").click()
    assert stage.page.input_value("#herd-bots-zero") == "5"
    stage.page.fill("#herd-bots-zero", "0")
    stage.page.fill("#herd-bots-fundamental", "8")
    stage.page.get_by_role("button", name="Set", exact=True).click()
    stage.sent(6)
    bots = [(sent["kind"], sent["count"]) for sent in game.controls[4:]]
    assert bots == [("zero", 0), ("fundamental", 8)]


def test_what_destroys_asks_first(open_stage: Open, game: FakeGame) -> None:
    stage = open_stage(game)
    for count, (key, action) in enumerate([("u", "undo"), ("h", "lobby"), ("z", "reset"), ("e", "end")], 1):
        stage.page.keyboard.press(key)
        assert stage.page.evaluate("() => document.activeElement.id") == "herd-close-confirm", action
        stage.page.keyboard.press("Enter")
        closed(stage)
        assert len(game.controls) == count - 1
        stage.page.keyboard.press(key)
        stage.page.locator("#herd-send-confirm").click()
        assert stage.sent(count) == {"action": action}
        closed(stage)


def test_kicking_from_the_leaders_and_from_the_list(open_stage: Open, game: FakeGame) -> None:
    stage = open_stage(game)
    stage.page.get_by_title("Kick Blaise …").click()
    stage.page.locator("#herd-send-confirm").click()
    assert stage.sent(1) == {"action": "kick", "participant": "p1"}
    closed(stage)
    stage.page.keyboard.press("k")
    stage.page.get_by_role("button", name="Kick Ada", exact=True).wait_for()
    stage.page.fill("#herd-people-find", "mall")
    assert stage.page.locator(".hg-person").count() == 1
    stage.page.get_by_role("button", name="Kick Mallory, E.").click()
    stage.page.locator("#herd-send-confirm").click()
    assert stage.sent(2) == {"action": "kick", "participant": "p77"}


def test_refusals_are_told_where_the_presenter_looks(open_stage: Open, game: FakeGame) -> None:
    stage = open_stage(game)
    game.refusal = (409, {"detail": "there is no round to undo"})
    stage.page.keyboard.press("Space")
    stage.page.get_by_role("alert").get_by_text("there is no round to undo").wait_for()
    game.refusal = (400, {"detail": "move must be a percentage", "errors": [{"loc": ["move"], "msg": "from -95"}]})
    stage.page.keyboard.press("n")
    stage.page.keyboard.press("Enter")
    stage.wait_text("herd-fault-news", "A headline is missing.")
    stage.page.fill("#herd-news-text", "X")
    stage.page.keyboard.press("Enter")
    stage.wait_text("herd-fault-news", "move must be a percentage: from -95")
    assert stage.page.evaluate(OPEN) == ["news"]
    game.refusal = (401, {"detail": "this call needs the key"})
    stage.page.keyboard.press("Enter")
    stage.page.locator("#herd-viewer").wait_for()  # the key is no longer good: the page watches
    assert not visible(stage, "#herd-tools")


def test_a_viewer_has_no_controls(open_stage: Open, game: FakeGame) -> None:
    stage = open_stage(game, viewer=True)
    assert "open this page with the key" in stage.text("herd-viewer")
    assert not visible(stage, "#herd-tools")
    assert stage.page.locator("#herd-leaders button").count() == 0
    for key in ("Space", "n", "r", "e", "z", "k"):
        stage.page.keyboard.press(key)
    stage.page.wait_for_timeout(200)
    assert (game.controls, stage.page.evaluate(OPEN)) == ([], [])
    stage.page.keyboard.press("?")
    assert "News" not in stage.text("herd-help-body")
    assert "Full screen" in stage.text("herd-help-body")


def test_comes_back_by_itself_with_the_state_of_a_restarted_server(open_stage: Open, game: FakeGame) -> None:
    stage = open_stage(game)
    stage.drop()
    stage.wait_text("herd-banner", "The server is unreachable. This is the last picture")
    assert stage.text("herd-price") == f"{game.state['price']:.2f}"
    game.session, game.version = "another", 10**12
    game.state |= {"price": 77.0, "start": 80.0, "phase": "frozen"}
    game.history = [(game.now, 80.0), (game.now + 250, 77.0)]
    game.accepting = game.reachable = True
    stage.wait_text("herd-price", "77.00")
    stage.wait_text("herd-banner", "Connected again.")
    stage.page.locator("#herd-banner").wait_for(state="hidden")
    assert stage.text("herd-session") == "Session another"
    assert stage.page.evaluate("() => orderflow.herd.page.model.p") == [80, 77]
    game.say(price=78.0)
    stage.wait_text("herd-price", "78.00")


def test_a_silent_connection_is_noticed(open_stage: Open, game: FakeGame) -> None:
    stage = open_stage(game)
    game.reachable = False
    stage.page.evaluate("() => { orderflow.herd.page.socket.last = performance.now() - 20000; }")
    stage.page.evaluate("() => { orderflow.herd.page.socket.began = performance.now() - 20000; }")
    stage.wait_text("herd-banner", "The server is unreachable.")
    game.reachable = True
    stage.wait_text("herd-banner", "Connected again.")


def test_a_slow_server_is_named(browser: Any, server: RunningServer) -> None:
    context = browser.new_context()
    stage = Stage(context.new_page(), server.url, FakeGame(1))
    stage.page.unroute_all()
    stage.page.route_web_socket("**/herd/ws**", lambda socket: None)  # takes the connection and says nothing
    stage.page.goto(server.url + "/herd/")
    stage.wait_text("herd-banner", "the network is slow")
    context.close()


def test_full_screen_and_presentation_leave_only_the_stage(open_stage: Open, game: FakeGame) -> None:
    stage = open_stage(game)
    before = stage.page.locator(".hg-picture").bounding_box()
    stage.page.keyboard.press("p")
    for gone in (".of-header", ".of-footer", "#herd-tools"):
        stage.page.locator(gone).wait_for(state="hidden")
    assert stage.page.locator(".hg-picture").bounding_box()["height"] > before["height"] + 60
    stage.page.keyboard.press("Space")  # the keys still steer
    assert stage.sent(1) == {"action": "freeze"}
    stage.page.keyboard.press("Escape")
    stage.page.locator("#herd-tools").wait_for()
    stage.page.keyboard.press("f")
    stage.page.wait_for_function("() => document.fullscreenElement === document.documentElement")
    stage.page.locator(".of-header").wait_for(state="hidden")
    stage.page.keyboard.press("f")
    stage.page.wait_for_function("() => !document.fullscreenElement")
    stage.page.locator("#herd-tools").wait_for()


def test_dark_unless_chosen_otherwise(open_stage: Open, game: FakeGame) -> None:
    stage = open_stage(game, color_scheme="light")
    theme = "() => [document.documentElement.dataset.theme, orderflow.herd.page.chart.theme.name]"
    assert stage.page.evaluate(theme) == ["dark", "dark"]
    stage.page.keyboard.press("t")
    assert stage.page.evaluate(theme) == ["light", "light"]
    stage.page.reload()
    stage.page.wait_for_selector("#herd-stage[data-scene='play']")
    assert stage.page.evaluate(theme) == ["light", "light"]
    white = stage.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert white == "rgb(255, 255, 255)"


def test_the_experiment_takes_the_meter_off_the_screen(open_stage: Open, game: FakeGame) -> None:
    stage = open_stage(game)
    assert visible(stage, ".hg-meter-track")
    game.say(experiment=True)
    stage.page.locator(".hg-meter-track").wait_for(state="hidden")
    assert visible(stage, ".hg-meter-hidden")
    assert stage.page.get_attribute("#herd-do-experiment", "aria-pressed") == "true"


def test_the_end_leads_to_the_debrief_and_a_new_game(open_stage: Open, game: FakeGame) -> None:
    stage = open_stage(game)
    game.say(("phase", "The game has ended"), phase="ended", round=None)
    stage.wait_text("herd-phase", "Ended")
    assert stage.page.get_attribute("#herd-over", "href") == "/herd/debrief/"
    assert visible(stage, "#herd-over")
    stage.wait_text("herd-do-toggle", "New game")
    for name in ("end", "news", "round", "bots", "experiment", "undo", "lobby"):
        assert stage.page.is_disabled(f"#herd-tools [data-do='{name}']"), name
    for name in ("toggle", "people", "reset", "export"):
        assert stage.page.is_enabled(f"#herd-tools [data-do='{name}']"), name
    end = stage.page.evaluate("() => orderflow.herd.page.chart.xRange[1]")
    assert end < 260  # the picture ends with the game


def test_time_windows(desk: Stage) -> None:
    stage = desk
    span = "() => { const [a, b] = orderflow.herd.page.chart.xRange; return b - a; }"
    whole = stage.page.evaluate(span)
    for expected in ("five minutes", "last minute", "whole session"):
        stage.page.keyboard.press("w")
        stage.wait_text("herd-window-note", expected)
        stage.page.wait_for_timeout(100)
        if expected == "last minute":
            assert stage.page.evaluate(span) < whole / 3
    assert stage.page.evaluate(span) == pytest.approx(whole, rel=0.1)


def test_on_a_phone_everything_is_large_and_in_one_column(open_stage: Open, game: FakeGame) -> None:
    stage = open_stage(game, phone=True)
    width, view = stage.page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    assert width <= view == 390
    order = [
        stage.page.locator(selector).bounding_box()["y"]
        for selector in ("#herd-price", "#herd-meter", "#herd-do-toggle", "#herd-plot", "#herd-feed", "#herd-leaders")
    ]
    assert order == sorted(order)
    heights = stage.page.locator("#herd-tools .hg-button").evaluate_all("(l) => l.map((e) => e.offsetHeight)")
    assert min(heights) >= 44
    stage.page.get_by_role("button", name="Freeze").tap()
    assert stage.sent(1) == {"action": "freeze"}
    stage.page.get_by_role("button", name="News").tap()
    stage.page.get_by_role("button", name="Profit warning").tap()
    stage.page.wait_for_function("() => document.getElementById('herd-news-text').value === 'Profit warning'")
    stage.page.get_by_role("button", name="Publish").tap()
    assert stage.sent(2) == {"action": "news", "text": "Profit warning", "move": -20}
    game.say(experiment=True)
    stage.page.wait_for_selector("#herd-stage[data-experiment='true']")
    assert visible(stage, ".hg-meter-track")  # only the room must not see it
    stage.page.evaluate("() => scrollTo(0, 500)")
    assert stage.page.locator("#herd-price").bounding_box()["y"] >= 40  # the price stays in sight


def test_controls_can_be_reached_with_tab_and_have_names(desk: Stage) -> None:
    stage = desk
    stage.page.focus("#herd-do-toggle")
    stage.page.keyboard.press("Tab")
    assert stage.page.evaluate("() => document.activeElement.innerText").startswith("News")
    stage.page.keyboard.press("Enter")
    assert stage.page.evaluate(OPEN) == ["news"]
    stage.page.keyboard.press("Escape")
    closed(stage)
    unnamed = stage.page.evaluate(
        """() => [...document.querySelectorAll('#herd-stage button, dialog button, .of-header button')].filter((b) =>
             !(b.getAttribute('aria-label') || b.innerText.trim() || b.textContent.trim())
             && !b.closest('.mantine-NumberInput-root')).length"""
    )
    assert unnamed == 0
    landmarks = ("header", "main", "nav", "aside", "section[aria-label='Price and phase']", "[role='toolbar']")
    for landmark in landmarks:
        assert stage.page.locator(landmark).count() >= 1, landmark


def test_every_key_opens_what_the_help_says(open_stage: Open, game: FakeGame) -> None:
    stage = open_stage(game)
    page = stage.page
    for key, field in (("B", "#herd-bots-zero"), ("s", "#herd-dialog-export")):
        open_by(page, key, field)
        page.keyboard.press("Escape")
        closed(stage)
    for name, title in (("People", "People"), ("Export", "Export")):
        page.get_by_role("toolbar").get_by_role("button", name=name).click()
        page.get_by_role("dialog", name=title).wait_for()
        page.keyboard.press("Escape")
        closed(stage)
    for key, name, address in (
        ("o", "Order flow of the crowd", "/chart?symbol=HERD"),
        ("d", "Debrief", "/herd/debrief/"),
    ):
        with page.context.expect_page() as opened:
            page.keyboard.press(key)
        assert opened.value.url.startswith(stage.url + address)
        opened.value.close()
        link = page.get_by_role("toolbar").get_by_role("link", name=name)
        assert (link.get_attribute("href"), link.get_attribute("target")) == (address, "_blank")
    page.bring_to_front()
    page.keyboard.press("Control+b")
    page.keyboard.press("Alt+x")
    page.focus("#herd-tools [data-do='experiment']")
    page.keyboard.press("Space")
    assert stage.sent(1) == {"action": "experiment", "on": True}  # the button, not the market
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.down("Space")
    page.keyboard.down("Space")
    page.keyboard.up("Space")
    assert stage.sent(2) == {"action": "freeze"}
    header = page.locator(".of-header")
    header.get_by_role("button", name="QR code on the whole screen").click()
    page.get_by_role("dialog", name="Scan to join").get_by_role("button", name="Close").click()
    closed(stage)
    header.get_by_role("button", name="Time shown").click()
    stage.wait_text("herd-window-note", "five minutes")
    header.get_by_role("button", name="Dark or light").click()
    page.wait_for_selector("html[data-theme='light']")
    header.get_by_role("button", name="Keyboard").click()
    words = page.get_by_role("dialog", name="Keyboard").inner_text()
    assert all(heading in words for heading in ("Game", "Screen", "Time shown: all, five minutes, one minute"))
    page.get_by_role("dialog", name="Keyboard").get_by_role("button", name="Close").click()
    closed(stage)
    header.get_by_role("button", name="Full screen").click()
    page.wait_for_function("() => document.fullscreenElement")


def test_dialogs_close_by_every_way(open_stage: Open, game: FakeGame) -> None:
    stage = open_stage(game)
    page = stage.page
    for key, title, name in (("n", "News", "Cancel"), ("?", "Keyboard", "Close"), ("q", "Scan to join", "Close")):
        page.keyboard.press(key)
        page.get_by_role("dialog", name=title).get_by_role("button", name=name).click()
        closed(stage)
    page.keyboard.press("q")
    page.get_by_role("dialog", name="Scan to join").wait_for()
    page.keyboard.press("Escape")
    closed(stage)
    page.keyboard.press("n")
    page.get_by_role("dialog", name="News").wait_for()
    page.mouse.click(8, 450)
    closed(stage)
    assert game.controls == []


def test_news_rounds_and_bots_say_what_is_missing(open_stage: Open, game: FakeGame) -> None:
    game.state["round"] = None
    stage = open_stage(game)
    page = stage.page
    page.keyboard.press("n")
    news = page.get_by_role("dialog", name="News")
    ready = (
        ("Takeover rumour", "+15 %", "15"),
        ("Profit warning", "−20 %", "-20"),
        ("Regulator opens an inquiry", "−10 %", "-10"),
        ("Rumour denied", "", "0"),
    )
    for text, percent, move in ready:
        news.get_by_role("button", name=f"{text} {percent}".strip(), exact=True).click()
        page.wait_for_function("(text) => document.getElementById('herd-news-text').value === text", arg=text)
        assert news.get_by_label("Move of the price, %").input_value() == move
    page.keyboard.press("Enter")
    assert stage.sent(1) == {"action": "news", "text": "Rumour denied", "move": 0}
    closed(stage)

    open_by(page, "r", "#herd-round-rounds")
    rounds = page.get_by_role("dialog", name="Rounds")
    value, length = rounds.get_by_label("Fundamental value", exact=True), rounds.get_by_label("Seconds each")
    assert (value.is_visible(), rounds.get_by_text("a share pays 0, 8, 28 or 60").is_visible()) == (False, False)
    length.fill("")
    rounds.get_by_role("button", name="Start rounds").click()
    rounds.get_by_role("alert").get_by_text("How many rounds, and how long is each?").wait_for()
    length.fill("30")
    rounds.get_by_label("With a fundamental value").check()
    value.fill("")
    rounds.get_by_role("button", name="Start rounds").click()
    rounds.get_by_role("alert").get_by_text("The fundamental value is missing.").wait_for()
    rounds.get_by_label("Smith, Suchanek").check()
    rounds.get_by_text("a share pays 0, 8, 28 or 60").wait_for()
    rounds.get_by_label("Rounds of a length").check()
    page.wait_for_function("() => document.getElementById('herd-round-rounds').value === '3'")
    rounds.get_by_role("button", name="Start rounds").click()
    assert stage.sent(2) == {"action": "round", "rounds": 3, "seconds": 30}
    closed(stage)

    open_by(page, "b", "#herd-bots-zero")
    bots = page.get_by_role("dialog", name="Bots")
    bots.get_by_role("button", name="Set", exact=True).click()
    stage.wait_text("herd-toasts", "Nothing has changed.")
    closed(stage)
    open_by(page, "b", "#herd-bots-zero")
    bots.get_by_label("Trend followers").fill("999")
    bots.get_by_label("Zero intelligence").focus()
    page.wait_for_function("() => document.getElementById('herd-bots-trend').value === '200'")
    bots.get_by_role("button", name="Set", exact=True).click()
    assert stage.sent(3) == {"action": "bots", "kind": "trend", "count": 200}
    stage.wait_text("herd-toasts", "The bots are set.")


def test_people_are_found_by_name_and_number(open_stage: Open, game: FakeGame) -> None:
    stage = open_stage(game)
    page = stage.page
    rows = [f"p{i},Guest {i},{'trend' if i == 5 else ''},5000,50,{9000 + i},{int(i == 3)}" for i in range(230)]
    answers = [
        {"body": "\n".join(["participant,nickname,bot,cash,shares,wealth,kicked", *rows])},
        {"body": "participant,nickname,bot,cash,shares,wealth,kicked\n"},
        {"status": 500, "body": "no"},
    ]
    page.route("**/herd/export/participants.csv", lambda route: route.fulfill(**answers.pop(0)))
    page.keyboard.press("k")
    people = page.get_by_role("dialog", name="People")
    people.get_by_text("29 more: look for a name.").wait_for()
    assert people.get_by_role("button", name="Kick Guest").count() == 200
    assert people.get_by_role("button", name="Kick Guest 3", exact=True).count() == 0
    assert people.get_by_text("9,004").is_visible()
    assert people.get_by_text("bot", exact=True).count() == 1
    find = people.get_by_label("Find")
    find.fill("p229")
    people.get_by_role("button", name="Kick Guest 229").wait_for()
    assert people.get_by_role("button", name="Kick Guest").count() == 1
    find.fill("nobody")
    people.get_by_text("Nobody of that name.").wait_for()
    for words in ("Nobody has joined yet.", NAMES[2]):
        page.keyboard.press("Escape")
        closed(stage)
        page.keyboard.press("k")
        people.get_by_text(words).wait_for()


def test_the_session_is_saved_as_files(open_stage: Open, game: FakeGame) -> None:
    stage = open_stage(game)
    stage.page.keyboard.press("s")
    files = stage.page.get_by_role("dialog", name="Export")
    wanted = {
        "Ticks (CSV)": "ticks.csv",
        "Participants (CSV)": "participants.csv",
        "Orders (CSV)": "orders.csv",
        "Event log (JSONL)": "events.jsonl",
    }
    for title, name in wanted.items():
        link = files.get_by_role("link", name=title)
        assert (link.get_attribute("href"), link.get_attribute("download")) == (f"/herd/export/{name}", name)
    with stage.page.expect_download() as download:
        files.get_by_role("link", name="Participants (CSV)").click()
    assert download.value.suggested_filename.endswith("participants.csv")


def test_the_toolbar_fits_the_phase(open_stage: Open) -> None:
    game = FakeGame(int(time.time() * 1000))
    game.state |= {"phase": "lobby", "n": 3}
    stage = open_stage(game)
    tools, asks = stage.page.get_by_role("toolbar"), stage.page.locator("dialog[open]")
    assert tools.get_by_role("button", name="Lobby").is_disabled()
    assert tools.get_by_role("button", name="Undo round").is_disabled()
    stage.page.keyboard.press("Space")
    assert stage.sent(1) == {"action": "start"}
    stage.wait_text("herd-toasts", "The market is open.")
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    stage.page.route("**/herd/control", hold)
    tools.get_by_role("button", name="Freeze").click()
    stage.page.locator("#herd-do-toggle:disabled").wait_for()
    held.pop().fulfill(json={"phase": "open"})
    stage.page.unroute("**/herd/control", hold)
    stage.page.locator("#herd-do-toggle:enabled").wait_for()
    experiment = tools.get_by_role("button", name="Experiment")
    experiment.click()
    assert stage.sent(2) == {"action": "experiment", "on": True}
    game.say(("round", "Round 1 of 3 begins"), experiment=True, round={"round": 1, "of": 3, "ends": game.now + 60_000})
    stage.page.locator("#herd-do-experiment[aria-pressed='true']").wait_for()
    experiment.click()
    assert stage.sent(3) == {"action": "experiment", "on": False}
    wanted = (
        ("Undo round", "Undo the last round?", "Undo round"),
        ("Lobby", "Back to the lobby?", "To the lobby"),
        ("End", "End the game?", "End the game"),
        ("Reset", "Reset everything?", "Reset"),
    )
    for name, question, answer in wanted:
        tools.get_by_role("button", name=name).click()
        asks.get_by_role("heading", name=question).wait_for()
        assert asks.get_by_role("button", name=answer, exact=True).is_visible()
        asks.get_by_role("button", name="Cancel").click()
        closed(stage)
    game.say(phase="ended", round=None)
    stage.wait_text("herd-do-toggle", "New game")
    stage.page.keyboard.press("Space")
    asks.get_by_role("heading", name="Reset everything?").wait_for()
    assert len(game.controls) == 3


def test_what_breaks_the_line_is_said(open_stage: Open, game: FakeGame) -> None:
    stage = open_stage(game)
    assert stage.text("herd-link") == "Live"
    stage.page.route("**/herd/control", lambda route: route.abort())
    stage.page.keyboard.press("Space")
    stage.page.get_by_role("alert").get_by_text("The server is unreachable.").wait_for()
    game.accepting = False
    stage.page.context.set_offline(True)
    stage.wait_text("herd-banner", "This device is offline.")
    stage.wait_text("herd-link", "Reconnecting …")
    game.accepting = True
    stage.page.context.set_offline(False)
    stage.wait_text("herd-banner", "Connected again.")
    stage.wait_text("herd-link", "Live")


def test_nothing_yet_is_said(open_stage: Open) -> None:
    game = FakeGame(int(time.time() * 1000))
    game.state |= {"n": 1, "phase": "open"}
    stage = open_stage(game)
    assert stage.page.get_by_text("Nobody has traded yet.").is_visible()
    assert stage.page.get_by_text("Nothing has happened yet.").is_visible()
    assert stage.text("herd-stat-gini") == "–"
    assert stage.text("herd-meter-buy") == "Buyers –"
    assert stage.text("herd-session") == f"Session {game.session}"
    stage.page.route("**/herd/qr.svg**", lambda route: route.fulfill(status=401))
    game.say(phase="lobby", code="OTHER")
    stage.page.get_by_role("heading", name="Scan to join: we begin soon").wait_for()
    stage.page.locator("#herd-hero img").wait_for(state="hidden")


def test_where_full_screen_is_refused_the_page_presents(open_stage: Open, browser: Any, game: FakeGame) -> None:
    stage = open_stage(game)
    stage.page.evaluate(
        """() => {
          Element.prototype.requestFullscreen = () => Promise.reject(new Error("refused"));
          const locks = (window.locks = []);
          const wakeLock = { request: async () => (locks.push("on"), { release: async () => locks.push("off") }) };
          Object.defineProperty(navigator, "wakeLock", { value: wakeLock });
        }"""
    )
    stage.page.keyboard.press("f")
    stage.page.locator(".of-header").wait_for(state="hidden")
    stage.page.wait_for_function("() => window.locks.join() === 'on'")
    stage.page.keyboard.press("p")
    stage.page.locator(".of-header").wait_for()
    stage.page.wait_for_function("() => window.locks.join() === 'on,off'")
    context = browser.new_context()
    context.add_init_script("Object.defineProperty(Document.prototype, 'fullscreenEnabled', { value: false });")
    other = Stage(context.new_page(), stage.url, game)
    other.visit()
    assert not other.page.get_by_role("button", name="Full screen").is_visible()
    context.close()


def test_texts_for_those_who_do_not_see(desk: Stage) -> None:
    page = desk.page
    for name in ("Price and phase", "Price chart", "Join", "Leaderboard", "Events", "Statistics"):
        assert page.get_by_role("region", name=name, exact=True).count() == 1, name
    assert page.get_by_role("complementary", name="Crowd").count() == 1
    chart = page.get_by_role("img", name="Price over the session, with rounds, news and the fundamental value")
    assert chart.count() == 1
    assert page.get_by_role("timer").count() == 1
    for title in ("News", "Rounds", "Bots", "People", "Export", "Keyboard"):
        dialog = page.get_by_role("dialog", name=title, include_hidden=True)
        assert dialog.count() == 1, title
    assert page.locator(".hg-join").get_by_role("img", name="QR code of the address to join").count() == 1
    keys = page.locator("[aria-keyshortcuts]").evaluate_all("(l) => l.map((e) => e.getAttribute('aria-keyshortcuts'))")
    assert {*"NRBXKUHEZSDOQWFT?", "Space"} <= set(keys)
    assert page.locator("[role='status'][aria-live='polite']").count() == 2


def test_other_pages_are_left_alone(browser: Any, server: RunningServer, shown: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    page.goto(f"{server.url}/chart/?symbol={shown}")
    page.wait_for_function("() => orderflow.page && orderflow.page.chart && orderflow.page.chart.ready")
    assert page.evaluate("() => orderflow.herd.page === undefined")
    assert (errors, sockets) == ([], [])
    context.close()


class Phone:
    """Somebody who plays, without a page."""

    def __init__(self, server: RunningServer, nickname: str) -> None:
        self._url = server.url
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar())).open
        self.post("/herd/join", {"nickname": nickname})

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The JSON that a POST is answered with."""
        request = urllib.request.Request(
            self._url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with self._open(request, timeout=10) as answer:
            return json.loads(answer.read())

    def order(self, side: str, quantity: int) -> None:
        """An order."""
        self.post("/herd/orders", {"client_id": str(uuid.uuid4()), "side": side, "quantity": quantity})


def test_a_real_game_from_the_first_phone_to_the_end(browser: Any, launch: Callable[..., RunningServer]) -> None:
    server = launch("--ephemeral", "--no-browser")
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(15_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(server.url + "/herd/")
    page.wait_for_selector("#herd-stage[data-scene='join'][data-access='presenter']")
    code = page.locator("#herd-hero .hg-code").inner_text()
    assert page.locator("#herd-hero img").evaluate("(e) => e.decode().then(() => e.naturalWidth)") > 0
    ada, blaise = Phone(server, "Ada"), Phone(server, "Blaise")
    page.wait_for_selector("#herd-stage[data-scene='play']")
    ada.order("buy", 30)
    page.wait_for_function("() => parseFloat(document.getElementById('herd-price').innerText) > 101")
    page.get_by_title("Kick Ada …").wait_for()
    page.keyboard.press("n")
    page.keyboard.type("Comet")
    page.fill("#herd-news-move", "-10")
    page.keyboard.press("Enter")
    page.wait_for_selector(".hg-mark[data-kind='news']")
    none_open(page)
    blaise.order("sell", 10)
    open_by(page, "r", "#herd-round-rounds")
    page.fill("#herd-round-rounds", "2")
    page.fill("#herd-round-seconds", "60")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.getElementById('herd-round').innerText === 'Round 1 of 2'")
    page.wait_for_function("() => document.getElementById('herd-stat-trades').innerText === '2'")
    none_open(page)
    page.keyboard.press("Space")
    page.wait_for_function("() => document.getElementById('herd-phase').innerText === 'Frozen'")
    price = page.inner_text("#herd-price")
    page.reload()  # everything is there again, also the marks of before
    page.wait_for_selector(".hg-mark[data-kind='news']")
    assert page.inner_text("#herd-price") == price
    page.keyboard.press("e")
    page.locator("#herd-send-confirm").click()
    page.wait_for_selector("#herd-stage[data-scene='over']")
    none_open(page)
    page.keyboard.press("z")
    page.locator("#herd-send-confirm").click()
    page.wait_for_selector("#herd-stage[data-scene='join']")
    assert page.locator("#herd-hero .hg-code").inner_text() == code
    assert errors == []
    context.close()


def test_with_a_key_only_its_holder_steers(browser: Any, launch: Callable[..., RunningServer]) -> None:
    server = launch("--ephemeral", "--no-browser", environ={"ORDERFLOW_API_KEY": "open-sesame"})
    for query, access in (("", "viewer"), ("?key=open-sesame", "presenter")):
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{server.url}/herd/{query}")
        page.wait_for_selector(f"#herd-stage[data-access='{access}']")
        page.keyboard.press("Space")
        wanted = "frozen" if access == "presenter" else "open"
        page.wait_for_selector(f"#herd-stage[data-phase='{wanted}']")
        context.close()
