"""Request weight, counted by client address in minutes of the clock, and what becomes of those who take too much.

Beyond the limit every call is answered 429 until the minute is over; one who goes on calling is banned (418), for two
minutes at first and twice as long each further time, up to three days.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from orderflow.exchange.dialect import MS, Refusal, banned, too_much_weight
from orderflow.runtime.workers import plain_lock

PATIENCE = 10
"""Calls answered 429 within a minute before the ban."""
FIRST_BAN, LONGEST_BAN = 120, 3 * 86_400
REMEMBERED = 10_000
"""Addresses."""


@dataclass(slots=True)
class _Account:
    minute: int = -1
    used: int = 0
    strikes: int = 0
    bans: int = 0
    free: int = 0


class Limits:
    """What each address has used. weight: allowed in a minute."""

    def __init__(self) -> None:
        self._accounts: OrderedDict[str, _Account] = OrderedDict()
        self._lock = plain_lock()

    def charge(self, address: str, weight: int, limit: int, now: int) -> tuple[int, Refusal | None]:
        """(weight used in this minute, the refusal if the call may not be made). now: ns."""
        ms = now // MS
        with self._lock:
            account = self._accounts.setdefault(address, _Account())
            self._accounts.move_to_end(address)
            if len(self._accounts) > REMEMBERED:
                self._accounts.popitem(last=False)
            if account.free > ms:
                return account.used, banned(account.free, -(-(account.free - ms) // 1000))
            if account.minute != ms // 60_000:
                account.minute, account.used, account.strikes = ms // 60_000, 0, 0
            account.used += weight
            if account.used <= limit:
                return account.used, None
            account.strikes += 1
            if account.strikes <= PATIENCE:
                return account.used, too_much_weight(limit, 60 - ms // 1000 % 60)
            seconds = min(FIRST_BAN * 2**account.bans, LONGEST_BAN)
            account.bans = min(account.bans + 1, 20)
            account.free = ms + seconds * 1000
            return account.used, banned(account.free, seconds)

    def forget(self) -> None:
        """Everybody begins anew."""
        with self._lock:
            self._accounts.clear()
