"""Every row of every `expected/` file, and every other column, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.exactness.against_oracle import wrong_rows
from tests.exactness.conftest import recorded_file
from tests.exactness.path import by_bar, differences, replay, table
from tests.oracle import readers
from tests.oracle.readers import RECORDINGS, Recording
from tests.running import RunningServer

BAR = ("time", "open", "high", "low", "close", "volume", "ask_volume", "bid_volume", "delta", "trades")
CELL = ("time", "price", "bid_volume", "ask_volume", "unknown_volume", "trades")
Send = Callable[[str], str]

every_recording = pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.name)
BY_NAME = {recording.name: recording for recording in RECORDINGS}


@every_recording
def test_every_expected_bar(recording: Recording, server: RunningServer, sent: Send, shared_data: Path) -> None:
    bars = table(server, "bars", sent(recording.name), limit=300)
    expected = recording.bars(shared_data)
    assert differences(bars, expected, BAR) == []
    cells = by_bar(recording.footprint(shared_data))
    for bar, true in zip(bars, expected, strict=True):
        rows = cells[true["time"]]
        volumes = {row["price"]: row["bid_volume"] + row["ask_volume"] + row["unknown_volume"] for row in rows}
        assert len(rows) == true["levels"]
        assert volumes[bar["poc"]] == max(volumes.values()) == volumes[true["poc_price"]]
        assert bar["unknown_volume"] == sum(row["unknown_volume"] for row in rows)


@every_recording
def test_every_expected_footprint_row(
    recording: Recording, server: RunningServer, sent: Send, shared_data: Path
) -> None:
    cells = table(server, "footprint", sent(recording.name), limit=2_000)
    assert differences(cells, recording.footprint(shared_data), CELL) == []


@pytest.mark.parametrize("name", ["nq", "xrpeth"])
def test_every_other_column(name: str, server: RunningServer, sent: Send, shared_data: Path) -> None:
    """Including extremes of delta, CVD, VWAP, value area and imbalances; test_samples.py does it for LTC and BTC."""
    recording = BY_NAME[name]
    assert wrong_rows(server, sent(name), recording.ticks(shared_data), recording.tick) == []


def test_ticks_come_back_as_they_were_recorded(server: RunningServer, sent: Send, shared_data: Path) -> None:
    """8,630 of the 19,794 rows repeat another row; none may be missing or in another place."""
    rows = table(server, "ticks", sent("nq"), limit=7_000)
    sides = {"buy": 1, "sell": -1}
    mine = [(row["time"], row["price"], row["size"], sides[row["side"]]) for row in rows]
    true = [(tick.time, tick.price, tick.size, tick.side) for tick in readers.nq(shared_data)]
    assert len(true) - len(set(true)) > 0
    assert mine == sorted(true, key=lambda row: row[0])


def test_sides_by_the_tick_rule(server: RunningServer, shared_data: Path, tmp_path: Path) -> None:
    """ES has no sides: without `--side flag` they are inferred in the order of the tape."""
    ticks = readers.es(shared_data, 12_000)
    file, _ = recorded_file("es", shared_data, tmp_path)
    replay(server, file, "EXACT-ES-RULE", "--max-ticks", 12_000, "--batch-ticks", 1_111)
    inferred = [replace(tick, side=None) for tick in ticks]
    assert wrong_rows(server, "EXACT-ES-RULE", inferred, BY_NAME["es"].tick) == []
    rules = server.get("/stats?symbol=EXACT-ES-RULE")["rules"]
    assert rules["tick"] == 12_000
