"""The debrief and the replay of a game, in a real browser: read, chosen, recoloured, printed, played."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.conftest import DESKTOP, PHONE
from tests.herd.played import START, keep, play_game
from tests.running import RunningServer, start_server

pytestmark = pytest.mark.browser

FIGURES = ("price", "windows", "memory", "experiment", "wealth", "lorenz")


@pytest.fixture(scope="module")
def games(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, str, str]]:
    """A server with two games in its data folder: (server, a herd with an experiment, a later one with rounds)."""
    folder = tmp_path_factory.mktemp("data")
    herd = keep(play_game(people=40, seconds=150, follow=0.4), folder)
    rounds = keep(play_game(people=20, seconds=60, rounds_of=4, experiment=False, start=START + 10**15), folder)
    server = start_server("--data-dir", str(folder))
    yield server, herd, rounds
    server.stop()


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Any]]:
    """visit(url, phone=False, dark=True): a page of its own. An error in its console fails the test."""
    opened: list[Any] = []
    errors: list[str] = []

    def go(url: str, *, phone: bool = False, dark: bool = True) -> Any:
        context = browser.new_context(
            viewport=PHONE if phone else DESKTOP,
            color_scheme="dark" if dark else "light",
            has_touch=phone,
            is_mobile=phone,
        )
        context.set_default_timeout(15_000)
        opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(f"exception: {error}"))
        page.on("console", lambda message: message.type == "error" and errors.append(message.text))
        page.goto(url)
        return page

    yield go
    for context in opened:
        context.close()
    assert errors == []


def drawn(page: Any) -> None:
    """Wait for the report and its figures."""
    page.wait_for_selector(".hd-method")
    page.wait_for_function(
        "() => { const all = [...document.querySelectorAll('.hd-graph')];"
        " return all.length && all.every((n) => n.querySelector('.main-svg')); }"
    )


def paper(page: Any) -> str:
    return str(page.evaluate("document.querySelector('#debrief-price .js-plotly-plot').layout.paper_bgcolor"))


def test_the_newest_game_comes_first_and_another_can_be_chosen(
    games: tuple[RunningServer, str, str], visit: Callable[..., Any]
) -> None:
    server, herd, rounds = games
    page = visit(f"{server.url}/herd/debrief/")
    drawn(page)
    assert f"session={rounds}" in page.url
    assert page.locator("#debrief-periods").count() == 1
    page.locator("#debrief-session").click()
    page.get_by_role("option").filter(has_text="40 participants").click()
    page.wait_for_selector("#debrief-experiment")
    assert f"session={herd}" in page.url
    drawn(page)
    for name in FIGURES:
        assert page.locator(f"#debrief-{name} .main-svg").first.bounding_box()["height"] > 200
    said = page.inner_text("#debrief-body")
    assert "Did the crowd herd?\n" in said
    assert "games of coins" in said
    for link in page.locator(".hd-files a").all():
        answer = page.request.get(server.url + link.get_attribute("href"))
        assert answer.status == 200
        assert len(answer.body()) > 500


def test_dark_and_light_are_the_readers_choice(
    games: tuple[RunningServer, str, str], visit: Callable[..., Any]
) -> None:
    server, herd, _ = games
    page = visit(f"{server.url}/herd/debrief/?session={herd}", dark=False)
    drawn(page)
    assert paper(page) == "#ffffff"
    page.locator("#debrief-theme-button").click()
    page.wait_for_function(
        "() => document.querySelector('#debrief-price .js-plotly-plot')?.layout?.paper_bgcolor === '#0c1017'"
    )
    page.keyboard.press("t")
    page.wait_for_function(
        "() => document.querySelector('#debrief-price .js-plotly-plot')?.layout?.paper_bgcolor === '#ffffff'"
    )


def test_paper_is_white_without_controls_and_the_screen_comes_back(
    games: tuple[RunningServer, str, str], visit: Callable[..., Any]
) -> None:
    server, herd, _ = games
    page = visit(f"{server.url}/herd/debrief/?session={herd}")
    drawn(page)
    assert len(page.pdf(format="A4")) > 30_000
    page.wait_for_timeout(300)
    assert paper(page) == "#0c1017"  # the browser has said that printing is over
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert paper(page) == "#ffffff"
    for name in (".of-header", ".hd-bar", ".hd-links", ".hd-files"):
        assert not page.locator(name).first.is_visible(), name
    assert page.locator(".hd-talk").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    page.wait_for_timeout(300)
    assert paper(page) == "#0c1017"
    assert page.locator(".hd-bar").is_visible()


def test_a_phone_shows_it_without_scrolling_sideways(
    games: tuple[RunningServer, str, str], visit: Callable[..., Any]
) -> None:
    server, herd, _ = games
    page = visit(f"{server.url}/herd/debrief/?session={herd}", phone=True)
    drawn(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_without_a_game_it_says_how_to_get_one(server: RunningServer, visit: Callable[..., Any]) -> None:
    page = visit(f"{server.url}/herd/debrief/?session=20200101-000000-0000")
    page.wait_for_selector(".hd-notice")
    assert "There is no debrief of that" in page.inner_text("#debrief-body")


def test_update_print_and_links_of_the_debrief(
    games: tuple[RunningServer, str, str], visit: Callable[..., Any]
) -> None:
    server, herd, _ = games
    page = visit(f"{server.url}/herd/debrief/?session={herd}")
    drawn(page)
    for name, address in (("Back to the game", "/herd/"), ("The crowd's footprint", "/chart/?symbol=HERD")):
        assert page.get_by_role("link", name=name).get_attribute("href") == address
    assert page.get_by_role("region", name="For the talk").get_by_role("heading").count() >= 2
    for name in ("Measures", "The richest at the end"):
        assert page.get_by_role("region", name=name).first.get_attribute("tabindex") == "0"
    captions = page.locator("figure figcaption").all_inner_texts()
    assert len(captions) == page.locator("figure").count() >= len(FIGURES)
    assert all(len(words) > 20 for words in captions)
    assert page.get_by_role("heading", name="How this was measured").count() == 1
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    page.route("**/_dash-update-component**", hold)
    page.get_by_role("button", name="Update").click()
    page.get_by_text("Working it out …").wait_for()
    while not held:
        page.wait_for_timeout(20)
    for route in held:
        route.continue_()
    page.unroute("**/_dash-update-component**", hold)
    page.get_by_text("Working it out …").wait_for(state="hidden")
    drawn(page)
    page.evaluate("() => { window.prints = 0; window.print = () => window.prints++; }")
    page.get_by_role("button", name="Print").click()
    page.wait_for_function("() => window.prints === 1")
    page.locator("#debrief-session").focus()
    page.keyboard.press("t")
    page.wait_for_timeout(100)
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_notices_of_the_debrief(launch: Callable[..., RunningServer], visit: Callable[..., Any]) -> None:
    server = launch("--ephemeral", "--no-browser", environ={"ORDERFLOW_API_KEY": "open-sesame"})
    page = visit(f"{server.url}/herd/debrief/")
    page.get_by_role("heading", name="This page needs the key").wait_for()
    page.goto(f"{server.url}/herd/debrief/?key=open-sesame")
    page.get_by_role("heading", name="No game has been played yet").wait_for()
    assert page.get_by_role("link", name="Start a game").get_attribute("href") == "/herd/"


def seconds(page: Any) -> float:
    """Where the replay is."""
    return float(page.evaluate("(orderflow.replay.page.player.position - orderflow.replay.page.player.begin) / 1000"))


def playing(page: Any) -> None:
    page.wait_for_function("() => window.orderflow?.replay?.page?.chart?.drawn")


def test_a_session_is_played_again(games: tuple[RunningServer, str, str], visit: Callable[..., Any]) -> None:
    server, _, rounds = games
    page = visit(f"{server.url}/herd/debrief/?session={rounds}")
    page.locator(".hd-replay").click()
    page.wait_for_url("**/herd/replay/**")
    page.goto(f"{server.url}/herd/replay/?session={rounds}&velocity=16")
    playing(page)
    page.wait_for_function("() => orderflow.replay.page.player.position - orderflow.replay.page.player.begin > 15000")
    assert page.locator("#replay-velocity select").input_value() == "16"
    page.keyboard.press("Space")
    page.wait_for_function("() => document.getElementById('replay-play').textContent === 'Play'")
    at = seconds(page)
    page.wait_for_timeout(300)
    assert seconds(page) == at
    page.keyboard.press("ArrowLeft")
    assert seconds(page) == pytest.approx(max(0, at - 10))
    page.keyboard.press("ArrowUp")
    assert page.locator("#replay-velocity select").input_value() == "32"
    page.keyboard.press("End")
    frames = server.get(f"/herd/frames?session={rounds}")
    assert page.inner_text("#replay-price") == f"{frames['price'][-1]:.2f}"
    assert page.inner_text("#replay-play") == "Again"
    assert "Round 4 of 4" in page.inner_text("#replay-feed")
    page.keyboard.press("Home")
    assert page.inner_text("#replay-price") == "100.00"
    page.locator("#replay-seek input").fill(str((frames["t"][0] + frames["t"][-1]) // 2 // 250 * 250))
    middle = page.evaluate("orderflow.replay.page.model.p.at(-1)")
    position = page.evaluate("orderflow.replay.page.player.position")
    past = [price for time, price in zip(frames["t"], frames["price"], strict=True) if time <= position]
    assert middle == past[-1]


def test_the_replay_fits_a_phone(games: tuple[RunningServer, str, str], visit: Callable[..., Any]) -> None:
    server, _, rounds = games
    page = visit(f"{server.url}/herd/replay/?session={rounds}", phone=True)
    playing(page)
    wide, tall = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert wide <= 390
    assert tall <= 844
    assert page.locator("#replay-play").is_visible()


def test_long_pauses_are_left_out_and_the_player_never_runs_over_its_ends(
    games: tuple[RunningServer, str, str], visit: Callable[..., Any]
) -> None:
    server, _, rounds = games
    page = visit(f"{server.url}/herd/replay/?session={rounds}")
    playing(page)
    found = page.evaluate(
        """() => {
          const frames = { t: [0, 1000, 61000, 62000], price: [1, 1, 1, 1],
            buys: [0, 3, 0, 1], sells: [0, 1, 0, 0], events: [] };
          const player = new orderflow.replay.Player(frames, 3);
          player.toggle();
          player.velocity = 1;
          player.advance(1500);
          const before = [player.position, player.meter()];
          const left = player.advance(1500);
          player.seek(1e9);
          const end = player.position;
          player.seek(-5);
          return { before, left, after: player.position, end, near: new orderflow.replay.Player(frames, "x").velocity };
        }"""
    )
    assert found == {"before": [1500, 0.75], "left": 56500, "after": 0, "end": 62000, "near": 4}


def test_a_session_that_is_not_there_is_said_so(server: RunningServer, browser: Any) -> None:
    context = browser.new_context(viewport=DESKTOP)
    page = context.new_page()
    page.goto(f"{server.url}/herd/replay/?session=20200101-000000-0000")
    page.wait_for_selector("#replay-banner:not([hidden])")
    assert "no session" in page.inner_text("#replay-banner")
    context.close()


def shown(page: Any, id: str, words: str) -> None:
    """Wait until an element says something with these words."""
    page.wait_for_function("([id, words]) => document.getElementById(id)?.textContent.includes(words)", arg=[id, words])


def clock(page: Any) -> int:
    """Seconds of the session's time that are past, as the page says."""
    minutes, _, rest = page.inner_text("#replay-time").split(" / ")[0].partition(":")
    return int(minutes) * 60 + int(rest)


