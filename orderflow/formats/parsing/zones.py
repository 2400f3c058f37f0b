"""Convert local wall times to UTC, with one rule for the two days a year on which clocks change.

A wall time that is skipped in spring does not exist and is rejected. A wall time that occurs twice in autumn is taken
as its first occurrence, unless that is more than half the step before the latest time read from the same file or body:
then the clocks must have been set back in between, and from there on it is the second occurrence. A file recorded in
order therefore stays in order. If you can, send UTC or a zone offset instead.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from orderflow.arrays import Ints
from orderflow.errors import BadInput
from orderflow.formats.parsing.parse_errors import NotVectorizable, ParseError

SECOND = 10**9
DAY = 86_400 * SECOND
_BUCKET = 900 * SECOND
_MAX_BUCKETS = 1 << 17
_EPOCH = datetime(1970, 1, 1)


class Zone:
    """One IANA time zone during the reading of one file or body; `latest` is the latest UTC time read so far (ns)."""

    def __init__(self, name: str) -> None:
        """Raises BadInput if `name` is not a time zone."""
        self.name = name
        self.latest = -(2**63)
        self._set_back: int | None = None
        self._zone: ZoneInfo | None = None
        if name.upper() not in ("UTC", "Z", "ETC/UTC"):
            try:
                self._zone = ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                raise BadInput(
                    f"tz: {name!r} is not an IANA time zone; use a name like UTC or America/New_York"
                ) from error

    @property
    def is_utc(self) -> bool:
        """Whether wall times are UTC already."""
        return self._zone is None

    def seen(self, times: Ints) -> None:
        """Record accepted UTC times, to tell the second occurrence of a repeated hour from the first."""
        if len(times):
            self.latest = max(self.latest, int(times.max()))

    def to_utc(self, local: int) -> int:
        """Convert one wall time (ns since 1970 on the local clock) to UTC ns. Raises ParseError for a skipped one."""
        if self._zone is None:
            return local
        first, second = self._offsets(local)
        if first < second:
            raise ParseError(f"does not exist in {self.name}: clocks skip it; send UTC or a zone offset")
        step = first - second
        if step and (self._is_set_back(local, step) or local - first < self.latest - step // 2):
            self._set_back = local
            return local - second
        return local - first

    def _is_set_back(self, local: int, step: int) -> bool:
        """Whether a time of the same repeated hour was already found to be its second occurrence."""
        return self._set_back is not None and abs(local - self._set_back) < step

    def mark(self) -> tuple[int, int | None]:
        """The current state, for `reset`."""
        return self.latest, self._set_back

    def reset(self, mark: tuple[int, int | None]) -> None:
        """Return to the state of `mark`, to read the same rows again."""
        self.latest, self._set_back = mark

    def to_utc_all(self, local: Ints) -> Ints:
        """Convert wall times to UTC ns int64[n]. Raises NotVectorizable if one is near a change of the clocks."""
        if self._zone is None or not len(local):
            return local
        buckets = local // _BUCKET
        first = int(buckets.min())
        width = int(buckets.max()) - first + 1
        if width > _MAX_BUCKETS:
            raise NotVectorizable
        place = buckets - first
        present = np.zeros(width, bool)
        present[place] = True
        offsets = np.zeros(width, np.int64)
        for k in np.flatnonzero(present).tolist():
            offsets[k] = self._steady(first + k)
        return local - offsets[place]

    def _steady(self, bucket: int) -> int:
        """The offset (ns) during one quarter of an hour. Raises NotVectorizable if it changes."""
        start = self._offsets(bucket * _BUCKET)
        if start[0] != start[1] or self._offsets((bucket + 1) * _BUCKET - SECOND) != start:
            raise NotVectorizable
        return start[0]

    def _offsets(self, local: int) -> tuple[int, int]:
        """The offsets from UTC (ns) of the wall time at its first and its second occurrence."""
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
