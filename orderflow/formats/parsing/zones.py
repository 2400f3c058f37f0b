"""Local wall times to UTC, with one rule for the two days a year on which clocks are moved.

The rule. A wall time that clocks skip (spring) does not exist and is refused. A wall time that clocks show twice
(autumn) is taken as its first occurrence, until that would lie more than half the step before the latest time already
read from the same file or body: then the clock has been set back in between, and from there on it is the second. A file
recorded in order therefore comes out in order; whoever can should send UTC or a zone offset.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from orderflow.arrays import Ints
from orderflow.errors import BadInput
from orderflow.formats.parsing.problems import Odd, Problem

SECOND = 10**9
DAY = 86_400 * SECOND
_BUCKET = 900 * SECOND
_MOST_BUCKETS = 1 << 17
_EPOCH = datetime(1970, 1, 1)


class Zone:
    """One IANA time zone while one file or body is read; `latest` is the latest UTC time read so far (ns)."""

    def __init__(self, name: str) -> None:
        """Raises BadInput for a name that is no time zone."""
        self.name = name
        self.latest = -(2**63)
        self._set_back: int | None = None
        self._zone: ZoneInfo | None = None
        if name.upper() not in ("UTC", "Z", "ETC/UTC"):
            try:
                self._zone = ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                raise BadInput(f"tz: {name!r} is no IANA time zone; write one like UTC or America/New_York") from error

    def seen(self, times: Ints) -> None:
        """Tell which UTC times were accepted, so that a doubled hour can be told from its repetition."""
        if len(times):
            self.latest = max(self.latest, int(times.max()))

    def to_utc(self, local: int) -> int:
        """UTC ns of one wall time (ns since 1970 on the local clock). Raises Problem for a skipped one."""
        if self._zone is None:
            return local
        first, second = self._offsets(local)
        if first < second:
            raise Problem(f"does not exist in {self.name}: clocks skip it; send UTC or a zone offset")
        step = first - second
        if step and (self._is_set_back(local, step) or local - first < self.latest - step // 2):
            self._set_back = local
            return local - second
        return local - first

    def _is_set_back(self, local: int, step: int) -> bool:
        """Whether a time of the same doubled hour was already found to be its second occurrence."""
        return self._set_back is not None and abs(local - self._set_back) < step

    def mark(self) -> tuple[int, int | None]:
        """What the zone remembers, for `reset`."""
        return self.latest, self._set_back

    def reset(self, mark: tuple[int, int | None]) -> None:
        """Forget what was read since `mark`, because it will be read again."""
        self.latest, self._set_back = mark

    def to_utc_all(self, local: Ints) -> Ints:
        """UTC ns int64[n] of wall times; raises Odd when one of them is near a change of the clocks."""
        if self._zone is None or not len(local):
            return local
        buckets = local // _BUCKET
        first = int(buckets.min())
        width = int(buckets.max()) - first + 1
        if width > _MOST_BUCKETS:
            raise Odd
        place = buckets - first
        present = np.zeros(width, bool)
        present[place] = True
        offsets = np.zeros(width, np.int64)
        for k in np.flatnonzero(present).tolist():
            offsets[k] = self._steady(first + k)
        return local - offsets[place]

    def _steady(self, bucket: int) -> int:
        """The offset (ns) that holds in all of one quarter of an hour; raises Odd when there is more than one."""
        start = self._offsets(bucket * _BUCKET)
        if start[0] != start[1] or self._offsets((bucket + 1) * _BUCKET - SECOND) != start:
            raise Odd
        return start[0]

    def _offsets(self, local: int) -> tuple[int, int]:
        """Offsets from UTC (ns) that the wall time has at its first and at its second occurrence."""
        assert self._zone is not None
        at = _EPOCH + timedelta(seconds=local // SECOND)
        early = self._zone.utcoffset(at)
        late = self._zone.utcoffset(at.replace(fold=1))
        assert early is not None
        assert late is not None
        return (
            (early.days * 86_400 + early.seconds) * SECOND,
            (late.days * 86_400 + late.seconds) * SECOND,
        )
