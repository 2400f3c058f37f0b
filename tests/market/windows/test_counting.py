"""Bars of a long log are counted in the background: what is answered meanwhile, and that late ticks do no harm."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from orderflow.errors import OrderflowError, StorageFailed
from orderflow.market.bars import checkpoints
from orderflow.market.chart_json import ProfileSpan
from orderflow.market.frames import DAY, Frame
from orderflow.market.market import Market
from orderflow.market.ticks import NO_ID, SideRule, TickBatch
from orderflow.market.windows import activity_window, counting, reach, window
from orderflow.runtime.workers import Workers
from orderflow.services import repeat
from tests.market.memory_log import MemoryLog

SECOND = 1_000_000_000
FRAME = Frame.parse("ticks:3")
COUNT = 300


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, value in (
        (reach, "SPACING", 10),
        (reach, "READ", 40),
        (counting, "AT_ONCE", 50),
        (activity_window, "LIVE_TICKS", 120),
        (window, "BARS", 20),
    ):
        monkeypatch.setattr(module, name, value)


class Background:
    """Runs passes when it is told to."""

    def __init__(self) -> None:
        self.jobs: list[Callable[[], bool]] = []

    def __call__(self, step: Callable[[], bool]) -> None:
        self.jobs.append(step)

    def steps(self) -> Iterator[None]:
        """Run all jobs step by step."""
        while self.jobs:
            while self.jobs[0]():
                yield
            self.jobs.pop(0)

    def finish(self) -> None:
        """Run all jobs to their end."""
        for _ in self.steps():
            pass


def ticks(time: list[int]) -> TickBatch:
    """Ticks at these seconds, with prices that depend on the time."""
    n, at = len(time), np.array(time) * SECOND
    side = np.where(at // SECOND % 3 == 0, -1, 1).astype(np.int8)
    price = 4_000 + at // SECOND % 7
    rule = np.full(n, int(SideRule.FLAG), np.int8)
    return TickBatch("X", at, price, np.full(n, 2), side, rule, np.full(n, NO_ID), 2, 0)


def market_with(count: int, apart: int, background: Background | None) -> Market:
    """A market with `count` ticks, `apart` seconds apart."""
    market = Market(MemoryLog(), max_candles=5, background=background)
    market.ingest([ticks([20 + apart * i for i in range(count)])])
    return market


def bars_of(market: Market) -> list[object]:
    """All bars, by windows from the first one on."""
    found, at = [], -1
    while (answer := market.window("X", FRAME, at, "after", 1, 4_000))["bars"]:
        assert answer["before"] == len(found)
        found += answer["bars"]
        at = found[-1]["t"]
    assert answer["total"] == len(found)
    return found


def test_one_long_session_has_no_bars_until_it_is_counted() -> None:
    background = Background()
    market = market_with(COUNT, 60, background)
    answer = market.changed("X", FRAME, 0, None)
    assert (answer["bars"], answer["rev"]) == ([], 0)
    assert (answer["stats"]["candles"], answer["stats"]["counting"], answer["stats"]["ticks"]) == (None, True, COUNT)
    assert market.row_size("X", FRAME) == 0
    window = market.window("X", FRAME, 0, "around", 1, 4_000)
    assert (window["bars"], window["counting"], window["before"], window["total"]) == ([], True, None, None)
    assert (window["more_before"], window["more_after"]) == (False, False)
    assert len(background.jobs) == 1  # once for all who ask
    revision = market.revision("X")
    background.finish()
    assert market.revision("X") > revision
    answer = market.changed("X", FRAME, 0, None)
    assert (answer["stats"]["candles"], answer["stats"]["counting"]) == (COUNT // 3, False)
    assert len(answer["bars"]) == 5
    (job,) = background.jobs  # it stores the row size; nothing is counted again
    assert getattr(job, "func", job).__name__ == "store"
    assert bars_of(market) == bars_of(market_with(COUNT, 60, None))


def test_many_sessions_show_the_last_bars_while_they_are_counted() -> None:
    background = Background()
    market = market_with(COUNT, 3_600, background)  # 24 ticks, 8 bars a day
    answer = market.changed("X", FRAME, 0, None)
    assert len(answer["bars"]) == 5
    assert (answer["stats"]["candles"], answer["stats"]["counting"]) == (None, True)
    shown, revision = answer["bars"], answer["rev"]
    background.finish()
    answer = market.changed("X", FRAME, revision, answer["epoch"])
    assert (answer["bars"], answer["full"]) == ([], False)
    assert answer["rev"] > revision
    assert (answer["stats"]["candles"], answer["stats"]["counting"]) == (len(market.bars("X", FRAME)), False)
    assert bars_of(market)[-5:] == shown


def test_a_profile_of_bars_that_are_being_counted_has_no_marks_yet() -> None:
    background = Background()
    market = market_with(COUNT, 3_600, background)
    newest = market.changed("X", FRAME, 0, None)["bars"][-1]["t"]
    span = ProfileSpan(1, newest)  # older bars, and those that are held
    profile = market.changed("X", FRAME, 0, None, span=span)["profile"]
    assert (profile["marks"], profile["counting"]) == (None, True)
    whole = market_with(COUNT, 3_600, None).changed("X", FRAME, 0, None, span=span)["profile"]
    assert whole["marks"] is not None
    market = market_with(COUNT, 3_600, background)
    market.changed("X", FRAME, 0, None, span=span)
    background.finish()
    assert market.changed("X", FRAME, 0, None, span=span)["profile"] == whole


@pytest.mark.parametrize("apart", [60, 3_600])
def test_ticks_that_arrive_while_bars_are_counted(apart: int) -> None:
    background = Background()
    market = market_with(COUNT, apart, background)
    market.window("X", FRAME, 0, "around", 1, 4_000)
    late = iter([COUNT * apart // 2, 3 * apart, 5])
    for number, _ in enumerate(background.steps()):
        if number % 2 and (second := next(late, None)) is not None:
            market.ingest([ticks([second, COUNT * apart + 30 + number])])
            market.changed("X", FRAME, 0, None)
    assert next(late, None) is None
    answer = market.changed("X", FRAME, 0, None)
    background.finish()
    whole = Market(max_candles=10**6)
    held = market.ticks("X").ticks
    whole.ingest([ticks((held.time // SECOND).tolist())])
    true = whole.changed("X", FRAME, 0, None)["bars"]
    assert bars_of(market) == true
    answer = market.changed("X", FRAME, 0, None)
    assert answer["stats"]["candles"] == len(true)
    market.ingest([ticks([COUNT * apart + 900 + i for i in range(4)])])
    more = len(market.bars("X", FRAME))
    assert market.changed("X", FRAME, 0, None)["stats"]["candles"] == more > len(true)


def test_a_long_session_of_a_time_frame_needs_its_totals_first() -> None:
    background, frame = Background(), Frame.parse("1min")
    market = market_with(COUNT, 60, background)
    answer = market.changed("X", frame, 0, None)
    assert (answer["stats"]["candles"], answer["stats"]["counting"], len(answer["bars"])) == (COUNT, False, 5)
    at = answer["bars"][0]["t"]
    window = market.window("X", frame, at, "before", 1, 4_000)
    assert (window["bars"], window["counting"]) == ([], True)
    background.finish()
    window = market.window("X", frame, at, "before", 1, 4_000)
    true = market_with(COUNT, 60, None).window("X", frame, at, "before", 1, 4_000)
    assert window == true
    assert market.window("X", frame, 0, "around", 1, 4_000)["before"] == 0


def test_a_pass_that_fails_is_told_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    background = Background()
    market = market_with(COUNT, 60, background)
    assert market.window("X", FRAME, 0, "around", 1, 4_000)["counting"]
    with monkeypatch.context() as patch:
        patch.setattr("orderflow.market.history.History.read", failing)
        background.finish()
    with pytest.raises(OrderflowError, match="the disk is gone"):
        market.window("X", FRAME, 0, "around", 1, 4_000)
    assert market.window("X", FRAME, 0, "around", 1, 4_000)["counting"]
    background.finish()
    assert market.window("X", FRAME, 0, "around", 1, 4_000)["total"] == COUNT // 3


def failing(*_: object) -> None:
    raise StorageFailed("the disk is gone")


def test_volume_bars_far_smaller_than_a_trade_are_refused() -> None:
    market = Market(MemoryLog())
    market.ingest([ticks([1, 2, 3])])
    batch = ticks([4])
    market.ingest([TickBatch("X", batch.time, batch.price, np.array([10**9]), batch.side, batch.rule, batch.id, 2, 0)])
    with pytest.raises(OrderflowError, match="use larger bars"):
        market.window("X", Frame.parse("volume:1"), 0, "around", 1, 4_000)


def test_few_frames_and_sessions_are_kept() -> None:
    market = market_with(COUNT, 3_600, None)
    for n in range(2, 12):
        market.window("X", Frame.parse(f"ticks:{n}"), 0, "around", 1, 4_000)
    for day in range(COUNT // 24):
        market.window("X", Frame.parse("1min"), day * DAY // 1_000_000, "after", 1, 4_000)
    passes = market._symbols["X"].tape.passes
    assert list(passes.frames._held) == [f"ticks:{n}" for n in range(6, 12)]
    assert len(passes.sessions._held) <= checkpoints.MAX_SESSIONS


def test_the_pass_runs_in_the_pool_until_it_is_done() -> None:
    workers, left = Workers(1), [3]

    def step() -> bool:
        left[0] -= 1
        return left[0] > 0

    job = workers.spawn("count bars", repeat, workers, step)
    assert job.join(60)
    assert left == [0]
    workers.stop()
