"""Read trades in many file and request formats into tick batches.

    with open_ticks("trades.csv.gz") as ticks:      # format, delimiter and decimal mark are detected
        for chunk in ticks:                         # ParsedTicks: batches, errors by row, line and field

    parse_body(b'{"timestamp": 1760032800, "price": 25263.5, "size": 1}', "application/json")

How a row becomes a tick:

- Side: the first source that is present decides. The venue's flag; then separate bid and ask volumes (a row with both
  becomes two ticks); then the quote (at or above the ask is a buy, at or below the bid is a sell, otherwise the nearer
  one). At the exact mid, or without a quote, the side is left to the engine's tick rule. A side that the venue marks as
  unknown stays unknown.
- Numbers: taken exactly as their decimal text. A number that cannot be kept exactly is an error; nothing is rounded.
- Times: without a zone they are local to `tz`. `parsing.zones` describes the days on which clocks change.
- Bad rows: rejected with row, line and field; other rows are not affected.

How to add a CSV format:

- One file, `formats/<name>.py`, with a `FORMAT = Format(...)` that gives the column names (or, without a header, the
  shape of the rows) that identify the format, the role of each column, and the meaning of its side words. Its docstring
  cites the source of the layout.
- One line in `FORMATS` in `registry.py`, before `generic`.
- One test class in `tests/formats`, in a file of its own or beside similar ones, that inherits `FormatSuite` and
  supplies a few real rows and the expected ticks. The suite checks detection, forcing, rejection, decimal commas,
  compression, line numbers, and that the two parsing paths agree.
"""

from __future__ import annotations

from orderflow.formats.bodies import parse_body
from orderflow.formats.options import ReadOptions
from orderflow.formats.parsing.parse_errors import TakesLong
from orderflow.formats.parsing.result import ParsedTicks
from orderflow.formats.parsing.words import SYMBOL_PATTERN
from orderflow.formats.reader import CHUNK_ROWS, TickReader, open_ticks
from orderflow.formats.registry import names

__all__ = [
    "CHUNK_ROWS",
    "SYMBOL_PATTERN",
    "ParsedTicks",
    "ReadOptions",
    "TakesLong",
    "TickReader",
    "names",
    "open_ticks",
    "parse_body",
]
