"""One row of the inventory of actions, and a helper for several rows of one test."""

from __future__ import annotations

from dataclasses import dataclass

GROUPS = (
    *("keys", "touch", "controls", "dialogs", "readers", "fullscreen", "theme", "printing", "reconnect", "links"),
    "states",
)
"""Kinds of actions. readers: texts for screen readers; links: between pages, and what a page reads from its URL;
states: what the page shows without an action, including empty lists and errors; theme: also choices stored in the
browser."""
EVERY = "*"
"""The page of a row that holds on all of Dash's pages."""


@dataclass(frozen=True, slots=True)
class Action:
    """page: its path. group: one of `GROUPS`. action: what a user does and what happens then, in one sentence.

    test: the test that covers it, "tests/browser/test_x.py::test_name"; "" if there is none.
    """

    page: str
    group: str
    action: str
    test: str


def rows(page: str, group: str, test: str, *actions: str) -> tuple[Action, ...]:
    """Rows of one page and group that one test covers. test: "test_x::test_name", or ""."""
    module, _, name = test.partition("::")
    path = f"tests/browser/{module}.py::{name}" if name else ""
    return tuple(Action(page, group, action, path) for action in actions)
