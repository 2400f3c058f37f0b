"""Stylised facts (Cont, 2001) of simulated prices, compared with the theory of their model, for the model card.

A fact has two references: the theory for an infinite sample, and the band in which samples of this length lie. The band
decides, as a short sample of fat tails seldom shows them in full. It is found by simulation: `RUNS` paths of the same
length, rounded to the same ticks, give the band that holds 99% of them. A true sample leaves a band once in a hundred
checks; with seven facts, one is outside in about 7% of the checks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from orderflow.arrays import Floats
from orderflow.instruments.estimators import TAIL
from orderflow.instruments.models.model import YEAR, Model, Theory
from orderflow.instruments.rng import Noise, child_seed

RUNS = 400
CONFIDENCE = 0.99
NEEDED = 200
"""Returns below which nothing is reported."""
LENGTHS = (1600, 800, 400, NEEDED)
"""Number of returns used: the largest of these that is available."""
_SETTLE = 200
"""Steps before a run counts, in which volatility forgets its start."""
_LAGS = 10
_STEPS = 20
_KEPT = 64


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a model card.

    value, low, high: the estimate and its band, None if unknown. theory: of an infinite sample, a finite number or
    words. ok: whether the value is within the band, None without a value. text: the line as a sentence. doc: its
    meaning.
    """

    name: str
    title: str
    value: float | None
    low: float | None
    high: float | None
    theory: float | str | None
    ok: bool | None
    text: str
    doc: str


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    title: str
    doc: str
    measure: Callable[[Floats], Floats]
    theory: Callable[[Theory], float | str | None]
    digits: str = ".3g"


def _standard(r: Floats) -> Floats:
    found: Floats = (r - r.mean(axis=1, keepdims=True)) / r.std(axis=1, keepdims=True)
    return found


def _lagged(a: Floats, b: Floats, lags: int) -> Floats:
    """Mean over lags 1 ... `lags` of the correlation of a(t) with b(t + lag), both standardized [m, n]; float64[m]."""
    found: Floats = np.mean([(a[:, :-k] * b[:, k:]).sum(axis=1) / a.shape[1] for k in range(1, lags + 1)], axis=0)
    return found


def _kurtosis(r: Floats) -> Floats:
    found: Floats = (_standard(r) ** 4).mean(axis=1) - 3.0
    return found


def _memory(r: Floats) -> Floats:
    return _lagged(_standard(r), _standard(r), 1)


def _clustering(r: Floats) -> Floats:
    size = _standard(np.abs(r))
    return _lagged(size, size, _LAGS)


def _leverage(r: Floats) -> Floats:
    return _lagged(_standard(r), _standard(np.abs(r)), _LAGS)


def _tail(r: Floats) -> Floats:
    k = math.ceil(TAIL * r.shape[1])
    top = np.sort(np.abs(r), axis=1)[:, ::-1][:, : k + 1]
    found: Floats = k / np.log(top[:, :k] / top[:, k:]).sum(axis=1)
    return found


def _ratio(r: Floats) -> Floats:
    z = _standard(r)
    weights = [(2.0 * (_STEPS - k) / _STEPS, k) for k in range(1, _STEPS)]
    found: Floats = 1.0 + np.sum([w * (z[:, :-k] * z[:, k:]).sum(axis=1) / z.shape[1] for w, k in weights], axis=0)
    return found


KINDS: tuple[_Kind, ...] = (
    _Kind(
        "volatility",
        "Volatility a year",
        "Standard deviation of the returns, scaled to a year.",
        lambda r: r.std(axis=1),
        lambda theory: math.sqrt(theory.variance),
    ),
    _Kind(
        "kurtosis",
        "Excess kurtosis",
        "How fat the tails are: 0 for the normal law, 3 and far more for markets.",
        _kurtosis,
        lambda theory: theory.kurtosis,
    ),
    _Kind(
        "tail",
        "Tail index (Hill)",
        f"Large returns follow a power law of this index, 3 to 5 in markets; read from the largest {TAIL:.0%}.",
        _tail,
        lambda theory: "thinner than any power" if theory.tail == math.inf else theory.tail,
    ),
    _Kind(
        "memory",
        "Autocorrelation of returns",
        "Of a return with the next one: about 0 in markets, or the next move could be predicted.",
        _memory,
        lambda theory: theory.autocorrelation(1),
        "+.3f",
    ),
    _Kind(
        "clustering",
        "Autocorrelation of |returns|",
        f"Mean over {_LAGS} lags: above 0 where large moves come in bursts, as they do in markets.",
        _clustering,
        lambda theory: "above 0" if theory.clusters else 0.0,
        "+.3f",
    ),
    _Kind(
        "leverage",
        "Leverage",
        f"Correlation of a return with |returns| after it, mean over {_LAGS} lags: below 0 if falls raise volatility.",
        _leverage,
        lambda theory: ("below 0", 0.0, "above 0")[theory.leverage + 1],
        "+.3f",
    ),
    _Kind(
        "ratio",
        "Variance ratio",
        f"Variance over {_STEPS} steps against {_STEPS} times that of one: 1 for a random walk, below 1 if it returns.",
        _ratio,
        lambda theory: theory.variance_ratio(_STEPS),
    ),
)


