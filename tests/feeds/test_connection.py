"""The connection to a venue, against the simulated exchange and its fault script, in a time that the test moves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orderflow.exchange.exchange import Exchange
from orderflow.exchange.recording import Recording
from orderflow.feeds.connection import make_sequence
from orderflow.feeds.live import State
from orderflow.feeds.resume import newest_trade
from orderflow.market.market import Market
from orderflow.runtime.workers import Workers
from tests.clocks import ManualClock
from tests.exchange.trades import BEGIN, Fill, send, some
from tests.feeds.rig import SERIES, Rig


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
    trade(rig, 6.0, 400, 4)
    rig.run(70.0, step=1.0)  # longer than the limit of silence
    rig.exchange.clear_faults()
    trade(rig, 5.0, 200, 5)
    settle(rig)
    rig.assert_exact()
    assert not rig.sequence.hole_count


def test_a_second_socket_takes_over_before_the_end_of_life(rig: Rig) -> None:
    rig.venue.facts = replace(rig.venue.facts, life=20.0)  # type: ignore[misc]
    rig.connection.close()
    rig.taken.clear()
    rig.ours = Market()
    connection = rig.connect()
    rig.until(lambda: connection.state()[0] is State.LIVE)
    before = len(rig.wires.sockets)
    states = set()
    for number in range(34):
        trade(rig, 1.0, 20, number)
        states.add(connection.state()[0])
    assert states <= {State.LIVE, State.BACKFILLING}
    assert connection.reconnects == len(rig.wires.sockets) - before == 2
    assert [socket.ended for socket in rig.wires.sockets[before - 1 : -1]] == ["closed", "closed"]
    assert rig.wires.sockets[-1].ended is None
    settle(rig)
    rig.assert_exact()


def test_an_announced_shutdown_is_answered_with_a_second_socket_at_once(rig: Rig) -> None:
    rig.run(1.0)
    rig.exchange.add_faults([{"do": "shutdown", "seconds": 0.0, "grace": 8.0}])
    rig.until(lambda: rig.connection.reconnects == 1, seconds=4.0)
    assert len(rig.wires.sockets) == 2


def test_silence_counts_as_dead_and_a_quiet_market_does_not_for_ever(rig: Rig) -> None:
    rig.run(1.0)
    begun = rig.clock.monotonic()
    rig.until(lambda: rig.connection.state()[0] is State.STALE, seconds=70.0)
    assert 55.0 < rig.clock.monotonic() - begun < 62.0
    assert "no data for" in rig.connection.state()[1]
    rig.run(1200.0, step=0.5)  # pings come and are answered, nothing trades
    sockets = len(rig.wires.sockets)
    assert sockets <= 6  # after 60 s, then twice as long each time, then every 10 minutes
    trade(rig, 2.0, 50, 8)
    settle(rig)
    rig.assert_exact()
    rig.until(lambda: len(rig.wires.sockets) > sockets, seconds=70.0)  # the limit is 60 s again


def test_connections_are_tried_ever_more_rarely_and_no_trade_is_lost_meanwhile(rig: Rig) -> None:
    trade(rig, 2.0, 50, 2)
    rig.wires.down = True
    rig.exchange.add_faults([{"do": "drop", "seconds": 0.0}])
    rig.until(lambda: rig.connection.state()[0] is State.RECONNECTING, seconds=2.0)
    rig.until(lambda: rig.connection.state()[0] is State.OFFLINE, seconds=30.0)
    assert rig.connection.state()[1] == "nothing listens there"
    before = len(rig.wires.sockets)
    rig.run(600.0, some(3, 1500, span=600.0), step=1.0)
    assert 8 <= len(rig.wires.sockets) - before <= 60  # about every 30 s
    rig.wires.down = False
    settle(rig)
    assert len(rig.taken) > 1000  # more than a page
    rig.assert_exact()


def test_a_refusal_with_a_time_to_wait_is_obeyed(rig: Rig) -> None:
    trade(rig, 2.0, 50, 2)
    rig.exchange.add_faults([{"do": "skip", "count": 3}, {"do": "fail", "status": 429, "calls": 1, "retry_after": 40}])
    trade(rig, 1.0, 30, 3)
    rig.until(lambda: "asks to wait 40 s" in rig.connection.state()[1], seconds=5.0)
    refused, calls = rig.wires.calls[-1][0], len(rig.wires.calls)
    trade(rig, 38.0, 60, 4)
    assert len(rig.wires.calls) == calls
    settle(rig)
    assert rig.wires.calls[calls][0] >= refused + 39.9
    rig.assert_exact()


def test_few_messages_are_sent_and_only_a_refused_pair_stays_out(rig: Rig) -> None:
    rig.connection.close()
    rig.wires.sockets.clear()
    connection = rig.connect()
    for name in ("NONEUSDT", "NADAUSDT", "NULLUSDT"):
        connection.add(name, make_sequence(rig.venue)())
    rig.run(30.0)
    (socket,) = rig.wires.sockets
    times = [at for at, _ in socket.sent]
    assert len(times) == 5  # all at once, then one by one
    assert all(times[at + 4] - times[at] >= 1.0 for at in range(len(times) - 4))
    assert connection.pair_state("BTCUSDT")[0] is State.LIVE
    assert connection.pair_state("NADAUSDT") == (State.OFFLINE, "Invalid request: invalid stream (2)")
    send(rig.exchange.market, *some(5, 10), symbol="NADA_USDT")
    rig.until(lambda: connection.pair_state("NADAUSDT")[0] is State.LIVE, seconds=90.0)
    connection.remove("NADAUSDT")
    rig.run(3.0)
    assert any("UNSUBSCRIBE" in text and "nadausdt" in text for _, text in rig.wires.sockets[-1].sent)


def test_the_clock_of_the_venue_is_known(rig: Rig) -> None:
    rig.exchange.add_faults([{"do": "clock", "offset_ms": -90_000}])
    rig.connection.close()
    connection = rig.connect()
    rig.run(2.0)
    assert abs(connection.filler.offset + 90_000 * 10**6) < 10**8


class OurClock:
    """The clock of a test as a machine has it whose wall clock is set."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.monotonic, self.asleep = clock.monotonic, clock.asleep
        self.ahead = 0

    def now(self) -> int:
        return self._clock.now() + self.ahead


