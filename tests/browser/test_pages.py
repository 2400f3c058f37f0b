"""The features that all Dash pages share: navigation, theme, and pages for unknown paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.waiting import PATIENCE
from tests.running import RunningServer

pytestmark = pytest.mark.browser
TITLES = {
    "Order flow": "/chart/",
    "Herd game": "/herd/",
    "Instruments": "/instruments/",
    "Tickers": "/tickers/",
    "Workspace": "/workspace/",
    "Account": "/account/",
}


@pytest.fixture
def new_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """new_page(viewport=DESKTOP, …): an empty page; an exception in it fails the test."""
    contexts: list[Any] = []
    errors: list[str] = []

    def make(**options: Any) -> Any:
        context = browser.new_context(**{"viewport": DESKTOP, **options})
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(f"{page.url}: {error.message} {error.stack}"))
        return page

    yield make
    for context in contexts:
        context.close()
    assert errors == []


def titled(page: Any, name: str) -> None:
    """Wait until the page is shown and the window has its title."""
    page.get_by_role("heading", name=name, level=1).wait_for()
    page.wait_for_function("(name) => document.title.endsWith(name + ' · Orderflow')", arg=name)


def test_the_navigation_leads_from_page_to_page(new_page: Callable[..., Any], server: RunningServer) -> None:
    page = new_page()
    page.goto(f"{server.url}/herd/")
    titled(page, "Herd game")
    navigation = page.get_by_role("navigation", name="Pages")
    assert navigation.get_by_role("link").all_inner_texts() == list(TITLES)
    assert navigation.get_by_role("link", name="Herd game").get_attribute("aria-current") == "page"
    navigation.get_by_role("link", name="Instruments").click()
    page.wait_for_url("**/instruments/")
    titled(page, "Instruments")
    page.go_back()
    page.wait_for_url("**/herd/")
    page.get_by_role("heading", name="Herd game", level=1).wait_for()
    phone = new_page(viewport=PHONE, has_touch=True, is_mobile=True)
    phone.goto(f"{server.url}/herd/")
    phone.get_by_role("button", name="Pages; this is Herd game").tap()
    phone.get_by_role("menuitem", name="Instruments").tap()
    phone.wait_for_url("**/instruments/")


def test_theme_is_shared_by_all_pages(new_page: Callable[..., Any], server: RunningServer) -> None:
    page = new_page(color_scheme="dark")
    page.goto(f"{server.url}/instruments/")
    page.wait_for_selector("html[data-theme='dark']")
    page.emulate_media(color_scheme="light")
    page.wait_for_selector("html[data-theme='light']")
    page.emulate_media(color_scheme="dark")
    page.wait_for_selector("html[data-theme='dark']")
    page.goto(f"{server.url}/herd/")
    page.wait_for_selector("#herd-stage:not([data-scene='wait'])")  # until then the button may move away
    page.get_by_role("button", name="Dark or light").click()
    page.wait_for_selector("html[data-theme='light']")
    for path in TITLES.values():
        page.goto(server.url + path)
        page.get_by_role("heading", level=1).wait_for()
        page.wait_for_selector("html[data-theme='light']")
        page.wait_for_function("() => getComputedStyle(document.body).backgroundColor === 'rgb(255, 255, 255)'")


def test_change_of_the_system_arrives_while_the_scheme_is_read(
    new_page: Callable[..., Any], server: RunningServer
) -> None:
    page = new_page(color_scheme="dark")
    page.goto(f"{server.url}/instruments/")
    page.wait_for_selector("html[data-theme='dark']")
    page.evaluate(
        """() => {
          const channel = new MessageChannel();
          const read = () => {
            window.orderflow.kit.theme.scheme();
            channel.port2.postMessage(0);
          };
          channel.port1.onmessage = read;
          read();
        }"""
    )
    for scheme in ("light", "dark", "light"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_selector(f"html[data-theme='{scheme}']", timeout=10_000)


@pytest.mark.parametrize(
    ("path", "key", "id"),
    [
        ("/chart/", "", "chart-symbol"),
        ("/herd/", "n", "herd-news-text"),
        ("/herd/debrief/", "", "debrief-session"),
        ("/instruments/", "", "instruments-search"),
    ],
)
def test_components_are_light_from_the_start(
    new_page: Callable[..., Any], server: RunningServer, path: str, key: str, id: str
) -> None:
    page = new_page(color_scheme="light")
    page.goto(server.url + path)
    page.get_by_role("heading", level=1).wait_for()
    if path == "/herd/":  # dark until the reader chooses
        page.wait_for_selector("html[data-theme='dark'] #herd-stage[data-access='presenter']")  # the keys are its
        page.get_by_role("button", name="Dark or light").click()
        page.keyboard.press(key)
    page.locator(f"#{id}").wait_for()
    page.wait_for_function(
        """(id) => {
          const paint = document.createElement("canvas").getContext("2d");
          paint.fillStyle = getComputedStyle(document.getElementById(id)).backgroundColor;
          paint.fillRect(0, 0, 1, 1);
          return Math.min(...paint.getImageData(0, 0, 1, 1).data) > 230;
        }""",
        arg=id,
    )


def test_unknown_path_says_so(new_page: Callable[..., Any], server: RunningServer) -> None:
    page = new_page()
    page.goto(f"{server.url}/nowhere/")
    page.get_by_role("heading", name="There is no such page").wait_for()
    assert page.get_by_role("main").get_by_role("link").all_inner_texts() == [*TITLES, "/docs"]


def test_without_javascript_a_page_says_where_the_data_is(new_page: Callable[..., Any], server: RunningServer) -> None:
    page = new_page(java_script_enabled=False)
    for path in TITLES.values():
        page.goto(server.url + path)
        assert "The same data is served as CSV and JSON below /api/v1/." in page.inner_text("body")
