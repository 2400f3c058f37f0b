"""JSON schemas of the tickers' routes."""

from __future__ import annotations

from orderflow.web.kit.schemas import COUNT, NUMBER, TIME, WORD, array, maybe, record

TICKER = record(
    {
        "ticker": WORD,
        "series": WORD,
        "price": maybe(NUMBER),
        "change_1h": maybe(NUMBER),
        "change_24h": maybe(NUMBER),
        "time": maybe(TIME),
        "source": WORD,
        "state": WORD,
    },
    {"reason": WORD},
    "change_1h, change_24h: as shares, e.g. 0.01 for +1 %; null where it is not known.",
)
CRYPTO = record({"tickers": array(TICKER)}, doc="The tickers, in their order.")
HISTORY = record(
    {"ticker": WORD, "history": array(record({"price": NUMBER, "timestamp": TIME}))}, doc="Prices, oldest first."
)
LISTED = record({"ticker": WORD, "feed": WORD, "pair": WORD, "series": WORD}, {"problem": WORD}, "What it stands for.")
ORDER = record({"tickers": array(WORD)}, doc="The names of the tickers, in their order.")
FEEDS = record(
    {
        "feeds": array({"type": "object"}),
        "kept": record({"days": COUNT, "simulated_days": COUNT, "removed": COUNT}),
        "holes": array(record({"series": WORD, "after": TIME, "until": TIME, "missing": maybe(COUNT), "reason": WORD})),
    },
    doc="The status of the live feeds and their series, for how many days their trades are kept, and the newest gaps "
    "that stay, also those of earlier starts.",
)
