"""Fixtures of the browser tests: Chromium, servers with data, and opened pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import instruments
from tests.browser.chart import Chart, post_ticks
from tests.browser.herd_play import PORTRAIT, FakeGame, Open
from tests.browser.herd_play import Phone as HerdPhone
from tests.browser.waiting import PATIENCE
from tests.conftest import require
from tests.herd.played import START, keep, play_game
from tests.running import RunningServer, start_server

OFF = (
    # pages of the browser's own address bar, which take a fifth of the processor time of every new context
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup"),
    # what Playwright switches off: of two lists the browser takes the last one
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "LensOverlay"),
    *("HttpsFirstBalancedModeAutoEnable", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning"),
    *("AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled"),
    "PreconnectToSearch",
)
ARGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-color-profile=srgb"),
    f"--disable-features={','.join(OFF)}",
    "--js-flags=--single-threaded",  # two cores have no third one for the engine: a page costs a tenth less
]
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
SYMBOL = "SHOWN"


PROGRAMS = ("chromium", "chromium-browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's Chromium, or the one named by ORDERFLOW_CHROMIUM (chromium-headless-shell is a quarter faster)."""
    try:
        from playwright.sync_api import sync_playwright  # optional: the tests are skipped without it
    except ImportError:
        require("playwright is not installed")
    path = os.environ.get("ORDERFLOW_CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)
    if not path:
        require("there is no chromium on this machine")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def shown(server: RunningServer) -> str:
    """A symbol of the session's server with 40 minutes of ticks; tests must not change it."""
    post_ticks(server, SYMBOL, minutes=40)
    return SYMBOL


@pytest.fixture(scope="session")
def new_chart(browser: Any) -> Callable[..., Chart]:
    """new_chart(server, phone=False, dark=True, size=(1440, 900)): an empty page in a new browser context."""

    def make(
        server: RunningServer, *, phone: bool = False, dark: bool = True, size: tuple[int, int] = (1440, 900)
    ) -> Chart:
        context = browser.new_context(
            viewport=PHONE if phone else {"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            has_touch=phone,
            is_mobile=phone,
            device_scale_factor=2 if phone else 1,
            accept_downloads=True,
        )
        context.set_default_timeout(PATIENCE)
        return Chart(context.new_page(), server.url)

    return make


@pytest.fixture
def open_chart(new_chart: Callable[..., Chart]) -> Iterator[Callable[..., Chart]]:
    """open_chart(server, "?symbol=…", phone=False, dark=True, size=(1440, 900)): the loaded page.

    It is closed after the test. A console error or an exception in the page fails the test.
    """
    opened: list[Chart] = []

    def go(server: RunningServer, query: str = "", **kind: Any) -> Chart:
        chart = new_chart(server, **kind)
        opened.append(chart)
        chart.visit(query)
        return chart

    yield go
    for chart in opened:
        chart.page.context.close()
    assert [error for chart in opened for error in chart.errors] == []


@pytest.fixture(scope="module")
def desk(new_chart: Callable[..., Chart], server: RunningServer, shown: str) -> Iterator[Chart]:
    """The desktop page with the session's symbol, shared by a module's tests: each load takes seconds.

    It ends with the module, because an open page asks for news all the time.
    """
    chart = new_chart(server)
    chart.visit(f"?symbol={shown}")
    yield chart
    chart.page.context.close()


@pytest.fixture
def chart(desk: Chart, shown: str) -> Iterator[Chart]:
    """The page in the state of a first visit: nothing stored or chosen, live."""
    desk.afresh(f"?symbol={shown}")
    yield desk
    errors, desk.errors[:] = list(desk.errors), []
    assert errors == []


@pytest.fixture(scope="session")
def deep(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server whose memory has 40 bars of a frame, with 1,000 minutes of ticks of DEEP in its log."""
    server = start_server("--data-dir", str(tmp_path_factory.mktemp("deep")), "--max-candles", "40")
    post_ticks(server, "DEEP", minutes=1000, rate=0.3)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def deep_desk(new_chart: Callable[..., Chart], deep: RunningServer) -> Iterator[Chart]:
    """The desktop page of DEEP, shared by those of a module's tests that need no other."""
    chart = new_chart(deep)
    chart.visit("?symbol=DEEP")
    yield chart
    chart.page.context.close()


@pytest.fixture(scope="session")
def games_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of the server with played games."""
    return tmp_path_factory.mktemp("games")


@pytest.fixture(scope="session")
def games(games_folder: Path) -> Iterator[tuple[RunningServer, str, str]]:
    """A server with two played games: (server, a herd with an experiment, a later one with rounds)."""
    herd = keep(play_game(people=40, seconds=150, follow=0.4), games_folder)
    later = START + 10**15
    rounds = keep(play_game(people=20, seconds=60, rounds_of=4, experiment=False, start=later), games_folder)
    server = start_server("--data-dir", str(games_folder))
    yield server, herd, rounds
    server.stop()


@pytest.fixture(scope="session")
def locked() -> Iterator[RunningServer]:
    """A server with three instruments that requires its key, "open-sesame"; tests must not play its herd game."""
    server = start_server(
        "--ephemeral", "--no-browser", environ={"TICKER_COUNT": "3", "ORDERFLOW_API_KEY": "open-sesame"}
    )
    yield server
    server.stop()


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Any]]:
    """visit(url, phone=False, dark=True, expect=()): a new page.

    An error in its console fails the test, but those that contain a word of `expect`.
    """
    opened: list[Any] = []
    errors: list[str] = []

    def go(url: str, *, phone: bool = False, dark: bool = True, expect: tuple[str, ...] = ()) -> Any:
        context = browser.new_context(
            viewport=PHONE if phone else DESKTOP,
            color_scheme="dark" if dark else "light",
            has_touch=phone,
            is_mobile=phone,
        )
        context.set_default_timeout(PATIENCE)
        opened.append(context)
        page = context.new_page()

        def note(text: str) -> None:
            if not any(word in text for word in expect):
                errors.append(text)

        page.on("pageerror", lambda error: note(f"exception: {error}"))
        page.on("console", lambda message: message.type == "error" and note(message.text))
        page.goto(url)
        return page

    yield go
    for context in opened:
        context.close()
    assert errors == []


@pytest.fixture
def open_phone(browser: Any, server: RunningServer) -> Iterator[Open]:
    """open_phone(size, dark=True, joined=True, query="", expect=()): the page and its game, after a price is shown.

    Console errors fail the test, but those that contain a word of `expect`.
    """
    opened: list[tuple[HerdPhone, tuple[str, ...]]] = []

    def go(
        size: tuple[int, int] = PORTRAIT,
        *,
        dark: bool = True,
        joined: bool = True,
        query: str = "",
        expect: tuple[str, ...] = (),
        script: str = "",
    ) -> tuple[HerdPhone, FakeGame]:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            has_touch=True,
            is_mobile=True,
            device_scale_factor=2,
        )
        context.set_default_timeout(PATIENCE)
        if script:
            context.add_init_script(script)
        phone = HerdPhone(context, server.url)
        game = FakeGame(phone.page)
        opened.append((phone, expect))
        if joined:
            game.participant()
        phone.visit(query)
        phone.until("price", "100.00")
        if joined:
            phone.page.wait_for_selector("#deck:not([hidden])")
        return phone, game

    yield go
    for phone, _ in opened:
        phone.page.context.close()
    assert [error for phone, words in opened for error in phone.errors if not any(w in error for w in words)] == []


@pytest.fixture(scope="session")
def ix_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with some instruments, shared by all tests of their page."""
    config = tmp_path_factory.mktemp("instruments") / "orderflow.toml"
    config.write_text(instruments.TABLES)
    environ = {"TICKER_COUNT": str(instruments.COUNT)}
    server = start_server("--ephemeral", "--no-browser", "--config", str(config), environ=environ)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def ix_page(browser: Any, ix_server: RunningServer) -> Iterator[instruments.Page]:
    """The instruments' page on a desktop, shared by a module's tests: loading it for each would take minutes."""
    page = instruments.Page(browser.new_context(viewport=DESKTOP, color_scheme="dark"), ix_server.url)
    page.visit()
    yield page
    page.page.context.close()


@pytest.fixture
def ix(ix_page: instruments.Page, ix_server: RunningServer) -> Iterator[instruments.Page]:
    """The instruments' page in the state of a first visit."""
    ix_page.afresh(ix_server)
    yield ix_page
    errors, ix_page.errors[:] = list(ix_page.errors), []
    assert errors == []


@pytest.fixture
def open_ix(browser: Any, launch: Callable[..., RunningServer]) -> Iterator[Callable[..., instruments.Page]]:
    """open_ix(server, phone=False, visit=True, expect=()): a new page of the instruments.

    Complaints fail the test, but `expect`ed ones. It needs `launch` so that pages are closed before servers end.
    """
    opened: list[tuple[instruments.Page, tuple[str, ...]]] = []

    def go(
        server: RunningServer, *, phone: bool = False, visit: bool = True, expect: tuple[str, ...] = ()
    ) -> instruments.Page:
        context = browser.new_context(
            viewport=PHONE if phone else DESKTOP, has_touch=phone, is_mobile=phone, color_scheme="dark"
        )
        page = instruments.Page(context, server.url)
        opened.append((page, expect))
        if visit:
            page.visit()
        return page

    yield go
    for page, _ in opened:
        page.page.context.close()
    assert [e for page, expect in opened for e in page.errors if not any(word in e for word in expect)] == []
