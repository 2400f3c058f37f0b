"""The debrief page in a browser: sessions, themes, printing, notices."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.conftest import DESKTOP
from tests.browser.waiting import PATIENCE
from tests.running import RunningServer

pytestmark = pytest.mark.browser

Games = tuple[RunningServer, str, str]
WHITE, DARK = "#ffffff", "#0c1017"
FIGURES = ("price", "windows", "memory", "experiment", "wealth", "lorenz")
FITTED = "() => Promise.all([...document.querySelectorAll('.js-plotly-plot')].map((n) => Plotly.Plots.resize(n)))"
"""Plotly fits a figure a moment after it was told to; what is told last, this, is done last."""


def drawn(page: Any) -> None:
    """Wait until the report and its figures are shown."""
    page.wait_for_selector(".hd-method")  # a report takes seconds of a core
    page.wait_for_function(
        "() => { const all = [...document.querySelectorAll('.hd-graph')];"
        " return all.length && all.every((n) => n.querySelector('.main-svg')); }"
    )


@pytest.fixture(scope="module")
def desk(browser: Any, games: Games) -> Iterator[tuple[Any, list[str]]]:
    """(the newest game's debrief on a desktop, its console errors), shared: a report takes seconds of a core."""
    context = browser.new_context(viewport=DESKTOP, color_scheme="light")
    context.set_default_timeout(PATIENCE)
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(f"exception: {error}"))
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))
    page.goto(f"{games[0].url}/herd/debrief/")
    drawn(page)
    yield page, errors
    context.close()


@pytest.fixture
def newest(desk: tuple[Any, list[str]]) -> Iterator[Any]:
    """The shared page, whatever it shows; an error in its console fails the test."""
    page, errors = desk
    yield page
    seen, errors[:] = list(errors), []
    assert seen == []


@pytest.fixture
def report(newest: Any, games: Games) -> Any:
    """The shared page with the debrief of the game with an experiment."""
    server, herd, _ = games
    newest.emulate_media(media="screen")
    if f"session={herd}" not in newest.url:
        newest.goto(f"{server.url}/herd/debrief/?session={herd}")
    drawn(newest)
    return newest


def paper(page: Any, colour: str) -> None:
    """Wait until the figures have paper of this colour."""
    page.wait_for_function(
        "(colour) => document.querySelector('#debrief-price .js-plotly-plot')?.layout?.paper_bgcolor === colour",
        arg=colour,
    )


def test_the_newest_game_comes_first_and_another_can_be_chosen(games: Games, newest: Any) -> None:
    (server, herd, rounds), page = games, newest
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
    assert re.search(r"\d random games", said)
    for link in page.locator(".hd-files a").all():
        answer = page.request.get(server.url + link.get_attribute("href"))
        assert answer.status == 200
        assert len(answer.body()) > 500


def test_theme_can_be_chosen(report: Any) -> None:
    page = report
    paper(page, WHITE)
    page.locator("#debrief-theme-button").click()
    paper(page, DARK)
    page.evaluate("() => document.activeElement.blur()")
    for colour in (WHITE, DARK):
        page.keyboard.press("t")
        paper(page, colour)


def test_print_is_white_without_controls_and_the_screen_is_restored(report: Any) -> None:
    page = report
    if page.evaluate("document.documentElement.dataset.theme") != "dark":
        page.keyboard.press("t")
    paper(page, DARK)
    page.evaluate("() => addEventListener('afterprint', () => { window.printed = true; }, { once: true })")
    assert len(page.pdf(format="A4")) > 30_000
    page.wait_for_function("() => window.printed")  # the browser has said that printing is over
    page.evaluate(FITTED)
    paper(page, DARK)
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    paper(page, WHITE)
    page.wait_for_function(
        "() => document.querySelector('#debrief-price .main-svg').getBoundingClientRect().width <= 680"
    )
    for name in (".of-header", ".hd-bar", ".hd-links", ".hd-files"):
        assert not page.locator(name).first.is_visible(), name
    assert page.locator(".hd-talk").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    paper(page, DARK)
    assert page.locator(".hd-bar").is_visible()


def test_a_phone_shows_it_without_scrolling_sideways(games: Games, visit: Callable[..., Any]) -> None:
    server, herd, _ = games
    page = visit(f"{server.url}/herd/debrief/?session={herd}", phone=True)
    drawn(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_without_a_game_it_says_how_to_get_one(server: RunningServer, visit: Callable[..., Any]) -> None:
    page = visit(f"{server.url}/herd/debrief/?session=20200101-000000-0000")
    page.wait_for_selector(".hd-notice")
    assert "No debrief of this session" in page.inner_text("#debrief-body")


def test_update_print_and_links_of_the_debrief(report: Any, games: Games) -> None:
    page = report
    assert page.locator(".hd-replay").get_attribute("href").startswith(f"/herd/replay/?session={games[1]}")
    for name, address in (("Back to the game", "/herd/"), ("The crowd's footprint", "/chart/?symbol=HERD")):
        assert page.get_by_role("link", name=name).get_attribute("href") == address
    assert page.get_by_role("region", name="For the talk").get_by_role("heading").count() >= 2
    for name in ("Measures", "The highest profits at the end"):
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
    page.get_by_text("Computing the report …").wait_for()
    while not held:
        page.wait_for_timeout(20)
    for route in held:
        route.continue_()
    page.unroute("**/_dash-update-component**", hold)
    page.get_by_text("Computing the report …").wait_for(state="hidden")
    drawn(page)
    page.evaluate("() => { window.prints = 0; window.print = () => window.prints++; }")
    page.get_by_role("button", name="Print").click()
    page.wait_for_function("() => window.prints === 1")
    theme = page.evaluate("document.documentElement.dataset.theme")
    page.locator("#debrief-session").focus()
    page.keyboard.press("t")
    page.wait_for_timeout(100)
    assert page.evaluate("document.documentElement.dataset.theme") == theme


def test_notices_of_the_debrief(locked: RunningServer, visit: Callable[..., Any]) -> None:
    page = visit(f"{locked.url}/herd/debrief/")
    page.get_by_role("heading", name="This page needs the key").wait_for()
    page.goto(f"{locked.url}/herd/debrief/?key=open-sesame")
    page.get_by_role("heading", name="No game has been played yet").wait_for()
    assert page.get_by_role("link", name="Start a game").get_attribute("href") == "/herd/"
