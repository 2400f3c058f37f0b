"""JSON schemas of targets and deliveries, for the OpenAPI document."""

from __future__ import annotations

from orderflow.storage.records.delivery_store import STATES
from orderflow.web.kit.schemas import COUNT, FLAG, TIME, WHOLE, WORD, Schema, array, maybe, record

TEXTS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
TARGET = record(
    {
        "id": WHOLE,
        "name": WORD,
        "kind": WORD,
        "owner": WORD,
        "active": FLAG,
        "created": TIME,
        "config": TEXTS,
        "secrets": array(WORD),
        "state": {"type": "string", "enum": ["ok", "retrying", "failing", "paused"]},
        "failures": COUNT,
        "failing_since": maybe(TIME),
        "error": WORD,
        "dropped": {**COUNT, "description": "Deliveries that were not made because too many were waiting."},
    },
    doc="A target. Secrets are named, never shown; of a secret address the host is in `config`.",
)
TARGETS = array(TARGET)
GIVEN: Schema = {
    "type": "object",
    "properties": {"name": WORD, "kind": WORD, "active": FLAG},
    "additionalProperties": {"type": ["string", "null"]},
    "examples": [
        {"name": "my bot", "kind": "webhook", "url": "https://example.org/alerts", "secret": "0123456789abcdef"},
        {"name": "ann", "kind": "email", "to": "ann@example.org"},
    ],
}
KIND = record(
    {
        "kind": WORD,
        "label": WORD,
        "missing": {"type": "string", "description": "Why it cannot be used on this server; empty if it can."},
        "fields": array(record({"name": WORD, "doc": WORD, "secret": FLAG, "required": FLAG, "default": WORD})),
    }
)
KINDS = array(KIND)
TESTED = record({"delivered": FLAG, "status": maybe(WHOLE), "error": WORD, "took_ms": COUNT})
REMOVED = record({"removed": WHOLE, "cancelled": COUNT})
ATTEMPT = record(
    {"number": COUNT, "time": TIME, "took_ms": COUNT, "delivered": FLAG, "status": maybe(WHOLE), "error": WORD}
)
DELIVERY = record(
    {
        "id": WORD,
        "event_id": WORD,
        "target": maybe(WHOLE),
        "target_name": WORD,
        "kind": WORD,
        "title": WORD,
        "text": WORD,
        "state": {"type": "string", "enum": list(STATES)},
        "created": TIME,
        "next_attempt": maybe(TIME),
        "finished": maybe(TIME),
        "error": WORD,
        "attempts": array(ATTEMPT),
    }
)
DELIVERIES = array(DELIVERY)
