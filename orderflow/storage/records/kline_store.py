"""Klines of venues and of users' files, columns in and columns out.

A series refers to one *generation* of klines. A replacement writes a new generation, in many transactions that let
others write in between, and puts it in place in one; until then, and after a failure, the series has its old klines.
The generation before is kept, so that the replacement can be undone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from sqlalchemy import Connection, delete, insert, select

from orderflow.errors import Conflict
from orderflow.market.kline_columns import KlineColumns
from orderflow.storage.records import generations, series
from orderflow.storage.records.kline_rows import PIECE
from orderflow.storage.records.models import KLINE_HOLES
from orderflow.storage.records.records import Records
from orderflow.storage.records.rows import execute_many
from orderflow.storage.records.series import Series, SeriesKey, Usage

FIRST, LAST = -(2**62), 2**62
"""Bounds (ms) that are before and after every time."""


class KlineStore:
    """The tables of klines. now: nanoseconds since 1970. Every method raises StorageFailed if the records cannot be
    used."""

    def __init__(self, records: Records, now: Callable[[], int]) -> None:
        self._records = records
        self._now = now

    def find(self, key: SeriesKey) -> Series | None:
        """The series of a key, None if there is none."""
        return self._records.read(lambda connection: series.find_series(connection, key))

    def get(self, series_id: int) -> Series:
        """One series. Raises NotFound."""
        return self._records.read(lambda connection: series.get_series(connection, series_id))

    def list(self, owner: str, kind: str | None = None) -> tuple[Series, ...]:
        """The series of an owner, by name and time frame."""
        return self._records.read(lambda connection: series.list_series(connection, owner, kind))

    def owners(self, kind: str) -> set[str]:
        """All owners of series of a kind."""
        return self._records.read(lambda connection: series.owners_of(connection, kind))

    def usage(self, owner: str) -> Usage:
        """How many series and klines an owner has."""
        return self._records.read(lambda connection: series.usage_of(connection, owner))

    def ensure(self, key: SeriesKey, source: str) -> Series:
        """The series of a key, made without klines if there is none."""
        return self.find(key) or self._records.write(lambda connection: self._ensure(connection, key, source))

    def upsert(self, series_id: int, klines: KlineColumns) -> int:
        """Write klines over those of the same open times; a closed one is only replaced by a closed one.

        Pieces of at most PIECE klines are kept or not, each in one transaction. Returns how many klines are new. Raises
        BadInput if the times do not ascend or a number cannot be kept exactly, NotFound.
        """
        klines.check_order()
        pieces = klines.pieces(PIECE)
        return sum(self._records.write(partial(self._upsert, series_id=series_id, klines=piece)) for piece in pieces)

    def append(self, series_id: int, klines: KlineColumns, *, most_rows: int | None = None) -> int:
        """Add klines that are after all others, in one transaction. Returns how many.

        most_rows: of the owner, in all series. Raises BadInput as `upsert`, Conflict if one is not after the last,
        TooLarge above `most_rows`, NotFound.
        """
        klines.check_order()
        return self._records.write(lambda connection: self._append(connection, series_id, klines, most_rows))

    def replace(
        self, key: SeriesKey, parts: Iterable[KlineColumns], source: str, *, most_rows: int | None = None
    ) -> Series:
        """Put other klines in place of a series', or make the series: all of them or, after any error, nothing.

        parts: any number, in order; they are taken one after the other, so that a file need not be in memory.
        most_rows: of the owner, in all series, then. Raises BadInput as `upsert`, TooLarge, and what `parts` raises.
        """
        generation = self._records.write(lambda connection: generations.make_generation(connection, self._now()))
        try:
            self._write_parts(generation, parts)
            made, unused = self._records.write(
                lambda connection: self._put(connection, key, generation, source, most_rows)
            )
        except BaseException:
            self._remove(generation)
            raise
        if unused is not None:
            self._remove(unused)
        return made

    def undo(self, series_id: int) -> Series:
        """Bring back the klines of before the last replacement; a second call undoes the first.

        Raises NotFound, Conflict if nothing was replaced.
        """
        return self._records.write(lambda connection: series.swap_previous(connection, series_id, self._now()))

    def forget_previous(self, series_id: int) -> None:
        """Give up what an undo would bring back. Raises NotFound."""
        unused = self._records.write(lambda connection: series.forget_previous(connection, series_id))
        if unused is not None:
            self._remove(unused)

    def delete(self, series_id: int) -> None:
        """Delete a series and its klines. Raises NotFound."""
        for generation in self._records.write(lambda connection: series.remove_series(connection, series_id)):
            self._remove(generation)

    def sweep(self) -> int:
        """Remove klines that a crash left over, half-written or half-removed. Returns of how many generations."""
        found = self._records.read(lambda connection: series.left_over(connection, self._now()))
        for generation in found:
            self._remove(generation)
        return len(found)

    def read(
        self,
        series_id: int,
        *,
        start: int | None = None,
        end: int | None = None,
        limit: int = PIECE,
        newest: bool = False,
        generation: int | None = None,
    ) -> KlineColumns:
        """The oldest, or newest, `limit` klines with start <= open time < end (ms), in ascending order.

        generation: the one that the caller has begun to read. Raises NotFound, Conflict if the klines were replaced
        since.
        """
        low, high = FIRST if start is None else start, LAST if end is None else end
        return self._records.read(lambda connection: _read(connection, series_id, low, high, limit, newest, generation))

    def spans(self, series_id: int, step: int, start: int | None = None) -> Sequence[tuple[int, int]]:
        """(first, last) open times (ms, from `start` on) of runs of closed klines, in order: within a run no two
        neighbours are more than `step` ms apart. Raises NotFound."""
        low = FIRST if start is None else start

        def find(connection: Connection) -> Sequence[tuple[int, int]]:
            return generations.spans(connection, series.get_series(connection, series_id).generation, step, low)

        return self._records.read(find)

    def holes(self, series_id: int) -> Sequence[tuple[int, int]]:
        """Ranges of open times (ms, the end exclusive) for which the venue has no klines, in order."""
        return self._records.read(lambda connection: _holes(connection, series_id))

    def set_holes(self, series_id: int, holes: Iterable[tuple[int, int]]) -> None:
        """Replace these ranges. Raises Conflict if the series was deleted."""
        rows = [{"series": series_id, "start": start, "end": end} for start, end in holes]
        self._records.write(lambda connection: _set_holes(connection, series_id, rows))

    def _ensure(self, connection: Connection, key: SeriesKey, source: str) -> Series:
        found = series.find_series(connection, key)
        if found is not None:
            return found
        generation = generations.make_generation(connection, self._now())
        return series.make_series(connection, key, source, generation, self._now())

    def _upsert(self, connection: Connection, series_id: int, klines: KlineColumns) -> int:
        found = series.get_series(connection, series_id)
        new = generations.write(connection, found.generation, klines)
        series.touch(connection, series_id, self._now())
        return new

    def _append(self, connection: Connection, series_id: int, klines: KlineColumns, most_rows: int | None) -> int:
        found = series.get_series(connection, series_id)
        if len(klines):
            generations.check_after(connection, found.generation, int(klines.time[0]))
        for piece in klines.pieces(PIECE):
            generations.write(connection, found.generation, piece)
        series.touch(connection, series_id, self._now())
        series.check_quota(connection, found.key.owner, most_rows)
        return len(klines)

    def _write_parts(self, generation: int, parts: Iterable[KlineColumns]) -> None:
        last = None
        for part in parts:
            part.check_order(last)
            for piece in part.pieces(PIECE):
                self._records.write(partial(generations.write, generation=generation, klines=piece))
                last = int(piece.time[-1])

    def _put(
        self, connection: Connection, key: SeriesKey, generation: int, source: str, most_rows: int | None
    ) -> tuple[Series, int | None]:
        """Returns the series and the generation that is not needed any more."""
        found, unused = series.find_series(connection, key), None
        if found is None:
            made = series.make_series(connection, key, source, generation, self._now())
        else:
            unused = series.put_generation(connection, found, generation, source, self._now())
            made = series.get_series(connection, found.id)
        series.check_quota(connection, key.owner, most_rows)
        return made, unused

    def _remove(self, generation: int) -> None:
        """Remove a generation that no series refers to, in several transactions."""
        while not self._records.write(partial(generations.remove_piece, generation=generation)):
            pass


def _read(
    connection: Connection, series_id: int, start: int, end: int, limit: int, newest: bool, generation: int | None
) -> KlineColumns:
    found = series.get_series(connection, series_id)
    if generation not in (None, found.generation):
        raise Conflict(f"the rows of {found.key} were replaced meanwhile: read them from the start again")
    return generations.read(connection, found.generation, start, end, limit, newest=newest)


def _holes(connection: Connection, series_id: int) -> Sequence[tuple[int, int]]:
    table = KLINE_HOLES.c
    statement = select(table.start, table.end).where(table.series == series_id).order_by(table.start)
    return [(start, end) for start, end in connection.execute(statement)]


def _set_holes(connection: Connection, series_id: int, rows: Sequence[Mapping[str, int]]) -> None:
    connection.execute(delete(KLINE_HOLES).where(KLINE_HOLES.c.series == series_id))
    execute_many(connection, insert(KLINE_HOLES), rows)
