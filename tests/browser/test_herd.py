"""The herd game's big screen in a real browser: what it shows, and the presenter's controls."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.herd_stage import GRAPH, NAMES, Room, Stage
from tests.browser.waiting import PATIENCE
from tests.running import RunningServer, start_server

pytestmark = pytest.mark.browser

Open = Callable[..., Stage]
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    """A server for this module's games."""
    server = start_server("--ephemeral", "--no-browser")
    yield Room(server)
    server.stop()


@pytest.fixture(scope="module")
def open_stage(browser: Any, room: Room) -> Iterator[Open]:
    """open_stage(phone=False, …): a new page. Errors of the console or the page fail the module's last test."""
    opened: list[Stage] = []

    def go(*, phone: bool = False, **options: Any) -> Stage:
        options.setdefault("viewport", PHONE if phone else DESKTOP)
        context = browser.new_context(has_touch=phone, is_mobile=phone, **options)
        context.set_default_timeout(PATIENCE)
        stage = Stage(context.new_page(), room.server.url)
        opened.append(stage)
        stage.visit()
        return stage

    yield go
    for stage in opened:
        stage.page.context.close()
    assert [error for stage in opened for error in stage.errors] == []


@pytest.fixture(scope="module")
def desk(open_stage: Open) -> Stage:
    """The presenter's page, shared by the tests that do not change it: loading it for each would take minutes."""
    return open_stage()


@pytest.fixture
def stage(desk: Stage, room: Room) -> Stage:
    """The presenter's page in a new game with two participants; no button has the focus."""
    room.begin()
    desk.unfocused()
    desk.wait_text("herd-session", room.state()["session"])  # what was shown of the game before is no answer
    desk.page.wait_for_selector("#herd-stage[data-scene='play'][data-phase='open']")
    desk.page.wait_for_function("() => document.getElementById('herd-stat-participants').innerText === '2'")
    return desk


def test_shows_price_phase_round_and_crowd(stage: Stage, room: Room) -> None:
    room.control("bots", kind="trend", count=1)
    room.control("round", rounds=3, seconds=60)
    ada = room.join(7)[0]  # with the two and the bot ten, so that the bot is listed wherever it stands
    ada.order("buy", 30)
    stage.page.wait_for_function("() => parseFloat(document.getElementById('herd-price').innerText) > 101")
    assert re.match(r"▲ \+\d+\.\d\d \(\+\d+\.\d %\)", stage.text("herd-change"))
    assert (stage.text("herd-phase"), stage.text("herd-round")) == ("Open", "Round 1 of 3")
    assert re.fullmatch(r"0:[345]\d|1:00", stage.text("herd-clock"))
    stage.wait_text("herd-meter-buy", "Buyers ")
    stage.page.wait_for_function("() => document.querySelectorAll('#herd-leaders li').length === 10")
    rows = stage.page.locator("#herd-leaders li")
    assert re.search(r".+\d[\d,]+\s+[▲▼■] [+−±]", rows.nth(0).inner_text().replace("\n", " "))
    assert rows.locator(".hg-leader").nth(1).get_attribute("data-rank") == "2"
    stage.page.locator("#herd-leaders .hg-bot", has_text="bot").wait_for()
    assert stage.page.locator(".hg-stat").count() == 14
    newest = stage.page.locator("#herd-feed li").nth(0).inner_text()
    assert (newest.split("\n")[-1], re.match(r"\d:\d\d", newest) is not None) == ("Round 1 of 3 begins", True)
    assert stage.page.title() == "Herd game · Orderflow"


def test_join_card_stays_on_the_screen(stage: Stage, room: Room) -> None:
    card = stage.page.locator(".hg-join")
    assert re.search(r":\d+/j$", card.locator(".hg-url").inner_text())
    assert card.locator(".hg-code").inner_text() == f"Code {room.state()['version'] and code_of(room)}"
    assert re.fullmatch(r"2 joined · \d+ connected", card.locator(".hg-count").inner_text())
    assert card.locator("img").evaluate("(e) => e.decode().then(() => e.naturalWidth)") > 0
    small = card.locator("img").bounding_box()["width"]
    assert small > 140
    stage.open_by("q", "Scan to join")
    whole = stage.page.locator("#herd-qr-whole").bounding_box()["height"]
    assert whole > 0.8 * 900 > small
    stage.page.keyboard.press("q")
    stage.closed()
    card.get_by_role("button").click()
    stage.dialog("Scan to join")
    stage.page.keyboard.press("Escape")
    stage.closed()


def code_of(room: Room) -> str:
    """The join code of the game."""
    return str(room.server.get("/herd/address")["code"])


