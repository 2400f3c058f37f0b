"""Fault injection by a script: the faults of a real venue, at exactly defined points.

A step says what happens, how often, and when: at a time, or after a number of messages of a connection. Nothing is
random: the same script and traffic give the same faults. Messages are stream events, not responses to requests.

    fail      {status, calls=1, path?, retry_after?}   the next calls are answered with an error
    slow      {seconds, calls=1, path?}                the next calls wait before they are answered
    drop      {after? | seconds=0, code?, times=1}     the connection ends, without a close frame unless `code` is given
    skip      {after=0, count=1, stream?, times=1}     messages are dropped
    duplicate {after=0, count=1, stream?, times=1}     messages are sent twice
    swap      {after=0, stream?, times=1}              a message is sent after its successor
    malformed {after=0, count=1, stream?, times=1}     messages are truncated
    hold      {after=0, seconds, stream?, times=1}     messages are held back, then sent at once
    shutdown  {seconds=0, grace=10}                    serverShutdown to all, then all connections end
    clock     {offset_ms}                              the clock of the exchange is shifted
    rules     {weight?, life?, ping?, pong?, messages?, streams?}   limits (see `Rules`)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from orderflow.errors import BadInput, FieldError
from orderflow.exchange.dialect import ENDPOINTS, Refusal
from orderflow.runtime.workers import plain_lock

STATUSES = {
    403: (-1000, "Forbidden."),
    418: (-1003, "Way too much request weight used; IP banned."),
    429: (-1003, "Too much request weight used; please use WebSocket Streams for live updates."),
    500: (-1000, "An unknown error occurred while processing the request."),
    502: (-1001, "Internal error; unable to process your request. Please try again."),
    503: (-1008, "Server is currently overloaded with other requests. Please try again in a few minutes."),
    504: (-1007, "Timeout waiting for response from backend server. Send status unknown; execution status unknown."),
}
RETRY_AFTER = {418: 120, 429: 60}
MAX_STEPS = 1000
CALLS = ("fail", "slow")
MESSAGES = ("skip", "duplicate", "swap", "malformed", "hold", "drop")


@dataclass(frozen=True, slots=True)
class Field:
    """The allowed values of a member of a step. default None: optional."""

    low: float = 0
    high: float = 0
    whole: bool = True
    words: tuple[str, ...] = ()
    any_text: bool = False
    default: Any = None
    needed: bool = False
    only: tuple[int, ...] = ()

    @property
    def allowed(self) -> str:
        """The allowed values in words, for error messages."""
        if self.only:
            return f"one of {', '.join(map(str, self.only))}"
        if self.words:
            return f"one of {', '.join(self.words)}"
        if self.any_text:
            return "the name of a stream, such as item00@aggTrade"
        return f"{'a whole number' if self.whole else 'a number'} from {self.low:,} to {self.high:,}"

    def takes(self, value: Any) -> bool:
        """True if a value is allowed."""
        if self.words:
            return value in self.words
        if self.any_text:
            return isinstance(value, str) and 0 < len(value) <= 100
        if isinstance(value, bool) or not isinstance(value, int if self.whole else (int, float)):
            return False
        return value in self.only if self.only else self.low <= value <= self.high


_MANY = Field(1, 1_000_000, default=1)
_AFTER = Field(0, 1_000_000, default=0)
_STREAM = Field(any_text=True)
_PATH = Field(words=tuple(ENDPOINTS))
_WAIT = Field(0, 86_400, whole=False, needed=True)
KINDS: dict[str, dict[str, Field]] = {
    "fail": {
        "status": Field(only=tuple(STATUSES), needed=True),
        "calls": _MANY,
        "path": _PATH,
        "retry_after": Field(0, 259_200),
    },
    "slow": {"seconds": Field(0, 60, whole=False, needed=True), "calls": _MANY, "path": _PATH},
    "drop": {
        "after": Field(1, 1_000_000),
        "seconds": Field(0, 86_400, whole=False),
        "code": Field(1000, 4999),
        "stream": _STREAM,
        "times": _MANY,
    },
    "skip": {"after": _AFTER, "count": _MANY, "stream": _STREAM, "times": _MANY},
    "duplicate": {"after": _AFTER, "count": _MANY, "stream": _STREAM, "times": _MANY},
    "swap": {"after": _AFTER, "stream": _STREAM, "times": _MANY},
    "malformed": {"after": _AFTER, "count": _MANY, "stream": _STREAM, "times": _MANY},
    "hold": {"after": _AFTER, "seconds": _WAIT, "stream": _STREAM, "times": _MANY},
    "shutdown": {
        "seconds": Field(0, 86_400, whole=False, default=0),
        "grace": Field(0, 86_400, whole=False, default=10),
    },
    "clock": {"offset_ms": Field(-(10**12), 10**12, needed=True)},
    "rules": {
        "weight": Field(1, 10**9),
        "life": Field(0.05, 10**6, whole=False),
        "ping": Field(0.05, 10**6, whole=False),
        "pong": Field(0.05, 10**6, whole=False),
        "messages": Field(1, 10**6),
        "streams": Field(1, 1024),
    },
}


@dataclass(slots=True)
class Step:
    """A step. members: its fields. begun: when it was added, monotonic s. left: how often it still applies."""

    number: int
    do: str
    members: dict[str, Any]
    begun: float
    left: int

    def get(self, name: str) -> Any:
        """A member of the step, None if not given."""
        return self.members.get(name)

    def state(self) -> dict[str, Any]:
        """The step with what is left of it, JSON-ready."""
        return {"do": self.do, **{k: v for k, v in self.members.items() if v is not None}, "left": self.left}


@dataclass(slots=True)
class ScriptProgress:
    """Progress of one connection in the script.

    seen: messages counted by step. claimed: steps that apply to it. kept: messages held for a swap, by step.
    """

    seen: dict[int, int] = field(default_factory=dict)
    claimed: set[int] = field(default_factory=set)
    kept: dict[int, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is sent in place of a message. hold: seconds to hold back later messages. drop: end the connection, with the
    close code `code`."""

    messages: list[bytes]
    hold: float = 0.0
    drop: bool = False
    code: int | None = None


