"""The late ticks of a tape: how far back bars have changed since a revision."""

from __future__ import annotations

from bisect import bisect_right

MOST_NOTES = 256
"""Notes that are kept; older ones are joined, so that the answer reaches rather too far back than not far enough."""


class LateNotes:
    """When late ticks were aggregated, and from which time on they changed bars.

    Only notes that no later one makes needless are kept: both columns ascend.
    """

    def __init__(self) -> None:
        self._revisions: list[int] = []
        self._times: list[int] = []

    def add(self, revision: int, time: int) -> None:
        """Bars from `time` (ns UTC) on have changed with `revision`, which is the newest."""
        while self._times and self._times[-1] >= time:
            self._times.pop()
            self._revisions.pop()
        self._times.append(time)
        self._revisions.append(revision)
        if len(self._times) > MOST_NOTES:
            del self._times[1], self._revisions[0]

    def since(self, revision: int) -> int | None:
        """Time (ns UTC) from which on bars may have changed after `revision` by late ticks; None if none did."""
        at = bisect_right(self._revisions, revision)
        return self._times[at] if at < len(self._times) else None
