"""JSON schemas of ticks, bars and statistics, for the OpenAPI document. Tests validate real responses with them."""

from __future__ import annotations

from orderflow.market.columns import BAR_COLUMNS, FOOTPRINT_COLUMNS, TICK_COLUMNS
from orderflow.web.kit.schemas import COUNT, FLAG, LOCATED, NUMBER, TIME, WHOLE, WORD, Schema, array, maybe, record

MOMENT: Schema = {
    "anyOf": [{"type": "string", "minLength": 8}, {"type": "number", "minimum": 0}],
    "description": "ISO-8601 (in the zone `tz` if it has none), or a Unix time in s, ms, µs or ns.",
    "examples": ["2025-10-09T18:00:00.032"],
}
DECIMAL: Schema = {"type": "string", "pattern": "^[0-9]+([.,][0-9]+)?$"}
PRICE: Schema = {
    "anyOf": [{"type": "number", "exclusiveMinimum": 0}, DECIMAL],
    "description": "Above 0; text may have a decimal comma.",
}
SIZE: Schema = {"anyOf": [{"type": "number", "minimum": 0}, DECIMAL], "description": "0 or more."}
QUOTE: Schema = {"anyOf": [*PRICE["anyOf"], {"type": "null"}], "description": "Best price at the time."}

CANONICAL = record(
    {"timestamp": MOMENT, "price": PRICE, "size": SIZE},
    {
        "side": {**maybe(WORD), "description": "The aggressor: buy or sell."},
        "bid": QUOTE,
        "ask": QUOTE,
        "id": {
            "type": ["integer", "string", "null"],
            "description": "The venue's trade id; a tick with the same id, time, price and size as another is skipped.",
        },
        "symbol": maybe(WORD),
    },
)
ORIGINAL = record(
    {"Timestamp": MOMENT, "Precio": PRICE, "Volumen": SIZE},
    {"Lado": {**maybe(WORD), "description": "BID or ASK."}, "Bid": QUOTE, "Ask": QUOTE},
)
# additional properties are ignored
TICK: Schema = {
    "anyOf": [{**form, "additionalProperties": True} for form in (CANONICAL, ORIGINAL)],
    "examples": [
        {"timestamp": "2025-10-09T18:00:00.032Z", "price": 25263.25, "size": 1, "side": "sell", "symbol": "NQ"},
        {"Timestamp": "2025-10-09 18:00:00.032", "Precio": "25263,25", "Volumen": 1, "Lado": "BID"},
    ],
}
BATCH = array(TICK)
CSV_EXAMPLE = "timestamp,price,size,side\n2025-10-09T18:00:00.032Z,25263.25,1,sell\n"
DUPLICATES: Schema = {**COUNT, "description": "Ticks left out: one with the same id, time, price and size is there."}
CONFLICTS: Schema = {**COUNT, "description": "Ticks taken although another one in memory has the same id."}
RECEIPT = record(
    {"accepted": COUNT, "revision": COUNT},
    {"duplicates": DUPLICATES, "id_conflicts": CONFLICTS, "rejected": COUNT, "errors": array(LOCATED)},
    "The number of ticks taken, and the revision of the data after them.",
)

RESET = record({"status": {"type": "string", "const": "reset"}, "symbol": maybe(WORD)})
RULES = record(dict.fromkeys(("flag", "volumes", "quote", "tick", "none"), COUNT))
REWRITTEN = record({"problems": array(WORD)})

STATS = record(
    {
        "symbol": maybe(WORD),
        "symbols": COUNT,
        "ticks": COUNT,
        "candles": {**maybe(COUNT), "description": "Bars; null while ticks are being put in order."},
        "pending": {**COUNT, "description": "Late ticks that are being put in order and are not in the bars yet."},
        "low": maybe(NUMBER),
        "high": maybe(NUMBER),
        "volume": NUMBER,
        "rate": {**NUMBER, "description": "Ticks per second over the last 10 seconds."},
        "last": {**maybe(TIME), "description": "Time of the newest tick."},
        "late": COUNT,
        "duplicates": DUPLICATES,
        "id_conflicts": CONFLICTS,
        "id_conflicts_among": {
            **COUNT,
            "description": "Ticks in memory: those with which ids are compared. `evicted` ones are not.",
        },
        "missing_ids": {**COUNT, "description": "Trade ids left out, where they number the trades one by one."},
        "rejected": {**COUNT, "description": "Rows refused, and one for each body refused before its rows were known."},
        "rejected_total": {**COUNT, "description": "The same of all symbols, and of those without a tick."},
        "unknown": COUNT,
        "rules": {**RULES, "description": "Ticks by the rule that gave their side."},
        "evicted": {**COUNT, "description": "Ticks that left memory; they stay in the log, where there is one."},
        "audit": record({"bars": COUNT, "failures": COUNT}, doc="Finished bars recomputed and compared."),
        "revision": COUNT,
        "damage": {
            **array(record({"what": WORD, "name": {"type": "string"}, "count": COUNT, "text": WORD})),
            "description": "Stored data that cannot be read and is left out; `orderflow repair` saves the rest.",
        },
        "problems": {
            **array(WORD),
            "description": "Why writes are refused at present (507), and what was wrong at the start.",
        },
        "deleted": record(
            {
                "alert_events": {**COUNT, "description": "Fired alerts beyond the newest of their owner."},
                "deliveries": {
                    **COUNT,
                    "description": "Deliveries of 30 days ago, or beyond the newest of their owner.",
                },
                "feed_trades": {**COUNT, "description": "Trades of live feeds that were older than `feed_days`."},
                "sessions": {**COUNT, "description": "Log-ins that later ones of the same user have ended."},
                "uploads": {**COUNT, "description": "Uploaded files that made room for others within their hour."},
                "mappings": {**COUNT, "description": "How files are read, beyond the newest of their user."},
                "charts": {**COUNT, "description": "Drawings and views of charts beyond the newest of their user."},
                "idempotency_keys": {**COUNT, "description": "Keys of calls, of which a repetition would count anew."},
            },
            doc="What bounds have deleted since the start of the server.",
        ),
        "sockets": record(
            {
                **dict.fromkeys(("clients", "topics", "sent", "conflated", "dropped", "open"), COUNT),
                "refused": {**COUNT, "description": "Sockets that were refused because there were too many."},
                "waiting": {**COUNT, "description": "Bytes that wait for sockets which read slowly."},
                "closed_for_room": {**COUNT, "description": "Slow sockets closed because too many bytes waited."},
            }
        ),
        "feeds": {
            **array(record({"name": WORD, "title": WORD, "state": WORD, "series": array({"type": "object"})})),
            "description": "Live feeds: state, and counts of trades, gaps, holes, reconnects and refused rows.",
        },
    }
)

