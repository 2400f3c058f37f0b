"""Actions of the presenter."""

from __future__ import annotations

from typing import Any

import pytest

from orderflow.errors import BadInput, Busy, Conflict, NotFound
from orderflow.herd.live.presenter import ARGUMENTS, act, advance_round, check, is_time_up
from tests.herd.play import SECOND, Play


def test_phases() -> None:
    play = Play()
    assert play.state.phase == "open"
    for action, phase in (("lobby", "lobby"), ("start", "open"), ("freeze", "frozen"), ("resume", "open")):
        play.act(action)
        assert play.state.phase == phase
    count = play.state.n
    play.act("resume")
    assert play.state.n == count, "an unchanged phase is not an event"
    play.act("end")
    assert play.state.phase == "ended"
    for action in ARGUMENTS.keys() - {"reset"}:
        with pytest.raises(Conflict):
            play.act(action)


@pytest.mark.parametrize(
    ("action", "args", "field"),
    [
        ("fly", {}, "action"),
        (None, {}, "action"),
        ("freeze", {"now": 1}, "now"),
        ("kick", {"p": "p1"}, "p"),
    ],
)
def test_unknown_actions_and_arguments(action: object, args: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        check(action, args)
    assert caught.value.errors[0].field == field


@pytest.mark.parametrize(
    ("action", "args", "field"),
    [
        ("news", {}, "text"),
        ("news", {"text": " \u200b "}, "text"),
        ("news", {"text": "x" * 201}, "text"),
        ("news", {"text": "x", "move": -96}, "move"),
        ("news", {"text": "x", "move": float("inf")}, "move"),
        ("news", {"text": "x", "move": True}, "move"),
        ("bots", {"kind": "shark", "count": 1}, "kind"),
        ("bots", {"kind": "zero"}, "count"),
        ("bots", {"kind": "zero", "count": 201}, "count"),
        ("bots", {"kind": "zero", "count": True}, "count"),
        ("experiment", {"on": "yes"}, "on"),
        ("round", {"stop": 1}, "stop"),
    ],
)
def test_bad_arguments_are_refused_by_name(action: str, args: dict[str, Any], field: str) -> None:
    play = Play()
    before = play.state.n
    with pytest.raises(BadInput) as caught:
        play.act(action, **args)
    assert caught.value.errors[0].field == field
    assert play.state.n == before


def test_news_cannot_move_the_price_out_of_range() -> None:
    play = Play(price=20_000)
    for _ in range(2):
        play.act("news", text="crash", move=-90)
    with pytest.raises(BadInput, match="out of the range"):
        play.act("news", text="crash", move=-90)


def test_rounds_follow_each_other_and_the_market_freezes_at_the_end() -> None:
    play = Play()
    (a,) = play.join()
    play.act("freeze")
    play.act("round", rounds=2, seconds=10, dividend=1)
    assert play.state.phase == "open", "a round opens the market"
    with pytest.raises(Conflict, match="stop it first"):
        play.act("round", rounds=3)
    play.now += 10 * SECOND - 1
    assert not is_time_up(play.session, play.now)
    play.now += 1
    assert is_time_up(play.session, play.now)
    advance_round(play.session, play.now)
    assert play.state.round is not None
    assert (play.state.round.round, play.state.round.running) == (2, True)
    advance_round(play.session, play.now)
    assert (play.state.phase, play.state.round.running) == ("frozen", False)
    assert play.person(a).cash == 5_000_000_000 + 2 * 50 * 1_000_000
    assert not is_time_up(play.session, play.now)


def test_rounds_continue_after_a_stop_or_an_undo() -> None:
    play = Play()
    play.act("round", rounds=3)
    play.act("round")
    play.act("round", stop=True)
    with pytest.raises(Conflict, match="no round"):
        play.act("round", stop=True)
    play.act("undo")
    play.act("round")
    assert play.state.round is not None
    assert (play.state.round.round, play.state.round.running) == (2, True)
    play.act("end")
    assert not play.state.round.running
    assert play.state.phase == "ended"


def test_bots_are_added_and_removed() -> None:
    play = Play()
    play.join(2)
    play.act("bots", kind="zero", count=3)
    play.act("bots", kind="trend", count=1)
    assert {person.bot: person.nick for person in play.state.machines.values()} == {
        "zero": "Bot zero 5",
        "trend": "Bot trend 6",
    }
    play.act("bots", kind="zero", count=1)
    assert [person.id for person in play.state.present()] == ["p1", "p2", "p3", "p6"]
    with pytest.raises(Busy):
        act(play.session, play.now, "bots", {"kind": "zero", "count": 4}, 6)


def test_a_kicked_participant_can_join_again() -> None:
    play = Play()
    (a,) = play.join()
    nick = play.person(a).nick
    play.act("kick", participant=a)
    assert play.state.present() == []
    for who in (a, "p9", None):
        with pytest.raises(NotFound):
            play.act("kick", participant=who)
    assert play.session.join(play.now, nick).nick == nick


def test_an_experiment_assigns_groups_evenly_also_to_latecomers() -> None:
    play = Play()
    play.join(7)
    play.act("bots", kind="zero", count=3)
    play.act("experiment", on=True)
    play.join(13)
    groups = [person.group for person in play.state.present() if person.bot is None]
    assert {person.group for person in play.state.machines.values()} == {None}
    for block in range(5):
        assert sorted(map(str, groups[4 * block : 4 * block + 4])) == ["blind", "blind", "see", "see"]
    assert play.again() == play.state
    first = list(groups)
    play.act("experiment", on=False)
    assert {person.group for person in play.state.present()} == {None}
    play.act("experiment", on=True)
    assert [person.group for person in play.state.present() if person.bot is None] != first


def test_nothing_to_undo() -> None:
    with pytest.raises(Conflict, match="no round to undo"):
        Play().act("undo")
