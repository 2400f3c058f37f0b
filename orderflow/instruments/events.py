"""The kinds of scenario events: their numbers, and their effect on the price in time.

A kind is one entry of KINDS. The file format is in `scenario`, the combination of events in `timeline`. Times are
seconds from the scenario's beginning.
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
"""Decimals of a second that count, so that rounding in sums of floats does not move an event."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of event.

    required: the numbers without a default (the default of their Param is an example). phases(values): the durations of
    the parts, in order. level(values, part, share): the price factor when this share of a part has passed; the part
    after the last one is the lasting effect. moves: the parts in which the factor changes. text: a description,
    formatted with the numbers.
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
    """The times at which its parts begin and end: one more than there are parts."""

    def __post_init__(self) -> None:
        times = [round(self.at, DIGITS)]
        for duration in self.kind.phases(self.values):
            times.append(round(times[-1] + duration, DIGITS))
        object.__setattr__(self, "times", tuple(times))

    @property
    def end(self) -> float:
        """The time at which its last part ends."""
        return self.times[-1]

    @property
    def text(self) -> str:
        """A short description."""
        return self.kind.text.format_map(self.values)

    def level(self, t: float) -> float:
        """The price factor just before t: 1 until the event begins, and its lasting effect after its end."""
        part = bisect_left(self.times, t) - 1
        if self.kind.level is None or part < 0:
            return 1.0
        if part == len(self.times) - 1:
            return self.kind.level(self.values, part, 0.0)
        begin, end = self.times[part], self.times[part + 1]
        return self.kind.level(self.values, part, (t - begin) / (end - begin))


def _crash(values: Values, part: int, share: float) -> float:
    """Down, hold, recovery: each linear in the logarithm of the price."""
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
    doc="The price jumps at once and stays there; for a mean-reverting model, the level moves as well.",
    text="shock of {percent:+g}%",
    params=(Param("percent", -5.0, -99.0, 1_000.0, "%", "Size of the jump."),),
    required=("percent",),
    phases=lambda values: (),
    level=lambda values, part, share: 1.0 + values["percent"] / 100.0,
)

VOLATILITY = Kind(
    name="volatility",
    doc="For some time the model's volatility is multiplied.",
    text="volatility ×{factor:g} for {seconds:g} s",
    params=(
        Param("factor", 2.0, 0.0, 100.0, "", "The multiple: 1 changes nothing, 0 leaves only drift and jumps."),
        _seconds("seconds", 120.0, "For how long.", some=True),
    ),
    required=("factor", "seconds"),
    phases=lambda values: (values["seconds"],),
)

FLASH_CRASH = Kind(
    name="flash_crash",
    doc="The price falls, stays down for some time and recovers a part, in addition to the model's own moves.",
    text="flash crash of {depth_percent:g}% in {down_seconds:g} s, {recovery_percent:g}% of it recovered",
    params=(
        Param("depth_percent", 9.0, 0.0, 99.0, "%", "How far the price falls.", low_open=True),
        _seconds("down_seconds", 30.0, "How long the fall takes; 0: at once."),
        _seconds("hold_seconds", 0.0, "How long the price stays down."),
        _seconds("recovery_seconds", 60.0, "How long the recovery takes; 0: at once."),
        Param("recovery_percent", 100.0, 0.0, 200.0, "%", "Share of the fall that is recovered; can be above 100."),
    ),
    required=("depth_percent", "down_seconds", "recovery_seconds"),
    phases=lambda values: (values["down_seconds"], values["hold_seconds"], values["recovery_seconds"]),
    level=_crash,
    moves=(0, 2),
)

HALT = Kind(
    name="halt",
    doc="Trading stops: no trades and no price changes. Other events take effect when trading resumes.",
    text="halt for {seconds:g} s",
    params=(_seconds("seconds", 60.0, "For how long.", some=True),),
    required=("seconds",),
    phases=lambda values: (values["seconds"],),
)

KINDS = (SHOCK, VOLATILITY, FLASH_CRASH, HALT)
