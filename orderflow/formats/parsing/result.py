"""The result of parsing: ticks in batches, and the errors of rejected rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orderflow.arrays import Ints
from orderflow.errors import FieldError
from orderflow.market.ticks import TickBatch

MAX_ERRORS = 1000
"""Errors of a body that are listed; further bad rows are only counted."""


@dataclass(frozen=True, slots=True)
class ParsedTicks:
    """The ticks of one body, or of one chunk of a file.

    batches: one per symbol, in order of first appearance; ticks in arrival order. errors: the bad fields of bad rows in
    row order, all of them in a file, the first MAX_ERRORS in a body. rows: number of data rows, good and bad. origins:
    for each batch, the data row int64[n] of each tick, counted from 0 within the body or file (a row with bid and ask
    volume gives two ticks). first_row: the number of the first row. rejected: number of bad rows, listed or not.
    skipped: numbers of rows that are no trades, by what they are ("quotes"); they are not bad. outside: trades below
    the bid or above the ask of their row.
    """

    batches: list[TickBatch]
    errors: list[FieldError]
    rows: int
    origins: list[Ints] = field(default_factory=list)
    first_row: int = 0
    rejected: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    outside: int = 0

    @property
    def ticks(self) -> int:
        """The number of ticks in all batches."""
        return sum(len(batch) for batch in self.batches)
