"""The tickers that were added on the page, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from orderflow.errors import Conflict, NotFound
from orderflow.storage.records.models import TICKERS
from orderflow.storage.records.records import Records


@dataclass(frozen=True, slots=True)
class StoredTicker:
    """A name for one series of one feed: BTC for binance:BTCUSDT. added: nanoseconds since 1970."""

    name: str
    series: str
    feed: str
    added: int


class TickerStore:
    """The table of tickers. Every method raises StorageFailed if the records cannot be used."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def list(self) -> tuple[StoredTicker, ...]:
        """All tickers in their order."""
        return self._records.read(_list)

    def add(self, ticker: StoredTicker) -> None:
        """Add one at the end. Raises Conflict if there is one of its name."""
        self._records.write(lambda connection: _add(connection, ticker))

    def change(self, name: str, series: str, feed: str) -> None:
        """Let a ticker stand for another series. Raises NotFound."""
        self._records.write(lambda connection: _change(connection, name, series, feed))

    def remove(self, name: str) -> None:
        """Remove one; the others keep their order. Raises NotFound."""
        self._records.write(lambda connection: _remove(connection, name))

    def reorder(self, names: Sequence[str]) -> None:
        """Put all tickers in this order. Raises Conflict if these are not all names, each once."""
        self._records.write(lambda connection: _reorder(connection, names))


def _list(connection: Connection) -> tuple[StoredTicker, ...]:
    rows = connection.execute(select(TICKERS).order_by(TICKERS.c.position, TICKERS.c.name))
    return tuple(StoredTicker(row.name, row.series, row.feed, row.added) for row in rows)


def _add(connection: Connection, ticker: StoredTicker) -> None:
    last = connection.scalar(select(func.max(TICKERS.c.position)))
    values = {"name": ticker.name, "series": ticker.series, "feed": ticker.feed, "added": ticker.added}
    connection.execute(insert(TICKERS).values(position=0 if last is None else last + 1, **values))


def _change(connection: Connection, name: str, series: str, feed: str) -> None:
    statement = update(TICKERS).where(TICKERS.c.name == name).values(series=series, feed=feed)
    if not connection.execute(statement).rowcount:
        raise NotFound(f"there is no ticker {name}")


def _remove(connection: Connection, name: str) -> None:
    if not connection.execute(delete(TICKERS).where(TICKERS.c.name == name)).rowcount:
        raise NotFound(f"there is no ticker {name}")


def _reorder(connection: Connection, names: Sequence[str]) -> None:
    if sorted(connection.scalars(select(TICKERS.c.name))) != sorted(names):
        raise Conflict("the tickers have changed meanwhile: order them again")
    if names:
        statement = update(TICKERS).where(TICKERS.c.name == bindparam("of")).values(position=bindparam("at"))
        connection.execute(statement, [{"of": name, "at": position} for position, name in enumerate(names)])
