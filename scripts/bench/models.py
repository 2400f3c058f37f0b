"""Measure the time of a step of each price model, compared with a plain implementation of the same model.

    python scripts/bench/models.py [--steps 2e5] [--quick]

The plain implementation draws every number when it is needed, with `Generator.normal()` and similar methods, and uses
numpy for roots and exponentials. Both make the same number of steps with the same parameters, in turns, and the
variance of both is checked against theory, so that they do the same work. Prices are made one by one, as a live
simulation needs them; arrays of steps are not measured.
"""

from __future__ import annotations

import argparse
import sys
import time
import tracemalloc
from collections.abc import Callable
from functools import partial

import numpy as np
from _common import Row, as_servers_do, at_least, at_most, machine, median, number, rounds, show

from orderflow.instruments.models import registry
from orderflow.instruments.models.model import YEAR, Model, Path, Values
from orderflow.instruments.rng import Noise

Step = Callable[[], float]
START = 100.0
MANY = 1000


def plain_uniform(p: Values, dt: float, rng: np.random.Generator) -> Step:
    price = START

    def step() -> float:
        nonlocal price
        price = abs(price + rng.uniform(-p["range"], p["range"]))
        return float(price)

    return step


def plain_gbm(p: Values, dt: float, rng: np.random.Generator) -> Step:
    price = START

    def step() -> float:
        nonlocal price
        price *= np.exp((p["mu"] - p["sigma"] ** 2 / 2) * dt + p["sigma"] * np.sqrt(dt) * rng.normal())
        return float(price)

    return step


def plain_ou(p: Values, dt: float, rng: np.random.Generator) -> Step:
    x = level = np.log(START)

    def step() -> float:
        nonlocal x
        keep = np.exp(-p["theta"] * dt)
        spread = p["sigma"] * np.sqrt((1 - keep**2) / (2 * p["theta"]))
        x = level + keep * (x - level) + spread * rng.normal()
        return float(np.exp(x))

    return step


def plain_merton(p: Values, dt: float, rng: np.random.Generator) -> Step:
    price = START

    def step() -> float:
        nonlocal price
        k = np.exp(p["jump_mean"] + p["jump_sd"] ** 2 / 2) - 1
        jumps = np.sum(rng.normal(p["jump_mean"], p["jump_sd"], rng.poisson(p["intensity"] * dt)))
        drift = (p["mu"] - p["intensity"] * k - p["sigma"] ** 2 / 2) * dt
        price *= np.exp(drift + p["sigma"] * np.sqrt(dt) * rng.normal() + jumps)
        return float(price)

    return step


def plain_heston(p: Values, dt: float, rng: np.random.Generator) -> Step:
    price, v = START, p["theta"]

    def step() -> float:
        nonlocal price, v
        z = rng.normal()
        w = p["rho"] * z + np.sqrt(1 - p["rho"] ** 2) * rng.normal()
        full = max(v, 0.0)
        price *= np.exp((p["mu"] - full / 2) * dt + np.sqrt(full * dt) * z)
        v += p["kappa"] * (p["theta"] - full) * dt + p["xi"] * np.sqrt(full * dt) * w
        return float(price)

    return step


def plain_garch(p: Values, dt: float, rng: np.random.Generator) -> Step:
    price, h = START, p["sigma"] ** 2 * dt
    omega = h * (1 - p["alpha"] - p["beta"])

    def step() -> float:
        nonlocal price, h
        e = np.sqrt(h) * rng.standard_t(p["nu"]) * np.sqrt((p["nu"] - 2) / p["nu"])
        price *= np.exp((p["mu"] - p["sigma"] ** 2 / 2) * dt + e)
        h = omega + p["alpha"] * e**2 + p["beta"] * h
        return float(price)

    return step


PLAIN = {
    "uniform": plain_uniform,
    "gbm": plain_gbm,
    "ou": plain_ou,
    "merton": plain_merton,
    "heston": plain_heston,
    "garch": plain_garch,
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the time of a step of each price model.")
    parser.add_argument("--steps", type=float, default=2e5, help="steps per round (2e5)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the steps, to check that it runs")
    options = parser.parse_args()
    steps = int(options.steps / (10 if options.quick else 1))
    print(machine())
    rows = []
    for model in registry.MODELS:
        check_variance(model, steps)
        as_servers_do()
        turns = rounds(5, timed(partial(our_step, model), steps), timed(partial(plain_step, model), steps))
        ours, plain = map(median, turns)
        rows.append(at_most(model.name, ours * 1e6, 2.0, "µs per step"))
        rows.append(Row("", f"{number(1 / ours)} steps/s"))
        rows.append(Row("  plain implementation", f"{number(1 / plain)} steps/s"))
        rows.append(at_least("  times as fast", plain / ours, 2.0, ""))
    met = show(f"{steps:,} steps per round, median of 5 rounds", rows)
    show(f"Memory of {MANY:,} paths with their noise", [memory(model) for model in registry.MODELS])
    return 0 if met else 1


def our_step(model: Model) -> Step:
    """The step function of a new path."""
    return model.start({}, START, 1.0, Noise(1)).step


def plain_step(model: Model) -> Step:
    """The step function of the plain implementation."""
    return PLAIN[model.name](model.defaults(), 1.0 / YEAR, np.random.default_rng(1))


def timed(make: Callable[[], Step], steps: int) -> Callable[[], float]:
    """A function that returns the seconds per step."""

    def run() -> float:
        step = make()
        begin = time.perf_counter()
        for _ in range(steps):
            step()
        return (time.perf_counter() - begin) / steps

    return run


def check_variance(model: Model, steps: int) -> None:
    """Raise AssertionError unless the variance of both is within a quarter of theory, as bursts vary by that much."""
    for step in (our_step(model), plain_step(model)):
        prices = np.array([step() for _ in range(min(steps, 50_000))])
        # the uniform walk moves in units of price
        moves = np.diff(prices) / START if model.name == "uniform" else np.diff(np.log(prices))
        ratio = moves.var() / model.theory(model.defaults(), START, 1.0).variance
        if not 0.75 < ratio < 1.25:
            raise AssertionError(f"{model.name}: the variance is {ratio:.2f} times that of theory")


def memory(model: Model) -> Row:
    """Memory of a path after one step, including its block of random numbers."""
    tracemalloc.start()
    paths: list[Path] = [model.start({}, START, 1.0, Noise(seed)) for seed in range(MANY)]
    for path in paths:
        path.step()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return Row(model.name, f"{number(held / MANY / 1024)} KiB a path")


if __name__ == "__main__":
    sys.exit(main())
