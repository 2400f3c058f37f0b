"""Reads single values that a browser sent to a callback: anything may be sent in their place."""

from __future__ import annotations

from typing import Any

LONGEST = 18
"""Digits of the longest number that is read."""


def whole(given: Any, most: int = 10**LONGEST - 1) -> int | None:
    """A whole number from 0 to `most`, given as such or as ASCII digits; None for anything else."""
    if isinstance(given, str) and given.isascii() and given.isdecimal() and len(given) <= LONGEST:
        given = int(given)
    plain = isinstance(given, int) and not isinstance(given, bool)
    return given if plain and 0 <= given <= most else None
