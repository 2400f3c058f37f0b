"""Parameters of arrival laws, trade flow and the order book, described once for checks and documentation.

A parameter has a range, a unit and a meaning; `checked` completes a set of values and reports every wrong one. The
effect of a value is defined by the law that lists the parameter.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orderflow.errors import BadInput, FieldError

LONGEST_SHOWN, MAX_SHOWN, MAX_COMPARED = 60, 12, 1_000
"""Limits of error messages: characters of a value, known words shown, known words compared with."""


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter: low <= value <= high, excluding the ends where `low_open` or `high_open` is set."""

    name: str
    default: float
    low: float
    high: float
    unit: str
    doc: str
    low_open: bool = False
    high_open: bool = False

    @property
    def allowed(self) -> str:
        """The range in words."""
        low = f"above {_said(self.low)}" if self.low_open else f"at least {_said(self.low)}"
        high = f"below {_said(self.high)}" if self.high_open else f"at most {_said(self.high)}"
        return f"{low} and {high}"

    def wrong(self, value: object) -> str | None:
        """Why the value is not allowed, or None."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return f"{shown(value)} is not a number: it must be {self.allowed}"
        if abs(value) > 1e300 or not math.isfinite(value):
            return f"is not finite or far too large: it must be {self.allowed}"
        below = value <= self.low if self.low_open else value < self.low
        above = value >= self.high if self.high_open else value > self.high
        return f"{value:g} is not allowed: it must be {self.allowed}" if below or above else None


def _said(bound: float) -> str:
    return f"{bound:,.0f}" if 1e3 <= abs(bound) < 1e9 and bound == round(bound) else f"{bound:g}"


def shown(value: object) -> str:
    """A value for error messages, cut to a short text."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def near(word: str, known: Iterable[str]) -> str:
    """The end of an error message about `word`: the known word that was likely meant, or the list of known words."""
    words = list(known)
    found = difflib.get_close_matches(word[:LONGEST_SHOWN], words[:MAX_COMPARED], 1)
    if found:
        return f"did you mean {found[0]!r}?"
    more = f" and {len(words) - MAX_SHOWN} more" if len(words) > MAX_SHOWN else ""
    return f"there are {', '.join(words[:MAX_SHOWN]) or 'none'}{more}"


def checked(owner: str, params: Iterable[Param], values: Mapping[str, float]) -> dict[str, float]:
    """Complete the parameters with their defaults and return all as floats.

    Raises BadInput that names `owner` and has a FieldError for every wrong or unknown parameter.
    """
    known = {param.name: param for param in params}
    errors = [
        FieldError(None, name, f"is not a parameter of {owner}: {near(name, known)}")
        for name in values
        if name not in known
    ]
    for name, param in known.items():
        reason = param.wrong(values.get(name, param.default))
        if reason is not None:
            errors.append(FieldError(None, name, reason))
    if errors:
        raise refused(owner, errors)
    return {name: float(values.get(name, param.default)) for name, param in known.items()}


def refused(owner: str, errors: Iterable[FieldError]) -> BadInput:
    """The error for wrong parameters of `owner`: one sentence with all of them."""
    found = tuple(errors)
    return BadInput(f"{owner}: {'; '.join(f'{error.field} {error.reason}' for error in found)}", found)
