"""JSON schemas of the alerts' routes, and alerts and events as JSON values."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from orderflow.spreadsheets import escape_formula
from orderflow.tickers.alerts.alert import Alert, AlertEvent, Frequency, Kind, State
from orderflow.tickers.alerts.description import condition_text, number_text
from orderflow.tickers.alerts.footprint_marks import MARKS
from orderflow.tickers.alerts.messages import time_text
from orderflow.tickers.alerts.operators.registry import OPERATORS
from orderflow.tickers.alerts.parsing import SHORT, value_names
from orderflow.tickers.alerts.rehearsal import Rehearsed
from orderflow.web.kit.schemas import COUNT, FLAG, NUMBER, TIME, WORD, Schema, array, maybe, record

WORDS = array(WORD)
DECIMAL: Schema = {"type": ["number", "string"]}
_NUMBERS = {
    "price": "The threshold.",
    "value": "The threshold of a study.",
    "low": "The channel's low.",
    "high": "The channel's high.",
    "amount": "The movement from the price when the alert is armed.",
    "percent": "The same, in percent.",
}
CHANGEABLE: dict[str, Schema] = {
    "note": {"type": ["string", "null"], "maxLength": 500},
    "message": {
        "type": ["string", "null"],
        "maxLength": 1000,
        "description": "A template with {{ticker}} {{price}} {{time}} {{interval}} {{note}}.",
    },
    "expires": maybe({**TIME, "description": "When it ends, by the wall clock; none by default."}),
    "targets": {"type": ["array", "null"], "items": {"type": ["string", "integer"]}},
}
ASKED: Schema = {
    "type": "object",
    "properties": {
        "ticker": {**WORD, "description": "A ticker's name, or any symbol."},
        "tickers": {**WORDS, "description": "Instead of ticker: one alert for several."},
        "condition": {"type": "string", "enum": list(SHORT), "description": "The short form of operator."},
        "operator": {"type": "string", "enum": list(OPERATORS)},
        **{name: {**DECIMAL, "description": doc} for name, doc in _NUMBERS.items()},
        "source": {"type": "string", "enum": [str(kind) for kind in Kind]},
        "study": {**WORD, "description": "The name of a study, whose column is looked at."},
        "column": WORD,
        "mark": {"type": "string", "enum": list(MARKS), "description": "A mark of the footprint."},
        "side": WORD,
        "options": {"type": "object", "description": "Options of the study or mark."},
        "seconds": {**DECIMAL, "description": "Without ticks, of feed_stale."},
        "frequency": {"type": "string", "enum": [str(each) for each in Frequency], "default": "once"},
        "cooldown_s": {**DECIMAL, "description": "Seconds of tick time between two events, for every_time."},
        "interval": {**WORD, "default": "1min", "description": "The frame of bars."},
        "intrabar": {**FLAG, "description": "Look at a study or mark while its bar forms too."},
        **CHANGEABLE,
    },
    "additionalProperties": False,
    "examples": [
        {"ticker": "BTC", "condition": "above", "price": 70000},
        {"tickers": ["BTC", "ETH"], "operator": "moving_up_percent", "percent": 2, "frequency": "every_time"},
        {"ticker": "NQ", "mark": "absorption", "interval": "5min", "frequency": "once_per_bar_close"},
    ],
}
CHANGE: Schema = {
    **ASKED,
    "properties": {
        **ASKED["properties"],
        "state": {"type": "string", "enum": ["active", "paused"]},
        "snooze": maybe(TIME),
    },
    "examples": [{"state": "paused"}, {"price": 71000}, {"snooze": "2030-01-01T00:00:00Z"}],
}
ALERT = record(
    {
        "id": WORD,
        "ticker": WORD,
        "condition": {**WORD, "description": "above, below, or the operator."},
        "price": {"type": ["number", "null"], "description": "The first threshold."},
        "state": {"type": "string", "enum": [str(state) for state in State]},
        "why": {**WORD, "description": "Why it is in that state, if that is not plain."},
        "symbols": WORDS,
        "text": {**WORD, "description": "The condition in words."},
        "source": WORD,
        "values": {"type": "object", "description": "The operator's numbers as exact text."},
        "frequency": WORD,
        "cooldown_s": NUMBER,
        "interval": WORD,
        "intrabar": FLAG,
        "expires": maybe(TIME),
        "snoozed_until": maybe(TIME),
        "note": WORD,
        "message": WORD,
        "targets": WORDS,
        "created": TIME,
        "owner": {**WORD, "description": "The id of the user whose it is, empty for the operator's."},
    }
)
EVENT = record(
    {
        "id": WORD,
        "number": {**COUNT, "description": "Grows; for `after`."},
        "alert_id": WORD,
        "ticker": WORD,
        "symbol": WORD,
        "price": {"type": ["number", "null"], "description": "The price, or the value of a study."},
        "value": {**WORD, "description": "The same as exact text."},
        "time": {**TIME, "description": "Of the tick, or the end of the bar."},
        "found": {**TIME, "description": "When it was noticed."},
        "late_s": {**NUMBER, "description": "Seconds by which the tick was late; 0 if it was not."},
        "title": WORD,
        "message": WORD,
        "may_differ": {**FLAG, "description": "Found while a bar formed: a replay may differ."},
    }
)
REHEARSAL = record(
    {
        "events": array(record({"symbol": WORD, "price": {"type": ["number", "null"]}, "value": WORD, "time": TIME})),
        "ticks": {**COUNT, "description": "Ticks that were looked at."},
    }
)
EVENT_COLUMNS = ("id", "alert_id", "ticker", "symbol", "price", "time", "found", "late_s", "title", "message")


def alert_json(alert: Alert) -> dict[str, Any]:
    """One alert."""
    return {
        "id": alert.id,
        "ticker": alert.ticker,
        "condition": alert.condition or alert.operator or str(alert.source.kind),
        "price": float(alert.values[0]) if alert.values else None,
        "state": str(alert.state),
        "why": alert.why,
        "symbols": list(alert.symbols),
        "text": condition_text(alert),
        "source": str(alert.source.kind),
        "values": {name: number_text(value) for name, value in zip(value_names(alert), alert.values, strict=True)},
        "frequency": str(alert.frequency),
        "cooldown_s": alert.cooldown / 1e9,
        "interval": alert.frame.name,
        "intrabar": alert.intrabar,
        "expires": _time(alert.expires),
        "snoozed_until": _time(alert.snoozed),
        "note": alert.note,
        "message": alert.message,
        "targets": list(alert.targets),
        "created": time_text(alert.created),
        "owner": alert.owner,
    }


def event_json(number: int, event: AlertEvent) -> dict[str, Any]:
    """One event, with its number in the list of all."""
    return {"number": number, **fired_json(event)}


def fired_json(event: AlertEvent) -> dict[str, Any]:
    """One event as it fires."""
    return {
        "id": event.id,
        "alert_id": event.alert_id,
        "ticker": event.ticker,
        "symbol": event.symbol,
        "price": _number(event.value),
        "value": event.value,
        "time": time_text(event.time),
        "found": time_text(event.found),
        "late_s": event.late_s,
        "title": event.title,
        "message": event.message,
        "may_differ": event.may_differ,
    }


def rehearsal_json(found: Sequence[Rehearsed], ticks: int) -> dict[str, Any]:
    """What an alert would have done."""
    events = [
        {"symbol": e.symbol, "price": _number(e.value), "value": e.value, "time": time_text(e.time)} for e in found
    ]
    return {"events": events, "ticks": ticks}


def events_csv(rows: Sequence[dict[str, Any]]) -> str:
    """Events as CSV. Text that a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(EVENT_COLUMNS)
    writer.writerows([_cell(row[name]) for name in EVENT_COLUMNS] for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    return escape_formula(value) if isinstance(value, str) else value


def _time(ns: int | None) -> str | None:
    return None if ns is None else time_text(ns)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
