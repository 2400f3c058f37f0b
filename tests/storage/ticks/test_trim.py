"""Deleting a symbol's old ticks: exactly those, in bounded writes, and the log goes on after a kill."""

from __future__ import annotations

from collections.abc import Callable
from itertools import dropwhile
from pathlib import Path

import numpy as np
import pytest

from orderflow.errors import StorageFailed
from orderflow.market import buffer
from orderflow.market.frames import DAY, Frame
from orderflow.market.market import Market
from orderflow.market.tick_log import LogEntry, NoLog
from orderflow.market.ticks import TickBatch
from orderflow.runtime.workers import Workers
from orderflow.storage.ticks import trim as trimming
from orderflow.storage.ticks.blob_store import BlobStore
from orderflow.storage.ticks.disk_log import DiskTickLog
from tests.storage.ticks.batches import START, batch, logged, put, rows
from tests.storage.ticks.suite import both
from tests.storage.ticks.test_merging import settle

Disk = Callable[[], DiskTickLog]


def trim_all(log: DiskTickLog, symbol: str, before: int) -> list[int]:
    """Trim until nothing is left; the number of ticks that each call deleted."""
    deleted: list[int] = []
    while (count := log.trim(symbol, lambda: before)) is not None:
        deleted.append(count)
    return deleted


def fill(log: DiskTickLog, days: int = 10) -> list[TickBatch]:
    """Batches of a symbol, 300 ticks a day, and one late batch that reaches back to the first day."""
    parts = [batch(300, seed=day, start=START + day * DAY) for day in range(days)]
    parts.append(batch(50, seed=99, start=START + DAY // 2))
    for part in parts:
        put(log, part)
    put(log, batch(7, symbol="ES"))
    return parts


@pytest.mark.parametrize("cut", [START, START + 5, START + 4 * DAY, START + 4 * DAY + 9_000_000_000, START + 99 * DAY])
def test_the_old_ticks_at_the_front_go(disk: Disk, cut: int) -> None:
    log = disk()
    every = rows(fill(log))
    deleted = trim_all(log, "NQ", cut)
    left = list(dropwhile(lambda row: row[0] < cut, every))  # the late batch stays behind newer ticks
    assert sum(deleted) == len(every) - len(left)
    for each in both(log, disk):
        assert logged(each, "NQ") == left
        assert each.info().ticks == len(left) + 7
        assert each.bounds("NQ") == ((min(r[0] for r in left), max(r[0] for r in left)) if left else None)
        assert len(logged(each, "ES")) == 7
        assert each.trim("NQ", lambda: cut) is None


def test_a_call_removes_a_bounded_number_of_blobs(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trimming, "MAX_DROPS", 3)
    log = disk()
    fill(log)
    assert trim_all(log, "NQ", START + 8 * DAY) == [900, 900, 600]


def test_the_limit_is_taken_when_earlier_writes_are_published(disk: Disk, workers: Workers) -> None:
    log = disk()
    published: list[int] = []
    log.append(LogEntry([batch(3)]), lambda: published.append(1))

    def before() -> int:
        assert published
        assert workers.in_writer()
        return START

    assert log.trim("NQ", before) is None


def test_blobs_are_merged_after_trimming_as_before(disk: Disk, workers: Workers) -> None:
    log = disk()
    parts = [batch(2, seed=turn, start=START + turn * DAY) for turn in range(100)]
    for part in parts:
        put(log, part)
    settle(workers)
    trim_all(log, "NQ", START + 40 * DAY + 1)
    for turn in range(100, 400):
        parts.append(batch(2, seed=turn, start=START + turn * DAY))
        put(log, parts[-1])
    settle(workers)
    left = [row for row in rows(parts) if row[0] >= START + 40 * DAY + 1]
    assert logged(disk(), "NQ") == left


def test_nothing_is_deleted_when_the_disk_refuses(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    log = disk()
    every = rows(fill(log))

    def refuse(*args: object, **options: object) -> None:
        raise StorageFailed("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(BlobStore, "write", refuse)
        for cut in (START + 4 * DAY, START + 1_000_000_000):
            with pytest.raises(StorageFailed, match="full"):
                log.trim("NQ", lambda: cut)  # noqa: B023  # called at once
    assert logged(log, "NQ") == every
    assert log.trim("NQ", lambda: START + 4 * DAY)


def test_a_log_without_a_disk_has_nothing_to_trim() -> None:
    assert NoLog().trim("NQ", lambda: 2**62) is None


@pytest.fixture
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments of 1,000 ticks in memory."""
    monkeypatch.setattr(buffer, "SEGMENT", 1_000)


@pytest.mark.usefixtures("small_segments")
def test_the_log_keeps_what_memory_holds(tmp_path: Path, workers: Workers) -> None:
    """Memory gives up whole segments; the log follows by whole days and never overtakes it."""
    log = DiskTickLog(tmp_path, workers)
    market = Market(log)
    first = START // DAY * DAY
    for day in range(8):
        market.ingest([batch(300, seed=day, start=first + day * DAY)])
    assert market.retire("NQ", first + 2 * DAY) is None  # the first segment has ticks of four days
    assert market.retire("NQ", first + 6 * DAY) is not None
    while market.retire("NQ", first + 6 * DAY) is not None:
        pass
    bounds = log.bounds("NQ")
    assert bounds is not None
    held = market.arrivals("NQ", 0, 1)
    assert bounds[0] // DAY == int(held.ticks.time[0]) // DAY
    assert bounds[0] <= int(held.ticks.time[0])
    table = market.ticks("NQ")
    assert len(table.ticks) == log.info().ticks
    assert np.array_equal(np.sort(table.ticks.time), np.sort(log.read("NQ", 0, 2**62).time))  # type: ignore[union-attr]
    again = Market(log)
    assert again.load() == log.info().ticks
    log.close()


@pytest.mark.usefixtures("small_segments")
def test_a_market_reads_its_bars_after_a_trim(tmp_path: Path, workers: Workers) -> None:
    log = DiskTickLog(tmp_path, workers)
    market = Market(log)
    first = START // DAY * DAY
    for day in range(8):
        market.ingest([batch(300, seed=day, start=first + day * DAY)])
    market.bars("NQ", Frame.parse("1h"))
    while market.retire("NQ", first + 6 * DAY) is not None:
        pass
    late = batch(10, seed=500, start=first + 3 * DAY)
    market.ingest([late])
    for name in ("1h", "1d", "1min", "ticks:100"):
        frame = Frame.parse(name)
        table = market.bars("NQ", frame, start=first + 5 * DAY)
        assert len(table)
        assert market.changed("NQ", frame, 0, None, wait=True)["bars"]
    log.close()
