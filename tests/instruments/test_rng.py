from __future__ import annotations

import math

import numpy as np
import pytest

from orderflow.instruments.rng import BLOCK, CommonNoise, Noise, child_seed, student_share
from tests.instruments.statistics import agrees, correlation


def test_child_seed_equals_spawned_seed() -> None:
    spawned = np.random.SeedSequence(42).spawn(5)
    for i, child in enumerate(spawned):
        assert child_seed(42, i).generate_state(4).tolist() == child.generate_state(4).tolist()
    grandchild = child_seed(child_seed(42, 3), 0)
    assert grandchild.generate_state(4).tolist() == spawned[3].spawn(1)[0].generate_state(4).tolist()
    named = {tuple(child_seed(42, name).generate_state(4)) for name in ("BTC", "ETH", "")}
    assert len(named) == 3
    with pytest.raises(ValueError, match="negative"):
        child_seed(-1)


def test_numbers_come_in_numpys_order_whatever_the_block() -> None:
    noise = Noise(7)
    own = np.random.default_rng(child_seed(7, "normal", 0)).standard_normal(3 * BLOCK)
    assert [noise.normal() for _ in range(3 * BLOCK)] == own.tolist()
    even = np.random.default_rng(child_seed(7, "uniform", 0)).random(BLOCK + 5)
    assert [noise.uniform() for _ in range(BLOCK + 5)] == even.tolist()


def test_streams_are_independent() -> None:
    def take(noise: Noise) -> list[float]:
        return [noise.normal() for _ in range(600)]

    alone = take(Noise(7))
    noise = Noise(7)
    chi2, poisson = noise.chi2(5.0), noise.poisson(2.0)
    mixed = []
    for k in range(600):
        if k % 3:
            noise.normal2(), noise.uniform(), chi2(), poisson(), noise.generator("trades")
        mixed.append(noise.normal())
    assert mixed == alone
    assert take(Noise(8)) != alone
    assert take(Noise(child_seed(7))) == alone
    assert [Noise(7).normal2() for _ in range(3)] != alone[:3]


def test_each_call_gives_a_new_stream() -> None:
    noise = Noise(7)
    one, two = noise.chi2(5.0), noise.chi2(5.0)
    assert [one() for _ in range(5)] != [two() for _ in range(5)]
    assert Noise(7).chi2(5.0)() == Noise(7).chi2(5.0)()
    assert noise.generator("a").random() != noise.generator("b").random()


def test_distributions() -> None:
    noise, count = Noise(11), 20_000
    for draw, mean, variance in (
        (noise.normal, 0.0, 1.0),
        (noise.normal2, 0.0, 1.0),
        (noise.uniform, 0.5, 1.0 / 12.0),
        (noise.chi2(6.0), 6.0, 12.0),
        (noise.student(9.0), 0.0, 1.0),
        (noise.poisson(0.3), 0.3, 0.3),
    ):
        found = np.array([draw() for _ in range(count)])
        assert agrees(found, mean)
        assert agrees((found - mean) ** 2, variance)
    pair = np.array([(noise.normal(), noise.normal2()) for _ in range(count)])
    of, rows = correlation(pair[:, 0], pair[:, 1])
    assert agrees(rows, 0.0, of)


def test_common_numbers_can_be_read_in_any_order() -> None:
    common, other = CommonNoise(3), CommonNoise(3)
    forward = [common.at(k) for k in range(5000)]
    assert [other.at(k) for k in reversed(range(5000))][::-1] == forward
    for start, stop in ((0, 5000), (1000, 1030), (1024, 2048), (4999, 5000), (7, 7)):
        assert other.between(start, stop).tolist() == forward[start:stop]
    assert len(set(forward)) == 5000
    assert agrees(np.array(forward), 0.0)


def test_common_numbers_far_ahead_need_no_memory() -> None:
    common = CommonNoise(3)
    first = common.at(0)
    for k in range(0, 2_000_000, 1000):
        common.at(k)
    assert len(common._blocks) <= 64
    assert common.at(0) == first


def test_correlation_of_members_is_the_product_of_their_shares() -> None:
    count = 20_000
    one = Noise(1, common=CommonNoise(3), rho=0.9)
    two = Noise(2, common=CommonNoise(3), rho=-0.5)
    x, y = (np.array([noise.normal() for _ in range(count)]) for noise in (one, two))
    for found in (x, y):
        assert agrees(found, 0.0)
        assert agrees(found**2, 1.0)
    of, rows = correlation(x, y)
    assert agrees(rows, 0.9 * -0.5, of)
    own = np.array([draw() for draw in [Noise(1).normal] for _ in range(count)])
    shared = CommonNoise(3).between(0, count)
    assert np.allclose(x, 0.9 * shared + math.sqrt(1 - 0.81) * own, rtol=0, atol=1e-15)


def test_slow_and_fast_members_share_the_noise() -> None:
    fast = Noise(1, common=CommonNoise(3), rho=0.8)
    slow = Noise(2, common=CommonNoise(3), rho=0.8, span=10)
    x = np.array([fast.normal() for _ in range(50_000)]).reshape(-1, 10).sum(axis=1) / math.sqrt(10)
    y = np.array([slow.normal() for _ in range(5_000)])
    assert agrees(y**2, 1.0)
    of, rows = correlation(x, y)
    assert agrees(rows, 0.64, of)


def test_student_numbers_of_a_group_correlate_a_little_less() -> None:
    assert student_share(5.0) == pytest.approx(0.8488, abs=1e-4)
    assert student_share(1e6) == pytest.approx(1.0, abs=1e-5)
    draws = [Noise(seed, common=CommonNoise(3), rho=0.9).student(9.0) for seed in (1, 2)]
    x, y = (np.array([draw() for _ in range(20_000)]) for draw in draws)
    of, rows = correlation(x, y)
    assert agrees(rows, 0.81 * student_share(9.0), of)


@pytest.mark.parametrize(
    ("options", "words"), [({"rho": 1.1}, "rho"), ({"rho": math.nan}, "rho"), ({"span": 0}, "step")]
)
def test_invalid_arguments_raise(options: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Noise(1, common=CommonNoise(3), **options)  # type: ignore[arg-type]  # one option at a time
