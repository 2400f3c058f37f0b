"""What reading gives: ticks in batches, and what was wrong with the rest."""

from __future__ import annotations

from dataclasses import dataclass, field

from orderflow.arrays import Ints
from orderflow.errors import FieldError
from orderflow.market.ticks import TickBatch


@dataclass(frozen=True, slots=True)
class ParsedTicks:
    """One body, or one chunk of a file.

    batches: one a symbol, in order of first appearance; ticks in arrival order. errors: every bad field of every bad
    row, in row order. rows: data rows seen, good and bad. origins: beside each batch, the data row int64[n] that each
    tick came from, counted from 0 within the body or file (a row with bid and ask volume gives two ticks).
    first_row: the number of the first row seen here.
    """

    batches: list[TickBatch]
    errors: list[FieldError]
    rows: int
    origins: list[Ints] = field(default_factory=list)
    first_row: int = 0

    @property
    def ticks(self) -> int:
        """How many ticks there are in all batches."""
        return sum(len(batch) for batch in self.batches)

    @property
    def rejected(self) -> int:
        """How many rows gave no tick because something in them was wrong."""
        return len({error.row for error in self.errors})
