"""The connection to a venue, against the simulated exchange and its fault script, in a time that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from orderflow.exchange.exchange import Exchange
from orderflow.feeds.live import State
from orderflow.market.market import Market
from orderflow.runtime.workers import Workers
from tests.clocks import ManualClock
from tests.exchange.trades import BEGIN, some
from tests.feeds.rig import Rig


@pytest.fixture
def rig() -> Iterator[Rig]:
    workers = Workers(1)
    clock = ManualClock(BEGIN)
    rig = Rig(Exchange(Market(), workers, clock), clock)
    rig.run(0.1, some(1, 40))
    yield rig
    workers.stop()


def trade(rig: Rig, seconds: float, count: int, seed: int) -> None:
    """Let the exchange trade for some time, at its present minute."""
    now = (rig.clock.now() - BEGIN) / 1e9
    fills = [type(fill)(now + fill.at, fill.price, fill.size, fill.side) for fill in some(seed, count, span=seconds)]
    rig.run(seconds, fills)


def settle(rig: Rig) -> None:
    """Let everything arrive."""
    rig.until(lambda: rig.connection.state()[0] is State.LIVE and not rig.sequence.waiting)
    rig.run(3.0)


def test_undisturbed(rig: Rig) -> None:
    trade(rig, 10.0, 500, 2)
    settle(rig)
    rig.assert_exact()
    assert rig.connection.state() == (State.LIVE, "")
    assert not rig.sequence.gaps
    assert not rig.sequence.hole_count


FAULTS: dict[str, list[dict[str, Any]]] = {
    "drop without goodbye": [{"do": "drop", "after": 30}],
    "drop with goodbye": [{"do": "drop", "after": 30, "code": 1001}],
    "drop three times": [{"do": "drop", "after": 20, "times": 3}],
    "drop at a time": [{"do": "drop", "seconds": 2.0}],
    "skip": [{"do": "skip", "after": 25, "count": 7}],
    "skip the last": [{"do": "skip", "after": 100, "count": 100_000}],
    "duplicate": [{"do": "duplicate", "after": 10, "count": 20}],
    "swap": [{"do": "swap", "after": 15}],
    "malformed": [{"do": "malformed", "after": 12, "count": 3}],
    "hold for a time": [{"do": "hold", "after": 20, "seconds": 5.0}],
    "half-open": [{"do": "hold", "after": 20, "seconds": 4000.0}],
    "429": [{"do": "skip", "after": 25, "count": 7}, {"do": "fail", "status": 429, "calls": 2, "retry_after": 3}],
    "418": [{"do": "skip", "after": 25, "count": 7}, {"do": "fail", "status": 418, "calls": 1, "retry_after": 9}],
    "5xx": [{"do": "drop", "after": 30}, {"do": "fail", "status": 503, "calls": 3}],
    "clock": [{"do": "clock", "offset_ms": -90_000}, {"do": "drop", "after": 30}],
    "shutdown": [{"do": "shutdown", "seconds": 2.0, "grace": 3.0}],
    "short life": [{"do": "rules", "life": 3.0}],
    "all together": [
        {"do": "drop", "after": 60, "times": 2},
        {"do": "skip", "after": 10, "count": 3, "times": 2},
        {"do": "duplicate", "after": 17, "count": 5, "times": 2},
        {"do": "swap", "after": 30, "times": 2},
        {"do": "malformed", "after": 40, "times": 2},
    ],
}


@pytest.mark.parametrize("name", FAULTS)
def test_no_gap_and_no_double_count_after(rig: Rig, name: str) -> None:
    trade(rig, 3.0, 100, 3)
    rig.exchange.add_faults(FAULTS[name])
    trade(rig, 10.0, 800, 4)
    rig.run(70.0, step=1.0)  # longer than the limit of silence
    rig.exchange.clear_faults()
    trade(rig, 5.0, 200, 5)
    settle(rig)
    rig.assert_exact()
    assert not rig.sequence.hole_count