def check(step: Any, row: int) -> tuple[str, dict[str, Any], list[FieldError]]:
    """Validate a step. Returns (kind, members with defaults, errors)."""
    if not isinstance(step, dict):
        return "", {}, [FieldError(row, None, "must be an object")]
    do = step.get("do")
    if not isinstance(do, str) or do not in KINDS:
        return "", {}, [FieldError(row, "do", f"must be one of {', '.join(KINDS)}")]
    fields = KINDS[do]
    errors = [
        FieldError(row, str(name), f"is not part of {do}; known: {', '.join(fields)}")
        for name in step
        if name != "do" and name not in fields
    ]
    members: dict[str, Any] = {}
    for name, known in fields.items():
        value = step.get(name)
        if value is None:
            if known.needed:
                errors.append(FieldError(row, name, f"is missing; it must be {known.allowed}"))
            members[name] = known.default
        elif known.takes(value):
            members[name] = value
        else:
            errors.append(FieldError(row, name, f"must be {known.allowed}"))
    if do == "drop" and members.get("after") is not None and members.get("seconds") is not None:
        errors.append(FieldError(row, "seconds", "cannot be combined with after"))
    if do == "rules" and not any(value is not None for value in members.values()):
        errors.append(FieldError(row, None, f"must have one of {', '.join(fields)}"))
    return do, members, errors


