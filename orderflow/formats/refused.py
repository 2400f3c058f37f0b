"""Layouts that are known and hold no trades: refused by name, with the reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orderflow.formats.sniff import Sample


@dataclass(frozen=True, slots=True)
class Refusal:
    """A layout without trades. fits: whether a table is of this layout. reason: a sentence with what it is."""

    name: str
    reason: str
    fits: Callable[[Sample], bool]


def all_rows(sample: Sample, width: int, check: Callable[[tuple[str, ...]], bool]) -> bool:
    """Whether the sample has no header, and all rows have `width` cells that pass the check."""
    return bool(sample.rows) and not sample.header and all(len(row) == width and check(row) for row in sample.rows)
