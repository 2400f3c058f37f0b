"""The live engine compared with an oracle (loops over Decimal), and with itself for other orders of arrival."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow.market import buffer
from orderflow.market.bars.footprint import VWAP_DIGITS
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.market.ticks import NO_ID, SideRule, TickBatch
from tests.market.memory_log import MemoryLog
from tests.market.ticks import draw, rows, same
from tests.oracle import activity as oracle_activity
from tests.oracle import oracle

FRAMES = ("1s", "15s", "1min", "5min", "1h", "4h", "1d")
SESSIONS = ("UTC 00:00", "UTC 00:30", "Asia/Kolkata 09:15", "America/Chicago 17:00")
SEEDS = st.integers(0, 2**32 - 1)


def whole(seed: int, session: str) -> Market:
    """All ticks in one batch, in order, without eviction."""
    market = Market(max_candles=10**6)
    market.configure("X", session=session)
    market.ingest([draw(seed).batch])
    return market


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.sampled_from(FRAMES), st.sampled_from(SESSIONS))
def test_bars_and_footprints_equal_the_oracle(seed: int, frame: str, session: str) -> None:
    table = whole(seed, session).bars("X", Frame.parse(frame))
    ticks = draw(seed).oracle
    tick = oracle.Decimal("0.25")
    expected = oracle.bars(ticks, frame, tick=tick, session=session)
    got = rows(table)
    assert len(got) == len(expected)
    for mine, true in zip(got, expected, strict=True):
        vwap, true_vwap = mine.pop("vwap"), true.pop("vwap")
        true.pop("session", None)
        assert mine == true
        if true_vwap is None:
            assert vwap is None
        else:
            assert isinstance(true_vwap, Fraction)
            assert abs(Fraction(vwap) - true_vwap) <= Fraction(1, 2 * 10 ** (2 + VWAP_DIGITS))
    assert rows(table, "footprint") == oracle.footprint(ticks, frame, tick=tick, session=session)


@settings(max_examples=30, deadline=None)
@given(SEEDS, SEEDS, st.sampled_from(SESSIONS))
def test_any_arrival_order_any_batches_any_memory_and_a_restart_give_the_same_tables(
    seed: int, how: int, session: str
) -> None:
    """Random order, batches, refreshes in between, memory for 3 bars or all, evicted ticks, and a restart."""
    rng = np.random.default_rng(how)
    batch = draw(seed).batch
    n = len(batch)
    log = MemoryLog()
    limits = {"max_candles": int(rng.choice([3, 10, 1_000])), "max_ticks": int(rng.choice([100, 10**9]))}
    order = {
        "in order": np.arange(n),
        "nearly": np.argsort(np.arange(n) + rng.normal(0, 6, n), kind="stable"),
        "any": rng.permutation(n),
    }[str(rng.choice(["in order", "nearly", "any"]))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(buffer, "SEGMENT", 64)
        reference = whole(seed, session)
        market = Market(log, **limits)
        market.configure("X", session=session)
        at, seen = 0, dict.fromkeys(FRAMES, 0)
        while at < n:
            step = int(rng.integers(1, 60))
            market.ingest([batch.take(order[at : at + step])])
            at += step
            if rng.random() < 0.5:
                frame = str(rng.choice(FRAMES))
                seen[frame] = market.changed("X", Frame.parse(frame), seen[frame], market.epoch_of("X"), 1)["rev"]
            if rng.random() < 0.2:
                market.verify()
        restarted = Market(log, **limits)
        restarted.load()
        for frame in FRAMES:
            true = reference.bars("X", Frame.parse(frame))
            same(true, market.bars("X", Frame.parse(frame)), (frame, "live"))
            same(true, restarted.bars("X", Frame.parse(frame)), (frame, "restarted"))
        assert market.verify()[1] == 0
        ticks, true_ticks = market.ticks("X").ticks, reference.ticks("X").ticks
        for name in ("time", "level", "size", "flags", "id"):
            assert np.array_equal(getattr(ticks, name), getattr(true_ticks, name)), name


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_volume_is_conserved_from_levels_to_bars_to_cvd(seed: int) -> None:
    drawn = draw(seed)
    market = whole(seed, "UTC 00:00")
    for frame in ("1s", "1min", "1h", "ticks:7", "volume:3", "range:3", "delta:2"):
        table = market.bars("X", Frame.parse(frame))
        bar = np.repeat(np.arange(len(table)), np.diff(table.offsets))
        for column, cells in (("ask", table.level_ask), ("bid", table.level_bid), ("trades", table.level_trades)):
            assert np.array_equal(np.bincount(bar, cells, len(table)).astype(np.int64), getattr(table, column))
        assert table.volume.sum() == drawn.batch.size.sum()
        assert table.trades.sum() == len(drawn.batch)
        assert (table.min_delta <= np.minimum(table.delta, 0)).all()
        assert (table.max_delta >= np.maximum(table.delta, 0)).all()
        last = table.session == table.session[-1]
        assert table.delta[last].sum() == table.cvd[-1]


@settings(max_examples=30, deadline=None)
@given(SEEDS, SEEDS, st.sampled_from(["ticks:7", "volume:3", "range:3", "delta:2"]))
def test_activity_bars_live_equal_the_oracle(seed: int, how: int, name: str) -> None:
    rng = np.random.default_rng(how)
    drawn = draw(seed, sides="flag")
    batch, n = drawn.batch, len(drawn.batch)
    frame = Frame.parse(name)
    market = Market(max_candles=10**6)
    order = np.arange(n) if rng.random() < 0.5 else np.argsort(np.arange(n) + rng.normal(0, 3, n), kind="stable")
    at = 0
    while at < n:
        step = int(rng.integers(1, 40))
        market.ingest([batch.take(order[at : at + step])])
        at += step
        live = market.changed("X", frame, 0, None, 1)["bars"]
    table = market.bars("X", frame)
    measure = oracle.Decimal(frame.n) * (oracle.Decimal("0.25") if frame.kind == "range" else 1)
    true = oracle_activity.activity(frame.kind, measure, drawn.oracle)
    assert [sum(piece.tick.size for piece in bar) * 10 for bar in true] == table.volume.tolist()
    assert [bar[0].tick.price * 4 for bar in true] == table.open.tolist()
    assert [bar[-1].tick.price * 4 for bar in true] == table.close.tolist()
    assert [sum(piece.counts for piece in bar) for bar in true] == table.trades.tolist()
    assert [bar["c"] for bar in live] == table.close.tolist()
    assert [bar["n"] for bar in live] == table.trades.tolist()
    assert [bar["b"] for bar in live] == [table.rows(i)[1].tolist() for i in range(len(table))]


def test_rows_may_be_grouped_without_losing_volume() -> None:
    table = whole(7, "UTC 00:00").bars("X", Frame.parse("5min"))
    tall = table.grouped(4)
    assert tall.level_ask.sum() == table.level_ask.sum()
    assert set(tall.level.tolist()) == set((table.level // 4).tolist())
    assert np.array_equal(tall.high, table.high)


def test_a_late_tick_moves_the_volume_of_a_trade_in_another_segment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first trade has no side until an earlier, cheaper one arrives; its flags are then a view of its segment."""
    monkeypatch.setattr(buffer, "SEGMENT", 2)
    minute = 60_000_000_000
    time, price = np.array([10, 11, 1]) * minute, np.array([500, 475, 475])
    none, rule = np.zeros(3, np.int8), np.full(3, int(SideRule.TICK), np.int8)
    batch = TickBatch("X", time, price, np.array([7, 5, 3]), none, rule, np.full(3, NO_ID), 2, 0)
    market, frame = Market(), Frame.parse("1h")
    for part in (slice(0, 2), slice(2, 3)):
        market.ingest([batch.take(part)])
        (bar,) = market.changed("X", frame, 0, None, 1)["bars"]
    assert (bar["a"], bar["b"], bar["u"]) == ([0, 7], [5, 0], [3, 0])
