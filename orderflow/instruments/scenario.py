"""Scenarios: what happens to simulated instruments, and when, written in a file.

A file is TOML, or JSON of the same shape (it begins with "{"), in UTF-8, at most 1,000 events:

    name = "Flash crash"            # optional: the file's name otherwise
    description = "One fast fall."  # optional
    loop = 900                      # optional: begin again every so many seconds

    [[events]]
    kind = "flash_crash"
    at = 120                        # seconds from the scenario's beginning
    instruments = "all"             # or an id or a group, or a list of them; "all" when left out
    depth_percent = 9
    down_seconds = 30
    recovery_seconds = 90

kind          what it needs and may have
shock         percent: the price jumps by it and stays there
volatility    factor, seconds: the model's volatility is that multiple for so long
flash_crash   depth_percent, down_seconds, recovery_seconds, [hold_seconds = 0], [recovery_percent = 100]: the price
              falls, stays down, recovers that share of the fall; both ways on a straight line of its logarithm
halt          seconds: no trades, and the price stands

Events may overlap, and stand in any order. On one instrument price factors multiply, volatility factors multiply, and
halts join. What moves the price during a halt is held back and felt when trading begins again. With `loop` every event
must end by then; what a round left of the price, the next one begins with. Nothing in a file is ignored: an unknown
key, kind or instrument is refused, and all that is wrong is told at once, with the number of the event.

Reading files, playing in real time and applying the effects is done elsewhere.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from orderflow.errors import BadInput, FieldError
from orderflow.instruments.events import AT, DIGITS, KINDS, Event, Kind
from orderflow.instruments.params import LONGEST_SHOWN, Param, near, shown
from orderflow.instruments.timeline import CALM, Effects, Timeline

__all__ = ["CALM", "Effects", "EventError", "Player", "Scenario"]

MAX_EVENTS = 1_000
MAX_ERRORS = 50
"""Errors listed in the message; `errors` has all of them."""
LONGEST_KEY = 32
"""Parts of a dotted TOML key. tomllib needs memory with the square of their number."""
_TEXTS = re.compile(
    r'"""(?:[^\\]|\\.)*?(?:"""|\Z)|' r"'''.*?(?:'''|\Z)|" r'"(?:[^"\\\n]|\\.)*+"?|' r"'[^'\n]*+'?|#[^\n]*+",
    re.DOTALL,
)
"""Strings and comments of a TOML text, also unfinished ones, so that each character is looked at once."""
_LONG_KEY = re.compile(rf"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){{{LONGEST_KEY}}}")
ALL = "all"
LOOP = Param("loop", 900.0, 1.0, AT.high, "s", "The scenario repeats with this period.")


@dataclass(frozen=True, slots=True)
class EventError(FieldError):
    """An error in an event: `row` is its number less 1, `line` where it begins, if known."""

    @property
    def loc(self) -> list[str | int]:
        path: list[str | int] = ["body", "events"]
        if self.row is not None:
            path.append(self.row)
        return [*path, self.field] if self.field else path

    def __str__(self) -> str:
        place = f"event {(self.row or 0) + 1}" + (f" (line {self.line})" if self.line is not None else "")
        return f"{place}{f', {self.field}' if self.field else ''}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A checked scenario. events: in the order of the file. warnings: values that are allowed but probably not
    intended.
    """

    name: str
    description: str
    loop: float | None
    events: tuple[Event, ...]
    warnings: tuple[str, ...] = ()

    @staticmethod
    def parse(data: bytes, name: str, known: Collection[str]) -> Scenario:
        """Parse the bytes of a scenario file.

        name: the name if the file has none. known: the ids and groups that events can name. Raises BadInput; its
        `errors` are EventErrors (and FieldErrors for keys outside of events).
        """
        table, lines = _table(data, name)
        errors: list[FieldError] = []
        keys = ("name", "description", "loop", "events")
        errors += [
            FieldError(None, key[:LONGEST_SHOWN], f"is unknown: {near(key, keys)}") for key in table if key not in keys
        ]
        title = _text(table, "name", 100, name, errors)
        description = _text(table, "description", 2_000, "", errors)
        loop = table.get("loop")
        reason = LOOP.wrong(loop) if loop is not None else None
        if reason is not None:
            errors.append(FieldError(None, "loop", reason))
            loop = None
        loop = None if loop is None else round(float(loop), DIGITS)
        listed = table.get("events", [])
        if not isinstance(listed, list) or not listed:
            errors.append(FieldError(None, "events", "is missing: write each event as a table [[events]]"))
            listed = []
        if len(listed) > MAX_EVENTS:
            errors.append(FieldError(None, "events", f"are {len(listed):,}: at most {MAX_EVENTS:,} are allowed"))
            listed = []
        events = []
        for index, one in enumerate(listed):
            found = _Reader(index, lines[index] if len(lines) == len(listed) else None, errors).event(one, known, loop)
            if found is not None:
                events.append(found)
        if errors:
            more = f"; and {len(errors) - MAX_ERRORS} more" if len(errors) > MAX_ERRORS else ""
            messages = [str(e) if isinstance(e, EventError) else f"{e.field} {e.reason}" for e in errors[:MAX_ERRORS]]
            raise BadInput(f"scenario {name}: {'; '.join(messages)}{more}", errors)
        return Scenario(title, description, loop, tuple(events), _odd(events, loop))

    @property
    def seconds(self) -> float:
        """The duration: one round, or until the last event ends."""
        return self.loop or max(event.end for event in self.events)

    def active(self, t: float) -> list[Event]:
        """The events that are in progress at t; jumps for one second after they happen."""
        t = t % self.loop if self.loop and t >= 0.0 else t
        return [event for event in self.events if event.at <= t < max(event.end, event.at + 1.0)]

    def player(self, ids: Iterable[str], groups: Mapping[str, Collection[str]] | None = None) -> Player:
        """The effects on each of these instruments. groups: the ids of each; unknown names are ignored."""
        return Player(self, ids, groups or {})


class Player:
    """The effects of a scenario on instruments as a pure function of time, for any interval in any order.

    The factors of consecutive intervals multiply to that of the whole, however it is divided.
    """

    def __init__(self, scenario: Scenario, ids: Iterable[str], groups: Mapping[str, Collection[str]]) -> None:
        made: dict[tuple[int, ...], Timeline] = {}
        self._timelines: dict[str, Timeline] = {}
        concerned = [
            {member for name in event.instruments for member in (name, *groups.get(name, ()))}
            for event in scenario.events
        ]
        for key in ids:
            events = [e for e, names in zip(scenario.events, concerned, strict=True) if key in names or ALL in names]
            if events:
                same = tuple(event.number for event in events)
                self._timelines[key] = made.get(same) or made.setdefault(same, Timeline(events, scenario.loop))

    def effects(self, key: str, t_from: float, t_to: float) -> Effects:
        """The effects on an instrument from t_from until just before t_to, seconds since the beginning.

        An event that begins at t_from is included, one at t_to is not; a halt counts if any part of it is in the
        interval. Nothing happens before 0. Raises ValueError for t_to < t_from.
        """
        timeline = self._timelines.get(key)
        return CALM if timeline is None else timeline.effects(t_from, t_to)


class _Reader:
    """Reads one event of a file and collects its errors."""

    def __init__(self, index: int, line: int | None, errors: list[FieldError]) -> None:
        self._index, self._line, self._errors = index, line, errors

    def _wrong(self, field: str | None, reason: str) -> None:
        self._errors.append(EventError(self._index, field, reason, self._line))

    def event(self, table: object, known: Collection[str], loop: float | None) -> Event | None:
        before = len(self._errors)
        if not isinstance(table, dict):
            self._wrong(None, "is not a table of keys and values")
            return None
        kind = self._kind(table.get("kind"))
        instruments = self._instruments(table.get("instruments", ALL), known)
        if kind is None:
            return None
        names = ("kind", "at", "instruments", *(param.name for param in kind.params))
        for key in table:
            if key not in names:
                self._wrong(key[:LONGEST_SHOWN], f"is not a key of {kind.name}: {near(key, names)}")
        values = {param.name: self._number(table, param, kind.required) for param in kind.params}
        at = self._number(table, AT, (AT.name,))
        if len(self._errors) > before:
            return None
        event = Event(self._index + 1, kind, at, instruments, values)
        if loop is not None and (event.end > loop or event.at >= loop):
            when = f"ends at {event.end:g} s" if event.at < loop else f"begins at {event.at:g} s"
            self._wrong("at", f"{when}, but the scenario repeats every {loop:g} s (loop)")
            return None
        return event

    def _kind(self, value: object) -> Kind | None:
        names = [kind.name for kind in KINDS]
        for kind in KINDS:
            if kind.name == value:
                return kind
        if value is None:
            self._wrong("kind", f"is missing: there are {', '.join(names)}")
        else:
            self._wrong("kind", f"{shown(value)} is unknown: {near(str(value), names)}")
        return None

    def _instruments(self, value: object, known: Collection[str]) -> tuple[str, ...]:
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            self._wrong("instruments", f'must be "{ALL}", an id or a group, or a list of them')
            return ()
        for name in names:
            if name != ALL and name not in known:
                self._wrong("instruments", f"{shown(name)} is unknown: {near(name, [ALL, *known])}")
        return tuple(dict.fromkeys(names))

    def _number(self, table: Mapping[str, Any], param: Param, required: tuple[str, ...]) -> float:
        value = table.get(param.name)
        if value is None and param.name not in required:
            return param.default
        reason = param.wrong(value) if value is not None else f"is missing: {param.doc} It must be {param.allowed}"
        if reason is None and value is not None:
            return float(value)
        self._wrong(param.name, reason or "")
        return math.nan


def _table(data: bytes, name: str) -> tuple[dict[str, Any], list[int]]:
    """The file as a table, and the lines on which events begin (empty if unknown)."""
    try:
        text = data.decode("utf-8-sig")
        if text.lstrip().startswith("{"):
            return json.loads(text, object_pairs_hook=_once), []
        if _LONG_KEY.search(_TEXTS.sub("x", text)):
            raise BadInput(f"scenario {name} has a key of more than {LONGEST_KEY} parts")
        lines = [n for n, line in enumerate(text.split("\n"), 1) if re.match(r"\s*\[\[\s*events\s*\]\]", line)]
        return tomllib.loads(text), lines
    except UnicodeDecodeError as error:
        raise BadInput(f"scenario {name} is not UTF-8 text") from error
    except RecursionError as error:
        raise BadInput(f"scenario {name} is nested too deep") from error
    except ValueError as error:
        kind = "JSON" if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else "TOML"
        raise BadInput(f"scenario {name} is not {kind}: {error}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for key, value in pairs:
        if key in table:
            raise ValueError(f"the key {shown(key)} occurs twice in one table")
        table[key] = value
    return table


def _text(table: Mapping[str, Any], key: str, longest: int, default: str, errors: list[FieldError]) -> str:
    value = table.get(key, default)
    if isinstance(value, str) and len(value) <= longest and (value.strip() or not default):
        return " ".join(value.split())
    errors.append(FieldError(None, key, f"must be text of at most {longest:,} characters"))
    return default


def _odd(events: list[Event], loop: float | None) -> tuple[str, ...]:
    """Warnings about values that are allowed but probably not intended: rounds that let prices drift away."""
    if loop is None:
        return ()
    gains: dict[str, float] = {}
    for event in events:
        for name in event.instruments:
            gains[name] = gains.get(name, 0.0) + math.log(event.level(math.inf))
    for name, gain in gains.items():
        if abs(gain) > 1e-9:
            factor = math.exp(max(-600.0, min(600.0, gain)))
            return (f"each round of {loop:g} s multiplies {name} by {factor:.4g}, so its price drifts away",)
    return ()
