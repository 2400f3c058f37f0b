"""Merging only changes where ticks are stored, also when interrupted."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orderflow.errors import StorageFailed
from orderflow.market.ticks import TickBatch
from orderflow.runtime.workers import Workers
from orderflow.storage.ticks import symbol_index
from orderflow.storage.ticks.blob_store import BlobStore
from orderflow.storage.ticks.disk_log import DiskTickLog
from tests.running import run_python
from tests.storage.ticks.batches import answers, batch, batches, logged, put, rows

Disk = Callable[[], DiskTickLog]


def settle(workers: Workers) -> None:
    """Wait until the writer is idle."""
    workers.run_writer(bool)


def merges(log: DiskTickLog) -> int:
    return int(str(log.info().extra["merges"]))


def test_many_small_writes_become_few_blobs(disk: Disk, workers: Workers) -> None:
    log = disk()
    written = [batch(1, seed=turn, symbol="NQ" if turn % 3 else "ES") for turn in range(700)]
    for turn, one in enumerate(written):
        put(log, one, key=f"k{turn}")
    settle(workers)
    assert merges(log) >= 10
    assert log.info().entries < 130
    assert log.info().ticks == 700
    again = disk()
    assert again.info().ticks == 700
    for symbol in ("NQ", "ES"):
        assert logged(again, symbol) == rows(b for b in written if b.symbol == symbol)
    assert [key for key, _ in answers(again)] == [f"k{turn}" for turn in range(700)]


def test_batches_are_merged_to_full_blobs(disk: Disk, workers: Workers) -> None:
    log = disk()
    written = [batch(5000, seed=turn) for turn in range(30)]
    for one in written:
        put(log, one)
    settle(workers)
    assert log.info().entries <= 4
    found = disk().read("NQ", 0, 2**62)
    assert found is not None
    assert rows([found]) == rows(written)


small = st.lists(batches(st.sampled_from(["A", "B"]), most=3), min_size=1, max_size=30)


@given(small, small)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_merging_keeps_all_ticks(
    disk: Disk, workers: Workers, monkeypatch: pytest.MonkeyPatch, first: list[TickBatch], second: list[TickBatch]
) -> None:
    """Merge after every write, three blobs at a time: any ticks, any decimals, over a restart."""
    monkeypatch.setattr(symbol_index, "FAN", 3)
    log = disk()
    log.forget()
    for one in first:
        put(log, one)
    log = disk()
    for one in second:
        put(log, one)
    settle(workers)
    for symbol in ("A", "B"):
        expected = rows(b for b in (*first, *second) if b.symbol == symbol)
        assert logged(log, symbol) == expected
        times = [row[0] for row in expected]
        assert log.bounds(symbol) == ((min(times), max(times)) if times else None)


def test_row_without_a_common_grid_is_merged_in_parts(
    disk: Disk, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A merged blob can have the key of one that it replaces."""
    monkeypatch.setattr(symbol_index, "FAN", 3)
    one, flat = np.ones(1, np.int64), np.zeros(1, np.int8)
    huge = TickBatch("X", one, one * 2**53, one, flat, flat, one, 0, 0)
    fine = TickBatch("X", one, one, one, flat, flat, one, 12, 0)
    written = [huge, huge, fine, fine, huge, fine, huge, fine, fine]
    log = disk()
    for each in written:
        put(log, each)
    settle(workers)
    assert merges(log) > 0
    for _ in range(2):
        again = disk()
        assert logged(again, "X") == rows(written)
        assert again.info().damaged == 0
    with pytest.raises(StorageFailed, match="do not fit one table"):
        again.read("X", 0, 2)


def test_failed_merge_changes_nothing_and_is_retried(
    disk: Disk, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = disk()
    real = BlobStore.write
    written = [batch(1, seed=turn) for turn in range(90)]

    def write(self: BlobStore, puts: Any, drops: Any = (), **options: Any) -> None:
        if drops:
            raise StorageFailed("no space left")
        real(self, puts, drops, **options)

    with monkeypatch.context() as patch:
        patch.setattr(BlobStore, "write", write)
        for one in written[:-1]:
            put(log, one)
        settle(workers)
        assert log.info().entries == 89
        assert logged(log, "NQ") == rows(written[:-1])
    assert workers.errors().keys() == {"tidying the tick log: StorageFailed"}
    put(log, written[-1])
    settle(workers)
    assert log.info().entries < 30
    assert logged(disk(), "NQ") == rows(written)


def test_no_merge_during_a_load(disk: Disk, workers: Workers) -> None:
    log = disk()
    for turn in range(63):
        put(log, batch(1, seed=turn))
    loading = log.load()
    found = list(next(loading).batches)
    for turn in range(63, 200):
        put(log, batch(1, seed=turn))
    settle(workers)
    assert merges(log) == 0
    found += [b for entry in loading for b in entry.batches]
    assert rows(found) == rows(batch(1, seed=turn) for turn in range(63))
    settle(workers)
    assert merges(log) > 0
    assert logged(log, "NQ") == rows(batch(1, seed=turn) for turn in range(200))


KILLED = """
import os, signal, sys
import numpy as np
from orderflow.market.tick_log import LogEntry
from orderflow.storage.ticks.blob_store import BlobStore
from orderflow.storage.ticks.disk_log import DiskTickLog
from orderflow.runtime.workers import Workers
from tests.running import run_python
from tests.storage.ticks.batches import batch

where, at = sys.argv[1], int(sys.argv[2])
workers = Workers()
log = DiskTickLog(where, workers)
cache, calls = log._store._blobs._cache, [0]
real = cache.delete

def delete(key, retry=False):
    calls[0] += 1
    if calls[0] == at:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(key, retry=retry)

cache.delete = delete
for seed in range(200):
    log.append(LogEntry([batch(1, seed=seed)]), lambda: None)
    print(seed, flush=True)
workers.run_writer(bool)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("at", [1, 33, 64, 65])
def test_killed_in_the_middle_of_a_merge(directory: Path, disk: Disk, at: int) -> None:
    """SIGKILL before one of the 64 blobs of a row is removed: every acknowledged tick is there once, in order."""
    run = run_python(KILLED, str(directory), str(at))
    assert run.returncode == -signal.SIGKILL, run.stderr
    acknowledged = [int(line) for line in run.stdout.split()]
    kept = [row[5] // 1_000_000 for row in logged(disk(), "NQ")]
    assert kept == list(range(len(kept)))
    assert len(kept) - len(acknowledged) in (0, 1), json.dumps([kept, acknowledged])
    assert len(kept) >= 64  # the last one may have been kept and not told
