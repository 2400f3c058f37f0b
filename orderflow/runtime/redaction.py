"""Keeps keys out of the log, at every level and in tracebacks.

Addresses with `?key=` reach the log in many ways: a request line, a Referer or Location, the text of an exception, a
line of somebody else's library. So what is removed is decided where the log is written: `Redaction` wraps the
formatters of the log's handlers, and standard error, where gevent and Python print tracebacks.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from typing import Any, TextIO
from urllib.parse import quote, unquote

HIDDEN = "…"
ROUNDS = 3
"""How often a text may be percent-encoded."""
LONGEST = 4096
"""Characters of an encoded word that is looked into; to decode a longer one takes too long."""

SHORTEST = 4
"""Characters of a password that is looked for in the whole log."""

_EQUALS, _END = r"(?:=|%(?:25)*3d)", r"(?:(?!%(?:25)*(?:26|23|3b|20|22|27))[^&#;\s\"'<>,)\]}\\])+"
_KEY = re.compile(rf"(?<![A-Za-z0-9])((?:(?:orderflow_|api_)?key|password){_EQUALS}){_END}", re.IGNORECASE)
_USER = re.compile(r"(://[^\s:/@\"'<>]*:)[^\s/\"'<>]+(?=@)")
_BEARER = re.compile(r"\b(bearer\s+)[^\s\"',]+", re.IGNORECASE)
_TOKEN = re.compile(r"()(?<![\w-])eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*")
_PASSWORD = re.compile(r"[\w+]+://[^:/@]*:([^@]*)@")
"""As SQLAlchemy reads an address: the password may have a slash in it."""
_WORD = re.compile(r"[^\s\"'<>]+")


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without the values of `key=` and `password=`, passwords in addresses, bearer tokens, JSON Web Tokens and
    the secrets, percent-encoded ones too."""
    known = [secret for secret in secrets if secret]
    for secret in known:
        for form in {secret, quote(secret, safe="")}:
            text = text.replace(form, HIDDEN)
    for pattern in (_KEY, _USER, _BEARER, _TOKEN):
        text = pattern.sub(rf"\1{HIDDEN}", text)
    return _WORD.sub(lambda found: _decoded(found[0], known), text) if "%" in text else text


def passwords_of(address: str | None) -> list[str]:
    """The password in a database's address, as it stands there and decoded. One of few characters is left out: it would
    be found in many words."""
    match = _PASSWORD.match(address or "")
    found = match[1] if match else ""
    return [each for each in {found, unquote(found)} if len(each) >= SHORTEST]


def _decoded(word: str, known: list[str]) -> str:
    """An encoded word; without its query, or all of it, if it hides a key when it is decoded or is very long."""
    if "%" not in word:
        return word
    if len(word) > LONGEST:
        return HIDDEN
    plain = word
    for _ in range(ROUNDS):
        plain = unquote(plain)
        values = (found[0] for found in _KEY.finditer(plain))
        if any(not value.endswith(HIDDEN) for value in values) or any(secret in plain for secret in known):
            head, mark, _ = word.partition("?")
            return f"{head}{mark}{HIDDEN}" if mark and redact(head, known) == head else HIDDEN
    return word


class Redaction:
    """Removes keys from what is logged. secrets: called for the keys that are in use."""

    def __init__(self) -> None:
        self.secrets: Callable[[], Iterable[str]] = tuple

    def __call__(self, text: str) -> str:
        return redact(text, self.secrets())

    def install(self, handlers: Iterable[logging.Handler] | None = None) -> None:
        """Wrap the formatters of `handlers` (by default those of the root logger)."""
        for handler in logging.getLogger().handlers if handlers is None else handlers:
            handler.setFormatter(_Formatter(handler.formatter or logging.Formatter(), self))

    def stream(self, under: TextIO) -> Any:
        """A stream that writes to another one without keys."""
        return _Stream(under, self)


class _Formatter(logging.Formatter):
    def __init__(self, under: logging.Formatter, redaction: Redaction) -> None:
        super().__init__()
        self._under = under
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        return self._redaction(self._under.format(record))


class _Stream:
    def __init__(self, under: TextIO, redaction: Redaction) -> None:
        self._under = under
        self._redaction = redaction

    def __getattr__(self, name: str) -> Any:
        return getattr(self._under, name)

    def write(self, text: str) -> int:
        self._under.write(self._redaction(text))
        return len(text)
