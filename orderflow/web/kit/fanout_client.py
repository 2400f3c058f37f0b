"""One socket of the fan-out: frames are written without blocking, and a client that does not read is noticed.

Kernel buffers would hide minutes of stale data, so `push` checks how many bytes the client has not acknowledged.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import time
from collections.abc import Callable, Hashable
from typing import Any

from orderflow.web.kit.frames import frame
from orderflow.web.kit.socket_limits import Waiting

try:
    import fcntl
    import termios
except ImportError:  # Windows has neither: there, only a full send buffer shows that a client is slow
    fcntl = None  # type: ignore[assignment]  # the name is tested before it is used

MAX_UNSENT = 2048
"""A client with more unacknowledged bytes than this is skipped."""
STALL_SECONDS = 20.0
"""Seconds without progress after which a slow client is dropped."""
STALL_CHECK_SECONDS = 1.0
"""Seconds between two checks of a client's progress."""
MAX_CONTROL = 1 << 16
"""More queued bytes of control frames than this (replies to a flood of pings) end the connection."""
MAX_OUTBOX = 64
"""Private messages that may wait for one client; beyond, it gets a snapshot instead."""

_NOTHING = bytes(4)


class Client:
    """The sending side of one socket. All bytes, including control frames, go through it: frames never interleave.

    address: of the client. limit: counts the bytes that wait here, and may end the connection because of them.
    """

    def __init__(
        self,
        sock: Any,
        clock: Callable[[], float] = time.monotonic,
        address: str = "",
        limit: Waiting | None = None,
    ) -> None:
        self._sock = sock
        self._pending = b""
        self._clock = clock
        self.progressed_at = self._checked_at = clock()
        self._last_unacknowledged = 0
        self._unacknowledged_estimate = 0
        self.address = address
        self._limit = limit
        self._queued = self._kept = self._counted = 0
        self.outbox: list[bytes] = []
        """Queued private messages, framed."""
        self.version: Hashable | None = None
        self.closed = False

    def enqueue(self, text: bytes) -> None:
        """Queue a private message, sent with the client's next update.

        When MAX_OUTBOX messages are queued already, all are discarded and the client's next message is a snapshot.
        """
        if self.closed:
            return
        if len(self.outbox) >= MAX_OUTBOX:
            self._empty_outbox()
            self.version = None
        else:
            self.outbox.append(frame(text))
            self._queued += len(self.outbox[-1])
        self._count()

    def keep(self, size: int) -> None:
        """Count bytes that are kept for this connection elsewhere; negative: they no longer are."""
        if not self.closed:
            self._kept += size
            self._count()

    @property
    def held(self) -> int:
        """Bytes in memory that wait for this connection."""
        return len(self._pending) + self._queued + self._kept

    @property
    def waiting(self) -> bool:
        """True while part of a frame is still to be written."""
        return bool(self._pending)

    def push(self, data: bytes) -> bool:
        """Send the private messages and a frame without blocking; `flush` writes the rest.

        False, with nothing sent, for a slow client.
        """
        if self._pending:
            self.flush()
        if self.closed or self._pending or (self._unacknowledged_estimate > MAX_UNSENT and self._behind()):
            return False
        if self.outbox:
            data = b"".join(self.outbox) + data
            self._empty_outbox()
        self._pending = data
        self.flush()
        return not self.closed

    def control(self, data: bytes) -> None:
        """Send a control frame after the frame that is being written."""
        if self.closed:
            return
        if len(self._pending) > MAX_CONTROL and len(data) + len(self._pending) > 2 * MAX_CONTROL:
            self.kill()
            return
        self._pending += data
        self.flush()

    def flush(self) -> None:
        """Write as many pending bytes as the socket accepts."""
        if not self._pending or self.closed:
            return
        try:
            count = self._sock.send(self._pending)
        except (BlockingIOError, InterruptedError):
            count = 0
        except OSError:
            self.kill()
            return
        if count:
            self._unacknowledged_estimate += count
            self._pending = self._pending[count:]
            self.progressed_at = self._clock()
        if self._pending or self._counted:
            self._count()

    def stalled(self) -> bool:
        """True when the client has pending bytes and has made no progress for STALL_SECONDS."""
        now = self._clock()
        if now - self._checked_at < STALL_CHECK_SECONDS:
            return False
        self._checked_at = now
        left = self._unacknowledged()
        if left < self._last_unacknowledged or not (left or self._pending):
            self.progressed_at = now
        self._last_unacknowledged = left
        return now - self.progressed_at > STALL_SECONDS

    def kill(self) -> None:
        """End the connection, which also ends its read loop."""
        self.closed = True
        self._pending = b""
        self._kept = 0
        self._empty_outbox()
        self._count()
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def _empty_outbox(self) -> None:
        self.outbox.clear()
        self._queued = 0

    def _count(self) -> None:
        """Report the bytes that wait, if they have changed."""
        change = self.held - self._counted
        if change and self._limit is not None:
            self._counted += change
            self._limit.change(self, change)

    def _behind(self) -> bool:
        """True when more than MAX_UNSENT bytes are unacknowledged, as the operating system reports.

        Only called when the estimate is above the limit: it costs a system call.
        """
        self._unacknowledged_estimate = self._unacknowledged()
        return self._unacknowledged_estimate > MAX_UNSENT

    def _unacknowledged(self) -> int:
        try:
            return unacknowledged(self._sock)
        except (OSError, ValueError):  # the read loop has closed the socket already
            self.closed = True
            return 0


def unacknowledged(sock: Any) -> int:
    """Bytes sent that the other side has not acknowledged; 0 where the system does not tell. Raises OSError."""
    if fcntl is None or not hasattr(termios, "TIOCOUTQ"):
        return 0
    return int.from_bytes(fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, _NOTHING), sys.byteorder)
