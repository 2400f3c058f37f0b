"""The services of one process, built once and passed to every part that needs them. Frozen: nothing is replaced later.

This is the only place that decides which log, bus and clock are in use. It does not import the web layer or the pages.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from orderflow.errors import BadInput, BadSetting, NotFound, OrderflowError, StorageFailed
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.market.ports import MarketReader
from orderflow.market.tick_log import DamagedPart, NoLog, TickLog
from orderflow.products import PRODUCTS, Parts, build_parts
from orderflow.runtime.bus import Bus
from orderflow.runtime.clock import Clock, JumpWatch, SystemClock
from orderflow.runtime.memory import give_back
from orderflow.runtime.workers import Workers
from orderflow.settings.settings import Settings, SymbolSettings
from orderflow.storage.records.address import address_of
from orderflow.storage.records.records import Records
from orderflow.storage.ticks.disk_log import DiskTickLog

AUDIT_SECONDS = 1.0
"""Seconds between two audits, which recompute and compare finished minutes."""
CLOCK_SECONDS = 1.0
"""Seconds between two looks for a jump of the wall clock, which is logged."""
TRACES = {"herd logs": "herd/*.jsonl", "the herd game's key": "herd/secret", "a key": "key*"}
"""What a server leaves in its data folder beside the tick log: (words, pattern)."""
LOOK_SECONDS = 2.0
"""Seconds between two looks at the files: whether they are still there, and whether a refused write is possible."""
HELD_TICKS = 1_000_000
"""Ticks in memory of a program that does not serve; it reads older ones from the log, once."""
T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Services:
    """The services that every product uses, and the products' parts.

    settings; market: all ticks and bars; ticks: the log behind it; records: rows of tables; workers: threads and
    greenlets; bus: publishes which symbol changed; clock; notices: what was wrong at the start.
    """

    settings: Settings
    market: Market
    ticks: TickLog
    records: Records
    workers: Workers
    bus: Bus
    clock: Clock
    notices: tuple[str, ...] = ()
    parts: Parts = field(default_factory=Parts, init=False)

    def __post_init__(self) -> None:
        build_parts(self, self.parts)

    def part(self, kind: type[T]) -> T:
        """The part of a product by its class: `services.part(Game)`. Raises LookupError if it does not exist."""
        return self.parts.get(kind)

    def start(self) -> int:
        """Open the records, reload the log, apply the instruments' settings and start the jobs. Returns the number of
        reloaded ticks.

        Raises StorageFailed if the log cannot be read, BadSetting if an instrument's settings do not fit it or the
        records are of a newer version. A full or read-only disk is no reason not to start: what there is is served, and
        writes are refused until it is well.
        """
        self.records.start()
        for product in PRODUCTS:
            product.prepare(self.parts)
        begun = time.monotonic()
        loaded = self.market.load()
        if loaded:
            log.info("%s ticks reloaded in %.1f s", f"{loaded:,}", time.monotonic() - begun)
        self._configure()
        self.workers.every(AUDIT_SECONDS, "audit", self.audit)
        self.workers.every(CLOCK_SECONDS, "clock", JumpWatch(self.clock).check)
        self.workers.every(LOOK_SECONDS, "a look at the tick log", self.ticks.look)
        self.workers.every(LOOK_SECONDS, "a look at the records", self.records.look)
        for product in PRODUCTS:
            product.start(self.parts)
        return loaded

    def reset(self, symbol: str | None = None) -> None:
        """Delete the ticks of one symbol, or of all; settings of instruments are kept, from the files and from the
        page.

        Raises NotFound, StorageFailed; nothing is deleted then.
        """
        told = {name: _texts(instrument) for name, instrument in self.settings.symbols.items()}
        self.market.reset(symbol, told if symbol is None else {})
        self.workers.run(give_back)

    def problems(self) -> list[str]:
        """What the operator should know: why writes are refused, and what was wrong at the start. Without any: []."""
        products = (message for product in PRODUCTS for message in product.problems(self.parts))
        found = [self.ticks.problem, self.records.problem, *products, *self.notices, self.records.notice]
        return [message[0].upper() + message[1:] for message in found if message]

    def deleted(self) -> dict[str, int]:
        """How many of what a bound has deleted since the start, of all that is bounded."""
        found = {"idempotency_keys": self.market.forgotten_keys}
        for product in PRODUCTS:
            found |= product.deleted(self.parts)
        return found

    def rewrite(self) -> None:
        """Write the files anew that were deleted, moved or replaced while the server runs, from what it still holds.

        Raises StorageFailed, BadSetting if another process uses the folder.
        """
        self.ticks.rewrite()
        self.records.rewrite()
        for product in PRODUCTS:
            product.rewrite(self.parts)

    def _configure(self) -> None:
        for symbol, instrument in self.settings.symbols.items():
            for stored in (True, False):
                try:
                    self.market.configure(
                        symbol,
                        tick_size=instrument.tick_size,
                        size_step=instrument.size_step,
                        session=instrument.session,
                        negative_prices=instrument.negative_prices,
                        stored=stored,
                    )
                except StorageFailed as error:  # the next start takes them from the files again
                    log.warning("the settings of %s are in force but not stored: %s", symbol, error)
                    continue
                except OrderflowError as error:
                    raise BadSetting(f"instruments.{symbol}: {error}") from error
                break

    def damage(self) -> list[DamagedPart]:
        """Stored data that cannot be read, as far as it was noticed."""
        return [
            *self.ticks.info().damage,
            *self.records.damage(),
            *(part for product in PRODUCTS for part in product.damage(self.parts)),
        ]

    def audit(self) -> None:
        """Compare the minutes finished since the last call with their ticks; a difference is a bug, which is logged."""
        bars, failures = self.workers.run(self.market.verify)
        if failures:
            raise OrderflowError(f"{failures} of {bars} finished bars differ from their ticks; please report this")

    def stop(self, timeout: float = 4.0) -> list[str]:
        """Stop the jobs, close the records and the log. Returns the names of jobs that did not end in time."""
        begun = time.monotonic()
        for product in reversed(PRODUCTS):
            product.stop(self.parts)
        self.records.close()
        self.ticks.close()
        return self.workers.stop(max(0.5, timeout - (time.monotonic() - begun)))


def build_services(settings: Settings) -> Services:
    """Build the services; nothing runs before `start`. Raises BadSetting, StorageFailed."""
    check(settings)
    workers = Workers()
    bus = Bus()
    ticks: TickLog = NoLog()
    notices: tuple[str, ...] = ()
    address = address_of(settings.data_dir, ephemeral=settings.ephemeral, database_url=settings.database_url)
    records = Records(address, workers)
    if not settings.ephemeral:
        ticks = found = DiskTickLog(settings.data_dir / "ticks", workers)
        notices = tuple(_lost_log(settings.data_dir, found))
    market = Market(
        ticks,
        max_candles=settings.max_candles,
        max_ticks=settings.max_ticks,
        max_symbols=settings.max_symbols,
        new_lock=workers.lock,
        on_change=bus.publish,
        background=lambda step: workers.spawn("count bars", repeat, workers, step),
        beside=lambda step: workers.spawn_thread("put ticks in order", repeat_here, workers, step),
    )
    return Services(settings, market, ticks, records, workers, bus, SystemClock(), notices)


def _lost_log(folder: Path, ticks: DiskTickLog) -> Iterator[str]:
    """A notice if the tick log is new in a data folder that was used before."""
    traces = [name for name, pattern in TRACES.items() if any(folder.glob(pattern))]
    if ticks.used:
        traces.append("the lock of an earlier run")
    if not ticks.fresh or not traces:
        return
    message = (
        f"The tick log in {folder / 'ticks'} is empty, but there are traces of earlier use ({', '.join(traces)}). "
        "If its files were not deleted on purpose, stop the server now and put them back, e.g. from a backup"
    )
    log.warning("%s", message)
    yield message


def _texts(instrument: SymbolSettings) -> dict[str, str]:
    """The settings of an instrument as the market stores them."""
    values = {name: getattr(instrument, name) for name in ("tick_size", "size_step", "session")}
    texts = {name: str(value) for name, value in values.items() if value is not None}
    if instrument.negative_prices is not None:
        texts["negative_prices"] = "yes" if instrument.negative_prices else "no"
    return texts


def repeat(workers: Workers, step: Callable[[], bool]) -> None:
    """Run `step` in the thread pool until it returns False. Between two steps others get their turn."""
    while workers.run(step) and not workers.wait(0.0):
        pass


def repeat_here(workers: Workers, step: Callable[[], bool]) -> None:
    """Run `step` in this thread until it returns False."""
    while step() and not workers.wait(0.0):
        pass


@contextmanager
def stored_market(settings: Settings) -> Iterator[MarketReader]:
    """The market of this machine's tick log, for a program that does not serve.

    Raises NotFound if there is no log, BadSetting if another process uses it, StorageFailed if it is damaged.
    """
    folder = settings.data_dir / "ticks"
    if not folder.is_dir():
        raise NotFound(f"there is no tick log in {settings.data_dir}; name its folder with --data-dir, or use --server")
    workers = Workers(1)
    ticks = DiskTickLog(folder, workers)
    try:
        market = Market(ticks, max_ticks=min(settings.max_ticks, HELD_TICKS), max_candles=settings.max_candles)
        market.load()
        yield market
    finally:
        ticks.close()
        workers.stop()


def check(settings: Settings) -> None:
    """Check settings that need the market's rules. Raises BadSetting."""
    try:
        frame = Frame.parse(settings.candle_interval)
    except BadInput as error:
        source = settings.sources.get("candle_interval", "the default")
        raise BadSetting(
            f"candle_interval = {settings.candle_interval!r} from {source} is not allowed: {error}"
        ) from error
    if not frame.ns:
        raise BadSetting(f"candle_interval = {frame.name!r} is not allowed: it must be a time frame")