def test_the_player_by_every_key_and_button(games: tuple[RunningServer, str, str], visit: Callable[..., Any]) -> None:
    server, _, rounds = games
    page = visit(f"{server.url}/herd/replay/?session={rounds}&velocity=3", dark=False)
    shown(page, "replay-play", "Pause")
    page.wait_for_selector("html[data-theme='light']")
    velocity = page.get_by_label("Velocity")
    assert velocity.input_value() in ("2", "4")
    options = velocity.locator("option").all_inner_texts()
    assert (options[0], options[-1]) == ("1×", "64×")
    page.keyboard.press("k")
    shown(page, "replay-play", "Play")
    player = page.get_by_role("group", name="Player")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert clock(page) == 10
    player.get_by_role("button", name="On 10 seconds").click()
    assert clock(page) == 20
    player.get_by_role("button", name="Back 10 seconds").click()
    assert clock(page) == 10
    slider = page.get_by_label("Position in the session")
    slider.press("ArrowRight")  # the slider's own key: a step, not 10 seconds
    assert clock(page) == 10
    assert slider.get_attribute("aria-valuetext") == page.inner_text("#replay-time")
    assert page.get_by_role("img", name="Price of the session").count() == 1
    velocity.select_option("64")
    velocity.press("ArrowUp")  # the list's own key
    assert velocity.input_value() == "32"
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("ArrowDown")
    assert velocity.input_value() == "16"
    page.keyboard.press("Control+ArrowDown")
    assert velocity.input_value() == "16"
    page.keyboard.press("End")
    button = player.get_by_role("button", name="Play or pause")
    assert button.inner_text() == "Again"
    button.click()
    shown(page, "replay-play", "Pause")
    assert clock(page) < 30
    button.click()
    assert button.inner_text() == "Play"
    page.keyboard.press("t")
    page.wait_for_selector("html[data-theme='dark']")
    page.get_by_role("button", name="Dark or light").click()
    page.wait_for_selector("html[data-theme='light']")
    page.keyboard.press("f")
    page.wait_for_function("() => document.fullscreenElement")
    page.locator(".of-header").wait_for(state="hidden")
    page.keyboard.press("f")
    page.locator(".of-header").wait_for()
    page.get_by_role("button", name="Full screen").click()
    page.wait_for_function("() => document.fullscreenElement")
    page.keyboard.press("f")
    assert page.get_by_role("link", name="Debrief").get_attribute("href") == f"/herd/debrief/?session={rounds}"
    page.goto(f"{server.url}/herd/replay/?session={rounds}")
    shown(page, "replay-session", rounds)
    assert page.get_by_label("Velocity").input_value() == "4"
    assert page.evaluate("document.documentElement.dataset.theme") == "light"


