"""Measure a long history of alerts: a million events and 400,000 deliveries, a quarter of which wait for dead targets.

    python scripts/bench/alert_history.py [--events 1e6] [--deliveries 4e5] [--quick]

The history is written straight into the tables of a new records.db: half of it is the operator's, nearly all else one
user's. Then each list is read as the routes read it, what is due is looked for as it is every second, and the oldest
events, a target and the user's history are deleted. Of reading the processor time is shown, of deleting how long it
takes, and the longest transaction: so long other writes wait.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from _common import SECOND, Row, at_most, machine, number, parser_of, show
from sqlalchemy import Table, insert

from orderflow.runtime.workers import Workers
from orderflow.storage.records.address import file_address
from orderflow.storage.records.alert_store import AlertTables
from orderflow.storage.records.delivery_store import DeliveryStore, Filter
from orderflow.storage.records.models import ALERT_EVENTS, DELIVERIES
from orderflow.storage.records.records import Records
from orderflow.storage.records.rows import execute_many
from orderflow.storage.records.target_store import OPERATOR, StoredTarget, TargetStore
from orderflow.tickers.alerts.record_store import RecordStore
from orderflow.tickers.alerts.store import MOST_EVENTS, MOST_EVENTS_OF_A_USER
from orderflow.tickers.delivery.delivery import MOST_KEPT, MOST_KEPT_OF_A_USER

BEGIN, STEP = 1_790_000_000 * SECOND, SECOND // 10
TARGETS = 20
USER = "ann"
MOST_READ, MOST_WRITE = 500.0, 1_000.0
"""ms of processor time for a list, and of a transaction on a busy machine."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when the aims were met."""
    parser = parser_of(
        __doc__, "a hundredth of it", events=(1e6, "events of alerts"), deliveries=(4e5, "deliveries, in any state")
    )
    given = parser.parse_args(argv)
    part = 100 if given.quick else 1
    events, deliveries = int(given.events) // part, int(given.deliveries) // part
    print(machine())
    with tempfile.TemporaryDirectory(prefix="bench-history-") as folder, opened(Path(folder)) as records:
        fill(records, ALERT_EVENTS, events, event)
        targets = TargetStore(records)
        for owner in (OPERATOR, USER):
            for n in range(TARGETS):
                targets.add(StoredTarget(0, owner, f"t{n}", "webhook", {}, {}, True, BEGIN), TARGETS)
        fill(records, DELIVERIES, deliveries, delivery)
        title = f"{events:,} events, {deliveries:,} deliveries, {Path(folder, 'records.db').stat().st_size >> 20} MiB"
        return 0 if show(title, rows(records, BEGIN + deliveries * STEP)) else 1


@contextmanager
def opened(folder: Path) -> Iterator[Records]:
    """New records in a folder."""
    workers = Workers()
    records = Records(file_address(folder), workers)
    records.start()
    yield records
    records.close()
    workers.stop()


def fill(records: Records, table: Table, count: int, row: Callable[[int], dict[str, Any]]) -> None:
    for first in range(0, count, 50_000):
        made = map(row, range(first, min(count, first + 50_000)))
        records.write(lambda connection, made=made: execute_many(connection, insert(table), made))  # type: ignore[misc]


def owner_of(n: int) -> str:
    return "" if n % 10 < 5 else USER if n % 10 < 9 else f"u{n % 1_000}"


def event(n: int) -> dict[str, Any]:
    at, owner = BEGIN + n * STEP, owner_of(n)
    return {
        "id": f"{n:024x}", "alert": f"{owner} {n % 97}", "symbol": "binance:BTCUSDT", "generation": 1, "ticker": "BTC",
        "value": "65000.5", "time": at, "found": at, "late": 0, "bar": at if n % 200 == 0 else None, "ordinal": n,
        "title": "Crossing up 65000", "message": "BTC crossing up 65000: 65000.5", "may_differ": False, "owner": owner,
    }  # fmt: skip


def delivery(n: int) -> dict[str, Any]:
    at, mine = BEGIN + n * STEP, n % 10 < 5
    return {
        "id": f"{n:032x}", "event": f"{n // TARGETS:024x}", "target": 1 + n % TARGETS + (0 if mine else TARGETS),
        "target_name": f"t{n % TARGETS}", "kind": "webhook", "owner": OPERATOR if mine else USER,
        "title": "BTC: Crossing up", "text": "BTC crossing up 65000: 65000.5", "created": at, "due": at, "attempts": 1,
        "state": ("pending", "delivered", "failed", "delivered")[n % 4], "error": "", "finished": None,
    }  # fmt: skip


def rows(records: Records, now: int) -> list[Row]:
    """What each call takes."""
    events, tables = RecordStore(records, lambda alert_id: ()), AlertTables(records)
    outbox, targets = DeliveryStore(records), TargetStore(records)
    reads: dict[str, Callable[[], object]] = {
        "the newest 100 events": events.events,
        "the newest 10,000 events": partial(events.events, limit=10_000),
        "the first 10,000 events": partial(events.events, after=0, limit=10_000),
        "events of an alert": partial(events.events, alert_id=f"{USER} 6"),
        "events of an alert that has none": partial(events.events, alert_id="none", owner=USER),
        "what the evaluation reads at the start": tables.load,
        "deliveries of a user, pending": partial(outbox.list, Filter(owner=USER, state="pending")),
        "deliveries of a user without any": partial(outbox.list, Filter(owner="bob")),
        "deliveries of all, pending": partial(outbox.list, Filter(state="pending")),
        "deliveries to a target": partial(outbox.list, Filter(target=1)),
        "targets with something due, every second": partial(outbox.due_targets, now),
        "the next delivery to a target, for each attempt": partial(outbox.next_due, 1, now),
    }
    deletions: dict[str, Callable[[], object]] = {
        "a target": partial(targets.remove, 1, now),
        "what is too much of the events": partial(tables.prune, MOST_EVENTS, MOST_EVENTS_OF_A_USER),
        "what is too much of the deliveries": partial(outbox.prune, BEGIN, MOST_KEPT, MOST_KEPT_OF_A_USER),
        "a user's events": partial(events.forget, USER),
        "a user's targets and deliveries": partial(targets.forget, USER),
    }
    found = [at_most(what, took(call, time.process_time), MOST_READ, "ms") for what, call in reads.items()]
    for what, call in deletions.items():
        with transactions(records) as each:
            whole = took(call, time.perf_counter)
        found.append(Row(f"delete {what}", f"{number(whole / 1e3)} s"))
        found.append(at_most("  its longest transaction", max(each, default=0.0), MOST_WRITE, "ms"))
    return found


@contextmanager
def transactions(records: Records) -> Iterator[list[float]]:
    """ms of each transaction that writes."""
    each: list[float] = []
    write = records._write

    def timed(fn: Callable[..., Any]) -> Any:
        begun = time.perf_counter()
        try:
            return write(fn)
        finally:
            each.append((time.perf_counter() - begun) * 1e3)

    records._write = timed  # type: ignore[method-assign]
    yield each
    del records._write


def took(call: Callable[[], object], clock: Callable[[], float]) -> float:
    """ms of a call."""
    begun = clock()
    call()
    return (clock() - begun) * 1e3


if __name__ == "__main__":
    sys.exit(main())
