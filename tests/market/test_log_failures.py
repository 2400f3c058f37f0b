"""A log that cannot be read at some moments, while late ticks need it: the bars are right as soon as it can be."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow.errors import StorageFailed
from orderflow.market import buffer
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.market.ticks import NO_ID, TickBatch
from tests.market.memory_log import MemoryLog
from tests.market.ticks import draw, same

FRAMES = ("1s", "15s", "1min", "5min", "1h", "ticks:7")
SEEDS = st.integers(0, 2**32 - 1)


class FlakyLog(MemoryLog):
    """Reads fail with a probability. reads: number of them that did not."""

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__()
        self.rng, self.probability, self.reads = rng, 0.0, 0

    def read(self, symbol: str, start: int, end: int) -> TickBatch | None:
        if self.rng.random() < self.probability:
            raise StorageFailed("the disk is gone")
        self.reads += 1
        return super().read(symbol, start, end)


@settings(max_examples=25, deadline=None)
@given(SEEDS, SEEDS)
def test_bars_are_right_once_the_log_can_be_read_again(seed: int, how: int) -> None:
    rng = np.random.default_rng(how)
    batch = draw(seed, most=200).batch
    n = len(batch)
    batch = batch.take(np.argsort(np.arange(n) + rng.normal(0, rng.choice([3, 30]), n), kind="stable"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(buffer, "SEGMENT", 16)
        log = FlakyLog(rng)
        market, reference = Market(log, max_ticks=32), Market()
        at = 0
        while at < n:
            step = int(rng.integers(1, 20))
            for one in (market, reference):
                one.ingest([batch.take(slice(at, at + step))])
            at += step
            log.probability = 0.4
            for name in rng.choice(FRAMES, 2):
                with suppress(StorageFailed):
                    market.changed("X", Frame.parse(str(name)), 0, None, 1)
            log.probability = 0.0
        for name in FRAMES:
            frame = Frame.parse(name)
            assert shown(market, frame) == shown(reference, frame), name
            same(reference.bars("X", frame), market.bars("X", frame), name)


def test_ticks_that_are_stored_are_not_refused_because_older_ones_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Letting ticks go aggregates them, and late ones among them need the log."""
    monkeypatch.setattr(buffer, "SEGMENT", 16)
    log, batch = FlakyLog(np.random.default_rng(1)), draw(3, most=300, sides="flag").batch
    batch = replace(batch, id=np.full(len(batch), NO_ID))
    market, half = Market(log, max_ticks=32), len(batch) // 2
    market.ingest([batch.take(slice(half, None))])
    market.bars("X", Frame.parse("1min"))
    log.probability = 1.0
    for at in range(half):
        market.ingest([batch.take(slice(at, at + 1))])
    assert market.stats("X")["ticks"] == len(batch)
    with pytest.raises(StorageFailed):
        market.bars("X", Frame.parse("1min"))
    log.probability = 0.0
    assert int(market.bars("X", Frame.parse("1h")).trades.sum()) == len(batch)
    market.ingest([replace(batch.take(slice(0, 1)), symbol="Y")])
    assert len(batch) + 1 - market.stats("X")["evicted"] <= 32


def test_an_earlier_day_is_added_without_reading_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Minutes of which nothing was evicted have all their ticks in memory, however much was evicted of later ones."""
    monkeypatch.setattr(buffer, "SEGMENT", 16)
    log = FlakyLog(np.random.default_rng(1))
    market, day = Market(log, max_ticks=64), draw(1, most=300).batch
    earlier = replace(day, time=day.time - 10 * 86_400 * 10**9, id=day.id + 1_000)
    for batch in (day, earlier):
        for at in range(0, len(batch), 10):
            market.ingest([batch.take(slice(at, at + 10))])
            for name in ("1s", "1min"):
                market.changed("X", Frame.parse(name), 0, None, 1)
    assert market.stats("X")["evicted"] > len(day)
    assert log.reads == 0
    assert int(market.bars("X", Frame.parse("1h")).trades.sum()) == 2 * len(day)


def shown(market: Market, frame: Frame) -> list[dict[str, Any]]:
    """The bars of a chart, as they are sent."""
    return list(market.changed("X", frame, 0, None, 1)["bars"])
