"""Rate limit by request weight per client address and clock minute.

Above the limit, calls get 429 until the minute ends. A client that keeps calling is banned (418), first for two
minutes, then twice as long each time, up to three days.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass

from orderflow.exchange.dialect import MS, Refusal, banned, too_much_weight
from orderflow.runtime.workers import plain_lock

MAX_STRIKES = 10
"""Number of 429 responses within a minute before a ban."""
FIRST_BAN, LONGEST_BAN = 120, 3 * 86_400
REMEMBERED = 10_000
"""Addresses kept; the least recently used one is dropped."""


@dataclass(slots=True)
class _Account:
    minute: int = -1
    used: int = 0
    strikes: int = 0
    bans: int = 0
    free: float = 0.0


class Limits:
    """Weight used by each address, and its bans."""

    def __init__(self) -> None:
        self._accounts: OrderedDict[str, _Account] = OrderedDict()
        self._lock = plain_lock()

    def charge(self, address: str, weight: int, limit: int, now: int, monotonic: float) -> tuple[int, Refusal | None]:
        """Charge a call. Returns (weight used in this minute, the error if the call is refused).

        now: wall clock in ns, for the minutes. monotonic: seconds, for the bans, which no jump of the clock prolongs.
        """
        ms = now // MS
        with self._lock:
            account = self._accounts.setdefault(address, _Account())
            self._accounts.move_to_end(address)
            if len(self._accounts) > REMEMBERED:
                self._accounts.popitem(last=False)
            if (left := account.free - monotonic) > 0:
                return account.used, banned(ms + round(left * 1000), math.ceil(left))
            if account.minute != ms // 60_000:
                account.minute, account.used, account.strikes = ms // 60_000, 0, 0
            account.used += weight
            if account.used <= limit:
                return account.used, None
            account.strikes += 1
            if account.strikes <= MAX_STRIKES:
                return account.used, too_much_weight(limit, 60 - ms // 1000 % 60)
            seconds = min(FIRST_BAN * 2**account.bans, LONGEST_BAN)
            account.bans = min(account.bans + 1, 20)
            account.free = monotonic + seconds
            return account.used, banned(ms + seconds * 1000, seconds)

    def forget(self) -> None:
        """Forget all usage and bans."""
        with self._lock:
            self._accounts.clear()
