"""The tickers that were added on the page, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, insert, select, update

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

    def update(
        self,
        added: Sequence[StoredTicker] = (),
        changed: Sequence[tuple[str, str, str]] = (),
        order: Sequence[str] | None = None,
    ) -> None:
        """Add tickers at the end, let others (name, series, feed) stand for another series, and put all in an order:
        all of it or nothing.

        Raises Conflict if a name is there already, or the order has not all names, each once; NotFound.
        """

        def write(connection: Connection) -> None:
            for ticker in added:
                _add(connection, ticker)
            for name, series, feed in changed:
                _change(connection, name, series, feed)
            if order is not None:
                _reorder(connection, order)

        self._records.write(write)


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


def _reorder(connection: Connection, names: Sequence[str]) -> None:
    if sorted(connection.scalars(select(TICKERS.c.name))) != sorted(names):
        raise Conflict("the tickers have changed meanwhile: order them again")
    if names:
        statement = update(TICKERS).where(TICKERS.c.name == bindparam("of")).values(position=bindparam("at"))
        connection.execute(statement, [{"of": name, "at": position} for position, name in enumerate(names)])
