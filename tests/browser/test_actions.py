"""The inventory of actions is complete, has no duplicates, and names existing tests. No browser runs."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from callbacks.app import PAGES
from callbacks.herd_play import PATH as PLAY
from tests.browser.actions import ACTIONS, UNTESTED
from tests.browser.inventory.row import EVERY, GROUPS

ROOT = Path(__file__).resolve().parents[2]
ROWS = 565
"""Number of rows of the table; it only grows, because no user action is removed."""


@cache
def names_in(path: str) -> frozenset[str]:
    """Names of the test functions of a file."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("test", sorted({row.test for row in ACTIONS if row.test}))
def test_a_named_test_is_there(test: str) -> None:
    path, _, name = test.partition("::")
    assert name.startswith("test_")
    assert name in names_in(path)


def test_no_two_rows_are_the_same() -> None:
    counts = Counter((row.page, row.action) for row in ACTIONS)
    assert [key for key, count in counts.items() if count > 1] == []


def test_every_page_has_rows() -> None:
    assert {row.page for row in ACTIONS} == {*(page.path for page in PAGES), PLAY, EVERY}


def test_rows_are_sentences_of_a_known_group() -> None:
    assert {row.group for row in ACTIONS} == set(GROUPS)
    assert [row.action for row in ACTIONS if not row.action.endswith(".") or row.action.startswith(" ")] == []


def test_no_row_is_removed() -> None:
    assert len(ACTIONS) >= ROWS


def test_rows_without_a_test_only_become_fewer() -> None:
    assert len(UNTESTED) <= 0
