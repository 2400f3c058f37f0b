"""Naked points of control are those of all bars of the log, whatever memory holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orderflow.market import buffer
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.market.studies.options import StudyOptions
from orderflow.market.ticks import NO_ID, SideRule, TickBatch
from orderflow.market.windows import counting, naked
from tests.market.memory_log import MemoryLog
from tests.market.ticks import draw
from tests.market.windows.test_windows import SEEDS, SESSIONS, arriving
from tests.oracle import studies as oracle

OPTIONS = StudyOptions.parse({"studies": ["naked_poc"]})
FRAMES = ("1s", "15s", "1min", "30min", "4h", "1d")


@pytest.fixture(autouse=True, scope="module")
def _small() -> Iterator[None]:
    """Few ticks fill a segment, a step and a checkpoint."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(buffer, "SEGMENT", 32)
        patch.setattr(naked, "STEP", 20)
        patch.setattr(naked, "SPACING", 50)
        yield


def walk(n: int) -> TickBatch:
    """n ticks, one every 7 seconds."""
    rng = np.random.default_rng(7)
    time = 1_790_000_000_000_000_000 + np.arange(n) * 7_000_000_000
    side = rng.choice(np.array([-1, 1], np.int8), n)
    level, size = 40_000 + np.cumsum(rng.integers(-2, 3, n)), rng.integers(1, 9, n)
    flags, ids = np.full(n, int(SideRule.FLAG), np.int8), np.full(n, NO_ID, np.int64)
    return TickBatch("X", time, level * 25, size, side, flags, ids, 2, 0)


def shown(market: Market, frame: Frame, rows: int) -> dict[str, Any]:
    return market.changed("X", frame, 0, None, rows, OPTIONS)


def true_rays(market: Market, frame: Frame, rows: int) -> list[list[int]]:
    """Those of the whole table, by the tests' own rule."""
    table = market.bars("X", frame, group=rows)
    poc = table.poc.tolist()
    filled = oracle.naked_poc(poc, (table.high // rows).tolist(), (table.low // rows).tolist())
    bars = list(zip(table.time.tolist(), poc, filled, strict=True))[:-1]
    return [[time // 1_000_000, row] for time, row, by in bars if by < 0]


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.sampled_from(FRAMES), st.sampled_from(SESSIONS), st.sampled_from([1, 3]))
@example(1, "1min", "UTC 00:00", 1)
def test_they_are_those_of_all_bars_of_the_log(seed: int, name: str, session: str, rows: int) -> None:
    frame, rng = Frame.parse(name), np.random.default_rng(seed)
    batch = draw(seed, most=200).batch
    log, most = MemoryLog(), int(rng.choice([40, 10_000]))
    market = Market(log, max_candles=4, max_ticks=most)
    market.configure("X", session=session)
    for part in arriving(batch, rng):
        market.ingest([part])
        if rng.random() < 0.6:
            assert sorted(shown(market, frame, rows)["studies"]["naked_poc"]) == true_rays(market, frame, rows)
    if rng.random() < 0.3:  # a restart
        market = Market(log, max_candles=4, max_ticks=most)
        market.load()
    answer = shown(market, frame, rows)
    assert sorted(answer["studies"]["naked_poc"]) == true_rays(market, frame, rows)
    assert answer["marks"].endswith(" · Naked POC of all bars")


def test_a_long_log_is_counted_beside_the_answers_which_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "AT_ONCE", 50)
    steps: list[Callable[[], bool]] = []
    market, frame = Market(MemoryLog(), max_candles=4, background=steps.append), Frame.parse("1min")
    batch = walk(600)
    market.ingest([batch.take(slice(0, len(batch) - 20))])
    first = shown(market, frame, 1)
    assert first["marks"].endswith(" · Naked POC of the newest bars, older ones are being counted")
    assert len(steps) >= 1
    for step in steps:
        while step():
            pass
    later = market.changed("X", frame, first["rev"], first["epoch"], 1, OPTIONS)
    assert later["rev"] > first["rev"]  # so that the poll of a page brings them
    assert sorted(later["studies"]["naked_poc"]) == true_rays(market, frame, 1)
    market.ingest([batch.take(slice(len(batch) - 20, None))])  # few ticks are passed over at once
    assert sorted(shown(market, frame, 1)["studies"]["naked_poc"]) == true_rays(market, frame, 1)


def test_without_a_log_they_are_those_of_the_bars_that_are_not_lost() -> None:
    market, frame = Market(max_candles=4, max_ticks=64), Frame.parse("1min")
    batch = walk(600)
    for at in range(0, len(batch), 16):
        market.ingest([batch.take(slice(at, at + 16))])
    answer = shown(market, frame, 1)
    assert answer["marks"].endswith(" · Naked POC of all bars that are not lost")
    assert set(map(tuple, answer["studies"]["naked_poc"])) <= set(map(tuple, true_rays(market, frame, 1)))


def test_activity_bars_have_those_of_the_newest_ones() -> None:
    market = Market(MemoryLog(), max_candles=4)
    market.ingest([walk(600)])
    assert shown(market, Frame.parse("ticks:7"), 1)["marks"].endswith(" · Naked POC of the newest bars")