class FactChecker:
    """Computes facts, and caches the bands of models.

    The first check of a model takes up to a second of computing, the next ones milliseconds, so do not call it on the
    hub.
    """

    def __init__(self, runs: int = RUNS) -> None:
        self._runs = runs
        self._bands: dict[object, tuple[tuple[float, float], ...]] = {}

    def check(
        self, prices: Sequence[float], model: Model, values: Mapping[str, float], dt: float, *, decimals: int = 2
    ) -> list[Fact]:
        """Return one fact for each of `KINDS` from the last of these prices, oldest first, one per step of dt seconds.

        Uses the last 1600, 800, 400 or 200 returns, as many as there are: bands exist for these lengths. With fewer
        than 200 every fact says how many are missing. decimals: of the rounded prices. Raises BadInput for parameters
        that the model rejects, Conflict if such a model's price cannot be kept in range, ValueError for prices that are
        not all above 0.
        """
        complete, _ = model.check(values)
        found = np.asarray(prices, np.float64)
        if not np.all(np.isfinite(found) & (found > 0)):
            raise ValueError("prices must be finite numbers above 0")
        length = next((n for n in LENGTHS if n < len(found)), 0)
        if not length:
            have = max(len(found) - 1, 0)
            return [_silent(kind, f"{kind.title}: needs {NEEDED} returns, there are {have}") for kind in KINDS]
        log = np.log(found[-length - 1 :])
        theory = model.theory(complete, float(found[-1]), dt)
        if not np.ptp(log):
            why = "the price did not move, so there is nothing to measure"
            return [_silent(kind, f"{kind.title}: {why}") for kind in KINDS]
        # a band depends little on the price: bands are computed for twenty prices per decade and cached
        price = theory.level or 10.0 ** (round(20.0 * math.log10(found[-length - 1])) / 20.0)
        bands = self._bands_of(model, complete, price, dt, decimals, length)
        measured = measure(np.diff(log)[None, :])
        per_year = math.sqrt(YEAR / dt)
        facts = []
        for kind, value, (low, high) in zip(KINDS, measured[:, 0].tolist(), bands, strict=True):
            unit = per_year if kind.name == "volatility" else 1.0
            expected = kind.theory(theory)
            if isinstance(expected, float):
                expected = expected * unit if math.isfinite(expected) else "infinite"
            facts.append(_fact(kind, value * unit, low * unit, high * unit, expected))
        return facts

    def _bands_of(
        self, model: Model, values: Mapping[str, float], price: float, dt: float, decimals: int, length: int
    ) -> tuple[tuple[float, float], ...]:
        key = (model.name, tuple(sorted(values.items())), price, dt, decimals, length)
        bands = self._bands.get(key)
        if bands is None:
            runs = np.stack([_run(model, values, price, dt, decimals, length, k) for k in range(self._runs)])
            bands = tuple(_band(found) for found in measure(np.diff(np.log(runs), axis=1)))
            while len(self._bands) >= _KEPT:
                self._bands.pop(next(iter(self._bands)), None)
            self._bands[key] = bands
        return bands


def check_facts(
    prices: Sequence[float], model: Model, values: Mapping[str, float], dt: float, *, decimals: int = 2
) -> list[Fact]:
    """Compute facts without a cache; see `FactChecker.check`."""
    return FactChecker().check(prices, model, values, dt, decimals=decimals)


def measure(r: Floats) -> Floats:
    """All statistics of `KINDS` for m rows of n returns, [m, n]: float64[kinds, m], NaN where undefined."""
    with np.errstate(invalid="ignore", divide="ignore"):  # a constant row has no statistics: NaN
        return np.stack([kind.measure(r) for kind in KINDS])


def _run(
    model: Model, values: Mapping[str, float], price: float, dt: float, decimals: int, length: int, number: int
) -> Floats:
    step = model.start(values, price, dt, Noise(child_seed(number, "facts"))).step
    for _ in range(_SETTLE):
        step()
    prices = np.array([step() for _ in range(length + 1)])
    return np.maximum(np.round(prices, decimals), 10.0**-decimals)


def _band(found: Floats) -> tuple[float, float]:
    """(low, high) of one statistic over all runs; NaN if it is undefined in one run in ten."""
    finite = found[np.isfinite(found)]
    if len(finite) < 0.9 * len(found):
        return math.nan, math.nan
    low, high = np.quantile(finite, ((1.0 - CONFIDENCE) / 2.0, (1.0 + CONFIDENCE) / 2.0))
    return float(low), float(high)


def _silent(kind: _Kind, text: str) -> Fact:
    return Fact(kind.name, kind.title, None, None, None, None, None, text, kind.doc)


def _fact(kind: _Kind, value: float, low: float, high: float, theory: float | str | None) -> Fact:
    if not (math.isfinite(value) and math.isfinite(low) and math.isfinite(high)):
        return _silent(kind, f"{kind.title}: too many of these returns are equal")
    ok = low <= value <= high

    def say(number: float) -> str:
        return format(number, kind.digits) if abs(number) >= 5e-7 else "0"

    words = f"theory {theory if isinstance(theory, str) else say(theory)}; " if theory is not None else ""
    verdict = "fits" if ok else f"outside, as one run in {1.0 / (1.0 - CONFIDENCE):.0f} is"
    text = f"{kind.title} {say(value)} ({words}{CONFIDENCE:.0%} of such runs {say(low)} to {say(high)}): {verdict}"
    return Fact(kind.name, kind.title, value, low, high, theory, ok, text, kind.doc)
