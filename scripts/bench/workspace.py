"""Measure the workspace: how fast klines are stored, read over HTTP and filled from a venue.

    python scripts/bench/workspace.py [PART ...] [--quick]

Each part is a module `_workspace_PART.py` with a function `run(quick)` that returns the rows of its table.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

import _workspace_backfill
import _workspace_pages
import _workspace_store
from _common import Row, machine, show

PARTS: dict[str, tuple[str, Callable[[bool], Sequence[Row]]]] = {
    "store": ("klines into the records", _workspace_store.run),
    "pages": ("GET /data/klines of 1,000 rows, warm", _workspace_pages.run),
    "backfill": ("a history from the simulated exchange", _workspace_backfill.run),
}


def main() -> int:
    """Run the parts that are named, or all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (all)")
    parser.add_argument("--quick", action="store_true", help="little data, to see that it runs")
    args = parser.parse_args()
    if unknown := [part for part in args.parts if part not in PARTS]:
        parser.error(f"there is no part {', '.join(unknown)}")
    print(machine())
    met = [show(title, run(args.quick)) for title, run in (PARTS[part] for part in args.parts or PARTS)]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
