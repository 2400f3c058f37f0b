"""The numbers by which one game is compared with another, all at once and cheaply: for the crowd and for each game of
the baseline the same function. The tests behind them, with intervals and p-values, are in `statistics`."""

from __future__ import annotations

import numpy as np

from orderflow.arrays import Flags
from orderflow.herd.debrief.bubbles import peak, periods, rad, rd
from orderflow.herd.debrief.columns import FILLED, Record
from orderflow.herd.debrief.statistics import crowd_windows, gini, imbalance, lsv, sign_memory, x_squared

LAGS = (1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 30)
"""In orders."""
NEAR = 10
"""Lags up to this make the two numbers `own_memory` and `others_memory`, by their mean."""

Measures = dict[str, float]


def counted(record: Record) -> Flags:
    """bool[orders]: whose orders the statistics are about: people's, or the bots' in a game without people."""
    people = record.by_people()
    return people if people.any() else np.ones(len(people), bool)


def present(record: Record) -> Flags:
    """bool[members]: those whose wealth counts: people who were not removed, or bots in a game without people."""
    here = np.array([not member.kicked for member in record.members], bool)
    people = here & ~record.bots
    return people if people.any() else here


def measure(record: Record) -> Measures:
    """overdispersion (ratio, 1 without herding), lsv, own_memory and others_memory (mean autocorrelation of signs over
    near lags), gini, imbalance, rad, rd, rise (peak over start − 1), fall (peak to trough); NaN where a game has none.
    """
    who = counted(record)
    windows = crowd_windows(record, who)
    df = len(windows.active) - 1
    herding = lsv(windows.buyers, windows.active) if df > 0 else None
    memory = sign_memory(record.orders.sign[who], record.orders.who[who], LAGS)
    span, top = periods(record), peak(record.path_time, record.path_price)
    filled = who & (record.orders.status == FILLED)
    moved = record.orders.shares[filled]
    found: dict[str, float | None] = {
        "overdispersion": x_squared(windows.buyers, windows.active) / df if df > 0 else None,
        "lsv": float(herding.mean()) if herding is not None else None,
        "own_memory": float(memory.own[memory.lags <= NEAR].mean()) if memory is not None else None,
        "others_memory": float(memory.others[memory.lags <= NEAR].mean()) if memory is not None else None,
        "gini": gini(record.wealth[present(record)]),
        "imbalance": imbalance(float(moved[moved > 0].sum()), float(-moved[moved < 0].sum())),
        "rad": rad(span.price, span.value),
        "rd": rd(span.price, span.value),
        "rise": top.rise if top is not None else None,
        "fall": top.fall if top is not None else None,
    }
    return {name: np.nan if value is None else value for name, value in found.items()}
