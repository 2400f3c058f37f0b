"""Port of the stored klines; `orderflow.storage.records.kline_store` implements it.

Uploaded candles and the klines of venues are kept alike, as series of exact columns. A method raises StorageFailed if
the records cannot be used; what it was to write is not kept then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from orderflow.market.kline_columns import KlineColumns
from orderflow.storage.records.series import Series, SeriesKey, Usage

KLINES, OHLCV = "klines", "ohlcv"
"""Kinds of series: of a venue, uploaded."""
PUBLIC = ""
"""The owner of what everybody may read."""


class Klines(Protocol):
    """Series of klines, found by key or id. Each method is described at its implementation."""

    def find(self, key: SeriesKey) -> Series | None:
        """The series of a key, None if there is none."""

    def get(self, series_id: int) -> Series:
        """One series. Raises NotFound."""

    def list(self, owner: str, kind: str | None = None) -> tuple[Series, ...]:
        """The series of an owner, by name and time frame."""

    def owners(self, kind: str) -> set[str]:
        """All owners of series of a kind."""

    def usage(self, owner: str) -> Usage:
        """How many series and klines an owner has."""

    def ensure(self, key: SeriesKey, source: str) -> Series:
        """The series of a key, made without klines if there is none."""

    def upsert(self, series_id: int, klines: KlineColumns) -> int:
        """Write klines over those of the same open times. Returns how many are new. Raises BadInput, NotFound."""

    def append(self, series_id: int, klines: KlineColumns, *, most_rows: int | None = None) -> int:
        """Add klines after all others, or none. Raises BadInput, Conflict, TooLarge, NotFound."""

    def replace(
        self, key: SeriesKey, parts: Iterable[KlineColumns], source: str, *, most_rows: int | None = None
    ) -> Series:
        """Put other klines in place of a series', or make it: all or nothing. Raises BadInput, TooLarge."""

    def undo(self, series_id: int) -> Series:
        """Bring back the klines of before the last replacement. Raises NotFound, Conflict."""

    def delete(self, series_id: int) -> None:
        """Delete a series. Raises NotFound."""

    def read(
        self,
        series_id: int,
        *,
        start: int | None = None,
        end: int | None = None,
        limit: int = 20_000,
        newest: bool = False,
        generation: int | None = None,
    ) -> KlineColumns:
        """The oldest or newest klines with start <= open time < end (ms). Raises NotFound, Conflict."""

    def spans(self, series_id: int, step: int, start: int | None = None) -> Sequence[tuple[int, int]]:
        """(first, last) open times (ms) of runs of closed klines at most `step` ms apart. Raises NotFound."""

    def holes(self, series_id: int) -> Sequence[tuple[int, int]]:
        """Ranges of open times (ms) for which the venue has no klines."""

    def set_holes(self, series_id: int, holes: Iterable[tuple[int, int]]) -> None:
        """Replace these ranges."""
