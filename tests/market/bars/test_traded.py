"""The seconds that had trades: counts and starts of time bars, as a plain set of bar starts has them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderflow.market.bars.traded import TradedMinutes
from orderflow.market.frames import MINUTE, Frame
from orderflow.market.sessions import Session, bar_start

SECOND = 1_000_000_000
BATCHES = st.lists(st.lists(st.integers(0, 40 * 3600 * 1000), min_size=1, max_size=30), min_size=1, max_size=6)
"""Times in ms."""


def traded_of(batches: list[list[int]]) -> tuple[TradedMinutes, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """The minutes of batches that arrive one after the other, and all times in ns, sorted."""
    traded = TradedMinutes()
    for batch in batches:
        traded.add(np.sort(np.array(batch)) * 1_000_000)
    return traded, np.sort(np.array([time for batch in batches for time in batch])) * 1_000_000


@given(BATCHES, st.sampled_from(["1s", "5s", "15s", "30s", "1min", "1h", "4h", "1d"]), st.integers(-10, 41 * 3600))
def test_places_of_all_bars(batches: list[list[int]], name: str, at: int) -> None:
    traded, times = traded_of(batches)
    session, ns = Session.parse("Asia/Kolkata 09:15"), Frame.parse(name).ns
    places, true = traded.places(ns, session), np.unique(bar_start(times, ns, session))
    assert places.starts(0, len(places)).tolist() == true.tolist()
    assert places.starts(1, len(places) - 1).tolist() == true[1:-1].tolist()
    for time in (at * SECOND, at * SECOND + 1, int(true[-1]), int(true[-1]) + 1):
        assert places.rank(time) == int((true < time).sum())


@given(BATCHES, st.integers(1, 50))
def test_cuts_have_few_ticks_between_them_and_begin_with_sessions(batches: list[list[int]], most: int) -> None:
    traded, times = traded_of(batches)
    session = Session()
    begin, end = int(times[0]) // MINUTE * MINUTE, int(times[-1]) // MINUTE * MINUTE + MINUTE
    cuts = traded.cuts(begin, end, session, most)
    assert (cuts[0], cuts[-1]) == (begin, end)
    assert set(session.start_of(times).tolist()) - {int(session.start_of(times[:1])[0])} <= set(cuts)
    for a, b in pairwise(cuts):
        inside = times[(times >= a) & (times < b)]
        assert a < b
        assert len(inside) <= most or len(np.unique(inside // MINUTE)) == 1
    assert traded.ticks_before(np.array(cuts)).tolist() == np.searchsorted(times, cuts).tolist()


@pytest.mark.parametrize(("ticks", "minutes"), [(1, 2), (3, 2), (4, 1), (6, 0), (99, 0)])
def test_minutes_with_enough_ticks(ticks: int, minutes: int) -> None:
    traded = TradedMinutes()
    traded.add(np.array([0, 1, 2, 60, 120, 121, 122]) * SECOND)
    assert traded.minute_before(10**15, ticks) == minutes * MINUTE
    assert traded.minute_before(0, ticks) is None
    assert traded.minute_after(0, 4) == 2 * MINUTE
    assert traded.minute_after(MINUTE, 99) == 3 * MINUTE
