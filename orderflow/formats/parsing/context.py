"""The options and state of reading one file or body."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from orderflow.errors import BadInput
from orderflow.formats.parsing.numbers import DecimalMark
from orderflow.formats.parsing.zones import Zone

SIDES = ("auto", "flag")


class Cell(NamedTuple):
    """One value with its column's name as sent and the decimal mark of the column's texts."""

    name: str
    value: Any
    mark: DecimalMark


@dataclass(slots=True)
class ParseContext:
    """Options and state of one parse.

    zone: the zone of times without one; it remembers the latest time. infer: whether missing sides are inferred.
    symbol: the symbol of rows without one. only: `symbol` applies to all rows. quick: raise TakesLong instead of taking
    more than a few milliseconds. room: how many further errors are listed, None for all. named: the symbols found in
    the file.
    """

    zone: Zone
    infer: bool
    symbol: str
    only: bool = False
    quick: bool = False
    room: int | None = None
    named: set[str] = field(default_factory=set)

    def mark(self) -> tuple[tuple[int, int | None], int | None]:
        """The current state, for `reset`."""
        return self.zone.mark(), self.room

    def reset(self, mark: tuple[tuple[int, int | None], int | None]) -> None:
        """Return to the state of `mark`, to read the same rows again."""
        zone, self.room = mark
        self.zone.reset(zone)

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