def test_the_chart_has_the_session_its_rounds_news_and_value(stage: Stage, room: Room) -> None:
    room.control("round", rounds=2, seconds=60, fundamental=120)
    room.control("news", text="Profit warning", move=-20)
    stage.wait_line("y[y.length - 1] === 80")
    assert stage.page.locator("#herd-chart .js-plotly-plot").count() == 1
    assert stage.line()[1][0] == 100
    stage.page.wait_for_function(f"() => {GRAPH}.data[2].text.includes('Fundamental value 120.00')")
    assert {value for value in stage.page.evaluate(f"() => {GRAPH}.data[2].y") if value} == {120}
    assert stage.mark("news") == ["⚡ Profit warning (−20%)"]
    assert stage.page.evaluate(f"() => {GRAPH}.data[3].x.length") == 3
    assert stage.page.locator("#herd-chart .xtick").count() >= 2


def test_updates_arrive_and_cost_little(stage: Stage, room: Room) -> None:
    for step in range(1, 5):
        room.control("news", text=f"Step {step}", move=10)
        stage.page.wait_for_timeout(300)
    price = f"{100 * 1.1**4:.2f}"
    stage.wait_text("herd-price", price)
    stage.page.wait_for_function(f"(tag) => {GRAPH}.data[1].text[2] === tag", arg=f"▲ {price}")
    stage.wait_line(f"Math.abs(y[y.length - 1] - {price}) < 0.01")
    assert stage.page.get_attribute("#herd-picture", "data-way") == "up"
    body = stage.page.evaluate(
        """() => new Promise((done) => new PerformanceObserver((list) =>
             list.getEntries().some((e) => e.name.includes('_dash-update') && done(e.decodedBodySize)))
             .observe({ type: 'resource' }))"""
    )
    assert body < 12_000


def test_news_are_shown_large_and_phases_announced(stage: Stage, room: Room) -> None:
    said = stage.text("herd-announce")
    room.control("news", text="Comet", move=5)
    stage.wait_text("herd-news", "Comet")
    assert stage.text("herd-announce") == said
    room.control("round", rounds=3, seconds=9)
    stage.wait_text("herd-announce", "The market is open. Round 1 of 3.")
    room.control("freeze")
    stage.wait_text("herd-announce", "The market is frozen. Round 1 of 3.")
    left = stage.text("herd-clock")
    stage.page.wait_for_timeout(1_200)
    assert (stage.text("herd-phase"), stage.text("herd-clock")) == ("Frozen", left)
    live = stage.page.locator("#herd-stage [aria-live], #herd-toasts").evaluate_all("(list) => list.map((e) => e.id)")
    assert live == ["herd-announce", "herd-toasts"]


def test_qr_code_fills_the_screen_until_somebody_joins(desk: Stage, room: Room) -> None:
    room.control("reset")
    hero = desk.page.locator("#herd-hero")
    hero.wait_for()
    assert hero.locator("img").bounding_box()["height"] > 600
    assert hero.get_by_role("heading").inner_text() == "Scan to join"
    assert hero.locator("li").count() == 3
    assert not desk.page.locator(".hg-side").is_visible()
    room.join()
    hero.wait_for(state="hidden")
    assert desk.page.locator("#herd-chart .main-svg").first.is_visible()
    room.control("lobby")
    hero.wait_for()
    desk.wait_text("herd-count-hero", "1 joined")


def test_keys_control_the_game(stage: Stage, room: Room) -> None:
    keyboard = stage.page.keyboard
    keyboard.press("Space")
    stage.wait_text("herd-toggle-words", "Resume")
    keyboard.press("Space")
    stage.wait_text("herd-toggle-words", "Freeze")
    for words in ("Resume", "Freeze"):
        stage.page.locator("#herd-do-toggle").dblclick()  # counts as one click
        stage.wait_text("herd-toggle-words", words)
    keyboard.press("x")
    stage.page.wait_for_selector("#herd-stage[data-experiment='true']")
    keyboard.press("x")
    stage.page.wait_for_selector("#herd-stage[data-experiment='false']")
    stage.open_by("n", "News")
    stage.page.wait_for_function("() => document.activeElement.id === 'herd-news-text'")
    keyboard.press("Control+a")
    keyboard.type("Space on the moon")
    stage.page.fill("#herd-news-move", "-12.5")
    keyboard.press("Enter")
    stage.wait_text("herd-toasts", "Published.")
    stage.closed()
    assert (room.state()["news"]["text"], room.state()["price"]) == ("Space on the moon", 87.5)
    assert room.state()["phase"] == "open"  # the spaces of the headline were not hotkeys
    help = stage.open_by("?", "Keyboard")
    assert help.locator(".hg-help-row").count() == 20
    keyboard.press("e")  # a dialog keeps the keys to itself
    stage.page.wait_for_timeout(200)
    assert stage.page.get_by_role("dialog").count() == 1


