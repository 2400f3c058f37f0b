"""Helpers to inspect Dash component trees in tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dash.development.base_component import Component


def walk(tree: Any) -> Iterator[Component]:
    """All components of a tree in order, including those in properties other than children."""
    if isinstance(tree, Component):
        yield tree
        for name in tree._prop_names:
            yield from walk(getattr(tree, name, None))
    elif isinstance(tree, list | tuple):
        for part in tree:
            yield from walk(part)


def ids(tree: Any) -> set[str]:
    """The ids in a tree."""
    return {part.id for part in walk(tree) if isinstance(getattr(part, "id", None), str)}


def find(tree: Any, id: str) -> Component:
    """The component with an id, which must occur exactly once."""
    found = [part for part in walk(tree) if getattr(part, "id", None) == id]
    assert len(found) == 1, f"{id} is there {len(found)} times"
    return found[0]
