"""Limits of failed attempts: by account and address together, and by address alone.

Nobody can lock another out: what comes from one address counts for that address only. A success takes back what its
account and address have tried. Counters are in memory (`limits`), so a restart forgets them. The library's times are
those of the wall clock; what was counted moves with its jumps, so five minutes last five minutes.
"""

from __future__ import annotations

import hashlib
import ipaddress
import itertools
import math
import time

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from orderflow.errors import Busy
from orderflow.runtime.clock import JUMP, Clock, SystemClock, Timeline

PAIR = RateLimitItemPerMinute(5, 5)
"""Failures of one account from one address: 5 in 5 minutes."""
ADDRESS = RateLimitItemPerMinute(50, 5)
"""Failures of one address, whatever the accounts: a class behind one router has one address."""
REGISTRATIONS = RateLimitItemPerHour(300)
"""Accounts that are made from one address."""


class _Memory(MemoryStorage):
    """Expires entries when it is told to: the library starts a thread for that at every count."""

    def _MemoryStorage__schedule_expiry(self) -> None:  # the name that Python gives a private method
        pass

    def sweep(self) -> None:
        self._MemoryStorage__expire_events()  # type: ignore[attr-defined]  # a private method, as above
        for key in [key for key, events in self.events.items() if not events]:
            self.clear(key)

    def shift(self, seconds: float) -> None:
        for entry in itertools.chain.from_iterable(self.events.values()):
            entry.atime += seconds
            entry.expiry += seconds


class Attempts:
    """Counts attempts. Every method is for the thread of the server's event loop."""

    def __init__(
        self, pair: RateLimitItem = PAIR, address: RateLimitItem = ADDRESS, clock: Clock | None = None
    ) -> None:
        self._clock = clock or SystemClock()
        self._time = Timeline(self._clock)
        self._storage = _Memory()
        self._limiter = MovingWindowRateLimiter(self._storage)
        self._pair, self._address = pair, address

    def check(self, what: str, account: str, address: str) -> None:
        """Raises Busy if an attempt would be one too many, and counts none."""
        self._follow_clock()
        where = place(address)
        if not self._limiter.test(self._address, what, where):
            raise self._busy(self._address, what, where)
        if account and not self._limiter.test(self._pair, what, _short(account), where):
            raise self._busy(self._pair, what, _short(account), where)

    def begin(self, what: str, account: str, address: str) -> None:
        """Count an attempt. Raises Busy if there were too many that failed. what: of which kind, such as "login".

        account: "" for what names none; only the failures of the address count then.
        """
        self.check(what, account, address)
        if account:
            self._limiter.hit(self._pair, what, _short(account), place(address))

    def register(self, address: str) -> None:
        """Count an account that is made. Raises Busy if its address made too many."""
        self._follow_clock()
        if not self._limiter.hit(REGISTRATIONS, "register", place(address)):
            raise self._busy(REGISTRATIONS, "register", place(address))

    def failed(self, what: str, address: str) -> None:
        """The attempt failed."""
        self._limiter.hit(self._address, what, place(address))

    def succeeded(self, what: str, account: str, address: str) -> None:
        """The attempt was right: earlier failures of this account from this address count no more."""
        self._limiter.clear(self._pair, what, _short(account), place(address))

    def sweep(self) -> None:
        """Forget what is too old to count."""
        self._follow_clock()
        self._storage.sweep()

    def _follow_clock(self) -> None:
        jump = self._time.ahead()
        if abs(jump) >= JUMP:
            self._storage.shift(jump / 1e9)
            self._time.begin(self._clock.now())

    def _busy(self, item: RateLimitItem, *names: str) -> Busy:
        wait = self._limiter.get_window_stats(item, *names).reset_time - time.time()
        return Busy("too many attempts from your address; try again later", max(1, math.ceil(wait)))


def place(address: str) -> str:
    """An address as it is counted: of IPv6 the network of 64 bits, which is what one customer has."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if found.version == 6:
        return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)).network_address)
    return str(found)


def _short(account: str) -> str:
    """An account's name in the storage: of one length, and without the character that joins names there."""
    return hashlib.sha256(account.encode(errors="surrogatepass")).hexdigest()[:32]