def test_space_freezes_also_after_a_click_on_another_button(stage: Stage, room: Room) -> None:
    page = stage.page
    page.locator("#herd-do-news").click()
    stage.dialog("News")
    page.keyboard.press("Escape")
    stage.closed()
    page.wait_for_function("() => document.activeElement.id === 'herd-do-news'")  # the dialog gives it back
    page.keyboard.press("Space")
    stage.wait_text("herd-toggle-words", "Resume")
    page.locator("#herd-do-news").click()
    stage.dialog("News")
    page.keyboard.press("Tab")  # from field to field of the dialog
    page.keyboard.press("Escape")
    stage.closed()
    page.wait_for_function("() => document.activeElement.id === 'herd-do-news'")
    page.keyboard.press("Space")
    stage.wait_text("herd-toggle-words", "Freeze")
    page.keyboard.press("Space")
    stage.wait_text("herd-toggle-words", "Resume")
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")  # on a button that was gone to by Tab, it is the button's
    stage.dialog("News")
    page.keyboard.press("Escape")
    stage.closed()
    assert room.state()["phase"] == "frozen"


def test_buttons_control_the_game(stage: Stage, room: Room) -> None:
    tools = stage.page.get_by_role("toolbar")
    tools.get_by_role("button", name="Rounds").click()
    stage.page.get_by_label("With a fundamental value").check()
    stage.page.locator("#herd-round-fundamental").wait_for()
    for field, value in (("rounds", "5"), ("seconds", "45"), ("fundamental", "110"), ("dividend", "1.5")):
        stage.page.fill(f"#herd-round-{field}", value)
    stage.page.get_by_role("button", name="Start rounds").click()
    stage.closed()
    stage.wait_text("herd-round", "Round 1 of 5")
    assert room.state()["round"]["dividend"] == 1.5
    tools.get_by_role("button", name="Rounds").click()
    stage.page.get_by_role("button", name="End it, begin the next").click()
    stage.closed()
    stage.wait_text("herd-round", "Round 2 of 5")
    tools.get_by_role("button", name="Rounds").click()
    stage.page.get_by_role("button", name="Stop the rounds").click()
    stage.closed()
    stage.page.wait_for_function("() => !document.getElementById('herd-round').innerText")
    tools.get_by_role("button", name="Rounds").click()
    stage.page.get_by_label("Smith, Suchanek").check()
    stage.page.wait_for_function("() => document.getElementById('herd-round-rounds').value === '15'")
    stage.page.get_by_role("button", name="Start rounds").click()
    stage.closed()
    assert room.state()["round"]["preset"] == "ssw"
    room.control("bots", kind="zero", count=5)
    stage.page.locator("#herd-do-bots[data-fill*='5']").wait_for()
    tools.get_by_role("button", name="Bots").click()
    stage.page.wait_for_function("() => document.getElementById('herd-bots-zero')?.value === '5'")
    stage.page.fill("#herd-bots-zero", "0")
    stage.page.fill("#herd-bots-fundamental", "8")
    stage.page.get_by_role("button", name="Set", exact=True).click()
    stage.wait_text("herd-toasts", "The bots are set.")
    for _ in range(100):  # the statistics are at most a second old
        if room.server.get("/herd/stats")["bots"] == 8:
            break
        stage.page.wait_for_timeout(100)
    assert room.server.get("/herd/stats")["bots"] == 8


def test_destructive_actions_ask_first(stage: Stage, room: Room) -> None:
    room.control("round", rounds=1, seconds=600)
    stage.wait_text("herd-round", "Round 1")
    session = room.state()["session"]
    wanted = (
        ("u", "Undo the last round?", "undo", lambda: room.state()["round"] is None),
        ("h", "Back to the lobby?", "lobby", lambda: room.state()["phase"] == "lobby"),
        ("e", "End the game?", "end", lambda: room.state()["phase"] == "ended"),
        ("z", "Reset everything?", "reset", lambda: room.state()["session"] != session),
    )
    code = code_of(room)
    for key, title, name, done in wanted:
        stage.open_by(key, title)
        stage.page.wait_for_function(f"() => document.activeElement.id === 'herd-close-{name}'")
        stage.page.keyboard.press("Enter")
        stage.closed()
        assert not done(), name
        stage.open_by(key, title)
        stage.page.locator(f"#herd-send-{name}").click()
        stage.closed()
        assert done(), name
        stage.page.wait_for_timeout(400)
    assert code_of(room) == code


def test_kicking_from_the_leaders_and_from_the_list(stage: Stage, room: Room) -> None:
    stage.page.get_by_title("Kick Blaise …").click()
    stage.dialog("Kick Blaise?")
    stage.page.locator("#herd-send-kick").click()
    stage.wait_text("herd-toasts", "Blaise is out.")
    assert room.state()["n"] == 1
    stage.open_by("k", "People")
    stage.page.get_by_role("button", name="Kick Ada", exact=True).wait_for()
    stage.page.fill("#herd-people-find", "ad")
    stage.page.get_by_role("button", name="Kick Ada").click()
    stage.dialog("Kick Ada?")
    stage.page.locator("#herd-send-kick").click()
    stage.wait_text("herd-toasts", "Ada is out.")
    stage.page.locator("#herd-people-list", has_text="Nobody").wait_for()
    assert room.state()["n"] == 0
    people, old = stage.dialog("People"), code_of(room)
    people.get_by_text(re.compile(r"\d joined in the last minute, \d+ of them from one address")).wait_for()
    people.get_by_role("button", name="Require a new code").click()
    stage.wait_text("herd-toasts", "Joining needs the new code ")
    code = code_of(room)
    assert code != old
    stage.wait_text("herd-toasts", f"Joining needs the new code {code} now.")
    people.get_by_role("button", name="Let everybody join").click()
    stage.wait_text("herd-toasts", "Everybody can join without a code.")
    assert people.get_by_role("button", name="Remove 0 without an order").is_disabled()
    stage.page.evaluate("() => dash_clientside.set_props('herd-do-clear', { n_clicks: 1 })")
    stage.wait_text("herd-toasts", "0 are removed.")


