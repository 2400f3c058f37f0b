"""Columns of a log: holdings, fills, and what an undo removes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from orderflow.errors import BadInput
from orderflow.herd.debrief.columns import FILLED, REJECTED, WAITING, Split, build_record
from orderflow.herd.rules.events import RoundUndone
from orderflow.herd.rules.state import State
from tests.herd.logs import MICRO, SECOND, START, Log
from tests.herd.played import play_game


def two_people() -> Log:
    log = Log()
    log.people(2)
    log.join("p3", 1, nick="Robot", bot="zero")
    return log


def test_fills_move_cash_and_shares_and_rejects_do_not() -> None:
    log = two_people()
    buy, sell, big = log.order(2, "p1", 1, 3), log.order(2.1, "p2", -1, 1), log.order(2.1, "p2", 1, 90)
    log.batch(2.25, [buy, sell, big], price=101.5, rejected=(big,), after=101.7)
    late = log.order(3, "p3", 1)
    record = build_record(log.events)
    first, second, robot = record.members
    assert (first.cash, first.shares) == (round((5_000 - 3 * 101.5) * MICRO), 53)
    assert (second.cash, second.shares) == (round((5_000 + 101.5) * MICRO), 49)
    assert (robot.bot, robot.cash, robot.shares, robot.joined) == ("zero", robot.cash0, 50, START + SECOND)
    assert record.orders.status.tolist() == [FILLED, FILLED, REJECTED, WAITING]
    assert record.orders.number.tolist() == [buy, sell, big, late]
    assert record.orders.batch.tolist() == [0, 0, 0, -1]
    np.testing.assert_allclose(record.orders.price, [101.5, 101.5, np.nan, np.nan])
    assert record.by_people().tolist() == [True, True, True, False]
    assert (record.batches.buys.tolist(), record.batches.sells.tolist(), record.batches.net.tolist()) == ([3], [1], [2])
    assert record.path_price.tolist() == [100.0, 101.7]
    np.testing.assert_allclose(record.wealth, [5_000 - 304.5 + 53 * 101.7, 5_101.5 + 49 * 101.7, 5_000 + 50 * 101.7])


def test_undo_removes_the_round_but_keeps_who_joined_in_it() -> None:
    log = two_people()
    log.trade(1, {"p1": 1}, price=102)
    begin = log.add(2, "round", round=1, of=2, state="begin", seconds=30, fundamental=None, preset=None, dividend=None)
    log.trade(3, {"p1": 1, "p2": 1}, price=110)
    log.join("p4", 3.5)
    log.add(4, "undo", round=1, back=begin)
    log.trade(5, {"p4": -1}, price=101)
    record = build_record(log.events)
    assert [member.id for member in record.members] == ["p1", "p2", "p3", "p4"]
    assert record.path_price.tolist() == [100, 102, 101]
    assert record.members[0].shares == 51
    assert record.members[1].shares == 50
    assert record.rounds == ()
    assert record.taken_back == 4
    assert record.orders.number.tolist() == sorted(record.orders.number.tolist())


def begin_round(log: Log, second: float, number: int) -> int:
    kept = {"of": 3, "state": "begin", "seconds": None, "fundamental": None, "preset": None, "dividend": None}
    return log.add(second, "round", round=number, **kept)


def test_second_undo_removes_everything_since_the_round_before() -> None:
    log = two_people()
    log.order(0.5, "p1", 1)
    first = begin_round(log, 1, 1)
    log.trade(2, {"p1": 1}, price=102)
    second = begin_round(log, 3, 2)
    log.trade(4, {"p2": -1}, price=99)
    log.add(5, "undo", round=2, back=second)
    late = log.order(6, "p2", 1)
    log.add(7, "undo", round=1, back=first)
    record = build_record(log.events)
    assert late not in record.orders.number.tolist()
    assert record.orders.number.tolist() == [first - 1]
    assert record.taken_back == 3 + 4
    assert [words for _, kind, words in record.captions if kind == "undo"] == [
        "Round 2 was taken back",
        "Round 1 was taken back",
    ]


def test_order_from_before_an_undone_round_waits_again() -> None:
    log = two_people()
    early = log.order(1, "p1", 1)
    begin = begin_round(log, 2, 1)
    log.batch(3, [early], price=101)
    log.add(4, "undo", round=1, back=begin)
    record = build_record(log.events)
    assert record.orders.status.tolist() == [WAITING]
    assert record.orders.batch.tolist() == [-1]
    assert record.members[0].cash == record.members[0].cash0


def test_phases_rounds_news_and_dividends() -> None:
    log = two_people()
    log.add(1, "phase", phase="lobby")
    log.add(3, "phase", phase="open")
    log.add(4, "news", text="A storm", move=-10.0, after=90 * MICRO)
    log.add(
        5, "round", round=1, of=15, state="begin", seconds=60, fundamental=80 * MICRO, preset="ssw", dividend=2 * MICRO
    )
    log.trade(6, {"p1": 1}, price=91)
    log.add(
        7, "round", round=1, of=15, state="end", seconds=60, fundamental=80 * MICRO, preset="ssw", dividend=2 * MICRO
    )
    log.add(7, "dividend", round=1, amount=2 * MICRO, paid=302 * MICRO)
    log.add(8, "experiment", on=True, groups={"p1": "see", "p2": "blind"})
    log.add(9, "experiment", on=False, groups={})
    log.add(10, "kick", p="p2")
    log.add(11, "phase", phase="ended")
    record = build_record(log.events)
    assert record.open_spans == ((START, START + SECOND), (START + 3 * SECOND, START + 11 * SECOND))
    assert record.experiments == (Split(START + 8 * SECOND, START + 9 * SECOND, {"p1": "see", "p2": "blind"}),)
    (only,) = record.rounds
    assert (only.fundamental, only.dividend, only.end) == (80.0, 2.0, START + 7 * SECOND)
    assert record.members[0].cash == 5_000 * MICRO - 91 * MICRO + 51 * 2 * MICRO
    assert record.members[1].kicked
    assert record.ended
    assert ("news", "A storm (−10%)") in [caption[1:] for caption in record.captions]
    assert record.path_price.tolist() == [100, 90, 91]
    assert [(kind, value) for kind, _, value in record.steps] == [
        ("news", -10.0),
        ("batch", 0),
        ("dividend", 2 * MICRO),
    ]


def test_session_without_participants_has_empty_columns() -> None:
    record = build_record(Log().events)
    assert (record.price, len(record.members), len(record.orders.time), len(record.wealth)) == (100.0, 0, 0, 0)
    assert not record.ended
    assert record.by_people().tolist() == []


@pytest.mark.parametrize("kind", [{}, {"rounds_of": 4, "experiment": False}, {"bots": 8}])
def test_columns_agree_with_the_state_of_the_game(kind: dict[str, Any]) -> None:
    log = play_game(people=15, seconds=40, **kind)
    record, state = build_record(log), State.fold(log)
    assert [(m.id, m.nick, m.cash, m.shares, m.kicked) for m in record.members] == [
        (p.id, p.nick, p.cash, p.shares, p.kicked) for p in state.participants.values()
    ]
    assert record.price == state.price / MICRO
    assert record.orders.number[record.orders.status == FILLED].tolist() == list(state.fills.id)
    assert record.orders.filled[record.orders.status == FILLED].tolist() == list(state.fills.time)
    assert int((record.orders.status == REJECTED).sum()) == state.totals.rejected
    assert record.ended
    assert [
        (time // MICRO, price)
        for time, price in zip(record.path_time.tolist(), record.path_price.tolist(), strict=True)
    ] == state.path


def test_columns_agree_with_the_state_after_an_undo() -> None:
    log = play_game(people=10, seconds=30, rounds_of=3, experiment=False, end=False)
    state = State.fold(log)
    last = state.undoable
    assert last is not None
    undo = RoundUndone(state.n, state.t, *last)
    state.apply(undo)
    record = build_record([*log, undo])
    assert [(m.cash, m.shares) for m in record.members] == [(p.cash, p.shares) for p in state.participants.values()]
    assert record.price == state.price / MICRO
    assert len(record.orders.time[record.orders.status == FILLED]) == len(state.fills)


def test_log_without_session_event_is_refused() -> None:
    with pytest.raises(BadInput, match="session event"):
        build_record([])
    with pytest.raises(BadInput, match="session event"):
        build_record(two_people().events[1:])
