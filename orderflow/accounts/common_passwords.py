"""Passwords that are tried first: the 20,000 most common ones by Royce Williams, as Django has them (BSD licence).

Most are shorter than the 15 characters of a password here, so two of them in a row are refused as well: the list
catches `passwordpassword` and `qwerty1234567890`.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

LIST = Path(__file__).with_name("common_passwords.txt.gz")
SHORTEST = 4
"""Characters of a common password from which on it counts as half of another one."""


@lru_cache(maxsize=1)
def common_passwords() -> frozenset[str]:
    """All of them, in small letters. Read once, in 10 ms."""
    return frozenset(filter(None, gzip.decompress(LIST.read_bytes()).decode("utf-8").split("\n")))


def is_common(password: str) -> bool:
    """Whether a password (in small letters) is a common one, one of them twice or more, or two of them in a row."""
    common = common_passwords()
    if password in common:
        return True
    cuts = range(SHORTEST, len(password) - SHORTEST + 1)
    if any(password[:cut] in common and password[cut:] in common for cut in cuts):
        return True
    sizes = range(SHORTEST, len(password) // 2 + 1)
    return any(repeats(password, size) and password[:size] in common for size in sizes)


def repeats(text: str, size: int) -> bool:
    """Whether a text is its first `size` characters again and again."""
    return text[size:] == text[:-size]
