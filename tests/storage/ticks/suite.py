"""Test suites to inherit: `TickLogSuite` for every tick log, `KeepingSuite` for persistent ones.

A test class provides the fixture `log` and, if the log is persistent, `reopen`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import partial
from typing import Any

import numpy as np
import pytest

from orderflow.errors import StorageFailed
from orderflow.market.tick_log import LogEntry, TickLog
from orderflow.market.ticks import NO_ID, TickBatch
from tests.storage.ticks.batches import START, answers, batch, logged, put, rows

Reopen = Callable[[], TickLog]


def both(log: TickLog, reopen: Reopen) -> Iterator[TickLog]:
    """The log as it is, then after reopening."""
    yield log
    yield reopen()


def list_of(ticks: TickBatch) -> list[Any]:
    """The members of a batch, in order."""
    return [getattr(ticks, field.name) for field in fields(ticks)]


class TickLogSuite:
    """For every log, including one that stores nothing."""

    def test_then_is_called_once_before_the_return(self, log: TickLog) -> None:
        put(log, batch(3))
        put(log, key="k", answer=b"{}")
        put(log)

    def test_errors_of_then_reach_the_caller(self, log: TickLog) -> None:
        def bad() -> None:
            raise KeyError("mine")

        with pytest.raises(KeyError, match="mine"):
            log.append(LogEntry([batch(1)]), bad)
        put(log, batch(1, seed=2))

    def test_an_unknown_symbol_has_nothing(self, log: TickLog) -> None:
        put(log, batch(3))
        assert log.bounds("ES") is None
        assert log.read("ES", 0, 2**62) is None
        log.forget("ES")

    def test_meta_values(self, log: TickLog) -> None:
        assert log.get_meta("instruments") is None
        log.set_meta("instruments", b'{"NQ": 1}')
        log.set_meta("other", b"")
        log.set_meta("instruments", b'{"NQ": 2}')
        assert (log.get_meta("instruments"), log.get_meta("other")) == (b'{"NQ": 2}', b"")
        log.set_meta("other", None)
        log.set_meta("never", None)
        assert log.get_meta("other") is None

    def test_forgetting_one_symbol_keeps_the_meta_values(self, log: TickLog) -> None:
        log.set_meta("instruments", b"x")
        put(log, batch(3))
        log.forget("NQ")
        assert log.get_meta("instruments") == b"x"
        assert log.read("NQ", 0, 2**62) is None

    def test_forgetting_everything_leaves_a_new_log(self, log: TickLog) -> None:
        log.set_meta("instruments", b"x")
        log.set_meta("other", b"y")
        put(log, batch(3), batch(2, symbol="ES"), key="k")
        log.forget(meta={"instruments": None, "more": b"z"})
        assert [log.get_meta(name) for name in ("instruments", "other", "more")] == [None, b"y", b"z"]
        assert list(log.load()) == []
        assert (log.info().ticks, log.bounds("NQ")) == (0, None)
        put(log, batch(4, seed=9))

    def test_closing_twice_is_allowed(self, log: TickLog) -> None:
        log.close()
        log.close()


class KeepingSuite(TickLogSuite):
    """For persistent logs."""

    def test_span_finds_the_next_tick_and_bounds_what_follows(self, log: TickLog, reopen: Reopen) -> None:
        day = 86_400 * 10**9
        parts = [batch(50, seed=1), batch(50, seed=2, start=START + 900 * day), batch(50, seed=3, start=START - day)]
        wide = batch(2, seed=4)
        put(log, *parts[:1])
        put(log, *parts[1:2])
        put(log, TickBatch("NQ", np.array([START - 5 * day, START + 30_000 * day]), *list_of(wide)[2:]))
        put(log, *parts[2:])
        for each in both(log, reopen):
            whole = each.read("NQ", 0, 2**62)
            assert whole is not None
            times = np.sort(whole.time)
            for start in (0, START, START + day, START + 900 * day + 5, START + 29_000 * day, int(times[-1])):
                found = each.span("NQ", start, 60)
                after = times[times >= start]
                assert found is not None
                assert found[0] == after[0]
                assert found[1] is None or found[1] > after[0]
                until = 2**62 if found[1] is None else found[1]
                assert 0 < ((times >= start) & (times < until)).sum() <= 60 + 50 + 50
            assert each.span("NQ", int(times[-1]) + 1, 0) is None
            assert each.span("ES", 0, 0) is None

    def test_log_is_persistent(self, log: TickLog) -> None:
        assert log.durable

    def test_everything_is_there_after_reopening(self, log: TickLog, reopen: Reopen) -> None:
        nq = [batch(n, seed=n) for n in (1, 500, 1, 30)]
        es = [batch(7, symbol="ES", decimals=4, size_decimals=3)]
        put(log, nq[0], key="a", answer=b'{"accepted": 1}')
        put(log, nq[1], es[0])
        put(log, nq[2], key="b", answer=b"\x00\xff")
        put(log, nq[3])
        log.set_meta("instruments", b"x")
        for again in both(log, reopen):
            assert logged(again, "NQ") == rows(nq)
            assert logged(again, "ES") == rows(es)
            assert answers(again) == [("a", b'{"accepted": 1}'), ("b", b"\x00\xff")]
            assert again.get_meta("instruments") == b"x"
            assert again.info().ticks == 532 + 7
            assert again.bounds("NQ") == (min(r[0] for r in rows(nq)), max(r[0] for r in rows(nq)))

    def test_the_symbol_written_to_last_comes_last(self, log: TickLog, reopen: Reopen) -> None:
        for symbol in ("A", "B", "C", "A", "B"):
            put(log, batch(2, symbol=symbol))
        symbols = [b.symbol for entry in reopen().load() for b in entry.batches]
        assert symbols[-1] == "B"
        assert set(symbols) == {"A", "B", "C"}

    def test_reading_a_span(self, log: TickLog, reopen: Reopen) -> None:
        """Any span equals a loop over all ticks, in write order, with late ticks."""
        parts = [batch(200, seed=1), batch(50, seed=2, start=START + 10**10), batch(100, seed=3, start=START - 10**10)]
        for part in parts:
            put(log, part)
        every = rows(parts)
        times = sorted(row[0] for row in every)
        spans = [(0, 2**62), (times[0], times[-1]), (times[0], times[0]), (times[40], times[-40]), (2**62, 0)]
        spans += [(times[-1], 2**62), (0, times[0]), (times[100], times[101])]
        for again in both(log, reopen):
            for start, end in spans:
                found = again.read("NQ", start, end)
                assert rows([found] if found is not None else []) == [r for r in every if start <= r[0] < end]

    def test_reading_the_tail_in_write_order(self, log: TickLog, reopen: Reopen) -> None:
        parts = [batch(5, seed=seed, start=START - seed * 10**10) for seed in (0, 2, 1)]
        for part in parts:
            put(log, part)
        every = rows(parts)
        for again in both(log, reopen):
            for skip, count in ((0, 3), (2, 7), (5, 5), (0, 99), (14, 4)):
                found, end = again.tail("NQ", skip, count), len(every) - skip
                assert rows([found] if found is not None else []) == every[max(0, end - count) : end]
            assert again.tail("NQ", 15, 1) is None
            assert again.tail("ES", 0, 1) is None

    def test_ticks_with_different_decimals_load_as_one_exact_batch(self, log: TickLog) -> None:
        parts = [batch(5, seed=1), batch(5, seed=2, decimals=6, size_decimals=8), batch(5, seed=3, decimals=0)]
        for part in parts:
            put(log, part)
        found = log.read("NQ", 0, 2**62)
        assert found is not None
        assert rows([found]) == rows(parts)
        assert (found.price_decimals, found.size_decimals) == (6, 8)

    def test_equal_ticks_are_all_kept(self, log: TickLog, reopen: Reopen) -> None:
        same = TickBatch(
            "NQ",
            np.full(4, START),
            np.full(4, 100),
            np.full(4, 1),
            np.zeros(4, np.int8),
            np.full(4, 5, np.int8),
            np.full(4, NO_ID),
            0,
            0,
        )
        put(log, same)
        put(log, same)
        assert logged(reopen(), "NQ") == rows([same, same])

    def test_forgetting_one_symbol(self, log: TickLog, reopen: Reopen) -> None:
        put(log, batch(3), batch(5, symbol="ES"), key="k", answer=b"1")
        log.forget("NQ")
        for again in both(log, reopen):
            assert logged(again, "NQ") == []
            assert len(logged(again, "ES")) == 5
            assert again.bounds("NQ") is None
            assert answers(again) == [("k", b"1")]
        assert reopen().info().ticks == 5

    def test_forgetting_everything_lasts(self, log: TickLog, reopen: Reopen) -> None:
        put(log, batch(3), key="k")
        log.set_meta("m", b"x")
        log.set_meta("n", b"y")
        log.forget(meta={"m": None})
        again = reopen()
        assert list(again.load()) == []
        assert (again.get_meta("m"), again.get_meta("n")) == (None, b"y")
        put(again, batch(2, seed=4))
        assert logged(reopen(), "NQ") == rows([batch(2, seed=4)])

    def test_concurrent_appends_keep_order(self, log: TickLog, reopen: Reopen) -> None:
        """Eight threads append; `then` runs in the order of the log."""
        order: list[int] = []

        def work(number: int) -> None:
            for turn in range(40):
                seed = number * 100 + turn
                entry = LogEntry([batch(1 + turn % 3, seed=seed)], f"k{seed}", b"%d" % seed)
                log.append(entry, partial(order.append, seed))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(order) == [number * 100 + turn for number in range(8) for turn in range(40)]
        for number in range(8):
            mine = [seed for seed in order if seed // 100 == number]
            assert mine == sorted(mine)
        expected = rows(batch(1 + seed % 100 % 3, seed=seed) for seed in order)
        for again in both(log, reopen):
            assert logged(again, "NQ") == expected
            assert answers(again) == [(f"k{seed}", b"%d" % seed) for seed in order]

    def test_reading_while_others_write(self, log: TickLog) -> None:
        """A reader always sees a prefix of what was written, including all that was acknowledged before it started."""
        total = 400
        acknowledged = [0]
        seen: list[int] = []

        def write() -> None:
            for turn in range(total):
                put(log, batch(1, seed=turn, start=START + turn))
                acknowledged[0] += 1

        writer = threading.Thread(target=write)
        writer.start()
        while writer.is_alive():
            before = acknowledged[0]
            found = log.read("NQ", 0, 2**62)
            ids = [] if found is None else (found.id // 1_000_000).tolist()
            assert ids == list(range(len(ids)))
            assert len(ids) >= before
            seen.append(len(ids))
        writer.join()
        assert len(logged(log, "NQ")) == total
        assert len(seen) > 3

    def test_nothing_works_after_closing(self, log: TickLog) -> None:
        put(log, batch(1))
        log.close()
        with pytest.raises(StorageFailed, match="closed"):
            put(log, batch(1))
        with pytest.raises(StorageFailed, match="closed"):
            log.read("NQ", 0, 1)
        with pytest.raises(StorageFailed, match="closed"):
            list(log.load())
        with pytest.raises(StorageFailed, match="closed"):
            log.forget()
        with pytest.raises(StorageFailed, match="closed"):
            log.set_meta("a", b"b")
