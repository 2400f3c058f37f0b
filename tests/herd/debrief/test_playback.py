"""Playing a session again: positions, skipped pauses, points between two positions, and what was true at each."""

from __future__ import annotations

from typing import Any

import pytest

from orderflow.errors import NotFound
from orderflow.herd.debrief.cache import Playbacks
from orderflow.herd.debrief.frames import frames
from orderflow.herd.debrief.playback import KEPT, Playback
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
    assert playback.elapsed(63_000) == 62_000


def test_a_long_pause_is_skipped_after_its_begin_was_shown(playback: Playback) -> None:
    assert playback.advance(2_000, KEPT - 1) == (2_000 + KEPT - 1, 0)
    assert playback.advance(2_000, KEPT) == (62_000 - KEPT, 60_000 - 2 * KEPT)
    assert playback.advance(62_000 - KEPT, KEPT) == (62_000, 0)


def test_what_was_true_at_a_position(playback: Playback) -> None:
    assert [playback.price(t) for t in (0, 1_999, 2_000, 61_999, 63_000)] == [100, 100, 101, 101, 99]
    assert playback.state(1_000) == ("open", "")
    assert playback.state(62_500) == ("frozen", "Round 1 of 2 begins")
    assert [playback.captions_past(t) for t in (1_000, 1_500, 2_000, 63_000)] == [0, 1, 2, 3]
    assert [playback.lately(t) for t in (1_000, 2_000, 30_000, 62_000)] == [0, 1, 0, -2]


def test_share_of_buyers_in_the_last_five_seconds(playback: Playback) -> None:
    assert playback.buyers(1_000) is None
    assert playback.buyers(2_000) == 0.75
    assert playback.buyers(30_000) is None
    assert playback.buyers(63_000) == pytest.approx(1 / 3)


def test_points_between_two_positions_are_each_there_once(playback: Playback) -> None:
    cuts = [1_000, 1_500, 2_000, 2_001, 62_000, 63_000]
    found = [playback.points(after, until) for after, until in zip([0, *cuts], cuts, strict=False)]
    points = [point for part in found for point in part]
    # after a pause the price goes to the next in a step
    assert points == [(0, 100), (999, 100), (1_000, 101), (60_999, 101), (61_000, 99), (62_000, 99)]


def test_values_and_marks_up_to_a_position(playback: Playback) -> None:
    assert playback.values(1_999) == []
    assert playback.values(2_000) == [(1_000, 80)]
    assert playback.values(63_000) == [(1_000, 80), (62_000, None)]
    assert [mark["t"] for mark in playback.marks(63_000)] == [500, 1_000]
    assert playback.marks(1_000) == []


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
    assert playback.line(601_000) == [(595_000, 100), (600_000, 100), (600_999, 100), (601_000, 101)]
    assert playback.values(601_000) == []


def test_frames_of_a_played_game() -> None:
    events = play_game(people=8, seconds=20, rounds_of=2, experiment=False)
    told = frames(lambda: events)
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
    assert second.captions_past(second.end) == first.captions_past(first.end) + 1
    assert playbacks.get(first.session, first.size) is first
    again = Playbacks(services.part(Game), services.workers).get(first.session, first.size)
    assert (again.size, again.captions) == (first.size, first.captions)
    with pytest.raises(NotFound):
        playbacks.open("../../etc/passwd")
