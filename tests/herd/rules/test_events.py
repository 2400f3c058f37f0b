"""Events as lines of JSON: logs of the first version load and come back byte for byte; broken lines are named."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from orderflow.errors import BadInput
from orderflow.herd.rules.events import (
    BatchCleared,
    ClockSet,
    CodeChanged,
    Config,
    Event,
    IdleRemoved,
    OrderAccepted,
    PhaseChanged,
    SessionStarted,
    decode,
    decode_log,
    encode,
)
from orderflow.herd.rules.state import State

LOG = Path(__file__).parents[1] / "data" / "session_v1.jsonl"
"""Every kind of event of the first version, written when events were still plain dictionaries."""


def test_a_log_of_the_first_version_comes_back_byte_for_byte() -> None:
    data = LOG.read_bytes()
    log = list(decode_log(data))
    assert b"".join(map(encode, log)) == data
    assert {type(event) for event in log} == set(get_args(Event)) - {ClockSet, IdleRemoved, CodeChanged}
    assert [event.n for event in log] == list(range(54))
    first, order = log[0], log[4]
    assert isinstance(first, SessionStarted)
    assert (first.code, first.config) == ("K7QX", Config(short=5))
    assert isinstance(order, OrderAccepted)
    assert (order.participant, order.sign, order.quantity) == ("p1", 1, 10)


def test_a_log_of_the_first_version_gives_the_state_that_was_computed_then() -> None:
    state = State.fold(decode_log(LOG.read_bytes()))
    assert {p.id: (p.cash, p.shares, p.trades, p.orders, p.kicked) for p in state.participants.values()} == {
        "p1": (9_062_798_676, 58, 3, 3, False),
        "p2": (9_114_934_859, 50, 2, 3, True),
        "p3": (9_241_667_000, 50, 0, 0, False),
        "p4": (15_042_038_236, 3, 6, 6, False),
        "p5": (9_241_667_000, 50, 0, 0, False),
        "p6": (5_000_000_000, 50, 0, 0, True),
        "p7": (5_000_000_000, 50, 0, 0, True),
    }
    assert (state.price, state.position, state.dust, state.injected) == (108_196_954, -39, 2, 57_400_060_551)
    assert state.participants["p3"].nick == 'Ünal "the bull" 牛'
    assert state.undone == [(1_795_000_002_500, 1_795_000_002_750)]
    assert state.imbalance() == (0, 0)


def test_keys_and_defaults_on_disk() -> None:
    assert encode(PhaseChanged(3, 5, "open")) == b'{"n":3,"t":5,"e":"phase","phase":"open"}\n'
    assert encode(PhaseChanged(3, 5, "open", 7)) == b'{"n":3,"t":5,"e":"phase","phase":"open","paused":7}\n'
    batch = BatchCleared(10, 12, 0, -1, 2, 3, 4, 5, 6, [(8, -9, 1)], [(7, "no")], 1, 0)
    assert encode(batch) == (
        b'{"n":10,"t":12,"e":"batch","b":0,"pos":-1,"net":2,"price":3,"after":4,"cost":5,"dust":6,'
        b'"fills":[[8,-9,1]],"rejects":[[7,"no"]],"buys":1,"sells":0}\n'
    )


def test_the_order_of_the_keys_does_not_matter() -> None:
    assert decode(b'{"s":-1,"q":3,"c":"x","p":"p1","t":2,"e":"order","n":1}') == OrderAccepted(1, 2, "p1", "x", -1, 3)


GOOD = b'{"n":0,"t":1,"e":"kick","p":"p1"}\n'


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"n":1,"t":2', "truncated"),
        (b'{"n":1,"t":2}', "missing required field `e`"),
        (b'{"n":1,"e":"kick","p":"p1"}', "missing required field `t`"),
        (b'{"n":1,"t":2,"e":"miracle"}', "Invalid value 'miracle'"),
        (b'{"n":1,"t":2,"e":"kick","p":3}', "Expected `str`, got `int` - at `$.p`"),
        (b'{"n":1,"t":2,"e":"phase","phase":"closed"}', "Invalid enum value 'closed'"),
        (b"[]", "Expected `object`"),
        (b"\xff", "malformed"),
        (b"", "truncated"),
    ],
)
def test_a_broken_line_is_named_with_its_reason(line: bytes, reason: str) -> None:
    with pytest.raises(BadInput, match=re.escape(reason)) as caught:
        list(decode_log(GOOD + line + b"\n" + GOOD))
    assert str(caught.value).startswith("line 2 is not an event: ")
    with pytest.raises(BadInput, match=re.escape(reason)):
        decode(line)


def test_a_rule_that_this_version_does_not_know_is_refused() -> None:
    line = LOG.read_bytes().splitlines()[0].replace(b'"short":5', b'"short":5,"leverage":2')
    with pytest.raises(BadInput, match="leverage"):
        decode(line)
