"""What the plausibility checks of tick files cost: the same file read with and without them, in turns.

Prints the median CPU time of both, and the ratio. The checks are what is done beside detection and parsing: settling
the layout by more rows, looking at the first 10,000, and sorting out prices of 0 and below. The aim is 1.05.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from tick_layouts import HEADERS, write

from orderflow.formats import open_ticks
from orderflow.formats import part as part_module
from orderflow.formats.checks import plausible
from orderflow.formats.checks.prices import Prices

CHUNK_ROWS = 25_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name in HEADERS:  # generic is the last
            path = write(name, args.rows, Path(folder))
            print(compare(name, path, args.rounds))
        path.write_text(path.read_text().replace(",buy,", ",1,").replace(",sell,", ",0,"))
        print(compare("generic with sides 1 and 0", path, args.rounds))


@contextmanager
def without_checks() -> Iterator[None]:
    """Read as if nothing were looked at."""
    with (
        mock.patch.object(part_module, "settled", lambda layout, case: layout),
        mock.patch.object(plausible, "newest_first", return_value=False),
        mock.patch.object(plausible, "check_times"),
        mock.patch.object(plausible, "check_sizes"),
        mock.patch.object(plausible, "check_bad"),
        mock.patch.object(Prices, "sorted", lambda self, parsed: parsed),
    ):
        yield


def seconds(path: Path) -> float:
    """CPU time of one reading."""
    begin = time.process_time()
    with open_ticks(path, chunk_rows=CHUNK_ROWS, max_bad=0.05) as reader:
        for _ in reader:
            pass
    return time.process_time() - begin


def compare(name: str, path: Path, rounds: int) -> str:
    """A line with the medians and their ratio."""
    seconds(path)
    found: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(rounds):
        found[True].append(seconds(path))
        with without_checks():
            found[False].append(seconds(path))
    checked, bare = (statistics.median(found[checks]) for checks in (True, False))
    pairs = statistics.median(one / other for one, other in zip(found[True], found[False], strict=True))
    return f"{name}: {checked:.3f} s with the checks, {bare:.3f} s without, {pairs:.3f} times (median of pairs)"


if __name__ == "__main__":
    main()
