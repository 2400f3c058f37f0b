"""Tick files and bodies: many formats in, one kind of batch out.

    with open_ticks("trades.csv.gz") as ticks:      # format, delimiter, decimal mark: seen from the content
        for chunk in ticks:                         # ParsedTicks: batches, errors by row, line and field

    parse_body(b'{"timestamp": 1760032800, "price": 25263.5, "size": 1}', "application/json")

What a row becomes. A side is taken from the first that is there: the venue's flag; separate bid and ask volumes, of
which a row with both becomes two ticks; the quote (at or above the ask a buy, at or below the bid a sell, else the
nearer); at the exact mid or without a quote it is left to the engine's tick rule. A side that the venue itself calls
unknown stays so. Numbers come through as their decimal text says, or the row is an error: nothing is rounded. Times
without a zone are in the zone `tz`; what holds on the days on which clocks change stands in `parsing.zones`. A row
that cannot be read is refused with its row, line and field, and the rows around it are not touched.

How to add a CSV format. One file: `formats/<name>.py` with a `FORMAT = Format(...)` that says by which column names
(or by what shape of rows, if it has no header) the format is known, which column has which role, and what its side
words mean; its docstring names the source of the layout. One line: add it to `FORMATS` in `registry.py`, before
`generic`. One test class: in `tests/formats/test_<name>.py` inherit `FormatSuite` and give it a few real rows and the
ticks they are; the suite then checks detection, forcing, refusal, decimal commas, packing, line numbers and that both
parsing paths agree.
"""

from __future__ import annotations

from orderflow.formats.bodies import parse_body
from orderflow.formats.parsing.result import ParsedTicks
from orderflow.formats.parsing.words import SYMBOL_PATTERN
from orderflow.formats.reader import CHUNK_ROWS, TickReader, open_ticks
from orderflow.formats.registry import names

__all__ = [
    "CHUNK_ROWS",
    "SYMBOL_PATTERN",
    "ParsedTicks",
    "TickReader",
    "names",
    "open_ticks",
    "parse_body",
]
