from __future__ import annotations

import time
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderflow.arrays import Codes, Ints
from orderflow.errors import BadInput
from orderflow.market.bars.activity import Cut, Kind, OpenBar, first_piece, resume, split
from orderflow.market.sessions import Session
from tests.oracle import activity as oracle
from tests.oracle.ladders import TICK, ticks
from tests.oracle.oracle import Tick

SESSION = "America/Chicago 17:00"
KINDS: tuple[Kind, ...] = ("ticks", "volume", "range", "delta")
Columns = tuple[Ints, Ints, Ints, Codes, Ints]


def columns(trades: list[Tick]) -> Columns:
    """(time, level, size, side, session start)."""
    moment = np.array([tick.time for tick in trades], np.int64)
    return (
        moment,
        np.array([int(tick.price / TICK) for tick in trades], np.int64),
        np.array([int(tick.size) for tick in trades], np.int64),
        np.array([tick.side for tick in trades], np.int8),
        Session.parse(SESSION).start_of(moment),
    )


def between(trades: Columns, a: int, b: int | None) -> Columns:
    time_, level, size, side, session = trades
    return time_[a:b], level[a:b], size[a:b], side[a:b], session[a:b]


def tape(sizes: list[int], levels: list[int] | None = None, sides: list[int] | None = None) -> Columns:
    """One trade a second in one session."""
    count = len(sizes)
    return (
        np.arange(count) * 1_000_000_000,
        np.array(levels or [100] * count),
        np.array(sizes),
        np.array(sides or [1] * count, np.int8),
        np.zeros(count, np.int64),
    )


def bars(kind: Kind, n: int, trades: Columns) -> list[list[int]]:
    """Sizes by bar. Ordinals must be consecutive from 0."""
    _, bar, size = split(kind, n, *trades)
    out: list[list[int]] = [[] for _ in range(int(bar[-1]) + 1)]
    for ordinal, units in zip(bar.tolist(), size.tolist(), strict=True):
        out[ordinal].append(units)
    assert all(out)
    return out


@given(ticks(hours=8), st.sampled_from(KINDS), st.integers(1, 25))
def test_equals_the_oracle(trades: list[Tick], kind: Kind, n: int) -> None:
    source, bar, size = split(kind, n, *columns(trades))
    ours: dict[int, list[tuple[int, int, bool]]] = {}
    for i, (where, ordinal, units) in enumerate(zip(source.tolist(), bar.tolist(), size.tolist(), strict=True)):
        ours.setdefault(ordinal, []).append((where, units, bool(first_piece(source)[i])))
    measure = n * TICK if kind == "range" else Decimal(n)
    theirs = oracle.activity(kind, measure, trades, SESSION)
    assert list(ours) == list(range(len(theirs)))
    assert list(ours.values()) == [[(p.source, int(p.tick.size), p.counts) for p in held] for held in theirs]


@given(ticks(hours=8), st.sampled_from(KINDS), st.integers(1, 25), st.data())
def test_in_parts_and_at_once_are_the_same(trades: list[Tick], kind: Kind, n: int, data: st.DataObject) -> None:
    whole = columns(trades)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(trades)), max_size=4)))
    parts: list[Cut] = []
    state: OpenBar | None = None
    for a, b in zip([0, *cuts], [*cuts, len(trades)], strict=True):
        part = resume(kind, n, *between(whole, a, b), state)
        state = part.open
        parts.append(Cut(part.source + a, part.bar, part.size, state))
    once = resume(kind, n, *whole)
    for name in ("source", "bar", "size"):
        assert np.concatenate([getattr(part, name) for part in parts]).tolist() == getattr(once, name).tolist()
    assert state == once.open


@given(ticks(hours=8), st.sampled_from(KINDS), st.integers(1, 25))
def test_volume_and_trades_are_conserved(trades: list[Tick], kind: Kind, n: int) -> None:
    whole = columns(trades)
    source, bar, size = split(kind, n, *whole)
    total = np.zeros(len(trades), np.int64)
    np.add.at(total, source, size)
    assert total.tolist() == whole[2].tolist()
    assert source[first_piece(source)].tolist() == list(range(len(trades)))
    assert (np.diff(bar) >= 0).all()
    assert source.dtype == bar.dtype == size.dtype == np.int64


