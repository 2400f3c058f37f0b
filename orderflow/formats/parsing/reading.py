"""What holds for one whole file or body while it is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from orderflow.errors import BadInput
from orderflow.formats.parsing.numbers import Mark
from orderflow.formats.parsing.zones import Zone

SIDES = ("auto", "flag")


class Cell(NamedTuple):
    """One value with its column's name as sent and the decimal mark that texts of the column have."""

    name: str
    value: Any
    mark: Mark


@dataclass(slots=True)
class Reading:
    """zone: for times without one, and the latest time so far. infer: whether sides not flagged are inferred. symbol:
    of rows that name none; with `only` it is the name of all rows, and `named` remembers what the file itself calls
    them."""

    zone: Zone
    infer: bool
    symbol: str
    only: bool = False
    named: set[str] = field(default_factory=set)

    def rename(self, names: list[str]) -> None:
        """Check that one given symbol is not laid over several instruments. Raises BadInput."""
        self.named.update(names)
        if len(self.named) > 1:
            found = ", ".join(sorted(self.named)[:8])
            raise BadInput(f"the file holds several symbols ({found}); leave out the symbol to keep them apart")


def infers(side: str) -> bool:
    """Whether the `side` option asks for inferred sides. Raises BadInput."""
    if side not in SIDES:
        raise BadInput(f"side: {side!r} is not known; write auto or flag")
    return side == "auto"
