"""Names of sessions: when one began, for people, and its number, for the order.

The order of sessions does not depend on the clock, which may have jumped between two of them. Names of older versions
have no number: they come before all others, in the order of their text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from orderflow.herd.rules.seeded_random import seeded_int

_NUMBERED = re.compile(r"\d+-\d+-[0-9a-f]+-(\d{1,9})")


def session_name(number: int, t: int, seed: int) -> str:
    """A name such as "20261118-093000-4f00a1-12" for session 12, begun at `t` (ns)."""
    suffix = f"{t % 10**9 * 16**4 // 10**9:04x}{seeded_int(seed, 'session', t, below=256):02x}"
    return f"{datetime.fromtimestamp(t // 10**9, UTC):%Y%m%d-%H%M%S}-{suffix}-{number}"


def session_number(name: str) -> int:
    """The number in a name; 0 for a name of an older version."""
    found = _NUMBERED.fullmatch(name)
    return int(found[1]) if found else 0


def session_order(name: str) -> tuple[int, str]:
    """Sort key of session names, oldest first."""
    return session_number(name), name


def next_number(names: Iterable[str]) -> int:
    """The number of the session that follows these."""
    return max(map(session_number, names), default=0) + 1
