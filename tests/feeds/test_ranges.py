from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orderflow.feeds.ranges import Ranges, runs

RANGE = st.tuples(st.integers(0, 30), st.integers(0, 30))


@given(st.lists(st.tuples(st.booleans(), RANGE), max_size=12))
def test_ranges_are_a_set_of_numbers(steps: list[tuple[bool, tuple[int, int]]]) -> None:
    ranges, numbers = Ranges(), set()
    for adds, (first, end) in steps:
        if adds:
            ranges.add(first, end)
            numbers |= set(range(first, end))
        else:
            ranges.remove(first, end)
            numbers -= set(range(first, end))
    assert {n for first, end in ranges for n in range(first, end)} == numbers
    assert all(n in ranges for n in numbers)
    assert 31 not in ranges
    ends = [number for each in ranges for number in each]
    assert ends == sorted(set(ends))  # none is empty, and none touches the next


@given(st.sets(st.integers(0, 30)))
def test_runs_are_the_ranges_of_single_numbers(numbers: set[int]) -> None:
    assert runs(sorted(numbers)) == Ranges((n, n + 1) for n in numbers).ranges
