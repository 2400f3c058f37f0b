"""Every action on a full disk: refused at its first write, it changes nothing; it has no second write to be refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from orderflow.errors import StorageFailed
from orderflow.herd.live.journal import NoJournal
from orderflow.herd.live.presenter import advance_round
from tests.herd.play import Play

ROUND = {"preset": "ssw", "rounds": 2, "seconds": 30}


class Full(NoJournal):
    """A journal that takes `room` more appends."""

    room = 10**9

    def append(self, data: bytes) -> None:
        if not self.room:
            raise StorageFailed("the disk is full")
        self.room -= 1
        super().append(data)


def played(*, running: bool) -> Play:
    play = Play()
    play.journal = play.session._journal = Full()
    play.journal.begin(play.state.session_id)
    a, b = play.join(2)
    play.act("start")
    play.batch((a, 10), (b, -3))
    if running:
        play.act("round", **ROUND)
        play.batch((b, 5))
    return play


ACTIONS: list[tuple[str, dict[str, Any], bool]] = [
    ("lobby", {}, False),
    ("freeze", {}, False),
    ("freeze", {}, True),
    ("news", {"text": "x", "move": 5}, False),
    ("round", ROUND, False),
    ("round", {}, True),
    ("round", {"stop": True}, True),
    ("bots", {"kind": "zero", "count": 3}, False),
    ("experiment", {"on": True}, False),
    ("undo", {}, True),
    ("kick", {"participant": "p1"}, False),
    ("end", {}, False),
    ("end", {}, True),
]


@pytest.mark.parametrize(("action", "args", "running"), ACTIONS, ids=lambda value: str(value))
def test_refused_action_changes_nothing_and_an_action_is_one_write(
    action: str, args: dict[str, Any], running: bool
) -> None:
    play = played(running=running)
    before = copy.deepcopy(play.state)
    play.journal.room = 0
    with pytest.raises(StorageFailed):
        play.act(action, **args)
    assert play.state == before == play.again()
    play.journal.room = 1
    play.act(action, **args)
    assert play.journal.room == 0
    assert play.state == play.again() != before


def test_the_end_of_a_round_and_the_next_begin_are_one_write() -> None:
    play = played(running=True)
    for number, phase in ((2, "open"), (2, "frozen")):
        before = copy.deepcopy(play.state)
        play.journal.room = 0
        with pytest.raises(StorageFailed):
            advance_round(play.session, play.now)
        assert play.state == before == play.again()
        play.journal.room = 1
        advance_round(play.session, play.now)
        assert play.state.round is not None
        assert (play.state.round.round, play.state.phase) == (number, phase)
        assert play.state == play.again()


@pytest.mark.parametrize("what", ["join", "rename", "order", "batch", "bots"])
def test_refused_participant_changes_nothing(what: str) -> None:
    play = played(running=False)
    if what == "bots":
        play.act("bots", kind="zero", count=5)
    if what == "batch":
        play.order("p1", 4)
    calls = {
        "join": lambda: play.join(),
        "rename": lambda: play.session.rename(play.now, "p1", "Bea"),
        "order": lambda: play.order("p1", 4),
        "batch": lambda: play.session.settle(play.now),
        "bots": lambda: [play.session.settle(play.now, bots=True) for _ in range(20)],
    }
    before = copy.deepcopy(play.state)
    play.journal.room = 0
    with pytest.raises(StorageFailed):
        calls[what]()
    assert play.state == before == play.again()
    play.journal.room = 10**9
    calls[what]()
    assert play.state == play.again() != before
