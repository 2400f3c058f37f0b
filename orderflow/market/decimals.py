"""Exact decimal numbers as scaled integers, vectorised.

A price or size is `units / 10**decimals`. A float64 parsed from decimal text of at most 15 significant digits
identifies that text uniquely, so its integer can be recovered exactly without parsing the text again (see
`scale_floats`).
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import numpy.typing as npt

from orderflow.arrays import Flags, Floats, Indices, Ints

MAX_DECIMALS = 12
"""Most decimals of a price or size. Numbers that need more are rejected, not rounded."""

MAX_UNITS = 2**53
"""Largest number of units: above it a float64 cannot represent every integer."""

MAX_EXPONENT = 15
"""Largest power of ten of a number's first digit; larger numbers exceed MAX_UNITS with any decimals."""


def largest(values: Ints) -> int:
    """The maximum, with a fast path for a single value."""
    return int(values[0]) if len(values) == 1 else int(values.max())


def furthest(values: Ints) -> int:
    """The largest distance from zero, with a fast path for a single value."""
    return abs(int(values[0])) if len(values) == 1 else max(int(values.max()), -int(values.min()))


def ascends(values: Ints) -> bool:
    """Whether the values are in ascending order, equal ones allowed."""
    return len(values) == 1 or bool((values[1:] >= values[:-1]).all())


def edges(values: Ints) -> Indices:
    """int64[k]: index at which each run of equal values begins. values: ascending, n >= 1."""
    if values[0] == values[-1]:
        return np.zeros(1, np.intp)
    return np.concatenate(([0], (values[1:] != values[:-1]).nonzero()[0] + 1))


def scale_floats(values: Floats, decimals: int = 0) -> tuple[Ints, int, Flags]:
    """Convert float64 decimals to exact integers with the fewest common decimals.

    values: float64[n], finite. decimals: the least number of decimals to return.
    Returns (units int64[n], decimals, exact bool[n]); `units[i] == values[i] * 10**decimals` exactly where `exact[i]`.
    Where a value has no decimal form of at most MAX_DECIMALS places and MAX_UNITS units (such as 0.1 + 0.2), `exact` is
    False and units is 0, and the value does not affect `decimals`.

    Proof: let d places suffice for the text of x, and n = rint(x * 10**d). |x * 10**d - n| is far below one half, so n
    is the text's integer. 10**d and n are exact floats and IEEE division rounds correctly, so n / 10**d == x holds for
    this n and for no float from another text. The code tests this equality.
    """
    units = np.zeros(len(values), np.int64)
    places = np.full(len(values), -1, np.int8)
    todo = np.arange(len(values))
    rest = values
    for d in range(MAX_DECIMALS + 1):
        scaled = np.rint(rest * 10.0**d)
        fits = (np.abs(scaled) <= MAX_UNITS) & (scaled / 10.0**d == rest)
        if fits.all():
            units[todo], places[todo] = scaled.astype(np.int64), d
            todo = todo[:0]
            break
        hit = todo[fits]
        units[hit], places[hit] = scaled[fits].astype(np.int64), d
        keep = ~fits
        todo, rest = todo[keep], rest[keep]
    exact = places >= 0
    grid = max(decimals, int(places.max(initial=0)))
    gap = np.where(exact, grid - places, 0).astype(np.int64)
    if gap.any():
        fine = np.abs(units) <= MAX_UNITS // 10**gap
        exact &= fine
        units = np.where(exact, units * 10**gap, 0)
    return units, grid, exact


def decimal_units(text: str | Decimal) -> tuple[int, int]:
    """The exact (units, decimals) of one decimal number without trailing zeros. A decimal comma is not accepted.

    Raises ValueError if it is not a finite decimal number, or exceeds MAX_DECIMALS or MAX_UNITS.
    """
    try:
        number = Decimal(text)
    except ArithmeticError as error:
        raise ValueError(f"{text!r} is not a number") from error
    if not number.is_finite():
        raise ValueError(f"{text} is not a finite number")
    _, digits, exponent = number.as_tuple()
    significant = "".join(map(str, digits)).rstrip("0")
    places = -(int(exponent) + len(digits) - len(significant)) if significant else 0
    if places > MAX_DECIMALS:
        raise ValueError(f"{text} has {places} decimals; the most is {MAX_DECIMALS}")
    if number.adjusted() > MAX_EXPONENT or abs(number) * 10 ** max(0, places) > MAX_UNITS:
        raise ValueError(f"{text} has more digits than can be kept exactly")
    return int(number * 10 ** max(0, places)), max(0, places)


def unit_floats(units: npt.NDArray[np.integer], decimals: int) -> Floats:
    """float64[n] of scaled integers. The `repr` of each is the exact decimal while |units| < 10**15."""
    return np.asarray(units, np.float64) / 10.0**decimals


def unit_text(units: int, decimals: int) -> str:
    """A scaled integer as decimal text without trailing zeros: (8101, 2) gives '81.01', (8110, 2) gives '81.1'."""
    if not decimals:
        return str(units)
    whole, part = divmod(abs(units), 10**decimals)
    tail = f"{part:0{decimals}d}".rstrip("0")
    return f"{'-' if units < 0 else ''}{whole}{'.' + tail if tail else ''}"
