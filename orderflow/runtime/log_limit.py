"""Limits how often the log repeats itself: the same traceback, and lines that a client can cause.

Somebody who sends the same junk all day must not fill the disk. A filter of the log's handlers lets through the first
few of a kind in each minute, and then says how many were left out.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from traceback import walk_tb
from typing import Any

LIMITED = {"limited": True}
"""`extra` of a log call whose line is limited by its logger and format, as a traceback is by its place."""
MOST = 5
"""Lines of one kind in a minute."""
SECONDS = 60.0
MAX_KINDS = 1_000
"""Kinds that are told apart; beyond, all new ones count as one."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Kind:
    """One kind of line in one minute. words: what it is called in the count of those left out."""

    until: float
    words: str
    seen: int = 0


class RepeatLimit(logging.Filter):
    """The filter. clock: monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._kinds: dict[Hashable, _Kind] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """False for a line that is left out."""
        now = self._clock()
        for kind in self._ended(now):
            log.warning("left out of the log in the last minute: %d more %s", kind.seen - MOST, kind.words)
        found = _kind_of(record)
        if found is None:
            return True
        key, words = found
        if key not in self._kinds and len(self._kinds) >= MAX_KINDS:
            key, words = "other", "lines of other kinds"
        kind = self._kinds.setdefault(key, _Kind(now + SECONDS, words))
        kind.seen += 1
        return kind.seen <= MOST

    def _ended(self, now: float) -> list[_Kind]:
        """Remove the kinds whose minute is over; those of which lines were left out."""
        over = [key for key, kind in self._kinds.items() if now >= kind.until]
        ended = [self._kinds.pop(key) for key in over]
        return [kind for kind in ended if kind.seen > MOST]


def _kind_of(record: logging.LogRecord) -> tuple[Hashable, str] | None:
    """(key, words) of a line that is limited, None for any other."""
    if record.exc_info and record.exc_info[0] is not None:
        kind, _, trace = record.exc_info
        places = tuple((frame.f_code.co_filename, line) for frame, line in walk_tb(trace))
        at = f" at {places[-1][0]}:{places[-1][1]}" if places else ""
        return (kind, places), f"tracebacks of {kind.__name__}{at}"
    if getattr(record, "limited", False):
        return (record.name, record.msg), f"lines like {str(record.msg)!r}"
    return None


def install(handlers: list[Any] | None = None, clock: Callable[[], float] = time.monotonic) -> RepeatLimit:
    """Limit what `handlers` (by default those of the root logger) write."""
    limit = RepeatLimit(clock)
    for handler in logging.getLogger().handlers if handlers is None else handlers:
        handler.addFilter(limit)
    return limit
