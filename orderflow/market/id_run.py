"""Whether trade ids count the trades, and how many of them are missing.

Venues that number the trades of an instrument one by one show by it what a file or a feed has left out. Ids count if
the venue says so, or if at least 99 % of at least 1,000 steps from one id to the next are 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orderflow.arrays import Ints

_LEAST_STEPS = 1_000
_MOST_JUMPS = 0.01


@dataclass(slots=True)
class IdRun:
    """The ids of an instrument so far, in order of arrival.

    count: ids seen, without those below 0, which are hashes of texts. low, top: the lowest and the highest. jumps:
    steps that are not 1.
    """

    count: int = 0
    low: int = 2**63 - 1
    top: int = -1
    jumps: int = 0
    _last: int = -1

    def add(self, ids: Ints) -> None:
        """Note the next ids."""
        first = int(ids[0])
        if len(ids) == 1:
            if first >= 0:
                self._note(1, first, first, int(self.count > 0 and first - self._last != 1), first)
            return
        low = int(ids.min())
        if low < 0:
            ids = ids[ids >= 0]
            if not len(ids):
                return
            first, low = int(ids[0]), int(ids.min())
        jumps = int(np.count_nonzero(np.diff(ids) != 1)) + int(self.count > 0 and first - self._last != 1)
        self._note(len(ids), low, int(ids.max()), jumps, int(ids[-1]))

    def counts(self) -> bool:
        """Whether the ids count the trades, as the steps show."""
        steps = self.count - 1
        return steps >= _LEAST_STEPS and self.jumps <= _MOST_JUMPS * steps

    def missing(self, *, documented: bool = False) -> int:
        """Ids between the lowest and the highest that were not seen; 0 if the ids do not count the trades.

        documented: the venue says that they do.
        """
        if not self.count or not (documented or self.counts()):
            return 0
        return max(0, self.top - self.low + 1 - self.count)

    def _note(self, count: int, low: int, top: int, jumps: int, last: int) -> None:
        self.count += count
        self.low = min(self.low, low)
        self.top = max(self.top, top)
        self.jumps += jumps
        self._last = last
