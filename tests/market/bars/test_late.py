"""Notes of late ticks: the earliest time that changed after any revision, and never a later one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderflow.market.bars import late
from orderflow.market.bars.late import LateNotes

NOTES = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 50)), max_size=60)


def noted(steps: list[tuple[int, int]]) -> tuple[LateNotes, list[tuple[int, int]]]:
    notes, revision, added = LateNotes(), 0, []
    for step, time in steps:
        revision += step
        notes.add(revision, time)
        added.append((revision, time))
    return notes, added


@given(NOTES, st.integers(0, 200))
def test_the_earliest_time_after_a_revision(steps: list[tuple[int, int]], since: int) -> None:
    notes, added = noted(steps)
    assert notes.since(since) == min((time for revision, time in added if revision > since), default=None)


@given(NOTES, st.integers(0, 200))
def test_few_notes_reach_rather_too_far_back(steps: list[tuple[int, int]], since: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(late, "MOST_NOTES", 3)
        notes, added = noted(steps)
    assert len(notes._times) == len(notes._revisions) <= 3
    true = min((time for revision, time in added if revision > since), default=None)
    found = notes.since(since)
    assert (found is None) is (true is None)
    assert found is None or true is None or found <= true
