"""The phone's page after reloads, kicks, new sessions and lost connections, and in hidden tabs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.herd_play import Open, Reply
from tests.running import RunningServer

pytestmark = pytest.mark.browser


# in and out of the game


def test_a_reload_restores_everything(open_phone: Open) -> None:
    phone, game = open_phone()
    phone.page.locator("label", has_text="5").first.tap()
    phone.page.tap("#buy")
    phone.until("word", "Bought 5 shares")
    game.fills = False
    phone.page.wait_for_timeout(400)
    phone.page.tap("#sell")
    phone.until("word", "Selling 5 shares")
    order = game.posted(2)
    phone.page.reload()
    phone.page.wait_for_selector("#deck:not([hidden])")
    assert not phone.visible("join")
    phone.until("shares", "55")
    phone.until("last", "100.25")
    assert phone.page.is_checked("input[value='5']")
    phone.until("word", "Selling 5 shares…")
    game.fill(order)
    phone.until("word", "Sold 5 shares")
    assert len(game.posts) == 2


def test_a_kicked_phone_is_told_and_may_join_again(open_phone: Open) -> None:
    phone, game = open_phone()
    game.you = None
    game.say(game.who())
    phone.until("join-why", "You were taken out of the game by the presenter. You can join again.")
    assert not phone.visible("deck")
    phone.enter("Ada")
    phone.until("rank", "12 of 300")


def test_a_new_session_asks_to_join_again(open_phone: Open) -> None:
    phone, game = open_phone()
    phone.page.tap("#buy")
    phone.until("word", "Bought")
    game.you, game.session, game.price = None, "s-2", 100.0
    game.say(game.who(), game.snapshot())
    phone.until("join-why", "A new game has begun. Join again to play.")
    phone.enter()
    phone.until("last-name", "Last trade")
    assert phone.page.evaluate("window.herd.memory.get('trades')") is None


def test_order_of_a_kicked_phone_leads_to_the_join_form(open_phone: Open) -> None:
    phone, game = open_phone(expect=("401",))

    def refuse(body: dict[str, Any]) -> Reply:
        game.you = None
        return 401, {"detail": "you are no longer in the game; join again"}, {}

    game.order = refuse
    phone.page.tap("#buy")
    phone.until("join-why", "You were taken out")


def test_result_stays_when_the_server_is_gone(open_phone: Open) -> None:
    phone, game = open_phone()
    game.delta(phase="ended", price=110.0)
    phone.page.wait_for_selector("#result:not([hidden])")
    assert phone.text("result-rank") == "Rank 12 of 300"
    assert phone.text("result-profit") == "+500.00 (+5.0%)"
    assert not phone.visible("deck")
    game.up = False
    game.hang_up()
    phone.page.wait_for_selector("#offline:not([hidden])")
    assert phone.visible("result")


# the connection to the server


def test_lost_connection_is_shown_and_restored(open_phone: Open) -> None:
    phone, game = open_phone()
    game.up = False
    game.hang_up()
    phone.until("word", "No connection: trading goes on when it is back.")
    assert phone.visible("offline")
    assert phone.page.get_attribute("#buy", "aria-disabled") == "true"
    game.up, game.price = True, 104.0
    phone.page.tap("#retry")
    phone.until("price", "104.00")
    assert not phone.visible("offline")
    phone.page.tap("#buy")
    phone.until("word", "Bought")


def test_lost_connection_is_restored_automatically(open_phone: Open) -> None:
    phone, game = open_phone(script="Math.random = () => 0.05;")
    game.hang_up()
    phone.page.wait_for_selector("#offline:not([hidden])")
    phone.page.wait_for_selector("#offline", state="hidden")
    assert len(game.sockets) == 1


def test_the_browser_says_that_it_is_offline(open_phone: Open) -> None:
    phone, game = open_phone(expect=("ERR_INTERNET_DISCONNECTED",))
    phone.page.context.set_offline(True)
    phone.page.wait_for_selector("#offline:not([hidden])")
    phone.page.context.set_offline(False)
    phone.page.wait_for_selector("#offline", state="hidden")
    assert len(game.sockets) == 2


def test_without_sockets_the_state_is_polled(open_phone: Open) -> None:
    fast = "Math.random = () => 0; const real = setTimeout; window.setTimeout = (fn, ms) => real(fn, ms / 5);"
    phone, game = open_phone(script=fast)
    game.blocked, game.price = True, 107.0
    game.hang_up()
    phone.until("price", "107.00")
    assert not phone.visible("offline")
    assert phone.page.get_attribute("#buy", "aria-disabled") is None


def test_hidden_page_pauses_and_refreshes_when_shown(open_phone: Open) -> None:
    hide = "Object.defineProperty(document, 'hidden', { get: () => Boolean(window.away), configurable: true });"
    phone, game = open_phone(script=hide)

    def look(away: bool) -> None:
        phone.page.evaluate(
            "(away) => { window.away = away; document.dispatchEvent(new Event('visibilitychange')); }", away
        )

    look(True)
    game.delta(price=103.0)
    phone.page.wait_for_timeout(1200)
    assert phone.text("price") == "100.00"
    look(False)
    phone.until("price", "103.00")
    phone.page.wait_for_timeout(50)
    assert [sorted(ask) for ask in game.asks] == [["since"]]


# storage, and missing features of the browser


def test_the_nickname_is_remembered(open_phone: Open) -> None:
    phone, game = open_phone(joined=False)
    phone.enter("Ada")
    game.you, game.session = None, "s-2"
    game.say(game.who(), game.snapshot())
    phone.until("join-why", "A new game has begun.")
    assert phone.page.input_value("#nickname") == "Ada"
    phone.page.reload()
    phone.until("price", "100.00")
    assert phone.page.input_value("#nickname") == "Ada"


def test_without_javascript_the_page_says_what_it_needs(browser: Any, server: RunningServer) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server.url}/herd/play")
    assert "This game needs JavaScript" in page.inner_text("body")
    context.close()
