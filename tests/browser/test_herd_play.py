"""The phone's page of the herd game: joining, trading with single taps, and messages from the market."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from tests.browser.herd_play import Open, Reply, refusal

pytestmark = pytest.mark.browser

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


# joining


def test_join_and_trade_with_taps(open_phone: Open) -> None:
    phone, game = open_phone(joined=False, query="?code=K7QX")
    assert phone.visible("join")
    assert not phone.visible("deck")
    phone.enter("  Ada ")
    assert game.joins == [{"nickname": "Ada", "code": "K7QX"}]
    phone.until("who", "Ada")
    phone.page.locator("label", has_text="10").first.tap()
    phone.page.tap("#buy")
    phone.until("word", "Bought 10 shares at 100.50")
    phone.until("cash", "3,995.00")
    assert phone.text("shares") == "60"
    assert (phone.text("last-name"), phone.text("last")) == ("Bought 10 at", "100.50")
    (post,) = game.posts
    assert (post["side"], post["quantity"]) == ("buy", 10)
    assert UUID.fullmatch(post["client_id"])


def test_join_without_typing(open_phone: Open) -> None:
    phone, game = open_phone(joined=False)
    phone.enter()
    assert game.joins == [{}]


def test_refused_join_shows_the_reason(open_phone: Open) -> None:
    phone, game = open_phone(joined=False, expect=("Failed to load resource",))
    for status, detail, shown in (
        (400, "the nickname is not possible here; choose another one", "The nickname is not possible here"),
        (429, "the game is full", "The game is full. Try again in 7 s."),
        (403, "the code is wrong", "The code is wrong."),
    ):
        game.join = refusal(status, detail, "7" if status == 429 else "")
        phone.page.tap("#join-button")
        phone.until("join-error", shown)
        assert phone.visible("code") == (status == 403)
    game.join = game.let_in
    phone.page.fill("#code", "K7QX")
    phone.enter("Bob")
    assert game.joins[-1] == {"nickname": "Bob", "code": "K7QX"}


def test_after_joining_the_line_is_opened_anew_as_the_participant(open_phone: Open) -> None:
    phone, game = open_phone(joined=False)
    assert len(game.sockets) == 1
    phone.enter("Ada")
    phone.until("rank", "12 of 300")
    assert len(game.sockets) == 2


def test_browser_without_cookies_gets_a_message(open_phone: Open) -> None:
    phone, game = open_phone(joined=False)

    def forget(body: dict[str, Any]) -> Reply:
        reply = game.let_in(body)
        game.you = None
        return reply

    game.join = forget
    phone.page.tap("#join-button")
    phone.until("join-why", "This browser has not kept the game's cookie.")


# trading


def test_a_double_tap_is_one_order(open_phone: Open) -> None:
    phone, game = open_phone()
    phone.page.dblclick("#buy")
    phone.until("word", "Bought")
    phone.page.wait_for_timeout(500)
    assert len(game.posts) == 1


def test_while_an_order_waits_there_is_no_other(open_phone: Open) -> None:
    phone, game = open_phone()
    game.fills = False
    phone.page.tap("#sell")
    phone.until("word", "Selling 1 share…")
    assert phone.page.get_attribute("#word", "data-kind") == "wait"
    order = game.posted(1)
    phone.page.wait_for_timeout(500)
    phone.page.tap("#sell", force=True)
    phone.page.tap("#buy", force=True)
    assert "shake" in str(phone.page.get_attribute("#word", "class"))
    assert len(game.posts) == 1
    game.fill(order)
    phone.until("word", "Sold 1 share at 99.95")
    phone.page.tap("#buy")
    phone.until("word", "Buying 1 share…")
    game.posted(2)


def test_a_lost_request_is_sent_again_as_the_same_order(open_phone: Open) -> None:
    phone, game = open_phone(expect=("net::ERR",))
    replies: list[Reply | None] = [None, (503, {"detail": "busy"}, {})]
    game.order = lambda body: replies.pop(0) if replies else game.accept(body)
    phone.errors.clear()
    phone.page.tap("#buy")
    phone.until("word", "Bought 1 share")
    assert len(game.posts) == 3
    assert len({post["client_id"] for post in game.posts}) == 1
    assert phone.text("shares") == "51"
    phone.errors[:] = [error for error in phone.errors if "503" not in error]


def test_missing_fill_is_requested(open_phone: Open) -> None:
    phone, game = open_phone()
    game.fills = False
    phone.page.tap("#buy")
    phone.until("word", "Buying")
    order = game.posted(1)
    game.states[order] = {"client_id": order, "status": "filled", "price": 100.05, "quantity": 1, "side": "buy"}
    game.participant(cash=4899.95, shares=51)
    phone.until("word", "Bought 1 share at 100.05")
    phone.until("shares", "51")
    game.say({"type": "fill", **game.states[order], "cash": 4899.95, "shares": 51})
    phone.page.wait_for_timeout(100)
    assert phone.page.evaluate("window.herd.memory.get('trades').length") == 1


def test_refused_order_shows_the_reason(open_phone: Open) -> None:
    phone, game = open_phone(expect=("Failed to load resource",))
    count = 0
    for status, detail, shown in (
        (409, "the market is frozen; wait for the presenter", "The market is frozen; wait for the presenter."),
        (422, "quantity must be a whole number from 1 to 100", "Quantity must be a whole number from 1 to 100."),
        (429, "too many orders", "Too many orders: wait 3 seconds."),
    ):
        game.order = refusal(status, detail, "3" if status == 429 else "")
        phone.page.tap("#buy")
        phone.until("word", shown)
        assert phone.page.get_attribute("#word", "data-kind") == "bad"
        phone.page.wait_for_timeout(450)
        phone.page.tap("#buy")
        phone.page.wait_for_timeout(450)
        count += 1 if status == 429 else 2
        assert len(game.posts) == count


@pytest.mark.parametrize("seconds", [-7_200, 400 * 86_400])
def test_a_phone_whose_clock_jumps_can_trade(open_phone: Open, seconds: int) -> None:
    phone, game = open_phone(expect=("Failed to load resource",))
    phone.page.tap("#buy")
    phone.until("word", "Bought 1 share")
    phone.page.evaluate("(ms) => { const now = Date.now; Date.now = () => now() + ms; }", seconds * 1000)
    phone.page.wait_for_timeout(450)
    game.order = refusal(429, "too many orders", "1")
    phone.page.tap("#buy")
    phone.until("word", "Too many orders: wait 1 second.")
    game.order = game.accept
    phone.page.wait_for_timeout(1_050)
    phone.page.tap("#buy")
    phone.until("word", "Bought 1 share")
    assert len(game.posts) == 3


def test_rejected_order_shows_the_reason(open_phone: Open) -> None:
    phone, game = open_phone()
    game.fills = False
    phone.page.tap("#buy")
    phone.until("word", "Buying")
    game.fill(game.posted(1), "rejected", price=None, reason="not enough cash")
    phone.until("word", "Not enough cash.")
    assert phone.text("shares") == "50"


def test_impossible_order_is_explained_and_not_sent(open_phone: Open) -> None:
    phone, game = open_phone()
    game.participant(cash=40.0, shares=3)
    game.say(game.who())
    phone.page.locator("label", has_text="5").first.tap()
    phone.until("sell-act", "Sell 5")
    assert phone.page.get_attribute("#sell", "aria-disabled") == "true"
    phone.page.tap("#sell", force=True)
    phone.until("word", "You have only 3 shares to sell.")
    phone.page.tap("#buy", force=True)
    phone.until("word", "You have not enough cash for 5 shares.")
    phone.page.locator("label", has_text="Max").tap()
    phone.until("sell-act", "Sell 3")
    phone.page.tap("#sell")
    phone.until("word", "Sold 3 shares")
    assert [post["quantity"] for post in game.posts] == [3]


def test_keys_trade_and_read_the_price(open_phone: Open) -> None:
    phone, game = open_phone()
    phone.page.keyboard.press("b")
    phone.until("word", "Bought 1 share")
    phone.page.wait_for_timeout(400)
    phone.page.keyboard.press("s")
    phone.until("word", "Sold 1 share")
    phone.page.keyboard.press("p")
    phone.until("said", "The price is")
    assert [post["side"] for post in game.posts] == ["buy", "sell"]


def test_fill_vibrates(open_phone: Open) -> None:
    felt = "window.felt = []; Navigator.prototype.vibrate = (pattern) => window.felt.push(pattern);"
    phone, _ = open_phone(script=felt)
    phone.page.tap("#buy")
    phone.until("word", "Bought")
    assert phone.page.evaluate("window.felt") == [35]
    phone.page.emulate_media(reduced_motion="reduce")
    phone.page.wait_for_timeout(400)
    phone.page.tap("#sell")
    phone.until("word", "Sold")
    assert phone.page.evaluate("window.felt") == [35]


# messages from the market


def test_the_price_moves_with_an_arrow_and_a_sign(open_phone: Open) -> None:
    phone, game = open_phone()
    game.delta(price=102.5)
    phone.until("price", "102.50")
    assert (phone.text("arrow"), phone.text("change")) == ("▲", "+2.5%")
    assert phone.text("wealth") == "10,125"
    assert phone.text("profit") == "+125.00"
    game.delta(price=99.0)
    phone.until("price", "99.00")
    assert (phone.text("arrow"), phone.text("change"), phone.text("profit")) == ("▼", "−1.0%", "−50.00")


def test_old_price_is_ignored(open_phone: Open) -> None:
    phone, game = open_phone()
    game.delta(price=101.0)
    phone.until("price", "101.00")
    now = int(time.time() * 1000)
    game.say({"type": "delta", "version": game.version + 5, "price": 90.0, "time": now - 5000})
    game.say({"type": "delta", "version": game.version - 1, "price": 91.0, "time": now + 5000})
    phone.page.wait_for_timeout(150)
    assert phone.text("price") == "101.00"


def test_a_frozen_market_takes_no_order(open_phone: Open) -> None:
    phone, game = open_phone()
    game.delta(phase="frozen")
    phone.until("phase-text", "Frozen")
    phone.until("word", "Frozen: the presenter has stopped trading")
    for side in ("buy", "sell"):
        assert phone.page.get_attribute(f"#{side}", "aria-disabled") == "true"
        phone.page.tap(f"#{side}", force=True)
    assert game.posts == []
    game.delta(phase="open")
    phone.until("phase-text", "Open")
    phone.page.tap("#buy")
    phone.until("word", "Bought")


def test_rounds_and_news_are_shown_and_announced(open_phone: Open) -> None:
    phone, game = open_phone()
    now = int(time.time() * 1000)
    game.delta(round={"round": 3, "of": 15, "ends": now + 42_000})
    phone.until("phase-text", "Round 3 of 15 · 0:4")
    phone.until("said", "Round 3 of 15 has begun.")
    phone.until("phase-text", "0:40")
    game.delta(news={"text": "Oil was found.", "time": now})
    phone.until("said", "News: Oil was found.")
    phone.page.wait_for_selector("#news:not([hidden])")
    assert phone.text("news-text") == "Oil was found."


def test_dividend_is_announced(open_phone: Open) -> None:
    phone, game = open_phone()
    game.delta(round={"round": 1, "of": 15, "ends": None})
    game.participant(cash=5012.0)
    game.say(game.who())
    phone.until("word", "Dividend: +12.00 in cash")
    phone.until("cash", "5,012.00")


def test_meter_is_shown_to_the_group_that_may_see_it(open_phone: Open) -> None:
    phone, game = open_phone()
    assert phone.visible("meter")
    assert (phone.text("meter-buy"), phone.text("meter-sell")) == ("Buyers 62%", "Sellers 38%")
    game.delta(meter=None)
    phone.until("meter-buy", "No trades just now")
    del game.more["meter"]
    game.say(game.snapshot())
    phone.page.wait_for_selector("#meter", state="hidden")


def test_line_is_drawn_and_described_in_words(open_phone: Open) -> None:
    phone, _ = open_phone()
    drawn = phone.page.evaluate(
        """() => {
          const canvas = document.getElementById("line"), { width, height, clientWidth } = canvas;
          const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
          let count = 0;
          for (let i = 3; i < data.length; i += 4) count += data[i] === 255;
          return [width / clientWidth, count];
        }"""
    )
    assert drawn[0] == 2
    assert drawn[1] > 1000
    words = str(phone.page.get_attribute("#line", "aria-label"))
    assert re.fullmatch(r"Price line of the last minutes: lowest [\d.]+, highest [\d.]+, now 100\.00", words)
