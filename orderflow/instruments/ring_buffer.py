"""The last prices of one instrument in a ring buffer of fixed size, 16 bytes per price."""

from __future__ import annotations

from array import array
from collections.abc import Iterable


class RingBuffer:
    """Prices (float64, unrounded) and their times (int64 ns UTC).

    size: the capacity, > 0. added: number of prices added so far, which is the number of the newest price.
    """

    __slots__ = ("_at", "_prices", "_times", "added", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.added = 0
        self._prices = array("d")
        self._times = array("q")
        self._at = 0

    def __len__(self) -> int:
        return len(self._prices)

    def add(self, time: int, price: float) -> None:
        """Add the newest price; drops the oldest if the buffer is full."""
        self.added += 1
        if len(self._prices) < self.size:
            self._prices.append(price)
            self._times.append(time)
            return
        self._prices[self._at] = price
        self._times[self._at] = time
        self._at = (self._at + 1) % self.size

    def last(self, count: int | None = None) -> tuple[array[int], array[float]]:
        """(times, prices) of the newest `count` (None: all), oldest first."""
        times = self._times[self._at :] + self._times[: self._at]
        prices = self._prices[self._at :] + self._prices[: self._at]
        if count is not None and count < len(prices):
            times, prices = times[len(times) - count :], prices[len(prices) - count :]
        return times, prices

    def at(self, places: Iterable[int]) -> tuple[list[int], list[float]]:
        """(times, prices) at places counted from the oldest, 0, without a copy of the others."""
        times, prices, first, count = self._times, self._prices, self._at, len(self._prices)
        found = [(first + place) % count for place in places]
        return [times[k] for k in found], [prices[k] for k in found]

    def since(self, number: int) -> tuple[array[int], array[float]]:
        """(times, prices) added after price `number`, as far as they are kept, oldest first."""
        return self.last(max(0, min(len(self), self.added - number)))

    def shift(self, ns: int) -> None:
        """Move all times."""
        self._times = array("q", (time + ns for time in self._times))

    def clear(self) -> None:
        """Remove all prices."""
        del self._prices[:], self._times[:]
        self._at = 0
