"""Spreads the handshakes of many sockets that come at once, so that other requests are served between them.

A handshake takes more than a millisecond of the event loop. Without this, whoever asks for something behind a room of
phones that reconnect waits for all of them.
"""

from __future__ import annotations

import time

import gevent
from gevent.lock import BoundedSemaphore

from orderflow.web.kit.request_stream import GIVE_WAY, TURN


class Turnstile:
    """Lets greenlets through one after the other; after TURN seconds of them, all others get their turn."""

    def __init__(self) -> None:
        self._lock = BoundedSemaphore(1)
        self._turn = 0.0

    def enter(self) -> None:
        """Wait for a turn."""
        with self._lock:
            if time.monotonic() - self._turn > TURN:
                gevent.sleep(GIVE_WAY)
                self._turn = time.monotonic()
