"""The replay's callback as plain functions: what is opened, how the position moves, and what each picture brings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from dash import Dash

from callbacks.herd_replay import (
    EMPTY,
    KEY_NEEDED,
    OUTPUTS,
    answer,
    asked,
    events_between,
    extend,
    meter,
    page,
    read_controls,
    register,
)
from orderflow.herd.debrief.cache import Playbacks
from orderflow.herd.debrief.playback import Playback
from orderflow.herd.debrief.player import ACTIONS, Controls, Player, begin
from orderflow.herd.live.game import Game
from orderflow.services import Services
from tests.herd.debrief.test_playback import FRAMES
from tests.herd.played import keep, play_game
from tests.layouts.test_herd_debrief import words
from tests.layouts.trees import ids

Json = dict[str, Any]
NOW = 5_000_000.0


def yes() -> bool:
    return True


def no() -> bool:
    return False


@pytest.fixture
def playback() -> Playback:
    return Playback(FRAMES, 9)


@pytest.fixture
def kept(make_services: Callable[..., Services], tmp_path: Path) -> tuple[Playbacks, str]:
    """Playbacks of a data folder that holds one game; its id."""
    name = keep(play_game(people=10, seconds=30, rounds_of=2, experiment=False), tmp_path)
    services = make_services(ephemeral=False, data_dir=tmp_path)
    return Playbacks(services.part(Game), services.workers), name


def controls(clicks: str = "", seek: float = 0.0, velocity: float = 4, theme: str = "dark") -> Controls:
    """Controls of a page. clicks: the action clicked, if any."""
    return Controls([int(name == clicks) for name in ACTIONS], seek, velocity, theme, clicks)


def after(state: Json, **changed: Any) -> Controls:
    """The controls of a page with this state, after the reader changed some."""
    shown = controls(seek=state["seek"], velocity=float(state["velocity"]))
    if "clicks" in changed:
        changed["clicks"] = [int(name == changed["clicks"]) for name in ACTIONS]
    return replace(shown, **{"clicks": state["player"]["clicks"], "theme": state["player"]["theme"], **changed})


def test_session_and_velocity_of_the_address() -> None:
    assert asked("?session=20261121-081500-7f3a&velocity=12") == ("20261121-081500-7f3a", 12)
    assert asked("") == asked(None) == (None, 4)
    assert asked("?velocity=64")[1] == 60


def test_updates_add_every_point_once_and_replace_only_a_full_figure(playback: Playback) -> None:
    before = replace(begin(playback, controls(), NOW), drawn=1)
    seen: list[str] = []
    for position in (1_500, 2_000, 30_000, 62_000, 63_000):
        before, chart = extend(playback, before, replace(before, position=position))
        assert list(chart) == ["extendData"]
        seen += chart["extendData"][0]["x"][0]
    assert [time[-9:] for time in seen] == [
        *("00:00.999", "00:01.000"),
        *("01:00.999", "01:01.000", "01:02.000"),
    ]
    assert before.drawn == 6
    crowded, chart = extend(playback, replace(before, position=62_000, drawn=10_000), before)
    assert list(chart) == ["figure"]
    assert crowded.drawn == len(chart["figure"]["data"][0]["x"])


def test_events_headline_and_skipped_pause_of_an_update(playback: Playback) -> None:
    assert events_between(playback, 1_000, 1_400, 0) == {}
    changes = events_between(playback, 1_400, 2_000, 0)
    assert set(changes) == {"feed", "news"}
    assert words(changes["news"]) == "Comet"
    assert len(changes["feed"]) == 2
    assert "Skipped 0:57" in words(events_between(playback, 3_500, 60_500, 57_000)["note"])


def test_meter_shows_the_share_of_buyers() -> None:
    assert meter(None)["buyers"] == "Buyers –"
    assert meter(0.755) | {"known": ""} == {
        "known": "",
        "bar": {"--share": 0.755},
        "buyers": "Buyers 76 %",
        "sellers": "25 % Sellers",
    }


def test_opening_plays_the_session_of_the_address(kept: tuple[Playbacks, str]) -> None:
    playbacks, name = kept
    found = answer(playbacks, yes, None, f"?session={name}&velocity=12", controls(), NOW)
    assert set(found) <= set(OUTPUTS)
    assert found["session"] == f"Session {name}"
    assert found["debrief"] == f"/herd/debrief/?session={name}"
    assert (found["velocity"], found["play"], found["limit"]) == ("12", "Pause", -1)
    assert {"value": "12", "label": "12×"} in found["velocities"]
    assert (found["price"], found["change"], found["clock"]) == ("100.00", "■ ±0.00 (±0.0 %)", "0:00")


def test_playing_seeking_and_the_end(kept: tuple[Playbacks, str]) -> None:
    playbacks, name = kept
    state = answer(playbacks, yes, None, f"?session={name}&velocity=60", controls(), NOW)

    def use(**changed: Any) -> Json:
        return answer(playbacks, yes, state["player"], "", after(state, **changed), NOW + 200)

    playing = use()
    assert "figure" not in playing
    assert playing["clock"] == "0:12"
    sought = state = use(seek=5.25)
    assert sought["seek"] == 5.25
    assert sought["figure"]["data"][0]["x"][-1] <= "2000-01-01 00:00:05.250"
    end = state = use(clicks="last")
    assert end["price"] == f"{playbacks.open(name).prices[-1]:.2f}"
    assert (end["play"], end["limit"], end["phase"]) == ("Again", 0, "Ended")
    assert use(velocity=2.0)["velocity"] == "2"
    light = use(theme="light")
    assert light["figure"]["data"][0]["line"]["color"] != end["figure"]["data"][0]["line"]["color"]
    assert "figure" not in use()


def test_controls_are_read_as_the_page_sends_them() -> None:
    clicks = [None, 2, *[None] * (len(ACTIONS) - 2)]
    times = [None, 7, *[None] * (len(ACTIONS) - 2)]
    found = read_controls("light", {"clicks": clicks, "times": times, "seek": 3, "velocity": "8"})
    assert found == Controls([0, 2, *[0] * (len(ACTIONS) - 2)], 3, 8, "light", "play")
    odd = read_controls("x", {"clicks": ["x"], "times": ["x"], "seek": float("nan"), "velocity": {}})
    assert (odd.clicks, odd.seek, odd.velocity, odd.theme) == ([0], 0, 4, "dark")


@pytest.mark.parametrize("names", [("first", "last"), ("last", "first")])
def test_the_last_of_two_clicks_without_an_answer_counts(kept: tuple[Playbacks, str], names: tuple[str, str]) -> None:
    playbacks, name = kept
    state = answer(playbacks, yes, None, f"?session={name}&velocity=60", controls(), NOW)
    given = {
        "clicks": [int(each in names) for each in ACTIONS],
        "times": [names.index(each) + 1 if each in names else None for each in ACTIONS],
        "seek": state["seek"],
        "velocity": state["velocity"],
    }
    found = answer(playbacks, yes, state["player"], "", read_controls("dark", given), NOW + 200)
    assert (found["clock"] == "0:00") == (names[1] == "first")


def test_unplayable_sessions_have_a_notice(services: Services) -> None:
    playbacks = Playbacks(services.part(Game), services.workers)

    def said(allowed: Callable[[], bool], search: str = "", stored: Any = None) -> str:
        found = answer(playbacks, allowed, stored, search, controls(), NOW)
        assert (found["quiet"], found["limit"]) == (False, 0)
        assert "player" not in found
        return str(found["banner"])

    assert said(no) == KEY_NEEDED
    assert said(yes) == EMPTY
    assert "no session" in said(yes, "?session=gone")
    stale = asdict(Player("gone", 3, 1.0, NOW, 4, True, [0] * len(ACTIONS), "dark"))
    assert "no session" in said(yes, stored=stale)
    assert said(no, stored=stale) == KEY_NEEDED


def test_every_callback_refers_to_what_the_page_has(services: Services) -> None:
    app = Dash("test", use_async=False)
    known = ids(page(services, [])) | {"location"}
    register(app, services)
    used = {part["id"] for entry in app.callback_map.values() for part in [*entry["inputs"], *entry["state"]]}
    assert used <= known
    assert {output.component_id for output in OUTPUTS.values()} <= known
    assert {f"replay-{name}" for name in ACTIONS} <= used
