"""The instruments' page as a component tree: values in, the same tree out."""

from __future__ import annotations

import json
import re
from pathlib import Path

from callbacks.app import assets_folder
from layouts.instruments import PATH, SORTS, SPEEDS, instruments_page
from layouts.instruments_dialogs import DIALOGS
from layouts.shell import Link
from orderflow.instruments.simulation import FASTEST, SLOWEST
from tests.layouts.trees import ids

SCENARIOS = [{"name": "calm", "title": "Calm", "description": "Nothing happens.", "seconds": 60.0, "loop": True}]


def scripts() -> str:
    return "".join(path.read_text() for path in sorted((assets_folder() / "instruments").glob("*.js")))


def test_same_values_give_the_same_tree() -> None:
    links = [Link(PATH, "Instruments"), Link("/chart/", "Order flow")]
    first, second = (instruments_page(links=links, bundled=SCENARIOS) for _ in range(2))
    assert json.dumps(first.to_plotly_json(), default=repr) == json.dumps(second.to_plotly_json(), default=repr)


def test_ids_are_there_once() -> None:
    found = ids(instruments_page(bundled=SCENARIOS))
    assert len(found) == len(set(found))
    assert {f"instruments-dialog-{name}" for name in DIALOGS} <= set(found)


def test_the_script_finds_what_it_looks_for() -> None:
    found = set(ids(instruments_page()))
    made = set(re.findall(r'id: "(instruments-[a-z-]+)"', scripts()))
    quiz = (assets_folder() / "instruments" / "quiz.js").read_text()
    wanted = {f"instruments-quiz-{name}" for name in re.findall(r'\$\("([a-z-]+)"\)', quiz)}
    for name in ("page", "control", "detail"):
        text = (assets_folder() / "instruments" / f"{name}.js").read_text()
        wanted |= {f"instruments-{part}" for part in re.findall(r'\$\("([a-z-]+)"\)', text)}
    assert len(wanted) > 30
    assert wanted - found - made == set()


def test_every_button_does_something() -> None:
    tree = json.dumps(instruments_page().to_plotly_json(), default=lambda part: part.to_plotly_json())
    page = (assets_folder() / "instruments" / "actions.js").read_text()
    buttons = set(re.findall(r'"data-do": "([a-z-]+)"', tree))
    assert {"run", "restart-go", "scenario-own", "quiz-real", "quiz-fake", "clear"} <= buttons
    for name in buttons:
        assert re.search(rf'^\s*"?{name}"?: \(', page, re.MULTILINE), name


def test_speeds_are_those_the_simulation_allows() -> None:
    assert (SPEEDS[0], SPEEDS[-1]) == (SLOWEST, FASTEST)
    assert list(SPEEDS) == sorted(SPEEDS)
    assert 1 in SPEEDS


def test_orders_are_those_the_script_knows() -> None:
    model = (assets_folder() / "instruments" / "model.js").read_text()
    for value, _ in SORTS[1:]:
        assert value in model


def test_script_files_are_short_enough_to_be_read() -> None:
    for path in (assets_folder() / "instruments").glob("*.js"):
        assert len(Path(path).read_text().splitlines()) <= 400, path.name
