"""Parse the bodies of `POST /tick` and `POST /ticks`: JSON, NDJSON or CSV.

JSON rows use the documented keys: the canonical ones, the source system's, or a mix of both. If a row has two keys for
the same value, the canonical one is used. Unknown keys are ignored. A JSON body whose first row has not all that a tick
needs under these keys is read like a JSON file, if a format fits it. A CSV body can have any format that a file can.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import numpy as np

from orderflow.errors import BadInput, UnknownFormat
from orderflow.formats.checks.settle import unsettled
from orderflow.formats.chosen import chosen_layout
from orderflow.formats.files.json_table import JsonTable
from orderflow.formats.files.sources import Kind, Source
from orderflow.formats.files.text_lines import first_lines
from orderflow.formats.json_rows import JsonRows, foreign_row
from orderflow.formats.options import NO_OPTIONS, ReadOptions
from orderflow.formats.parsing.blocks import TextTable
from orderflow.formats.parsing.context import MAX_BAD_ROWS, ParseContext, every_symbol, infer_sides, no_symbol
from orderflow.formats.parsing.lines import Block
from orderflow.formats.parsing.numbers import Snaps
from orderflow.formats.parsing.parse_errors import ParseError, TakesLong
from orderflow.formats.parsing.result import MAX_ERRORS, ParsedTicks
from orderflow.formats.parsing.words import symbol as checked_symbol
from orderflow.formats.parsing.zones import Zone
from orderflow.formats.sniff import SAMPLE_ROWS, decimal_mark, take_sample
from orderflow.formats.tables import ColumnTable

FEW_BYTES = 4096
"""Bodies up to this size are parsed row by row, which is quicker for them."""
_FEW_LINES = 32
_SPARE = 1 << 17
_LEAST_VALUE, _LEAST_LINE = 4, 8
_PREAMBLE = 10
_MOST_FOREIGN = 1 << 20
_ALL_BODIES = ("negative_prices", "snap_floats")


def parse_body(
    data: bytes,
    content_type: str = "",
    *,
    default_symbol: str = "DEFAULT",
    tz: str = "UTC",
    side: str = "auto",
    format: str | None = None,
    options: ReadOptions = NO_OPTIONS,
    below: Callable[[str], bool] = no_symbol,
    fast: bool | None = None,
    quick: bool = False,
    alone: int | None = None,
) -> ParsedTicks:
    """Parse all ticks of one request body.

    content_type: application/json (one object or an array), application/x-ndjson (one object per line) or text/csv; for
    any other type the format is detected from the text. default_symbol: the symbol of rows without one. tz: the IANA
    zone of times without a zone. side: "auto" or "flag", as for `open_ticks`. format, options: as for
    `open_ticks`; a body is read row by row, so what only its many rows could show must be said. below: whether a symbol
    has prices of 0 and below. fast: None chooses the parsing path by size; True or False forces it, for tests. quick:
    do not take more than a few milliseconds for a body of half a megabyte: raise TakesLong at what does, bad rows above
    all. alone: raise TakesLong when more rows than that have to be read one by one, each in up to 30 µs.

    Raises BadInput if the body is empty, is not of its content type, or an option is invalid; UnknownFormat if no
    format matches a CSV body. Bad rows do not raise: the first are listed in `errors`, and all are counted. A body
    with far more values or lines than ticks of its size can have is refused, because it takes much memory and time, and
    so is one with more than MAX_BAD_ROWS bad rows.
    """
    try:
        symbol = checked_symbol(default_symbol)
    except ParseError as error:
        raise BadInput(f"symbol: {error}") from error
    quick = quick and len(data) > FEW_BYTES
    context = ParseContext(Zone(tz), infer_sides(side), symbol, quick=quick, room=MAX_ERRORS, spare=MAX_BAD_ROWS)
    context.alone = alone
    context.snaps = Snaps() if options.snap_floats else None
    context.below = every_symbol if options.negative_prices else below
    if quick and not context.zone.is_utc:
        raise TakesLong
    data = data.removeprefix(codecs.BOM_UTF8)
    if not data.strip():
        raise BadInput("the body is empty; send one tick or a batch of ticks")
    kind = _kind(data, content_type)
    if kind == "csv":
        return _csv(data, context, fast, format, options)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise BadInput(f"the body is not UTF-8: {error.reason} at byte {error.start}") from error
    if not quick and _count(data, b",[{\n" if kind == "ndjson" else b",[{") > _SPARE + len(data) // _LEAST_VALUE:
        raise BadInput("the body has too many values for its size; send ticks with the documented keys")
    said = options != replace(NO_OPTIONS, **{name: getattr(options, name) for name in _ALL_BODIES})
    if said or format:
        return _json_table(data, context, format, options)
    if (row := foreign_row(text)) is not None and _fits(row):
        return _json_table(data, context, format, options)
    rows = JsonRows(data, text, context, lines=kind == "ndjson")
    return rows.parse(len(data) > FEW_BYTES if fast is None else fast)


def _fits(row: str) -> bool:
    """Whether a format of JSON files fits a row."""
    try:
        chosen_layout(_table(row.encode()).sample(), None, NO_OPTIONS)
    except UnknownFormat:
        return False
    return True


def _table(data: bytes) -> JsonTable:
    stream = BytesIO(data)
    return JsonTable(Source(stream, ("the body",), stream, len(data), Kind.JSON))


def _json_table(data: bytes, context: ParseContext, format: str | None, options: ReadOptions) -> ParsedTicks:
    """The ticks of JSON rows with the keys of a venue, as files have them. Raises BadInput and UnknownFormat."""
    if context.quick:
        raise TakesLong
    if len(data) > _MOST_FOREIGN:
        raise BadInput(
            f"JSON with other keys than timestamp, price and size is read up to {_MOST_FOREIGN:,} bytes; send it in "
            "parts, or as a file with orderflow-replay"
        )
    table = _table(data)
    layout = chosen_layout(table.sample(), format, options)
    unsettled(layout)
    columns, rows = next(table.batches(layout, len(data)))
    return ColumnTable(layout, context).parse(0, columns, rows, fast=rows > _FEW_LINES)


def _count(data: bytes, marks: bytes) -> int:
    """How many bytes of `data` are one of `marks`."""
    found = np.frombuffer(data, np.uint8)
    return sum(int(np.count_nonzero(found == mark)) for mark in marks) if len(data) > _SPARE else 0


def _kind(data: bytes, content_type: str) -> str:
    plain = content_type.partition(";")[0].strip().lower()
    if "ndjson" in plain or "jsonl" in plain or "json-lines" in plain:
        return "ndjson"
    if plain == "application/json" or plain.endswith("+json"):
        return "json"
    if plain == "text/csv":
        return "csv"
    start = data.lstrip()[:1]
    if start == b"[":
        return "json"
    if start == b"{":
        return "ndjson" if b"}\n{" in data or b"}\r\n{" in data else "json"
    return "csv"


def _csv(
    data: bytes, context: ParseContext, fast: bool | None, format: str | None, options: ReadOptions
) -> ParsedTicks:
    ends = int(np.count_nonzero(np.frombuffer(data, np.uint8) == ord("\n")))
    if ends > _SPARE + len(data) // _LEAST_LINE:
        raise BadInput("the body has too many lines for its size; send rows of ticks without blank lines between")
    first = first_lines(data, SAMPLE_ROWS + _PREAMBLE + (options.skip_lines or 0) + 1, complete=True)
    sample = take_sample(first, skip_lines=options.skip_lines, no_header=options.no_header)
    layout = chosen_layout(sample, format, options)
    unsettled(layout)
    assert sample.delimiter is not None
    table = TextTable(layout, sample.delimiter, decimal_mark(sample, layout), context, sample.spaced)
    at = 0
    for _ in range(sample.data_line - 1):
        ends -= (found := data.find(b"\n", at)) >= 0
        at = found + 1 or len(data)
    body = data[at:]
    count = ends + (not body.endswith(b"\n")) if body else 0
    if fast is None:
        fast = count > _FEW_LINES or context.quick
    return table.parse(Block(body, sample.data_line, 0, count), fast=fast)
