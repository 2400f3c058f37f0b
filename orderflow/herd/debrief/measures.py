"""The measures by which games are compared, in one cheap function for the game and for each game of the baseline.

The tests behind them, with intervals and p-values, are in `statistics`.
"""

from __future__ import annotations

import numpy as np

from orderflow.arrays import Flags
from orderflow.herd.debrief.bubbles import peak, periods, rad, rd
from orderflow.herd.debrief.columns import FILLED, Record
from orderflow.herd.debrief.statistics import crowd_windows, gini, imbalance, lsv, sign_memory, x_squared

LAGS = (1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 30)
"""Lags of the autocorrelation of order signs, in orders."""
NEAR = 10
"""`own_memory` and `others_memory` are means over the lags up to this one."""

Measures = dict[str, float]


def counted_orders(record: Record) -> Flags:
    """bool[orders]: orders that the statistics count: those of people, or of the bots in a game without people."""
    people = record.by_people()
    return people if people.any() else np.ones(len(people), bool)


def counted_members(record: Record) -> Flags:
    """bool[members]: members whose wealth counts: people who were not removed, or bots in a game without people."""
    here = np.array([not member.kicked for member in record.members], bool)
    people = here & ~record.bots
    return people if people.any() else here


def measure(record: Record) -> Measures:
    """All measures of a game; NaN where one is undefined.

    overdispersion: ratio, 1 without herding. lsv: mean of the windows. own_memory, others_memory: mean autocorrelation
    of order signs over lags up to `NEAR`. gini, imbalance, rad, rd. rise: peak / start − 1. fall: peak to trough.
    """
    who = counted_orders(record)
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
        "gini": gini(record.wealth[counted_members(record)]),
        "imbalance": imbalance(float(moved[moved > 0].sum()), float(-moved[moved < 0].sum())),
        "rad": rad(span.price, span.value),
        "rd": rd(span.price, span.value),
        "rise": top.rise if top is not None else None,
        "fall": top.fall if top is not None else None,
    }
    return {name: np.nan if value is None else value for name, value in found.items()}
