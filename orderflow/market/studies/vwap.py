"""VWAP, the volume-weighted average price, with bands of its standard deviation.

It is computed from three sums that are additive over ticks, bars and sessions: s0 = Σv, s1 = Σv·(L - vwap_ref) and
s2 = Σv·(L - vwap_ref)², with v in size units, L in levels and `vwap_ref` a fixed level. They are exact integers, so the
variance (s2·s0 - s1²) / s0² has no cancellation error; only the final division and root use floats.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from orderflow.arrays import Floats, Ints
from orderflow.market.studies.study import Chart, Data, Option, Result, Study

BANDS = Option("bands", (1, 2, 3), "distances of the bands from the VWAP, in standard deviations", (), 1, 10)


class Sums(NamedTuple):
    """s0, s1 and s2 as in the module's docstring. Only sums with the same `vwap_ref` can be added."""

    s0: int = 0
    s1: int = 0
    s2: int = 0

    def plus(self, other: Sums) -> Sums:
        return Sums(self.s0 + other.s0, self.s1 + other.s1, self.s2 + other.s2)

    def minus(self, other: Sums) -> Sums:
        return Sums(self.s0 - other.s0, self.s1 - other.s1, self.s2 - other.s2)

    def moved(self, by: int) -> Sums:
        """The same sums relative to a `vwap_ref` that is `by` levels lower."""
        return Sums(self.s0, self.s1 + by * self.s0, self.s2 + 2 * by * self.s1 + by * by * self.s0)

    def rescaled(self, level: int, size: int) -> Sums:
        """The sums on a finer grid: levels (and `vwap_ref`) times `level`, sizes times `size`."""
        return Sums(self.s0 * size, self.s1 * size * level, self.s2 * size * level * level)


NO_SUMS = Sums()


class Line(NamedTuple):
    """The volume-weighted mean and its standard deviation."""

    vwap: float
    sigma: float


def sums(level: Ints, volume: Ints, vwap_ref: int = 0) -> Sums:
    """The exact sums of a ladder or of ticks, without overflow.

    level: int64[m]; volume: int64[m] size units.
    """
    if not len(level):
        return Sums()
    away = level - vwap_ref
    total = int(volume.sum())
    if max(abs(int(away.min())), abs(int(away.max())), 1) ** 2 * max(total, 1) < 2**62:
        return Sums(total, int(volume @ away), int((volume * away) @ away))
    v, d = volume.tolist(), away.tolist()
    first = sum(a * b for a, b in zip(v, d, strict=True))
    return Sums(total, first, sum(a * b * b for a, b in zip(v, d, strict=True)))


def sums_of_bars(level: Ints, volume: Ints, bounds: Ints, vwap_ref: int = 0) -> list[Sums]:
    """`sums` of each of k ladders. level, volume: int64[m]; bounds: int64[k + 1], from 0 to m, ascending, distinct."""
    away = level - vwap_ref
    most = max(abs(int(away.min(initial=0))), abs(int(away.max(initial=0))), 1)
    if most**2 * max(int(volume.sum(dtype=np.float64)), 1) >= 2**61:  # one of them could overflow
        return [
            sums(level[a:b], volume[a:b], vwap_ref)
            for a, b in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)
        ]
    first = volume * away
    parts = [np.add.reduceat(part, bounds[:-1]).tolist() for part in (volume, first, first * away)]
    return list(map(Sums, *parts))


def vwap(total: Sums, vwap_ref: int = 0, *, tick: Fraction | int = 1) -> Line | None:
    """VWAP and standard deviation; None before any volume.

    In levels, or in price if `tick` is the tick size. The VWAP is the float nearest to the exact quotient.
    """
    if not total.s0:
        return None
    up, down = (tick, 1) if isinstance(tick, int) else (tick.numerator, tick.denominator)
    mean = (vwap_ref * total.s0 + total.s1) * up / (total.s0 * down)
    spread = (total.s2 * total.s0 - total.s1 * total.s1) * up * up
    return Line(mean, math.sqrt(spread / (total.s0 * total.s0 * down * down)))


def vwap_units(total: Sums, vwap_ref: int, scale: int) -> int | None:
    """VWAP · scale, rounded half up to an integer, for printing; None before any volume."""
    if not total.s0:
        return None
    return (2 * (vwap_ref * total.s0 + total.s1) * scale + total.s0) // (2 * total.s0)


def vwap_bands(vwap: Floats, sigma: Floats, *, bands: Sequence[int] = BANDS.default) -> dict[str, Floats]:
    """Bands vwap ± k·sigma as columns lower_k and upper_k, float64[n] each, for every k of `bands`.

    vwap, sigma: float64[n], NaN before any volume.
    """
    return {f"{side}_{k}": vwap + sign * k * sigma for k in bands for side, sign in (("lower", -1), ("upper", 1))}


def running(parts: Sequence[Sums], session: Sequence[int], base: Sums = NO_SUMS) -> list[Sums]:
    """Running sums of bars in time order, which restart where `session` changes.

    base: sums of the first bar's session before that bar.
    """
    out: list[Sums] = []
    total = base
    for i, part in enumerate(parts):
        total = part if i and session[i] != session[i - 1] else total.plus(part)
        out.append(total)
    return out


def _bars(data: Data, *, bands: Sequence[int]) -> Result:
    line = {"vwap": data.bars.vwap, "sigma": data.bars.sigma}
    return Result("bar", np.arange(len(data.bars.time)), {**line, **vwap_bands(**line, bands=bands)})


STUDY = Study(
    name="vwap",
    title="VWAP",
    rule="Volume-weighted mean price since the session's start, with bands of its standard deviation.",
    yields="a price a bar, and a lower and an upper one for every band",
    run=vwap_bands,
    apply=_bars,
    options=(BANDS,),
    chart=Chart("VWAP"),
)
