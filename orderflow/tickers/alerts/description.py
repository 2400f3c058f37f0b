"""Alerts and events in words."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from orderflow.tickers.alerts.alert import Alert, Kind
from orderflow.tickers.alerts.footprint_marks import MARKS
from orderflow.tickers.alerts.messages import fill, time_text
from orderflow.tickers.alerts.operators.registry import OPERATORS


def number_text(value: Fraction) -> str:
    """A number that came from decimal text, as such."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return f"{exact.normalize():f}"


def condition_text(alert: Alert) -> str:
    """What the alert waits for: "Crossing up 100", "1min cvd close greater than 5", "Absorption on 1min"."""
    source = alert.source
    if source.kind is Kind.EVENT:
        side = f" ({source.column})" if source.column else ""
        return f"{MARKS[source.name].title}{side} on {alert.frame.name}"
    if source.kind is Kind.FEED:
        return f"No ticks for {source.seconds} s"
    if source.kind is Kind.DELIVERY:
        return "Delivery is failing"
    operator = OPERATORS[alert.operator]
    unit = " %" if operator.values == ("percent",) else ""
    values = f"{operator.title} {' to '.join(map(number_text, alert.values))}".removesuffix(" ")
    values = values.replace(" % ", " ") + unit
    if source.kind is Kind.STUDY:
        return f"{alert.frame.name} {source.name} {source.column}: {values}"
    return values


def inside(words: str) -> str:
    """Words as they stand inside a sentence: with a small letter at first."""
    return words[:1].lower() + words[1:]


def message_of(alert: Alert, ticker: str, value: str, time: int) -> str:
    """The message of an event: the alert's template, or one sentence."""
    if not alert.message:
        note = f" ({alert.note})" if alert.note else ""
        return f"{ticker} {inside(condition_text(alert))}: {value}{note}"
    values = {"ticker": ticker, "price": value, "time": time_text(time), "interval": alert.frame.name}
    return fill(alert.message, values | {"note": alert.note})
