"""How often the debrief calls a crowd a herd: error rates and power of its tests, in crowds whose rules are known.

    python scripts/bench/herding.py [--games 2000] [--draws 39] [--quick] [TABLE …]

40 people, 60 batches, an order of everybody in each; the market has the game's curve, clearing and limits
(`tests/herd/crowds.py`). The first table is the share of games in which the 5% test for following rejects, by crowd.
The second is Pearson's chi-squared test that all windows have one probability of buying, which is no test for herding.
The third is the experiment's test, with half of the people assigned to each group and no difference between them. The
last is the power by the size of the room and the share of orders that follow. All of them, or those named: following,
windows, experiment, power. Pure computation, spread over the cores.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial

import numpy as np
from _common import Row, cores, machine, show

from orderflow.herd.debrief.choices import after_news
from orderflow.herd.debrief.columns import Record
from orderflow.herd.debrief.experiment import groups, permutation_effect
from orderflow.herd.debrief.following import following
from orderflow.herd.debrief.statistics import crowd_windows, overdispersion
from tests.herd import crowds

EACH = 100
"""Games of one task."""
LEVEL = 0.05
SIZED = ("fair", "leaning 0.6", "leaning 0.7", "leaning 0.85", "mixed", "news")
CAUTIOUS = ("budgets used up", "private values", "sure private values")
HERD = "following 20%"
ROOMS = (10, 20, 40, 80)
PARTS = (0.1, 0.2, 0.3)

TABLES = {
    "following": "called a herd at 5%",
    "windows": "rejected by Pearson's test of the windows (for comparison)",
    "experiment": "the experiment's test at 5% without an effect",
    "power": "power by people and share of orders that follow",
}

Test = Callable[[Record, int], bool]
"""(record, number of the game) to whether the 5% test rejects."""


def test_following(record: Record, number: int, *, draws: int) -> bool:
    """The verdict of the debrief."""
    found = following(record, ~after_news(record), draws=draws, seed=number)
    return found is not None and found.p_value <= LEVEL


def test_windows(record: Record, number: int) -> bool:
    """Pearson's test of the windows."""
    windows = crowd_windows(record)
    found = overdispersion(windows.buyers, windows.active)
    return found is not None and found.p_value <= LEVEL


def test_experiment(record: Record, number: int) -> bool:
    """The randomised experiment."""
    both = groups(record)
    if both is None:
        raise AssertionError("the games have an experiment")
    return permutation_effect(both["see"].follow, both["blind"].follow, shuffles=199, seed=number).p_value <= LEVEL


def rejections(crowd: crowds.Crowd, test: Test, people: int, split: bool, task: tuple[int, int]) -> int:
    """Games rejected in one task: (its seed, how many games)."""
    seed, games = task
    played = crowds.play(crowd, games, np.random.default_rng([seed, people]), people=people)
    return sum(test(record, i) for i, record in enumerate(crowds.records(crowd, played, split=split)))


def rate(pool: Executor, name: str, test: Test, games: int, *, people: int = 40, split: bool = False) -> float:
    """Share of games of a crowd of `CROWDS` that a test rejects."""
    return _rate(pool, partial(of_name, name, test, people, split), games)


def of_name(name: str, test: Test, people: int, split: bool, task: tuple[int, int]) -> int:
    """`rejections` by the crowd's name: its rules cannot be sent to another process."""
    return rejections(crowds.CROWDS[name], test, people, split, task)


def of_part(part: float, test: Test, people: int, task: tuple[int, int]) -> int:
    """`rejections` of a crowd that follows in a share of the orders."""
    return rejections(crowds.Crowd(crowds.following(part)), test, people, False, task)


def _rate(pool: Executor, run: Callable[[tuple[int, int]], int], games: int) -> float:
    tasks = [(seed, min(EACH, games - begin)) for seed, begin in enumerate(range(0, games, EACH))]
    return sum(pool.map(run, tasks)) / games


def within(name: str, share: float, low: float, high: float) -> Row:
    """A share of games, and the limits it is to keep."""
    aim = f"aim {low:.0%} to {high:.0%}" if low > 0 and high < 1 else f"aim ≥ {low:.0%}" if low else f"aim ≤ {high:.0%}"
    return Row(name, f"{share:.1%}", aim, low <= share <= high)


def error_rates(pool: Executor, test: Test, games: int) -> Iterator[Row]:
    """The test for following: crowds without it, and one with it."""
    for name in SIZED:
        yield within(name, rate(pool, name, test, games), 0.03, 0.07)
    for name in CAUTIOUS:
        yield within(name, rate(pool, name, test, games), 0.0, 0.07)
    yield within(HERD, rate(pool, HERD, test, games), 0.8, 1.0)


def experiment_rates(pool: Executor, games: int) -> Iterator[Row]:
    """The experiment's test, where there is no effect."""
    for name in ("fair", "leaning 0.7", "mixed", HERD):
        yield within(name, rate(pool, name, test_experiment, games, split=True), 0.03, 0.07)


def power(pool: Executor, test: Test, games: int) -> Iterator[Row]:
    """The test for following, by people and share of orders that follow."""
    for people in ROOMS:
        found = {part: _rate(pool, partial(of_part, part, test, people), games) for part in PARTS}
        yield Row(f"{people} people", ", ".join(f"{part:.0%}: {share:.1%}" for part, share in found.items()))


def main() -> int:
    """Print the tables; 0 if every aim was met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--games", type=int, default=2_000, help="games of each crowd")
    parser.add_argument("--draws", type=int, default=39, help="rearrangements of a game; (draws + 1) / 20 is whole")
    parser.add_argument("--quick", action="store_true", help="a tenth of the games, without aims worth the name")
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"of {', '.join(TABLES)}; all by default")
    asked = parser.parse_args()
    if unknown := set(asked.tables) - {*TABLES}:
        parser.error(f"there is no table {', '.join(sorted(unknown))}")
    games = asked.games // 10 if asked.quick else asked.games
    test = partial(test_following, draws=asked.draws)
    print(machine())
    with ProcessPoolExecutor(len(cores())) as pool:
        rows: dict[str, Callable[[], Iterator[Row]]] = {
            "following": lambda: error_rates(pool, test, games),
            "windows": lambda: (
                Row(name, f"{rate(pool, name, test_windows, games):.1%}") for name in (*SIZED, *CAUTIOUS, HERD)
            ),
            "experiment": lambda: experiment_rates(pool, games),
            "power": lambda: power(pool, test, games),
        }
        chosen = asked.tables or TABLES
        met = [show(f"{TABLES[name]}, of {games:,} games", list(rows[name]())) for name in chosen]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
