"""Recovery: a game in its own process is killed in the middle of a round, and everything accepted is restored."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orderflow.errors import Conflict
from orderflow.herd.live.game import Game, build_game
from orderflow.herd.rules.events import OrderAccepted
from orderflow.market.market import Market
from orderflow.runtime.workers import Workers
from orderflow.settings.settings import Settings
from orderflow.storage.journal import DiskJournal
from tests.clocks import ManualClock
from tests.herd.play import START

ROOT = Path(__file__).parents[3]

PLAYER = """
import sys
if sys.argv[2] == "gevent":
    from gevent import monkey
    monkey.patch_all()
import time, uuid
from pathlib import Path
from orderflow.runtime.clock import SystemClock
from orderflow.herd.live.game import build_game
from orderflow.market.market import Market
from orderflow.settings.settings import Settings
from orderflow.runtime.workers import Workers

settings = Settings.of(data_dir=Path(sys.argv[1]), herd_batch_ms=50, herd_rate=1000.0)
game = build_game(settings, Market(), Workers(2), SystemClock())
game.start()
people = [game.join(f"Trader {i}").id for i in range(20)]
game.control("bots", kind="zero", count=5)
game.control("round", preset="ssw", rounds=15, seconds=60)
sent = []
filled = 0
while True:
    i = len(sent)
    sent.append((people[i % 20], str(uuid.uuid4())))
    game.order(*sent[-1], "buy" if i % 3 else "sell", 1 + i % 4)
    print(*sent[-1], filled, flush=True)
    if i % 10 == 9:
        time.sleep(0.01)
        filled = sum(game.order_status(*order).status == "filled" for order in sent[:40])