class Script:
    """The active steps. Safe to call from any thread or greenlet."""

    def __init__(self) -> None:
        self._lock = plain_lock()
        self._numbers = count(1)
        self.steps: tuple[Step, ...] = ()

    def add(self, steps: Iterable[Mapping[str, Any]], now: float = 0.0) -> list[Step]:
        """Add steps, all or none. now: monotonic s. Raises BadInput naming each wrong step and member."""
        checked = [check(step, row) for row, step in enumerate(steps)]
        errors = [error for _, _, wrong in checked for error in wrong]
        if errors:
            wrong = " ".join(filter(None, (errors[0].field, errors[0].reason)))
            raise BadInput(f"step {errors[0].row}: {wrong}", errors)
        with self._lock:
            if len(self.steps) + len(checked) > MAX_STEPS:
                raise BadInput(f"more than {MAX_STEPS} steps; clear the script first")
            made = [
                Step(next(self._numbers), do, members, now, members.get("calls") or members.get("times") or 1)
                for do, members, _ in checked
            ]
            self.steps = (*self.steps, *(step for step in made if step.do not in ("clock", "rules")))
        return made

    def clear(self) -> None:
        """Remove all steps."""
        with self._lock:
            self.steps = ()

    def state(self) -> list[dict[str, Any]]:
        """The active steps, JSON-ready."""
        return [step.state() for step in self.steps]

    def call(self, path: str) -> tuple[float, Refusal | None]:
        """For a call of an endpoint: (seconds to wait, the error to return)."""
        delay, refusal = 0.0, None
        with self._lock:
            for step in self.steps:
                if step.do not in CALLS or step.get("path") not in (None, path) or step.left < 1:
                    continue
                if step.do == "slow":
                    delay += step.get("seconds")
                elif refusal is None:
                    refusal = _error(step)
                else:
                    continue
                step.left -= 1
            self._tidy()
        return delay, refusal

    @property
    def affects_messages(self) -> bool:
        """True if a step applies to messages."""
        return any(step.do in MESSAGES for step in self.steps)

    def message(self, progress: ScriptProgress, stream: str, text: bytes) -> Delivery:
        """Apply the steps to the next message of a connection."""
        messages, hold, drop, code = [text], 0.0, False, None
        with self._lock:
            for step in self.steps:
                if step.do not in MESSAGES or step.get("stream") not in (None, stream):
                    continue
                after = step.get("after")
                if after is None:  # at a time, not after a number of messages
                    continue
                number = progress.seen[step.number] = progress.seen.get(step.number, 0) + 1
                first = after if step.do == "drop" else after + 1
                if number == first and step.left > 0:
                    step.left -= 1
                    progress.claimed.add(step.number)
                if step.number not in progress.claimed or number < first:
                    continue
                if step.do == "drop":
                    drop, code = drop or number == first, step.get("code")
                elif step.do == "hold":
                    hold = max(hold, step.get("seconds") if number == first else 0.0)
                elif step.do == "swap":
                    messages = _swap(progress, step.number, number - first, messages)
                elif number < first + step.get("count"):
                    messages = _changed(step.do, messages)
        return Delivery(messages, hold, drop, code)

    def due(self, now: float) -> list[Step]:
        """Steps that are due; each is returned once."""
        with self._lock:
            found = [
                step
                for step in self.steps
                if (step.do == "shutdown" or (step.do == "drop" and step.get("after") is None))
                and step.left > 0
                and now - step.begun >= (step.get("seconds") or 0)
            ]
            for step in found:
                step.left = 0
            self._tidy()
        return found

    def _tidy(self) -> None:
        done = [step for step in self.steps if step.left < 1 and (step.do in CALLS or step.get("after") is None)]
        if done:
            self.steps = tuple(step for step in self.steps if step not in done)


def _error(step: Step) -> Refusal:
    status = step.get("status")
    code, text = STATUSES[status]
    wait = step.get("retry_after")
    return Refusal(code, text, status_code=status, retry_after=RETRY_AFTER.get(status) if wait is None else wait)


def _swap(progress: ScriptProgress, step: int, turn: int, messages: list[bytes]) -> list[bytes]:
    if turn == 0 and messages:
        progress.kept[step] = messages[-1]
        return messages[:-1]
    if turn == 1:
        return [*messages, progress.kept.pop(step)] if step in progress.kept else messages
    return messages


def _changed(do: str, messages: list[bytes]) -> list[bytes]:
    if do == "skip":
        return []
    if do == "duplicate":
        return [text for text in messages for _ in range(2)]
    return [text[: len(text) // 2] for text in messages]
