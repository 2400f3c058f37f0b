"""Messages of alerts: a template with `{{name}}` placeholders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

LATER = "delivery_id"
"""Filled in when the message is sent to a target: each delivery has an id of its own."""
NAMES = ("ticker", "price", "time", "interval", "note", LATER)
LONGEST_VALUE, MOST_FILLED = 40, 3_000
"""Characters of what is filled in, but for the note, about; and of a whole message at most."""
_PLACE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


def unknown_names(template: str) -> list[str]:
    """The placeholders of a template that are not in NAMES, and "{{" where one is left open."""
    found = [name for name in _PLACE.findall(template) if name not in NAMES]
    rest = _PLACE.sub("", template)
    return found + [brace for brace in ("{{", "}}") if brace in rest]


def fill(template: str, values: Mapping[str, str]) -> str:
    """The message. values: by name; what they contain is not looked at again. LATER stays a placeholder."""
    kept = {LATER: f"{{{{{LATER}}}}}"}
    return _PLACE.sub(lambda match: values.get(match[1], kept.get(match[1], "")), template)


def longest(template: str, note: str) -> int:
    """Characters that the message may have; of a ticker and a price those of long ones are taken."""
    return len(fill(template, dict.fromkeys(NAMES[:-1], "x" * LONGEST_VALUE) | {"note": note}))


def time_text(ns: int) -> str:
    """A time (ns UTC) as ISO-8601 text with milliseconds."""
    whole = datetime.fromtimestamp(ns // 10**9, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{ns // 10**6 % 1000:03d}Z"
