"""Reads of a history with long gaps: empty sessions are skipped, in memory and in the log."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from orderflow.market import buffer
from orderflow.market.buffer import Columns
from orderflow.market.frames import DAY, Frame
from orderflow.market.history import History
from orderflow.market.market import Market
from orderflow.market.ticks import SideRule, TickBatch
from tests.market.memory_log import MemoryLog

YEARS = 119 * 365 * DAY
FRAMES = ("1min", "1d", "ticks:10", "range:4", "volume:7")


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The spans that a history reads."""
    found: list[tuple[int, int]] = []
    read = History._read

    def counted(history: History, start: int, end: int) -> Columns | None:
        found.append((start, end))
        return read(history, start, end)

    monkeypatch.setattr(History, "_read", counted)
    return found


def batch(times: list[int]) -> TickBatch:
    n = len(times)
    return TickBatch(
        "X",
        np.array(times, np.int64),
        np.arange(n) * 25 + 40_000,
        np.full(n, 3),
        np.ones(n, np.int8),
        np.full(n, int(SideRule.FLAG), np.int8),
        np.arange(n),
        2,
        1,
    )


@pytest.mark.parametrize("session", ["UTC", "America/Chicago 17:30"])
@pytest.mark.parametrize("frame", FRAMES)
def test_years_without_ticks_are_not_walked(frame: str, session: str, reads: list[Any]) -> None:
    market = Market()
    market.configure("X", session=session)
    market.ingest([batch([0, 5, YEARS, YEARS + 5])])
    bars = market.bars("X", Frame.parse(frame))
    assert int(bars.volume.sum()) == 12
    assert len(market.ticks("X").ticks) == 4
    assert market.changed("X", Frame.parse(frame), 0, None)["bars"]
    assert len(reads) < 200


@pytest.mark.parametrize("frame", FRAMES)
def test_nor_are_they_in_the_log(frame: str, reads: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffer, "SEGMENT", 4)
    times = [*range(0, 40, 10), *range(YEARS // 2, YEARS // 2 + 40, 10), *range(YEARS, YEARS + 60, 10)]
    market = Market(MemoryLog(), max_ticks=5)
    market.ingest([batch(times)])
    market.ingest([batch([YEARS + DAY])])
    bars, ticks = market.bars("X", Frame.parse(frame)), market.ticks("X").ticks
    assert int(bars.volume.sum()) == 3 * 15
    assert ticks.time.tolist() == [*times, YEARS + DAY]
    assert len(reads) < 60


def test_a_bar_over_a_session_start_after_a_gap_belongs_to_the_earlier_session() -> None:
    """17:00 to 18:00 UTC spans the session start at 17:30, also where the walk jumps to it."""
    hour, half = DAY // 24, DAY // 48
    market = Market(max_candles=1)
    market.configure("X", session="UTC 17:30")
    late = YEARS // DAY * DAY + 17 * hour
    market.ingest([batch([0, late + half + 5, late + 2 * hour, late + 9 * DAY])])
    bars = market.bars("X", Frame.parse("1h"))
    assert bars.time.tolist() == [0, late, late + 2 * hour, late + 9 * DAY]
    assert int(bars.session[1]) == late + half - DAY
