"""Exact decimal numbers as scaled integers, vectorised.

A price or size is `units / 10**decimals`. Floats appear only as carriers: a float64 that was read from a decimal
text of at most 15 significant digits still names that text uniquely, so the integer can be recovered without error
and without parsing text again. The proof is in `scale_floats`.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import numpy.typing as npt

from orderflow.arrays import Flags, Floats, Indices, Ints

MAX_DECIMALS = 12
"""More decimals than any venue quotes; a price that needs more is refused, never rounded."""

MAX_UNITS = 2**53
"""Beyond this a float64 no longer holds every integer, so neither could a chart."""

LONGEST = 15
"""Power of ten of the largest number's first digit; beyond it MAX_UNITS is passed in any case."""


def largest(values: Ints) -> int:
    """The maximum; quick for a single value too, which numpy's own reduction is not."""
    return int(values[0]) if len(values) == 1 else int(values.max())


def ascends(values: Ints) -> bool:
    """Whether no value is smaller than the one before it."""
    return len(values) == 1 or bool((values[1:] >= values[:-1]).all())


def edges(values: Ints) -> Indices:
    """Where each run of equal values begins, in values that never fall."""
    if values[0] == values[-1]:
        return np.zeros(1, np.intp)
    return np.concatenate(([0], (values[1:] != values[:-1]).nonzero()[0] + 1))


def scale_floats(values: Floats, decimals: int = 0) -> tuple[Ints, int, Flags]:
    """Turn float64 decimals into exact integers on the coarsest power-of-ten grid that holds them all.

    values: float64[n], finite. decimals: a grid already known to be needed.
    Returns (units int64[n], decimals, exact bool[n]); `units[i] == values[i] * 10**decimals` exactly where `exact[i]`.
    A value that has no decimal of at most MAX_DECIMALS places and MAX_UNITS units (0.1 + 0.2, say) is `False` in
    `exact`, its units are 0, and it has no say in `decimals`.

    Why it is exact: let d places suffice for x's text, n = rint(x * 10**d). |x * 10**d - n| is far below one half, so
    n is the text's integer; 10**d and n are exact floats, and IEEE division is correctly rounded, so n / 10**d == x
    holds for the right n and for no float that came from another text. The test itself is therefore the guard.
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
    """The exact (units, decimals) of one decimal number, trailing zeros dropped: '25263,5' is not accepted here,
    '25263.5' is.

    Raises ValueError for what is no finite decimal number or has more than MAX_DECIMALS places.
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
    if number.adjusted() > LONGEST or abs(number) * 10 ** max(0, places) > MAX_UNITS:
        raise ValueError(f"{text} has more digits than can be kept exactly")
    return int(number * 10 ** max(0, places)), max(0, places)


def unit_floats(units: npt.NDArray[np.integer], decimals: int) -> Floats:
    """float64[n] of scaled integers; each prints (by `repr`) as the exact decimal while |units| < 10**15."""
    return np.asarray(units, np.float64) / 10.0**decimals


def unit_text(units: int, decimals: int) -> str:
    """One scaled integer as plain decimal text without trailing zeros: (8101, 2) is '81.01', (8110, 2) is '81.1'."""
    if not decimals:
        return str(units)
    whole, part = divmod(abs(units), 10**decimals)
    tail = f"{part:0{decimals}d}".rstrip("0")
    return f"{'-' if units < 0 else ''}{whole}{'.' + tail if tail else ''}"
