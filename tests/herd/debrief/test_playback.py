"""Playing a session again: positions, skipped pauses, points between two positions, and what was true at each."""

from __future__ import annotations

import random
from typing import Any

import pytest

from orderflow.errors import NotFound
from orderflow.herd.debrief.cache import Playbacks
from orderflow.herd.debrief.playback import KEPT, Playback, frames, thin
from orderflow.herd.live.game import Game
from orderflow.services import Services
from tests.herd.played import play_game

Json = dict[str, Any]
FRAMES: Json = {
    "session": "s",
    "start": 100.0,
    "t": [1_000, 2_000, 62_000, 63_000],
    "price": [100.0, 101.0, 99.0, 99.0],
    "buys": [0, 3, 0, 1],
    "sells": [0, 1, 2, 0],
    "fundamental": [None, 80.0, 80.0, None],
    "events": [
        {"t": 1_500, "kind": "round", "text": "Round 1 of 2 begins"},
        {"t": 2_000, "kind": "news", "text": "News: Comet"},
        {"t": 62_500, "kind": "phase", "text": "The market is frozen"},
    ],
}


@pytest.fixture
def playback() -> Playback:
    return Playback(FRAMES)


def test_positions_stay_inside_the_session(playback: Playback) -> None:
    assert (playback.begin, playback.end) == (1_000, 63_000)
    assert playback.clamp(0) == 1_000
    assert playback.clamp(1e12) == 63_000
    assert playback.advance(62_900, 60_000) == (63_000, 0)
    assert playback.seconds(63_000) == 62


def test_a_long_pause_is_skipped_after_its_begin_was_shown(playback: Playback) -> None:
    assert playback.advance(2_000, KEPT - 1) == (2_000 + KEPT - 1, 0)
    assert playback.advance(2_000, KEPT) == (62_000 - KEPT, 60_000 - 2 * KEPT)
    assert playback.advance(62_000 - KEPT, KEPT) == (62_000, 0)


def test_what_was_true_at_a_position(playback: Playback) -> None:
    assert [playback.price(t) for t in (0, 1_999, 2_000, 61_999, 63_000)] == [100, 100, 101, 101, 99]
    assert [playback.value(t) for t in (1_999, 2_000, 62_999, 63_000)] == [None, 80, 80, None]
    assert playback.state(1_000) == ("open", "")
    assert playback.state(62_500) == ("frozen", "Round 1 of 2 begins")
    assert [playback.told(t) for t in (1_000, 1_500, 2_000, 63_000)] == [0, 1, 2, 3]
    assert [playback.direction(t) for t in (1_000, 2_000, 30_000, 62_000)] == [0, 1, 0, -1]


def test_share_of_buyers_in_the_last_five_seconds(playback: Playback) -> None:
    assert playback.buyers(1_000) is None
    assert playback.buyers(2_000) == 0.75
    assert playback.buyers(30_000) is None
    assert playback.buyers(63_000) == pytest.approx(1 / 3)


def test_points_between_two_positions_are_each_there_once(playback: Playback) -> None:
    cuts = [1_000, 1_500, 2_000, 2_001, 62_000, 63_000]
    found = [playback.points(after, until) for after, until in zip([0, *cuts], cuts, strict=False)]
    assert [x for part in found for x in part[0]] == [0, 1, 61, 62]
    assert [y for part in found for y in part[1]] == [100, 101, 99, 99]
    assert playback.value_points(0, 2_000) == ([1], [80])
    assert playback.value_points(2_000, 63_000) == ([62, 62], [80, None])


def test_the_chart_begins_shortly_before_the_first_change() -> None:
    late = {
        **FRAMES,
        "t": [0, 600_000, 601_000],
        "price": [100.0, 100.0, 101.0],
        "buys": [0] * 3,
        "sells": [0] * 3,
        "fundamental": None,
        "events": [{"t": 1_000, "kind": "phase", "text": "The market is open"}],
    }
    playback = Playback(late)
    assert playback.origin == 595_000
    assert playback.chart_begin(1_000) == 0
    assert playback.line(601_000) == ([595, 600, 601], [100, 100, 101])
    assert playback.value(601_000) is None
    assert playback.value_points(0, 601_000) == ([], [])


def test_thin_keeps_first_last_and_every_peak() -> None:
    chance = random.Random(3)
    x = [float(i) for i in range(5_000)]
    y = [chance.gauss(0, 1) for _ in x]
    y[1234], y[4321] = 50.0, -50.0
    thinned = thin(x, y, 100)
    assert len(thinned[0]) <= 400
    assert thinned[0] == sorted(set(thinned[0]))
    assert (thinned[0][0], thinned[0][-1]) == (0, 4_999)
    assert {50.0, -50.0} <= set(thinned[1])
    assert all(y[int(at)] == value for at, value in zip(*thinned, strict=True))
    assert thin(x[:400], y[:400], 100) == (x[:400], y[:400])


def test_frames_of_a_played_game() -> None:
    events = play_game(people=8, seconds=20, rounds_of=2, experiment=False)
    told = frames(events)
    columns = ("t", "price", "buys", "sells", "fundamental")
    assert len({len(told[name]) for name in columns}) == 1
    assert told["t"] == sorted(told["t"])
    playback = Playback(told, len(events))
    assert not playback.empty
    assert playback.state(playback.end) == ("ended", "Round 2 of 2 is over")
    assert playback.price(playback.end) == told["price"][-1]


def test_a_running_session_is_had_again_as_it_was_when_it_was_opened(services: Services) -> None:
    playbacks = Playbacks(services.part(Game), services.workers)
    first = playbacks.open()
    assert first.empty
    services.part(Game).control("news", text="Comet")
    second = playbacks.open(first.session)
    assert second.size > first.size
    assert second.told(second.end) == first.told(first.end) + 1
    assert playbacks.get(first.session, first.size) is first
    again = Playbacks(services.part(Game), services.workers).get(first.session, first.size)
    assert (again.size, again.captions) == (first.size, first.captions)
    with pytest.raises(NotFound):
        playbacks.open("../../etc/passwd")
