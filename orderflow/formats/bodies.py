"""The bodies of `POST /tick` and `POST /ticks`: JSON, NDJSON and CSV text, to ticks and to errors by row and field.

JSON has the contract's keys only, the canonical ones and the source system's, also mixed in one body; of two keys with
the same meaning in one row the canonical one counts. Keys that mean nothing here are ignored. A CSV body may be in any
format that a file may be in.
"""

from __future__ import annotations

import codecs

from orderflow.errors import BadInput
from orderflow.formats.json_rows import JsonRows
from orderflow.formats.parsing.blocks import TextTable
from orderflow.formats.parsing.lines import Block
from orderflow.formats.parsing.problems import Problem
from orderflow.formats.parsing.reading import Reading, infers
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
    """All ticks of one body.

    content_type: application/json (one object or an array), application/x-ndjson (an object a line) or text/csv;
    anything else is told from the text. default_symbol: of rows that name none. tz: the IANA zone of times that carry
    none. side: "auto" or "flag", as for `open_ticks`. fast: None takes the faster path for the size; True or False is
    for tests. Raises BadInput when the body is empty or not what it claims to be, or an option has no meaning;
    UnknownFormat when no format fits a CSV body. A bad row is never raised: it is an entry of `errors`.
    """
    try:
        symbol = checked_symbol(default_symbol)
    except Problem as problem:
        raise BadInput(f"symbol: {problem}") from problem
    reading = Reading(Zone(tz), infers(side), symbol)
    data = data.removeprefix(codecs.BOM_UTF8)
    if not data.strip():
        raise BadInput("the body is empty; send one tick or a batch of ticks")
    kind = _kind(data, content_type)
    if kind == "csv":
        return _csv(data, reading, fast)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise BadInput(f"the body is not UTF-8: {error.reason} at byte {error.start}") from error
    rows = JsonRows(data, text, reading, lines=kind == "ndjson")
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


def _csv(data: bytes, reading: Reading, fast: bool | None) -> ParsedTicks:
    sample = take_sample(first_lines(data, SAMPLE_ROWS + 1, complete=True))
    layout = detect(sample)
    assert sample.delimiter is not None
    table = TextTable(layout, sample.delimiter, decimal_mark(sample, layout), reading, sample.spaced)
    at = 0
    for _ in range(sample.data_line - 1):
        at = data.find(b"\n", at) + 1 or len(data)
    body = data[at:]
    count = body.count(b"\n") + (not body.endswith(b"\n")) if body else 0
    return table.parse(Block(body, sample.data_line, 0, count), fast=count > _FEW_LINES if fast is None else fast)
