"""Trading sessions, and the start of time bars within them.

A session is an IANA time zone and a local start time: "America/Chicago 17:00" starts a new session every day at 17:00
in Chicago, so a session lasts 23 or 25 hours when daylight saving time changes. CVD and VWAP restart with each session.
Holidays and closing times are not modelled: a session lasts until the next one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from orderflow.arrays import Ints
from orderflow.errors import BadInput

MINUTE = 60_000_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Session:
    """A daily session. zone: IANA name. minute: start in minutes after local midnight, 0..1439. Default: UTC midnight.

    A start that daylight saving time skips uses the offset before the change (02:30 becomes 03:30 on that day); a start
    that occurs twice is the first of the two.
    """

    zone: str = "UTC"
    minute: int = 0
    _starts: dict[int, int] = field(default_factory=dict, init=False, repr=False, compare=False)

    @staticmethod
    def parse(text: str) -> Session:
        """The session of "America/Chicago 17:00"; a zone alone means local midnight. Raises BadInput for other text."""
        words = text.split()
        if not words or len(words) > 2:
            raise BadInput(f"session {text!r} is not a zone and a start, like 'America/Chicago 17:00'")
        zone = words[0]
        try:
            known = ZoneInfo(zone).key == zone
        except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder in the zone database
            known = False
        if not known:
            raise BadInput(f"session zone {zone!r} is not an IANA time zone, like America/Chicago")
        clock = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", words[1], re.ASCII) if len(words) == 2 else None
        if len(words) == 2 and clock is None:
            raise BadInput(f"session start {words[1]!r} is not a time of day, HH:MM from 00:00 to 23:59")
        return Session(zone, int(clock[1]) * 60 + int(clock[2]) if clock else 0)

    @property
    def label(self) -> str:
        """The canonical text; `Session.parse(session.label) == session`."""
        return f"{self.zone} {self.minute // 60:02d}:{self.minute % 60:02d}"

    def start_of(self, ns: Ints) -> Ints:
        """int64[n]: the latest session start <= each time (ns UTC). The times may be in any order."""
        if self.zone == "UTC":
            offset = self.minute * MINUTE
            return (ns - offset) // DAY * DAY + offset
        if not len(ns):
            return ns.astype(np.int64)
        table = self._table(ns)
        return table[np.searchsorted(table, ns, side="right") - 1]

    def end_of(self, ns: Ints) -> Ints:
        """int64[n]: the first session start > each time (ns UTC)."""
        if self.zone == "UTC":
            return self.start_of(ns) + DAY
        if not len(ns):
            return ns.astype(np.int64)
        table = self._table(ns)
        return table[np.searchsorted(table, ns, side="right")]

    def _table(self, ns: Ints) -> Ints:
        """Session starts in ascending order, with at least one before and one after every time.

        The local date of a time differs from its UTC date by at most one day, its session may have started a local day
        earlier, and the next session starts at most two dates later: hence -2 and +2.
        """
        first, last = int(ns.min()) // DAY, int(ns.max()) // DAY
        if last - first < 1000:
            dates: set[int] = set(range(first - 2, last + 3))
        else:
            dates = {day + step for day in np.unique(ns // DAY).tolist() for step in range(-2, 3)}
        return np.array(sorted(self._start_on(date) for date in dates), np.int64)

    def _start_on(self, date: int) -> int:
        """The session start (ns UTC) on a local date (days since 1970), cached since zone arithmetic is slow."""
        start = self._starts.get(date)
        if start is None:
            wall = _EPOCH + timedelta(days=date, minutes=self.minute)
            moment = wall.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)
            start = self._starts[date] = (moment.replace(tzinfo=None) - _EPOCH) // timedelta(minutes=1) * MINUTE
        return start


def bar_start(ns: Ints, frame_ns: int, session: Session) -> Ints:
    """int64[n]: start of the time bar that contains each time (ns UTC).

    Frames of at most one hour are aligned to 1970-01-01 UTC. Longer ones are counted from the session's start, so the
    last bar of a session may be shorter. A bar of one day or more is the whole session, also one of 23 or 25 hours.
    """
    if frame_ns <= HOUR:
        return ns // frame_ns * frame_ns
    start = session.start_of(ns)
    if frame_ns >= DAY:
        return start
    return start + (ns - start) // frame_ns * frame_ns


def bar_end(start: Ints, frame_ns: int, session: Session) -> Ints:
    """int64[n]: end (exclusive, ns UTC) of the bars that start at `start`; see `bar_start`."""
    if frame_ns <= HOUR:
        return start + frame_ns
    end = session.end_of(start)
    return end if frame_ns >= DAY else np.minimum(start + frame_ns, end)
