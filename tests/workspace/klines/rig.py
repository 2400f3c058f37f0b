"""The klines of the simulated exchange, kept in records without a network and without waiting."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from orderflow.exchange.exchange import Exchange
from orderflow.feeds.connection import Connection
from orderflow.feeds.kline_columns import kline_columns
from orderflow.feeds.live import State
from orderflow.feeds.venues.binance import Binance
from orderflow.market.kline_columns import COLUMNS, KlineColumns
from orderflow.market.timeframes import TIMEFRAMES
from orderflow.web.exchange.exchange_hub import Hub
from orderflow.workspace.klines.kept_series import KeptSeries, open_series
from orderflow.workspace.store import Klines
from tests.clocks import ManualClock
from tests.exchange.trades import BEGIN, Fill, send, some
from tests.feeds.rig import NoFanout, Wires

PAIR = "BTCUSDT"


class KlineRig:
    """An exchange, and a connection that keeps its klines of some time frames from `BEGIN` on."""

    def __init__(
        self,
        exchange: Exchange,
        clock: ManualClock,
        store: Klines,
        frames: Sequence[str] = ("1s", "1m"),
        page: int = 50,
    ) -> None:
        self.exchange, self.clock, self.store, self.frames = exchange, clock, store, frames
        self.hub = Hub(exchange, NoFanout())  # type: ignore[arg-type]
        self.hub._running = True  # the test polls, no job does
        self.wires = Wires(exchange, self.hub, clock)
        self.venue = Binance()
        self.venue.facts = replace(Binance.facts, silence=20.0, page=page)  # type: ignore[misc]
        self.connect()

    def connect(self) -> None:
        """A new connection, as after a restart."""
        self.connection = Connection(
            self.venue, self.wires, self.clock, random.Random(7), rest_url="http://venue", ws_url="ws://venue/"
        )
        self.kept: dict[str, KeptSeries] = {
            name: open_series(self.venue, self.connection, self.store, PAIR, TIMEFRAMES[name], BEGIN // 10**6)
            for name in self.frames
        }

    def trade(self, seconds: float, count: int, seed: int) -> None:
        """Let the exchange trade for some time, at its present minute."""
        now = (self.clock.now() - BEGIN) / 1e9
        self.run(seconds, [replace(fill, at=now + fill.at) for fill in some(seed, count, span=seconds)])

    def run(self, seconds: float, fills: Sequence[Fill] = (), step: float = 0.1) -> None:
        """Move time on, step by step; every fill is made in its step, so that none amends a closed kline."""
        left = sorted(fills, key=lambda fill: fill.at)
        for _ in range(max(1, round(seconds / step))):
            self.clock.advance(step)
            now = (self.clock.now() - BEGIN) / 1e9
            due = [fill for fill in left if fill.at < now]
            if due:
                send(self.exchange.market, *due)
                left = left[len(due) :]
            self.turn()

    def turn(self) -> None:
        self.hub.poll()
        self.connection.step()
        for kept in self.kept.values():
            kept.save()
            kept.look(self.connection)

    def settle(self, seconds: float = 400.0) -> None:
        """Let everything arrive."""
        for _ in range(round(seconds)):
            self.run(1.0, step=0.5)
            live = self.connection.state()[0] is State.LIVE
            if live and not any(kept.filling for kept in self.kept.values()):
                self.run(3.0, step=0.5)  # the exchange tells the running kline every two seconds
                return
        raise AssertionError(f"not within {seconds} s: {self.connection.state()}, {self.kept}")

    def theirs(self, frame: str) -> KlineColumns:
        """All klines of the exchange."""
        rows = []
        start = BEGIN // 10**6
        while True:
            query = [("symbol", PAIR), ("interval", frame), ("limit", "1000"), ("startTime", str(start))]
            reply = self.exchange.call("klines", query, "10.0.0.9")
            assert reply.status == 200
            page = self.venue.read_klines(PAIR, frame, reply.body)
            rows += page
            if len(page) < 1000:
                return kline_columns(rows)
            start = page[-1].end + 1

    def ours(self, frame: str) -> KlineColumns:
        """All klines that are stored."""
        return self.store.read(self.kept[frame].series.id, limit=1_000_000)

    def assert_exact(self) -> None:
        """Ours are theirs, and all but the newest two are closed. The exchange tells a quiet second after three."""
        for frame in self.frames:
            theirs, ours = self.theirs(frame), self.ours(frame)
            places = (
                max(theirs.price_decimals, ours.price_decimals),
                max(theirs.size_decimals, ours.size_decimals),
            )
            assert len(ours) > len(theirs) - 5
            theirs, ours = theirs.rescaled(*places).take(slice(len(ours))), ours.rescaled(*places)
            for name in COLUMNS[:-1]:
                assert getattr(ours, name).tolist() == getattr(theirs, name).tolist(), (frame, name)
            assert ours.closed[:-2].all(), frame
            recent = self.kept[frame].recent.columns
            newest = ours.take(slice(-len(recent), None))
            assert all(np.array_equal(getattr(recent, name), getattr(newest, name)) for name in COLUMNS[:6])
