"""Parameters of the routes of uploads, in the query or as fields of the form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orderflow.errors import BadInput, FieldError
from orderflow.formats import SYMBOL_PATTERN
from orderflow.web.kit.option_params import TABLE_PARAMS
from orderflow.web.kit.params import Param, choice, integer, moment, read_params, text
from orderflow.workspace.uploads.options import DATES, DELIMITERS, ENCODINGS, MARKS, ReadOptions, read_options

NAME_PATTERN = r"[^/\\]{1,100}"
ON_ERROR = choice(
    "on_error", "reject: any bad row refuses the file; skip: the other rows are taken.", ("reject", "skip"),
    default="reject",
)  # fmt: skip
UPLOAD = text("upload", "A file that was sent before, for a preview: it is not sent again.", longest=64)
NAME = text("name", "Name of the series. Without it: the file's, without its end.", longest=100, pattern=NAME_PATTERN)
FILENAME = text("filename", "Name of a file that is the body itself.", longest=255)
TIMEFRAME = text("timeframe", "Time frame, such as 1m. Without it: the step that most rows have.", longest=12)
MODE = choice(
    "mode", "replace: in place of what is there; append: after it. Either can be undone.", ("replace", "append"),
    default="replace",
)  # fmt: skip
KIND = choice("kind", "What the file is, or which of a name's data is meant.", ("ohlcv", "signals"), default="ohlcv")
READING = (
    text("columns", "Columns by role, a JSON object: names in the header, or numbers from 1.", longest=4000),
    choice("delimiter", "Delimiter, where it is not found.", ("", *DELIMITERS), default=""),
    choice("encoding", "Encoding, where it is not UTF-8.", ("", *ENCODINGS), default=""),
    choice("decimal", "Decimal mark, where it can be either.", ("", *MARKS), default=""),
    choice("dates", "Order of day, month and year, where nothing tells it.", ("", *DATES), default=""),
    text("tz", "IANA zone of times without one. Default UTC.", longest=60),
    integer("skip", "Lines above the header.", 0, 100),
    text("member", "The file in a zip that holds several.", longest=300),
    integer("decimals", "Round prices and volumes to so many decimals. Without it nothing is rounded.", 0, 12),
    choice("negative", "Whether prices may be negative.", ("", "true", "false"), default=""),
)
"""How a file is read. Without any of them, the ones are used that the user gave for the last file with this header."""
TAKING = (UPLOAD, NAME, FILENAME, TIMEFRAME, MODE, ON_ERROR, *READING)
SIGNALS = (UPLOAD, NAME, FILENAME, MODE, ON_ERROR, *READING)
LOOKING = (UPLOAD, FILENAME, KIND, *READING)
SYMBOL = text("symbol", "Symbol of all ticks. Without it: the file's own.", pattern=SYMBOL_PATTERN)
TICKS = (
    SYMBOL,
    FILENAME,
    ON_ERROR,
    text("tz", "IANA zone of times without one.", default="UTC", longest=60),
    choice("side", "auto: infer missing sides; flag: use only those that are given.", ("auto", "flag"), default="auto"),
    text("member", "The file in an archive that holds several.", longest=300),
    *TABLE_PARAMS,
)
PATH_NAME = text("name", "The series' name.", place="path", longest=100)
REPORT = text("report", "The report's id.", place="path", longest=64)
START = moment("start", "First time. With it the oldest rows come first; without it the newest page.")
END = moment("end", "End of the times, exclusive.")
LIMIT = integer("limit", "Number of rows of a page.", 1, 10_000, default=1000)
CURSOR = text("cursor", "`next_cursor` of the page before.", longest=80)
FORMAT = choice("format", "csv and feather: all rows, as a file.", ("json", "csv", "feather"), default="json")
READ_CANDLES = (PATH_NAME, TIMEFRAME, START, END, LIMIT, CURSOR, FORMAT)
READ_SIGNALS = (PATH_NAME, START, END, LIMIT, CURSOR, FORMAT)


def with_fields(params: Sequence[Param], values: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    """The values of the query with those of a form's fields, which may not be in both. Raises BadInput."""
    if not fields:
        return dict(values)
    found = read_params(params, [(name, value) for name, value in fields.items() if value], {})
    defaults = {param.name: param.default for param in params}
    both = [name for name in fields if fields[name] and values.get(name) != defaults.get(name)]
    if both:
        raise BadInput(f"{both[0]} is in the form and in the query", [FieldError(None, both[0], "is given twice")])
    return {name: found[name] if fields.get(name) else values[name] for name in values}


def reading(values: Mapping[str, Any]) -> ReadOptions | None:
    """How the file is to be read; None if nothing is said about it. Raises BadInput."""
    names = [param.name for param in READING]
    texts = {name: str(values[name]) for name in names if values.get(name) not in (None, "")}
    return read_options(texts) if texts else None