@given(ticks(hours=12), st.sampled_from(KINDS), st.integers(1, 25))
def test_a_session_dealt_again_from_its_first_ordinal_is_the_same(trades: list[Tick], kind: Kind, n: int) -> None:
    whole = columns(trades)
    once = resume(kind, n, *whole)
    session = int(whole[4][-1])
    at = int(np.searchsorted(whole[4], session))
    tail = once.source >= at
    again = resume(kind, n, *between(whole, at, None), OpenBar(session, int(once.bar[tail][0])))
    assert (again.source + at).tolist() == once.source[tail].tolist()
    assert again.bar.tolist() == once.bar[tail].tolist()
    assert again.open == once.open


def test_tick_bars() -> None:
    assert bars("ticks", 3, tape([5, 0, 7, 1, 1, 1, 9])) == [[5, 0, 7], [1, 1, 1], [9]]


def test_the_trade_that_crosses_is_split_over_as_many_bars_as_it_fills() -> None:
    assert bars("volume", 10, tape([4, 3, 30, 3, 5])) == [[4, 3, 3], [10], [10], [7, 3], [5]]
    source, _, _ = split("volume", 10, *tape([4, 3, 30, 3, 5]))
    assert source.tolist() == [0, 1, 2, 2, 2, 2, 3, 4]
    assert first_piece(source).tolist() == [True, True, True, False, False, False, True, True]


def test_a_full_bar_takes_nothing_more_even_of_size_zero() -> None:
    assert bars("volume", 10, tape([10, 0, 0, 10, 10])) == [[10], [0, 0, 10], [10]]
    assert bars("ticks", 1, tape([1, 0, 1])) == [[1], [0], [1]]
    assert bars("delta", 5, tape([5, 0, 2])) == [[5], [0, 2]]


def test_a_bar_of_zero_volume_is_still_open() -> None:
    cut = resume("volume", 10, *tape([10, 0]))
    assert cut.open == OpenBar(0, 1, amount=0)
    assert cut.bar.tolist() == [0, 1]


def test_range_bars_open_at_the_price_that_would_stretch_them() -> None:
    levels = [100, 103, 101, 104, 103, 99, 120]
    assert bars("range", 3, tape([1, 2, 3, 4, 5, 6, 7], levels)) == [[1, 2, 3], [4, 5], [6], [7]]


def test_delta_bars_close_with_the_trade_that_reaches_n() -> None:
    sides = [1, -1, 1, 0, 1, -1, -1]
    assert bars("delta", 5, tape([3, 1, 2, 50, 4, 6, 1], sides=sides)) == [[3, 1, 2, 50, 4], [6], [1]]


def test_a_session_opens_a_bar() -> None:
    time_, level, size, side, session = tape([1, 1, 1])
    session[2] = 86_400_000_000_000
    for kind in KINDS:
        assert split(kind, 100, time_, level, size, side, session)[1].tolist() == [0, 0, 1]


def test_nothing_leaves_the_state_as_it_was() -> None:
    state = OpenBar(0, 4, amount=2)
    cut = resume("volume", 10, *tape([]), state)
    assert cut.open is state
    assert len(cut.source) == len(cut.bar) == len(cut.size) == len(first_piece(cut.source)) == 0


def test_bars_that_would_be_dust_are_refused() -> None:
    with pytest.raises(BadInput, match="use larger bars"):
        split("volume", 1, *tape([10**12]))
    with pytest.raises(BadInput, match="at least 1"):
        split("range", 0, *tape([1]))


def test_time_order_is_required() -> None:
    time_, level, size, side, session = tape([1, 1])
    with pytest.raises(ValueError, match="time order"):
        split("ticks", 2, time_[::-1], level, size, side, session)


@pytest.mark.parametrize("kind", KINDS)
def test_two_hundred_thousand_ticks_take_no_time(kind: Kind) -> None:
    random = np.random.default_rng(3)
    count = 200_000
    level = np.cumsum(random.integers(-2, 3, count)) + 50_000
    side = random.choice(np.array([-1, 1], np.int8), count)
    sizes = random.integers(1, 20, count)
    moment = np.arange(count)
    began = time.thread_time()
    source, _, size = split(kind, 50, moment, level, sizes, side, np.zeros(count, np.int64))
    assert time.thread_time() - began < 1  # of the processor: 30 ms or less where it is quick
    assert size.sum() == sizes.sum()
    assert first_piece(source).sum() == count
