"""Exports of a session: fills as ticks, participants, orders, and the event log.

Pure functions from the event log to bytes; the same log gives the same bytes on every machine. Numbers are exact
decimals, times are ISO 8601 UTC with nanoseconds. Events that an undo took back are in the event log only.
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
from orderflow.herd.rules.wall_time import on_wall_clock

SYMBOL = "HERD"
STATUS = {FILLED: "filled", REJECTED: "rejected"}
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""First characters that make a spreadsheet read a text as a formula."""

Cell = str | int | None


def ticks_csv(log: Sequence[Event]) -> bytes:
    """Every fill as a tick of `HERD`, in the format of `orderflow-replay`.

    Columns: timestamp, price (to 0.01), size, side (of the trader), id (number of the order), symbol.
    """
    fills = State.fold(on_wall_clock(log)).fills
    columns = zip(fills.time, fills.price, fills.size, fills.side, fills.id, strict=True)
    rows = [
        (iso(time), f"{price // 100}.{price % 100:02d}", size, "buy" if side > 0 else "sell", n, SYMBOL)
        for time, price, size, side, n in columns
    ]
    return table(("timestamp", "price", "size", "side", "id", "symbol"), rows)


def participants_csv(events: Sequence[Event]) -> bytes:
    """All participants at the end, with bots and removed ones, in order of joining.

    Wealth is at the last price; profit is wealth less start_wealth, the endowment at the price of joining.
    """
    record = build_record(events)
    orders = record.orders
    groups = {id: group for run in record.experiments for id, group in run.groups.items()}
    price = round(record.path_price[-1] * MICRO)
    rows: list[Sequence[Cell]] = []
    for i, member in enumerate(record.members):
        mine = orders.who == i
        wealth = member.cash + member.shares * price
        rows.append(
            (
                member.id,
                escape_formula(member.nick),
                member.bot,
                groups.get(member.id),
                iso(member.joined),
                format_amount(member.cash0),
                member.shares0,
                format_amount(member.cash),
                member.shares,
                format_amount(wealth),
                format_amount(wealth - member.start_wealth),
                int(mine.sum()),
                int((orders.status[mine] == FILLED).sum()),
                int(member.kicked),
                format_amount(member.start_wealth),
            )
        )
    head = ("participant", "nickname", "bot", "group", "joined", "start_cash", "start_shares", "cash", "shares")
    return table((*head, "wealth", "profit", "orders", "filled", "kicked", "start_wealth"), rows)


def orders_csv(events: Sequence[Event]) -> bytes:
    """All orders that no undo took back, in order of arrival. price: of the fill, rounded down to 0.000001."""
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
                format_amount(abs(cash) // abs(shares)) if done else None,
                format_amount(cash) if done else None,
                shares if done else None,
            )
        )
    head = ("order", "time", "participant", "side", "quantity", "status", "cleared")
    return table((*head, "price", "cash_change", "shares_change"), rows)


def events_jsonl(events: Iterable[Event]) -> bytes:
    """The event log as it was written, one event per line."""
    return b"".join(map(encode, events))


EXPORTS: dict[str, tuple[Callable[[Sequence[Event]], bytes], str]] = {
    "ticks.csv": (ticks_csv, "text/csv; charset=utf-8"),
    "participants.csv": (participants_csv, "text/csv; charset=utf-8"),
    "orders.csv": (orders_csv, "text/csv; charset=utf-8"),
    "events.jsonl": (events_jsonl, "application/x-ndjson"),
}
"""By file name: the function that makes it from a log, and its content type."""


def export(what: str, events: Sequence[Event]) -> tuple[bytes, str]:
    """(bytes, content type) of one of `EXPORTS`. Raises NotFound for another name."""
    if what not in EXPORTS:
        raise NotFound(f"unknown export {what!r}; use one of {', '.join(EXPORTS)}")
    make, kind = EXPORTS[what]
    return make(events), kind


def table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """UTF-8 CSV with a header line; cells are quoted only if necessary."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue().encode()


def iso(time: int) -> str:
    """ns since 1970 as 2026-11-21T08:15:00.250000000Z."""
    return f"{datetime.fromtimestamp(time // 10**9, UTC):%Y-%m-%dT%H:%M:%S}.{time % 10**9:09d}Z"


def format_amount(amount: int) -> str:
    """An amount in micro-units as an exact decimal: "4898.5", "-0.000001"."""
    whole, rest = divmod(abs(amount), MICRO)
    digits = f"{rest:06d}".rstrip("0")
    return f"{'-' if amount < 0 else ''}{whole}{f'.{digits}' if digits else ''}"


def escape_formula(text: str) -> str:
    """The text, with an apostrophe in front if a spreadsheet would read it as a formula."""
    return f"'{text}" if text.lstrip().startswith(FORMULA) or text.startswith(FORMULA) else text
