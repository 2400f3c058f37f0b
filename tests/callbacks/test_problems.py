"""Every page says that nothing can be stored, with the same words; the phones are told, too."""

from __future__ import annotations

import json

import pytest
from dash.exceptions import PreventUpdate

from callbacks import problems
from callbacks.app import PAGES, page_at
from layouts.shell import PROBLEMS
from orderflow.herd.live.game import Game
from orderflow.herd.live.journal import NoJournal
from orderflow.herd.live.messages import PublicState
from orderflow.services import Services

OWN = {"/chart/": "chart-damage", "/herd/": "herd-trouble"}
"""Pages that say it themselves, and where."""
FULL = "the game's log cannot be written: the disk is full. Free some space"


class Refusing(NoJournal):
    """A journal on a full disk."""

    def problem(self) -> str:
        return FULL


@pytest.fixture
def game(services: Services) -> Game:
    return services.part(Game)


@pytest.mark.parametrize("path", [page.path for page in PAGES])
def test_every_page_has_a_place_for_it(services: Services, path: str) -> None:
    tree = json.dumps(page_at(path, services, []).to_plotly_json(), default=lambda part: part.to_plotly_json())
    wanted = OWN.get(path, PROBLEMS)
    assert f'"id": "{wanted}"' in tree
    assert (f'"id": "{PROBLEMS}"' in tree) == (path not in OWN)


def test_the_banner_comes_and_goes(services: Services, game: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PreventUpdate):
        problems.banner(services, None)
    monkeypatch.setattr(game, "journal", Refusing())
    text, whole, hidden = problems.banner(services, "")
    assert (text, hidden) == ("The game's log cannot be written: the disk is full.", False)
    assert whole == f"{FULL[0].upper()}{FULL[1:]}."
    with pytest.raises(PreventUpdate):
        problems.banner(services, text)
    monkeypatch.setattr(game, "journal", NoJournal())
    assert problems.banner(services, text) == ("", "", True)


def test_phones_are_told_with_the_next_message(game: Game) -> None:
    state = PublicState(game, game.now)
    version = state.version
    assert "unsaved" not in state.snapshot(10, None), "nothing is said while all is well"
    state.unsaved = True
    assert state.refresh(), "it is urgent"
    assert state.delta(version)["unsaved"] is True
    assert state.snapshot(10, None)["unsaved"] is True
    state.unsaved = False
    assert state.refresh()
    assert state.delta(version)["unsaved"] is False
