"""A market that evicts ticks and has no log, in this process, so that the segments can be small."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orderflow.market import buffer
from orderflow.market.bars.footprint import BarTable
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from tests.market.ticks import draw, rows

FRAMES = ("1s", "1min", "5min", "1h")
VOLUMES = ("bid_volume", "ask_volume", "unknown_volume")
CARRIED = {"cvd", "vwap"}
"""Columns that accumulate over a session, and so begin at the first tick in memory."""


@pytest.mark.parametrize("seed", range(3, 9))
@pytest.mark.parametrize("polled", [False, True], ids=["read at the end", "polled throughout"])
def test_every_bar_shown_is_complete(seed: int, polled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Except for the newest bar, which is shown even if its beginning was evicted."""
    monkeypatch.setattr(buffer, "SEGMENT", 64)
    batch = draw(seed, most=400, sides="flag").batch
    whole, small = Market(max_candles=10**6), Market(max_candles=5, max_ticks=100)
    whole.ingest([batch])
    for at in range(0, len(batch), 20):
        small.ingest([batch.take(slice(at, at + 20))])
        for name in FRAMES if polled else ():
            small.changed("X", Frame.parse(name), 0, None, 1)
    gone = small.lost_until("X")
    assert gone is not None
    assert whole.lost_until("X") is None
    assert small.stats("X")["evicted"] > 0
    for name in FRAMES:
        frame = Frame.parse(name)
        true = by_time(whole.bars("X", frame))
        table = small.bars("X", frame)
        shown = by_time(table)
        assert shown.keys() >= {start for start in true if start > gone}
        levels: dict[int, Decimal] = {}
        for row in rows(table, "footprint"):
            volume = sum((Decimal(str(row[side])) for side in VOLUMES), Decimal(0))
            levels[int(str(row["time"]))] = levels.get(int(str(row["time"])), Decimal(0)) + volume
        for start, row in shown.items():
            if start == max(true) <= gone:
                continue
            for column in row.keys() - CARRIED:
                assert row[column] == true[start][column], (name, start, column)
            assert levels[start] == row["volume"]


def by_time(table: BarTable) -> dict[int, dict[str, object]]:
    """The bars as rows by start time."""
    return dict(zip(table.time.tolist(), rows(table), strict=True))
