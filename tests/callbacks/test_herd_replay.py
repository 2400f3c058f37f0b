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
    LONGEST,
    OUTPUTS,
    STEP,
    Player,
    advance,
    answer,
    asked,
    begin,
    bounded,
    extend,
    meter,
    page,
    press,
    register,
    restored,
    told,
)
from layouts.herd_replay import ACTIONS, VELOCITIES
from orderflow.herd.debrief.cache import Playbacks
from orderflow.herd.debrief.playback import KEPT, Playback
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
def player(playback: Playback) -> Player:
    return begin(playback, 4, NOW)


@pytest.fixture
def kept(make_services: Callable[..., Services], tmp_path: Path) -> tuple[Playbacks, str]:
    """Playbacks of a data folder that holds one game; its id."""
    name = keep(play_game(people=10, seconds=30, rounds_of=2, experiment=False), tmp_path)
    services = make_services(ephemeral=False, data_dir=tmp_path)
    return Playbacks(services.part(Game), services.workers), name


def values(**changed: Any) -> Json:
    return {"player": None, "search": "", "theme": "dark", "seek": 0, "velocity": "4", **changed}


def test_the_address_says_session_and_velocity() -> None:
    assert asked("?session=20261121-081500-7f3a&velocity=12") == ("20261121-081500-7f3a", 12)
    assert asked("") == asked(None) == (None, 4)
    assert [bounded(text) for text in ("1", "2.5", "60", "0.2", "64", "-3", "nan", "x", None, [])] == (
        [1, 2.5, 60, 1, 60, 4, 4, 4, 4, 4]
    )


def test_the_position_follows_the_clock_however_late_the_answer(playback: Playback, player: Player) -> None:
    moved, left_out = advance(player, playback, NOW + 200)
    assert (moved.position, moved.at, left_out) == (playback.begin + 800, NOW + 200, 0)
    late, _ = advance(replace(player, velocity=1), playback, NOW + 1_300)
    assert late.position == playback.begin + 1_300
    outage, _ = advance(replace(player, velocity=0.1), playback, NOW + 60_000)
    assert outage.position == playback.begin + LONGEST / 10
    skipping, left_out = advance(replace(player, position=2_000, velocity=1), playback, NOW + KEPT)
    assert (skipping.position, left_out) == (62_000 - KEPT, 60_000 - 2 * KEPT)
    back, _ = advance(player, playback, NOW - 1_000)
    assert back.position == player.position


def test_a_player_that_is_paused_or_over_stays(playback: Playback, player: Player) -> None:
    still, _ = advance(replace(player, playing=False), playback, NOW + 1_000)
    assert (still.position, still.at) == (player.position, NOW + 1_000)
    over, _ = advance(replace(player, position=62_900, velocity=60), playback, NOW + 200)
    assert (over.position, over.playing) == (playback.end, False)


def test_buttons_and_keys(playback: Playback, player: Player) -> None:
    middle = replace(player, position=30_000)
    assert press(middle, playback, "back").position == 30_000 - STEP
    assert press(middle, playback, "on").position == 30_000 + STEP
    assert press(middle, playback, "first").position == playback.begin
    end = press(middle, playback, "last")
    assert (end.position, end.playing) == (playback.end, False)
    assert press(end, playback, "on").position == playback.end
    assert press(player, playback, "back").position == playback.begin
    paused = press(middle, playback, "play")
    assert (paused.position, paused.playing) == (30_000, False)
    assert press(paused, playback, "play").playing
    again = press(end, playback, "play")
    assert (again.position, again.playing) == (playback.begin, True)


def test_faster_and_slower_go_by_steps_also_from_between(playback: Playback, player: Player) -> None:
    assert press(player, playback, "faster").velocity == 8
    assert press(player, playback, "slower").velocity == 2
    odd = replace(player, velocity=12)
    assert (press(odd, playback, "faster").velocity, press(odd, playback, "slower").velocity) == (16, 8)
    for velocity, action in ((VELOCITIES[-1], "faster"), (VELOCITIES[0], "slower")):
        assert press(replace(player, velocity=velocity), playback, action).velocity == velocity


def test_pictures_bring_every_point_once_and_a_new_figure_only_when_it_must(playback: Playback) -> None:
    before = replace(begin(playback, 1, NOW), drawn=1)
    seen: list[str] = []
    for position in (1_500, 2_000, 30_000, 62_000, 63_000):
        after, chart = extend(playback, before, replace(before, position=position), "dark")
        assert list(chart) == ["extendData"]
        seen += chart["extendData"][0]["x"][0]
        before = after
    assert [time[-9:] for time in seen] == [
        *("00:00.999", "00:01.000"),
        *("01:00.999", "01:01.000", "01:02.000"),
    ]
    assert before.drawn == 6
    crowded, chart = extend(playback, replace(before, position=62_000, drawn=10_000), before, "dark")
    assert list(chart) == ["figure"]
    assert crowded.drawn == len(chart["figure"]["data"][0]["x"])


