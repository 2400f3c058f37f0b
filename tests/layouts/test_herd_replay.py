"""The replay's page as a tree: everything that its script looks for is there, once."""

from __future__ import annotations

import re
from pathlib import Path

from callbacks.herd_replay import page
from layouts.herd_replay import BUTTONS, SCREEN, replay_page
from orderflow.services import Services
from tests.layouts.trees import ids, walk

SCRIPT = Path(__file__).resolve().parents[2] / "assets" / "herd_debrief" / "replay.js"


def test_the_script_finds_what_it_looks_for() -> None:
    named = {f"replay-{name}" for name in re.findall(r'\$\("([a-z]+)"\)', SCRIPT.read_text("utf-8"))}
    tree = replay_page()
    there = [part.id for part in walk(tree) if str(getattr(part, "id", "")).startswith("replay-")]
    assert named <= set(there)
    assert len(there) == len(set(there))


def test_every_button_does_something_the_script_knows() -> None:
    done = {getattr(part, "data-replay") for part in walk(replay_page()) if hasattr(part, "data-replay")}
    assert done == {button[0] for button in (*BUTTONS, *SCREEN)}
    script = SCRIPT.read_text("utf-8")
    assert all(f"{name}: () =>" in script for name in done)


def test_the_page_needs_nothing_of_the_services(services: Services) -> None:
    assert "replay-stage" in ids(page(services, []))
