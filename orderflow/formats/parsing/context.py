"""The options and state of reading one file or body."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from orderflow.errors import BadInput, FieldError
from orderflow.formats.parsing.layout import Role
from orderflow.formats.parsing.numbers import DecimalMark, Snaps
from orderflow.formats.parsing.parse_errors import TakesLong
from orderflow.formats.parsing.zones import Zone

SIDES = ("auto", "flag")


class Cell(NamedTuple):
    """One value with its column's name as sent and the decimal mark of the column's texts."""

    name: str
    value: Any
    mark: DecimalMark


@dataclass(frozen=True, slots=True)
class Amendments:
    """What later rows do to earlier ones. dropped: rows of cancelled trades. changed: new cells of corrected trades."""

    dropped: Set[int]
    changed: Mapping[int, Mapping[Role, str]]


MAX_BAD_ROWS = 50_000
"""Bad rows after which a body is refused, whatever else is in it."""
Mark = tuple[tuple[int, int | None], int | None, int | None, int, int]


def no_symbol(symbol: str) -> bool:
    """No symbol has prices of 0 and below."""
    return False


def every_symbol(symbol: str) -> bool:
    """Every symbol may have prices of 0 and below."""
    return True


@dataclass(slots=True)
class ParseContext:
    """Options and state of one parse.

    zone: the zone of times without one; it remembers the latest time. infer: whether missing sides are inferred.
    symbol: the symbol of rows without one. only: `symbol` applies to all rows. quick: raise TakesLong instead of taking
    more than a few milliseconds. room: how many further errors are listed, None for all. spare: how many further bad
    rows may come before the body is refused, None for a file; limit: how many at first. alone: how many further rows
    may be read one by one before TakesLong is raised, None for all. listed: the errors so far, of a body. ahead: what
    later rows cancel and correct, None if nothing was read ahead. named: the symbols found in the file. below: whether
    a symbol has prices of 0 and below. snaps: the noise of binary floats is taken off and counted here; None takes none
    off.
    """

    zone: Zone
    infer: bool
    symbol: str
    only: bool = False
    quick: bool = False
    room: int | None = None
    spare: int | None = None
    alone: int | None = None
    listed: list[FieldError] = field(default_factory=list)
    named: set[str] = field(default_factory=set)
    ahead: Amendments | None = None
    below: Callable[[str], bool] = no_symbol
    snaps: Snaps | None = None
    limit: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.limit = self.spare or 0

    def mark(self) -> Mark:
        """The current state, for `reset`."""
        return self.zone.mark(), self.room, self.spare, len(self.listed), self.snaps.count if self.snaps else 0

    def reset(self, mark: Mark) -> None:
        """Return to the state of `mark`, to read the same rows again."""
        zone, self.room, self.spare, listed, snapped = mark
        if self.snaps:
            self.snaps.count = snapped
        del self.listed[listed:]
        self.zone.reset(zone)

    def read_alone(self) -> None:
        """Count a row that is read by itself. Raises TakesLong if there are many."""
        if self.alone is not None:
            self.alone -= 1
            if self.alone < 0:
                raise TakesLong

    def reject(self, row: int) -> None:
        """Count a bad row. Raises BadInput if a body has too many: each takes as long as dozens of good ones."""
        if self.spare is not None:
            self.spare -= 1
            if self.spare < 0:
                raise self._too_many(row)

    def _too_many(self, row: int) -> BadInput:
        error = BadInput(
            f"too many rows are bad: reading stopped at row {row:,} and nothing was taken; first {self.listed[0]}",
            self.listed,
        )
        error.rejected = self.limit + 1
        return error

    def rename(self, names: list[str]) -> None:
        """Record symbols that are replaced by the given one. Raises BadInput if there are several."""
        self.named.update(names)
        if len(self.named) > 1:
            found = ", ".join(sorted(self.named)[:8])
            raise BadInput(f"the file holds several symbols ({found}); leave out the symbol to keep them apart")


def infer_sides(side: str) -> bool:
    """Whether the `side` option asks for inferred sides. Raises BadInput."""
    if side not in SIDES:
        raise BadInput(f"side: {side!r} is unknown; use auto or flag")
    return side == "auto"