def test_refusals_are_shown_in_the_open_dialog(stage: Stage, room: Room, browser: Any) -> None:
    news = stage.open_by("n", "News")
    stage.page.fill("#herd-news-text", "")
    stage.page.keyboard.press("Enter")
    news.get_by_text("A headline is missing.").wait_for()
    stage.page.fill("#herd-news-text", "X" * 500)
    stage.page.keyboard.press("Enter")
    news.get_by_text("It must have 1 to").wait_for()
    assert stage.page.input_value("#herd-news-text") == "X" * 500
    stage.page.fill("#herd-news-text", "")
    stage.page.keyboard.press("Escape")
    stage.closed()
    held = stage.open_by("u", "Undo the last round?") if stage.page.is_enabled("#herd-do-undo") else None
    assert held is None  # nothing to undo: the button says so before the server has to
    stage.page.evaluate("() => dash_clientside.set_props('herd-dialog-undo', { opened: true })")
    undo = stage.dialog("Undo the last round?")
    stage.page.locator("#herd-send-undo").click()
    undo.get_by_role("alert").get_by_text("round").wait_for()
    stage.page.keyboard.press("Escape")
    stage.closed()


def test_a_refusal_without_a_dialog_is_an_alert(stage: Stage, room: Room) -> None:
    room.control("end")
    stage.page.evaluate("() => document.getElementById('herd-do-experiment').disabled = false")
    stage.page.evaluate("() => dash_clientside.set_props('herd-do-experiment', { n_clicks: 99 })")
    stage.page.locator("#herd-toasts").get_by_role("alert").get_by_text("the game has ended").wait_for()


def test_dialogs_close_in_every_way(stage: Stage, room: Room) -> None:
    page = stage.page
    for key, title, name in (("n", "News", "Cancel"), ("?", "Keyboard", "Close"), ("q", "Scan to join", "Close")):
        stage.open_by(key, title).get_by_role("button", name=name).click()
        stage.closed()
    stage.open_by("q", "Scan to join")
    page.keyboard.press("Escape")
    stage.closed()
    stage.open_by("n", "News")
    page.mouse.click(8, 450)
    stage.closed()
    assert room.state()["news"] is None


def test_news_rounds_and_bots_say_what_is_missing(stage: Stage, room: Room) -> None:
    page = stage.page
    news = stage.open_by("n", "News")
    ready = (
        ("Takeover rumour", "+15 %", "15"),
        ("Profit warning", "−20 %", "-20"),
        ("Regulator opens an inquiry", "−10 %", "-10"),
        ("Rumour denied", "", "0"),
    )
    for text, percent, move in ready:
        news.get_by_role("button", name=f"{text} {percent}".strip(), exact=True).click()
        page.wait_for_function("(text) => document.getElementById('herd-news-text').value === text", arg=text)
        page.wait_for_function("(move) => document.getElementById('herd-news-move').value === move", arg=move)
    page.keyboard.press("Enter")
    stage.closed()
    assert (room.state()["news"]["text"], room.state()["price"]) == ("Rumour denied", 100)

    rounds = stage.open_by("r", "Rounds")
    rounds.get_by_label("Rounds of a length").check()
    value, length = rounds.get_by_label("Fundamental value", exact=True), rounds.get_by_label("Seconds each")
    value.wait_for(state="hidden")
    rounds.get_by_text("a share pays 0, 8, 28 or 60").wait_for(state="hidden")
    length.fill("")
    rounds.get_by_role("button", name="Start rounds").click()
    rounds.get_by_role("alert").get_by_text("How many rounds, and how long is each?").wait_for()
    length.fill("30")
    rounds.get_by_label("With a fundamental value").check()
    value.wait_for()
    value.fill("")
    rounds.get_by_role("button", name="Start rounds").click()
    rounds.get_by_text("The fundamental value is missing.").wait_for()
    rounds.get_by_label("Smith, Suchanek").check()
    rounds.get_by_text("a share pays 0, 8, 28 or 60").wait_for()
    rounds.get_by_label("Rounds of a length").check()
    page.wait_for_function("() => document.getElementById('herd-round-rounds').value === '3'")
    rounds.get_by_role("button", name="Start rounds").click()
    stage.closed()
    assert (room.state()["round"]["of"], "preset" in room.state()["round"]) == (3, False)

    bots = stage.open_by("b", "Bots")
    bots.get_by_role("button", name="Set", exact=True).click()
    stage.wait_text("herd-toasts", "Nothing has changed.")
    bots = stage.open_by("b", "Bots")
    page.wait_for_timeout(300)  # the present numbers come in the meantime
    bots.get_by_label("Trend followers").fill("999")
    bots.get_by_label("Zero intelligence").focus()
    page.wait_for_function("() => document.getElementById('herd-bots-trend').value === '200'")
    page.keyboard.press("Escape")


