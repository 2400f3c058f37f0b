"""The presenter's screen is projected: what is on it, and each code and link from it, has no key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.browser.herd_stage import Player
from tests.browser.waiting import PATIENCE
from tests.qr import url_of_svg
from tests.running import RunningServer, start_server

pytestmark = pytest.mark.browser

KEY = "correct-horse-battery"
PAGES = ("/herd/", "/herd/replay/", "/herd/debrief/", "/chart/?symbol=HERD", "/instruments/")
READY = {
    "/herd/": "#herd-stage:not([data-scene='wait'])",
    "/herd/replay/": "#replay-stage, main",
    "/herd/debrief/": ".hd-method",
    "/chart/?symbol=HERD": "#chart-host",
    "/instruments/": "#instruments-grid",
}
SHOWN = """() => {
  const attributes = [...document.querySelectorAll("*")].flatMap((node) => [...node.attributes].map((a) => a.value));
  const fields = [...document.querySelectorAll("input, textarea")].map((node) => node.value);
  const links = [...document.querySelectorAll("a[href], img[src], form[action]")];
  return {
    all: [document.documentElement.textContent, location.href, document.referrer, ...attributes, ...fields].join(" "),
    stored: JSON.stringify([{ ...localStorage }, { ...sessionStorage }]),
    links: links.map((node) => node.href || node.src || node.action),
  };
}"""


@pytest.fixture(scope="module")
def guarded() -> Iterator[RunningServer]:
    """A server that needs a key, with a game that two people have played."""
    server = start_server("--ephemeral", "--no-browser", environ={"ORDERFLOW_API_KEY": KEY, "TICKER_COUNT": "3"})
    players = [Player(server, name) for name in ("Ada", "Emmy")]
    for count, side in ((3, "buy"), (2, "sell"), (4, "buy")):
        for player in players:
            player.order(side, count)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def presenter(browser: Any, guarded: RunningServer) -> Iterator[Any]:
    """A browser that opened the printed address."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"{guarded.url}/herd/?key={KEY}")
    page.wait_for_selector("#herd-stage[data-access='presenter']")
    yield page
    context.close()


def seen(page: Any) -> list[str]:
    """The links of the page as it is, once it is certain that nothing of it is the key."""
    found = page.evaluate(SHOWN)
    assert KEY not in found["all"]
    assert KEY not in found["stored"]
    return list(found["links"])


@pytest.mark.parametrize("path", PAGES)
def test_no_page_dialog_link_or_code_has_the_key(path: str, presenter: Any, guarded: RunningServer) -> None:
    page = presenter
    page.goto(guarded.url + path)
    page.wait_for_selector(READY[path], timeout=60_000)
    page.wait_for_timeout(1_500)
    assert "key=" not in page.url
    links = set(seen(page))
    dialogs = page.evaluate("[...document.querySelectorAll('[data-opens]')].map((node) => node.dataset.opens)")
    for dialog in dict.fromkeys(dialogs):
        page.evaluate("(id) => dash_clientside.set_props(id, { opened: true })", dialog)  # a button may be disabled
        page.wait_for_selector("[role='dialog']")
        page.wait_for_timeout(200)
        links |= set(seen(page))
        page.keyboard.press("Escape")
        page.wait_for_function("() => !document.querySelector('[role=dialog]')")
    assert len(dialogs) > 10 or path != "/herd/"
    page.emulate_media(media="print")
    links |= set(seen(page))
    page.emulate_media(media="screen")
    codes = 0
    for link in sorted(link for link in links if urlsplit(link).netloc == urlsplit(guarded.url).netloc):
        answer = page.request.get(link)
        assert KEY.encode() not in answer.body(), link
        assert KEY not in str(answer.headers), link
        if "/qr.svg" in link:
            codes += 1
            assert urlsplit(url_of_svg(answer.text())).path.startswith("/j/")
    assert links
    assert codes == (1 if path == "/herd/" else 0)


def test_the_phones_page_has_no_key_even_in_the_presenters_browser(presenter: Any, guarded: RunningServer) -> None:
    presenter.goto(f"{guarded.url}/j")
    presenter.wait_for_selector("#deck, form")
    assert urlsplit(presenter.url).path == "/herd/play"
    assert "key=" not in presenter.url
    seen(presenter)


def test_on_loopback_the_big_screen_says_that_phones_cannot_reach_it(presenter: Any, guarded: RunningServer) -> None:
    presenter.goto(f"{guarded.url}/herd/")
    presenter.wait_for_selector("#herd-stage[data-access='presenter']")
    for place in ("hero", "whole"):
        if place == "whole":
            presenter.keyboard.press("q")
            presenter.wait_for_selector("[role='dialog']")
        note = presenter.locator(f"#herd-obstacle-{place}")
        presenter.wait_for_function("(id) => document.getElementById(id)?.textContent", arg=f"herd-obstacle-{place}")
        assert "Phones cannot reach this address" in note.text_content()
        assert "--lan" in note.text_content()
        assert not note.get_attribute("hidden")


def test_a_presenter_signs_out_with_the_keyboard(browser: Any, guarded: RunningServer) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    try:
        page = context.new_page()
        page.goto(f"{guarded.url}/chart/?key={KEY}")
        page.wait_for_selector("#chart-host")
        page.get_by_role("button", name="Pages; this is Order flow").press("Enter")  # there is no room for the links
        page.get_by_role("menuitem", name="Sign out").wait_for()
        page.goto(f"{guarded.url}/herd/")
        page.wait_for_selector("#herd-stage[data-access='presenter']")
        page.get_by_role("link", name="Sign out").press("Enter")
        page.get_by_role("button", name="Sign out").wait_for()
        seen(page)
        page.keyboard.press("Enter")  # it has the focus
        page.get_by_role("heading", name="You are the audience").wait_for()
        assert context.cookies() == []
        page.get_by_role("link", name="Herd game").press("Enter")
        page.wait_for_selector("#herd-stage[data-access='viewer']")
        assert page.get_by_role("link", name="Sign out").count() == 0
    finally:
        context.close()
