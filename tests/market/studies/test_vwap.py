from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow.market.studies.vwap import Sums, running, sums, sums_of_bars, vwap, vwap_bands, vwap_units
from tests.oracle import oracle
from tests.oracle.ladders import TICK, Ladder, ladders, ticks
from tests.oracle.oracle import Tick


def columns(trades: list[Tick]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    level = np.array([int(tick.price / TICK) for tick in trades])
    size = np.array([int(tick.size) for tick in trades])
    return level, size, np.array([oracle.session_start(tick.time) for tick in trades])


def close(ours: float, exact: Fraction) -> bool:
    return ours == pytest.approx(float(exact), rel=1e-14, abs=1e-14)


@given(ticks(hours=8), st.integers(-1000, 1000))
def test_vwap_and_sigma_equal_the_oracle(trades: list[Tick], ref: int) -> None:
    level, size, _ = columns(trades)
    line = vwap(sums(level, size, ref), ref, tick=Fraction(TICK))
    expected = oracle.vwap(trades)
    if expected is None:
        assert line is None
        return
    mean, variance = expected
    assert line is not None
    assert line.vwap == float(mean)  # the nearest float, whatever `ref`
    assert close(line.sigma**2, variance)


@given(ticks(hours=8))
def test_running_sums_equal_the_oracle_at_every_tick(trades: list[Tick]) -> None:
    level, size, session = columns(trades)
    totals = running([sums(level[i : i + 1], size[i : i + 1]) for i in range(len(trades))], session.tolist())
    for i, total in enumerate(totals):
        expected = oracle.vwap([trades[j] for j in range(i + 1) if session[j] == session[i]])
        line = vwap(total)
        assert (line is None) is (expected is None)
        if line is not None and expected is not None:
            assert line.vwap * 0.25 == float(expected[0])
            assert close((line.sigma * 0.25) ** 2, expected[1])


@settings(deadline=None)
@given(ticks(hours=8), st.integers(-1000, 1000))
def test_printed_units_are_the_exact_mean_rounded_half_up(trades: list[Tick], ref: int) -> None:
    level, size, _ = columns(trades)
    units = vwap_units(sums(level, size, ref), ref, 25 * 10**4)
    expected = oracle.vwap(trades)
    assert units == (None if expected is None else math.floor(expected[0] * 10**6 + Fraction(1, 2)))


@given(st.lists(ladders(most=5), min_size=1, max_size=6), st.data())
def test_running_sums_begin_again_with_each_session(bars: list[Ladder], data: st.DataObject) -> None:
    session = sorted(data.draw(st.lists(st.integers(0, 2), min_size=len(bars), max_size=len(bars))))
    parts = [sums(bar.level, bar.volume) for bar in bars]
    total = running(parts, session)
    for i in range(len(bars)):
        held = [bars[j] for j in range(i + 1) if session[j] == session[i]]
        level, volume = (np.concatenate([getattr(bar, name) for bar in held]) for name in ("level", "volume"))
        assert total[i] == sums(level, volume)


def test_a_base_counts_for_the_first_session_only() -> None:
    parts = [Sums(1, 1, 1), Sums(2, 2, 2), Sums(4, 4, 4)]
    assert running(parts, [7, 7, 8], Sums(10, 10, 10)) == [Sums(11, 11, 11), Sums(13, 13, 13), Sums(4, 4, 4)]


def test_the_variance_does_not_cancel() -> None:
    # one tick apart, far from the reference: floats of s2/s0 - (s1/s0)² would be wrong in the first digit
    level, volume = np.array([10_000_000_000, 10_000_000_001]), np.array([10**15, 10**15])
    line = vwap(sums(level, volume))
    assert line is not None
    assert line.vwap == 10_000_000_000.5
    assert line.sigma == 0.5


def test_bands_lie_at_multiples_of_sigma() -> None:
    mean, sigma = np.array([np.nan, 100.0, 101.5]), np.array([np.nan, 0.5, 0.25])
    found = vwap_bands(mean, sigma, bands=(1, 3))
    assert list(found) == ["lower_1", "upper_1", "lower_3", "upper_3"]
    assert found["upper_1"].tolist()[1:] == [100.5, 101.75]
    assert found["lower_3"].tolist()[1:] == [98.5, 100.75]
    assert all(np.isnan(band[0]) for band in found.values())
    assert list(vwap_bands(mean, sigma)) == [f"{side}_{k}" for k in (1, 2, 3) for side in ("lower", "upper")]


def test_no_volume_no_line() -> None:
    assert vwap(Sums()) is None
    none = np.empty(0, np.int64)
    assert sums(none, none) == Sums()
    assert vwap_units(Sums(), 5, 100) is None


def test_a_finer_grid_moves_the_line_with_it() -> None:
    level, volume = np.array([40_001, 40_003]), np.array([3, 4])
    fine = sums(level, volume, 40_000).rescaled(5, 10)
    assert fine == sums(level * 5, volume * 10, 200_000)


@pytest.mark.parametrize("size", [1, 10**6, 2**40])
def test_sums_of_many_ladders_are_those_of_each(size: int) -> None:
    """Also where they could overflow, and are computed one by one."""
    rng = np.random.default_rng(size)
    counts = rng.integers(1, 9, 50)
    bounds = np.concatenate(([0], np.cumsum(counts)))
    level, volume = rng.integers(-5_000, 5_000, bounds[-1]), rng.integers(0, 9, bounds[-1]) * size
    each = [sums(level[a:b], volume[a:b], 7) for a, b in pairwise(bounds)]
    assert sums_of_bars(level, volume, bounds, 7) == each
    exact = [(int(v), int(x) - 7) for v, x in zip(volume, level, strict=True)]
    assert sum(part.s2 for part in each) == sum(v * x * x for v, x in exact)
