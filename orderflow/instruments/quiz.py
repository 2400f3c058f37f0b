"""The quiz "real or fake?": windows of recorded markets, and simulated windows that resemble them.

A window is a fixed number of prices on an even time grid, the last price of each cell. A simulated window copies what
would give it away: the size of the moves, the tick size, and how often a cell has no trade. What remains are the
differences between a market and a model; the hint explains them.

The bundled recordings are read once per `Quizzes`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from orderflow.arrays import Flags, Floats
from orderflow.errors import BadInput, FieldError
from orderflow.formats import open_ticks
from orderflow.formats.samples import find_sample, sample_path
from orderflow.instruments.estimators import acf, moments
from orderflow.instruments.models import registry
from orderflow.instruments.models.model import YEAR
from orderflow.instruments.rng import Noise, child_seed

LENGTH = 120
"""Prices in a window."""
MAX_QUESTIONS = 20
"""Questions of a quiz; there are 22 recorded windows, and none is used twice."""
_SECOND = 1_000_000_000
_GRIDS = (("LTCUSDT", 5), ("LTCUSDT", 20), ("BTCUSDT", 1))
"""(sample, seconds between two prices)."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question. prices: `LENGTH` of them, the first is 100. real: the answer. source: the origin of the prices.
    hint: what tells them apart. Show the last three after the answer only.
    """

    prices: tuple[float, ...]
    real: bool
    source: str
    hint: str


@dataclass(frozen=True, slots=True)
class _Window:
    """prices: float64[LENGTH] as recorded. traded: bool[LENGTH], whether the cell has a trade."""

    prices: Floats
    traded: Flags
    seconds: int
    decimals: int
    source: str


@dataclass(frozen=True, slots=True)
class _Fake:
    """How a model makes a window: its parameters from the volatility a year and the seconds per step. wild: whether fat
    tails or bursts are visible in it.
    """

    model: str
    values: Callable[[float, float], dict[str, float]]
    tells: str
    wild: bool = True


_FAKES = (
    _Fake(
        "gbm",
        lambda sigma, dt: {"sigma": sigma},
        "Brownian motion has no quiet and no wild periods: moves of all sizes are mixed evenly, and none is huge.",
        wild=False,
    ),
    _Fake(
        "garch",
        lambda sigma, dt: {"sigma": sigma, "alpha": 0.15, "beta": 0.8, "nu": 5.0},
        "GARCH has bursts and fat tails like a market, so it is the hardest to tell: its bursts fade evenly, and "
        "it does not return to earlier prices.",
    ),
    _Fake(
        "heston",
        lambda sigma, dt: {
            "theta": sigma**2,
            "kappa": 0.05 * YEAR / dt,
            "xi": sigma * math.sqrt(0.08 * YEAR / dt),
            "rho": -0.5,
        },
        "In Heston's model volatility drifts smoothly from low to high and back; a market's breaks out at once.",
    ),
    _Fake(
        "merton",
        lambda sigma, dt: {
            "sigma": 0.7 * sigma,
            "intensity": 0.04 * YEAR / dt,
            "jump_sd": 3.5 * sigma * math.sqrt(dt / YEAR),
        },
        "Merton's jumps come unannounced and nothing follows them; in a market a large move is followed by others.",
    ),
    _Fake(
        "ou",
        lambda sigma, dt: {"sigma": sigma, "theta": 0.08 * YEAR / dt},
        "An Ornstein-Uhlenbeck price returns to one level again and again; a market does not.",
        wild=False,
    ),
)
_FAT, _BURSTS, _LAGS = 2.0, 0.1, 5
_REAL = {
    (True, True): "A market: large moves come in bursts, and the largest are far out of line.",
    (True, False): "A market: the largest moves are far out of line, more than the bell curve allows.",
    (False, True): "A market: quiet and lively periods alternate, as large moves come in bursts.",
    (False, False): "A market, in a period too calm to show it: this one can only be guessed.",
}
"""By (fat tails are visible, bursts are visible)."""


class Quizzes:
    """Makes quizzes, and caches the recordings."""

    def __init__(self) -> None:
        self._windows: tuple[_Window, ...] = ()

    def make(self, seed: int, n: int) -> list[Question]:
        """Make n questions, 1 <= n <= 20; the same seed >= 0 gives the same questions.

        About half are real and none is used twice. The first call reads the recordings (some 0.1 s). Raises BadInput
        that names `n` or `seed`, NotFound if a recording is not installed.
        """
        faults = []
        if not 1 <= n <= MAX_QUESTIONS:
            faults.append(FieldError(None, "n", f"{n} questions are not possible; ask for 1 to {MAX_QUESTIONS}"))
        if seed < 0:
            faults.append(FieldError(None, "seed", f"{seed} must be 0 or more"))
        if faults:
            raise BadInput("; ".join(f"{fault.field}: {fault.reason}" for fault in faults), faults)
        if not self._windows:
            self._windows = tuple(window for sample, seconds in _GRIDS for window in _cut(sample, seconds))
        rng = np.random.default_rng(child_seed(seed, "quiz"))
        chosen = rng.permutation(len(self._windows))[:n]
        questions = []
        for number, which in enumerate(chosen.tolist()):
            window = self._windows[which]
            if rng.random() < 0.5:
                questions.append(_question(window.prices, window.source, None))
            else:
                fake = _FAKES[int(rng.integers(len(_FAKES)))]
                questions.append(_made(fake, window, Noise(child_seed(seed, "quiz", number)), rng))
        return questions


def make_quiz(seed: int, n: int) -> list[Question]:
    """Make one quiz without a cache; see `Quizzes.make`."""
    return Quizzes().make(seed, n)


def _cut(sample: str, seconds: int) -> list[_Window]:
    """All adjacent windows of a recording, except those in which the price moved fewer than 20 times."""
    parts, decimals = [], 0
    with open_ticks(sample_path(sample)) as reader:
        for chunk in reader:
            for batch in chunk.batches:
                decimals = batch.price_decimals
                parts.append(np.column_stack((batch.time, batch.price)))
    time, price = np.concatenate(parts).T
    order = np.argsort(time, kind="stable")
    time, price = time[order], price[order]
    grid = np.arange(time[0], time[-1], seconds * _SECOND)
    last = np.searchsorted(time, grid, side="right") - 1
    title = find_sample(sample).title
    windows = []
    for start in range(0, len(grid) - LENGTH + 1, LENGTH):
        cells = last[start : start + LENGTH]
        prices = price[cells] / 10.0**decimals
        traded = np.r_[True, np.diff(cells) > 0]
        clock = datetime.fromtimestamp(int(grid[start]) // _SECOND, UTC)
        every = "second" if seconds == 1 else f"{seconds} s"
        if np.count_nonzero(np.diff(prices)) >= 20:
            source = f"{title}, from {clock:%H:%M:%S} UTC, a price every {every}"
            windows.append(_Window(prices, traded, seconds, decimals, source))
    return windows


def _made(fake: _Fake, window: _Window, noise: Noise, rng: np.random.Generator) -> Question:
    dt = float(window.seconds)
    sigma = float(np.diff(np.log(window.prices)).std()) * math.sqrt(YEAR / dt)
    model = registry.get(fake.model)
    path = model.start(fake.values(sigma, dt), float(window.prices[0]), dt, noise)
    prices, shown = [], path.price
    for traded in rng.permutation(window.traded).tolist():
        price = path.step()
        shown = round(price, window.decimals) if traded else shown
        prices.append(shown)
    source = f"simulated: {model.title}, with the volatility of a period of {window.source.partition(',')[0]}"
    return _question(np.array(prices), source, fake)


def _question(prices: Floats, source: str, fake: _Fake | None) -> Question:
    r = np.diff(np.log(prices))
    kurtosis, bursts = moments(r).kurtosis.value, float(acf(np.abs(r), _LAGS).value.mean())
    figures = (
        f"Here the excess kurtosis of the returns is {kurtosis:.1f} (the bell curve has 0), and the autocorrelation of "
        f"their sizes {bursts:+.2f} over {_LAGS} lags (without bursts it is about 0)."
    )
    tells = fake.tells if fake else _REAL[kurtosis > _FAT, bursts > _BURSTS]
    if fake and fake.wild and kurtosis <= _FAT and bursts <= _BURSTS:
        tells += " Little of it shows in so short a period."
    shown: list[float] = np.round(prices / prices[0] * 100.0, 4).tolist()
    return Question(tuple(shown), fake is None, source, f"{tells} {figures}")
