"""A set of whole numbers as ranges that do not touch: what is missing, and what there is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Range = tuple[int, int]
"""(first, end), the end exclusive."""


class Ranges:
    """ranges: in ascending order, not to be changed."""

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        self.ranges: list[Range] = []
        for first, end in ranges:
            self.add(first, end)

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def __iter__(self) -> Iterator[Range]:
        return iter(self.ranges)

    def __contains__(self, number: int) -> bool:
        return any(first <= number < end for first, end in self.ranges)

    def add(self, first: int, end: int) -> None:
        """Add the numbers from `first` to before `end`; none if it is not above `first`."""
        if end <= first:
            return
        apart = [each for each in self.ranges if each[1] < first or each[0] > end]
        joined = [each for each in self.ranges if each[1] >= first and each[0] <= end]
        low = min([first, *(each[0] for each in joined)])
        high = max([end, *(each[1] for each in joined)])
        self.ranges = sorted([*apart, (low, high)])

    def remove(self, first: int, end: int) -> None:
        """Remove the numbers from `first` to before `end`; none if it is not above `first`."""
        if end <= first:
            return
        left = []
        for low, high in self.ranges:
            left += [part for part in ((low, min(high, first)), (max(low, end), high)) if part[0] < part[1]]
        self.ranges = left


def runs(numbers: Iterable[int]) -> list[Range]:
    """Ascending numbers, none twice, as ranges that do not touch."""
    found: list[Range] = []
    first = end = None
    for number in numbers:
        if number != end:
            if first is not None and end is not None:
                found.append((first, end))
            first = number
        end = number + 1
    return found if first is None or end is None else [*found, (first, end)]