"""


def game_on(folder: Path, workers: Workers, clock: ManualClock, **settings: Any) -> Game:
    return build_game(Settings.of(data_dir=folder, **settings), Market(), workers, clock)


@pytest.mark.parametrize("kind", ["threads", "gevent"])
def test_a_kill_loses_no_accepted_order(tmp_path: Path, workers: Workers, kind: str) -> None:
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", PLAYER, str(tmp_path), kind], stdout=subprocess.PIPE, text=True, env=environ
    )
    assert process.stdout is not None
    accepted, filled = [], 0
    while len(accepted) < 60 or filled <= 10:
        pid, name, count = process.stdout.readline().split()
        accepted.append((pid, name))
        filled = int(count)
    process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    accepted += [tuple(line.split()[:2]) for line in process.stdout if line.endswith("\n")]
    process.wait(60)
    process.stdout.close()

    game = game_on(tmp_path, workers, ManualClock(time.time_ns()))
    game.start()
    assert game.count == 25
    assert game.round is not None
    assert (game.round["round"], game.round["of"]) == (1, 15)
    states = [game.order_status(pid, name) for pid, name in accepted]
    assert {state.status for state in states} <= {"accepted", "filled", "rejected"}
    assert sum(state.status == "filled" for state in states) > 10
    game.turn()
    assert "accepted" not in {game.order_status(pid, name).status for pid, name in accepted}, (
        "pending orders are cleared"
    )
    events = game.events()
    assert [event.n for event in events] == list(range(len(events)))
    orders = [event.client_id for event in events if isinstance(event, OrderAccepted)]
    assert len(set(orders)) == len(orders), "each order is in the log once"
    assert {name for _, name in accepted} <= set(orders)
    assert workers.errors() == {}
    game.stop()


def test_downtime_does_not_count_as_time_of_a_round(tmp_path: Path, workers: Workers) -> None:
    clock = ManualClock(START)
    game = game_on(tmp_path, workers, clock)
    game.control("round", seconds=30, rounds=2)
    clock.advance(10)
    game.join()
    game.stop()
    clock.advance(3_600)
    again = game_on(tmp_path, workers, clock)
    again.start()
    assert again.session_id == game.session_id
    assert again.round is not None
    assert again.round["ends"] == (clock.now() + 20 * 10**9) // 10**6
    assert again.feed[-1]["text"] == "The server came back"
    again.stop()


def test_a_dividend_missing_at_the_end_of_the_log_is_paid(tmp_path: Path, workers: Workers) -> None:
    clock = ManualClock(START)
    game = game_on(tmp_path, workers, clock)
    ann = game.join()
    game.control("round", dividend=2)
    game.control("round", stop=True)
    game.stop()
    path = next((tmp_path / "herd").glob("*.jsonl"))
    lines = path.read_bytes().splitlines(keepends=True)
    assert b'"dividend","round"' in lines[-1]
    path.write_bytes(b"".join(lines[:-1]) + lines[-1][:20])
    path.with_name("acknowledged").unlink()  # as a kill in the middle of the write leaves them
    again = game_on(tmp_path, workers, clock)
    again.start()
    back = again.participant(ann.id)
    assert back is not None
    assert back.cash == ann.cash == 5_000_000_000 + 100 * 10**6
    again.stop()


def test_after_an_ended_session_a_new_one_begins(tmp_path: Path, workers: Workers) -> None:
    clock = ManualClock(START)
    game = game_on(tmp_path, workers, clock)
    game.join()
    game.control("end")
    game.stop()
    clock.advance(5)
    again = game_on(tmp_path, workers, clock, herd_price=50.0)
    again.start()
    assert again.session_id != game.session_id
    assert (again.price, again.count, again.phase) == (50.0, 0, "open")
    assert [line["id"] for line in again.sessions()] == [again.session_id, game.session_id]
    assert len(list((tmp_path / "herd").glob("*.jsonl"))) == 1
    again.stop()


def played(tmp_path: Path, workers: Workers, clock: ManualClock) -> tuple[Game, Path]:
    """A game that three people joined, one of whom has bought, and its log."""
    game = game_on(tmp_path, workers, clock)
    for _ in range(3):
        game.join()
    game.order("p1", str(uuid.uuid4()), "buy", 5)
    game.turn()
    game.stop()
    clock.advance(5)
    return game, next((tmp_path / "herd").glob("*.jsonl"))


def damage(path: Path, line: int) -> None:
    """Change a byte in the middle of a line (from 1)."""
    lines = path.read_bytes().splitlines(keepends=True)
    middle = len(lines[line - 1]) // 2
    changed = bytearray(lines[line - 1])
    changed[middle] ^= 1
    lines[line - 1] = bytes(changed)
    path.write_bytes(b"".join(lines))


def continued(tmp_path: Path, workers: Workers, change: Callable[[Path], None]) -> tuple[Game, Path, Game]:
    """A played game, its log after the change, and the game that goes on from it."""
    clock = ManualClock(START)
    game, path = played(tmp_path, workers, clock)
    change(path)
    again = game_on(tmp_path, workers, clock)
    again.start()
    return game, path, again


def test_a_damaged_line_stops_the_game_before_it(tmp_path: Path, workers: Workers) -> None:
    """The session is neither replaced by a new one, nor written to."""
    game, path, again = continued(tmp_path, workers, lambda path: damage(path, 4))
    damaged = path.read_bytes()
    assert (again.session_id, again.count, again.price, again.phase) == (game.session_id, 2, 100.0, "frozen")
    assert again.stats()["phase"] == "frozen"
    assert "line 4 of this game's log is damaged, and 2 more lines come after it" in again.trouble
    assert [part.name for part in again.damage()] == [game.session_id]
    for action in (lambda: again.join(), lambda: again.order("p1", str(uuid.uuid4()), "buy", 1)):
        with pytest.raises(Conflict, match="line 4"):
            action()
    with pytest.raises(Conflict, match="The presenter decides"):
        again.control("resume")
    again.turn()
    assert path.read_bytes() == damaged
    assert workers.errors() == {}
    again.stop()


def test_going_on_from_the_good_lines_keeps_the_damaged_log(tmp_path: Path, workers: Workers) -> None:
    game, path, again = continued(tmp_path, workers, lambda path: damage(path, 3))
    damaged = path.read_bytes()
    again.control("recover")
    assert (again.session_id, again.count, again.phase, again.trouble) == (game.session_id, 1, "open", "")
    assert again.participant("p2") is None, "the phone of somebody whose line is lost must join again"
    assert again.participant("p3") is None
    assert again.join().id not in ("p1", "p2", "p3"), "a number that was given once is given to nobody else"
    with pytest.raises(Conflict, match="not damaged"):
        again.control("recover")
    again.stop()
    assert path.with_name(f"{path.stem}.damaged-1").read_bytes() == damaged
    third = game_on(tmp_path, workers, ManualClock(START))
    third.start()
    assert (third.session_id, third.count, third.trouble, third.damage()) == (game.session_id, 2, "", [])
    third.stop()


def test_a_new_game_leaves_the_damaged_log_as_it_is(tmp_path: Path, workers: Workers) -> None:
    game, path, again = continued(tmp_path, workers, lambda path: damage(path, 2))
    damaged = path.read_bytes()
    again.control("reset")
    assert again.session_id != game.session_id
    assert (again.code, again.count, again.trouble) == (game.code, 0, "")
    again.join()
    past = next(line for line in again.sessions() if line["id"] == game.session_id)
    assert past["damaged"] == "line 2 of the game's log is damaged; lines after it: 4"
    assert [part.name for part in again.damage()] == [game.session_id]
    assert len(again.load(game.session_id)) == 1
    assert path.read_bytes() == damaged
    again.stop()


def test_a_log_whose_first_line_is_damaged_is_said(tmp_path: Path, workers: Workers) -> None:
    game, path, again = continued(tmp_path, workers, lambda path: damage(path, 1))
    damaged = path.read_bytes()
    assert again.session_id != game.session_id
    assert again.trouble.startswith(f"A new game has begun: the log of the game {game.session_id} cannot be read")
    assert [part.name for part in again.damage()] == [game.session_id]
    assert path.read_bytes() == damaged
    assert list(workers.errors()) == [f"reading the herd session {path.stem}: BadInput"]
    assert again.join().id == "p1"
    again.stop()


def test_an_event_that_does_not_fit_stops_the_game_too(tmp_path: Path, workers: Workers) -> None:
    """As in a log of an earlier version, whose lines have no checksum."""

    def plain(path: Path) -> None:
        lines = DiskJournal(path.parent, workers).read(path.stem)
        path.write_bytes(lines.replace(b'"n":3', b'"n":9'))

    game, path, again = continued(tmp_path, workers, plain)
    lines = DiskJournal(path.parent, workers).read(path.stem).splitlines(True)
    assert (again.session_id, again.count) == (game.session_id, 2)
    assert "line 4 of this game's log does not fit (event 9 (join) cannot follow event 2)" in again.trouble
    again.control("recover")
    again.join()
    assert DiskJournal(path.parent, workers).read(path.stem).startswith(b"".join(lines[:3]))
    again.stop()


def test_the_last_line_that_is_damaged_is_told_apart_from_a_torn_one(tmp_path: Path, workers: Workers) -> None:
    clock = ManualClock(START)
    game, path = played(tmp_path, workers, clock)
    whole = path.read_bytes()
    damage(path, 6)
    again = game_on(tmp_path, workers, clock)
    again.start()
    assert "line 6 of this game's log is damaged, and nothing comes after it" in again.trouble
    again.stop()
    path.write_bytes(whole[:-30])
    path.with_name("acknowledged").unlink()  # as a kill before it was acknowledged leaves them
    again = game_on(tmp_path, workers, clock)
    again.start()
    assert (again.session_id, again.trouble, again.count) == (game.session_id, "", 3)
    again.stop()
