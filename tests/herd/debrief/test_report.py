"""The report of a debrief: JSON-ready, explicit about missing data, cached; and its sentences."""

from __future__ import annotations

import json
import math
import random
import threading
from typing import Any

import numpy as np
import pytest

from orderflow.errors import NotFound
from orderflow.herd.debrief import report_text
from orderflow.herd.debrief.baseline import play_baseline
from orderflow.herd.debrief.cache import RUNNING, Debriefs, report_of
from orderflow.herd.debrief.columns import build_record
from orderflow.herd.debrief.report import build_report
from orderflow.herd.debrief.statistics import chi2_tail
from orderflow.herd.rules.events import Event, SessionStarted
from orderflow.runtime.workers import Workers
from tests.herd.crowds import CROWDS, play, records
from tests.herd.logs import MICRO, Log, chance_game

Json = dict[str, Any]


@pytest.fixture(scope="module")
def herd() -> Json:
    """Report of a strongly herding crowd, with an experiment and five rounds of value 100."""
    record = build_record(chance_game(people=40, seconds=150, swing=0.35, groups=True, rounds=5, seed=3).events)
    return build_report(record, play_baseline(record, games=12))


@pytest.fixture(scope="module")
def independent() -> Json:
    """Report of a crowd that decides independently."""
    record = build_record(chance_game(people=40, seconds=150, groups=True, seed=9).events)
    return build_report(record, play_baseline(record, games=12))


def numbers(tree: Any) -> list[float]:
    if isinstance(tree, dict):
        return [number for part in tree.values() for number in numbers(part)]
    if isinstance(tree, list):
        return [number for part in tree for number in numbers(part)]
    return [tree] if isinstance(tree, float) else []


def test_report_is_json_with_finite_numbers(herd: Json, independent: Json) -> None:
    for report in (herd, independent):
        again = json.loads(json.dumps(report, allow_nan=False))
        assert again == report
        assert all(math.isfinite(number) for number in numbers(report))
    assert len(json.dumps(herd)) < 60_000


def test_herding_is_stated_with_its_uncertainty(herd: Json) -> None:
    uneven = herd["herding"]["overdispersion"]
    assert uneven["value"] > uneven["baseline"]["high"]
    assert uneven["p"] is None
    found = herd["herding"]["following"]
    assert found["p"] < 0.01
    low, high = found["interval"]
    assert 0 < low < found["value"] < high
    said = {entry["title"]: entry["text"] for entry in herd["talk"]}
    assert said["Did the crowd herd?"].startswith(
        "Yes: when the others had just bought, people bought more often than when they"
    )
    assert "does not tell following from all hearing the same thing" in said["Did the crowd herd?"]
    assert "their leaning explains" in said["Did people repeat themselves?"]
    assert "from the value on average" in said["Was there a bubble?"]
    assert "does not show it" in said["Does seeing the crowd make people follow it?"]


def test_independent_choices_are_stated_as_no_herding(independent: Json) -> None:
    assert independent["herding"]["following"]["p"] > 0.05
    said = {entry["title"]: entry["text"] for entry in independent["talk"]}
    assert said["Did the crowd herd?"].startswith("No sign of it")
    assert "would probably have been seen" in said["Did the crowd herd?"]
    assert said["Did people repeat themselves?"].startswith("No more than their leaning explains")
    assert "none was set" in said["Was there a bubble?"]
    assert independent["bubble"]["rad"] == {
        "value": None,
        "needs": "needs a round with a fundamental value; none was set",
    }


def test_sections_agree_with_each_other(herd: Json) -> None:
    assert herd["people"] == 40
    assert herd["filled"] + herd["rejected"] <= herd["orders"]
    assert herd["flow"]["bought"] + herd["flow"]["sold"] == herd["volume"]
    assert len(herd["herding"]["buyers"]) == herd["herding"]["windows"] >= 25
    wealth = herd["wealth"]
    assert wealth["winners"] + wealth["losers"] <= wealth["people"] == len(wealth["values"]) == 40
    assert wealth["leaders"][0]["wealth"] == wealth["values"][-1]
    assert wealth["lorenz"][0] == [0, 0]
    assert wealth["lorenz"][-1] == [1, 1]
    for name in ("total", "own", "others", "band"):
        assert len(herd["memory"]["curves"][name]) == len(herd["memory"]["lags"])
    assert herd["bubble"]["rounds"]
    assert len(herd["bubble"]["mean"]) == 5
    assert len(herd["price"]["path"]) <= 1_502
    effect = herd["experiment"]
    assert effect["value"] == pytest.approx(effect["see"] - effect["blind"])
    assert effect["groups"]["see"]["people"] == len(effect["groups"]["see"]["follow"])


