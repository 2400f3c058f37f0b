"""Very many late ticks: put in order in the background, once for all of them, to the same bars as in any other way."""

from __future__ import annotations

import gc
import re
import weakref
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow.errors import BadInput, Busy, Conflict, StorageFailed
from orderflow.market import aggregation, buffer, symbol
from orderflow.market.bars import catch_up
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.market.ticks import NO_ID, SideRule, TickBatch
from tests.market.beside import Beside, shrink
from tests.market.memory_log import MemoryLog
from tests.market.ticks import START, draw, same

MINUTE = Frame.parse("1min")
FRAMES = ("1s", "15s", "1min", "5min", "1h", "1d", "ticks:7", "delta:2")
SEEDS = st.integers(0, 2**32 - 1)
SECOND = 1_000_000_000


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Every limit is so small that a few ticks are very many."""
    return shrink(monkeypatch)


@settings(max_examples=60, deadline=None)
@given(SEEDS, SEEDS, st.sampled_from(["UTC 00:00", "America/Chicago 17:00"]))
def test_any_order_any_moment_of_work_and_any_reads_give_the_same_tables(seed: int, how: int, session: str) -> None:
    rng = np.random.default_rng(how)
    batch = draw(seed, most=500).batch
    n = len(batch)
    order = np.argsort(np.arange(n) + rng.normal(0, rng.choice([5, 50, 10_000]), n), kind="stable")
    with pytest.MonkeyPatch.context() as patch:
        reference = Market(max_candles=10**6)
        reference.configure("X", session=session)
        reference.ingest([batch])
        beside, log = Beside(shrink(patch)), MemoryLog()
        limits = {"max_candles": int(rng.choice([3, 1_000])), "max_ticks": int(rng.choice([100, 400]))}
        market = Market(log, beside=beside, **limits)
        market.configure("X", session=session)
        at, shown = 0, dict[tuple[str, int], Any]()

        def send() -> None:
            nonlocal at
            step = int(rng.integers(1, 120))
            mine = order[at : at + step]
            at += len(mine)
            if not len(mine):
                return
            try:
                market.ingest([batch.take(mine)])
            except Busy:
                order[at - len(mine) : at] = mine
                at -= len(mine)
                assert beside.steps or beside.working, "nobody puts them in order"

        def look() -> None:
            frame = str(rng.choice(FRAMES))
            answer = market.changed("X", Frame.parse(frame), 0, None, 1)
            bars = [(bar["t"], bar["n"]) for bar in answer["bars"]]
            if answer["rev"] and limits["max_candles"] > 3 and not frame.startswith(("ticks", "delta")):
                assert shown.setdefault((frame, answer["rev"]), bars) == bars, "a revision has two contents"

        def refine() -> None:
            for one in (market, reference):
                one.configure("X", tick_size=Decimal("0.05"))

        send()
        lock: Any = market._symbols["X"].tape.lock
        beside.locked = lock._is_owned  # others wait then
        while at < n:
            rng.choice([send, look, beside.work])()
            if beside.steps and rng.random() < 0.5:
                beside.meanwhile += rng.choice([send, look, send, refine], 3, p=[0.3, 0.3, 0.3, 0.1]).tolist()
            if rng.random() < 0.1:
                market.verify()
        beside.meanwhile.clear()
        while market.is_behind("X"):
            beside.work()
        restarted = Market(log, beside=beside, **limits)
        restarted.load()
        for frame in FRAMES:
            true = reference.bars("X", Frame.parse(frame))
            for name, one in (("live", market), ("restarted", restarted)):
                same(true, one.bars("X", Frame.parse(frame)), (frame, name))
        assert market.verify()[1] == 0


def late(n: int, *, minutes: int = 1, at: int = 0) -> TickBatch:
    """n trades over some minutes, each second one of them backwards."""
    time = START + at + np.arange(n) * minutes * 60 * SECOND // n
    time = np.concatenate([time[0::2], time[1::2][::-1]])
    ones, rule = np.ones(n, np.int64), np.full(n, int(SideRule.FLAG), np.int8)
    return TickBatch("X", time, 100 + np.arange(n) % 7, ones, ones.astype(np.int8), rule, ones * NO_ID, 0, 0)


@pytest.mark.parametrize("minutes", [1, 30])
def test_each_tick_is_put_in_order_once(minutes: int, small: pytest.MonkeyPatch) -> None:
    read = 0
    between = buffer.TickBuffer.between

    def counted(held: buffer.TickBuffer, *args: Any, **named: Any) -> Any:
        nonlocal read
        found = between(held, *args, **named)
        read += len(found[0])
        return found

    small.setattr(buffer.TickBuffer, "between", counted)
    market, batch = Market(), late(2_000, minutes=minutes)
    for begin in range(0, 2_000, 100):
        market.ingest([batch.take(slice(begin, begin + 100))])
    market.bars("X", MINUTE)
    assert read <= 2 * len(batch)


def test_reads_are_refused_until_it_is_done_and_charts_stay_as_they_were(small: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, int]] = []
    beside = Beside(small)
    market = Market(beside=beside, on_change=lambda name, revision: told.append((name, revision)))
    market.ingest([late(10)])
    before = market.changed("X", MINUTE, 0, None, 1)
    market.ingest([late(90)])
    assert market.is_behind("X")
    reads: tuple[Callable[[], object], ...] = (
        lambda: market.bars("X", MINUTE),
        lambda: list(market.bar_tables("X", Frame.parse("ticks:3"), None, None)),
        lambda: market.ticks("X"),
        lambda: list(market.tick_runs("X", None, None, 5)),
        lambda: market.arrivals("X"),
        lambda: market.past("X", START, START + SECOND, 5),
        lambda: market.window("X", MINUTE, START // 10**6, "around", 1, 0),
    )
    for read in reads:
        with pytest.raises(Busy, match="90 ticks of X are being put in order"):
            read()
    shown = market.changed("X", MINUTE, 0, None, 1)
    assert (shown["rev"], shown["bars"]) == (before["rev"], before["bars"])
    assert (shown["stats"]["counting"], shown["stats"]["pending"], shown["stats"]["ticks"]) == (True, 90, 100)
    assert len(market.arrivals("X", sides=False)) == 100
    told.clear()
    beside.work()
    assert told == [("X", 3)]
    assert not market.is_behind("X")
    shown = market.changed("X", MINUTE, before["rev"], before["epoch"], 1)
    assert (shown["rev"], shown["stats"]["counting"], shown["stats"]["pending"]) == (3, False, 0)
    assert sum(bar["n"] for bar in shown["bars"]) == 100
    for read in reads:
        read()


def test_a_symbol_that_nobody_reads_is_aggregated_too(small: pytest.MonkeyPatch) -> None:
    beside = Beside(small)
    market = Market(beside=beside)
    batch = draw(5, most=500, sides="flag").batch
    market.ingest([batch.take(slice(0, 100))])
    assert not beside.steps
    market.ingest([batch.take(slice(100, 150))])
    assert beside.steps
    beside.work()
    small.setattr(aggregation.Aggregation, "advance", None)  # there is nothing to do
    assert int(market.bars("X", MINUTE).trades.sum()) == 150


def test_memory_is_bounded_while_it_is_done(small: pytest.MonkeyPatch) -> None:
    beside = Beside(small)
    market = Market(MemoryLog(), beside=beside, max_ticks=400)
    sent = late(3_000, minutes=3)
    taken, refused, most = 0, 0, 0
    refusals: set[tuple[str, int]] = set()
    while taken < len(sent):
        try:
            market.ingest([sent.take(slice(taken, taken + 30))])
            taken += 30
        except Busy as busy:
            refusals.add((re.sub("[0-9]+", "N", str(busy)), busy.retry_after))
            refused += 1
            market.ingest([replace(late(3), symbol="OTHER")])  # others go on
            beside.work()
        held = market.stats("X")["ticks"] - market.stats("X")["evicted"]
        most = max(most, held)
    assert refused > 3
    assert refusals == {("N ticks of X wait to be put in order; try again", 2)}
    assert most <= 400 + 100 + 30 + 64
    beside.work()
    assert market.stats("X")["ticks"] - market.stats("X")["evicted"] <= 400
    whole = Market()
    whole.ingest([sent])
    same(whole.bars("X", MINUTE), market.bars("X", MINUTE), "bars")


def test_a_log_that_cannot_be_read_is_told_and_tried_again(small: pytest.MonkeyPatch) -> None:
    beside, log = Beside(small), MemoryLog()
    market = Market(log, beside=beside, max_ticks=100)
    for begin in range(5):
        market.ingest([late(60, at=begin)])
        beside.work()
    assert market.stats("X")["evicted"] >= 128
    market.ingest([late(60, at=7)])
    assert market.is_behind("X")
    with small.context() as broken:
        broken.setattr(log, "read", _fails)
        with pytest.raises(StorageFailed, match="the disk is gone"):
            beside.work()
        with pytest.raises(StorageFailed, match="the disk is gone"):
            market.bars("X", MINUTE)
    with pytest.raises(Busy):
        market.bars("X", MINUTE)
    beside.work()
    assert int(market.bars("X", MINUTE).trades.sum()) == 360


def test_work_that_ends_in_an_unknown_error_is_not_taken_over(small: pytest.MonkeyPatch) -> None:
    beside = Beside(small)
    market = Market(beside=beside)
    market.ingest([late(300)])
    assert market.is_behind("X")

    def broken(*_: object) -> None:
        raise MemoryError

    with small.context() as once:
        once.setattr(catch_up.CatchUp, "put_in_order", broken)
        with pytest.raises(MemoryError):
            beside.work()
    assert market.is_behind("X")
    beside.work()
    whole = Market()
    whole.ingest([late(300)])
    same(whole.bars("X", MINUTE), market.bars("X", MINUTE), "bars")


def _fails(*_: object) -> TickBatch:
    raise StorageFailed("the disk is gone")


def test_a_reset_in_the_middle_leaves_nothing_behind(small: pytest.MonkeyPatch) -> None:
    beside = Beside(small)
    market = Market(MemoryLog(), beside=beside, max_ticks=100)
    market.ingest([late(300)])
    assert market.is_behind("X")
    beside.meanwhile.append(lambda: market.reset("X"))
    beside.work()
    for begin in range(0, 90, 30):
        market.ingest([late(90).take(slice(begin, begin + 30))])
        beside.work()
    assert market.stats("X")["evicted"] == 0, "ticks of before the reset count still"
    assert market.is_behind("X")
    beside.work()
    assert int(market.bars("X", MINUTE).trades.sum()) == 90


def test_a_minute_takes_no_more_ticks_than_can_be_put_in_order(small: pytest.MonkeyPatch) -> None:
    small.setattr(symbol, "MOST_IN_MINUTE", 100)
    beside = Beside(small)
    market = Market(MemoryLog(), beside=beside, max_ticks=2_000)
    begin = -(START % (60 * SECOND))  # of a minute
    market.ingest([late(60, at=begin)])
    market.ingest([late(300, minutes=30, at=begin + 60 * SECOND)])
    beside.work()
    with pytest.raises(BadInput, match=r"row 40: the symbol has 100 ticks in the minute of this time already") as error:
        market.ingest([late(60, at=begin)])
    assert [(each.row, each.field) for each in error.value.errors] == [(40, "time")]
    mixed = late(60, at=begin + 10 * SECOND)  # 50 of this minute, 10 of the next one
    row = np.flatnonzero(mixed.time < START + begin + 60 * SECOND)[40]
    with pytest.raises(BadInput, match=f"row {row}: "):
        market.ingest([mixed])
    market.ingest([late(40, at=begin)])
    assert market.is_behind("X")
    beside.work()
    with pytest.raises(BadInput, match="row 0: "):
        market.ingest([late(1, at=begin)])
    assert market.stats("X")["ticks"] == 400
    assert market.bars("X", MINUTE).trades.tolist() == [100, *[10] * 30]


def test_what_was_reset_leaves_memory_at_once(small: pytest.MonkeyPatch) -> None:
    beside = Beside(small)
    market = Market(MemoryLog(), beside=beside, max_ticks=200)
    market.ingest([late(300, minutes=3)])
    beside.work()
    for frame in FRAMES:
        market.changed("X", Frame.parse(frame), 0, None, 1)
    held = weakref.ref(market._symbols["X"].tape.buffer)
    gc.disable()
    try:
        market.reset("X")
        assert held() is None, "only the garbage collector finds it"
    finally:
        gc.enable()


def test_ticks_are_taken_while_the_server_stops(small: pytest.MonkeyPatch) -> None:
    def stopping(step: Callable[[], bool]) -> None:
        raise Conflict("the server is stopping")

    market = Market(MemoryLog(), beside=stopping)
    assert market.ingest([late(300)]).accepted == 300
    with pytest.raises(Busy):
        market.bars("X", MINUTE)
