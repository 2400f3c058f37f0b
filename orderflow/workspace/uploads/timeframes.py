"""The time frame of candles, from the steps between their times."""

from __future__ import annotations

import re

import numpy as np

from orderflow.arrays import Ints
from orderflow.errors import BadInput

IRREGULAR = "irregular"
"""The name for candles without a usual step, such as those of a number of trades."""
_NAME = re.compile(r"[1-9][0-9]{0,2}[smhdwM]")
_SECOND, _DAY = 1000, 86_400_000
_UNITS = ((7 * _DAY, "w"), (_DAY, "d"), (3_600_000, "h"), (60_000, "m"), (_SECOND, "s"))
_MONTH = range(28 * _DAY, 31 * _DAY + 1)
_LEAST_SHARE = 0.5


def check_timeframe(name: str) -> str:
    """A time frame's name, such as 1m or 4h. Raises BadInput."""
    if name != IRREGULAR and not _NAME.fullmatch(name):
        raise BadInput(f"timeframe: {name[:20]!r} is not a time frame; write it like 1s, 5m, 1h, 1d, 1w, 1M")
    return name


def timeframe_of(times: Ints) -> str:
    """The time frame of ascending times (ms): the step that most candles have, IRREGULAR if there is none."""
    steps = np.diff(times)
    if not len(steps):
        return IRREGULAR
    if np.mean((steps >= _MONTH.start) & (steps < _MONTH.stop)) > _LEAST_SHARE:
        return "1M"
    values, counts = np.unique(steps, return_counts=True)
    step, share = int(values[counts.argmax()]), float(counts.max() / len(steps))
    if share <= _LEAST_SHARE:
        return IRREGULAR
    unit, letter = next(((unit, letter) for unit, letter in _UNITS if not step % unit), (0, ""))
    return f"{step // unit}{letter}" if unit and step // unit < 1000 else IRREGULAR


def step_of(name: str) -> int | None:
    """The step (ms) of a time frame; None where it has no fixed one: months, and IRREGULAR."""
    if name == IRREGULAR or name.endswith("M"):
        return None
    units = {letter: unit for unit, letter in _UNITS}
    return int(name[:-1]) * units[name[-1]]


def duration_of(text: str) -> int:
    """A duration such as 30s, 5m or 1d in ms. Raises BadInput."""
    step = step_of(text) if re.fullmatch(r"[1-9][0-9]{0,5}[smhdw]", text) else None
    if step is None:
        raise BadInput(f"{text[:20]!r} is not a duration; write it like 30s, 5m, 1h, 1d")
    return step
