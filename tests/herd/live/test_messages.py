"""Messages of the game: deltas add up to the snapshot, and without a change there is no new version."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderflow.herd.live import messages
from orderflow.herd.live.game import Game, build_game
from orderflow.market.market import Market
from orderflow.runtime.workers import Workers
from orderflow.settings.settings import Settings
from tests.clocks import ManualClock

START = 1_795_000_000 * 10**9


class Play:
    """A game with a manual clock and manual batches."""

    def __init__(self, workers: Workers, **settings: Any) -> None:
        self.clock = ManualClock(START)
        self.game: Game = build_game(
            Settings.of(ephemeral=True, herd_rate=1000, **settings), Market(), workers, self.clock
        )
        self.live = messages.PublicState(self.game, self.clock.now)
        self.stage = messages.PresenterState(self.game, self.live)
        self.orders = 0

    def trade(self, pid: str, side: str, quantity: int = 1) -> None:
        self.orders += 1
        self.game.order(pid, f"00000000-0000-4000-8000-{self.orders:012d}", side, quantity)

    def turn(self, seconds: float = 0.25) -> bool:
        self.clock.advance(seconds)
        self.game.turn()
        urgent = self.live.refresh()
        self.stage.refresh()
        return urgent


@pytest.fixture
def play(workers: Workers) -> Callable[..., Play]:
    return lambda **settings: Play(workers, **settings)


def said(source: Any, since: Any = None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(source.message(since)[1])
    return found


def test_deltas_add_up_to_the_snapshot(play: Callable[..., Play]) -> None:
    made = play()
    phone = messages.PhoneSource(made.live)
    held, since = said(phone), phone.version()
    ada = made.game.join("Ada").id
    steps: list[Callable[[], object]] = [
        lambda: made.trade(ada, "buy", 5),
        lambda: None,
        lambda: made.game.control("news", text="Up", move=3),
        lambda: made.game.control("round", rounds=2, seconds=10),
        lambda: made.trade(ada, "sell", 2),
        lambda: made.game.join("Bob"),
        lambda: made.clock.advance(6),
        lambda: made.game.control("freeze"),
        lambda: made.game.control("end"),
    ]
    for step in steps:
        step()
        made.turn()
        delta = said(phone, since)
        assert delta["type"] == "delta"
        since = phone.version()
        held |= delta
        whole = said(phone)
        for name in ("price", "time", "phase", "round", "meter", "news", "n", "version"):
            assert held[name] == whole[name], (name, step)


def test_without_a_change_the_version_stays(play: Callable[..., Play]) -> None:
    made = play()
    versions = set()
    for _ in range(40):
        assert made.turn() is False
        versions.add((made.live.version, made.stage.version()))
    assert len(versions) == 1


def test_one_more_participant_is_not_urgent_but_a_price_is(play: Callable[..., Play]) -> None:
    made = play()
    before = made.live.version
    ada = made.game.join().id
    assert made.turn() is False
    assert made.live.version == before + 1
    made.trade(ada, "buy")
    assert made.turn() is True


def test_versions_are_higher_after_a_restart(play: Callable[..., Play]) -> None:
    made = play()
    for _ in range(20):
        made.game.join()
        made.turn(0.01)
    later = messages.PublicState(made.game, lambda: made.clock.now() + 10**9)
    assert later.version > made.live.version
    assert not later.knows(made.live.version)


@pytest.mark.parametrize("back", ["undo", "reset"])
def test_after_an_undo_or_reset_everybody_gets_a_snapshot(play: Callable[..., Play], back: str) -> None:
    made = play()
    ada = made.game.join().id
    made.game.control("round", rounds=1, seconds=100)
    made.trade(ada, "buy", 5)
    made.turn()
    phone, screen = messages.PhoneSource(made.live), messages.PresenterSource(made.stage)
    old = phone.version(), screen.version()
    made.game.control(back)
    assert made.live.refresh() is True
    made.stage.refresh()
    for source, since in zip((phone, screen), old, strict=True):
        message = said(source, since)
        assert (message["type"], message["price"]) == ("snapshot", 100)
        assert message["history"][-1][1] == 100


def test_a_snapshot_lists_undone_spans(play: Callable[..., Play]) -> None:
    made = play()
    phone = messages.PhoneSource(made.live)
    assert "undone" not in said(phone, None)
    spans = []
    for _ in range(messages.UNDONE + 2):
        begin = made.clock.now() // 10**6
        made.game.control("round", rounds=1, seconds=100)
        made.turn(3)
        made.game.control("undo")
        made.live.refresh()
        spans.append([begin, made.clock.now() // 10**6])
        assert said(phone, None)["undone"] == spans[-messages.UNDONE :]
    made.game.control("reset")
    made.live.refresh()
    assert "undone" not in said(phone, None)


def test_the_blind_group_gets_no_meter(play: Callable[..., Play]) -> None:
    made = play()
    ada = made.game.join().id
    blind, see = messages.PhoneSource(made.live, blind=True), messages.PhoneSource(made.live)
    since = see.version()
    made.trade(ada, "buy")
    made.turn()
    assert said(see, since)["meter"] == 1
    for message in (said(blind), said(blind, since)):
        assert "meter" not in message


def test_unknown_versions_get_a_snapshot(play: Callable[..., Play]) -> None:
    made = play()
    phone, screen = messages.PhoneSource(made.live), messages.PresenterSource(made.stage)
    for since in (None, 0, -1, made.live.version + 1, "x", 1.5, (1, 2)):
        assert said(phone, since)["type"] == "snapshot"
        assert said(screen, since)["type"] == "snapshot"


def test_a_busy_delta_is_a_hundred_bytes_and_a_snapshot_a_few_thousand(play: Callable[..., Play]) -> None:
    made = play(herd_price=25_000.0)
    ada, bob = made.game.join().id, made.game.join().id
    phone = messages.PhoneSource(made.live)
    sizes = []
    for i in range(2400):  # ten minutes
        made.trade(ada, "sell" if i % 2 else "buy")
        made.trade(bob, "buy" if i % 3 else "sell")
        since = phone.version()
        made.turn()
        sizes.append(len(phone.message(since)[1]))
    assert sum(sizes) / len(sizes) <= 100
    assert max(sizes) <= 110
    whole = phone.message(None)[1]
    assert len(whole) < 8000
    assert len(said(phone)["history"]) <= messages.PHONE_POINTS
    assert len(said(messages.PresenterSource(made.stage))["history"]) <= messages.PRESENTER_POINTS


def test_the_presenter_gets_each_event_once_and_onlookers_no_secrets(play: Callable[..., Play]) -> None:
    made = play()
    screen, onlooker = (
        messages.PresenterSource(made.stage),
        messages.PresenterSource(made.stage, lambda: ("fundamental", "experiment")),
    )
    since = screen.version()
    made.game.control("round", rounds=1, seconds=60, fundamental=80)
    made.turn()
    message = said(screen, since)
    assert message["fundamental"] == 80
    assert [entry["kind"] for entry in message["feed"]] == ["round"]
    assert "fundamental" not in said(onlooker, since)
    assert "fundamental" not in said(onlooker)
    since = screen.version()
    made.game.control("bots", kind="zero", count=2)
    made.turn()
    again = said(screen, since)
    assert [entry["kind"] for entry in again["feed"]] == ["bots"]
    assert again["bots"] == {"zero": 2}
    assert [entry["kind"] for entry in said(screen)["feed"]] == ["round", "bots"]


def test_statistics_are_sent_when_they_change(play: Callable[..., Play]) -> None:
    made = play()
    screen = messages.PresenterSource(made.stage)
    made.stage.measure({"screens": 1})
    since = screen.version()
    made.stage.measure({"screens": 1})
    assert screen.version() == since
    made.stage.measure({"screens": 2})
    assert said(screen, since)["stats"]["screens"] == 2


def test_a_fill_and_a_portfolio_in_currency(play: Callable[..., Play]) -> None:
    made = play()
    fills: list[dict[str, Any]] = []
    made.game.on_fill.append(lambda pid, fill: fills.append(json.loads(messages.fill_message(fill))))
    ada = made.game.join("Ada")
    made.trade(ada.id, "buy", 5)
    made.turn()
    assert fills[0] | {"client_id": ""} == {
        "type": "fill", "client_id": "", "status": "filled", "price": 100.2504, "quantity": 5, "side": "buy",
        "cash": 4498.75, "shares": 55,
    }  # fmt: skip
    you = json.loads(messages.you_message(ada, made.game.price, (1, 1)))
    assert you == {
        "type": "you", "participant": "p1", "nick": "Ada", "cash": 4498.75, "shares": 55, "wealth": 10026.32,
        "rank": 1, "of": 1, "start_wealth": 10_000,
    }  # fmt: skip
    assert json.loads(messages.you_message(None, 100, None)) == {"type": "you", "participant": None}


@given(st.lists(st.tuples(st.integers(), st.floats(allow_nan=False))), st.integers(1, 50))
def test_thinning_keeps_the_order_and_the_last_point(points: list[tuple[int, float]], most: int) -> None:
    thin = messages.thin(points, most)
    assert len(thin) == min(most, len(points))
    assert thin[-1:] == points[-1:]
    places = iter(points)
    assert all(point in places for point in thin)


@pytest.mark.parametrize(("price", "text"), [(100.123456, 100.1235), (25000.00004, 25000.0), (1.234567, 1.234567)])
def test_prices_are_rounded_for_display(price: float, text: float) -> None:
    assert messages.shown(price) == text