def test_true_effect_of_seeing_is_found() -> None:
    """Participants who see the crowd follow it, the others decide at random."""
    log = Log()
    names = log.people(24)
    groups = {name: ("see", "blind")[i % 2] for i, name in enumerate(names)}
    log.add(0.1, "experiment", on=True, groups=groups)
    chance = random.Random(4)
    last = 1
    for second in range(1, 100):
        signs = {}
        for name in chance.sample(names, 6):
            follows = groups[name] == "see" and chance.random() < 0.8
            signs[name] = last if follows else chance.choice((1, -1))
        log.trade(second, signs)
        last = 1 if sum(signs.values()) > 0 else -1 if sum(signs.values()) < 0 else last
    effect = build_report(build_record(log.events))["experiment"]
    assert effect["value"] > 0.1
    assert effect["p"] < 0.01
    assert effect["interval"][0] > 0
    assert "Yes: " in report_text.experiment({"experiment": effect})


def test_missing_data_gives_needs_instead_of_numbers() -> None:
    log = Log()
    report = build_report(build_record(log.events), None, "nothing to play")
    assert report["baseline"] == {"games": 0, "needs": "nothing to play"}
    for section, name in (
        ("herding", "following"), ("herding", "overdispersion"), ("herding", "lsv"),
        ("memory", "own"), ("bubble", "rad"), ("bubble", "fall"),
        ("flow", "imbalance"), ("wealth", "gini"),
    ):  # fmt: skip
        assert report[section][name]["value"] is None
        assert report[section][name]["needs"].startswith("needs ")
    assert report["experiment"]["needs"].startswith("needs the experiment")
    assert all(entry["text"] for entry in report["talk"])
    log.people(4)
    log.trade(1, {"p1": 1, "p2": 1, "p3": 1})
    log.add(2, "experiment", on=True, groups={"p1": "see", "p2": "blind"})
    few = build_report(build_record(log.events))
    assert "there were 0" in few["herding"]["overdispersion"]["needs"]
    assert "there were 0 who saw" in few["experiment"]["needs"]
    assert few["wealth"]["gini"]["value"] is not None
    assert few["bubble"]["peak"]["price"] == 100.0


def test_crowd_on_one_side_gives_needs_instead_of_numbers() -> None:
    log = Log()
    names = log.people(8)
    for second in range(1, 100, 2):
        log.trade(second, dict.fromkeys(names, 1))
    report = build_report(build_record(log.events))
    assert report["herding"]["overdispersion"]["needs"] == "needs both buyers and sellers; all orders were on one side"
    assert report["memory"]["own"]["needs"] == "needs both buyers and sellers; all orders were on one side"
    assert report["flow"]["imbalance"]["value"] == 1.0


def test_game_without_people_is_about_its_bots() -> None:
    log = Log()
    for i in range(1, 4):
        log.join(f"p{i}", bot="zero")
    log.trade(1, {"p1": 1, "p2": -1})
    report = build_report(build_record(log.events))
    assert (report["about"], report["people"], report["bots"], report["orders"]) == ("bots", 0, 3, 2)


def test_orders_after_news_are_counted_apart_and_said() -> None:
    log = chance_game(people=40, seconds=150, swing=0.35, seed=3)
    before = build_report(build_record(log.events))
    log.add(151, "news", text="Boom", move=0.0, after=100 * MICRO)
    log.trade(153, {"p1": 1, "p2": 1, "p3": 1, "p4": -1})
    report = build_report(build_record(log.events))
    found = report["herding"]["following"]
    assert found["news"] == {"seconds": 10.0, "orders": 4, "bought": 0.75}
    assert (found["value"], found["choices"]) == pytest.approx(
        (before["herding"]["following"]["value"], before["herding"]["following"]["choices"])
    )
    assert (
        "the 4 orders in the 10 seconds after it are not part of this (75% of them were buys)"
        in report_text.herding(report)
    )


def test_leaning_crowd_that_runs_out_of_cash_is_not_called_a_herd() -> None:
    """The share of buyers drifts, so windows are far more uneven than with one probability for all."""
    crowd = CROWDS["leaning 0.85"]
    (record,) = records(crowd, play(crowd, 1, np.random.default_rng(7)))
    report = build_report(record, play_baseline(record, games=8))
    herding = report["herding"]
    assert chi2_tail(herding["overdispersion"]["x2"], herding["overdispersion"]["df"]) < 0.01
    assert herding["overdispersion"]["value"] < 1.5 * herding["overdispersion"]["baseline"]["high"]
    assert herding["following"]["p"] > 0.05
    assert not report_text.herding(report).startswith(("Yes", "There are signs"))


