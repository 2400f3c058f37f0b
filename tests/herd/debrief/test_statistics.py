"""Statistics against slow independent versions and known results; error rates in simulated crowds."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow.herd.debrief import statistics
from orderflow.herd.debrief.columns import build_record
from orderflow.herd.rules.events import BatchCleared, OrderAccepted
from tests.herd.logs import START, Log, chance_game


@pytest.mark.parametrize(
    ("x", "df", "tail"),
    [
        # 5%, 1% and 0.1% points of the printed tables
        (3.841, 1, 0.05),
        (6.635, 1, 0.01),
        (5.991, 2, 0.05),
        (16.919, 9, 0.05),
        (29.588, 10, 0.001),
        (124.342, 100, 0.05),
        (1074.679, 1000, 0.05),
    ],
)
def test_chi2_tail_agrees_with_printed_tables(x: float, df: int, tail: float) -> None:
    assert statistics.chi2_tail(x, df) == pytest.approx(tail, rel=2e-3)


def test_chi2_tail_agrees_with_the_integrated_density() -> None:
    for df in (1, 2, 3, 8, 25):
        grid = np.linspace(1e-9, 80, 400_001)
        density = np.exp((df / 2 - 1) * np.log(grid) - grid / 2 - df / 2 * math.log(2) - math.lgamma(df / 2))
        at = 4.0 + df
        beyond = grid >= at
        assert statistics.chi2_tail(at, df) == pytest.approx(np.trapezoid(density[beyond], grid[beyond]), rel=1e-4)


def test_chi2_tail_at_the_ends() -> None:
    assert statistics.chi2_tail(0, 3) == 1.0
    assert statistics.chi2_tail(1e5, 3) == 0.0
    assert 0 < statistics.chi2_tail(99_000, 100_000) < 1
    with pytest.raises(ValueError, match="degree"):
        statistics.chi2_tail(1, 0)


counts = st.lists(
    st.integers(1, 12).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=2, max_size=15
)


@given(counts)
@settings(max_examples=60, deadline=None)
def test_overdispersion_is_pearsons_chi_squared_of_a_2_by_t_table(cells: list[tuple[int, int]]) -> None:
    active, buyers = (np.array(column, np.int64) for column in zip(*cells, strict=True))
    found = statistics.overdispersion(buyers, active)
    if not 0 < buyers.sum() < active.sum():
        assert found is None
        return
    assert found is not None
    # Pearson's sum over all 2 T cells of (seen − expected)² / expected, in fractions
    share = Fraction(int(buyers.sum()), int(active.sum()))
    table = [(Fraction(b), n * share) for n, b in cells] + [(Fraction(n - b), n * (1 - share)) for n, b in cells]
    assert found.x2 == pytest.approx(float(sum((seen - expected) ** 2 / expected for seen, expected in table)))
    assert found.df == len(cells) - 1
    assert found.ratio == pytest.approx(found.x2 / found.df)


def test_overdispersion_has_the_documented_error_rates() -> None:
    """One probability for all: the 5% test rejects in 4 to 5% of games; with a common swing of ±15% nearly always."""
    rng = np.random.default_rng(5)
    rejected = {"calm": 0, "swing": 0}
    for _ in range(1_000):
        active = rng.integers(5, 15, 40)
        calm = statistics.overdispersion(rng.binomial(active, 0.6), active)
        swing = statistics.overdispersion(rng.binomial(active, 0.5 + rng.choice([-0.15, 0.15], 40)), active)
        assert calm is not None
        assert swing is not None
        rejected["calm"] += calm.p_value <= 0.05
        rejected["swing"] += swing.p_value <= 0.05
    assert 28 <= rejected["calm"] <= 60
    assert rejected["swing"] > 850


def test_lsv_adjustment_agrees_with_all_outcomes() -> None:
    for n in (1, 2, 5, 8):
        for share in (Fraction(1, 2), Fraction(2, 7)):
            mean = Fraction(0)
            for outcome in itertools.product((0, 1), repeat=n):
                chance = math.prod((share if bought else 1 - share for bought in outcome), start=Fraction(1))
                mean += chance * abs(Fraction(sum(outcome), n) - share)
            assert statistics.adjustment(n, float(share)) == pytest.approx(float(mean))


def test_lsv_without_herding_has_only_its_small_bias() -> None:
    rng = np.random.default_rng(6)
    calm, swung = [], []
    for _ in range(400):
        active = rng.integers(5, 15, 40)
        swing = rng.choice([-0.2, 0.2], 40)
        for into, buyers in ((calm, rng.binomial(active, 0.5)), (swung, rng.binomial(active, 0.5 + swing))):
            found = statistics.lsv(buyers, active)
            assert found is not None
            into.append(found.mean())
    assert -0.004 < np.mean(calm) < 0.0
    assert 0.06 < np.mean(swung) < 0.2  # below the true 0.2: the bias that the docstring states
    assert statistics.lsv(np.array([5, 6]), np.array([5, 6])) is None


def slow_memory(signs: list[int], who: list[int], lag: int) -> tuple[float, float]:
    mean = sum(signs) / len(signs)
    spread = sum((sign - mean) ** 2 for sign in signs) / len(signs)
    own = others = 0.0
    for i in range(len(signs) - lag):
        product = (signs[i] - mean) * (signs[i + lag] - mean) / spread / (len(signs) - lag)
        own += product if who[i] == who[i + lag] else 0
        others += product if who[i] != who[i + lag] else 0
    return own, others


@given(st.lists(st.tuples(st.sampled_from([-1, 1]), st.integers(0, 3)), min_size=8, max_size=40))
@settings(max_examples=50, deadline=None)
def test_sign_memory_agrees_with_a_slow_version(orders: list[tuple[int, int]]) -> None:
    signs, who = (list(column) for column in zip(*orders, strict=True))
    found = statistics.sign_memory(np.array(signs), np.array(who), (1, 2, 5))
    if abs(sum(signs)) == len(signs):
        assert found is None
        return
    assert found is not None
    for i, lag in enumerate((1, 2, 5)):
        own, others = slow_memory(signs, who, lag)
        assert (found.own[i], found.others[i]) == (pytest.approx(own, abs=1e-12), pytest.approx(others, abs=1e-12))
        assert found.total[i] == pytest.approx(own + others, abs=1e-12)


def test_sign_memory_separates_persistence_from_herding() -> None:
    rng = np.random.default_rng(8)
    who = rng.integers(0, 10, 4_000)
    stubborn = np.where(rng.random(10) < 0.5, 1, -1)[who]
    herd = np.repeat(rng.choice([-1, 1], 200), 20)
    alone = statistics.sign_memory(stubborn, who, (1, 2, 3))
    crowd = statistics.sign_memory(herd, who, (1, 2, 3))
    assert alone is not None
    assert crowd is not None
    assert (alone.own > alone.own_band).all()
    assert (alone.own > 3 * alone.others).all()
    assert (crowd.others > 5 * crowd.own).all()
    assert (crowd.others > crowd.others_band).all()


def test_sign_memory_bands_contain_95_percent_of_independent_signs() -> None:
    rng = np.random.default_rng(9)
    outside = np.zeros(3)
    for _ in range(600):
        found = statistics.sign_memory(rng.choice([-1, 1], 400), rng.integers(0, 20, 400), (3,))
        assert found is not None
        outside += [
            abs(found.total[0]) > found.band[0],
            abs(found.own[0]) > found.own_band[0],
            abs(found.others[0]) > found.others_band[0],
        ]
    assert ((outside / 600 > 0.025) & (outside / 600 < 0.08)).all()
    assert statistics.sign_memory(np.array([1, -1, 1]), np.array([0, 0, 0]), (2,)) is None


@given(st.lists(st.integers(0, 1_000), min_size=1, max_size=30))
def test_gini_is_half_the_relative_mean_difference(values: list[int]) -> None:
    found = statistics.gini(np.array(values, float))
    if not sum(values):
        assert found is None
        return
    pairs = sum(abs(a - b) for a in values for b in values) / len(values) ** 2
    assert found == pytest.approx(pairs / (2 * sum(values) / len(values)), abs=1e-12)


def test_gini_and_lorenz_at_the_extremes() -> None:
    assert statistics.gini(np.full(4, 3.0)) == pytest.approx(0)
    assert statistics.gini(np.array([0, 0, 0, 8.0])) == pytest.approx(0.75)
    assert statistics.gini(np.array([])) is None
    assert statistics.lorenz(np.array([3.0, 1.0])) == [(0.0, 0.0), (0.5, 0.25), (1.0, 1.0)]
    assert statistics.lorenz(np.array([])) == []
    assert len(statistics.lorenz(np.arange(1.0, 1_001))) == 51


def test_imbalance() -> None:
    assert statistics.imbalance(3, 1) == 0.5
    assert statistics.imbalance(0, 0) is None


def test_block_bootstrap_has_the_documented_coverage() -> None:
    """Nominal 95% intervals of the mean of 40 windows, independent and with autocorrelation 0.4."""
    rng = np.random.default_rng(11)
    for memory, least, most in ((0.0, 0.85, 0.94), (0.4, 0.78, 0.9)):
        held = 0
        for game in range(300):
            noise = rng.standard_normal(90)
            values = np.zeros(90)
            for i in range(1, 90):
                values[i] = memory * values[i - 1] + noise[i]
            seen = values[50:]
            found = statistics.block_bootstrap(40, lambda at, seen=seen: float(seen[at].mean()), draws=300, seed=game)
            assert found is not None
            held += found[0] <= 0 <= found[1]
        assert least <= held / 300 <= most, (memory, held / 300)


def test_block_bootstrap_draws_blocks_and_is_reproducible() -> None:
    seen: list[np.ndarray] = []
    first = statistics.block_bootstrap(
        27, lambda at: seen.append(at) or float(at.mean()), draws=20
    )  # append gives None
    assert [statistics.block_length(count) for count in (0, 1, 8, 9, 27, 1_000, 1_001)] == [1, 1, 2, 3, 3, 10, 11]
    for at in seen:
        assert len(at) == 27
        assert (np.diff(at.reshape(9, 3), axis=1) == 1).all()
    assert first == statistics.block_bootstrap(27, lambda at: float(at.mean()), draws=20)
    assert statistics.block_bootstrap(27, lambda at: math.nan, draws=20) is None
    assert statistics.block_bootstrap(1, lambda at: 1.0) is None


def test_windows_count_each_participant_once_by_net_quantity() -> None:
    log = Log()
    log.people(6)
    log.join("p7", bot="zero")
    log.trade(1, {"p1": 1, "p2": 1, "p3": -1, "p7": 1})
    log.trade(2, {"p1": 1, "p3": 1, "p4": -1})  # p3 is back to a net of zero
    log.trade(6, {"p1": -1, "p2": -1})
    record = build_record(log.events)
    windows = statistics.crowd_windows(record, seconds=5, least=3)
    assert (windows.begin.tolist(), windows.active.tolist(), windows.buyers.tolist()) == ([START], [3], [2])
    assert windows.left_out == 1
    all_of_them = np.ones(len(record.orders.time), bool)
    with_bots = statistics.crowd_windows(record, all_of_them, seconds=5, least=1)
    assert (with_bots.active.tolist(), with_bots.buyers.tolist(), with_bots.left_out) == ([4, 2], [3, 0], 0)


def slow_windows(log: Log, seconds: float, least: int) -> list[tuple[int, int]]:
    orders = {event.n: event for event in log.events if isinstance(event, OrderAccepted)}
    net: dict[int, dict[str, int]] = {}
    for event in log.events:
        if isinstance(event, BatchCleared):
            slot = net.setdefault(int((event.t - START) / 1e9 / seconds), {})
            for number, _, shares in event.fills:
                who = orders[number].participant
                slot[who] = slot.get(who, 0) + shares
    cells = [[value for value in net[slot].values() if value] for slot in sorted(net)]
    return [(len(cell), sum(value > 0 for value in cell)) for cell in cells if len(cell) >= least]


def test_windows_agree_with_a_slow_version() -> None:
    log = chance_game(people=30, seconds=90)
    windows = statistics.crowd_windows(build_record(log.events))
    found = list(zip(windows.active.tolist(), windows.buyers.tolist(), strict=True))
    assert found == slow_windows(log, 5, 5)
    assert len(found) >= 17


def test_herding_is_found_in_a_herding_crowd_only() -> None:
    for swing, herd in ((0.0, False), (0.35, True)):
        record = build_record(chance_game(people=40, seconds=150, swing=swing, seed=3).events)
        windows = statistics.crowd_windows(record)
        found = statistics.overdispersion(windows.buyers, windows.active)
        assert found is not None
        assert (found.p_value < 0.001) is herd
        assert (found.ratio > 2) is herd