@pytest.mark.parametrize("days", [400, -400])
def test_a_gap_is_filled_although_our_clock_was_set(rig: Rig, days: int) -> None:
    """By a clock that is ahead all that is missing would be too old to be requested."""
    ours, rig.connection = OurClock(rig.clock), None  # type: ignore[assignment]
    rig.clock, clock = ours, rig.clock  # type: ignore[assignment]
    rig.connect()
    rig.clock = clock
    trade(rig, 3.0, 100, 3)
    settle(rig)
    before = rig.connection.filler.now()
    ours.ahead = days * 86_400 * 10**9
    assert rig.connection.filler.now() == before
    rig.exchange.add_faults(FAULTS["skip"])
    trade(rig, 6.0, 400, 4)
    rig.exchange.clear_faults()
    trade(rig, 5.0, 200, 5)
    settle(rig)
    rig.assert_exact()
    assert not rig.sequence.hole_count


def test_after_a_restart_it_goes_on_from_the_trade_in_the_log(rig: Rig) -> None:
    trade(rig, 2.0, 200, 2)
    settle(rig)
    rig.connection.close()
    trade_away = some(3, 300, span=5.0)
    rig.connection = None  # type: ignore[assignment]
    now = (rig.clock.now() - BEGIN) / 1e9
    send(rig.exchange.market, *(type(f)(now + f.at, f.price, f.size, f.side) for f in trade_away))
    rig.clock.advance(60.0)
    found = newest_trade(rig.ours, SERIES)
    assert found is not None
    assert found.held.id == rig.taken[-1].id
    taken = len(rig.taken)
    rig.connect(found.held, found.size)
    settle(rig)
    assert rig.bars() == rig.klines()
    assert not rig.sequence.hole_count
    assert len(rig.taken) > taken + 100


def test_what_is_too_old_to_be_filled_is_one_hole(rig: Rig) -> None:
    settle(rig)
    rig.connection.close()
    found = newest_trade(rig.ours, SERIES)
    assert found is not None
    send(rig.exchange.market, *(Fill(100 + n, 10_000 + n % 3, 5) for n in range(2000)))
    rig.clock.advance(86_400.0)
    send(rig.exchange.market, *(Fill(86_400 + n / 100, 10_000 + n % 3, 5) for n in range(50)))
    rig.connect(found.held, found.size, fill=3600.0)
    settle(rig)
    assert rig.sequence.hole_count == 1
    trade(rig, 2.0, 50, 4)
    settle(rig)
    assert rig.taken[-1].last == rig.exchange.data.ledger("BTC_USDT").advance()[1] - 1


def test_recorded_frames_through_the_player(rig: Rig) -> None:
    path = Path(__file__).parents[2] / ".." / "shared" / "data" / "ws_recorded" / "BINANCE_FUTURES.jsonl.gz"
    if not path.is_file():
        pytest.skip("the recorded frames are not here: a clone has no shared/ folder")
    recording = Recording.load(path)
    wanted: dict[str, list[dict[str, Any]]] = {}
    for frame in recording.frames:
        if frame.stream.endswith("@aggTrade"):
            event = json.loads(frame.data)
            wanted.setdefault(event["s"], []).append(event)
    rig.connection.close()
    rig.exchange.play(recording, velocity=4.0)
    connection = rig.connect()
    connection.remove("BTCUSDT")
    rig.wires.deaf = True  # the recording has no answers of aggTrades
    for name in wanted:
        connection.add(name, make_sequence(rig.venue)())
    taken: dict[str, list[Any]] = {name: [] for name in wanted}
    for _ in range(round((recording.length / 4 + 5) / 0.05) + 2800):
        rig.clock.advance(0.05)
        rig.hub.poll()
        connection.step()
        for name, found in taken.items():
            found += connection.pairs[name].sequence.take()
    for name, events in wanted.items():
        assert [(t.id, t.price, t.size, t.first, t.last) for t in taken[name]] == [
            (e["a"], e["p"], e["q"], e["f"], e["l"]) for e in events
        ], name
    assert not connection.malformed


def test_klines_on_demand_come_on_every_later_socket_too(rig: Rig) -> None:
    rig.run(1.0)
    rig.connection.subscribe(rig.venue.subscribe_klines("BTCUSDT", "1m"))
    trade(rig, 3.0, 50, 2)
    assert {kline.interval for kline in rig.connection.klines} == {"1m"}
    rig.exchange.add_faults([{"do": "drop", "seconds": 0.0}])
    rig.until(lambda: rig.connection.reconnects == 1)
    settle(rig)
    rig.connection.klines.clear()
    trade(rig, 65.0, 50, 3)
    settle(rig)
    closed = [kline for kline in rig.connection.klines if kline.closed]
    assert [(k.start, float(k.volume), k.trades) for k in closed] == [
        (row[0], row[5], row[7]) for row in rig.klines()[: len(closed)]
    ]
    assert closed
    rig.assert_exact()