def test_people_are_found_by_name_and_number(stage: Stage, room: Room) -> None:
    page = stage.page
    room.control("kick", participant="p1")
    room.control("bots", kind="zero", count=200)
    people = stage.open_by("k", "People")
    people.get_by_text("1 more: look for a name.").wait_for()
    assert people.get_by_role("button", name="Kick").count() == 200
    assert people.get_by_role("button", name="Kick Ada", exact=True).count() == 0
    assert re.fullmatch(r"\d+,\d{3}", people.locator(".hg-wealth").first.inner_text())
    assert people.get_by_text("bot", exact=True).count() == 199
    find = people.get_by_label("Find")
    find.fill("p2")
    people.get_by_role("button", name="Kick Blaise").wait_for()
    page.wait_for_function("() => document.querySelectorAll('.hg-person').length === 1")
    find.fill("nobody")
    people.get_by_text("Nobody of that name.").wait_for()
    page.keyboard.press("Escape")
    stage.closed()
    room.control("reset")
    people = stage.open_by("k", "People")
    people.get_by_text("Nobody has joined yet.").wait_for()
    page.keyboard.press("Escape")
    stage.closed()


def test_the_session_is_saved_as_files(stage: Stage) -> None:
    files = stage.open_by("s", "Export")
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


def test_the_toolbar_fits_the_phase(stage: Stage, room: Room) -> None:
    room.control("lobby")
    tools = stage.page.get_by_role("toolbar")
    stage.page.locator("#herd-do-lobby:disabled").wait_for()
    assert tools.get_by_role("button", name="Undo round").is_disabled()
    stage.page.keyboard.press("Space")
    stage.wait_text("herd-toasts", "The market is open.")
    held: list[Any] = []

    def hold(route: Any) -> None:
        if "herd-do-toggle.n_clicks" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    stage.wait_text("herd-toggle-words", "Freeze")
    stage.page.route("**/_dash-update-component**", hold)
    for presses in (1, 2):  # the second while nothing has come of the first
        tools.get_by_role("button", name="Freeze").click()
        while len(held) < presses:
            stage.page.wait_for_timeout(20)
    for request in held:
        request.continue_()
    stage.page.unroute("**/_dash-update-component**", hold)
    stage.wait_text("herd-toggle-words", "Resume")
    assert room.state()["phase"] == "frozen"
    experiment = tools.get_by_role("button", name="Experiment")
    for pressed in ("true", "false"):
        experiment.click()
        stage.page.locator(f"#herd-do-experiment[aria-pressed='{pressed}']").wait_for()
    room.control("round", rounds=3, seconds=60)
    stage.page.locator("#herd-do-undo:enabled").wait_for()
    wanted = (
        ("Undo round", "Undo the last round?", "Undo round"),
        ("Lobby", "Back to the lobby?", "To the lobby"),
        ("End", "End the game?", "End the game"),
        ("Reset", "Reset everything?", "Reset"),
    )
    for name, question, answer in wanted:
        tools.get_by_role("button", name=name, exact=True).click()
        asks = stage.dialog(question)
        assert asks.get_by_role("button", name=answer, exact=True).is_visible()
        asks.get_by_role("button", name="Cancel").click()
        stage.closed()
    room.control("end")
    stage.wait_text("herd-toggle-words", "New game")
    stage.page.keyboard.press("Space")
    stage.dialog("Reset everything?")
    stage.page.keyboard.press("Escape")


