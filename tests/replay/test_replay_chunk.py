"""A chunk may be cut anywhere: the rows before the cut and those from `resume_row` on are all rows, each once."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from orderflow.arrays import Ints
from orderflow.formats import parse_body
from orderflow.market.ticks import NO_ID, TickBatch
from orderflow.replay.chunk import Chunk, make_chunk


def chunk(rows: list[list[int]], first: int) -> tuple[list[TickBatch], list[Ints], int]:
    """Batches of a chunk whose row i gives a tick to each symbol listed there; a tick's price is its own number."""
    ticks: dict[int, list[tuple[int, int]]] = {}
    number = 0
    for row, symbols in enumerate(rows, first):
        for symbol in symbols:
            number += 1
            ticks.setdefault(symbol, []).append((row, number))
    batches, origins = [], []
    for symbol, held in ticks.items():
        n = len(held)
        origin = np.array([r for r, _ in held], np.int64)
        price = np.array([p for _, p in held], np.int64)
        small = np.zeros(n, np.int8)
        ids = np.full(n, NO_ID)
        ones = np.ones(n, np.int64)
        batches.append(TickBatch(f"S{symbol}", origin + 10**18, price, ones, small, small + 4, ids, 0, 0))
        origins.append(origin)
    return batches, origins, first + len(rows)


ROWS = st.lists(st.builds(lambda symbol, ticks: [symbol] * ticks, st.integers(0, 2), st.integers(0, 3)), max_size=30)
"""A bad row gives no tick, one with bid and ask volume up to three."""


def sent(pieces: Chunk, cuts: list[int]) -> list[int]:
    """The prices that arrive when the pieces are sent in these parts, by symbol in file order."""
    prices: list[int] = []
    edges = [0, *sorted(c for c in cuts if c < len(pieces)), len(pieces)]
    for a, b in pairwise(edges):
        if a == b:
            continue
        body, symbol = pieces.body(slice(a, b))
        parsed = parse_body(body, "text/csv", default_symbol=symbol or "DEFAULT")
        assert not parsed.errors
        got = [
            (int(o), int(p))
            for batch, origin in zip(parsed.batches, parsed.origins, strict=True)
            for o, p in zip(origin, batch.price, strict=True)
        ]
        prices += [price for _, price in sorted(got)]
    return prices


@given(rows=ROWS, first=st.integers(0, 1000), cuts=st.lists(st.integers(1, 29), max_size=4))
def test_parts_are_the_whole_in_file_order(rows: list[list[int]], first: int, cuts: list[int]) -> None:
    batches, origins, end = chunk(rows, first)
    pieces = make_chunk(batches, origins, end)
    total = sum(map(len, rows))
    assert pieces.ticks(slice(0, len(pieces))) == total
    assert sent(pieces, cuts) == list(range(1, total + 1))


@given(rows=ROWS, first=st.integers(0, 1000), done=st.integers(0, 30))
def test_resuming_neither_loses_nor_doubles(rows: list[list[int]], first: int, done: int) -> None:
    batches, origins, end = chunk(rows, first)
    pieces = make_chunk(batches, origins, end)
    done = min(done, len(pieces))
    resume = pieces.resume_row(done)
    assert pieces.ticks(slice(0, done)) == sum(len(symbols) for symbols in rows[: resume - first])
    rest = make_chunk(*chunk(rows[resume - first :], resume))
    assert pieces.ticks(slice(done, len(pieces))) == rest.ticks(slice(0, len(rest)))
    assert rest.resume_row(len(rest)) == end
    assert pieces.before_row(resume) == done


@given(rows=ROWS, limit=st.integers(1, 40), at=st.integers(0, 30))
def test_a_number_of_ticks_is_never_exceeded(rows: list[list[int]], limit: int, at: int) -> None:
    pieces = make_chunk(*chunk(rows, 0))
    at = min(at, len(pieces))
    end = pieces.pieces(limit, at)
    assert pieces.ticks(slice(at, end)) <= limit
    assert end == len(pieces) or pieces.ticks(slice(at, end + 1)) > limit
