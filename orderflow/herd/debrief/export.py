"""A session as files: its fills as ticks, its participants, its orders, and the log itself.

Pure functions from the event log to bytes: the same log gives the same bytes, on every machine. Numbers are exact
decimals; times are ISO-8601 UTC with nanoseconds. What an undo took back is in the log only.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from orderflow.errors import NotFound
from orderflow.herd.debrief.columns import FILLED, REJECTED, build_record
from orderflow.herd.rules.events import Event, encode
from orderflow.herd.rules.money import MICRO
from orderflow.herd.rules.state import State

SYMBOL = "HERD"
STATUS = {FILLED: "filled", REJECTED: "rejected"}
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What makes a spreadsheet take a text for a formula."""

Cell = str | int | None


def ticks_csv(log: Sequence[Event]) -> bytes:
    """Every fill as a tick of `HERD`: timestamp, price (to 0.01), size, side (the trader's), id (the order's number),
    symbol. `orderflow-replay` reads it."""
    fills = State.fold(log).fills
    columns = zip(fills.time, fills.price, fills.size, fills.side, fills.id, strict=True)
    rows = [
        (iso(time), f"{price // 100}.{price % 100:02d}", size, "buy" if side > 0 else "sell", n, SYMBOL)
        for time, price, size, side, n in columns
    ]
    return table(("timestamp", "price", "size", "side", "id", "symbol"), rows)


def participants_csv(events: Sequence[Event]) -> bytes:
    """Everybody at the end, kicked ones and bots among them, in order of joining; wealth is at the last price."""
    record = build_record(events)
    orders = record.orders
    groups = {id: group for run in record.experiments for id, group in run.groups.items()}
    price = round(record.path_price[-1] * MICRO)
    began = round(record.start_price * MICRO)
    rows: list[Sequence[Cell]] = []
    for i, member in enumerate(record.members):
        mine = orders.who == i
        wealth = member.cash + member.shares * price
        rows.append(
            (
                member.id,
                harmless(member.nick),
                member.bot,
                groups.get(member.id),
                iso(member.joined),
                money(member.cash0),
                member.shares0,
                money(member.cash),
                member.shares,
                money(wealth),
                money(wealth - member.cash0 - member.shares0 * began),
                int(mine.sum()),
                int((orders.status[mine] == FILLED).sum()),
                int(member.kicked),
            )
        )
    head = ("participant", "nickname", "bot", "group", "joined", "start_cash", "start_shares", "cash", "shares")
    return table((*head, "wealth", "profit", "orders", "filled", "kicked"), rows)


def orders_csv(events: Sequence[Event]) -> bytes:
    """Every order that stands, in order of arrival; price is the exact one of the fill, to 0.000001 rounded down."""
    record = build_record(events)
    orders = record.orders
    columns = (orders.number, orders.time, orders.who, orders.sign, orders.quantity)
    changes = (orders.status, orders.filled, orders.cash, orders.shares)
    rows: list[Sequence[Cell]] = []
    for number, time, who, sign, quantity, status, filled, cash, shares in zip(
        *(column.tolist() for column in (*columns, *changes)), strict=True
    ):
        done = status == FILLED
        rows.append(
            (
                number,
                iso(time),
                record.members[who].id,
                "buy" if sign > 0 else "sell",
                quantity,
                STATUS.get(status, "accepted"),
                iso(filled) if filled else None,
                money(abs(cash) // abs(shares)) if done else None,
                money(cash) if done else None,
                shares if done else None,
            )
        )
    head = ("order", "time", "participant", "side", "quantity", "status", "cleared")
    return table((*head, "price", "cash_change", "shares_change"), rows)


def events_jsonl(events: Iterable[Event]) -> bytes:
    """The log, one event a line, as it was written."""
    return b"".join(map(encode, events))


EXPORTS: dict[str, tuple[Callable[[Sequence[Event]], bytes], str]] = {
    "ticks.csv": (ticks_csv, "text/csv; charset=utf-8"),
    "participants.csv": (participants_csv, "text/csv; charset=utf-8"),
    "orders.csv": (orders_csv, "text/csv; charset=utf-8"),
    "events.jsonl": (events_jsonl, "application/x-ndjson"),
}
"""What there is to download: how it is made from a log, and its content type."""


def export(what: str, events: Sequence[Event]) -> tuple[bytes, str]:
    """(bytes, content type) of one of `EXPORTS`. Raises NotFound naming what there is."""
    if what not in EXPORTS:
        raise NotFound(f"there is no export {what!r}; there are {', '.join(EXPORTS)}")
    make, kind = EXPORTS[what]
    return make(events), kind


def table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """UTF-8 CSV with a header; cells are quoted only where they must be."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue().encode()


def iso(time: int) -> str:
    """ns since 1970 as 2026-11-21T08:15:00.250000000Z."""
    return f"{datetime.fromtimestamp(time // 10**9, UTC):%Y-%m-%dT%H:%M:%S}.{time % 10**9:09d}Z"


def money(amount: int) -> str:
    """Micro-units as an exact decimal: "4898.5", "-0.000001"."""
    whole, rest = divmod(abs(amount), MICRO)
    digits = f"{rest:06d}".rstrip("0")
    return f"{'-' if amount < 0 else ''}{whole}{f'.{digits}' if digits else ''}"


def harmless(text: str) -> str:
    """A text that no spreadsheet runs: an apostrophe in front of what would begin a formula."""
    return f"'{text}" if text.lstrip().startswith(FORMULA) or text.startswith(FORMULA) else text
