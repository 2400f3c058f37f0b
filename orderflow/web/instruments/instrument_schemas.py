"""JSON schemas of the simulated instruments' responses, for the OpenAPI document and for tests of real responses."""

from __future__ import annotations

from orderflow.web.kit.schemas import NUMBER, WORD, Schema, array, record

NAIVE: Schema = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$",
    "description": "ISO-8601, UTC without a zone, with microseconds.",
}
TICKER = record(
    {
        "id": WORD,
        "name": WORD,
        "current_price": NUMBER,
        "initial_price": NUMBER,
        "created_at": NAIVE,
        "updated_at": NAIVE,
    }
)
TICKERS = array(TICKER)
HISTORY = record({"ticker": TICKER, "history": array(record({"value": NUMBER, "timestamp": NAIVE}))})
OBJECT: Schema = {"type": "object"}
