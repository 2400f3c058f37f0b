"""The phone's page of the herd game in a real browser: joining, trading, losing the line, and how soon it is there."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.herd_play import Phone, Reply, StandIn
from tests.running import RunningServer

pytestmark = pytest.mark.browser

PORTRAIT, LANDSCAPE, SMALL = (390, 844), (844, 390), (320, 568)
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
Open = Callable[..., tuple[Phone, StandIn]]


@pytest.fixture
def open_phone(browser: Any, server: RunningServer) -> Iterator[Open]:
    """open_phone(size, dark=True, joined=True, query="", expect=()): the page and its game, once a price is shown.

    Console errors fail the test, but those that contain a word of `expect`.
    """
    opened: list[tuple[Phone, tuple[str, ...]]] = []

    def go(
        size: tuple[int, int] = PORTRAIT,
        *,
        dark: bool = True,
        joined: bool = True,
        query: str = "",
        expect: tuple[str, ...] = (),
        script: str = "",
    ) -> tuple[Phone, StandIn]:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            has_touch=True,
            is_mobile=True,
            device_scale_factor=2,
        )
        context.set_default_timeout(10_000)
        if script:
            context.add_init_script(script)
        phone = Phone(context, server.url)
        game = StandIn(phone.page)
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


# joining


def test_one_joins_with_a_tap_and_trades(open_phone: Open) -> None:
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


def test_nothing_need_be_typed(open_phone: Open) -> None:
    phone, game = open_phone(joined=False)
    phone.enter()
    assert game.joins == [{}]


@pytest.mark.parametrize(
    ("status", "detail", "shown"),
    [
        (400, "the nickname is not possible here; choose another one", "The nickname is not possible here"),
        (429, "the game is full", "The game is full. Try again in 7 s."),
        (403, "the code is wrong", "The code is wrong."),
    ],
)
def test_a_refusal_is_said_in_words(open_phone: Open, status: int, detail: str, shown: str) -> None:
    phone, game = open_phone(joined=False, expect=("Failed to load resource",))
    game.join = lambda body: (status, {"detail": detail}, {"Retry-After": "7"} if status == 429 else {})
    phone.page.tap("#join-button")
    phone.until("join-error", shown)
    assert phone.visible("code") == (status == 403)
    game.join = game.let_in
    if status == 403:
        phone.page.fill("#code", "K7QX")
    phone.enter("Bob")
    assert game.joins[-1] == ({"nickname": "Bob", "code": "K7QX"} if status == 403 else {"nickname": "Bob"})


def test_after_joining_the_line_is_opened_anew_as_the_participant(open_phone: Open) -> None:
    phone, game = open_phone(joined=False)
    assert len(game.sockets) == 1
    phone.enter("Ada")
    phone.until("rank", "12 of 300")
    assert len(game.sockets) == 2


def test_a_browser_without_cookies_is_told_what_is_missing(open_phone: Open) -> None:
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
    phone.page.wait_for_timeout(500)
    phone.page.tap("#sell", force=True)
    phone.page.tap("#buy", force=True)
    assert "shake" in str(phone.page.get_attribute("#word", "class"))
    assert len(game.posts) == 1
    game.fill(game.posts[0]["client_id"])
    phone.until("word", "Sold 1 share at 99.95")
    phone.page.tap("#buy")
    phone.until("word", "Buying 1 share…")
    assert len(game.posts) == 2


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


def test_a_fill_that_was_not_told_is_asked_for(open_phone: Open) -> None:
    phone, game = open_phone()
    game.fills = False
    phone.page.tap("#buy")
    phone.until("word", "Buying")
    order = game.posts[0]["client_id"]
    game.states[order] = {"client_id": order, "status": "filled", "price": 100.05, "quantity": 1, "side": "buy"}
    game.participant(cash=4899.95, shares=51)
    phone.until("word", "Bought 1 share at 100.05")
    phone.until("shares", "51")
    game.say({"type": "fill", **game.states[order], "cash": 4899.95, "shares": 51})
    phone.page.wait_for_timeout(100)
    assert phone.page.evaluate("window.herd.memory.get('trades').length") == 1


@pytest.mark.parametrize(
    ("status", "detail", "shown"),
    [
        (409, "the market is frozen; wait for the presenter", "The market is frozen; wait for the presenter."),
        (422, "quantity must be a whole number from 1 to 100", "Quantity must be a whole number from 1 to 100."),
        (429, "too many orders", "Too many orders: wait 3 seconds."),
    ],
)
def test_a_refused_order_says_why(open_phone: Open, status: int, detail: str, shown: str) -> None:
    phone, game = open_phone(expect=("Failed to load resource",))
    game.order = lambda body: (status, {"detail": detail}, {"Retry-After": "3"} if status == 429 else {})
    phone.page.tap("#buy")
    phone.until("word", shown)
    assert phone.page.get_attribute("#word", "data-kind") == "bad"
    phone.page.wait_for_timeout(450)
    phone.page.tap("#buy")
    phone.page.wait_for_timeout(150)
    assert len(game.posts) == (1 if status == 429 else 2)


def test_a_rejected_order_says_why(open_phone: Open) -> None:
    phone, game = open_phone()
    game.fills = False
    phone.page.tap("#buy")
    phone.until("word", "Buying")
    game.fill(game.posts[0]["client_id"], "rejected", price=None, reason="not enough cash")
    phone.until("word", "Not enough cash.")
    assert phone.text("shares") == "50"


def test_what_cannot_be_is_said_and_not_sent(open_phone: Open) -> None:
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


def test_a_fill_is_felt(open_phone: Open) -> None:
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


# what the market tells


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


def test_an_old_price_is_left_out(open_phone: Open) -> None:
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


def test_rounds_and_news_are_shown_and_said(open_phone: Open) -> None:
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


def test_a_dividend_is_named(open_phone: Open) -> None:
    phone, game = open_phone()
    game.delta(round={"round": 1, "of": 15, "ends": None})
    game.participant(cash=5012.0)
    game.say(game.who())
    phone.until("word", "Dividend: +12.00 in cash")
    phone.until("cash", "5,012.00")


def test_the_meter_is_there_for_those_who_may_see_it(open_phone: Open) -> None:
    phone, game = open_phone()
    assert phone.visible("meter")
    assert (phone.text("meter-buy"), phone.text("meter-sell")) == ("Buyers 62%", "Sellers 38%")
    game.delta(meter=None)
    phone.until("meter-buy", "No trades just now")
    del game.more["meter"]
    game.say(game.snapshot())
    phone.page.wait_for_selector("#meter", state="hidden")


def test_the_line_is_drawn_and_put_in_words(open_phone: Open) -> None:
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
    order = game.posts[-1]["client_id"]
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


def test_an_order_of_somebody_who_is_out_leads_to_the_door(open_phone: Open) -> None:
    phone, game = open_phone(expect=("401",))

    def refuse(body: dict[str, Any]) -> Reply:
        game.you = None
        return 401, {"detail": "you are no longer in the game; join again"}, {}

    game.order = refuse
    phone.page.tap("#buy")
    phone.until("join-why", "You were taken out")


def test_the_result_stays_when_the_server_has_gone(open_phone: Open) -> None:
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


# the line to the server


def test_a_lost_line_is_shown_and_comes_back(open_phone: Open) -> None:
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


def test_a_lost_line_comes_back_by_itself(open_phone: Open) -> None:
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


def test_without_sockets_the_state_is_asked_for(open_phone: Open) -> None:
    fast = "Math.random = () => 0; const real = setTimeout; window.setTimeout = (fn, ms) => real(fn, ms / 5);"
    phone, game = open_phone(script=fast)
    game.blocked, game.price = True, 107.0
    game.hang_up()
    phone.until("price", "107.00")
    assert not phone.visible("offline")
    assert phone.page.get_attribute("#buy", "aria-disabled") is None


def test_a_hidden_page_does_nothing_and_a_seen_one_is_fresh_at_once(open_phone: Open) -> None:
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


# how it looks


@pytest.mark.parametrize("size", [PORTRAIT, LANDSCAPE, SMALL], ids=["portrait", "landscape", "small"])
@pytest.mark.parametrize("scale", [1, 2], ids=["100%", "200%"])
def test_everything_fits_and_thumbs_reach(open_phone: Open, size: tuple[int, int], scale: int) -> None:
    phone, game = open_phone(size)
    game.delta(news={"text": "Oil was found.", "time": int(time.time() * 1000)})
    phone.page.evaluate("(scale) => { document.documentElement.style.fontSize = `${16 * scale}px`; }", scale)
    phone.page.wait_for_timeout(100)
    wide, tall = phone.page.evaluate(
        "() => { const d = document.documentElement; return [d.scrollWidth, d.scrollHeight]; }"
    )
    assert wide <= size[0]
    if scale == 1:
        game.more["news"] = None
        assert tall <= size[1] + (120 if size == SMALL else 0)
    boxes = {side: phone.page.locator(f"#{side}").bounding_box() for side in ("buy", "sell")}
    for box in boxes.values():
        assert box["height"] >= 64
        assert box["width"] >= 64
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size[0]
        assert box["y"] + box["height"] <= size[1]
        if scale == 1:
            assert box["y"] > size[1] * 0.6
        if size == LANDSCAPE:
            assert box["x"] >= size[0] * 0.4
    for label in phone.page.locator(".steps label").all():
        assert label.bounding_box()["height"] >= 44


@pytest.mark.parametrize(("dark", "ground"), [(True, "rgb(12, 16, 23)"), (False, "rgb(255, 255, 255)")])
def test_it_follows_the_colours_of_the_phone(open_phone: Open, dark: bool, ground: str) -> None:
    phone, _ = open_phone(dark=dark)
    assert phone.page.evaluate("getComputedStyle(document.body).backgroundColor") == ground


def test_a_screen_reader_finds_its_way(open_phone: Open) -> None:
    phone, _ = open_phone()
    phone.page.get_by_role("heading", name="Herd market").wait_for()
    phone.page.get_by_role("region", name="Price").wait_for()
    assert phone.page.get_by_role("radio").count() == 5
    assert phone.page.get_by_role("group", name="How many shares").count() == 1
    order = ["radio 1", "Sell 1 share", "Buy 1 share"]
    names = []
    for _ in range(3):
        phone.page.keyboard.press("Tab")
        names.append(
            phone.page.evaluate(
                "() => { const e = document.activeElement; return e.getAttribute('aria-label') || `radio ${e.value}`; }"
            )
        )
    assert names == order
    phone.page.keyboard.press("Shift+Tab")
    phone.page.keyboard.press("Shift+Tab")
    phone.page.keyboard.press("ArrowRight")
    phone.page.get_by_role("button", name="Buy 5 shares").wait_for()


# the modules alone


def test_numbers_are_short_and_signed(open_phone: Open) -> None:
    phone, _ = open_phone()

    def js(expression: str) -> Any:
        return phone.page.evaluate(
            f"() => {{ const {{ text, market, line, link }} = window.herd; return {expression}; }}"
        )

    assert js("[0, 5000, 9999.99, 10000.4, 1234567, -0.004, -12.5].map(text.money)") == [
        "0.00", "5,000.00", "9,999.99", "10,000", "1,234,567", "0.00", "−12.50",
    ]  # fmt: skip
    assert js("[5, -5, 0, 0.001].map(text.signed)") == ["+5.00", "−5.00", "0.00", "0.00"]
    assert js("[0, 999, 65000, -3].map(text.clock)") == ["0:00", "0:01", "1:05", "0:00"]
    assert js("new Set(Array.from({ length: 100 }, text.uuid)).size") == 100
    assert js("market.affordable(5000, 100, 0.001, 100)") == 48
    assert js("market.affordable(99, 100, 0.001, 100)") == 0
    assert js("market.affordable(1e9, 100, 0.001, 100)") == 100
    assert js("line.levels(96.5, 103.5)") == {"out": [97.5, 100, 102.5], "decimals": 1}
    assert js("line.points([[0, 5], [10000, 6]], 4000, 12000)") == [[4000, 5], [9750, 5], [10000, 6], [12000, 6]]
    assert js("[[1, 0], [1, 1], [2, 0], [4, 0], [9, 1]].map(([n, chance]) => link.pause(n, chance))") == [
        0, 5000, 2000, 8000, 25000,
    ]  # fmt: skip


# how soon it is there


def test_it_is_there_soon_on_a_slow_phone_in_a_full_hall(browser: Any, server: RunningServer) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    session = context.new_cdp_session(page)
    sizes: dict[str, float] = {}
    session.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
    session.send("Network.enable")
    rate = 1.4e6 / 8
    limits = {"offline": False, "latency": 560, "downloadThroughput": rate, "uploadThroughput": rate}
    session.send("Network.emulateNetworkConditions", limits)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.goto(f"{server.url}/herd/play", wait_until="commit")
    page.wait_for_function("() => window.herd && window.herd.view && window.herd.view.shown() === 'join'")
    usable = page.evaluate("performance.now()")
    page.wait_for_function("() => document.getElementById('price').textContent === '100.00'")
    priced = page.evaluate("performance.now()")
    painted = page.evaluate(
        """() => new Promise((resolve) => {
          const watcher = new PerformanceObserver((list) => {
            const one = list.getEntries().find((entry) => entry.name === "first-contentful-paint");
            if (one) resolve(one.startTime);
          });
          watcher.observe({ type: "paint", buffered: true });
        })"""
    )
    weight = sum(sizes.values())
    context.close()
    print(f"first paint {painted:.0f} ms, usable {usable:.0f} ms, price {priced:.0f} ms, {weight:.0f} bytes")
    assert painted <= 1500
    assert usable <= 3000
    assert len(sizes) == 2
    assert weight < 40_000
