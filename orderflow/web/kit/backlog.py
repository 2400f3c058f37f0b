"""Bounds what answers hold in memory while clients read them, in total and for each client.

A `Share` is counted for every answer that is larger than a socket's buffer: its unsent bytes, and the table from which
it is made. When there is no room for another one, the clients that have read nothing for longest lose their
connections. Where all of them read, a large answer waits its turn. Few answers are made at a time, so that one client
does not keep all worker threads busy.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from orderflow.errors import Busy

BACKLOG = "orderflow.backlog"
"""Key of the WSGI environ: (the server's `Backlog`, the client of the request as `Reader`)."""
TOTAL = 128 * 2**20
PER_CLIENT = 64 * 2**20
"""Most bytes that all answers, and those of one client's address, may hold."""
GRACE = 2.0
"""Seconds without progress after which a client may lose its connection to make room for another answer."""
WAIT = 20.0
"""Seconds that an answer waits for its turn before it is refused with 429."""
MAKING, MAKING_PER_CLIENT = 3, 2
"""Answers that are made at a time: one less than there are worker threads, and two of one client's address."""
POLL = 0.05
LARGE = 4 * 2**20
"""Bytes of a share after whose end freed memory is given back to the system, once no other is open."""


class Reader(Protocol):
    """The client of an answer."""

    address: str

    def stalled_for(self) -> float:
        """Seconds for which it has read nothing of what is waiting for it; 0 if nothing is."""

    def gone(self) -> bool:
        """True if it has closed its connection."""

    def drop(self) -> None:
        """End its connection."""


class Share:
    """What one answer holds. Use it as a context, or call `close`; closing it twice does nothing.

    Without a backlog it counts nowhere, as in a server that is called without a network.
    """

    def __init__(self, backlog: Backlog | None = None, reader: Reader | None = None, size: int = 0) -> None:
        self.reader = reader
        self.address = "" if reader is None else reader.address
        self.size = size
        self.making = False
        self._backlog = backlog

    @property
    def stalled_for(self) -> float:
        return 0.0 if self.reader is None else self.reader.stalled_for()

    def made(self) -> None:
        """Say that the answer is made, and only has to be read."""
        self.making = False

    def close(self) -> None:
        """Give the memory back."""
        if self._backlog is not None:
            self._backlog.remove(self)

    def __enter__(self) -> Share:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class Backlog:
    """All shares of a server. total, each: most bytes, of all and of one client. pause(seconds): lets others run.

    Set `idle` to a function that is called when the last share is closed and there was a large one.
    """

    def __init__(
        self,
        total: int = TOTAL,
        each: int = PER_CLIENT,
        *,
        pause: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._total = total
        self._each = each
        self._pause = pause
        self._clock = clock
        self._shares: dict[Share, None] = {}
        self._by_client: Counter[str] = Counter()
        self._was_large = False
        self.size = 0
        self.dropped = 0
        self.idle: Callable[[], object] = lambda: None

    def add(self, reader: Reader, size: int) -> Share:
        """Count bytes that are in memory already; the readers that are furthest behind are dropped if they are many."""
        share = self._put(reader, size)
        while (over := self._over(share.address, 0)) is not None and self._drop_slowest(over, 0.0):
            pass
        return share

    def reserve(self, reader: Reader, size: int) -> Share:
        """Reserve memory before an answer is made. Waits for room and for its turn; raises Busy after WAIT seconds."""
        size = min(size, self._each)
        until = self._clock() + WAIT
        while (over := self._over(reader.address, size)) is not None or self._is_busy(reader.address):
            if over is not None and self._drop_slowest(over, GRACE):
                continue
            if self._clock() >= until or reader.gone():
                raise Busy("too many large answers are being read; try again, or ask for fewer rows at a time", 5)
            self._pause(POLL)
        share = self._put(reader, size)
        share.making = True
        return share

    def remove(self, share: Share) -> None:
        """Forget a share."""
        if share in self._shares:
            del self._shares[share]
            self.size -= share.size
            self._by_client[share.address] -= share.size
            if not self._by_client[share.address]:
                del self._by_client[share.address]
            self._was_large |= share.size >= LARGE
            if self._was_large and not self._shares:
                self._was_large = False
                self.idle()

    def _put(self, reader: Reader, size: int) -> Share:
        share = Share(self, reader, size)
        self._shares[share] = None
        self.size += size
        self._by_client[share.address] += size
        return share

    def _over(self, address: str, more: int) -> str | None:
        """The client who would hold too much with `more` bytes, "" if all would, None if there is room."""
        if self._by_client[address] + more > self._each:
            return address
        return "" if self.size + more > self._total else None

    def _is_busy(self, address: str) -> bool:
        """True while as many answers are being made as may be."""
        making = [share.address for share in self._shares if share.making]
        return len(making) >= MAKING or making.count(address) >= MAKING_PER_CLIENT

    def _drop_slowest(self, address: str, grace: float) -> bool:
        """Drop the reader that has been stalled for longest, of one client or (with "") of all. False: none is."""
        found = [share for share in self._shares if address in ("", share.address)]
        slowest = max(found, key=lambda share: share.stalled_for, default=None)
        if slowest is None or slowest.reader is None or slowest.stalled_for <= grace:
            return False
        self.dropped += 1
        for share in [share for share in found if share.reader is slowest.reader]:
            self.remove(share)
        slowest.reader.drop()
        return True