def test_verdict_says_what_the_game_could_not_show() -> None:
    news = {"seconds": 10.0, "orders": 0, "bought": None}
    found = {"value": 0.05, "interval": [-0.3, 0.4], "p": 0.4, "least": 0.45, "news": news}
    said = report_text.herding({"herding": {"following": found}})
    assert said.startswith("This game cannot tell (p = 0.40)")
    assert "a difference of less than 45 points" in said
    said = report_text.herding({"herding": {"following": found | {"p": 0.03}}})
    assert said.startswith("There are signs of it: ")
    assert "by 5.0 points beyond their own leaning (95% interval −30 to +40, p = 0.030)" in said


def test_profit_counts_from_joining() -> None:
    """The price has doubled when p3 joins: p3 gained nothing, p1 and p2 did, and the order is that of the profits."""
    log = Log()
    log.people(2)
    log.trade(1, {"p1": 1}, price=200)
    log.join("p3", 2)
    report = build_report(build_record(log.events))["wealth"]
    assert [(one["participant"], one["profit"]) for one in report["leaders"]] == [
        ("p1", 5_000),
        ("p2", 5_000),
        ("p3", 0),
    ]
    assert (report["winners"], report["losers"], report["same_start"]) == (2, 0, False)
    assert report_text.wealth({"wealth": report}).startswith("2 of 3 gained since they joined, 0 lost, 1 did neither")


def test_numbers_as_text() -> None:
    assert [report_text.p_text(p) for p in (None, 0.0004, 0.0312, 0.5)] == ["", "p < 0.001", "p = 0.031", "p = 0.50"]
    assert [report_text.percent(v) for v in (0.1234, 0.034, 1.0, 0.0)] == ["12%", "3.4%", "100%", "0%"]
    assert report_text.percent(-0.25, signed=True) == "−25%"
    assert report_text.clock(125.9) == "2:05"


class FakeGame:
    """Stands in for the game: two sessions, the newer one running."""

    def __init__(self) -> None:
        self.phase = "open"
        self.session_id = "s-2"
        self.logs = {"s-2": Log(id="s-2"), "s-1": chance_game(people=5, seconds=20)}
        self.logs["s-2"].people(2)
        self.loads = 0

    def load(self, session_id: str) -> list[Json]:
        self.loads += 1
        if session_id not in self.logs:
            raise NotFound(f"there is no session {session_id}")
        return list(self.logs[session_id].events)

    def sessions(self) -> list[Json]:
        newest = [{"id": "s-3", "started": 0, "ended": None, "participants": 0, "orders": 0}]
        return newest + [{"id": id, "started": 0, "ended": None, "participants": 2, "orders": 1} for id in self.logs]


def test_report_is_cached_until_the_log_grows(workers: Workers) -> None:
    game = FakeGame()
    made: list[tuple[str, bool]] = []

    def make(events: list[Event], baseline: bool) -> Json:
        assert isinstance(events[0], SessionStarted)
        made.append((events[0].id, baseline))
        return {"events": len(events)}

    debriefs = Debriefs(game, workers, make)
    assert [one["id"] for one in debriefs.sessions()] == ["s-2", "s-1"]
    first = debriefs.report()
    assert debriefs.report() is first
    assert debriefs.report("s-1") == {"events": len(game.logs["s-1"].events)}
    game.logs["s-2"].trade(1, {"p1": 1})
    assert debriefs.report()["events"] == first["events"] + 2
    game.phase = "frozen"
    debriefs.report("s-2")
    assert made == [("s-2", False), ("s-1", True), ("s-2", False), ("s-2", True)]
    with pytest.raises(NotFound, match="s-9"):
        debriefs.report("s-9")


def test_concurrent_requests_share_one_report(workers: Workers) -> None:
    made: list[int] = []
    debriefs = Debriefs(
        FakeGame(), workers, lambda events, baseline: made.append(1) or {"is": "it"}
    )  # append gives None
    threads = [threading.Thread(target=debriefs.report) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert made == [1]


def test_report_without_a_session_is_not_found(workers: Workers) -> None:
    game = FakeGame()
    game.logs.clear()
    with pytest.raises(NotFound, match="no session has been played"):
        Debriefs(game, workers).report()


def test_running_game_is_reported_without_baseline() -> None:
    events = chance_game(people=10, seconds=30).events
    running = report_of(events, baseline=False)
    assert running["baseline"] == {"games": 0, "needs": RUNNING}
    assert running["state"] == "running"
    assert report_of(events, baseline=True)["baseline"]["games"] == 60
