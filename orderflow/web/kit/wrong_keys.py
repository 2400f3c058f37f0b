"""Slows those who try keys: after a few wrong ones, an address may try one more only every few seconds.

An attempt beyond the limit is refused whether it is right or not, or else guessing would go on at full speed. That does
not hold for an address from which the right key has come before, nor for a key too long to guess (`access`): so the
operator is not locked out by what others do. Addresses are told apart together with the name by which the server was
called: behind a tunnel everybody has the same address, but the operator can still use the machine's own name.
"""

from __future__ import annotations

import ipaddress
import logging
from collections import OrderedDict
from dataclasses import dataclass

from orderflow.errors import Busy
from orderflow.runtime.log_limit import LIMITED

BURST = 10
"""Wrong keys at once."""
SECONDS = 3.0
"""Seconds after which one more is allowed."""
REMEMBERED = 2_000
"""Addresses with wrong keys that are remembered; the one that was heard of longest ago is forgotten."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Tries:
    """left: at the time `at` (monotonic s). count: wrong keys so far, those that were not compared too."""

    left: float
    at: float
    count: int = 0


class WrongKeys:
    """Wrong keys by (address, name of the server). count: all of them."""

    def __init__(self) -> None:
        self._tries: OrderedDict[tuple[str, str], _Tries] = OrderedDict()
        self._trusted: OrderedDict[tuple[str, str], None] = OrderedDict()
        self.count = 0

    def trusts(self, address: str, host: str) -> bool:
        """Whether the right key has come from there before."""
        return _place(address, host) in self._trusted

    def trust(self, address: str, host: str) -> None:
        """The right key has come from there."""
        self._trusted[_place(address, host)] = None
        if len(self._trusted) > REMEMBERED:
            self._trusted.popitem(last=False)

    def allow(self, address: str, host: str, now: float) -> None:
        """Raises Busy if no key from there is taken now. now: monotonic s."""
        tries = self._tries.get(_place(address, host))
        if tries is not None and (left := _left(tries, now)) < 1:
            self._note(address, tries)
            raise Busy("too many wrong keys; try again later", retry_after=max(1, round((1 - left) * SECONDS)))

    def add(self, address: str, host: str, now: float) -> None:
        """Count a wrong key, and log it."""
        place = _place(address, host)
        tries = self._tries.setdefault(place, _Tries(BURST, now))
        self._tries.move_to_end(place)
        if len(self._tries) > REMEMBERED:
            self._tries.popitem(last=False)
        tries.left, tries.at = _left(tries, now) - 1, now
        self._note(address, tries)

    def _note(self, address: str, tries: _Tries) -> None:
        tries.count += 1
        self.count += 1
        log.warning(
            "wrong key from %s, %d from there so far", address or "an unknown address", tries.count, extra=LIMITED
        )


def _left(tries: _Tries, now: float) -> float:
    return min(BURST, tries.left + (now - tries.at) / SECONDS)


def _place(address: str, host: str) -> tuple[str, str]:
    """An IPv6 network of 64 bits counts as one address: it is what one customer has."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:100], host[:100]
    if found.version == 6:
        found = ipaddress.ip_network((int(found) >> 64 << 64, 64)).network_address
    return str(found), host[:100]
