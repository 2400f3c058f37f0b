"""One row of the inventory of actions, and how several rows of one test are written."""

from __future__ import annotations

from dataclasses import dataclass

GROUPS = (
    *("keys", "touch", "controls", "dialogs", "readers", "fullscreen", "theme", "printing", "reconnect", "links"),
    "states",
)
"""Kinds of actions. readers: texts for screen readers; links: between pages, and what a page reads of its address;
states: what the page shows by itself, empty lists and errors included; theme: also choices kept in the browser."""
EVERY = "*"
"""The page of a row that holds on all of Dash's pages."""


@dataclass(frozen=True, slots=True)
class Action:
    """page: its path. group: one of `GROUPS`. action: what a user does and what then happens, in one sentence.

    test: "tests/browser/test_x.py::test_name", which shows it; "" while there is none.
    """

    page: str
    group: str
    action: str
    test: str


def rows(page: str, group: str, test: str, *actions: str) -> tuple[Action, ...]:
    """Rows of one page and group that one test shows. test: "test_x::test_name", or ""."""
    module, _, name = test.partition("::")
    path = f"tests/browser/{module}.py::{name}" if name else ""
    return tuple(Action(page, group, action, path) for action in actions)
