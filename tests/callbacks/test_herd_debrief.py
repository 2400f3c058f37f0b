"""The callbacks of the debrief as plain functions: choice of the session, access, notices."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dash import Dash, dcc

from callbacks import herd_debrief
from callbacks.herd_debrief import choose, page, register, session_in, show
from orderflow.herd.debrief.cache import Debriefs
from orderflow.herd.live.game import Game
from orderflow.services import Services
from tests.herd.played import keep, play_game
from tests.layouts.test_herd_debrief import words
from tests.layouts.trees import ids, walk


def yes() -> bool:
    return True


def no() -> bool:
    return False


@pytest.fixture
def served(make_services: Callable[..., Services], tmp_path: Path) -> tuple[Services, str]:
    """Services with one played game in the data folder, and its id."""
    name = keep(play_game(people=20, seconds=60), tmp_path)
    return make_services(ephemeral=False, data_dir=tmp_path), name


def test_the_address_names_the_session() -> None:
    assert session_in("?session=20261121-081500-7f3a&x=1") == "20261121-081500-7f3a"
    assert session_in("?session=") is None
    assert session_in("") is None
    assert session_in(None) is None


def test_no_game_gives_a_notice(services: Services) -> None:
    debriefs = Debriefs(services.part(Game), services.workers)
    assert choose(debriefs, yes, None) == ([], None)
    assert "No game has been played yet" in words(show(debriefs, yes, None, "dark"))


def test_newest_game_is_shown_first(served: tuple[Services, str]) -> None:
    services, name = served
    debriefs = Debriefs(services.part(Game), services.workers)
    choices, shown = choose(debriefs, yes, None)
    assert (len(choices), shown) == (1, name)
    assert "20 participants" in choices[0]["label"]
    body = show(debriefs, yes, shown, "light")
    assert "Did the crowd herd?" in words(body)
    assert any(isinstance(part, dcc.Graph) for part in walk(body))


def test_unknown_session_gives_a_notice(served: tuple[Services, str]) -> None:
    services, _ = served
    debriefs = Debriefs(services.part(Game), services.workers)
    choices, shown = choose(debriefs, yes, "?session=gone")
    assert ([choice["value"] for choice in choices][1:], shown) == (["gone"], "gone")
    for odd in ("gone", "../../etc/passwd"):
        assert "No debrief of this session" in words(show(debriefs, yes, odd, "dark"))


def test_running_game_is_reported_so_far(services: Services) -> None:
    services.part(Game).join("Ann")
    debriefs = Debriefs(services.part(Game), services.workers)
    (choice,), shown = choose(debriefs, yes, None)
    assert choice["label"].endswith("(not ended)")
    said = words(show(debriefs, yes, shown, "dark"))
    assert "This game has not ended" in said
    assert "while the market rests" in said


def test_no_names_without_the_key(served: tuple[Services, str]) -> None:
    services, name = served
    debriefs = Debriefs(services.part(Game), services.workers)
    assert choose(debriefs, no, None) == ([], None)
    assert "needs the key" in words(show(debriefs, no, name, "dark"))


def test_every_callback_refers_to_what_the_page_has(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(herd_debrief, "is_operator", yes)
    app = Dash("test", use_async=False)
    tree = page(services, [])
    register(app, services)
    known = ids(tree) | {"location"}
    used: set[str] = set()
    for callback in app.callback_map.values():
        parts: list[dict[str, Any]] = [*callback["inputs"], *callback["state"]]
        used |= {part["id"] for part in parts}
    assert used <= known
    assert {"debrief-session", "debrief-update", "debrief-theme", "debrief-print"} <= used