def test_every_key_opens_what_the_help_says(stage: Stage, room: Room) -> None:
    page = stage.page
    for key, title in (("B", "Bots"), ("s", "Export")):
        stage.open_by(key, title)
        page.keyboard.press("Escape")
        stage.closed()
    for name in ("People", "Export"):
        page.get_by_role("toolbar").get_by_role("button", name=name, exact=True).click()
        stage.dialog(name)
        page.keyboard.press("Escape")
        stage.closed()
    for key, name, address in (
        ("o", "Order flow of the crowd", "/chart?symbol=HERD"),
        ("d", "Debrief", "/herd/debrief/"),
    ):
        with page.context.expect_page() as opened:
            page.keyboard.press(key)
        opened.value.wait_for_url(lambda url, wanted=address: wanted.split("?")[0].rstrip("/") in url)
        opened.value.close()
        link = page.get_by_role("toolbar").get_by_role("link", name=name)
        assert (link.get_attribute("href"), link.get_attribute("target")) == (address, "_blank")
    page.bring_to_front()
    page.keyboard.press("Control+b")
    page.keyboard.press("Alt+x")
    page.focus("#herd-do-experiment")
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    page.locator("#herd-do-experiment[aria-pressed='true']").wait_for()
    assert room.state()["phase"] == "open"  # the button, not the market
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.down("Space")
    page.keyboard.down("Space")
    page.keyboard.up("Space")
    stage.wait_text("herd-phase", "Frozen")
    page.wait_for_timeout(400)
    assert room.state()["phase"] == "frozen"
    header = page.locator(".of-header")
    header.get_by_role("button", name="QR code on the whole screen").click()
    stage.dialog("Scan to join").get_by_role("button", name="Close").click()
    stage.closed()
    header.get_by_role("button", name="Keyboard").click()
    words = stage.dialog("Keyboard").inner_text()
    assert all(heading in words for heading in ("Game", "Screen", "Time shown: all, five minutes, one minute"))
    page.keyboard.press("Escape")
    stage.closed()
    for theme in ("light", "dark"):
        header.get_by_role("button", name="Dark or light").click()
        page.wait_for_selector(f"html[data-theme='{theme}']")
    for shown in ("five minutes", "last minute", "whole session"):
        header.get_by_role("button", name="Time shown").click()
        stage.wait_text("herd-window-note", shown)
    header.get_by_role("button", name="Full screen").click()
    page.wait_for_function("() => document.fullscreenElement")
    page.keyboard.press("f")
    page.wait_for_function("() => !document.fullscreenElement")


def test_time_windows(stage: Stage, room: Room) -> None:
    room.control("news", text="Up", move=10)
    stage.wait_line("y[y.length - 1] > 109")
    stage.page.wait_for_timeout(4_000)
    for shown, least in (("five minutes", 5_000), ("last minute", 5_000), ("whole session", 5_000)):
        stage.page.keyboard.press("w")
        stage.wait_text("herd-window-note", shown)
        stage.page.wait_for_function(f"() => {GRAPH}.data[0].x.length > 1")
        begin, end = stage.range()
        assert least < end - begin < 70_000
    assert stage.page.evaluate(f"() => {GRAPH}.layout.shapes.length") == 1


def test_full_screen_and_presentation_leave_only_the_stage(stage: Stage, room: Room) -> None:
    before = stage.page.locator(".hg-picture").bounding_box()
    stage.page.keyboard.press("p")
    for gone in (".of-header", ".of-footer", "#herd-tools"):
        stage.page.locator(gone).wait_for(state="hidden")
    assert stage.page.locator(".hg-picture").bounding_box()["height"] > before["height"] + 60
    stage.page.wait_for_function(f"(height) => {GRAPH}._fullLayout.height > height + 60", arg=before["height"])
    stage.page.keyboard.press("Space")  # the keys still steer
    stage.wait_text("herd-phase", "Frozen")
    stage.page.keyboard.press("Escape")
    stage.page.locator("#herd-tools").wait_for()
    stage.page.keyboard.press("f")
    stage.page.wait_for_function("() => document.fullscreenElement === document.documentElement")
    stage.page.locator(".of-header").wait_for(state="hidden")
    stage.page.keyboard.press("f")
    stage.page.wait_for_function("() => !document.fullscreenElement")
    stage.page.locator("#herd-tools").wait_for()


def test_where_full_screen_is_refused_the_page_presents(open_stage: Open, browser: Any, room: Room) -> None:
    room.begin()
    stage = open_stage()
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
    stage.page.context.close()
    context = browser.new_context()
    context.add_init_script("Object.defineProperty(Document.prototype, 'fullscreenEnabled', { value: false });")
    other = Stage(context.new_page(), room.server.url)
    other.visit()
    other.page.get_by_role("button", name="Full screen").wait_for(state="hidden")
    context.close()


def test_theme_is_dark_by_default(open_stage: Open, room: Room) -> None:
    room.begin()
    stage = open_stage(color_scheme="light")
    line = f"() => getComputedStyle({GRAPH}.querySelector('.traceprice .js-line')).stroke"
    theme = "() => document.documentElement.dataset.theme"
    stage.page.wait_for_function("() => document.querySelector('.traceprice .js-line')")
    assert (stage.page.evaluate(theme), stage.page.evaluate(line)) == ("dark", "rgb(219, 227, 238)")
    stage.page.keyboard.press("t")
    stage.page.wait_for_selector("html[data-theme='light']")
    assert stage.page.evaluate(line) == "rgb(27, 37, 51)"
    stage.page.reload()
    stage.page.wait_for_selector("#herd-stage[data-scene='play']")
    stage.page.wait_for_selector("html[data-theme='light']")
    white = stage.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert white == "rgb(255, 255, 255)"
    stage.page.context.close()


def test_the_experiment_takes_the_meter_off_the_screen(stage: Stage, room: Room) -> None:
    assert stage.page.locator(".hg-meter-track").is_visible()
    room.control("experiment", on=True)
    stage.page.locator(".hg-meter-track").wait_for(state="hidden")
    assert stage.page.locator(".hg-meter-hidden").is_visible()
    assert stage.page.get_attribute("#herd-do-experiment", "aria-pressed") == "true"


