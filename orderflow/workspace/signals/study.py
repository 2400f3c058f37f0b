"""What prices did after signals: forward returns at horizons, hit rate, excursions, against random entries.

Returns are of the signal's side: a sell that falls has a positive one. Signals without a side, exits (unless they are
asked for), signals without a price after them and those whose horizon is beyond the data are left out, and counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from orderflow.arrays import Flags, Floats, Indices, Ints
from orderflow.errors import BadInput, FieldError
from orderflow.market.signal import NEUTRAL, Signal
from orderflow.workspace.signals.baseline import Baseline, random_entries
from orderflow.workspace.signals.intervals import Interval, block_length, mean_interval
from orderflow.workspace.signals.price_path import PricePath, entries_after, exits_of, windows_of
from orderflow.workspace.uploads.timeframes import duration_of

MAX_HORIZONS = 12
LONGEST_YEARS = 100
SECOND, MINUTE, HOUR, DAY = 10**9, 60 * 10**9, 3600 * 10**9, 86_400 * 10**9


def read_horizons(text: str) -> tuple[int, ...]:
    """The horizons (ns) of a text such as `5m, 1h, 1d`, each once, ascending. Raises BadInput, naming `horizons`."""
    try:
        found = [duration_of(part) * 10**6 for part in text.replace(",", " ").split()]
    except BadInput as error:
        raise _bad_horizons(str(error)) from error
    if not 1 <= len(found) <= MAX_HORIZONS:
        raise _bad_horizons(f"give 1 to {MAX_HORIZONS} of them, such as 5m, 1h, 1d")
    if max(found) > LONGEST_YEARS * 365 * DAY:
        raise _bad_horizons(f"the longest is {LONGEST_YEARS} years")
    return tuple(sorted(set(found)))


def _bad_horizons(reason: str) -> BadInput:
    return BadInput(f"horizons: {reason}", [FieldError(None, "horizons", reason)])


@dataclass(frozen=True, slots=True)
class Outcomes:
    """n signals at one horizon. signal: positions in the list of signals that are studied. returns, mae, mfe:
    float64[n], of the side: the return at the horizon, the worst (at most 0) and the best (at least 0) until then."""

    signal: Indices
    returns: Floats
    mae: Floats
    mfe: Floats


@dataclass(frozen=True, slots=True)
class HorizonResult:
    """One horizon (ns). mean, hit: of the outcomes, with their intervals. overlapping: the share of signals that begin
    while an earlier one is held. beyond: signals whose horizon is beyond the data. random: None without outcomes."""

    horizon: int
    outcomes: Outcomes
    beyond: int
    overlapping: float
    mean: float
    mean_interval: Interval
    median: float
    hit: float
    hit_interval: Interval
    random: Baseline | None

    @property
    def count(self) -> int:
        """How many signals were followed to the horizon."""
        return len(self.outcomes.returns)


@dataclass(frozen=True, slots=True)
class Study:
    """signals: those that are studied, by time. results: one a horizon. left_out: how many for which reason. level: of
    the intervals. notes: what to keep in mind, in words."""

    signals: tuple[Signal, ...]
    results: tuple[HorizonResult, ...]
    left_out: dict[str, int]
    level: float
    notes: tuple[str, ...]


def study_signals(
    signals: Sequence[Signal],
    path: PricePath,
    horizons: Sequence[int],
    *,
    exits: bool = False,
    level: float = 0.95,
    seed: int = 1,
) -> Study:
    """Study signals on prices. horizons: ns. exits: take exits as signals of their own. level: of the intervals.

    Raises BadInput for no or too many horizons, or ones that are not above 0 or above LONGEST_YEARS.
    """
    if not 1 <= len(horizons) <= MAX_HORIZONS or min(horizons) <= 0 or max(horizons) > LONGEST_YEARS * 365 * DAY:
        raise _bad_horizons(f"give 1 to {MAX_HORIZONS} of them, all above 0 and within {LONGEST_YEARS} years")
    if not 0.5 <= level < 1:
        raise BadInput("level: must be from 0.5 to 1")
    chosen, left_out = _chosen(signals, path, exits=exits)
    time = np.array([signal.time for signal in chosen], np.int64)
    side = np.array([signal.side for signal in chosen], np.float64)
    entry = entries_after(path, time)
    rng = np.random.default_rng(seed)
    results = tuple(_at_horizon(path, entry, side, horizon, level, rng) for horizon in sorted(set(horizons)))
    return Study(tuple(chosen), results, left_out, level, tuple(_notes(results)))


def _chosen(signals: Sequence[Signal], path: PricePath, *, exits: bool) -> tuple[list[Signal], dict[str, int]]:
    """The signals with a side and a price after them, by time; and how many are left out for which reason."""
    found: list[Signal] = []
    left_out = {"without a side": 0, "exits": 0, "before the data": 0, "after the data": 0}
    for signal in sorted(signals, key=lambda each: each.time):
        if signal.side == NEUTRAL:
            left_out["without a side"] += 1
        elif signal.type.startswith("exit") and not exits:
            left_out["exits"] += 1
        elif signal.time < path.begin[0]:
            left_out["before the data"] += 1
        elif signal.time >= path.begin[-1]:
            left_out["after the data"] += 1
        else:
            found.append(signal)
    return found, {reason: count for reason, count in left_out.items() if count}


def _at_horizon(
    path: PricePath, entry: Indices, side: Floats, horizon: int, level: float, rng: np.random.Generator
) -> HorizonResult:
    exits = exits_of(path, entry, horizon)
    inside = np.flatnonzero(exits >= 0)
    outcomes = _outcomes(path, entry[inside], exits[inside], side[inside], inside)
    starts = path.begin[entry[inside]]
    block = block_length(starts, starts + horizon)
    returns = outcomes.returns
    hits = (returns > 0).astype(np.float64)
    count = len(returns)
    random = random_entries(path, entry[inside], side[inside], horizon, rng) if count else None
    return HorizonResult(
        horizon,
        outcomes,
        len(entry) - count,
        float(_overlaps(starts, horizon).mean()) if count else 0.0,
        float(returns.mean()) if count else float("nan"),
        mean_interval(returns, block, level, rng),
        float(np.median(returns)) if count else float("nan"),
        float(hits.mean()) if count else float("nan"),
        _within(mean_interval(hits, block, level, rng)),
        random,
    )


def _outcomes(path: PricePath, entry: Indices, exits: Indices, side: Floats, where: Indices) -> Outcomes:
    found = windows_of(path, entry, exits)
    returns, up, down = (side * (price / found.price - 1) for price in (found.gone, found.high, found.low))
    return Outcomes(where, returns, np.minimum(0, np.minimum(up, down)), np.maximum(0, np.maximum(up, down)))


def _overlaps(starts: Ints, horizon: int) -> Flags:
    """Whether each signal begins while an earlier one is held."""
    found = np.zeros(len(starts), np.bool_)
    found[1:] = np.diff(starts) < horizon
    return found


def _within(interval: Interval) -> Interval:
    """An interval of a share, between 0 and 1."""
    if interval.low is None or interval.high is None:
        return interval
    return Interval(max(0.0, interval.low), min(1.0, interval.high), interval.block, interval.blocks)


def _notes(results: Sequence[HorizonResult]) -> list[str]:
    notes = []
    if any(result.overlapping > 0.1 for result in results):
        worst = max(results, key=lambda result: result.overlapping)
        notes.append(
            f"holding periods overlap ({worst.overlapping:.0%} of the signals at the longest): the intervals allow for "
            "it, but there is less to learn than the number of signals suggests"
        )
    if any(result.mean_interval.low is None for result in results):
        notes.append("there are too few independent signals for an interval at some horizons")
    if len(results) > 1:
        notes.append("several horizons are looked at: the best of them is too good by chance")
    return notes
