"""`Game` as the web and the pages use it, on a manual clock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from orderflow.errors import BadInput, Busy, Conflict, Forbidden, NotFound, StorageFailed, Unauthorized
from orderflow.herd.live.game import Game, build_game
from orderflow.herd.live.order_status import Fill, canonical
from orderflow.herd.rules.state import State
from orderflow.market.market import Market
from orderflow.runtime.workers import Workers
from orderflow.settings.settings import Settings
from tests.clocks import ManualClock
from tests.herd.play import START


class Table:
    """A game that is not started: tests run the batches by `turn`."""

    def __init__(self, workers: Workers, clock: ManualClock, **settings: Any) -> None:
        self.clock = clock
        self.market = Market()
        self.game: Game = build_game(Settings.of(**({"ephemeral": True} | settings)), self.market, workers, clock)
        self.fills: list[tuple[str, Fill]] = []
        self.accounts: list[str | None] = []
        self.casts = 0
        self.game.on_fill.append(lambda pid, fill: self.fills.append((pid, fill)))
        self.game.on_account.append(self.accounts.append)
        self.game.on_batch.append(self._cast)

    def _cast(self) -> None:
        self.casts += 1

    def turn(self, seconds: float = 0.25) -> None:
        self.clock.advance(seconds)
        self.game.turn()

    def order(self, pid: str, quantity: int) -> str:
        name = str(uuid4())
        self.game.order(pid, name, "buy" if quantity > 0 else "sell", abs(quantity))
        return name


@pytest.fixture
def table(workers: Workers) -> Table:
    return Table(workers, ManualClock(START))


Make = Callable[..., Table]


@pytest.fixture
def make(workers: Workers) -> Make:
    return lambda **settings: Table(workers, ManualClock(START), **settings)


def test_an_order_is_accepted_cleared_and_notified(table: Table) -> None:
    game = table.game
    ann, bob = game.join("Ann"), game.join()
    name = table.order(ann.id, 10)
    assert game.order_status(ann.id, name) == (name, "accepted", "buy", 10, None, None)
    assert game.price == game.start_price == 100.0
    table.order(bob.id, -60)
    table.turn()
    assert game.order_status(ann.id, name) == (name, "filled", "buy", 10, 100.50167, None)
    assert table.fills[0] == (ann.id, Fill(name, "filled", 100.50167, 10, "buy", ann.cash, 60, None))
    assert table.fills[1][1].reason == "not enough shares"
    assert game.price == 101.005016
    assert (game.buys, game.sells, game.meter) == (10, 0, 1.0)
    assert game.history == [(START // 10**6, 100.0), (START // 10**6 + 250, 101.005016)]
    table.turn()
    assert (game.buys, game.sells) == (0, 0)


def test_the_same_uuid_never_trades_twice(table: Table) -> None:
    game = table.game
    ann, bob = game.join(), game.join()
    name = str(uuid4())
    first, new = game.order(ann.id, name, "buy", 1)
    assert new
    assert game.order(ann.id, name.upper(), "sell", 50) == (first, False)
    table.turn()
    game.control("freeze")
    again, new = game.order(ann.id, name, "buy", 1)
    assert (again.status, new) == ("filled", False)
    assert game.stats()["orders"] == 1
    with pytest.raises(NotFound):
        game.order_status(bob.id, name)
    game.control("resume")
    assert game.order(bob.id, name, "buy", 2)[1], "another participant's UUIDs are another's"
    for wrong in ("", "x", name[:-1], name.replace("-", ""), "{" + name[:34] + "}", None):
        with pytest.raises(BadInput):
            canonical(wrong)
        with pytest.raises(NotFound):
            game.order_status(ann.id, str(wrong))


def test_who_may_order_and_when(table: Table) -> None:
    game = table.game
    ann = game.join()
    with pytest.raises(Unauthorized):
        game.order("p9", str(uuid4()), "buy", 1)
    with pytest.raises(BadInput):
        game.order(ann.id, str(uuid4()), "buy", 0)
    for action in ("lobby", "freeze"):
        game.control(action)
        with pytest.raises(Conflict):
            game.order(ann.id, str(uuid4()), "buy", 1)
    game.control("kick", participant=ann.id)
    assert game.participant(ann.id) is None
    assert table.accounts == [ann.id]
    with pytest.raises(Unauthorized):
        game.order(ann.id, str(uuid4()), "buy", 1)


def test_the_rate_limit_applies_to_one_participant_and_is_counted(table: Table) -> None:
    game = table.game
    ann, bob = game.join(), game.join()
    for _ in range(12):
        table.order(ann.id, 1)
    with pytest.raises(Busy) as caught:
        table.order(ann.id, 1)
    assert caught.value.retry_after == 1
    table.order(bob.id, 1)
    assert game.stats()["floods"] == 1
    table.turn(1.0)
    table.order(ann.id, 1)


def test_joining(make: Make) -> None:
    game = make(herd_max_participants=2, herd_code_required=True).game
    for code in (None, "", "nope"):
        with pytest.raises(Forbidden):
            game.join("Ann", code)
    ann = game.join("Ann", f" {game.code.lower()} ")
    assert (ann.nick, ann.cash, ann.shares, ann.bot, ann.group) == ("Ann", 5_000_000_000, 50, None, None)
    assert game.join("Ann", game.code).nick == "Ann 2"
    with pytest.raises(Busy):
        game.join(None, game.code)
    with pytest.raises(Busy):
        game.control("bots", kind="zero", count=1)
    game.control("kick", participant=ann.id)
    with pytest.raises(BadInput, match="choose another"):
        game.join("f u c k", game.code)
    assert game.join("  ", game.code).nick.endswith(" 3")
    game.rename("p3", "Cem")
    assert game.participant("p3").nick == "Cem"  # type: ignore[union-attr]  # it would fail as it should
    with pytest.raises(BadInput):
        game.rename("p3", "")


def test_a_game_that_a_script_filled_is_free_again_at_once(make: Make) -> None:
    table = make(herd_max_participants=6)
    game = table.game
    trader, watcher = game.join("Ann", address="hall"), game.join("Bob", address="hall")
    for _ in range(3):
        game.join(address="script")
    game.attendance.has_page = {watcher.id}.__contains__
    table.order(trader.id, 1)
    table.turn(11)
    late = game.join("Cem", address="hall")
    assert game.full
    with pytest.raises(Busy):
        game.join("Dora", address="hall")
    table.turn(1)
    assert {"idle": 3, "joined_1min": 6, "joined_1min_address": 3}.items() <= game.stats().items()
    game.control("clear")
    assert [row["participant"] for row in game.people()[0]] == [trader.id, watcher.id, late.id]
    assert game.feed[-1]["text"] == "3 who never traded were removed"
    assert None in table.accounts  # phones are told
    assert game.join("Dora", address="hall").nick == "Dora"
    assert game.people()[1] == State.fold(game.events()).count == 4
    table.turn(61)
    assert {"joined_1min": 0, "joined_1min_address": 0}.items() <= game.stats().items()
    game.control("clear")
    game.control("clear")
    assert [row["nick"] for row in game.people()[0]] == ["Ann", "Bob"], "who has an order or a page stays"


def test_from_now_on_joining_needs_a_new_code(table: Table) -> None:
    game, old = table.game, table.game.code
    ann = game.join("Ann")
    game.control("code", on=True)
    assert (game.code_required, len(game.code), game.code != old) == (True, 4, True)
    for code in (None, old):
        with pytest.raises(Forbidden):
            game.join("Bob", code)
    assert game.participant(ann.id) is not None
    assert game.join("Bob", game.code.lower()).nick == "Bob"
    new = game.code
    game.control("code", on=True)
    assert game.code == new, "pressed twice"
    game.control("reset")
    assert (game.code, game.code_required) == (new, True)
    assert State.fold(game.events()).code_required
    assert State.fold(game.events()).n == 2
    game.join("Cem", new)
    assert State.fold(game.events()).code_required
    game.control("code", on=False)
    assert game.join("Dora").nick == "Dora"
    with pytest.raises(BadInput):
        game.control("code", on="yes")


def test_listeners_are_called_once_per_batch(table: Table) -> None:
    game = table.game
    table.turn()
    assert table.casts == 0
    people = [game.join() for _ in range(20)]
    for person in people:
        table.order(person.id, 1)
    version = game.version
    table.turn()
    assert table.casts == 1
    assert game.version > version
    table.turn()
    assert table.casts == 2, "the buyers of the last batch are gone"
    table.turn()
    assert table.casts == 2
    game.control("news", text="Hello")
    assert table.casts == 3
    assert game.news == {"text": "Hello", "time": (START + 10**9) // 10**6}


def test_the_price_line_has_a_point_before_a_jump(table: Table) -> None:
    game = table.game
    ann = game.join()
    for _ in range(10):
        table.turn()
    table.order(ann.id, 1)
    table.turn()
    times = [at - START // 10**6 for at, _ in game.history]
    assert times == [0, 2000, 2750]
    table.turn(6)
    table.order(ann.id, 1)
    table.turn(20)
    assert [at - START // 10**6 for at, _ in game.history] == [0, 2000, 2750, 8750, 28500, 28750]
    for _ in range(50):
        table.turn()
    assert len(game.history) == 7, "a rest of hours is two points"
    assert game.meter is None


def test_a_failing_listener_does_not_affect_the_others(table: Table, workers: Workers) -> None:
    def fails(*args: object) -> None:
        raise ValueError("socket gone")

    table.game.on_fill.insert(0, fails)
    ann = table.game.join()
    table.order(ann.id, 1)
    table.turn()
    assert len(table.fills) == 1
    assert workers.errors() == {"herd listener: ValueError": 1}


def test_rounds_run_by_the_clock(table: Table) -> None:
    game = table.game
    game.join()
    game.control("round", preset="ssw", rounds=2, seconds=10)
    assert game.round == {"round": 1, "of": 2, "ends": (START + 10 * 10**9) // 10**6, "preset": "ssw"}
    assert game.fundamental == pytest.approx(100, rel=1e-5)
    table.turn(5)
    game.control("freeze")
    assert game.round["left"] == 5_000  # type: ignore[index]  # it is running
    table.turn(100)
    game.control("resume")
    table.turn(4.9)
    assert game.round["round"] == 1  # type: ignore[index]  # it is running
    table.turn(0.1)
    assert game.round["round"] == 2  # type: ignore[index]  # it is running
    assert game.fundamental == pytest.approx(50, rel=1e-5)
    assert table.accounts == [None]
    table.turn(10)
    assert (game.round, game.fundamental, game.phase) == (None, None, "frozen")
    assert [entry["kind"] for entry in game.feed] == [
        *["round", "phase", "phase", "round", "dividend", "round", "round", "dividend", "phase"]
    ]


def test_undo_restores_the_past_for_everybody(table: Table) -> None:
    game = table.game
    ann = game.join()
    table.order(ann.id, 10)
    table.turn()
    before = (game.price, ann.cash, list(game.history))
    game.control("round")
    name = table.order(ann.id, 20)
    table.turn()
    table.order(ann.id, -5)
    game.control("undo")
    assert (game.price, ann.cash) == before[:2]
    assert game.history[:-1] == before[2]
    assert game.rewound == 1
    assert game.order_status(ann.id, name).status == "rejected"
    assert table.accounts == [None]
    with pytest.raises(Conflict):
        game.control("undo")


def test_reset_begins_another_session_under_the_same_code(table: Table) -> None:
    game = table.game
    ann = game.join()
    table.order(ann.id, 10)
    table.turn()
    first, code = game.session_id, game.code
    table.clock.advance(2)
    game.control("reset")
    assert game.code == code
    assert game.session_id != first
    assert (game.price, game.participant(ann.id), game.phase, game.rewound) == (100.0, None, "open", 1)
    assert table.accounts == [None]
    assert [line["id"] for line in game.sessions()] == [game.session_id, first]
    assert [event.tag for event in game.load(first)] == ["session", "join", "order", "batch", "phase"]
    assert [event.tag for event in game.events()] == ["session"]
    with pytest.raises(NotFound):
        game.load("nothing")
    game.join()
    game.control("end")
    with pytest.raises(Conflict):
        game.join()
    with pytest.raises(Conflict):
        game.control("news", text="too late")
    table.clock.advance(2)
    game.control("start")
    assert (game.phase, len(game.sessions())) == ("open", 3)
    line = game.sessions()[1]
    assert (line["participants"], line["orders"], line["ended"] is not None) == (1, 0, True)


def test_statistics(table: Table) -> None:
    game = table.game
    ann, bob = game.join(), game.join()
    game.connected = 7
    table.order(ann.id, 10)
    table.turn()
    stats = game.stats()
    assert (stats["connected"], stats["participants"], stats["active"], stats["trades"]) == (7, 2, 2, 1)
    assert (stats["net_position"], stats["max_shares"], stats["phase"], stats["batch"]) == (10, 60, "open", 1)
    assert game.rank(ann.id) == (1, 2)
    assert game.leaders(1)[0]["participant"] == ann.id
    table.order(bob.id, 30)
    table.turn()
    assert game.stats()["trades"] == 1, "at most once a second"
    table.turn(1)
    assert game.stats()["trades"] == 2
    table.turn(40)
    game.seen(bob.id)
    assert game.stats()["active"] == 1


def test_bots_are_marked_and_get_no_notifications(table: Table) -> None:
    game = table.game
    game.control("bots", kind="zero", count=30)
    for _ in range(8):
        table.turn()
    assert game.stats()["trades"] > 5
    assert table.fills == []
    assert game.bots == {"zero": 30}
    assert {line["bot"] for line in game.leaders(30)} == {"zero"}


def test_a_full_disk_refuses_orders_only(make: Make, tmp_path: Path) -> None:
    table = make(ephemeral=False, data_dir=tmp_path)
    game = table.game
    ann = game.join()
    waiting = table.order(ann.id, 1)
    folder = tmp_path / "herd"
    game.stop()  # lets go of the file
    folder.rename(tmp_path / "away")
    folder.write_text("in the way")
    for call in (lambda: table.order(ann.id, 2), game.join, lambda: game.control("news", text="x"), table.turn):
        with pytest.raises(StorageFailed):
            call()
    assert (game.price, game.count, game.news) == (100.0, 1, None)
    folder.unlink()
    (tmp_path / "away").rename(folder)
    table.turn()
    assert game.order_status(ann.id, waiting).status == "filled"
    assert [event.tag for event in game.events()] == ["session", "join", "order", "batch"]
    game.stop()


def test_settings_configure_the_market(make: Make) -> None:
    game = make(
        herd_price=20.0,
        herd_impact=1e-7,
        herd_curve="linear",
        herd_cash=12.5,
        herd_shares=3,
        herd_short=4,
        herd_batch_ms=500,
        herd_max_quantity=9,
    ).game
    config = game.config
    assert (config.price, config.impact, config.curve) == (20_000_000, "0.0000001", "linear")
    assert (config.cash, config.shares, config.short) == (12_500_000, 3, 4)
    assert (config.batch_ms, config.max_quantity) == (500, 9)