def test_the_replay_tells_what_happened(games: tuple[RunningServer, str, str], visit: Callable[..., Any]) -> None:
    server, _, rounds = games
    frames = server.get(f"/herd/frames?session={rounds}")
    start = frames["t"][0]
    told = {
        **frames,
        "events": [
            {"t": start, "kind": "phase", "text": "The market is open"},
            {"t": start + 2_000, "kind": "news", "text": "News: Comet"},
            {"t": start + 4_000, "kind": "round", "text": "Round 1 of 2 begins"},
            {"t": start + 6_000, "kind": "phase", "text": "The market is frozen"},
            {"t": frames["t"][-1] + 100_000, "kind": "phase", "text": "The game has ended"},
        ],
    }
    page = visit("about:blank")
    asked: list[str] = []

    def tell(route: Any) -> None:
        asked.append(route.request.url.removeprefix(server.url))
        route.fulfill(json=told)

    page.route("**/herd/frames**", tell)
    page.goto(f"{server.url}/herd/replay/?session={rounds}&velocity=1")
    shown(page, "replay-news", "Comet")
    page.locator("#replay-news").wait_for()
    page.keyboard.press("k")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#replay-phase") == "Frozen"
    assert page.inner_text("#replay-round") == "Round 1 of 2 begins"
    assert "Buyers" in page.inner_text("#replay-meter")
    assert any(sign in page.inner_text("#replay-change") for sign in ("▲ +", "▼ −", "■ ±"))
    assert page.inner_text("#replay-session") == f"Session {rounds}"
    feed = page.locator("#replay-feed li")
    assert "frozen" in feed.first.inner_text()
    assert feed.count() == 4
    page.keyboard.press("Home")
    assert feed.count() == 1
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.get_by_label("Position in the session").fill(str((frames["t"][-1] - 1_000) // 250 * 250))
    page.get_by_label("Velocity").select_option("64")
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("k")
    page.get_by_text("in which nothing happened were left out").wait_for()
    page.goto(f"{server.url}/herd/replay/")
    shown(page, "replay-play", "Pause")
    assert asked == [f"/herd/frames?session={rounds}", "/herd/frames"]


def test_faults_of_the_replay_are_said(server: RunningServer, browser: Any) -> None:
    context = browser.new_context(viewport=DESKTOP)
    page = context.new_page()
    answers: list[Callable[[Any], None]] = [
        lambda route: route.abort(),
        lambda route: route.fulfill(json={"session": "s", "t": [], "price": [], "events": []}),
        lambda route: route.fulfill(status=401, json={"detail": "this call needs the key"}),
    ]
    page.route("**/herd/frames**", lambda route: answers.pop(0)(route))
    for words in (
        "The server cannot be reached.",
        "Nothing was traded in this session: there is nothing to replay.",
        "this call needs the key",
    ):
        page.goto(f"{server.url}/herd/replay/")
        page.get_by_role("alert").get_by_text(words).wait_for()
    context.close()
