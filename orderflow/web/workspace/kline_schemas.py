"""JSON schemas of the routes of klines."""

from __future__ import annotations

from orderflow.web.kit.schemas import COUNT, FLAG, NUMBER, WHOLE, WORD, array, maybe, record

SPAN = {"type": "array", "items": WHOLE, "minItems": 2, "maxItems": 2}
KLINE = record(
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
    doc="time: of its opening, ms. closed: false while it may still change.",
)
BACKFILL = record(
    {"state": {"type": "string", "enum": ["idle", "running", "done", "offline"]}, "from": maybe(WHOLE),
     "to": maybe(WHOLE), "missing": array(SPAN)},
    {"reason": WORD},
    "How far the history is filled: open times in ms, and ranges (end exclusive) that are not held.",
)  # fmt: skip
PAGE = record(
    {"symbol": WORD, "timeframe": WORD, "source": WORD, "simulated": FLAG, "klines": array(KLINE),
     "next_cursor": maybe(WORD), "backfill": BACKFILL},
    doc="A page of klines, oldest first.",
)  # fmt: skip
OFFER = record(
    {"symbol": WORD, "timeframes": array(WORD), "source": WORD, "simulated": FLAG, "first": maybe(WHOLE),
     "last": maybe(WHOLE), "state": WORD},
    doc="first, last: ms.",
)  # fmt: skip
OFFERS = record({"series": array(OFFER), "timeframes": array(WORD)}, doc="The klines that there are.")
_VALUES = record(dict.fromkeys(("open", "high", "low", "close", "volume", "taker_buy_volume"), NUMBER))
DIFFERENCES = record(
    {"symbol": WORD, "timeframe": WORD, "ticks": WORD, "compared": COUNT, "equal": COUNT,
     "differences": array(record({"time": WHOLE, "venue": maybe(_VALUES), "ticks": maybe(_VALUES)}))},
    doc="null where the venue, or the ticks, have no such kline.",
)  # fmt: skip
