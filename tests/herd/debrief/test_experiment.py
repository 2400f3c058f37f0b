"""The experiment: outcomes of the groups, and error rates of the test."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from orderflow.herd.debrief.columns import build_record
from orderflow.herd.debrief.experiment import groups, majority, permutation_effect
from orderflow.herd.rules.events import BatchCleared, OrderAccepted
from tests.herd.logs import SECOND, START, Log, chance_game


def slow_majority(log: Log) -> list[int]:
    """For each order the sign of what others bought in the 5 s before; looks at every fill."""
    orders = {event.n: event for event in log.events if isinstance(event, OrderAccepted)}
    fills = [
        (event.t, orders[n].participant, shares)
        for event in log.events
        if isinstance(event, BatchCleared)
        for n, _, shares in event.fills
    ]
    out = []
    for order in orders.values():
        before = [x for t, p, x in fills if order.t - 5 * SECOND <= t < order.t and p != order.participant]
        out.append((sum(before) > 0) - (sum(before) < 0))
    return out


def test_majority_agrees_with_a_slow_version() -> None:
    log = chance_game(people=12, seconds=60, seed=4)
    found = majority(build_record(log.events)).tolist()
    assert found == slow_majority(log)
    assert {-1, 0, 1} == set(found)


def test_majority_leaves_out_the_participants_own_fills() -> None:
    log = Log()
    log.people(2)
    log.trade(1, {"p1": 1})
    log.order(2, "p1", 1)
    log.order(2, "p2", 1)
    log.order(6.3, "p2", 1)  # the fill is 5.05 s ago
    assert majority(build_record(log.events)).tolist() == [0, 0, 1, 0]


def test_groups_count_only_orders_of_people_in_the_experiment() -> None:
    log = Log()
    for name, group in (("p1", "see"), ("p2", "blind"), ("p3", "see")):
        log.join(name, group=group)
    log.join("p4", bot="trend", group="see")
    log.trade(1, {"p4": 1}, quantity=9)
    log.order(1.5, "p1", 1)  # before it began
    log.add(2, "experiment", on=True, groups={"p1": "see", "p2": "blind", "p3": "see"})
    for second in (3, 4, 5):
        log.order(second, "p1", 1)
        log.order(second, "p2", -1 if second == 3 else 1)
    log.order(3.5, "p3", 1)
    log.order(3.6, "p4", 1)
    log.add(6, "experiment", on=False, groups={})
    found = groups(build_record(log.events))
    assert found is not None
    assert found["see"].who.tolist() == [0]
    assert (found["see"].follow.tolist(), found["see"].few) == ([1.0], 1)
    assert found["blind"].follow.tolist() == pytest.approx([2 / 3])
    assert found["blind"].orders.tolist() == [3]


def test_the_run_with_the_most_orders_counts() -> None:
    log = Log()
    log.people(3)
    assert groups(build_record(log.events)) is None
    log.add(1, "experiment", on=True, groups={"p1": "blind", "p2": "see"})
    log.trade(2, {"p3": 1})
    log.add(3, "experiment", on=True, groups={"p1": "see", "p2": "blind"})
    log.join("p4", 3.1, group="blind")
    for second in (3.2, 3.4, 3.6):
        for p in ("p1", "p2", "p4"):
            log.order(second, p, 1)
    log.add(4, "experiment", on=False, groups={})
    found = groups(build_record(log.events))
    assert found is not None
    assert (found["see"].who.tolist(), found["blind"].who.tolist()) == ([0], [1, 3])


def test_p_value_agrees_with_all_assignments() -> None:
    see, blind = np.array([0.9, 0.7, 0.8]), np.array([0.5, 0.6, 0.75, 0.2])
    everyone = np.concatenate([see, blind])
    differences = []
    for chosen in itertools.combinations(range(7), 3):
        inside = np.isin(np.arange(7), chosen)
        differences.append(everyone[inside].mean() - everyone[~inside].mean())
    observed = see.mean() - blind.mean()
    exact = np.mean(np.abs(differences) >= abs(observed) - 1e-12)
    found = permutation_effect(see, blind)
    assert found.difference == pytest.approx(observed)
    assert found.p_value == pytest.approx(exact, abs=0.012)
    assert found.p_value == permutation_effect(see, blind).p_value
    assert permutation_effect(see, blind, seed=1).p_value == pytest.approx(exact, abs=0.012)


def test_interval_contains_what_the_test_does_not_reject() -> None:
    rng = np.random.default_rng(2)
    see, blind = rng.random(14) + 0.3, rng.random(11)
    found = permutation_effect(see, blind, shuffles=1_999)
    inside, outside = 0.9 * found.low + 0.1 * found.high, found.low - 0.2 * (found.high - found.low)
    assert permutation_effect(see - inside, blind, shuffles=1_999).p_value > 0.05
    assert permutation_effect(see - outside, blind, shuffles=1_999).p_value < 0.05
    assert found.low < found.difference < found.high


def test_error_rates_are_as_documented() -> None:
    """400 experiments with 15 and 12 people and few orders each, as in real games."""
    rng = np.random.default_rng(3)
    rejected = held = found = 0
    for game in range(400):
        orders = rng.integers(3, 12, 27)
        follow = rng.binomial(orders, 0.55) / orders
        none = permutation_effect(follow[:15], follow[15:], shuffles=399, seed=game)
        shifted = permutation_effect(follow[:15] + 0.2, follow[15:], shuffles=399, seed=game)
        rejected += none.p_value <= 0.05
        held += shifted.low <= 0.2 <= shifted.high
        found += shifted.p_value <= 0.05
    assert 0.03 <= rejected / 400 <= 0.075
    assert 0.925 <= held / 400 <= 0.975
    assert found / 400 > 0.6


def test_equal_outcomes_give_no_effect() -> None:
    found = permutation_effect(np.ones(6), np.ones(5))
    assert (found.difference, found.low, found.high, found.p_value) == (0.0, 0.0, 0.0, 1.0)


def test_random_traders_show_no_effect() -> None:
    record = build_record(chance_game(people=40, seconds=120, groups=True).events)
    both = groups(record)
    assert both is not None
    assert len(both["see"].who) > 15
    found = permutation_effect(both["see"].follow, both["blind"].follow)
    assert found.p_value > 0.05
    assert found.low < 0 < found.high
    assert record.started == START
