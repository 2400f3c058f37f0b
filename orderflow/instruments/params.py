"""Parameters of arrival laws, trade flow and the order book: described once, checked and documented from there.

A parameter says its range, its unit and its meaning; `checked` completes and checks a set of values and names every
one that is wrong. What the values do is the business of the law that lists them.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orderflow.errors import BadInput, FieldError

LONGEST_SHOWN, MOST_SHOWN, MOST_COMPARED = 60, 12, 1_000
"""Characters of a value, and known words, that a sentence shows; known words it is compared with."""


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter: low <= value <= high, without the ends where `low_open` or `high_open` say so."""

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
        """Why the value cannot be, or None."""
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
    """A value as a sentence shows it: short, whatever somebody sent."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def near(word: str, known: Iterable[str]) -> str:
    """The end of a sentence that refuses `word`: the known word that was likely meant, or those that are known."""
    words = list(known)
    found = difflib.get_close_matches(word[:LONGEST_SHOWN], words[:MOST_COMPARED], 1)
    if found:
        return f"did you mean {found[0]!r}?"
    more = f" and {len(words) - MOST_SHOWN} more" if len(words) > MOST_SHOWN else ""
    return f"there are {', '.join(words[:MOST_SHOWN]) or 'none'}{more}"


def checked(owner: str, params: Iterable[Param], values: Mapping[str, float]) -> dict[str, float]:
    """All parameters as floats, the missing ones by default.

    Raises BadInput that names `owner` and has a FieldError for every wrong or unknown parameter.
    """
    known = {param.name: param for param in params}
    errors = [
        FieldError(None, name, f"is no parameter of {owner}: {near(name, known)}")
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
