"""The wall clock jumps under the simulated instruments: their times follow, in order, and nothing stands still."""

from __future__ import annotations

from itertools import pairwise

import pytest

from orderflow.instruments.simulation import Simulation
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.market.tick_log import NoLog
from orderflow.runtime.workers import Workers
from orderflow.settings.settings import Settings
from orderflow.web.instruments.instruments_api import BoardSource
from tests.clocks import ManualClock

NOW = 1_790_000_000 * 10**9
SECOND = 10**9
HOUR, DAY = 3_600, 86_400


class Board:
    """A simulation that is not started: `run` makes the steps and delivers the trades."""

    def __init__(self, workers: Workers) -> None:
        self.clock = ManualClock(NOW)
        self.market = Market()
        busy = {"arrivals": "poisson", "arrival_params": {"rate": 5.0}}
        settings = Settings.of(ticker_count=2, simulated={"ITEM_00": busy, "ITEM_01": busy})
        self.simulation = Simulation(settings, self.market, NoLog(), workers, self.clock)
        self.market.reserve(["ITEM_00", "ITEM_01"])
        self.simulation._build()
        self.simulation.running = True

    def run(self, steps: int) -> None:
        simulation = self.simulation
        for _ in range(steps):
            self.clock.advance(1)
            for each in simulation.all():
                each.step(simulation._time.now(), 1.0)
                simulation._mark(each)
            simulation.flush()


@pytest.fixture
def board(workers: Workers) -> Board:
    return Board(workers)


@pytest.mark.parametrize("jump", [400 * DAY, -2 * HOUR])
def test_times_follow_the_clock_and_keep_their_order(board: Board, jump: int) -> None:
    board.run(20)
    prices = list(board.simulation.get("ITEM_00").history.last()[1])
    ticks = board.market.ticks("ITEM_00").ticks
    board.clock.jump(jump)
    board.run(20)
    instrument = board.simulation.get("ITEM_00")
    times, after = instrument.history.last()
    assert instrument.updated == times[-1] == board.clock.now()
    assert list(after)[:21] == prices
    assert {b - a for a, b in pairwise(times)} == {SECOND}
    moved = board.market.ticks("ITEM_00").ticks
    n = len(ticks)
    assert n > 20 < len(moved) - n
    assert (moved.time[:n] == ticks.time + jump * SECOND).all()
    for column in ("level", "size", "side", "rule"):
        assert (getattr(moved, column)[:n] == getattr(ticks, column)).all()
    assert moved.time[-1] <= board.clock.now()
    assert moved.time[-1] - moved.time[0] < 41 * SECOND, "no hole, and no trade of another year"
    assert board.market.bars("ITEM_00", Frame.parse("1d")).volume.sum() == moved.size.sum()


def test_a_jump_and_back_leaves_no_trace(board: Board) -> None:
    board.run(5)
    for jump in (400 * DAY, -400 * DAY):
        board.clock.jump(jump)
        board.run(5)
    for key in ("ITEM_00", "ITEM_01"):
        times = board.market.ticks(key).ticks.time
        assert NOW <= times[0] <= times[-1] <= board.clock.now()
        assert board.simulation.get(key).created == NOW
    assert board.simulation.get("ITEM_00").pending_trades == 0, "deliveries go on"


def test_ticks_that_a_user_sent_are_not_touched(board: Board, workers: Workers) -> None:
    board.run(5)
    board.market.reset("ITEM_01")
    board.simulation._delivery._delivered.discard("ITEM_01")
    board.clock.jump(-2 * HOUR)
    board.simulation._delivery.shift(1)
    assert {info.symbol for info in board.market.symbols()} == {"ITEM_00"}


def test_a_list_of_changes_does_not_depend_on_the_clock(board: Board) -> None:
    board.run(3)
    source = BoardSource(board.simulation)
    version, _ = source.message(None)
    board.clock.jump(-2 * HOUR)
    board.run(1)
    _, message = source.message(version)
    assert b'"ITEM_00"' in message
    assert b'"ITEM_01"' in message
    _, message = source.message(source.version())
    assert b'"data":[]' in message
