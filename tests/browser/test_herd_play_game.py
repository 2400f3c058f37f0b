"""The phone's page with the real game: a session from the first join to the end, a crash, a required join code."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.herd_play import Phone
from tests.browser.waiting import PATIENCE
from tests.running import RunningServer, start_server

pytestmark = pytest.mark.browser

SOON = "Math.random = () => 0.05;"
"""Phones wait for a random time before they reconnect; the tests make it short."""
HIRE = Callable[[RunningServer], Phone]


@pytest.fixture
def hire(browser: Any) -> Iterator[HIRE]:
    """hire(server): a phone with the opened page and a price."""
    phones: list[Phone] = []

    def go(server: RunningServer) -> Phone:
        context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
        context.set_default_timeout(PATIENCE)
        context.add_init_script(SOON)
        phone = Phone(context, server.url)
        phones.append(phone)
        phone.visit()
        phone.until("price", "100.00")
        return phone

    yield go
    for phone in phones:
        phone.page.context.close()


def control(server: RunningServer, action: str, **more: Any) -> None:
    server.post("/herd/control", json.dumps({"action": action, **more}).encode())


@pytest.fixture(scope="module")
def shared() -> Iterator[RunningServer]:
    """A server for games from their beginning."""
    running = start_server("--ephemeral", "--no-browser")
    yield running
    running.stop()


@pytest.fixture
def beginning(shared: RunningServer) -> RunningServer:
    """The server with a new game."""
    control(shared, "reset")
    return shared


def test_a_session_from_the_first_join_to_the_end(beginning: RunningServer, hire: HIRE) -> None:
    server = beginning
    ada, bob = hire(server), hire(server)
    ada.enter("Ada")
    bob.enter()
    ada.until("who", "Ada")
    bob.until("rank", "of 2")
    assert bob.text("who")

    ada.page.locator("label", has_text="10").first.tap()
    ada.page.dblclick("#buy")
    ada.until("word", "Bought 10 shares at 100.50")
    ada.until("shares", "60")
    bob.until("price", "101.0")
    assert bob.text("arrow") == "▲"
    bob.until("profit", "+50.")
    assert server.get("/herd/stats")["trades"] == 1

    control(server, "freeze")
    bob.until("phase-text", "Frozen")
    bob.page.tap("#sell", force=True)
    control(server, "round", rounds=3, seconds=60)
    bob.until("phase-text", "Round 1 of 3 · ")
    control(server, "news", text="Oil was found.", move=-10)
    bob.until("news-text", "Oil was found.")
    bob.until("price", "90.")
    control(server, "kick", participant="p2")
    bob.until("join-why", "You were taken out of the game by the presenter.")
    bob.enter("Bob")
    bob.until("who", "Bob")
    assert server.get("/herd/stats")["trades"] == 1

    control(server, "end")
    ada.until("result-rank", " of 2")
    ada.until("result-profit", "−")
    control(server, "reset")
    ada.until("join-why", "A new game has begun. Join again to play. In the last one you were number")
    ada.enter("Ada")
    ada.until("shares", "50")
    assert ada.errors == bob.errors == []


def test_trades_of_an_undone_round_are_removed(beginning: RunningServer, hire: HIRE) -> None:
    server = beginning
    ada = hire(server)
    ada.enter("Ada")
    ada.page.tap("#buy")
    ada.until("word", "Bought 1 share at 100.0")
    ada.page.wait_for_timeout(600)
    control(server, "round", rounds=1, seconds=100)
    ada.until("phase", "Round 1")
    ada.page.locator("label", has_text="10").first.tap()
    ada.page.tap("#sell")
    ada.until("last-name", "Sold 10 at")
    assert ada.page.evaluate("herd.memory.get('trades').length") == 2
    ada.page.wait_for_timeout(600)  # sooner it would be the second half of a double tap
    control(server, "undo")
    ada.until("word", "The round was taken back")
    ada.until("last-name", "Bought 1 at")
    ada.until("shares", "51")
    assert ada.page.evaluate("herd.memory.get('trades').map((one) => one.side)") == ["buy"]
    ada.page.tap("#buy")
    ada.until("last-name", "Bought 10 at")
    ada.page.reload()
    ada.until("last-name", "Bought 10 at")


def test_phones_reconnect_after_a_killed_server(
    launch: Callable[..., RunningServer], hire: HIRE, tmp_path: Path
) -> None:
    flags = ("--no-browser", "--data-dir", str(tmp_path))
    server = launch(*flags)
    phone = hire(server)
    phone.enter("Ada")
    phone.page.locator("label", has_text="5").first.tap()
    phone.page.tap("#buy")
    phone.until("word", "Bought 5 shares")
    phone.until("shares", "55")
    cash, price = phone.text("cash"), phone.text("price")
    server.stop(signal.SIGKILL)
    phone.page.wait_for_selector("#offline:not([hidden])")
    assert phone.page.get_attribute("#buy", "aria-disabled") == "true"
    launch(*flags, "--port", str(server.port))
    phone.page.wait_for_selector("#offline", state="hidden")
    phone.page.tap("#sell")
    phone.until("word", "Sold 5 shares")
    phone.until("shares", "50")
    assert (price, phone.text("price")) == ("100.50", "100.00")
    assert float(phone.text("cash").replace(",", "")) == pytest.approx(float(cash.replace(",", "")) + 501.25, abs=0.02)


def test_game_with_a_join_code(launch: Callable[..., RunningServer], hire: HIRE) -> None:
    server = launch("--ephemeral", "--no-browser", environ={"ORDERFLOW_HERD_CODE_REQUIRED": "true"})
    code = server.get("/herd/address")["code"]
    phone = hire(server)
    phone.page.tap("#join-button")
    phone.page.wait_for_selector("#code-row:not([hidden])")
    assert phone.text("join-error")
    phone.page.fill("#code", code.lower())
    phone.enter()
    phone.until("rank", "1 of 1")
    phone.page.goto(f"{server.url}/j/{code}")
    phone.page.wait_for_selector("#deck:not([hidden])")
    assert phone.page.url.endswith(f"/herd/play?code={code}")
