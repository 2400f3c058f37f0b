"""Exceptions of the parsing paths. Only `TakesLong` leaves `orderflow.formats`.

`ParseError` reports one bad cell or row, with the message for its sender. `NotVectorizable` is not an error in the
data: it sends a chunk from the fast path to the row path.
"""

from __future__ import annotations

import re
from typing import Any

_SHOWN = 40
_QUOTED = re.compile(r"^(?:'(?:[^'\\]|\\.)*'|-?[0-9][0-9.eE+-]*) ")


class ParseError(ValueError):
    """A cell or row that cannot be accepted; `str(error)` says why and what is expected."""


class NotVectorizable(Exception):
    """Raised by the fast path for rows that only the row path can parse."""


class TakesLong(Exception):
    """Raised in a quick parse (see `ParseContext.quick`) by all that can take more than a few milliseconds."""


class NumberText(str):
    """The text of a JSON number as written; the class tells it from a JSON string."""

    __slots__ = ()


def shown(value: Any) -> str:
    """A value for error messages: strings quoted, long ones cut, containers by their type only."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array"
    text = str(value)
    if len(text) > _SHOWN:
        text = text[:_SHOWN] + "…"
    return text if isinstance(value, (NumberText, int, float)) else repr(text)


def kind(reason: str) -> str:
    """The reason without the offending value, so that equal errors can be counted together."""
    return _QUOTED.sub("", reason)