SYMBOL = record(
    {
        "symbol": WORD,
        "ticks": COUNT,
        "first": TIME,
        "last": TIME,
        "price": NUMBER,
        "tick_size": NUMBER,
        "session": WORD,
        "revision": COUNT,
    }
)
SYMBOLS = record({"symbols": array(SYMBOL)}, doc="The most recently active first.")
STEP: Schema = {"anyOf": [{"type": "number", "minimum": 1e-12, "maximum": 1e9}, DECIMAL, {"type": "null"}]}
INSTRUMENT = record(
    {},
    {
        "tick_size": {**STEP, "description": "Smallest step of the price."},
        "size_step": {**STEP, "description": "Smallest step of the size."},
        "session": {**maybe(WORD), "description": "IANA zone and start.", "examples": ["America/Chicago 17:00"]},
        "negative_prices": {**maybe(FLAG), "description": "Whether prices of 0 and below are taken."},
    },
)
CONFIGURED = record(
    {
        "symbol": WORD,
        "tick_size": maybe(NUMBER),
        "size_step": maybe(NUMBER),
        "session": maybe(WORD),
        "negative_prices": maybe(FLAG),
    },
    doc="The current settings; null: inferred from the ticks.",
)

OPTION_VALUE: Schema = {"type": ["number", "string", "null", "array"], "items": WHOLE}
OPTION = record(
    {
        "name": WORD,
        "meaning": WORD,
        "default": {**OPTION_VALUE, "description": "null: off."},
        "least": maybe(NUMBER),
        "most": maybe(NUMBER),
        "choices": array(record({"value": OPTION_VALUE, "meaning": WORD})),
    },
    doc="Bounds are inclusive and hold for each number of a list. `choices`: empty where the bounds say it all.",
)
STUDY = record({"name": WORD, "title": WORD, "rule": WORD, "yields": WORD, "options": array(OPTION)})
STUDIES = record({"studies": array(STUDY)}, doc="In the order in which a page shows them.")

_COLUMNS: dict[str, Schema] = {
    "time": TIME,
    "trades": COUNT,
    "vwap": maybe(NUMBER),
    "side": {**maybe(WORD), "enum": ["buy", "sell", None]},
    "side_rule": {**WORD, "enum": ["flag", "volumes", "quote", "tick", "none"]},
    "imbalance": {**maybe(WORD), "enum": ["buy", "sell", "both", None]},
    "id": {"type": ["integer", "string", "null"]},
}


def rows(names: list[str]) -> Schema:
    """A list of rows with these columns."""
    return array(record({name: _COLUMNS.get(name, NUMBER) for name in names}))


GONE: dict[str, Schema] = {
    "gone_until": {
        **TIME,
        "description": "Present if memory was full and there is no log: ticks up to this time are lost. Bars that "
        "contained any of them are omitted, and CVD and VWAP of their session start there.",
    }
}
NEXT: Schema = {**maybe(WORD), "description": "URL of the next page, null on the last."}
BARS = record(
    {
        "symbol": WORD,
        "frame": WORD,
        "epoch": WORD,
        "revision": COUNT,
        "full": FLAG,
        "bars": rows(BAR_COLUMNS),
        "next": NEXT,
    },
    GONE,
    doc="`full`: all requested bars; otherwise only those changed since the given revision.",
)
FOOTPRINT = record(
    {
        "symbol": WORD,
        "frame": WORD,
        "group": COUNT,
        "epoch": WORD,
        "revision": COUNT,
        "full": FLAG,
        "footprint": rows(FOOTPRINT_COLUMNS),
        "next": NEXT,
    },
    GONE,
)
TICKS = record({"symbol": WORD, "revision": COUNT, "ticks": rows(TICK_COLUMNS), "next": NEXT}, GONE)
