"""The player of a replay: time, buttons, and controls whose requests were overtaken."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from orderflow.herd.debrief import player as players
from orderflow.herd.debrief.playback import KEPT, Playback
from tests.herd.debrief.test_playback import FRAMES

NOW = 5_000_000.0
CONTROLS = players.Controls([0] * len(players.ACTIONS), 0.0, 4, "dark")


@pytest.fixture
def playback() -> Playback:
    return Playback(FRAMES, 9)


@pytest.fixture
def player(playback: Playback) -> players.Player:
    return players.begin(playback, CONTROLS, NOW)


def clicked(*names: str, last: str = "") -> players.Controls:
    """Controls after clicks of these actions."""
    return replace(CONTROLS, clicks=[names.count(name) for name in players.ACTIONS], last=last)


def test_velocity_is_bounded() -> None:
    given = ("1", "2.5", "60", "0.2", "64", "-3", "nan", "x", None, [])
    assert [players.bounded(text) for text in given] == [1, 2.5, 60, 1, 60, 4, 4, 4, 4, 4]


def test_position_follows_the_clock_however_late_the_request(playback: Playback, player: players.Player) -> None:
    moved, skipped = players.advance(player, playback, NOW + 200)
    assert (moved.position, moved.at, skipped) == (playback.begin + 800, NOW + 200, 0)
    late, _ = players.advance(replace(player, velocity=1), playback, NOW + 1_300)
    assert late.position == playback.begin + 1_300
    outage, _ = players.advance(replace(player, velocity=0.1), playback, NOW + 60_000)
    assert outage.position == playback.begin + players.LONGEST / 10
    back, _ = players.advance(player, playback, NOW - 1_000)
    assert back.position == player.position


def test_long_pauses_are_skipped(playback: Playback, player: players.Player) -> None:
    after, skipped = players.advance(replace(player, position=2_000, velocity=1), playback, NOW + KEPT)
    assert (after.position, skipped) == (62_000 - KEPT, 60_000 - 2 * KEPT)


def test_paused_or_finished_player_stays(playback: Playback, player: players.Player) -> None:
    still, _ = players.advance(replace(player, playing=False), playback, NOW + 1_000)
    assert (still.position, still.at) == (player.position, NOW + 1_000)
    over, _ = players.advance(replace(player, position=62_900, velocity=60), playback, NOW + 200)
    assert (over.position, over.playing) == (playback.end, False)


def test_actions_that_move(playback: Playback, player: players.Player) -> None:
    middle = replace(player, position=30_000)
    assert players.press(middle, playback, "back").position == 30_000 - players.STEP
    assert players.press(middle, playback, "on").position == 30_000 + players.STEP
    assert players.press(middle, playback, "first").position == playback.begin
    end = players.press(middle, playback, "last")
    assert (end.position, end.playing) == (playback.end, False)
    assert players.press(end, playback, "on").position == playback.end
    assert players.press(player, playback, "back").position == playback.begin


def test_play_pauses_plays_and_plays_again(playback: Playback, player: players.Player) -> None:
    middle = replace(player, position=30_000)
    paused = players.press(middle, playback, "play")
    assert (paused.position, paused.playing) == (30_000, False)
    assert players.press(paused, playback, "play").playing
    again = players.press(players.press(middle, playback, "last"), playback, "play")
    assert (again.position, again.playing) == (playback.begin, True)


def test_faster_and_slower_go_by_steps_also_from_between(playback: Playback, player: players.Player) -> None:
    assert players.press(player, playback, "faster").velocity == 8
    assert players.press(player, playback, "slower").velocity == 2
    between = replace(player, velocity=12)
    assert (
        players.press(between, playback, "faster").velocity,
        players.press(between, playback, "slower").velocity,
    ) == (16, 8)
    for velocity, action in ((players.VELOCITIES[-1], "faster"), (players.VELOCITIES[0], "slower")):
        assert players.press(replace(player, velocity=velocity), playback, action).velocity == velocity


def test_controls_are_used_only_when_they_differ(playback: Playback, player: players.Player) -> None:
    assert not players.is_used(player, playback, CONTROLS)
    changed = (
        clicked("on"),
        replace(CONTROLS, seek=1.5),
        replace(CONTROLS, velocity=8),
        replace(CONTROLS, theme="light"),
    )
    assert all(players.is_used(player, playback, controls) for controls in changed)


def test_clicks_of_overtaken_requests_are_not_lost(playback: Playback, player: players.Player) -> None:
    after = players.apply(player, playback, clicked("on", "on", "on", "faster", "faster"), player)
    assert (after.position, after.velocity) == (playback.begin + 3 * players.STEP, 16)
    assert not players.is_used(after, playback, replace(clicked("on", "on", "on", "faster", "faster"),
                                                seek=players.shown_seconds(after, playback), velocity=16))  # fmt: skip


def test_the_control_used_last_is_applied_last(playback: Playback, player: players.Player) -> None:
    first = players.apply(player, playback, clicked("last", "first", last="first"), player)
    last = players.apply(player, playback, clicked("last", "first", last="last"), player)
    assert (first.position, last.position) == (playback.begin, playback.end)


def test_seek_and_velocity_are_those_of_the_controls(playback: Playback, player: players.Player) -> None:
    moved, _ = players.advance(player, playback, NOW + 100)
    after = players.apply(moved, playback, replace(CONTROLS, seek=5.25, velocity=32, theme="light"), player)
    assert (after.position, after.velocity, after.theme, after.playing) == (6_250, 32, "light", True)
    end = players.apply(moved, playback, replace(CONTROLS, seek=1e9), player)
    assert (end.position, end.playing) == (playback.end, False)
    other = players.apply(moved, playback, replace(CONTROLS, velocity=2), player)
    assert other.position == moved.position


def test_forged_player_is_refused(player: players.Player) -> None:
    assert players.restore(asdict(player)) == player
    for forged in (None, 5, [], {}, {"session": "x"}, {**asdict(player), "extra": 1}):
        assert players.restore(forged) is None
    wrong = {"session": 5, "position": "x", "at": float("nan"), "velocity": 0, "size": -1, "clicks": [1], "drawn": None}
    for name, value in wrong.items():
        assert players.restore({**asdict(player), name: value}) is None
    for size in (0.5, 4.0, 10**20, True):
        assert players.restore({**asdict(player), "size": size}) is None


def test_steps_to_and_fro_at_once_are_not_cut_off_at_the_begin(playback: Playback, player: players.Player) -> None:
    one_step = replace(player, position=playback.begin + players.STEP)
    controls = clicked("on", "on", "on", "on", "back", "back", "back")
    assert players.apply(one_step, playback, controls, player).position == playback.begin + 2 * players.STEP
