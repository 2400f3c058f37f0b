"""The time of the running session: the wall clock at its begin, and then durations, so that it never jumps.

Rounds, charts and reports are in this time. `follow` notices that the wall clock has departed from it and writes that
into the session's log, from which `orderflow.herd.rules.wall_time` converts times for the market and exports.
"""

from __future__ import annotations

import logging

from orderflow.herd.live.session import Session
from orderflow.herd.rules.state import State
from orderflow.herd.rules.wall_time import last_offset
from orderflow.runtime.clock import JUMP, Clock, Timeline, span

AWAY = 60 * 10**9
"""ns without the server after which the begin of a run is recorded; nobody knows whether they have passed."""
SLEEP = 1.0
"""Shortest sleep of the machine, in seconds, that a round waits for."""

log = logging.getLogger(__name__)


class SessionClock(Timeline):
    """The time of one session. A new session needs `begin_now`, one from a log `resume`."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._before = self.begun
        self._asleep = clock.asleep()

    def begin_now(self) -> int:
        """Begin with the wall clock, for a new session. Returns the time."""
        self.begin(self._clock.now())
        self._before = self.begun
        return self.begun

    def resume(self, state: State) -> int:
        """Go on after the last event, whatever the wall clock says. Returns the ns that the server was away."""
        self._before = state.t
        self.begin(max(state.t + 1, self._clock.now() - last_offset(state.offsets)))
        return self.begun - self._before

    def must_follow(self, state: State) -> bool:
        """Whether the wall clock is not where the session's log says, or this run is not in the log but should be."""
        missing = not state.offsets or state.offsets[-1][0] < self.begun
        return (missing and self.begun - self._before >= AWAY) or abs(self.ahead() - last_offset(state.offsets)) >= JUMP

    def follow(self, session: Session) -> None:
        """Record where the wall clock is. Raises StorageFailed."""
        offset = self.ahead()
        jump = offset - last_offset(session.state.offsets)
        session.set_clock(self.now(), self.begun, self._before, offset)
        if abs(jump) >= JUMP:
            name = session.state.session_id
            log.warning("the wall clock is %s from where it was in session %s", span(jump), name)

    def slept(self) -> int:
        """ns that the machine has slept since the last call; 0 for less than SLEEP."""
        before, self._asleep = self._asleep, self._clock.asleep()
        return round((self._asleep - before) * 1e9) if self._asleep - before >= SLEEP else 0
