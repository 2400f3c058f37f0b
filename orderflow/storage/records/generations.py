"""The klines of one generation of a series: written in pieces, rescaled, read and removed in a given transaction."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from orderflow.errors import Conflict, NotFound
from orderflow.market.kline_columns import MAX_STORED, PRICES, KlineColumns, too_large
from orderflow.storage.records import kline_rows
from orderflow.storage.records.kline_partitions import make_partitions
from orderflow.storage.records.kline_rows import PIECE
from orderflow.storage.records.models import KLINES, SERIES_GENERATIONS

_OF = SERIES_GENERATIONS.c


@dataclass(frozen=True, slots=True)
class Generation:
    """first, last: open times (ms), None without klines."""

    id: int
    price_decimals: int
    size_decimals: int
    rows: int
    first: int | None
    last: int | None


def make_generation(connection: Connection, now: int) -> int:
    """A new generation without klines; its id."""
    values = {"price_decimals": 0, "size_decimals": 0, "rows": 0, "created": now}
    made = connection.execute(insert(SERIES_GENERATIONS).values(values)).inserted_primary_key
    assert made is not None
    return int(made[0])


def write(connection: Connection, generation: int, klines: KlineColumns) -> int:
    """Write at most PIECE klines in ascending order over those of their times. Returns how many are new.

    Raises BadInput if a number cannot be kept together with the others, NotFound if the generation is gone.
    """
    found = _lock(connection, generation)
    if not len(klines):
        return 0
    klines = _in_the_same_units(connection, found, klines)
    if connection.dialect.name == "postgresql":
        make_partitions(connection, klines.time)
    first, last = int(klines.time[0]), int(klines.time[-1])
    if found.first is None or found.last is None or first > found.last or last < found.first:
        kline_rows.insert(connection, generation, klines)
        new = len(klines)
    else:
        before = _count(connection, generation, first, last)
        kline_rows.merge(connection, generation, klines)
        new = _count(connection, generation, first, last) - before
    values = {
        "rows": found.rows + new,
        "first": first if found.first is None else min(first, found.first),
        "last": last if found.last is None else max(last, found.last),
    }
    connection.execute(update(SERIES_GENERATIONS).where(_OF.id == generation).values(values))
    return new


def check_after(connection: Connection, generation: int, time: int) -> None:
    """Raises Conflict unless `time` (ms) is after all klines of a generation."""
    last = _lock(connection, generation).last
    if last is not None and time <= last:
        raise Conflict(f"rows that are appended must be after the last one: {time} is not after {last}")


def read(connection: Connection, generation: int, start: int, end: int, limit: int, *, newest: bool) -> KlineColumns:
    """The oldest, or newest, `limit` klines with start <= open time < end (ms), in ascending order."""
    found = get(connection, generation)
    columns = kline_rows.select(connection, generation, start, end, limit, newest=newest)
    return KlineColumns.of(columns, found.price_decimals, found.size_decimals)


def spans(connection: Connection, generation: int, step: int, start: int) -> list[tuple[int, int]]:
    """(first, last) open times (ms, from `start` on) of runs of closed klines at most `step` ms apart."""
    before = func.lag(KLINES.c.time).over(order_by=KLINES.c.time).label("before")
    chosen = (KLINES.c.generation == generation, KLINES.c.time >= start, KLINES.c.closed)
    first, last = connection.execute(select(func.min(KLINES.c.time), func.max(KLINES.c.time)).where(*chosen)).one()
    pairs = select(before, KLINES.c.time).where(*chosen).subquery()
    wide = select(pairs.c.before, pairs.c.time).where(pairs.c.time - pairs.c.before > step).order_by(pairs.c.time)
    ends = [first, *(time for pair in connection.execute(wide) for time in pair), last]
    return [] if first is None else list(zip(ends[::2], ends[1::2], strict=True))


def remove_piece(connection: Connection, generation: int) -> bool:
    """Remove the oldest PIECE klines of a generation; the generation too with its last. Returns whether it is gone."""
    mine = KLINES.c.generation == generation
    last = connection.scalar(select(KLINES.c.time).where(mine).order_by(KLINES.c.time).limit(1).offset(PIECE - 1))
    connection.execute(delete(KLINES).where(mine, *([] if last is None else [KLINES.c.time <= last])))
    if last is None:
        connection.execute(delete(SERIES_GENERATIONS).where(_OF.id == generation))
    return last is None


def get(connection: Connection, generation: int) -> Generation:
    """One generation. Raises NotFound."""
    return _row(connection, generation, lock=False)


def _lock(connection: Connection, generation: int) -> Generation:
    """The row, which another process that writes to the same generation waits for."""
    return _row(connection, generation, lock=True)


def _row(connection: Connection, generation: int, *, lock: bool) -> Generation:
    statement = select(_OF.id, _OF.price_decimals, _OF.size_decimals, _OF.rows, _OF.first, _OF.last)
    statement = statement.where(_OF.id == generation)
    row = connection.execute(statement.with_for_update() if lock else statement).first()
    if row is None:
        raise NotFound("the series was deleted or replaced meanwhile")
    return Generation(*row)


def _count(connection: Connection, generation: int, first: int, last: int) -> int:
    chosen = (KLINES.c.generation == generation, KLINES.c.time >= first, KLINES.c.time <= last)
    return connection.scalar(select(func.count()).select_from(KLINES).where(*chosen)) or 0


def _in_the_same_units(connection: Connection, found: Generation, klines: KlineColumns) -> KlineColumns:
    """Bring what is stored and what is new to the finer decimals of both."""
    price = max(found.price_decimals, klines.price_decimals)
    size = max(found.size_decimals, klines.size_decimals)
    klines = klines.rescaled(price, size)
    if (price, size) == (found.price_decimals, found.size_decimals):
        return klines
    if found.rows:
        _rescale(connection, found.id, 10 ** (price - found.price_decimals), 10 ** (size - found.size_decimals))
    values = {"price_decimals": price, "size_decimals": size}
    connection.execute(update(SERIES_GENERATIONS).where(_OF.id == found.id).values(values))
    return klines


def _rescale(connection: Connection, generation: int, price: int, size: int) -> None:
    mine = KLINES.c.generation == generation
    factors = dict.fromkeys(PRICES, price) | {"volume": size, "taker_buy_volume": size}
    factors = {name: factor for name, factor in factors.items() if factor > 1}
    largest = connection.execute(select(*(func.max(func.abs(KLINES.c[name])) for name in factors)).where(mine)).one()
    for (name, factor), most in zip(factors.items(), largest, strict=True):
        if most is not None and most > MAX_STORED // factor:
            raise too_large(name)
    connection.execute(update(KLINES).where(mine).values({n: KLINES.c[n] * f for n, f in factors.items()}))
