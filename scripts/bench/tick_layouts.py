"""Reading of tick files: random layouts that are read wrongly (none may be), and the rate of known formats.

With `--before FOLDER`, another checkout, the rate is compared with that of its reader: in fresh processes, in turns.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _common import ROOT, Trades

from orderflow.market.decimals import unit_text
from tests.formats.random_files import random_file, read_back

READ = """
import sys, time
from orderflow.formats import open_ticks
best = []
for _ in range(int(sys.argv[2])):
    begin = time.process_time()
    with open_ticks(sys.argv[1], chunk_rows=25_000) as reader:
        ticks = sum(chunk.ticks for chunk in reader)
    best.append(time.process_time() - begin)
print(ticks / min(best))
"""
HEADERS = {
    "binance-aggtrades": "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker",
    "generic": "timestamp,price,size,side,id",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layouts", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--before", type=Path, help="another checkout to compare the rate with")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        check(args.layouts, Path(folder))
        for name in HEADERS:
            compare(name, write(name, args.rows, Path(folder)), args.rounds, args.before)


def check(count: int, folder: Path) -> None:
    """Read random layouts; exits with 1 if one is read as something else."""
    begin, read, refused, wrong = time.perf_counter(), 0, 0, []
    for seed in range(count):
        path, layout, trades = random_file(random.Random(seed), folder)
        found, _ = read_back(path, layout)
        refused += found is None
        read += found == trades
        if found is not None and found != trades:
            wrong.append(seed)
    seconds = time.perf_counter() - begin
    told = f"{read:,} read exactly, {refused:,} refused, {len(wrong):,} wrong"
    print(f"{count:,} layouts in {seconds:.0f} s: {told}")
    if wrong:
        sys.exit(f"read as something else: the layouts of the seeds {wrong}")


def write(name: str, rows: int, folder: Path) -> Path:
    """A file of a known format."""
    batch = Trades(ids=True).take(rows)
    prices = [unit_text(units, batch.price_decimals) for units in batch.price.tolist()]
    columns = zip(batch.time.tolist(), prices, batch.size.tolist(), batch.side.tolist(), range(rows), strict=True)
    path = folder / f"{name}.csv"
    with path.open("w") as file:
        file.write(HEADERS[name] + "\n")
        for at, price, size, side, number in columns:
            if name == "generic":
                file.write(f"{at},{price},{size},{'buy' if side > 0 else 'sell'},{number}\n")
            else:
                file.write(f"{number},{price},{size},{number},{number},{at // 1_000_000},{side < 0}\n")
    return path


def compare(name: str, path: Path, rounds: int, before: Path | None) -> None:
    """Print the rows per second of CPU time, and their ratio to the other checkout's."""
    rates: dict[Path, list[float]] = {ROOT: [], **({before: []} if before else {})}
    for _ in range(rounds):
        for root, found in rates.items():
            words = [sys.executable, "-c", READ, str(path), "3"]
            run = subprocess.run(
                words, cwd=root, env={"PYTHONPATH": str(root)}, capture_output=True, text=True, check=True
            )
            found.append(float(run.stdout))
    middle = {root: statistics.median(found) for root, found in rates.items()}
    ratio = f", {middle[before] / middle[ROOT]:.3f} times the seconds of before" if before else ""
    print(f"{name}: {middle[ROOT]:,.0f} rows/s{ratio}")


if __name__ == "__main__":
    main()