def test_the_end_leads_to_the_debrief_and_a_new_game(stage: Stage, room: Room) -> None:
    room.control("news", text="Up", move=10)
    stage.wait_line("y[y.length - 1] > 109")
    room.control("end")
    stage.wait_text("herd-phase", "Ended")
    assert stage.page.get_attribute("#herd-over", "href") == "/herd/debrief/"
    assert stage.page.locator("#herd-over").is_visible()
    stage.wait_text("herd-toggle-words", "New game")
    for name in ("end", "news", "round", "bots", "experiment", "undo", "lobby"):
        assert stage.page.is_disabled(f"#herd-do-{name}"), name
    for name in ("toggle", "people", "reset", "export"):
        assert stage.page.is_enabled(f"#herd-do-{name}"), name
    stage.page.wait_for_timeout(500)
    end = stage.range()[1]
    stage.page.wait_for_timeout(1_500)
    assert stage.range()[1] == end  # the picture ends with the game


def test_on_a_phone_everything_is_large_and_in_one_column(open_stage: Open, room: Room) -> None:
    room.begin()
    stage = open_stage(phone=True)
    width = stage.page.evaluate("() => document.documentElement.scrollWidth")
    assert width <= stage.page.viewport_size["width"] == 390
    order = [
        stage.page.locator(selector).bounding_box()["y"]
        for selector in ("#herd-price", "#herd-meter", "#herd-do-toggle", "#herd-chart", ".hg-events", "#herd-leaders")
    ]
    assert order == sorted(order)
    heights = stage.page.locator("#herd-tools .hg-button").evaluate_all("(l) => l.map((e) => e.offsetHeight)")
    assert min(heights) >= 44
    stage.page.get_by_role("button", name="Freeze").tap()
    stage.wait_text("herd-phase", "Frozen")
    stage.page.get_by_role("button", name="News").tap()
    stage.page.get_by_role("button", name="Profit warning").tap()
    stage.page.wait_for_function("() => document.getElementById('herd-news-text').value === 'Profit warning'")
    stage.page.get_by_role("button", name="Publish").tap()
    stage.closed()
    assert (room.state()["news"]["text"], room.state()["price"]) == ("Profit warning", 80)
    room.control("experiment", on=True)
    stage.page.wait_for_selector("#herd-stage[data-experiment='true']")
    assert stage.page.locator(".hg-meter-track").is_visible()  # only the room must not see it
    stage.page.evaluate("() => scrollTo(0, 500)")
    assert stage.page.locator("#herd-price").bounding_box()["y"] >= 40  # the price stays in sight
    stage.page.context.close()


def test_controls_can_be_reached_with_tab_and_have_names(stage: Stage) -> None:
    stage.page.focus("#herd-do-toggle")
    stage.page.keyboard.press("Tab")
    assert stage.page.evaluate("() => document.activeElement.innerText").startswith("News")
    stage.page.keyboard.press("Enter")
    stage.dialog("News")
    stage.page.keyboard.press("Escape")
    stage.closed()
    unnamed = stage.page.evaluate(
        """() => [...document.querySelectorAll('#herd-stage button, .of-header button')].filter((b) =>
             !(b.getAttribute('aria-label') || b.textContent.trim()) && !b.closest('[aria-hidden]')
             && !b.closest('.modebar')).length"""
    )
    assert unnamed == 0
    landmarks = ("header", "main", "nav", "aside", "section[aria-label='Price and phase']", "[role='toolbar']")
    for landmark in landmarks:
        assert stage.page.locator(landmark).count() >= 1, landmark


def test_texts_for_screen_readers_on_the_big_screen(stage: Stage) -> None:
    page = stage.page
    for name in ("Price and phase", "Price chart", "Join", "Leaderboard", "Events", "Statistics"):
        assert page.get_by_role("region", name=name, exact=True).count() == 1, name
    assert page.get_by_role("complementary", name="Crowd").count() == 1
    chart = page.get_by_role("img", name="Price over the session, with rounds, news and the fundamental value")
    assert chart.count() == 1
    assert page.locator("[role='timer']").count() == 1
    for key, title in (("n", "News"), ("r", "Rounds"), ("b", "Bots"), ("k", "People"), ("?", "Keyboard")):
        assert stage.open_by(key, title).count() == 1
        page.keyboard.press("Escape")
        stage.closed()
    assert page.locator(".hg-join").get_by_role("img", name="QR code of the address to join").count() == 1
    keys = page.locator("[aria-keyshortcuts]").evaluate_all("(l) => l.map((e) => e.getAttribute('aria-keyshortcuts'))")
    assert {*"NRBXKUHEZSDOQWFT?", "Space"} <= set(keys)
    assert page.locator("[role='status'][aria-live='polite']").count() == 2


