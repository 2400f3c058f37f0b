"""Trades that a file leaves out are said where ids number them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from orderflow.formats.summary.id_gaps import IdGaps, lines, total
from orderflow.market.ticks import TickBatch

ROW = "{id},0.5,{size},1.0,{time},True,True\n"


def write(folder: Path, ids: list[int], name: str) -> Path:
    path = folder / name
    rows = [ROW.format(id=id, size=id % 7 + 1, time=1619247104155 + 1000 * id) for id in ids]
    path.write_text("".join(rows))
    return path


def batch(ids: list[int]) -> TickBatch:
    n = len(ids)
    numbers = np.array(ids, np.int64)
    ones = np.ones(n, np.int64)
    side = np.zeros(n, np.int8)
    return TickBatch("X", numbers * 10**9, ones, ones, side, side + 1, numbers, 0, 0)


def test_the_dry_run_names_the_gaps_within_and_between_files(replay: Callable[..., Any], tmp_path: Path) -> None:
    """The second day begins 100 trades after the end of the first, and leaves out 5 of its own."""
    write(tmp_path, list(range(50)), "XYZUSDT-trades-2021-04-24.csv")
    write(tmp_path, [*range(150, 170), *range(175, 180)], "XYZUSDT-trades-2021-04-25.csv")
    run = replay(tmp_path / "XYZUSDT-*.csv", "--dry-run")
    assert run.code == 0
    assert "  missing   105 trade ids are missing between 0 and 179" in run.out
    assert "100 after 49: 2021-04-24 06:52:33.155 UTC → 2021-04-24 06:54:14.155 UTC" in run.out
    assert "5 after 169: " in run.out


def test_the_summary_says_what_is_missing(fake: Any, replay: Callable[..., Any], tmp_path: Path) -> None:
    path = write(tmp_path, [1, 2, 3, 10], "XYZUSDT-trades-2021-04-24.csv")
    run = replay(path, "--server", fake.url, "-v", "max")
    assert run.code == 0
    assert "6 trade ids are missing, most of them after 3 at 2021-04-24 06:51:47.155 UTC" in run.out
    path = write(tmp_path, [1, 2, 3, 4], "XYZUSDT-trades-2021-04-25.csv")
    assert "missing" not in replay(path, "--server", fake.url, "-v", "max").out


@pytest.mark.parametrize("size", [1, 7, 5000])
def test_the_largest_gaps_are_kept_whatever_the_batches(size: int) -> None:
    ids = [id for id in range(3000) if not (id % 300 == 0 and id) and not 700 < id < 740]
    gaps = IdGaps()
    for at in range(0, len(ids), size):
        gaps.add(batch(ids[at : at + size]))
    assert gaps.run.missing() == 3000 - len(ids)
    first = next(iter(lines(gaps, documented=False)))
    assert first.startswith("48 trade ids are missing between 0 and 2999")
    assert (gaps.gaps[0].missing, gaps.gaps[0].last, gaps.gaps[0].next) == (39, 700, 740)
    assert [gap.missing for gap in gaps.gaps[1:]] == [1, 1, 1, 1]


def test_ids_that_do_not_count_say_nothing() -> None:
    gaps = IdGaps()
    gaps.add(batch([5, 9, 100]))
    assert (list(lines(gaps, documented=False)), total({"X": gaps}, documented=False)) == ([], "")
    assert (
        total({"X": gaps}, documented=True)
        == "93 trade ids are missing, most of them after 9 at 1970-01-01 00:00:09.000 UTC"
    )
