"""Parameters of routes: one declaration both parses and documents them.

A `Param` has a name, a place, a JSON schema for the OpenAPI document and a parser for the server. Invalid and unknown
parameters are errors that name the parameter; none is ignored.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from orderflow.errors import BadInput, FieldError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_NS = 2**63 - 1
MAX_PARAMS = 50
"""Maximum number of query parameters in one request."""


@dataclass(frozen=True, slots=True)
class ParamError(FieldError):
    """A `FieldError` outside the body: `place` is query, path or header."""

    place: str = "query"

    @property
    def loc(self) -> list[str | int]:
        return [self.place, self.field or ""]


@dataclass(frozen=True)
class Param:
    """One parameter. `read` parses its text, or raises ValueError with a message such as "must be 1 to 9"."""

    name: str
    doc: str
    schema: Mapping[str, Any]
    read: Callable[[str], Any]
    place: str = "query"
    default: Any = None
    required: bool = False


def text(
    name: str, doc: str, *, place: str = "query", default: str | None = None, longest: int = 200, pattern: str = ""
) -> Param:
    """A parameter of printable text, which may have to match a regular expression."""

    def read(value: str) -> str:
        if not value or len(value) > longest or not value.isprintable():
            raise ValueError(f"must be 1 to {longest} visible characters")
        if pattern and not re.fullmatch(pattern, value):
            raise ValueError(f"must match {pattern}")
        return value

    schema: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": longest}
    if pattern:
        schema["pattern"] = f"^{pattern.removeprefix('^').removesuffix('$')}$"
    if default is not None:
        schema["default"] = default
    return Param(name, doc, schema, read, place, default, place == "path")


def choice(name: str, doc: str, words: Iterable[str], *, default: str) -> Param:
    """A parameter with a fixed set of values."""
    known = tuple(words)

    def read(value: str) -> str:
        if value not in known:
            raise ValueError(f"must be one of {', '.join(known)}")
        return value

    return Param(name, doc, {"type": "string", "enum": list(known), "default": default}, read, default=default)


def integer(name: str, doc: str, low: int, high: int, *, default: int | None = None) -> Param:
    """A parameter that is a whole number from `low` to `high`."""

    def read(value: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", value) or not low <= int(value) <= high:
            raise ValueError(f"must be a whole number from {low:,} to {high:,}")
        return int(value)

    schema: dict[str, Any] = {"type": "integer", "minimum": low, "maximum": high}
    if default is not None:
        schema["default"] = default
    return Param(name, doc, schema, read, default=default)


def moment(name: str, doc: str) -> Param:
    """A time parameter: ISO-8601 (UTC without a zone), or a Unix time in s, ms, µs or ns, detected from its size."""
    schema = {
        "anyOf": [{"type": "string", "format": "date-time"}, {"type": "integer", "minimum": 0, "maximum": LAST_NS}],
        "examples": ["2025-10-09T18:00:00Z"],
    }
    return Param(name, f"{doc} ISO-8601 (without a zone: UTC), or a Unix time in s, ms, µs or ns.", schema, read_time)


def read_time(value: str) -> int:
    """ns since 1970 (fits int64) from ISO-8601 text or a Unix time. Raises ValueError."""
    value = value.strip()
    if re.fullmatch(r"[0-9]{1,19}", value):
        number = int(value)
        for bound, scale in ((10**11, 10**9), (10**14, 10**6), (10**17, 10**3)):
            if number < bound:
                return _bounded(number * scale)
        return _bounded(number)
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?)(?:\.(\d{1,9}))?(Z|[+ -]\d\d:?\d\d)?", value)
    try:
        if not match:
            raise ValueError
        # a plus sign that was not percent-encoded arrives as a space
        zone = (match[3] or "+00:00").replace("Z", "+00:00").replace(" ", "+")
        when = datetime.fromisoformat(match[1] + (zone if len(match[1]) > 10 else "T00:00" + zone))
    except ValueError as error:
        raise ValueError("must be an ISO-8601 time like 2025-10-09T18:00:00Z, or a Unix time") from error
    seconds = (when - EPOCH) // timedelta(seconds=1)
    return _bounded(seconds * 10**9 + int((match[2] or "").ljust(9, "0")))


def _bounded(ns: int) -> int:
    if not 0 <= ns <= LAST_NS:
        raise ValueError("must be between the years 1970 and 2262")
    return ns


def too_many_params() -> BadInput:
    return BadInput(f"the URL has more than {MAX_PARAMS} query parameters")


def read_params(params: Iterable[Param], query: Iterable[tuple[str, str]], other: Mapping[str, str]) -> dict[str, Any]:
    """The values of all parameters by name, with defaults.

    query: the pairs of the query string. other: path and header values by name. Raises BadInput, which lists every
    invalid, missing, repeated or unknown parameter, or says that there are more than MAX_PARAMS.
    """
    query = tuple(query)
    if len(query) > MAX_PARAMS:
        raise too_many_params()
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    given: dict[str, str] = {}
    for name, value in query:
        if name in given:
            errors.append(ParamError(None, name, "is given twice"))
        given[name] = value
    known = []
    for param in params:
        if param.place == "query":
            known.append(param.name)
        raw = given.pop(param.name, None) if param.place == "query" else other.get(param.name)
        if raw is None:
            values[param.name] = param.default
            if param.required:
                errors.append(ParamError(None, param.name, "is missing", place=param.place))
            continue
        try:
            values[param.name] = param.read(raw)
        except ValueError as error:
            errors.append(ParamError(None, param.name, str(error), place=param.place))
    for name in given:
        near = difflib.get_close_matches(name, known, 1)
        hint = f": did you mean {near[0]!r}?" if near else f"; known here: {', '.join(known) or 'none'}"
        errors.append(ParamError(None, name, f"is not a parameter of this address{hint}"))
    if errors:
        first = errors[0]
        raise BadInput(f"{first.loc[0]} parameter {str(first.field)[:100]!r} {first.reason}", errors)
    return values
