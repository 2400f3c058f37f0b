"""The state of a session from its log, up to the first line that cannot be read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from orderflow.errors import BadInput
from orderflow.herd.live.journal import Journal
from orderflow.herd.rules.events import Event, decode_log
from orderflow.herd.rules.state import State
from orderflow.storage.lines import LogText

Listener = Callable[[Event, State], None]

MAX_NEWCOMERS = 5_000
MISSING = "missing"
_PARTICIPANT = re.compile(rb'"p":"p([0-9]{1,9})"')


@dataclass(frozen=True, slots=True)
class Damage:
    """Why a session ends before its log does. line: the first one that cannot be read, from 1; after: lines that come
    after it; why: in words; newcomers: participants who may have joined in the lost part."""

    line: int
    after: int
    why: str
    newcomers: int

    def __str__(self) -> str:
        if self.why == MISSING:
            lines = "the last line" if not self.after else f"the last {self.after + 1:,} lines"
            return f"{lines} of this game's log, from line {self.line:,} on, {'are' if self.after else 'is'} {MISSING}"
        after = "nothing comes" if not self.after else f"{self.after:,} more"
        if self.after:
            after += " line comes" if self.after == 1 else " lines come"
        return f"line {self.line:,} of this game's log {self.why}, and {after} after it"


def read_state(name: str, journal: Journal, listener: Listener | None = None) -> tuple[State, Damage | None]:
    """`fold_log` of a session. Raises NotFound, too."""
    return fold_log(journal.examine(name), listener)


def fold_log(log: LogText, listener: Listener | None = None) -> tuple[State, Damage | None]:
    """The state after the good lines of a log; `listener` gets every event.

    Raises BadInput, KeyError, TypeError or ValueError if not even the first line can be read.
    """
    state: State | None = None
    good, why = 0, "is damaged"
    try:
        for event in decode_log(log.data):
            if state is None:
                state = State.of(event)
            else:
                state.apply(event)
            if listener is not None:
                listener(event, state)
            good += 1
    except (BadInput, KeyError, TypeError, ValueError) as error:
        if state is None:
            raise
        why = f"does not fit ({error})"
        state = State.fold(decode_log(_first(log, good)))  # without a half-applied event
    if state is None:
        raise BadInput("the first line is damaged" if log.damaged else "the log is empty")
    if good == log.total and not log.missing:
        return state, None
    why = MISSING if good == log.total else why
    lost = log.data[len(_first(log, good)) :] + log.rest
    unknown = log.damaged + log.missing
    return state, Damage(good + 1, log.total + log.missing - good - 1, why, _newcomers(state, lost, unknown))


def _first(log: LogText, lines: int) -> bytes:
    return b"".join(log.data.splitlines(keepends=True)[:lines])


def _newcomers(state: State, lost: bytes, unknown: int) -> int:
    """How many participants may have joined in the lost lines: each unknown line may be of one more than is known."""
    highest = max((int(number) for number in _PARTICIPANT.findall(lost)), default=0)
    return min(max(0, highest - len(state.participants)) + unknown, MAX_NEWCOMERS)
