"""Parsers of setting values, one function per kind of value.

Each raises ValueError, TypeError or KeyError, which `orderflow.settings.load` turns into the error for the user.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

EMAIL = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?"
"""An e-mail address without a name, quotes and comments."""


def integer(low: int, high: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        number = value if isinstance(value, int) and not isinstance(value, bool) else int(str(value).replace("_", ""))
        if not low <= number <= high:
            raise ValueError
        return number

    return read


def boolean(value: Any) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    return words[str(value).strip().lower()]


def text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value.strip()


def folder(value: Any) -> Path:
    return Path(text(str(value)))


def host(value: Any) -> str:
    name = text(value)
    if not re.fullmatch(r"[A-Za-z0-9.:_%-]+", name):
        raise ValueError
    return name


def key(value: Any) -> str:
    secret = text(value)
    if len(secret) < 8 or not re.fullmatch(r"[!-~]+", secret):
        raise ValueError
    return secret


def size(value: Any) -> int:
    match = re.fullmatch(r"\s*(\d+)\s*(b|k|kb|kib|m|mb|mib)?\s*", str(value), re.IGNORECASE)
    if not match:
        raise ValueError
    unit = (match[2] or "b").lower()
    number = int(match[1]) * {"b": 1, "k": 2**10, "m": 2**20}[unit[0]]
    if not 2**10 <= number <= 2**30:
        raise ValueError
    return number


def velocity(value: Any) -> float:
    number = float("inf") if str(value).strip().lower() == "max" else float(value)
    if not number > 0:
        raise ValueError
    return number


def level(value: Any) -> str:
    text = str(value).strip().upper()
    if text not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
        raise ValueError
    return text


def listed(value: Any) -> list[str]:
    if isinstance(value, str):
        value = json.loads(value) if value.lstrip().startswith("[") else value.split(",")
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ValueError
    return [item.strip() for item in value if item.strip()]


def origin(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/") or parts.query:
        raise ValueError
    return f"{parts.scheme}://{parts.netloc}".lower()


def base_url(*schemes: str) -> Callable[[Any], str]:
    """Make a parser of URLs of these schemes, with or without a path; a slash at the end is dropped."""

    def read(value: Any) -> str:
        url = text(value).rstrip("/")
        parts = urlsplit(url)
        if parts.scheme not in schemes or not parts.hostname or parts.query or parts.fragment or parts.username:
            raise ValueError
        return url

    return read


def origins(value: Any) -> tuple[str, ...]:
    return tuple("*" if item == "*" else origin(item) for item in listed(value))


def smtp_url(value: Any) -> str:
    """smtp:// or smtps:// with a host; ?from= and ?tls=none or starttls are all that may follow."""
    url = text(value)
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query), keep_blank_values=True))
    sender = query.get("from", unquote(parts.username or ""))
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/") or parts.fragment:
        raise ValueError
    if not url.isprintable() or parts.port == 0 or not set(query) <= {"from", "tls"}:
        raise ValueError
    if query.get("tls", "starttls") not in ("starttls", "none") or not re.fullmatch(EMAIL, sender):
        raise ValueError
    return url


def hosts(value: Any) -> tuple[str, ...]:
    return tuple(host(item).lower() for item in listed(value))


def number(low: float, high: float) -> Callable[[Any], float]:
    """Make a parser of finite numbers in [low, high]."""

    def read(value: Any) -> float:
        found = float(value)
        if isinstance(value, bool) or not low <= found <= high:
            raise ValueError
        return found

    return read


def word(*words: str) -> Callable[[Any], str]:
    """Make a parser of these words."""

    def read(value: Any) -> str:
        found = str(value).strip().lower()
        if found not in words:
            raise ValueError
        return found

    return read


def prefix(value: Any) -> str:
    """A path that begins with a slash and does not end in one; "" and "/" mean the root."""
    path = str(value).strip().rstrip("/")
    if not re.fullmatch(r"(/[A-Za-z0-9._-]+)*", path):
        raise ValueError
    return path


def step(value: Any) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError from error
    if not (number.is_finite() and number > 0):
        raise ValueError
    return number


def session(value: Any) -> str:
    zone, _, start = text(value).rpartition(" ")
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", start):
        raise ValueError
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError from error
    return f"{zone} {start}"
