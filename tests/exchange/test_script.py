"""The fault script: steps apply exactly as defined; invalid steps are refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from orderflow.errors import BadInput
from orderflow.exchange.exchange import Exchange, Rules
from orderflow.exchange.script import MAX_STEPS, Script, ScriptProgress
from tests.clocks import ManualClock
from tests.exchange.asking import ask, refused


def received(script: Script, count: int, stream: str = "x@trade", progress: ScriptProgress | None = None) -> list[str]:
    """What a connection receives for messages m1 to m`count`."""
    mine = progress or ScriptProgress()
    found: list[str] = []
    for number in range(1, count + 1):
        result = script.message(mine, stream, f"m{number}".encode())
        found += [text.decode() for text in result.messages]
        if result.hold:
            found.append(f"hold {result.hold}")
        if result.drop:
            found.append(f"drop {result.code}")
    return found


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({"do": "skip", "after": 2, "count": 2}, ["m1", "m2", "m5"]),
        ({"do": "skip"}, ["m2", "m3", "m4", "m5"]),
        ({"do": "duplicate", "after": 1}, ["m1", "m2", "m2", "m3", "m4", "m5"]),
        ({"do": "swap", "after": 1}, ["m1", "m3", "m2", "m4", "m5"]),
        ({"do": "malformed", "after": 4}, ["m1", "m2", "m3", "m4", "m"]),
        ({"do": "drop", "after": 3}, ["m1", "m2", "m3", "drop None", "m4", "m5"]),
        ({"do": "drop", "after": 3, "code": 1001}, ["m1", "m2", "m3", "drop 1001", "m4", "m5"]),
        ({"do": "hold", "after": 4, "seconds": 2}, ["m1", "m2", "m3", "m4", "m5", "hold 2"]),
        ({"do": "skip", "stream": "y@trade"}, ["m1", "m2", "m3", "m4", "m5"]),
    ],
)
def test_message_step(step: dict[str, Any], expected: list[str]) -> None:
    script = Script()
    script.add([step])
    assert script.affects_messages
    assert received(script, 5) == expected


def test_steps_combine_and_count_per_connection() -> None:
    script = Script()
    script.add([{"do": "skip", "after": 1, "times": 2}, {"do": "duplicate", "after": 2}])
    assert received(script, 4) == ["m1", "m3", "m3", "m4"]
    assert received(script, 4) == ["m1", "m3", "m4"]
    assert received(script, 4) == ["m1", "m2", "m3", "m4"]


def test_calls_fail_the_given_number_of_times(exchange: Exchange) -> None:
    exchange.add_faults(
        [
            {"do": "fail", "status": 429, "calls": 2, "retry_after": 7},
            {"do": "fail", "status": 503, "path": "time"},
            {"do": "slow", "seconds": 0.5, "calls": 2},
        ]
    )
    first = exchange.call("ping", [], "a")
    assert (first.status, first.headers["Retry-After"], first.delay) == (429, "7", 0.5)
    assert refused(exchange, "ping")[:2] == (429, -1003)
    assert exchange.call("ping", [], "a").status == 200
    assert refused(exchange, "time")[:2] == (503, -1008)
    assert ask(exchange, "time").keys() == {"serverTime"}
    assert exchange.state()["steps"] == []


def test_clock_and_rules_steps(exchange: Exchange, clock: ManualClock) -> None:
    right = ask(exchange, "time")["serverTime"]
    exchange.add_faults([{"do": "clock", "offset_ms": -60_000}, {"do": "rules", "weight": 10, "life": 2.5}])
    assert ask(exchange, "time")["serverTime"] == right - 60_000
    assert exchange.rules == Rules(weight=10, life=2.5)
    exchange.clear_faults()
    assert ask(exchange, "time")["serverTime"] == right
    assert exchange.rules == Rules()


def test_due_steps_are_returned_once() -> None:
    script = Script()
    script.add([{"do": "shutdown", "seconds": 5, "grace": 1}, {"do": "drop", "seconds": 2}, {"do": "drop"}], now=100.0)
    assert [step.do for step in script.due(100.0)] == ["drop"]
    assert [step.do for step in script.due(102.0)] == ["drop"]
    assert [(step.do, step.get("grace")) for step in script.due(110.0)] == [("shutdown", 1)]
    assert script.due(200.0) == []


@pytest.mark.parametrize(
    ("steps", "row", "field", "says"),
    [
        ([{"do": "explode"}], 0, "do", "must be one of fail, slow"),
        ([{}], 0, "do", "must be one of"),
        ([{"do": []}], 0, "do", "must be one of"),
        ([5], 0, None, "must be an object"),
        ([{"do": "skip"}, {"do": "fail"}], 1, "status", "is missing; it must be one of 403"),
        ([{"do": "fail", "status": 200}], 0, "status", "must be one of 403"),
        ([{"do": "fail", "status": True}], 0, "status", "must be one of"),
        ([{"do": "fail", "status": 429, "calls": 0}], 0, "calls", "a whole number from 1 to 1,000,000"),
        ([{"do": "fail", "status": 429, "path": "order"}], 0, "path", "one of ping"),
        ([{"do": "slow", "seconds": 61}], 0, "seconds", "a number from 0 to 60"),
        ([{"do": "slow", "seconds": float("nan")}], 0, "seconds", "a number from 0 to 60"),
        ([{"do": "skip", "often": 3}], 0, "often", "is not part of skip; known: after, count"),
        ([{"do": "skip", "stream": 3}], 0, "stream", "the name of a stream"),
        ([{"do": "drop", "after": 3, "seconds": 3}], 0, "seconds", "cannot be combined with after"),
        ([{"do": "rules"}], 0, None, "must have one of weight"),
    ],
)
def test_invalid_steps_are_refused(steps: list[Any], row: int, field: str | None, says: str) -> None:
    script = Script()
    with pytest.raises(BadInput) as refusal:
        script.add(steps)
    error = refusal.value.errors[0]
    assert (error.row, error.field) == (row, field)
    assert says in error.reason
    assert script.steps == ()


def test_number_of_steps_is_limited() -> None:
    script = Script()
    script.add([{"do": "skip"}] * MAX_STEPS)
    with pytest.raises(BadInput, match="clear"):
        script.add([{"do": "skip"}])
    script.clear()
    assert not script.affects_messages


def test_error_of_a_step_that_is_not_an_object_is_one_sentence() -> None:
    steps: list[Any] = [5]
    with pytest.raises(BadInput, match=r"^step 0: must be an object$"):
        Script().add(steps)
