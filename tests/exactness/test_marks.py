"""Every mark of a chart satisfies its definition on the numbers shown, at every row size; row sizes by the definition.

All pairs of recordings, frames and row sizes; `scripts/bench/marks.py` runs their whole product.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from orderflow.market.frames import Frame
from orderflow.market.market import Market
from tests.exactness.marks import BUNDLED, SHARED, batch_of, complete_bars, recording, wrong_marks
from tests.oracle import readers
from tests.oracle import rows as oracle
from tests.oracle.oracle import Tick

FRAMES = ("1s", "15s", "1min", "5min", "1h", "ticks:100", "volume:500", "range:8")
SIZES = (0, 1, 4, 25)
CASES = [(frame, SIZES[(i + k) % len(SIZES)]) for i, frame in enumerate(FRAMES) for k in (0, 2)]


@cache
def complete(name: str, data: Path | None) -> list[Tick]:
    """The ticks of a recording's last complete session; none if it has only one."""
    return oracle.last_session(recording(name, data)[0])


def check(name: str, data: Path | None, frame: str, rows: int) -> None:
    """Compare one recording's marks, and its automatic row size, with the oracle's."""
    ticks, tick = recording(name, data)
    market = Market()
    market.configure(name, tick_size=tick)
    market.ingest([batch_of(name, ticks)])
    answer = market.changed(name, Frame.parse(frame), 0, None, rows)
    held = oracle.bars_of(ticks, frame, tick)[-len(answer["bars"]) :]
    measured = complete_bars(complete(name, data), frame, tick) or held
    assert market.row_size(name, Frame.parse(frame)) == oracle.row_size(measured, tick)
    assert answer["rows"] == (rows or oracle.row_size(measured, tick))
    assert wrong_marks(answer, held, tick) == []


@pytest.mark.parametrize(("frame", "rows"), CASES)
@pytest.mark.parametrize("name", BUNDLED)
def test_marks_of_the_samples(name: str, frame: str, rows: int) -> None:
    check(name, None, frame, rows)


@pytest.mark.parametrize(("frame", "rows"), CASES)
@pytest.mark.parametrize("name", SHARED)
def test_marks_of_the_recordings(name: str, frame: str, rows: int, shared_data: Path) -> None:
    check(name, shared_data, frame, rows)


def test_nq_has_no_unfinished_auction_whatever_the_row_size(shared_data: Path) -> None:
    """On rows of several ticks a low of one price and a high of another share a row, and both sides seem to trade."""
    market = Market()
    market.ingest([batch_of("nq", readers.nq(shared_data))])
    for rows in (0, 1, 2, 4, 10):
        answer = market.changed("nq", Frame.parse("1min"), 0, None, rows)
        assert [bar["f"] for bar in answer["bars"] if "f" in bar] == []
