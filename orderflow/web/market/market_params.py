"""Parameters of the market's routes, and the content types of their responses."""

from __future__ import annotations

from orderflow.errors import BadInput
from orderflow.formats import SYMBOL_PATTERN
from orderflow.market.frames import TIME_FRAMES, Frame
from orderflow.web.kit.params import Param, choice, integer, moment, text
from orderflow.web.kit.responses import JSON
from orderflow.web.market.pagination import MAX_ROWS, Cursor

CSV = "text/csv; charset=utf-8"
ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"
KINDS = {"json": JSON, "csv": CSV, "parquet": PARQUET, "arrow": ARROW}


def _frame(value: str) -> Frame:
    try:
        return Frame.parse(value)
    except BadInput as error:
        raise ValueError(str(error)) from error


SYMBOL = text("symbol", "The instrument.", place="path", pattern=SYMBOL_PATTERN)
FRAME = Param(
    "frame",
    "Time frame of the bars.",
    {
        "anyOf": [
            {"enum": list(TIME_FRAMES)},
            {"type": "string", "pattern": "^(ticks|volume|range|delta):[1-9][0-9]{0,8}$"},
        ],
        "default": "1min",
        "examples": ["1min", "5min", "1h", "ticks:100"],
    },
    _frame,
    default=Frame.parse("1min"),
)
GROUP = integer("group", "Price ticks per row of the footprint.", 1, 100_000, default=1)
SINCE = integer("since", "Only bars changed after this revision (`revision` of a previous response).", 0, 2**53)
EPOCH = text("epoch", "The `epoch` of that revision; when it has changed, the response is full.", longest=32)
FORMAT = choice("format", "Format of the response.", KINDS, default="json")
START = moment("start", "Start time, included.")
END = moment("end", "End time, excluded.")
LIMIT = integer(
    "limit", "Maximum rows of a page; `next` (in JSON) and the headers Link and X-Next have the next one.", 1, MAX_ROWS
)
CURSOR = Param(
    "cursor",
    "Start of a page, from the `next` of the page before.",
    {"type": "string", "pattern": "^[0-9]{1,19}(\\.[0-9]{1,9})?$"},
    Cursor.parse,
)
PAGE = (FORMAT, START, END, LIMIT, CURSOR)
