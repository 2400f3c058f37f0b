"""Arrival laws in continuous time: when trades happen.

A law describes its parameters and its theory (mean rate, Fano factor); `start` makes a running `Arrivals`, which
generates the arrivals up to a time. It does not know prices, sides or sizes.

The same generator state gives the same arrivals, however the time is cut into calls: `until(1)` and then `until(2)`
return together what `until(2)` alone returns. Time is seconds since the start.

Two limits keep a burst from stalling the program. In each whole second of the process's own time at most
MAX_PER_SECOND arrivals take place; the rest of that second is silent. A call returns at most MAX_PER_CALL arrivals;
the rest of its time is silent. Both are counted in `cuts` and `silence`. The first limit is part of the law and does
not depend on the calls; the second affects only callers that ask for a long time at once.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from orderflow.errors import BadInput, FieldError
from orderflow.instruments.params import Param, checked, near, refused, shown

MAX_PER_SECOND = 5_000
MAX_PER_CALL = 20_000
MAX_RATE = 1_000.0
"""Largest mean rate of a law, arrivals per second."""
BLOCK = 64
"""Random numbers drawn per block: scalar draws from numpy cost more than the law itself, and every instrument keeps a
block of each kind.
"""

Values = Mapping[str, float]


class Arrivals(ABC):
    """A running arrival process. `cuts` counts the silences caused by the limits, `silence` is their sum in seconds."""

    def __init__(self) -> None:
        self.cuts = 0
        self.silence = 0.0
        self._until = 0.0
        self._second = 0
        self._in_second = 0
        self._next = 0.0

    @abstractmethod
    def _after(self) -> float:
        """The time of the arrival after the last one (or after the silence); called once for each arrival."""

    @abstractmethod
    def _quiet(self, time: float) -> None:
        """Drop the pending arrival and continue from `time`: nothing arrives before it."""

    def until(self, t: float) -> list[float]:
        """Return the arrivals in (last, t], ascending; `last` is the largest t so far, 0 at first.

        A t that is not larger gives none. Raises ValueError if t is not finite.
        """
        if not math.isfinite(t):
            raise ValueError(f"arrivals until {t} cannot be generated")
        found: list[float] = []
        while self._next <= t:
            time = self._next
            if len(found) >= MAX_PER_CALL:
                self._cut(time, t)
                break
            if time >= self._second + 1:
                self._second, self._in_second = math.floor(time), 0
            self._in_second += 1
            if self._in_second > MAX_PER_SECOND:
                self._cut(time, self._second + 1.0)
                continue
            found.append(time)
            self._next = self._after()
        self._until = max(self._until, t)
        return found

    @property
    def generated_until(self) -> float:
        """The time up to which arrivals have been generated, in seconds."""
        return self._until

    def _cut(self, start: float, end: float) -> None:
        self.cuts += 1
        self.silence += end - start
        self._quiet(end)
        self._next = self._after()


@dataclass(frozen=True, slots=True)
class ArrivalLaw:
    """A named arrival law.

    mean_rate(values): arrivals per second in the long run. fano(values): variance of the counts in long windows,
    divided by their mean. source: citation of the law and of its simulation.
    """

    name: str
    title: str
    doc: str
    source: str
    params: tuple[Param, ...]
    mean_rate: Callable[[Values], float]
    fano: Callable[[Values], float]
    _start: Callable[[Values, np.random.Generator], Arrivals]

    def check(self, values: Values) -> dict[str, float]:
        """Complete and check the parameters. Raises BadInput with a FieldError for each wrong one."""
        owner = f"{self.name} arrivals"
        complete = checked(owner, self.params, values)
        mean = self.mean_rate(complete)
        if mean > MAX_RATE:
            reason = f"{complete['rate']:g} makes {mean:,.0f} arrivals a second: at most {MAX_RATE:,.0f} are allowed"
            raise refused(owner, [FieldError(None, "rate", reason)])
        return complete

    def start(self, values: Values, rng: np.random.Generator) -> Arrivals:
        """Start a process at time 0. It draws from children of `rng`, so it does not affect other users of `rng`.

        Raises BadInput like `check`.
        """
        return self._start(self.check(values), rng)


class _Poisson(Arrivals):
    def __init__(self, values: Values, rng: np.random.Generator) -> None:
        super().__init__()
        self._rng = rng.spawn(1)[0]
        self._mean = 1.0 / values["rate"]
        self._gaps: list[float] = []
        self._now = 0.0
        self._next = self._after()

    def _after(self) -> float:
        if not self._gaps:
            self._gaps = self._rng.standard_exponential(BLOCK).tolist()
        self._now += self._gaps.pop() * self._mean
        return self._now

    def _quiet(self, time: float) -> None:
        self._now = time


class _Hawkes(Arrivals):
    """Ogata's thinning: the intensity only falls between arrivals, so its current value bounds it until the next
    one.
    """

    def __init__(self, values: Values, rng: np.random.Generator) -> None:
        super().__init__()
        self._gap_rng, self._keep_rng = rng.spawn(2)
        self._rate, self._decay = values["rate"], values["decay"]
        self._jump = values["branching"] * values["decay"]
        # start at the mean intensity, so the mean count has its long-run value from the first second
        self._excited = self._rate * values["branching"] / (1.0 - values["branching"])
        # excitation before the pending arrival, and its time; restored by a silence
        self._before, self._since = self._excited, 0.0
        self._now = 0.0
        self._gaps: list[float] = []
        self._keeps: list[float] = []
        self._next = self._after()

    def _after(self) -> float:
        self._before, self._since = self._excited, self._now
        rate, excited, now = self._rate, self._excited, self._now
        while True:
            if not self._gaps:
                self._gaps = self._gap_rng.standard_exponential(BLOCK).tolist()
                self._keeps = self._keep_rng.random(BLOCK).tolist()
            bound = rate + excited
            gap = self._gaps.pop() / bound
            now += gap
            excited *= math.exp(-self._decay * gap)
            if self._keeps.pop() * bound < rate + excited:
                break
        self._now, self._excited = now, excited + self._jump
        return now

    def _quiet(self, time: float) -> None:
        self._excited = self._before * math.exp(-self._decay * (time - self._since))
        self._now = time


POISSON = ArrivalLaw(
    name="poisson",
    title="Poisson",
    doc="Arrivals without memory, at a constant rate.",
    source="Kingman, Poisson Processes (1993)",
    params=(Param("rate", 2.0, 0.0, MAX_RATE, "1/s", "Arrivals a second.", low_open=True),),
    mean_rate=lambda values: values["rate"],
    fano=lambda values: 1.0,
    _start=_Poisson,
)

HAWKES = ArrivalLaw(
    name="hawkes",
    title="Hawkes",
    doc="Arrivals that excite each other: each one raises the rate by branching·decay, which then fades exponentially.",
    source="Hawkes, Biometrika 58 (1971); simulated by thinning, Ogata, IEEE Trans. Inf. Theory 27 (1981)",
    params=(
        Param("rate", 0.4, 0.0, MAX_RATE, "1/s", "Baseline: arrivals a second that nothing excited.", low_open=True),
        Param(
            "branching",
            0.8,
            0.0,
            1.0,
            "",
            "Arrivals that one arrival causes directly, on average. Must be below 1, or it grows without end.",
            high_open=True,
        ),
        Param("decay", 2.0, 0.0, 10_000.0, "1/s", "How fast the excitation fades.", low_open=True),
    ),
    mean_rate=lambda values: values["rate"] / (1.0 - values["branching"]),
    fano=lambda values: 1.0 / (1.0 - values["branching"]) ** 2,
    _start=_Hawkes,
)

LAWS = (POISSON, HAWKES)


def names() -> tuple[str, ...]:
    """The names of all arrival laws."""
    return tuple(law.name for law in LAWS)


def get(name: str) -> ArrivalLaw:
    """Return the law of that name. Raises BadInput for the field `arrivals`, listing all names."""
    for law in LAWS:
        if law.name == name:
            return law
    reason = f"{shown(name)} is unknown: {near(str(name), names())}"
    raise BadInput(f"arrivals {reason}", [FieldError(None, "arrivals", reason)])
