"""The herd game's big screen as a component tree: values in, the same tree out."""

from __future__ import annotations

import re
from collections import Counter

from callbacks.app import assets_folder
from layouts.herd import STATISTICS, STEPS, herd_page
from layouts.herd_controls import BOTS, EXPORTS
from layouts.shell import Link
from orderflow.herd.debrief.export import EXPORTS as FILES
from orderflow.herd.live.presenter import ARGUMENTS
from orderflow.herd.rules.bots import KINDS
from tests.layouts.trees import find, ids, walk


def page() -> object:
    """The page with a navigation."""
    return herd_page(links=[Link("/chart/", "Order flow"), Link("/herd/", "Herd game")], batch_ms=250)


def attributes(name: str) -> list[str]:
    """The values of an attribute in the page, in its order."""
    return [getattr(part, name) for part in walk(page()) if getattr(part, name, None) is not None]


def script(name: str) -> str:
    """A script of the page."""
    return (assets_folder() / "herd" / f"{name}.js").read_text(encoding="utf-8")


def test_same_values_make_the_same_tree() -> None:
    assert str(page()) == str(page())


def test_ids_are_unique() -> None:
    seen = Counter(part.id for part in walk(page()) if isinstance(getattr(part, "id", None), str))
    assert {id: count for id, count in seen.items() if count > 1} == {}


def test_values_reach_the_browser() -> None:
    assert find(page(), "herd-config").data == {"path": "/herd/", "batch_ms": 250}


def test_controls_wait_for_the_key() -> None:
    assert find(page(), "herd-tools").hidden is True
    assert find(page(), "herd-viewer").hidden is True  # until the server has said which of the two it is


def test_every_element_that_the_scripts_look_for_is_there() -> None:
    known = ids(page())
    for path in sorted((assets_folder() / "herd").glob("*.js")):
        text = path.read_text(encoding="utf-8")
        looked_for = set(re.findall(r'\$\("(herd-[a-z-]+[a-z])"\)', text)) | set(re.findall(r'"#(herd-[a-z-]+)"', text))
        assert looked_for <= known, path.name


def test_every_button_does_something() -> None:
    control, screen = script("control"), script("page")
    for action in set(attributes("data-do")):
        assert f"{action}Do(" in control or f"      {action}: " in screen, action


def test_every_action_of_the_game_has_a_control() -> None:
    control = script("control")
    for action in ARGUMENTS:
        assert re.search(rf'"{action}"|    {action}: \[', control), action


def test_bots_and_files_are_those_of_the_game() -> None:
    assert tuple(kind for kind, _, _ in BOTS) == KINDS
    assert {name for name, _, _ in EXPORTS} == set(FILES)
    links = [part.href for part in walk(page()) if type(part).__name__ == "A"]
    for name in FILES:
        assert f"/herd/export/{name}" in links
    for address in ("/chart?symbol=HERD", "/herd/debrief/"):
        assert address in links


def test_the_way_in_is_shown_in_three_places_and_said_in_three_steps() -> None:
    assert Counter(attributes("data-join")) == {"qr": 3, "url": 3, "code": 3, "count": 3}
    assert len(STEPS) == 3


def test_everything_that_can_be_used_has_a_name() -> None:
    for part in walk(page()):
        kind = type(part).__name__
        if kind in ("TextInput", "NumberInput"):
            assert part.label, part
        if kind == "Button":
            assert getattr(part, "aria-label", None) or part.children, part
        if kind == "Img":
            assert part.alt, part
        if kind == "Dialog":
            assert getattr(part, "aria-labelledby") in ids(page())


def test_statistics_of_the_game_it_replaces_are_among_those_shown() -> None:
    shown = {key for key, _ in STATISTICS}
    assert {"connected", "participants", "active", "trades", "net_position"} <= shown
    assert {"max_shares", "min_cash", "max_cash", "imbalance", "median_wealth", "gini"} <= shown
