"""The services of one process, put together once and handed to whoever needs them. Frozen: nothing is swapped later.

This is the only place that decides which log, which bus and which clock are in use. Knows no web and no screen.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path

from orderflow.errors import BadInput, BadSetting, NotFound, OrderflowError, StorageFailed
from orderflow.exchange.exchange import Exchange
from orderflow.exchange.market_data import Quote, Quotes
from orderflow.feeds.replay import SampleReplay
from orderflow.herd.debrief.cache import Debriefs
from orderflow.herd.live.game import Game, build_game
from orderflow.instruments.instrument import DECIMALS
from orderflow.instruments.simulation import Simulation, build_simulation
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.market.tick_log import NoLog, TickLog
from orderflow.runtime.bus import Bus
from orderflow.runtime.clock import Clock, SystemClock
from orderflow.runtime.workers import Workers
from orderflow.settings.settings import Settings
from orderflow.storage.ticks.disk_log import DiskTickLog

AUDIT_SECONDS = 1.0
"""Finished minutes are recomputed and compared this often."""
LOOKS = 10
"""Looks at a book that changes meanwhile."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Services:
    """settings; market: all ticks and bars; ticks: the log behind it; workers: threads and greenlets; bus: who changed
    what; clock; sample: the bundled sample's replay; herd: the herd game; debriefs: the reports of its sessions;
    instruments: the simulated ones; exchange: the simulated exchange over all of the market."""

    settings: Settings
    market: Market
    ticks: TickLog
    workers: Workers
    bus: Bus
    clock: Clock
    sample: SampleReplay
    herd: Game
    debriefs: Debriefs
    instruments: Simulation
    exchange: Exchange

    def start(self) -> int:
        """Reload what the log holds, apply the instruments' settings, start the jobs; returns the ticks reloaded.

        Raises StorageFailed when the log cannot be read, BadSetting when an instrument's settings do not fit it.
        """
        begun = time.monotonic()
        loaded = self.market.load()
        if loaded:
            log.info("%s ticks reloaded in %.1f s", f"{loaded:,}", time.monotonic() - begun)
        self._configure()
        self.workers.every(AUDIT_SECONDS, "audit", self.audit)
        self.herd.start()
        self.instruments.start()
        return loaded

    def reset(self, symbol: str | None = None) -> None:
        """Forget the ticks of one symbol, or all; what the settings and the page say of instruments stays.

        Raises NotFound, StorageFailed.
        """
        self.market.reset(symbol)
        if symbol is None:
            self._configure()
            self.instruments.keep()

    def _configure(self) -> None:
        for symbol, instrument in self.settings.symbols.items():
            try:
                self.market.configure(
                    symbol,
                    tick_size=instrument.tick_size,
                    size_step=instrument.size_step,
                    session=instrument.session,
                )
            except StorageFailed:
                raise
            except OrderflowError as error:
                raise BadSetting(f"instruments.{symbol}: {error}") from error

    def audit(self) -> None:
        """Compare the minutes finished since the last call with their own ticks; a difference is an error to report."""
        bars, failures = self.workers.run(self.market.verify)
        if failures:
            raise OrderflowError(f"{failures} of {bars} finished bars differ from their ticks; please report this")

    def stop(self, timeout: float = 4.0) -> list[str]:
        """Stop the jobs, flush and close the log; returns the names of what did not end in time."""
        begun = time.monotonic()
        self.sample.stop()
        self.herd.stop()
        self.ticks.close()
        return self.workers.stop(max(0.5, timeout - (time.monotonic() - begun)))


def build_services(settings: Settings) -> Services:
    """Put the services together; nothing runs before `start`. Raises BadSetting, StorageFailed."""
    check(settings)
    workers = Workers()
    bus = Bus()
    ticks: TickLog = NoLog() if settings.ephemeral else DiskTickLog(settings.data_dir / "ticks", workers)
    market = Market(
        ticks,
        max_candles=settings.max_candles,
        max_ticks=settings.max_ticks,
        max_symbols=settings.max_symbols,
        new_lock=workers.lock,
        on_change=bus.publish,
    )
    clock = SystemClock()
    try:
        herd = build_game(settings, market, workers, clock)
    except BadInput as error:
        raise BadSetting(f"the herd game's settings make no market: {error}") from error
    sample = SampleReplay(market, workers, velocity=settings.velocity)
    instruments = build_simulation(settings, market, ticks, workers, clock)
    exchange = Exchange(market, workers, clock, _quotes(instruments))
    if settings.exchange.recording is not None:
        try:
            exchange.play(Path(settings.exchange.recording).expanduser(), settings.exchange.velocity, loop=True)
        except (OrderflowError, OSError) as error:
            raise BadSetting(
                f"exchange_recording = {settings.exchange.recording!r} cannot be played: {error}"
            ) from error
    debriefs = Debriefs(herd, workers)
    return Services(settings, market, ticks, workers, bus, clock, sample, herd, debriefs, instruments, exchange)


def _quotes(instruments: Simulation) -> Quotes:
    """The best bid and ask of simulated instruments that have an order book, from any thread."""

    def quote(symbol: str) -> Quote | None:
        for _ in range(LOOKS):
            try:
                found = instruments.get(symbol).quote()
            except NotFound:
                return None
            except (KeyError, IndexError):  # the book lives on in the hub's thread while it is looked at
                continue
            if found is None:
                return None
            bid, ask = (round(found[side] * 10**DECIMALS) for side in ("bid", "ask"))
            if bid < ask:
                return Quote(bid, int(found["bid_size"]), ask, int(found["ask_size"]), DECIMALS, 0)
        return None

    return quote


def check(settings: Settings) -> None:
    """What the settings alone cannot know. Raises BadSetting."""
    try:
        frame = Frame.parse(settings.candle_interval)
    except BadInput as error:
        source = settings.sources.get("candle_interval", "the default")
        raise BadSetting(
            f"candle_interval = {settings.candle_interval!r} from {source} is not allowed: {error}"
        ) from error
    if not frame.ns:
        raise BadSetting(f"candle_interval = {frame.name!r} is not allowed: it must be a time frame")
