"""A study as rows, for tables and export."""

from __future__ import annotations

import numpy as np

from orderflow.errors import BadInput
from orderflow.workspace.signals.study import DAY, HOUR, MINUTE, SECOND, HorizonResult, Study
from orderflow.workspace.uploads.refusals import csv_text
from orderflow.workspace.uploads.rows import iso_times

SUMMARY = (
    "horizon", "signals", "beyond", "overlapping", "mean", "mean_low", "mean_high", "median", "hit_rate", "hit_low",
    "hit_high", "mae", "mfe", "random_mean", "random_low", "random_high", "random_hit_rate", "p",
)  # fmt: skip
EACH = ("timestamp", "side", "type", "label", "horizon", "return", "mae", "mfe")
MOST_ROWS = 250_000
"""Rows of the list of all signals: a second of work and 16 MB."""
_UNITS = ((DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s"))


def horizon_name(horizon: int) -> str:
    """A horizon (ns) in words: 5m, 1h."""
    for unit, letter in _UNITS:
        if horizon % unit == 0:
            return f"{horizon // unit}{letter}"
    return f"{horizon / SECOND:g}s"


def summary_rows(study: Study) -> list[dict[str, object]]:
    """One row a horizon. Returns are shares: 0.01 is one percent. None where there is nothing to say."""
    return [dict(zip(SUMMARY, _summary(result, study.level), strict=True)) for result in study.results]


def summary_csv(study: Study) -> bytes:
    """The summary as CSV."""
    return csv_text(SUMMARY, ([_rounded(value) for value in row.values()] for row in summary_rows(study)))


def outcomes_csv(study: Study) -> bytes:
    """Every signal at every horizon as CSV; no cell is a formula. Raises BadInput for more than MOST_ROWS."""
    count = sum(result.count for result in study.results)
    if count > MOST_ROWS:
        raise BadInput(
            f"horizons: the list of all signals would have {count:,} rows, and {MOST_ROWS:,} are the most; give fewer"
        )
    times = iso_times(np.array([signal.time for signal in study.signals], np.int64))
    rows = (
        (
            times[place], study.signals[place].side, study.signals[place].type, study.signals[place].label,
            horizon_name(result.horizon), _rounded(gain), _rounded(worst), _rounded(best),
        )
        for result in study.results
        for place, gain, worst, best in zip(
            result.outcomes.signal.tolist(),
            result.outcomes.returns.tolist(),
            result.outcomes.mae.tolist(),
            result.outcomes.mfe.tolist(),
            strict=True,
        )
    )  # fmt: skip
    return csv_text(EACH, rows)


def _summary(result: HorizonResult, level: float) -> list[object]:
    name, few = horizon_name(result.horizon), not result.count
    tail = (1 - level) / 2
    random = result.random
    around = [None, None] if random is None else np.quantile(random.means, [tail, 1 - tail]).tolist()
    own = [
        result.mean,
        result.mean_interval.low,
        result.mean_interval.high,
        result.median,
        result.hit,
        result.hit_interval.low,
        result.hit_interval.high,
    ]
    excursions = [] if few else [float(result.outcomes.mae.mean()), float(result.outcomes.mfe.mean())]
    return [
        name,
        result.count,
        result.beyond,
        result.overlapping,
        *([None] * 9 if few else [*own, *excursions]),
        None if random is None else random.mean,
        *around,
        None if random is None else float(random.hits.mean()),
        None if random is None else random.p,
    ]


def _rounded(value: object) -> object:
    return float(f"{value:.10g}") if isinstance(value, float) else value
