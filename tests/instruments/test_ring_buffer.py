"""The ring buffer holds the newest prices, at most its size."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderflow.instruments.ring_buffer import RingBuffer


@given(st.integers(1, 8), st.lists(st.floats(0.01, 1e6), max_size=40), st.integers(0, 12))
def test_ring_buffer_agrees_with_a_bounded_deque(size: int, prices: list[float], count: int) -> None:
    ring, plain = RingBuffer(size), deque[tuple[int, float]](maxlen=size)
    for time, price in enumerate(prices):
        ring.add(time, price)
        plain.append((time, price))
    times, values = ring.last()
    assert list(zip(times, values, strict=True)) == list(plain)
    times, values = ring.last(count)
    assert list(zip(times, values, strict=True)) == list(plain)[max(0, len(plain) - count) :]
    assert len(ring) == len(plain) <= size
    times, values = ring.at(range(0, len(plain), 2))
    assert list(zip(times, values, strict=True)) == list(plain)[::2]


def test_its_memory_does_not_grow() -> None:
    ring = RingBuffer(100)
    for time in range(100):
        ring.add(time, 1.0)
    full = ring._prices.buffer_info(), ring._times.buffer_info()
    for time in range(10_000):
        ring.add(time, 2.0)
    assert (ring._prices.buffer_info(), ring._times.buffer_info()) == full


def test_clear_removes_all_prices() -> None:
    ring = RingBuffer(2)
    for time in range(3):
        ring.add(time, float(time))
    ring.clear()
    assert len(ring) == 0
    ring.add(9, 9.0)
    assert [list(column) for column in ring.last()] == [[9], [9.0]]


@pytest.mark.parametrize("count", [None, 5])
def test_an_empty_ring_has_nothing(count: int | None) -> None:
    assert [list(column) for column in RingBuffer(3).last(count)] == [[], []]


def test_since_returns_the_prices_that_are_kept() -> None:
    ring = RingBuffer(3)
    for time in range(5):
        ring.add(time, float(time))
    assert ring.added == 5
    assert [list(ring.since(number)[0]) for number in (0, 3, 4, 5, 9)] == [[2, 3, 4], [3, 4], [4], [], []]
