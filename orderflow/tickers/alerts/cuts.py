"""The thresholds of one symbol as sorted integers, so that a tick costs a bisect and not a look at every alert.

What an operator says of a price changes only at its cuts. So a run of ticks concerns only the watches with a cut
between its lowest and its highest level, and those that hold already (`hot`): a condition such as "greater" goes on to
hold while the price stays.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator

from orderflow.tickers.alerts.alert import Watch

FAR = 2**62


class Cuts:
    """The cuts of the watches of one symbol. hot: watches that every run of ticks concerns."""

    def __init__(self) -> None:
        self._cuts: list[tuple[int, int]] = []
        self._owned: dict[int, tuple[Watch, tuple[int, ...]]] = {}
        self.hot: dict[int, Watch] = {}

    def __len__(self) -> int:
        return len(self._owned)

    def __iter__(self) -> Iterator[Watch]:
        return iter([watch for watch, _ in self._owned.values()])

    def add(self, watch: Watch, cuts: Iterable[int]) -> None:
        """Add a watch, or replace its cuts."""
        self.remove(watch)
        numbers = tuple(cuts)
        self._owned[id(watch)] = watch, numbers
        for cut in numbers:
            insort(self._cuts, (cut, id(watch)))

    def remove(self, watch: Watch) -> None:
        """Remove a watch; nothing if it is not there."""
        _, numbers = self._owned.pop(id(watch), (watch, ()))
        for cut in numbers:
            del self._cuts[bisect_left(self._cuts, (cut, id(watch)))]
        self.hot.pop(id(watch), None)

    def heat(self, watch: Watch, holds: bool) -> None:
        """Note whether every run of ticks concerns the watch."""
        if holds:
            self.hot[id(watch)] = watch
        else:
            self.hot.pop(id(watch), None)

    def touched(self, low: int, high: int) -> list[Watch]:
        """The watches with a cut above `low` and up to `high`, and the hot ones."""
        a, b = bisect_left(self._cuts, (low + 1, 0)), bisect_left(self._cuts, (high + 1, 0))
        found = dict(self.hot)
        for _, owner in self._cuts[a:b]:
            found[owner] = self._owned[owner][0]
        return list(found.values())

    def room(self, level: int) -> tuple[int, int]:
        """(low, high): while levels stay in low <= level < high, only hot watches are concerned."""
        at = bisect_right(self._cuts, (level, FAR))
        low = self._cuts[at - 1][0] if at else -FAR
        return low, self._cuts[at][0] if at < len(self._cuts) else FAR