def test_empty_lists_say_so(desk: Stage, room: Room) -> None:
    room.control("reset")
    desk.page.wait_for_selector("#herd-stage[data-scene='join']")
    room.control("lobby")
    room.join()
    desk.page.get_by_role("heading", name="Scan to join: we begin soon").wait_for()
    room.control("reset")
    room.control("bots", kind="zero", count=0)
    desk.page.wait_for_function("() => document.getElementById('herd-stat-gini').innerText === '–'")
    assert desk.page.locator("#herd-leaders-none").get_attribute("hidden") is None
    assert desk.page.text_content("#herd-leaders-none") == "Nobody has traded yet."
    assert desk.page.text_content("#herd-feed-none") == "Nothing has happened yet."
    assert desk.page.text_content("#herd-meter-buy") == "Buyers –"
    assert desk.text("herd-session") == f"Session {room.state()['session']}"


def test_other_pages_load_nothing_of_the_game(browser: Any, server: RunningServer, shown: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    page.goto(f"{server.url}/chart/?symbol={shown}")
    page.wait_for_function("() => orderflow.page && orderflow.page.chart && orderflow.page.chart.ready")
    assert page.evaluate("() => document.getElementById('herd-stage') === null")
    assert (errors, sockets) == ([], [])
    context.close()


def test_a_viewer_has_no_controls(browser: Any, launch: Callable[..., RunningServer]) -> None:
    environ = {"ORDERFLOW_API_KEY": "open-sesame", "ORDERFLOW_HERD_CODE_REQUIRED": "1"}
    server = launch("--ephemeral", "--no-browser", environ=environ)
    context = browser.new_context()
    stage = Stage(context.new_page(), server.url)
    stage.visit()
    stage.page.wait_for_selector("#herd-stage[data-access='viewer']")
    assert "open this page with the key" in stage.text("herd-viewer")
    assert not stage.page.locator("#herd-tools").is_visible()
    assert stage.page.locator("#herd-leaders button").count() == 0
    assert stage.page.locator("#herd-qr-hero").get_attribute("src") is None  # the code is kept from viewers
    assert not stage.page.locator("#herd-qr-hero").is_visible()
    for key in ("Space", "n", "r", "e", "z", "k"):
        stage.page.keyboard.press(key)
    stage.page.wait_for_timeout(400)
    assert (server.get("/herd/state")["phase"], stage.page.get_by_role("dialog").count()) == ("open", 0)
    words = stage.open_by("?", "Keyboard").inner_text()
    assert ("News" in words, "Full screen" in words) == (False, True)
    stage.visit("?key=open-sesame")
    stage.page.wait_for_selector("#herd-stage[data-access='presenter']")
    stage.page.context.clear_cookies()  # the key is no longer good: the page watches
    stage.page.wait_for_selector("#herd-stage[data-access='viewer']")
    assert not stage.page.locator("#herd-tools").is_visible()
    context.close()


def test_with_a_key_only_its_holder_controls_the_game(browser: Any, launch: Callable[..., RunningServer]) -> None:
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


def test_a_real_game_from_the_first_phone_to_the_end(desk: Stage, room: Room) -> None:
    page = desk.page
    desk.unfocused()  # a button that was gone to by Tab gets the focus back after a dialog, and Space is its own
    room.control("reset")
    page.wait_for_selector("#herd-stage[data-scene='join'][data-access='presenter']")
    code = desk.text("herd-code-hero")
    ada, blaise = room.join(2)
    page.wait_for_selector("#herd-stage[data-scene='play']")
    ada.order("buy", 30)
    page.wait_for_function("() => parseFloat(document.getElementById('herd-price').innerText) > 101")
    page.get_by_title(f"Kick {NAMES[0]} …").wait_for()
    room.control("news", text="Comet", move=-10)
    blaise.order("sell", 10)
    desk.open_by("r", "Rounds")
    page.get_by_label("Rounds of a length").check()
    page.fill("#herd-round-rounds", "2")
    page.fill("#herd-round-seconds", "60")
    page.keyboard.press("Enter")
    desk.wait_text("herd-round", "Round 1 of 2")
    page.wait_for_function("() => document.getElementById('herd-stat-trades').innerText === '2'")
    desk.closed()
    page.keyboard.press("Space")
    desk.wait_text("herd-phase", "Frozen")
    price = desk.text("herd-price")
    page.reload()  # everything is there again, also the marks of before
    page.wait_for_selector("#herd-stage[data-phase='frozen']")
    page.wait_for_function(f"() => {GRAPH}?.data[0].x.length > 2")
    assert (desk.text("herd-price"), desk.mark("news")) == (price, ["⚡ Comet (−10%)"])
    page.locator("#herd-send-end").wait_for(state="detached")
    desk.open_by("e", "End the game?")
    page.locator("#herd-send-end").click()
    page.wait_for_selector("#herd-stage[data-scene='over']")
    desk.open_by("z", "Reset everything?")
    page.locator("#herd-send-reset").click()
    page.wait_for_selector("#herd-stage[data-scene='join']")
    assert desk.text("herd-code-hero") == code
