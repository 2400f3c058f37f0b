"""The interface of price models: a model makes a path, one price at a time.

A model is a record: its parameters with their domains, its source, what theory says about its returns, and the function
that begins a path. Its mathematics is in its own module. Nothing here rounds prices, knows the time of day or keeps a
history: that is done by the simulation.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from orderflow.errors import BadInput, Conflict, FieldError
from orderflow.instruments.params import Param, checked, refused
from orderflow.instruments.rng import Noise

YEAR = 365.25 * 86_400
"""Seconds of a year: these markets never close."""
LOWEST, HIGHEST = 1e-9, 1e15
"""Range of a path's prices."""
_LOG_LOWEST, _LOG_HIGHEST = math.log(LOWEST), math.log(HIGHEST)

Values = Mapping[str, float]
"""Every parameter of a model by its name."""


class Path(ABC):
    """One simulated price over time.

    price: the last one, unrounded, > 0. values: the current parameters.
    """

    __slots__ = ("price", "values")

    price: float
    values: Values

    @abstractmethod
    def step(self) -> float:
        """The price one step later, > 0. Raises Conflict, with the state unchanged, if it leaves 1e-9 ... 1e15."""

    @abstractmethod
    def scale(self, factor: float) -> None:
        """A shock: multiply the price and the level that it reverts to by `factor` > 0, permanently.

        Raises Conflict if the price would leave its range.
        """

    @abstractmethod
    def volatility(self, factor: float) -> None:
        """Multiply the diffusive part by `factor` >= 0 from now on; 1 ends it, factors do not accumulate."""


class LogPath(Path):
    """A path in the logarithm of the price, so that the price cannot fall to zero."""

    __slots__ = ("_log",)

    def __init__(self, values: Values, price: float) -> None:
        self.values = values
        self.price = price
        self._log = math.log(price)

    def scale(self, factor: float) -> None:
        """A shock: see `Path.scale`."""
        self._to(self._log + math.log(usable(factor, zero=False)))

    def _to(self, log: float) -> float:
        """Set the log-price and return the price."""
        if _LOG_LOWEST <= log <= _LOG_HIGHEST:  # also false for NaN
            self._log = log
            self.price = math.exp(log)
            return self.price
        raise _left()


def within(price: float) -> float:
    """Return the price if it is in range. Raises Conflict."""
    if LOWEST <= price <= HIGHEST:
        return price
    raise _left()


def _left() -> Conflict:
    return Conflict(
        f"the simulated price left the range {LOWEST:g} ... {HIGHEST:g}; "
        "a smaller volatility, a smaller drift or a shorter step keeps it there"
    )


def usable(factor: float, *, zero: bool) -> float:
    """Return the factor of a shock or a regime if it is valid. Raises BadInput that names `factor`."""
    if math.isfinite(factor) and (factor > 0.0 or (zero and factor == 0.0)):
        return factor
    reason = f"{factor} must be a finite number {'of at least' if zero else 'above'} 0"
    raise BadInput(f"factor: {reason}", [FieldError(None, "factor", reason)])


@dataclass(frozen=True, slots=True)
class Theory:
    """What theory says about a model's log returns over one step.

    variance: of one return. kurtosis: the excess over the normal's, infinity if it does not exist, None if no closed
    form is known. reversion: share of the distance from its level that the log-price keeps over a step, 1 for a random
    walk. squares: (autocorrelation of squared returns at lag 1, factor by which it falls with each further lag); (0, 0)
    if volatility does not cluster, None if there is no closed form. leverage: sign of the correlation of a return with
    the volatility after it. tail: index of the power law of large returns, infinity if the tails are thinner than any
    power. level: the price to which it reverts, 0 if there is none.
    """

    variance: float
    kurtosis: float | None = 0.0
    reversion: float = 1.0
    squares: tuple[float, float] | None = (0.0, 0.0)
    leverage: int = 0
    tail: float | None = math.inf
    level: float = 0.0

    @property
    def clusters(self) -> bool:
        """Whether volatility clusters."""
        return self.squares != (0.0, 0.0)

    def autocorrelation(self, lag: int) -> float:
        """Autocorrelation of the returns at a lag >= 1: -(1 - a) a^(lag - 1) / 2 with a = `reversion`."""
        return -(1.0 - self.reversion) * self.reversion ** (lag - 1) / 2.0

    def variance_ratio(self, steps: int) -> float:
        """Variance of a return over `steps` steps, divided by `steps` times that of one step; 1 for a random walk."""
        a = self.reversion
        return 1.0 if a == 1.0 else (1.0 - a**steps) / (steps * (1.0 - a))


def _none(values: Values) -> tuple[()]:
    return ()


@dataclass(frozen=True, slots=True)
class Model:
    """A price model, as the registry and a page use it.

    source: where it was published. begin(values, price, dt, noise): makes a path; values are complete and checked.
    theory(values, price, dt): what theory says of the returns. rules(values): (parameter, reason) for every violated
    rule about several parameters. cautions(values): warnings about values that are allowed but unusual.
    fastest(values): (parameter, its rate a year): a step must be shorter than the time 1 / rate.
    """

    name: str
    title: str
    doc: str
    source: str
    params: tuple[Param, ...]
    begin: Callable[[Values, float, float, Noise], Path]
    theory: Callable[[Values, float, float], Theory]
    rules: Callable[[Values], Iterable[tuple[str, str]]] = _none
    cautions: Callable[[Values], Iterable[str]] = _none
    fastest: Callable[[Values], tuple[str, float]] | None = None

    def defaults(self) -> dict[str, float]:
        """The default of every parameter."""
        return {param.name: param.default for param in self.params}

    def check(self, values: Mapping[str, float]) -> tuple[dict[str, float], list[str]]:
        """(all parameters, with defaults where none is given; warnings). Raises BadInput that names each wrong one."""
        complete = checked(f"model {self.name}", self.params, values)
        self._refuse(self.rules(complete))
        return complete, list(self.cautions(complete))

    def start(self, values: Mapping[str, float], price: float, dt: float, noise: Noise) -> Path:
        """Start a path at `price` that moves by `dt` seconds of model time per step.

        Raises BadInput that names the wrong parameter, `price` or `dt`.
        """
        complete, _ = self.check(values)
        faults = []
        if not LOWEST <= price <= HIGHEST:
            faults.append(("price", f"{price:g} must be in {LOWEST:g} ... {HIGHEST:g}"))
        if not 0.0 < dt <= YEAR:
            faults.append(("dt", f"{dt:g} must be above 0 and at most a year of seconds"))
        elif self.fastest:
            name, rate = self.fastest(complete)
            if rate * dt > YEAR:
                faults.append((name, f"{rate:g} is too fast for steps of {dt:g} s; use at most {YEAR / dt:g}"))
        self._refuse(faults)
        return self.begin(MappingProxyType(complete), float(price), float(dt), noise)

    def _refuse(self, faults: Iterable[tuple[str, str]]) -> None:
        errors = [FieldError(None, name, why) for name, why in faults]
        if errors:
            raise refused(f"model {self.name}", errors)
