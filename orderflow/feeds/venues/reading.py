"""What the dialects read alike: JSON that may be anything, times, ids and sides."""

from __future__ import annotations

import re
from calendar import timegm
from typing import TypeVar

import msgspec
import numpy as np

from orderflow.feeds.venues.venue import BadMessage
from orderflow.formats.parsing.words import hashed

T = TypeVar("T")

MS = 1_000_000
"""Nanoseconds in a millisecond."""
SECOND = 10**9
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z")


def decode(decoder: msgspec.json.Decoder[T], data: str | bytes, what: str) -> T:
    """Decode JSON. what: "a message of Kraken". Raises BadMessage."""
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadMessage(f"{what} cannot be read: {error}") from error


def time_of(text: str) -> int:
    """ns UTC of an RFC 3339 time in UTC, exactly. Raises BadMessage."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise BadMessage(f"{text[:60]!r} is not a time")
    return timegm(tuple(int(part) for part in match.groups()[:6])) * SECOND + int((match[7] or "").ljust(9, "0"))


def milliseconds(text: str) -> int:
    """ns UTC of a text of milliseconds. Raises BadMessage."""
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise BadMessage(f"{text[:60]!r} is not a time in milliseconds")
    return int(text) * MS


def id_of(text: str) -> int:
    """A venue's id: whole numbers as they are, other texts as negative hashes."""
    if text.isascii() and text.isdigit() and len(text) <= 18:
        return int(text)
    return int(hashed(np.array([text], object))[0])


def taker_side(word: str) -> int:
    """The aggressor's side of the words buy and sell in any case; 0 for another word."""
    return {"buy": 1, "sell": -1}.get(word.lower(), 0)
