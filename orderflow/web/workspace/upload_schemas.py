"""JSON schemas of the routes of uploads."""

from __future__ import annotations

from orderflow.web.kit.schemas import COUNT, FLAG, LOCATED, NUMBER, TIME, WHOLE, WORD, Schema, array, maybe, record

KIND: Schema = {"type": "string", "enum": ["ohlcv", "signals"]}
FILE: Schema = {
    "type": "object",
    "properties": {"file": {"type": "string", "format": "binary"}, "name": WORD, "timeframe": WORD},
    "required": ["file"],
}
BINARY: Schema = {"type": "string", "format": "binary"}
TEXT: Schema = {
    "type": "string",
    "examples": ["timestamp,open,high,low,close,volume\n2024-01-01T00:00:00Z,100.5,101,99.25,100,12.5\n"],
}
CANDLE = record(
    {
        "time": WHOLE,
        "open": NUMBER,
        "high": NUMBER,
        "low": NUMBER,
        "close": NUMBER,
        "volume": NUMBER,
        "trades": maybe(COUNT),
        "taker_buy_volume": maybe(NUMBER),
        "closed": FLAG,
    },
    doc="time: of its opening, ms.",
)
SIGNAL = record(
    {
        "time": WHOLE,
        "timestamp": TIME,
        "type": WORD,
        "side": {"type": "integer", "enum": [-1, 0, 1]},
        "price": maybe(NUMBER),
        "label": WORD,
        "color": WORD,
        "icon": WORD,
        "stop": maybe(NUMBER),
        "target": maybe(NUMBER),
    },
    doc="time: ms. side: 1 buys, -1 sells. Empty texts where the file says nothing.",
)
_SERIES = {"kind": KIND, "name": WORD, "timeframe": WORD, "rows": COUNT, "first": maybe(WHOLE), "last": maybe(WHOLE)}
SERIES = record(
    {**_SERIES, "bytes": COUNT, "source": WORD, "updated": TIME, "undo": FLAG},
    doc="first, last: times in ms. bytes: of the rows, 65 a candle, 9 and its texts a signal. source: the file's name. "
    "undo: what was there before can be brought back.",
)
TAKEN = record(
    {
        **_SERIES,
        "total": COUNT,
        "refused": COUNT,
        "report": maybe(WORD),
        "newest_first": FLAG,
        "unit": WORD,
        "notes": array(WORD),
        "undo": FLAG,
    },
    doc="rows: that were taken. total: that there are now. report: the address of the list of refused rows.",
)
TICKS = record(
    {
        "symbols": array(WORD),
        "format": WORD,
        "accepted": COUNT,
        "duplicates": COUNT,
        "refused": COUNT,
        "report": maybe(WORD),
    }
)
REFUSED = record(
    {"detail": WORD},
    {"errors": array(LOCATED), "report": WORD, "reasons": {"type": "object", "additionalProperties": COUNT}},
    "Why nothing was taken. report: the address of the list of all refused rows. reasons: how many have which.",
)
HELD = record(
    {
        "upload": WORD,
        "kind": {"type": "string", "enum": ["ohlcv", "signals", "ticks"]},
        "name": WORD,
        "filename": WORD,
        "size": COUNT,
    },
    doc="kind: a guess. name: what the series is called unless a name is given. size: in bytes.",
)
PREVIEW: Schema = {"type": "object", "description": "The file's header and first rows, and what would be taken of it."}
CANDLES = record(
    {"name": WORD, "timeframe": WORD, "klines": array(CANDLE), "next_cursor": maybe(WORD)}, doc="Oldest first."
)
SIGNALS = record({"name": WORD, "signals": array(SIGNAL), "next_cursor": maybe(WORD)}, doc="Oldest first.")
