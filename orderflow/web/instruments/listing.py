"""Lists of instruments as JSON, made in turns with everything else that the hub does.

Prices change on the hub, so lists are made there too. The text of an instrument is made anew only after its price has
changed, however many clients ask, and after TURN seconds the others get their turn.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from orderflow.instruments.instrument import Instrument
from orderflow.web.kit.turnstile import GIVE_WAY

TURN = 0.003
"""Seconds that the hub is held at a time, about."""
TOGETHER = 64
"""Instruments between two looks at the time."""


class Listing:
    """Texts of instruments. text: makes one. pause(seconds): lets others run."""

    def __init__(self, text: Callable[[Instrument], bytes], pause: Callable[[float], object]) -> None:
        self._text = text
        self._pause = pause
        self._made: dict[str, tuple[Instrument, int, int, bytes]] = {}

    def array(self, instruments: Iterable[Instrument]) -> bytes:
        """A JSON array of them. Call it on the hub; prices may change while it is made."""
        return b"[" + b",".join(self._texts(iter(instruments))) + b"]"

    def _texts(self, instruments: Iterator[Instrument]) -> Iterator[bytes]:
        until = time.monotonic() + TURN
        while group := list(islice(instruments, TOGETHER)):
            yield from map(self._text_of, group)
            if time.monotonic() > until:
                self._pause(GIVE_WAY)
                until = time.monotonic() + TURN

    def _text_of(self, instrument: Instrument) -> bytes:
        key = instrument.spec.id
        kept = self._made.get(key)
        if kept and kept[0] is instrument and kept[1] == instrument.steps and kept[2] == instrument.updated:
            return kept[3]
        text = self._text(instrument)
        self._made[key] = instrument, instrument.steps, instrument.updated, text
        return text
