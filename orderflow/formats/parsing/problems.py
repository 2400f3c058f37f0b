"""The two ways in which parsing says "not like this".

`Problem` is one cell's fault, with the sentence its sender reads. `Odd` is no fault: it only sends a chunk from the
fast path to the plain one. Neither leaves `orderflow.formats`.
"""

from __future__ import annotations

import re
from typing import Any

_SHOWN = 40
_QUOTED = re.compile(r"^(?:'(?:[^'\\]|\\.)*'|-?[0-9][0-9.eE+-]*) ")


class Problem(ValueError):
    """A cell or row that cannot be accepted; `str(problem)` says why and what would be right."""


class Odd(Exception):
    """Something that the fast path leaves to the plain path."""


class NumberText(str):
    """The text of a JSON number, kept as it was written: told from a JSON string by its class."""

    __slots__ = ()


def shown(value: Any) -> str:
    """A value as a message shows it: strings quoted, long ones cut, containers by their kind only."""
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
    """The reason without the offending value, so that equal faults can be counted together."""
    return _QUOTED.sub("", reason)
