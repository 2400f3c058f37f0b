"""Fields of an alert as they are sent: each is checked, and an error names it in one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from orderflow.errors import BadInput, FieldError
from orderflow.market.decimals import decimal_units
from orderflow.market.grid import MAX_LEVEL, Grid
from orderflow.tickers.alerts.messages import NAMES, unknown_names

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_TEXT = 1_000
MOST_SYMBOLS = 100
DAY_S = 86_400


def wrong(field: str, reason: str) -> BadInput:
    """The error for one field."""
    return BadInput(f"{field}: {reason}", [FieldError(None, field, reason)])


def number(body: Mapping[str, Any], field: str) -> Fraction:
    """A finite decimal number, exact. Raises BadInput."""
    value = body.get(field)
    if value is None or value == "":
        raise wrong(field, "is missing")
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise wrong(field, f"{value!r} is not a number")
    text = repr(value) if isinstance(value, float) else str(value)
    try:
        units, decimals = decimal_units(text)
    except ValueError as error:
        raise wrong(field, str(error)) from error
    return Fraction(units, 10**decimals)


def price(body: Mapping[str, Any], field: str, grid: Grid | None, lowest: Fraction | None) -> Fraction:
    """A price that the symbol can have. grid: of its ticks; lowest: its least price so far; None without ticks."""
    found = number(body, field)
    if found <= 0 and (lowest is None or lowest > 0):
        raise wrong(field, "must be above 0, as every price of the symbol so far")
    if grid is not None and grid.tick_units and found * 10**grid.price_decimals / grid.tick_units > MAX_LEVEL:
        raise wrong(field, f"is beyond {MAX_LEVEL} ticks of {grid.tick_text}, the most that the symbol's grid holds")
    return found


def text(body: Mapping[str, Any], field: str, longest: int = LONGEST_TEXT) -> str:
    """Text of at most `longest` characters; "" if it is not given."""
    value = body.get(field)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > longest:
        raise wrong(field, f"is not text of at most {longest} characters")
    if not all(sign.isprintable() or sign in "\n\t" for sign in value):
        raise wrong(field, "has characters that cannot be shown")
    return value


def template(body: Mapping[str, Any], field: str) -> str:
    """A message template."""
    value = text(body, field)
    if unknown := unknown_names(value):
        known = ", ".join(f"{{{{{name}}}}}" for name in NAMES)
        raise wrong(field, f"{unknown[0]!r} is not known in a template; there are {known}")
    return value


def word(body: Mapping[str, Any], field: str, known: Sequence[str], default: str | None = None) -> str:
    """One of the known words."""
    value = body.get(field, default)
    if value is None:
        raise wrong(field, "is missing")
    if not isinstance(value, str) or value not in known:
        raise wrong(field, f"{value!r} is not one of {', '.join(filter(None, known))}")
    return value


def flag(body: Mapping[str, Any], field: str) -> bool:
    """True or false, by default false."""
    value = body.get(field, False)
    if not isinstance(value, bool):
        raise wrong(field, f"{value!r} is not true or false")
    return value


def seconds(body: Mapping[str, Any], field: str, default: int, least: int, most: int = 30 * DAY_S) -> Fraction:
    """A duration."""
    value = number(body, field) if body.get(field) is not None else Fraction(default)
    if not least <= value <= most:
        raise wrong(field, f"must be from {least} to {most} seconds")
    return value


def words(body: Mapping[str, Any], field: str, most: int) -> tuple[str, ...]:
    """A list of words."""
    value = body.get(field) or ()
    if not isinstance(value, list | tuple) or not all(isinstance(each, str | int) for each in value):
        raise wrong(field, "is not a list")
    if len(value) > most:
        raise wrong(field, f"has more than {most} entries")
    return tuple(dict.fromkeys(str(each) for each in value))


def moment(body: Mapping[str, Any], field: str, now: int) -> int | None:
    """A time after now, in ns since 1970 UTC, from ISO-8601 text (UTC without a zone); None if it is not given."""
    value = body.get(field)
    if value is None:
        return None
    try:
        when = datetime.fromisoformat(value)
        when = when if when.tzinfo is not None else when.replace(tzinfo=UTC)
        found = (when - EPOCH) // timedelta(microseconds=1) * 1_000
    except (TypeError, ValueError, OverflowError) as error:
        raise wrong(field, f"{value!r} is not an ISO-8601 time like 2026-10-09T18:00:00Z") from error
    if found <= now:
        raise wrong(field, f"{value} is in the past")
    if found >= 2**62:
        raise wrong(field, f"{value} is after the year 2100")
    return found


def refuse_unknown(body: Mapping[str, Any], known: Sequence[str]) -> None:
    """Raise BadInput if a field is not one of the known ones."""
    for field in body:
        if field not in known:
            raise wrong(str(field)[:50], f"is not a field of an alert; there are {', '.join(known)}")
