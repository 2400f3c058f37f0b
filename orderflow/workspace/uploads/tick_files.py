"""Uploaded files of ticks: they go to the market, with the rules of POST /ticks, and open in the chart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from orderflow.errors import BadInput, FieldError, TooLarge
from orderflow.formats import CHUNK_ROWS, ParsedTicks, TickReader, open_ticks
from orderflow.formats.own import Own
from orderflow.workspace.uploads.kinds import LOOKED_AT, TABLE, table_names
from orderflow.workspace.uploads.library import RowsRefused
from orderflow.workspace.uploads.load_ticks import Market, take_chunk
from orderflow.workspace.uploads.refusals import MAX_REFUSED
from orderflow.workspace.uploads.reports import Reports
from orderflow.workspace.uploads.source import check_archive
from orderflow.workspace.uploads.table import SHOWN

MOST_ROWS = 50_000_000
SHOWN_OF = 10_000
"""Rows of which the symbols and the first bad ones are shown."""
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class TickOptions:
    """symbol: of all ticks; None for the file's own. format: one of `formats.names()` or of `own`; None to detect it.
    skip: take the other rows if some are refused. table: options of `ReadOptions` that are given, as texts or plain
    values. own: the formats of orderflow.toml."""

    symbol: str | None = None
    tz: str = "UTC"
    side: str = "auto"
    format: str | None = None
    member: str | None = None
    skip: bool = False
    table: Mapping[str, Any] = field(default_factory=dict)
    own: Own = field(default_factory=dict)

    @property
    def told(self) -> str:
        """How the file is read, as text: equal texts read a file alike."""
        chosen = {name: table for name, table in self.own.items() if name == self.format}
        return repr(replace(self, skip=False, own=chosen))


@dataclass(frozen=True, slots=True)
class TakenTicks:
    """What was taken of a file. report: the id of the list of refused rows, "" for none."""

    symbols: tuple[str, ...]
    format: str
    accepted: int
    duplicates: int
    refused: int
    report: str


def look_at_ticks(path: Path, options: TickOptions, *, trusted: bool) -> dict[str, Any]:
    """What a file of ticks looks like, from its first rows; for JSON.

    trusted: it comes from the operator. Of others' files, whose few bytes may unpack to any number, only a bounded part
    of a text is read, and no row of a table. Raises BadInput, TooLarge.
    """
    if not trusted:
        check_archive(path)
        if table_names(path):
            return {"format": TABLE, "symbols": [], "errors": []}
    with _open(path, options, SHOWN_OF, None if trusted else LOOKED_AT) as reader:
        parsed = next(iter(reader), None)
        symbols = {batch.symbol: None for batch in parsed.batches} if parsed else {}
        bad = [] if parsed is None else parsed.errors[:SHOWN]
        errors = [{"line": error.line, "column": error.field, "reason": error.reason} for error in bad]
        return {"format": reader.format, "symbols": list(symbols), "errors": errors}


def take_ticks(market: Market, path: Path, options: TickOptions, owner: str, reports: Reports) -> TakenTicks:
    """Take a file of ticks. Without `skip` it is read once before, so that a bad row leaves the market as it was.

    A file that is sent again after a failure goes on where it ended: each part has a key of its own. Raises BadInput,
    RowsRefused, TooLarge, Busy, StorageFailed.
    """
    errors: list[FieldError] = []
    rows = 0
    if not options.skip:
        for parsed in _parts(path, options):
            rows += parsed.rows
            errors += parsed.errors
            _check_count(errors, rows)
        if errors:
            raise RowsRefused(
                f"{len(errors):,} of {rows:,} rows are refused and nothing was taken; first {errors[0]}",
                tuple(errors),
                reports.add(owner, errors),
            )
    return _ingest(market, path, options, owner, reports)


def _ingest(market: Market, path: Path, options: TickOptions, owner: str, reports: Reports) -> TakenTicks:
    digest = _digest(path, options)
    symbols: dict[str, None] = {}
    errors: list[FieldError] = []
    accepted = duplicates = rows = 0
    with _open(path, options) as reader:
        found = reader.format
        for number, parsed in enumerate(reader):
            rows += parsed.rows
            errors += parsed.errors
            _check_count(errors, rows)
            market.rejected(None, parsed.rejected or len(parsed.errors))
            if parsed.batches:
                receipt = take_chunk(
                    market,
                    parsed.batches,
                    f"upload-{digest}-{number}",
                    lambda chunk, key: market.ingest(chunk, key, digest),
                )
                accepted, duplicates = accepted + receipt.accepted, duplicates + receipt.duplicates
                symbols |= dict.fromkeys(batch.symbol for batch in parsed.batches)
    report = reports.add(owner, errors) if errors else ""
    return TakenTicks(tuple(symbols), found, accepted, duplicates, len(errors), report)


def _parts(path: Path, options: TickOptions) -> Iterator[ParsedTicks]:
    with _open(path, options) as reader:
        yield from reader


def _open(path: Path, options: TickOptions, chunk_rows: int = CHUNK_ROWS, most: int | None = None) -> TickReader:
    return open_ticks(
        path,
        symbol=options.symbol,
        tz=options.tz,
        side=options.side,
        format=options.format,
        member=options.member,
        formats=options.own,
        chunk_rows=chunk_rows,
        most=most,
        **options.table,
    )


def _check_count(errors: list[FieldError], rows: int) -> None:
    if len(errors) > MAX_REFUSED:
        raise BadInput(f"more than {MAX_REFUSED:,} rows are refused; first {errors[0]}", errors[:1000])
    if rows > MOST_ROWS:
        raise TooLarge(f"the file has more than {MOST_ROWS:,} rows: split it")


def _digest(path: Path, options: TickOptions) -> str:
    """Of the content and how it is read: the same file is the same upload."""
    found = hashlib.blake2b(options.told.encode(), digest_size=16)
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            found.update(piece)
    return found.hexdigest()
