"""The kinds of events that a scenario may hold: what each asks for, and what it does to a price in time.

A kind is one entry of KINDS: its numbers with their ranges, and the price factor it makes. How a file names them is the
business of `scenario`, how they combine that of its player. Times are seconds from the scenario's beginning.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from orderflow.instruments.params import Param

Values = Mapping[str, float]

LONGEST = 366 * 86_400.0
"""Largest time and duration, seconds."""
DIGITS = 6
"""Decimals of a second that count: what sums of floats leave behind them moves no event."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of event. required: the numbers that have no default (what their Param gives is an example).

    phases(values): the durations of its parts, one after the other. level(values, part, share): by what the price is
    multiplied when that share of a part is over; the part after the last one is what remains. moves: the parts during
    which that changes. text: a few words, formatted with the numbers.
    """

    name: str
    doc: str
    text: str
    params: tuple[Param, ...]
    required: tuple[str, ...]
    phases: Callable[[Values], tuple[float, ...]]
    level: Callable[[Values, int, float], float] | None = None
    moves: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a scenario. number: its place in the file, from 1. instruments: ids, groups or "all"."""

    number: int
    kind: Kind
    at: float
    instruments: tuple[str, ...]
    values: Values
    times: tuple[float, ...] = field(init=False)
    """When its parts begin and end: as many times as parts and one more."""

    def __post_init__(self) -> None:
        times = [round(self.at, DIGITS)]
        for duration in self.kind.phases(self.values):
            times.append(round(times[-1] + duration, DIGITS))
        object.__setattr__(self, "times", tuple(times))

    @property
    def end(self) -> float:
        """When its last part ends."""
        return self.times[-1]

    @property
    def text(self) -> str:
        """What happens, in a few words."""
        return self.kind.text.format_map(self.values)

    def level(self, t: float) -> float:
        """The price factor just before t: 1 until the event begins, and whatever it left behind after its end."""
        part = bisect_left(self.times, t) - 1
        if self.kind.level is None or part < 0:
            return 1.0
        if part == len(self.times) - 1:
            return self.kind.level(self.values, part, 0.0)
        begin, end = self.times[part], self.times[part + 1]
        return self.kind.level(self.values, part, (t - begin) / (end - begin))


def _crash(values: Values, part: int, share: float) -> float:
    """Down, hold, recovery: each on a straight line of the logarithm."""
    depth = values["depth_percent"] / 100.0
    bottom, final = 1.0 - depth, 1.0 - depth * (1.0 - values["recovery_percent"] / 100.0)
    if part == 0:
        return float(bottom**share)
    if part == 2:
        return float(bottom * (final / bottom) ** share)
    return bottom if part == 1 else final


def _seconds(name: str, default: float, doc: str, *, some: bool = False) -> Param:
    return Param(name, default, 0.0, LONGEST, "s", doc, low_open=some)


AT = _seconds("at", 60.0, "When the event begins.")

SHOCK = Kind(
    name="shock",
    doc="The price jumps at once and stays there; a model that is drawn to a level is drawn to the shifted one.",
    text="shock of {percent:+g}%",
    params=(Param("percent", -5.0, -99.0, 1_000.0, "%", "By how much the price jumps."),),
    required=("percent",),
    phases=lambda values: (),
    level=lambda values, part, share: 1.0 + values["percent"] / 100.0,
)

VOLATILITY = Kind(
    name="volatility",
    doc="For a time the model's volatility is a multiple of its own.",
    text="volatility ×{factor:g} for {seconds:g} s",
    params=(
        Param("factor", 2.0, 0.0, 100.0, "", "The multiple: 1 changes nothing, 0 leaves drift and jumps alone."),
        _seconds("seconds", 120.0, "For how long.", some=True),
    ),
    required=("factor", "seconds"),
    phases=lambda values: (values["seconds"],),
)

FLASH_CRASH = Kind(
    name="flash_crash",
    doc="The price falls along a path, stays down for a while and recovers a part, on top of what the model does.",
    text="flash crash of {depth_percent:g}% in {down_seconds:g} s, {recovery_percent:g}% of it recovered",
    params=(
        Param("depth_percent", 9.0, 0.0, 99.0, "%", "How far the price falls.", low_open=True),
        _seconds("down_seconds", 30.0, "How long the fall takes; 0: at once."),
        _seconds("hold_seconds", 0.0, "How long the price stays down."),
        _seconds("recovery_seconds", 60.0, "How long the recovery takes; 0: at once."),
        Param(
            "recovery_percent", 100.0, 0.0, 200.0, "%", "How much of the fall is recovered; above 100: more than it."
        ),
    ),
    required=("depth_percent", "down_seconds", "recovery_seconds"),
    phases=lambda values: (values["down_seconds"], values["hold_seconds"], values["recovery_seconds"]),
    level=_crash,
    moves=(0, 2),
)

HALT = Kind(
    name="halt",
    doc="Trading stops: no trades, and the price stands. What moves it meanwhile is felt when trading begins again.",
    text="halt for {seconds:g} s",
    params=(_seconds("seconds", 60.0, "For how long.", some=True),),
    required=("seconds",),
    phases=lambda values: (values["seconds"],),
)

KINDS = (SHOCK, VOLATILITY, FLASH_CRASH, HALT)
