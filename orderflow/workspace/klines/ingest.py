"""`orderflow ingest`: keep the klines in a process of its own, with the records on a PostgreSQL server."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType

from orderflow.errors import BadSetting
from orderflow.runtime.clock import SystemClock
from orderflow.runtime.workers import Workers
from orderflow.settings.settings import Settings
from orderflow.storage.records.address import address_of
from orderflow.storage.records.kline_store import KlineStore
from orderflow.storage.records.records import Records
from orderflow.workspace.klines.product import build_venue_klines
from orderflow.workspace.klines.venue_klines import VenueKlines

TELL_SECONDS = 10.0
Out = Callable[[str], object]


def run(settings: Settings, out: Out = print) -> int:
    """Fill and keep the klines of the setting `klines` until the process is asked to end.

    Raises BadSetting without `database_url` or `klines`, StorageFailed if the records cannot be opened.
    """
    if settings.database_url is None:
        raise BadSetting("ingest needs DATABASE_URL: a file of records belongs to the server, which fills it by itself")
    if not settings.workspace.klines:
        raise BadSetting("ingest needs KLINES, for example KLINES=BTCUSDT:1m")
    workers, clock = Workers(2), SystemClock()
    signal.signal(signal.SIGTERM, _interrupt)
    records = Records(address_of(settings.data_dir, database_url=settings.database_url), workers)
    store = KlineStore(records, clock.now)
    venue = build_venue_klines(settings, store, workers, clock, server=False)
    try:
        records.start()
        if records.problem:
            out(f"the records are refused, tried again: {records.problem}")
        venue.start()
        _live(venue, records, workers, out)
    except KeyboardInterrupt:
        out("stopping")
    finally:
        venue.stop()
        records.close()
        workers.stop()
    return 0


def _live(venue: VenueKlines, records: Records, workers: Workers, out: Out) -> None:
    told = ""
    while True:
        line = status(venue)
        if line != told:
            out(line)
            told = line
        if workers.wait(TELL_SECONDS if told else 1.0):
            return
        records.look()


def status(venue: VenueKlines) -> str:
    """The state of all series in one line."""
    found = []
    for pair, frame in venue.wanted:
        backfill = venue.backfill(pair, frame.name)
        missing = sum(frame.index(end) - frame.index(begin) for begin, end in backfill.missing)
        why = f" ({backfill.reason})" if backfill.reason else ""
        found.append(f"{pair} {frame.name} {backfill.state}{why}" + (f", {missing:,} missing" if missing else ""))
    return "; ".join(found)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
