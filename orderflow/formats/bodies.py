"""Parse the bodies of `POST /tick` and `POST /ticks`: JSON, NDJSON or CSV.

JSON rows use the documented keys: the canonical ones, the source system's, or a mix of both. If a row has two keys for
the same value, the canonical one is used. Unknown keys are ignored. A CSV body can have any format that a file can.
"""

from __future__ import annotations

import codecs

from orderflow.errors import BadInput
from orderflow.formats.json_rows import JsonRows
from orderflow.formats.parsing.blocks import TextTable
from orderflow.formats.parsing.context import ParseContext, infer_sides
from orderflow.formats.parsing.lines import Block
from orderflow.formats.parsing.parse_errors import ParseError
from orderflow.formats.parsing.result import ParsedTicks
from orderflow.formats.parsing.words import symbol as checked_symbol
from orderflow.formats.parsing.zones import Zone
from orderflow.formats.registry import detect
from orderflow.formats.sniff import SAMPLE_ROWS, decimal_mark, take_sample
from orderflow.formats.sources import first_lines

_FEW_LINES = 32
_FEW_BYTES = 4096


def parse_body(
    data: bytes,
    content_type: str = "",
    *,
    default_symbol: str = "DEFAULT",
    tz: str = "UTC",
    side: str = "auto",
    fast: bool | None = None,
) -> ParsedTicks:
    """Parse all ticks of one request body.

    content_type: application/json (one object or an array), application/x-ndjson (one object per line) or text/csv; for
    any other type the format is detected from the text. default_symbol: the symbol of rows without one. tz: the IANA
    zone of times without a zone. side: "auto" or "flag", as for `open_ticks`. fast: None chooses the parsing path by
    size; True or False forces it, for tests.

    Raises BadInput if the body is empty, is not of its content type, or an option is invalid; UnknownFormat if no
    format matches a CSV body. Bad rows do not raise: they are listed in `errors`.
    """
    try:
        symbol = checked_symbol(default_symbol)
    except ParseError as error:
        raise BadInput(f"symbol: {error}") from error
    context = ParseContext(Zone(tz), infer_sides(side), symbol)
    data = data.removeprefix(codecs.BOM_UTF8)
    if not data.strip():
        raise BadInput("the body is empty; send one tick or a batch of ticks")
    kind = _kind(data, content_type)
    if kind == "csv":
        return _csv(data, context, fast)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise BadInput(f"the body is not UTF-8: {error.reason} at byte {error.start}") from error
    rows = JsonRows(data, text, context, lines=kind == "ndjson")
    return rows.parse(len(data) > _FEW_BYTES if fast is None else fast)


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


def _csv(data: bytes, context: ParseContext, fast: bool | None) -> ParsedTicks:
    sample = take_sample(first_lines(data, SAMPLE_ROWS + 1, complete=True))
    layout = detect(sample)
    assert sample.delimiter is not None
    table = TextTable(layout, sample.delimiter, decimal_mark(sample, layout), context, sample.spaced)
    at = 0
    for _ in range(sample.data_line - 1):
        at = data.find(b"\n", at) + 1 or len(data)
    body = data[at:]
    count = body.count(b"\n") + (not body.endswith(b"\n")) if body else 0
    return table.parse(Block(body, sample.data_line, 0, count), fast=count > _FEW_LINES if fast is None else fast)
