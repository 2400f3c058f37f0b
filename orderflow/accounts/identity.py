"""How users are named: nicknames and e-mail addresses, as shown and as compared."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from email_validator import EmailNotValidError, validate_email

from orderflow.errors import BadInput, FieldError

LOCAL_USER = "local"
"""The user of a server without logins: whoever may operate it."""
LONGEST_NICKNAME = 64
LONGEST_EMAIL = 1_000
"""Characters of an e-mail address that are looked at; the longest valid one has 254."""


def refused(field: str, reason: str) -> BadInput:
    """One field is wrong. The message does not repeat its value."""
    return BadInput(f"{field} {reason}", [FieldError(None, field, reason)])


def read_all(*reads: Callable[[], str]) -> list[str]:
    """What all of them give. Raises BadInput with all that is wrong."""
    found: list[str] = []
    faults: list[BadInput] = []
    for read in reads:
        try:
            found.append(read())
        except BadInput as error:
            faults.append(error)
    if faults:
        raise BadInput(str(faults[0]), [each for error in faults for each in error.errors])
    return found


def read_text(given: Mapping[str, Any], field: str) -> str:
    """A field as text. Raises BadInput."""
    value = given.get(field)
    if not isinstance(value, str) or not value:
        raise refused(field, "is missing" if value in (None, "") else "must be text")
    return value


def read_nickname(given: Mapping[str, Any]) -> str:
    """A nickname: 1 to 64 visible characters. Raises BadInput."""
    name = " ".join(unicodedata.normalize("NFC", read_text(given, "nickname")).split())
    if not 1 <= len(name) <= LONGEST_NICKNAME or not name.isprintable():
        raise refused("nickname", f"must be 1 to {LONGEST_NICKNAME} visible characters")
    return name


def nickname_key(name: str) -> str:
    """A nickname as it is compared: without case, and look-alike forms of a letter are one."""
    return unicodedata.normalize("NFKC", name).casefold()[:200]


def read_email(given: Mapping[str, Any], field: str = "email") -> str:
    """An e-mail address. Raises BadInput. Nothing is asked of the network."""
    text = read_text(given, field)
    if len(text) > LONGEST_EMAIL:
        raise refused(field, "is not an e-mail address: it is too long")
    try:
        # addresses of a school's own network are as good as those of the internet
        found = validate_email(text.strip(), check_deliverability=False, globally_deliverable=False, strict=True)
    except EmailNotValidError as error:
        raise refused(field, f"is not an e-mail address: {error}") from None
    return found.normalized


def email_key(email: str) -> str:
    """An e-mail address as it is compared. One that cannot be read is its own key, which nobody has."""
    try:
        return read_email({"email": email}).casefold()[:254]
    except BadInput:
        return email[:LONGEST_EMAIL].strip().casefold()[:254]
