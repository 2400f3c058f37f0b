"""What an operator is: a condition on a sample and the one before it.

Samples are the levels of trades on the symbol's grid (int64), or the values of a study (float64). A threshold need not
be on the grid: `Bound` has its two neighbours, so that all comparisons of prices are of integers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from orderflow.arrays import Flags, Floats, Ints

Samples = Ints | Floats
Number = int | float


@dataclass(frozen=True, slots=True)
class Bound:
    """A threshold. under: the largest sample <= the threshold. over: the smallest sample >= the threshold."""

    under: Number
    over: Number

    @staticmethod
    def on_grid(levels: Fraction) -> Bound:
        """The bound of a threshold in levels, which need not be whole."""
        return Bound(levels.__floor__(), levels.__ceil__())

    @staticmethod
    def of(value: Fraction) -> Bound:
        """The bound of a threshold for samples that are floats."""
        return Bound(float(value), float(value))


Bounds = Sequence[Bound]
Holds = Callable[[Samples, Samples, Bounds], Flags]


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator.

    name: in the API. title: on pages. rule: the definition in one sentence. values: names of its numbers, in the order
    of its bounds. holds(before, now, bounds): bool[n], for samples and those before them. cuts(bounds): the levels at
    which what it says of a price may change: it is the same for all prices between two cuts. before: it needs the
    sample before. moved(reference, amount): the threshold, for operators that measure from a reference price, the price
    when the alert was armed; None: the values are the thresholds.
    """

    name: str
    title: str
    rule: str
    holds: Holds
    cuts: Callable[[Bounds], tuple[Number, ...]]
    values: tuple[str, ...] = ("price",)
    before: bool = False
    moved: Callable[[Fraction, Fraction], Fraction] | None = None


def inside(samples: Samples, bounds: Bounds) -> Flags:
    """bool[n]: low <= sample <= high, for the bounds (low, high) of a channel."""
    low, high = bounds
    return (samples >= low.over) & (samples <= high.under)


def channel_cuts(bounds: Bounds) -> tuple[Number, ...]:
    """The cuts of a channel."""
    low, high = bounds
    return low.over, high.under + 1


CHANNEL = ("low", "high")
