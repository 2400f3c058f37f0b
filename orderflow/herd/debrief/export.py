"""Exports of a session: fills as ticks, participants, orders, and the event log.

The same log gives the same bytes on every machine. Numbers are exact decimals, times are ISO 8601 UTC with nanoseconds.
Events that an undo took back are in the event log only.

A log is read twice, event by event: first for what a later event says of an earlier one (undos, jumps of the clock),
then to write the rows as they come. So memory does not grow with the session: it holds the participants and the orders
that wait for their batch.
"""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from orderflow.errors import NotFound
from orderflow.herd.debrief.accounts import Accounts
from orderflow.herd.debrief.outline import Outline, outline_of
from orderflow.herd.rules.events import BatchCleared, Event, OrderAccepted, RoundUndone, encode
from orderflow.herd.rules.money import MICRO, cents
from orderflow.spreadsheets import escape_formula

SYMBOL = "HERD"
PIECE = 2_000
"""Rows of a piece."""

Cell = str | int | None
Rows = Iterator[Sequence[Cell]]
Log = Callable[[], Iterable[Event]]
"""Reads a log from its beginning, each time anew; one that grows may have more events the next time."""


def ticks_csv(log: Log, outline: Outline) -> Iterator[bytes]:
    """Every fill as a tick of `HERD`, in the format of `orderflow-replay`.

    Columns: timestamp, price (to 0.01), size, side (of the trader), id (number of the order), symbol.
    """
    return table(("timestamp", "price", "size", "side", "id", "symbol"), _ticks(log, outline))


def _ticks(log: Log, outline: Outline) -> Rows:
    waiting: dict[int, OrderAccepted] = {}
    for event in outline.first(log()):
        if isinstance(event, OrderAccepted):
            waiting[event.n] = event
        elif isinstance(event, RoundUndone):
            waiting.clear()
        elif isinstance(event, BatchCleared):
            time, price = iso(outline.wall(event.t)), cents(event.price)
            for n, _, _ in event.fills:
                order = waiting.pop(n)
                if outline.keeps(event.n):
                    side = "buy" if order.sign > 0 else "sell"
                    yield time, f"{price // 100}.{price % 100:02d}", order.quantity, side, n, SYMBOL
            for n, _ in event.rejects:
                del waiting[n]


def participants_csv(log: Log, outline: Outline) -> Iterator[bytes]:
    """All participants at the end, with bots and removed ones, in order of joining.

    Wealth is at the last price; profit is wealth less start_wealth, the endowment at the price of joining.
    """
    head = ("participant", "nickname", "bot", "group", "joined", "start_cash", "start_shares", "cash", "shares")
    return table((*head, "wealth", "profit", "orders", "filled", "kicked", "start_wealth"), _participants(log, outline))


def _participants(log: Log, outline: Outline) -> Rows:
    accounts = Accounts.of_log(outline.first(log()), outline)
    for person in accounts.state.participants.values():
        own = accounts.own[person.id]
        yield (
            person.id,
            escape_formula(person.nick),
            person.bot,
            own.group,
            iso(outline.wall(person.joined_ns)),
            format_amount(own.cash),
            own.shares,
            format_amount(person.cash),
            person.shares,
            format_amount(person.wealth(accounts.price)),
            format_amount(person.profit(accounts.price)),
            own.orders,
            own.filled,
            int(person.kicked),
            format_amount(person.start_wealth),
        )


@dataclass(slots=True)
class _Row:
    """An order on its way into the table. end: the cells of its end, None while it waits for its batch."""

    order: OrderAccepted
    end: tuple[Cell, ...] | None = None


_WAITING = ("accepted", None, None, None, None)


def orders_csv(log: Log, outline: Outline) -> Iterator[bytes]:
    """All orders that no undo took back, in order of arrival. price: of the fill, rounded down to 0.000001."""
    head = ("order", "time", "participant", "side", "quantity", "status", "cleared")
    return table((*head, "price", "cash_change", "shares_change"), _orders(log, outline))


def _orders(log: Log, outline: Outline) -> Rows:
    rows: deque[_Row] = deque()
    waiting: dict[int, _Row] = {}
    for event in outline.first(log()):
        if isinstance(event, OrderAccepted) and outline.keeps(event.n):
            waiting[event.n] = row = _Row(event)
            rows.append(row)
        elif isinstance(event, BatchCleared):
            for n, end in _ends(event, outline):
                if n in waiting:
                    waiting.pop(n).end = end
        elif isinstance(event, RoundUndone):  # what was sent before the round and decided in it stays undecided
            for row in waiting.values():
                row.end = _WAITING
            waiting.clear()
        while rows and rows[0].end is not None:
            yield _order(rows.popleft(), outline)
    for row in rows:
        yield _order(row, outline)


def _ends(event: BatchCleared, outline: Outline) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    """(number of the order, the cells of its end) of the orders that a batch decided."""
    kept, time = outline.keeps(event.n), iso(outline.wall(event.t))
    for n, cash, shares in event.fills:
        price = format_amount(abs(cash) // abs(shares))
        yield n, ("filled", time, price, format_amount(cash), shares) if kept else _WAITING
    for n, _ in event.rejects:
        yield n, ("rejected", time, None, None, None) if kept else _WAITING


def _order(row: _Row, outline: Outline) -> Sequence[Cell]:
    order = row.order
    side = "buy" if order.sign > 0 else "sell"
    begin = order.n, iso(outline.wall(order.t)), order.participant, side, order.quantity
    return (*begin, *(row.end or _WAITING))


def events_jsonl(log: Log, outline: Outline) -> Iterator[bytes]:
    """The event log as it was written, one event per line."""
    lines = map(encode, islice(log(), outline.events))
    while piece := b"".join(islice(lines, PIECE)):
        yield piece


EXPORTS: dict[str, tuple[Callable[[Log, Outline], Iterator[bytes]], str]] = {
    "ticks.csv": (ticks_csv, "text/csv; charset=utf-8"),
    "participants.csv": (participants_csv, "text/csv; charset=utf-8"),
    "orders.csv": (orders_csv, "text/csv; charset=utf-8"),
    "events.jsonl": (events_jsonl, "application/x-ndjson"),
}
"""By file name: the function that makes it from a log, and its content type."""


def export(what: str, log: Log) -> tuple[Iterator[bytes], str]:
    """(pieces, content type) of one of `EXPORTS`, of the log as it is now.

    Raises NotFound for another name, BadInput if the log does not begin with a session event or has a gap.
    """
    if what not in EXPORTS:
        raise NotFound(f"unknown export {what!r}; use one of {', '.join(EXPORTS)}")
    make, kind = EXPORTS[what]
    return make(log, outline_of(log())), kind


def table(head: Sequence[str], rows: Rows) -> Iterator[bytes]:
    """UTF-8 CSV with a header line, in pieces of whole lines; cells are quoted only if necessary."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    while True:
        writer.writerows(islice(rows, PIECE))
        if not out.tell():
            return
        yield out.getvalue().encode()
        out.seek(0)
        out.truncate()


def iso(time: int) -> str:
    """ns since 1970 as 2026-11-21T08:15:00.250000000Z."""
    return f"{datetime.fromtimestamp(time // 10**9, UTC):%Y-%m-%dT%H:%M:%S}.{time % 10**9:09d}Z"


def format_amount(amount: int) -> str:
    """An amount in micro-units as an exact decimal: "4898.5", "-0.000001"."""
    whole, rest = divmod(abs(amount), MICRO)
    digits = f"{rest:06d}".rstrip("0")
    return f"{'-' if amount < 0 else ''}{whole}{f'.{digits}' if digits else ''}"
