"""VWAP, the mean price weighted by volume, with bands of its standard deviation.

Everything comes from three sums that add up over ticks, bars and sessions: s0 = Σv, s1 = Σv·(L - vwap_ref) and
s2 = Σv·(L - vwap_ref)², with v in size units, L in levels and `vwap_ref` any fixed level. They are exact integers, so
the variance (s2·s0 - s1²) / s0² loses nothing to cancellation; only the last division and root are made in floats.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from orderflow.arrays import Floats, Ints
from orderflow.market.studies.study import Option, Study


class Sums(NamedTuple):
    """See the module: all relative to one `vwap_ref`, which whoever adds sums must keep the same."""

    s0: int = 0
    s1: int = 0
    s2: int = 0

    def plus(self, other: Sums) -> Sums:
        return Sums(self.s0 + other.s0, self.s1 + other.s1, self.s2 + other.s2)


@dataclass(frozen=True, slots=True)
class Line:
    """vwap and sigma, and the bands vwap ± k·sigma for every k asked for, in its order."""

    vwap: float
    sigma: float
    lower: tuple[float, ...]
    upper: tuple[float, ...]


def sums(level: Ints, volume: Ints, vwap_ref: int = 0) -> Sums:
    """The sums of a ladder or of ticks: level int64[m], volume int64[m] size units. Exact however large they get."""
    s0 = s1 = s2 = 0
    for v, at in zip(volume.tolist(), level.tolist(), strict=True):
        away = at - vwap_ref
        s0 += v
        s1 += v * away
        s2 += v * away * away
    return Sums(s0, s1, s2)


def vwap(
    total: Sums, vwap_ref: int = 0, *, tick: Fraction | int = 1, bands: tuple[float, ...] = (1, 2, 3)
) -> Line | None:
    """VWAP and bands, None while nothing was traded.

    The answer is in levels, or in price where `tick` is the price of one level. The VWAP is the float nearest to the
    exact quotient.
    """
    if not total.s0:
        return None
    up, down = (tick, 1) if isinstance(tick, int) else (tick.numerator, tick.denominator)
    mean = (vwap_ref * total.s0 + total.s1) * up / (total.s0 * down)
    spread = (total.s2 * total.s0 - total.s1 * total.s1) * up * up
    sigma = math.sqrt(spread / (total.s0 * total.s0 * down * down))
    return Line(mean, sigma, tuple(mean - k * sigma for k in bands), tuple(mean + k * sigma for k in bands))


def running(parts: Sequence[Sums], session: Sequence[int], base: Sums | None = None) -> list[Sums]:
    """Running sums of bars in time order, beginning again from nothing where `session` changes.

    base: what the first bar's session had summed before that bar.
    """
    out: list[Sums] = []
    total = base or Sums()
    for i, part in enumerate(parts):
        total = part if i and session[i] != session[i - 1] else total.plus(part)
        out.append(total)
    return out


def anchored(parts: Sequence[Sums], start: int) -> list[Sums]:
    """Running sums from bar `start` on, across sessions: one entry for each of parts[start:]."""
    return running(parts[start:], [0] * len(parts[start:]))


def from_ticks(level: Ints, size: Ints, session: Ints | None = None) -> tuple[Floats, Floats]:
    """(VWAP float64[n], sigma float64[n]) in levels after every tick; NaN while nothing was traded.

    level, size: int64[n] in time order. session: int64[n] session starts, beginning again where it changes; None for
    one sum from the first tick (an anchored VWAP: pass the ticks from the anchor on). About 1 µs a tick, exact.
    """
    lines = list(_lines(level, size, session))
    return np.array([a for a, _ in lines], np.float64), np.array([b for _, b in lines], np.float64)


def _lines(level: Ints, size: Ints, session: Ints | None) -> Iterator[tuple[float, float]]:
    if not len(level):
        return
    vwap_ref = int(level[0])
    sessions = [0] * len(level) if session is None else session.tolist()
    s0 = s1 = s2 = 0
    last = sessions[0]
    for at, v, now in zip(level.tolist(), size.tolist(), sessions, strict=True):
        if now != last:
            s0 = s1 = s2 = 0
            last = now
        away = at - vwap_ref
        s0 += v
        s1 += v * away
        s2 += v * away * away
        if s0:
            yield (vwap_ref * s0 + s1) / s0, math.sqrt((s2 * s0 - s1 * s1) / (s0 * s0))
        else:
            yield math.nan, math.nan


STUDY = Study(
    name="vwap",
    title="VWAP",
    rule="Volume-weighted mean price since the session's start, or an anchor, with bands of its standard deviation.",
    yields="a price a bar, and a lower and an upper one for every band",
    run=vwap,
    options=(Option("bands", (1, 2, 3), "bands, in standard deviations"),),
)
