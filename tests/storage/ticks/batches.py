"""Ticks for storage tests: generated, drawn by hypothesis, and compared as exact numbers."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import numpy as np
from hypothesis import strategies as st

from orderflow.market.decimals import MAX_UNITS
from orderflow.market.tick_log import LogEntry, TickLog
from orderflow.market.ticks import NO_ID, TickBatch

START = 1_790_000_000_000_000_000

Row = tuple[int, Decimal, Decimal, int, int, int]


def batch(
    n: int, *, symbol: str = "NQ", seed: int = 0, start: int = START, decimals: int = 2, size_decimals: int = 0
) -> TickBatch:
    """n ticks like those of a future: milliseconds apart, ids ascending from `seed` * 1,000,000."""
    rng = np.random.default_rng(seed)
    return TickBatch(
        symbol,
        start + np.cumsum(rng.integers(0, 300, n)) * 1_000_000,
        2_500_000 + np.cumsum(rng.integers(-2, 3, n)) * 25,
        rng.integers(1, 50, n),
        rng.choice([-1, 0, 1], n).astype(np.int8),
        np.full(n, 1, np.int8),
        np.arange(n, dtype=np.int64) + seed * 1_000_000,
        decimals,
        size_decimals,
    )


def rows(batches: Iterable[TickBatch]) -> list[Row]:
    """Every tick as exact numbers, in order."""
    return [
        (
            int(b.time[i]),
            Decimal(int(b.price[i])).scaleb(-b.price_decimals),
            Decimal(int(b.size[i])).scaleb(-b.size_decimals),
            int(b.side[i]),
            int(b.rule[i]),
            int(b.id[i]),
        )
        for b in batches
        for i in range(len(b))
    ]


def logged(log: TickLog, symbol: str) -> list[Row]:
    """All ticks of the symbol, as `load` returns them."""
    return rows(b for entry in log.load() for b in entry.batches if b.symbol == symbol)


def answers(log: TickLog) -> list[tuple[str, bytes]]:
    """All keys with their answers, as `load` returns them."""
    return [(entry.key, entry.answer) for entry in log.load() if entry.key is not None]


def put(log: TickLog, *batches: TickBatch, key: str | None = None, answer: bytes = b"") -> None:
    """Append, and check that `then` is called once before `append` returns."""
    calls: list[int] = []
    log.append(LogEntry(batches, key, answer), lambda: calls.append(1))
    assert calls == [1]


def _columns(n: int, symbol: str, decimals: tuple[int, int]) -> st.SearchStrategy[TickBatch]:
    def ints(low: int, high: int) -> st.SearchStrategy[list[int]]:
        near = st.integers(max(low, 10**6), 10**6 + 300)
        return st.lists(st.one_of(near, st.integers(low, high), st.just(high)), min_size=n, max_size=n)

    def small(*values: int) -> st.SearchStrategy[list[int]]:
        return st.lists(st.sampled_from(values), min_size=n, max_size=n)

    times = st.lists(
        st.one_of(
            st.integers(0, 2000).map(lambda k: START + k * 1_000_000),
            st.integers(315_532_800 * 10**9, 4_102_444_800 * 10**9),
        ),
        min_size=n,
        max_size=n,
    )
    ids = st.one_of(
        st.just([NO_ID] * n),
        st.integers(0, 2**40).map(lambda first: list(range(first, first + n))),
        st.lists(st.integers(NO_ID, 2**63 - 1), min_size=n, max_size=n),
    )
    return st.builds(
        lambda time, price, size, side, rule, number: TickBatch(
            symbol,
            np.array(time, np.int64),
            np.array(price, np.int64),
            np.array(size, np.int64),
            np.array(side, np.int8),
            np.array(rule, np.int8),
            np.array(number, np.int64),
            *decimals,
        ),
        times,
        ints(1, MAX_UNITS),
        ints(0, MAX_UNITS),
        small(-1, 0, 1),
        small(1, 2, 3, 4, 5),
        ids,
    )


def batches(symbols: st.SearchStrategy[str], *, most: int = 40) -> st.SearchStrategy[TickBatch]:
    """Any batch of 1 to `most` ticks that the port allows."""
    decimals = st.tuples(st.integers(0, 12), st.integers(0, 12))
    return st.tuples(st.integers(1, most), symbols, decimals).flatmap(lambda drawn: _columns(*drawn))