def test_what_happened_on_the_way_is_told_once(playback: Playback) -> None:
    assert told(playback, 1_000, 1_400, 0) == {}
    changes = told(playback, 1_400, 2_000, 0)
    assert set(changes) == {"feed", "news"}
    assert words(changes["news"]) == "Comet"
    assert len(changes["feed"]) == 2
    assert "Skipped 0:57" in words(told(playback, 3_500, 60_500, 57_000)["note"])


def test_the_meter_is_of_those_who_traded() -> None:
    assert meter(None)["buyers"] == "Buyers –"
    assert meter(0.755) | {"known": ""} == {
        "known": "",
        "bar": {"width": "75.5%"},
        "buyers": "Buyers 76 %",
        "sellers": "25 % Sellers",
    }


def test_opening_plays_the_session_of_the_address(kept: tuple[Playbacks, str]) -> None:
    playbacks, name = kept
    found = answer(playbacks, yes, "None", values(search=f"?session={name}&velocity=12"), NOW)
    assert set(found) <= set(OUTPUTS)
    assert found["session"] == f"Session {name}"
    assert found["debrief"] == f"/herd/debrief/?session={name}"
    assert (found["velocity"], found["play"], found["limit"]) == ("12", "Pause", -1)
    assert {"value": "12", "label": "12×"} in found["velocities"]
    assert (found["price"], found["change"], found["clock"]) == ("100.00", "■ ±0.00 (±0.0 %)", "0:00")


def test_playing_seeking_and_the_end(kept: tuple[Playbacks, str]) -> None:
    playbacks, name = kept
    state = answer(playbacks, yes, "None", values(search=f"?session={name}&velocity=60"), NOW)["player"]
    playing = answer(playbacks, yes, "replay-ticker", values(player=state), NOW + 200)
    assert "figure" not in playing
    assert playing["clock"] == "0:12"
    sought = answer(playbacks, yes, "replay-seek", values(player=playing["player"], seek=5.25), NOW + 200)
    assert sought["seek"] == 5.25
    assert sought["figure"]["data"][0]["x"][-1] <= "2000-01-01 00:00:05.250"
    end = answer(playbacks, yes, "replay-last", values(player=sought["player"]), NOW + 300)
    playback = playbacks.open(name)
    assert end["price"] == f"{playback.prices[-1]:.2f}"
    assert (end["play"], end["limit"], end["phase"]) == ("Again", 0, "Ended")
    slow = answer(playbacks, yes, "replay-velocity", values(player=end["player"], velocity="2"), NOW + 400)
    assert slow["velocity"] == "2"
    light = answer(playbacks, yes, "replay-theme", values(player=end["player"], theme="light"), NOW + 400)
    assert light["figure"]["data"][0]["line"]["color"] != end["figure"]["data"][0]["line"]["color"]


def test_unplayable_sessions_have_a_notice(services: Services) -> None:
    playbacks = Playbacks(services.part(Game), services.workers)

    def said(allowed: Callable[[], bool], **changed: Any) -> str:
        found = answer(playbacks, allowed, "None", values(**changed), NOW)
        assert (found["quiet"], found["limit"]) == (False, 0)
        assert "player" not in found
        return str(found["banner"])

    assert said(no) == KEY_NEEDED
    assert said(yes) == EMPTY
    assert "no session" in said(yes, search="?session=gone")
    stale = asdict(Player("gone", 3, 1.0, NOW, 4, True))
    assert "no session" in said(yes, player=stale)
    assert said(no, player=stale) == KEY_NEEDED


def test_a_forged_player_is_none(player: Player) -> None:
    assert restored(asdict(player)) == player
    for forged in (None, 5, [], {}, {"session": "x"}, {**asdict(player), "extra": 1}):
        assert restored(forged) is None
    for name, value in (("session", 5), ("position", "x"), ("at", float("nan")), ("velocity", 0), ("size", -1)):
        assert restored({**asdict(player), name: value}) is None


def test_every_callback_refers_to_what_the_page_has(services: Services) -> None:
    app = Dash("test", use_async=False)
    known = ids(page(services, [])) | {"location"}
    register(app, services)
    used = {part["id"] for entry in app.callback_map.values() for part in [*entry["inputs"], *entry["state"]]}
    assert used <= known
    assert {output.component_id for output in OUTPUTS.values()} <= known
    assert {f"replay-{name}" for name in ACTIONS} <= used
