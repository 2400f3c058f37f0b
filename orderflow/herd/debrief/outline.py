"""What later events of a log say of earlier ones: which an undo took back, and what the wall clock showed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from orderflow.errors import BadInput
from orderflow.herd.rules.events import ClockSet, Event, RoundUndone, SessionStarted
from orderflow.herd.rules.wall_time import Offsets, set_offset, wall_clock


@dataclass(frozen=True, slots=True)
class Outline:
    """Of the first `events` events of a log. undone: (first, end) numbers of events that an undo took back, disjoint
    and ascending. wall: converts a session's time to the wall clock, ns."""

    events: int
    undone: tuple[tuple[int, int], ...] = ()
    wall: Callable[[int], int] = field(default=int)

    def keeps(self, n: int) -> bool:
        """Whether no undo took event `n` back, if its kind can be taken back."""
        return not any(first <= n < end for first, end in self.undone)

    def first(self, log: Iterable[Event]) -> Iterator[Event]:
        """The events of the outline; what was added since is left out."""
        return islice(iter(log), self.events)


def outline_of(log: Iterable[Event]) -> Outline:
    """Read a whole log. Raises BadInput if it does not begin with a session event or has a gap."""
    offsets: Offsets = []
    undone: list[tuple[int, int]] = []
    count = 0
    for count, event in enumerate(log, 1):
        if isinstance(event, SessionStarted) is not (count == 1):
            raise BadInput("the log does not begin with a session event")
        if event.n != count - 1:
            raise BadInput(f"event {event.n} ({event.tag}) cannot follow event {count - 2}")
        if isinstance(event, ClockSet):
            offsets = set_offset(offsets, event)
        elif isinstance(event, RoundUndone):
            undone = [*(each for each in undone if each[0] < event.back), (event.back, event.n)]
    if not count:
        raise BadInput("the log does not begin with a session event")
    return Outline(count, tuple(undone), wall_clock(offsets))
