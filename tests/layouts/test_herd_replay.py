"""The replay's page as a tree: each control has its name and keys, and events are told newest first."""

from __future__ import annotations

import pytest

from layouts.herd_replay import BUTTONS, KEYS, feed, replay_page, velocities
from orderflow.herd.debrief.playback import Playback
from orderflow.herd.debrief.player import ACTIONS, VELOCITIES
from tests.herd.debrief.test_playback import FRAMES
from tests.layouts.test_herd_debrief import words
from tests.layouts.trees import find, ids, walk


def test_every_id_is_there_once() -> None:
    there = [part.id for part in walk(replay_page()) if getattr(part, "id", None)]
    assert len(there) == len(set(there))
    assert {name for name, *_ in (*BUTTONS, *KEYS)} == set(ACTIONS)
    assert {f"replay-{name}" for name in ACTIONS} <= ids(replay_page())


def test_every_action_has_a_key_of_its_own() -> None:
    keys = [getattr(part, "data-hotkey") for part in walk(replay_page()) if hasattr(part, "data-hotkey")]
    single = [key for text in keys for key in text.split()]
    wanted = ["Space", "K", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "F", "T"]
    assert sorted(single) == sorted(wanted)


def test_controls_have_names_for_screen_readers() -> None:
    page = replay_page()
    assert find(page, "replay-seek").thumbLabel == "Position in the session"
    assert getattr(find(page, "replay-velocity"), "aria-label") == "Velocity"
    for name in ("back", "play", "on"):
        assert getattr(find(page, f"replay-{name}"), "aria-label")


def test_velocities_keep_what_the_address_asked_for() -> None:
    assert [entry["value"] for entry in velocities()] == [str(one) for one in VELOCITIES]
    assert [entry["label"] for entry in velocities(2.5, 4)][1:4] == ["2×", "2.5×", "4×"]


@pytest.mark.parametrize(("position", "texts"), [(1_000, []), (2_000, ["News: Comet", "Round 1 of 2 begins"])])
def test_events_up_to_a_position_newest_first(position: int, texts: list[str]) -> None:
    shown = feed(Playback(FRAMES), position)
    assert [item.children[1].children for item in shown] == texts


def test_an_event_has_its_time_and_a_sign() -> None:
    shown = feed(Playback(FRAMES), 63_000)
    assert words(shown[0]) == "1:02 The market is frozen"
    assert shown[0].to_plotly_json()["props"]["data-sign"] == "●"
