"""Point of control (POC): the level of a ladder with the greatest volume."""

from __future__ import annotations

import numpy as np

from orderflow.arrays import Ints
from orderflow.market.studies.study import Chart, Data, Result, Study, per_bar


def poc(level: Ints, bid: Ints, ask: Ints, unknown: Ints) -> int:
    """Index of the level with the greatest volume (bid + ask + unknown).

    Ties are resolved by the smallest distance to the ladder's mid-price (low + high) / 2, then by the larger
    |ask - bid|, then by the lower level. level, bid, ask, unknown: int64[m], m >= 1.
    """
    volume = bid + ask + unknown
    top = int(volume.argmax())
    tied = np.flatnonzero(volume == volume[top])
    if len(tied) == 1:
        return top
    twice_mid = int(level[0]) + int(level[-1])
    away = np.abs(2 * level[tied] - twice_mid).tolist()
    delta = np.abs(ask[tied] - bid[tied]).tolist()
    return min(zip(away, (-d for d in delta), tied.tolist(), strict=True))[2]


def poc_of_bars(bounds: Ints, level: Ints, cells: Ints) -> Ints:
    """int64[n]: the level of `poc` for each of n ladders that follow one another.

    bounds: int64[n + 1], where each begins. level: int64[m]. cells: int64[m, 4], columns ask, bid, unknown and trades.
    """
    first, count = bounds[:-1], np.diff(bounds)
    volume = cells[:, :3].sum(axis=1)
    bar = np.repeat(np.arange(len(first)), count)
    tied = np.flatnonzero(volume == np.maximum.reduceat(volume, first)[bar])
    here = bar[tied]
    twice_mid = level[first] + level[bounds[1:] - 1]
    away = np.abs(2 * level[tied] - twice_mid[here])
    delta = np.abs(cells[tied, 0] - cells[tied, 1])
    order = tied if len(tied) == len(first) else tied[np.lexsort((tied, -delta, away, here))]
    found = bar[order]
    return level[order[np.flatnonzero(np.concatenate(([True], found[1:] != found[:-1])))]]


def _bars(data: Data) -> Result:
    return per_bar(data, prices=("poc",), poc=np.array([row[0] for row in data.by_bar(_level)], np.int64))


def _level(level: Ints, bid: Ints, ask: Ints, unknown: Ints) -> tuple[int]:
    return (int(level[poc(level, bid, ask, unknown)]),)


STUDY = Study(
    name="poc",
    title="POC",
    rule="The level of most volume; of equals the nearest to the mid-price, then of larger |delta|, then the lower.",
    yields="one level a bar",
    run=poc,
    apply=_bars,
    chart=Chart("Point of control"),
)
