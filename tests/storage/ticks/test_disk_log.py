"""Run the shared suites for the adapters; the last test runs them again in an interpreter patched by gevent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orderflow.market.tick_log import LogEntry, NoLog, TickLog
from orderflow.market.ticks import TickBatch
from orderflow.runtime.workers import Workers
from orderflow.storage.ticks import disk_log
from orderflow.storage.ticks.disk_log import DiskTickLog
from orderflow.storage.ticks.symbol_index import FAN, Blob
from tests.storage.ticks.batches import answers, batch, batches, logged, put, rows
from tests.storage.ticks.suite import KeepingSuite, TickLogSuite
from tests.worker_threads import not_patched, run_under_gevent

Disk = Callable[[], DiskTickLog]


class TestNoLog(TickLogSuite):
    @pytest.fixture
    def log(self) -> NoLog:
        return NoLog()

    def test_it_keeps_nothing(self, log: TickLog) -> None:
        put(log, batch(3), key="k")
        assert not log.durable
        assert list(log.load()) == []
        assert log.info().ticks == 0


class TestDisk(KeepingSuite):
    @pytest.fixture
    def log(self, disk: Disk) -> DiskTickLog:
        return disk()

    @pytest.fixture
    def reopen(self, log: TickLog, disk: Disk) -> Disk:
        return disk


entries = st.lists(
    st.tuples(
        st.lists(batches(st.sampled_from(["A", "B"]), most=6), max_size=3, unique_by=lambda b: b.symbol),
        st.none() | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8),
        st.binary(max_size=8),
    ),
    max_size=8,
)


@given(entries)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_entries_round_trip(disk: Disk, drawn: list[tuple[list[TickBatch], str | None, bytes]]) -> None:
    log = disk()
    log.forget()
    for parts, key, answer in drawn:
        put(log, *parts, key=key, answer=answer)
    again = disk()
    for symbol in ("A", "B"):
        assert logged(again, symbol) == rows(b for parts, _, _ in drawn for b in parts if b.symbol == symbol)
    assert answers(again) == [(key, answer) for _, key, answer in drawn if key is not None]


def test_batch_of_any_size_is_accepted(disk: Disk) -> None:
    """More ticks than can be queued, and than one blob holds; a span of them opens few blobs."""
    log = disk()
    whole = batch(1_200_000, seed=3)
    put(log, batch(10, seed=1), whole)
    assert log.info().ticks == 1_200_010
    start = int(whole.time[600_000])
    found = log.read("NQ", start, start + 10**9)
    assert found is not None
    assert rows([found]) == rows([whole.take((whole.time >= start) & (whole.time < start + 10**9))])


def test_the_newest_keys_are_kept(disk: Disk, workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    assert disk_log.MAX_KEYS == 100_000
    monkeypatch.setattr(disk_log, "MAX_KEYS", 10_000)
    log = disk()
    for block in range(16):
        keys = [f"{block}-{number}" for number in range(1000)]
        for key in keys[:10]:
            put(log, key=key)
        # many at a time, as group commit would
        workers.run_writer(log._write, [LogEntry((), key) for key in keys[10:]])
    assert log.info().extra["keys"] == 10_000
    assert [key for key, _ in answers(disk())] == [
        f"{block}-{number}" for block in range(6, 16) for number in range(1000)
    ]
    assert sum(blob.n for blob in log._held.key_blobs()) < 15_000


@not_patched
def test_the_suite_under_gevent() -> None:
    run_under_gevent(f"{__file__}::TestDisk", str(Path(__file__).with_name("test_group_commit.py")), conftest=True)


def test_a_reader_between_the_two_halves_of_a_merge_waits_and_misses_nothing(
    disk: Disk, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that are gone from disk before the index knows it are not damage."""
    log = disk()
    ticks = batch(FAN, seed=5)
    found: list[object] = []
    readers: list[threading.Thread] = []

    def read() -> None:
        found.append(log.read("NQ", 0, 2**62))

    replace = log._held.replace

    def slowly(old: Sequence[Blob], new: Sequence[Blob]) -> None:
        readers.append(threading.Thread(target=read))
        readers[-1].start()
        time.sleep(0.1)
        assert not found
        replace(old, new)
        readers[-1].join(60)

    monkeypatch.setattr(log._held, "replace", slowly)
    for number in range(FAN):
        put(log, ticks.take(slice(number, number + 1)))
    workers.run_writer(lambda: None)
    assert readers
    assert [rows([each]) for each in found if isinstance(each, TickBatch)] == [rows([ticks])] * len(readers)
    assert log.info().damaged == 0
    assert workers.errors() == {}
