"""Deliver the trades of simulated instruments to the market, a few instruments at a time.

It collects what the instruments have traded since their last delivery. It makes no trades and does not schedule itself.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from orderflow.errors import Conflict, NotFound, OrderflowError
from orderflow.instruments.instrument import Instrument
from orderflow.market.market import Market
from orderflow.market.ticks import SideRule, TickBatch
from orderflow.runtime.clock import Timeline
from orderflow.runtime.workers import Workers

MAX_DELAY = 0.002
"""Longest delay of a trade, in seconds per instrument: many small deliveries cost more than a few larger ones."""
FULL = 50
"""Pending trades of an instrument that are delivered before the delay is over."""
GROUP_SIZE = 16
"""Instruments whose trades are delivered together."""


class TradeDelivery:
    """Delivers the pending trades of `instruments`, which may be replaced in the mapping at any time.

    All methods must be called on the hub.
    """

    def __init__(self, instruments: Mapping[str, Instrument], market: Market, workers: Workers, time: Timeline) -> None:
        """instruments: by id; the mapping is kept, not copied."""
        self._instruments = instruments
        self._market = market
        self._workers = workers
        self._time = time
        self._delivered: set[str] = set()

    def flush(self) -> None:
        """Deliver the trades of every instrument that has enough of them, or whose last delivery is long ago."""
        group: list[TickBatch] = []
        delay_ns = MAX_DELAY * len(self._instruments) * 1e9
        for each in list(self._instruments.values()):
            if self._instruments.get(each.spec.id) is not each:
                continue  # it was replaced in the meantime
            if each.pending_trades and (each.pending_trades >= FULL or self._time.now() - each.flushed >= delay_ns):
                each.flushed = self._time.now()
                if (batch := each.take()) is not None:
                    group.append(batch)
                if len(group) >= GROUP_SIZE:
                    self._deliver(group)
                    group = []
                    if self._workers.wait(0):
                        break
        self._deliver(group)

    def shift(self, ns: int) -> None:
        """Move the times of all trades that were delivered. Yields."""
        for symbol in self._delivered & set(self._instruments):
            self._workers.run(self._shift, symbol, ns)

    def _shift(self, symbol: str, ns: int) -> None:
        try:
            table = self._market.ticks(symbol)
            self._market.reset(symbol)
        except NotFound:  # it has been reset
            return
        held, grid = table.ticks, table.grid
        price = held.level * grid.tick_units
        self._market.simulate(
            [
                TickBatch(
                    symbol, held.time + ns, price, held.size, held.side, np.full(len(held), SideRule.FLAG, np.int8),
                    held.id, grid.price_decimals, grid.size_decimals,
                )
            ]
        )  # fmt: skip

    def _deliver(self, batches: list[TickBatch]) -> None:
        if not batches:
            return
        try:
            self._market.simulate(batches)
            self._delivered.update(batch.symbol for batch in batches)
        except Conflict:  # logged at the start
            self._deliver_each(batches)
        except OrderflowError as error:  # an instrument that the market rejects must not block the others
            self._deliver_each(batches)
            if len(batches) == 1:
                self._market.rejected(batches[0].symbol, len(batches[0]))
                self._workers.note(f"trades of {batches[0].symbol}", error)

    def _deliver_each(self, batches: list[TickBatch]) -> None:
        for batch in batches if len(batches) > 1 else []:
            self._deliver([batch])
