"""Ticks: a tick is one trade, a `TickBatch` holds many of one symbol in columns.

`orderflow.formats` parses ticks, `orderflow.market.buffer` stores them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from orderflow.arrays import Codes, Flags, Indices, Ints

NO_ID = -(2**63)
"""`id` of a tick without a venue trade id."""

SIMULATED = "sim:"
"""Begin of the names of series whose ticks are logged, but made by a model: they are no market's."""


class Side(IntEnum):
    """The aggressor's side: the side that crossed the spread."""

    SELL = -1
    UNKNOWN = 0
    BUY = 1


class SideRule(IntEnum):
    """The rule that gave a tick its side; the first one that applies. The engine applies TICK, in time order."""

    FLAG = 1
    VOLUMES = 2
    QUOTE = 3
    TICK = 4
    NONE = 5


@dataclass(frozen=True, slots=True)
class TickBatch:
    """n trades of one symbol in arrival order.

    time: int64[n], ns since 1970 UTC. price: int64[n], price × 10**price_decimals (0 and
    below only where the symbol has such prices). size: int64[n],
    size × 10**size_decimals, >= 0. side: int8[n] of `Side`, 0 where rule is TICK or NONE. rule: int8[n] of `SideRule`.
    id: int64[n], the venue's trade id (a sequence), `NO_ID` where there is none; a non-numeric id is a negative 63-bit
    hash, which identifies duplicates and gives no order.
    """

    symbol: str
    time: Ints
    price: Ints
    size: Ints
    side: Codes
    rule: Codes
    id: Ints
    price_decimals: int
    size_decimals: int

    def __len__(self) -> int:
        return len(self.time)

    def take(self, where: Flags | Indices | slice) -> TickBatch:
        """The batch with only the ticks at `where` (mask, indices or slice), in the same order."""
        return TickBatch(
            self.symbol,
            self.time[where],
            self.price[where],
            self.size[where],
            self.side[where],
            self.rule[where],
            self.id[where],
            self.price_decimals,
            self.size_decimals,
        )


def is_simulated(symbol: str) -> bool:
    """Whether a symbol is a simulated feed's series."""
    return symbol.startswith(SIMULATED)
