"""The newest klines of one series in memory, and which of them changed since when."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from orderflow.market.kline_columns import COLUMNS, KlineColumns

KEPT = 1_500
"""Klines of a series in memory."""
TOLD = 5
"""Newest klines of which changes are told; older ones are read by request."""


class RecentKlines:
    """Written by one thread, read by any. columns: at most KEPT klines. version: grows with every change.

    complete: nothing older is stored.
    """

    def __init__(self, columns: KlineColumns, *, complete: bool, version: int = 1) -> None:
        self.columns = columns
        self.version = version
        self.complete = complete
        self._changed: dict[int, int] = dict.fromkeys(columns.time[-1:].tolist(), version)

    def merge(self, new: KlineColumns) -> None:
        """Take klines that were stored; a closed one is only replaced by a closed one."""
        old = self.columns
        if len(old) == KEPT:
            fits = new.time >= old.time[0]
            self.complete = self.complete and bool(fits.all())
            new = new.take(fits)
        joined = merged(old, new)
        self.complete = self.complete and len(joined) <= KEPT
        self.columns = joined.take(slice(-KEPT, None))
        before, after = _newest(old), _newest(self.columns)
        times = set(after)
        changed = {time: number for time, number in self._changed.items() if time in times}
        version = self.version
        for time in sorted(after):
            if after[time] != before.get(time):
                version += 1
                changed[time] = version
        self._changed, self.version = changed, version

    def changed_since(self, version: int | None) -> tuple[int, KlineColumns]:
        """(a version, the next kline to tell whoever knows `version`): the newest without one; none if all are known.

        The version is that of the kline, so the next call tells the next one.
        """
        columns, changed = self.columns, self._changed
        if version is None:
            return self.version, columns.take(slice(-1, None))
        due = min(((number, time) for time, number in changed.items() if number > version), default=None)
        return (
            (self.version, columns.take(slice(0, 0))) if due is None else (due[0], columns.take(columns.time == due[1]))
        )


def _newest(klines: KlineColumns) -> dict[int, tuple[Fraction, ...]]:
    """The values of the newest TOLD klines by time, whatever their units."""
    last = klines.take(slice(-TOLD, None))
    price, size = 10**klines.price_decimals, 10**klines.size_decimals
    units = (1, price, price, price, price, size, 1, size, 1)
    columns = [
        [Fraction(int(value), unit) for value in getattr(last, name).tolist()]
        for name, unit in zip(COLUMNS, units, strict=True)
    ]
    return {int(row[0]): row for row in zip(*columns, strict=True)}


def merged(old: KlineColumns, new: KlineColumns) -> KlineColumns:
    """Both by time; of the same time the new one, unless the old one alone is closed."""
    if not len(old) or not len(new):
        return new if len(new) else old
    both = KlineColumns.joined([old, new])
    fresh = np.arange(len(both)) >= len(old)
    order = np.lexsort((fresh, both.closed, both.time))  # the last of a time wins
    time = both.time[order]
    last = np.append(time[1:] != time[:-1], True)
    return KlineColumns.of(
        (getattr(both, name)[order][last] for name in COLUMNS), both.price_decimals, both.size_decimals
    )
