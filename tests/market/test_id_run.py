"""Ids that count the trades show how many are missing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderflow.market.id_run import IdRun
from orderflow.market.ticks import NO_ID


def run(*batches: list[int]) -> IdRun:
    made = IdRun()
    for batch in batches:
        made.add(np.array(batch, np.int64))
    return made


def test_a_gap_is_counted_where_nearly_all_steps_are_one() -> None:
    made = run(list(range(5, 805)), list(range(900, 1300)))
    assert (made.counts(), made.missing()) == (True, 95)
    made.add(np.arange(805, 850))  # trades that come late
    assert made.missing() == 50


@pytest.mark.parametrize(
    "ids",
    [
        list(range(1000)),  # 999 steps
        list(range(0, 4000, 2)),
        [7] * 2000,
        list(range(2000, 0, -1)),
        [NO_ID] * 2000,
        [-5, *range(500)],
    ],
)
def test_ids_that_do_not_count_say_nothing(ids: list[int]) -> None:
    assert (run(ids).counts(), run(ids).missing()) == (False, 0)


def test_a_documented_run_needs_no_thousand_steps() -> None:
    made = run([1684950, 1684951, 1687081])
    assert (made.missing(), made.missing(documented=True)) == (0, 2129)
    assert run([NO_ID]).missing(documented=True) == 0


def test_ids_of_texts_and_ticks_without_one_are_left_out() -> None:
    ids = [*range(600), -77, NO_ID, *range(600, 1200), 1300]
    assert run(ids).missing() == 100
    assert run(*([one] for one in ids)).missing() == 100


@given(st.sets(st.integers(0, 3000), min_size=1, max_size=1500), st.integers(1, 200))
def test_missing_is_what_a_plain_count_says(ids: set[int], size: int) -> None:
    whole = sorted(ids)
    made = run(*(whole[at : at + size] for at in range(0, len(whole), size)))
    assert made.missing(documented=True) == len(set(range(whole[0], whole[-1] + 1)) - ids)
    assert made.jumps == sum(b - a != 1 for a, b in pairwise(whole))
