"""What a new password must be, by NIST SP 800-63B: long enough, and not one that others try first. No other rules."""

from __future__ import annotations

import re
from collections.abc import Iterable

from orderflow.accounts.common_passwords import is_common
from orderflow.accounts.identity import refused
from orderflow.accounts.passwords import LONGEST, normalized

LEAST = 15
"""Characters of a password that is all that is asked for."""
LEAST_WITH_SECOND = 8
"""Characters of a password if a second factor is asked for too."""
CONTEXT = ("orderflow",)
"""Words of this program, which may be no more of a password than the user's own names."""
SHORTEST_WORD = 4
"""Characters of a name from which on it may not be most of a password."""


def check_password(password: str, names: Iterable[str] = (), *, least: int = LEAST, field: str = "password") -> None:
    """Raises BadInput, which says what is wrong and does not repeat the password. names: of its user."""
    text = normalized(password)
    if len(text) < least:
        raise refused(field, f"must have at least {least} characters; several words are easy to remember")
    if len(password) > LONGEST:
        raise refused(field, f"must have at most {LONGEST} characters")
    if "\0" in text:
        raise refused(field, "must not contain a null character")
    plain = text.casefold()
    if len(set(plain)) < 4:
        raise refused(field, "is one that is tried first: it repeats a few characters")
    if is_common(plain) or is_common(re.sub(r"[\s._-]", "", plain)):
        raise refused(field, "is one that is tried first: it is on the list of common passwords")
    for name in (*CONTEXT, *names):
        word = name.casefold()
        if len(word) >= SHORTEST_WORD and len(plain.replace(word, "")) < least // 2:
            raise refused(field, "is one that is tried first: it is made of your names or this program's")


def check_alone(password: str) -> None:
    """Raises BadInput if a password that a user has is too short without a second factor."""
    if len(normalized(password)) < LEAST:
        raise refused("password", f"has less than {LEAST} characters: change it before the last second factor goes")
