"""/herd/ws on a real server: which client gets which message, and how many bytes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from tests.running import RunningServer, start_server
from tests.web.herd.phones import Phone, call, phones

KEY = "correct-horse"
BEARER = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture(scope="module")
def game() -> Iterator[RunningServer]:
    """A server with a key, for the tests of this file: each begins with a reset."""
    running = start_server(
        "--ephemeral", environ={"ORDERFLOW_API_KEY": KEY, "ORDERFLOW_HERD_RATE": "50", "ORDERFLOW_TICKER_COUNT": "0"}
    )
    yield running
    if running.process.poll() is None:
        running.stop()


@pytest.fixture
def control(game: RunningServer) -> Callable[..., dict[str, Any]]:
    """control(action, ...): as the presenter."""

    def steer(action: str, **more: Any) -> dict[str, Any]:
        status, answer, _ = call(game.url, "/herd/control", {"action": action, **more}, **BEARER)
        assert status == 200, answer
        return answer

    return steer


@pytest.fixture
def phone(game: RunningServer, control: Callable[..., dict[str, Any]]) -> Iterator[Callable[..., Phone]]:
    """phone(...): phones of a new game, closed after the test."""
    control("reset")
    yield from phones(game.url)


def test_a_phone_gets_its_portfolio_and_a_snapshot(phone: Callable[..., Phone]) -> None:
    ada = phone(nickname="Ada").connect()
    you = ada.receive(lambda message: True)
    assert you | {"rank": 0} == {
        "type": "you", "participant": "p1", "nick": "Ada", "cash": 5000, "shares": 50, "wealth": 10_000,
        "rank": 0, "of": 1, "start_wealth": 10_000,
    }  # fmt: skip
    snapshot = ada.receive(lambda message: True)
    assert snapshot["type"] == "snapshot"
    assert {"version", "price", "time", "phase", "session", "start", "round", "meter", "n", "news", "history"} <= (
        snapshot.keys()
    )
    assert (snapshot["price"], snapshot["phase"], snapshot["n"], snapshot["round"]) == (100, "open", 1, None)
    assert abs(snapshot["time"] - time.time() * 1000) < 60_000
    assert snapshot["history"][-1][1] == 100


def test_a_fill_goes_to_its_owner_alone_in_every_tab(phone: Callable[..., Phone]) -> None:
    ada, eve = phone().connect(), phone().connect()
    tab = phone(cookie=ada.cookie, join=False).connect()
    for one in (ada, eve, tab):
        one.kind("snapshot")
    status, answer = ada.order("buy", 5)
    assert status == 202
    told = ada.kind("fill")
    assert told == tab.kind("fill")
    assert told == {
        "type": "fill", "client_id": answer["client_id"], "status": "filled", "price": 100.2504, "quantity": 5,
        "side": "buy", "cash": 4498.75, "shares": 55,
    }  # fmt: skip
    for one in (ada, eve, tab):
        moved = one.receive(lambda message: message["type"] == "delta" and message["price"] > 100)
        assert moved["price"] == 100.5013
    assert not [message for message in eve.said if message["type"] == "fill"]
    poor = ada.settled(ada.order("buy", 90)[1]["client_id"])
    rejected = ada.kind("fill")
    assert (rejected["status"], rejected["reason"], rejected["price"]) == ("rejected", poor["reason"], None)


def test_all_phones_get_every_price_and_nothing_while_idle(phone: Callable[..., Phone]) -> None:
    ada, listener = phone().connect(), phone(join=False).connect()
    assert listener.receive(lambda message: True) == {"type": "you", "participant": None}
    listener.kind("snapshot")
    for _ in range(3):
        ada.trade("buy", 1)
    prices = [ada.state()["price"]]
    listener.receive(lambda message: message.get("price") == prices[-1])
    versions = [message["version"] for message in listener.said[1:]]
    assert versions == sorted(versions)
    listener.receive(lambda message: message.get("meter", 0) is None)  # the crowd's meter runs out
    for _ in range(10):  # what was on its way comes
        try:
            listener.receive(lambda message: True, 1.6)
        except TimeoutError:
            return
    raise AssertionError(f"it goes on: {listener.said[-5:]}")


def test_a_delta_has_what_changed_and_is_small(
    phone: Callable[..., Phone], control: Callable[..., dict[str, Any]]
) -> None:
    ada = phone().connect()
    ada.kind("snapshot")
    ada.trade("buy", 1)
    first = ada.receive(lambda message: message["type"] == "delta" and message["price"] > 100)
    assert first.keys() == {"type", "version", "price", "time", "meter"}
    ada.trade("buy", 1)
    second = ada.receive(lambda message: message["type"] == "delta" and message["price"] > first["price"])
    assert second.keys() == {"type", "version", "price", "time"}
    assert ada.sizes[-1] <= 100
    control("freeze")
    assert ada.receive(lambda message: "phase" in message)["phase"] == "frozen"
    control("news", text="Up", move=5)
    told = ada.receive(lambda message: "news" in message)
    assert told["news"]["text"] == "Up"
    assert "phase" not in told
    control("round", rounds=2, seconds=60)
    assert ada.receive(lambda message: "round" in message)["round"]["of"] == 2


def test_ten_busy_minutes_cost_a_phone_less_than_half_a_megabyte(phone: Callable[..., Phone]) -> None:
    ada, bob = phone().connect(), phone().connect()
    ada.kind("snapshot")
    for i in range(6):
        bob.trade("buy" if i % 3 else "sell", 1)
        if i % 4 == 0:
            ada.trade("sell" if i % 8 else "buy", 1)
    with suppress(TimeoutError):
        ada.receive(lambda message: False, 2.5)
    sizes: dict[str, list[int]] = {}
    for message, size in zip(ada.said, ada.sizes, strict=True):
        sizes.setdefault(message["type"], []).append(size + 4)  # the head of a frame
    largest = {name: max(found) for name, found in sizes.items()}
    answer = 420  # the answer to an order, with its head
    whole = 600 / 0.25 * largest["delta"] + 300 * (largest["fill"] + largest["you"] + answer) + 2 * 6000
    assert largest["delta"] <= 110
    assert whole <= 500_000


def test_a_version_that_is_still_the_present_one_needs_no_snapshot(phone: Callable[..., Phone]) -> None:
    ada = phone().connect()
    version = ada.kind("snapshot")["version"]
    ada.close()
    back = phone(cookie=ada.cookie, join=False).connect(f"?since={version}")
    assert back.receive(lambda message: message["type"] != "you")["type"] == "delta"
    ada.trade()
    late = phone(cookie=ada.cookie, join=False).connect(f"?since={version}")
    assert late.receive(lambda message: message["type"] != "you")["type"] == "snapshot"
    assert back.ws is not None
    back.ws.send('{"since": 1}')
    assert back.kind("snapshot")["price"] > 100
    for nonsense in ("{", "[]", '{"since": "x"}', "", "\x00"):
        back.ws.send(nonsense)
    back.ws.send_binary(b"\xff\xfe")
    back.ws.send('{"since": 2}')
    assert back.kind("snapshot")


def test_an_experiment_hides_the_meter_from_half(
    phone: Callable[..., Phone], control: Callable[..., dict[str, Any]]
) -> None:
    people = [phone().connect() for _ in range(4)]
    for one in people:
        one.kind("snapshot")
    people[0].trade()
    control("experiment", on=True)
    snapshots = [one.receive(lambda message: message["type"] in ("snapshot", "delta")) for one in people]
    trader = phone()
    time.sleep(0.6)
    trader.trade("buy", 2)
    for one in people:
        one.receive(lambda message: message.get("price") == trader.state()["price"])
    blind = [one for one in people if "meter" not in one.state()]
    assert len(blind) == 2
    assert snapshots
    for one in people:
        after = next(i for i, message in enumerate(one.said) if message.get("price") == trader.state()["price"])
        begun = max(i for i, message in enumerate(one.said) if message["type"] == "snapshot")
        heard = [message for message in one.said[begun : after + 1] if "meter" in message]
        assert bool(heard) is (one not in blind)
    control("experiment", on=False)
    for one in blind:
        assert "meter" in one.kind("snapshot")


def test_a_kick_and_a_reset_are_sent_to_the_phones(
    phone: Callable[..., Phone], control: Callable[..., dict[str, Any]]
) -> None:
    ada, bob = phone().connect(), phone().connect()
    ada.kind("snapshot"), bob.kind("snapshot")
    control("kick", participant="p1")
    assert ada.receive(lambda message: message.get("participant", "") is None)["type"] == "you"
    with suppress(TimeoutError):  # the ranks may have changed
        bob.kind("you", 0.5)
    assert not [message for message in bob.said if message.get("participant", "") is None]
    session = bob.state()["session"]
    control("reset")
    fresh = bob.receive(lambda message: message["type"] == "snapshot")
    assert fresh["session"] != session
    assert [message for message in bob.said if message.get("participant", "") is None] or bob.kind("you")
    # the new game has a p1 and a p2 too: what is theirs is not told to those of the old one
    new = [phone(), phone()]
    said = len(bob.said)
    for one in new:
        one.trade()
    with suppress(TimeoutError):
        bob.receive(lambda message: False, 1.0)
    assert not [message for message in bob.said[said:] if message["type"] in ("fill", "you")]


def test_an_undone_round_gives_everybody_what_they_had(
    phone: Callable[..., Phone], control: Callable[..., dict[str, Any]]
) -> None:
    ada = phone().connect()
    ada.kind("snapshot")
    control("round", rounds=1, seconds=100)
    ada.trade("buy", 10)
    assert ada.kind("fill")["shares"] == 60
    control("undo")
    back = ada.receive(lambda message: message["type"] == "you" and message["shares"] == 50)
    assert back["cash"] == 5000
    again = [message for message in ada.said if message["type"] == "snapshot"]
    assert (again if len(again) > 1 else [ada.kind("snapshot")])[-1]["price"] == 100


def test_the_big_screen_gets_more_fields(phone: Callable[..., Phone], control: Callable[..., dict[str, Any]]) -> None:
    onlooker = phone(join=False).connect("?view=stage").kind("snapshot")
    assert {"stats", "leaders", "code", "join"} <= onlooker.keys()
    assert not {"fundamental", "experiment"} & onlooker.keys()
    screen = phone(join=False).connect("?view=stage", f"Authorization: Bearer {KEY}")
    first = screen.kind("snapshot")
    assert {"stats", "leaders", "fundamental", "experiment", "bots", "code", "buys", "sells", "join"} <= first.keys()
    assert first["join"].endswith(f"/j/{first['code']}")
    ada = phone(nickname="Ada").connect()
    ada.trade("buy", 3)
    moved = screen.receive(lambda message: message.get("buys") == 3)
    assert moved["price"] > 100
    stats = screen.receive(lambda message: message.get("stats", {}).get("trades") == 1)["stats"]
    assert (stats["connected"], stats["participants"]) == (1, 1)
    leaders = next(message["leaders"] for message in reversed(screen.said) if message.get("leaders"))
    assert leaders[0]["nick"] == "Ada"
    control("round", rounds=1, seconds=60, fundamental=80)
    told = screen.receive(lambda message: "fundamental" in message)
    assert told["fundamental"] == 80
    assert told["feed"][-1]["kind"] == "round"
    assert len([entry for message in screen.said for entry in message.get("feed", []) if entry["kind"] == "round"]) == 1


def test_a_code_that_is_required_is_sent_to_the_presenter_only(
    phone: Callable[..., Phone], control: Callable[..., dict[str, Any]]
) -> None:
    onlooker = phone(join=False).connect("?view=stage")
    screen = phone(join=False).connect("?view=stage", f"Authorization: Bearer {KEY}")
    old = onlooker.kind("snapshot")["code"]
    control("code", on=True)
    new = screen.receive(lambda message: message.get("code", old) != old)
    assert new["join"].endswith(f"/j/{new['code']}")
    told = onlooker.receive(lambda message: any(entry["kind"] == "code" for entry in message.get("feed", [])))
    assert not {"code", "join"} & told.keys()
    assert not {"code", "join"} & phone(join=False).connect("?view=stage").kind("snapshot").keys()
    control("code", on=False)


def test_sockets_are_counted(game: RunningServer, phone: Callable[..., Phone]) -> None:
    def connected() -> int:
        return int(game.get("/herd/stats")["connected"])

    def becomes(count: int) -> None:
        until = time.monotonic() + 60
        while connected() != count:
            assert time.monotonic() < until, connected()
            time.sleep(0.05)

    becomes(0)
    phones = [phone().connect(), phone(join=False).connect()]
    becomes(2)
    phones[0].close()
    becomes(1)
