"""Sequences of numbered trades: exactly once, in order, with a hole where the venue has nothing."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from orderflow.feeds.numbered import GRACE, NEW_NUMBERS, NOT_SERVED, TOO_OLD, TRIES, NumberedSequence
from orderflow.feeds.sequence import PATIENCE
from orderflow.feeds.venues.venue import Held, Trade

ALWAYS = -(2**63)


def trade(
    number: int, *, last: int | None = None, id: int | None = None, size: str = "1", time: int | None = None
) -> Trade:
    last = number if last is None else last
    return Trade("P", number if id is None else id, number * 10 if time is None else time, "5", size, 1, number, last)


def numbers(sequence: NumberedSequence) -> list[int]:
    return [each.first for each in sequence.take()]


def begun(*first: int) -> NumberedSequence:
    """A new sequence that has been filled with these trades."""
    sequence = NumberedSequence()
    sequence.check(0.0)
    sequence.answered([trade(n) for n in first], 0.0, full=False, oldest=ALWAYS)
    assert not sequence.filling
    assert numbers(sequence) == list(first)
    return sequence


def test_live_trades_wait_for_the_first_answer() -> None:
    sequence = NumberedSequence()
    sequence.check(0.0)
    sequence.live(trade(7), 0.1)
    assert sequence.wants(0.1)
    assert sequence.held is None
    assert not sequence.take()
    sequence.answered([trade(5), trade(6)], 0.2, full=False, oldest=ALWAYS)
    assert numbers(sequence) == [5, 6, 7]
    assert not sequence.filling
    assert (sequence.gaps, sequence.hole_count) == (0, 0)


def test_a_late_trade_is_put_in_order_without_a_request() -> None:
    sequence = begun(1, 2)
    sequence.live(trade(4), 1.0)
    assert not sequence.take()
    assert not sequence.wants(1.0 + GRACE / 2)
    sequence.live(trade(3), 1.1)
    assert numbers(sequence) == [3, 4]
    assert not sequence.wants(9.0)


def test_a_gap_is_filled_by_number_page_by_page() -> None:
    sequence = begun(1, 2)
    sequence.live(trade(9), 1.0)
    assert sequence.wants(1.0 + GRACE)
    assert sequence.held == Held(2, 20, 2)
    sequence.answered([trade(n) for n in (2, 3, 4, 5)], 2.0, full=True, oldest=ALWAYS)
    assert sequence.wants(2.0)
    assert sequence.held == Held(5, 50, 5)
    sequence.live(trade(10), 2.1)
    sequence.answered([trade(n) for n in (5, 6, 7, 8)], 2.2, full=True, oldest=ALWAYS)
    assert numbers(sequence) == [3, 4, 5, 6, 7, 8, 9, 10]
    sequence.answered([trade(10)], 2.3, full=False, oldest=ALWAYS)
    assert not sequence.filling
    assert (sequence.gaps, sequence.hole_count) == (1, 0)


def test_what_the_venue_does_not_serve_is_a_hole_after_some_tries() -> None:
    sequence = begun(1, 2)
    sequence.live(trade(6), 1.0)
    now, answers = 2.0, 0
    while sequence.wants(now) or sequence.filling:
        if sequence.wants(now):
            sequence.answered([trade(2)], now, full=False, oldest=ALWAYS)
            answers += 1
        now += 0.5
    assert answers == TRIES
    assert numbers(sequence) == [6]
    (hole,) = sequence.holes
    assert (hole.after, hole.until, hole.missing, hole.reason) == (20, 60, 3, NOT_SERVED)
    sequence.live(trade(7), now)
    assert numbers(sequence) == [7]


def test_a_hole_inside_an_answer_is_marked_at_once() -> None:
    sequence = begun(1)
    sequence.check(1.0)
    sequence.answered([trade(1), trade(2), trade(5)], 1.0, full=False, oldest=ALWAYS)
    assert numbers(sequence) == [2, 5]
    assert [hole.missing for hole in sequence.holes] == [2]


def test_without_answers_trades_are_handed_on_in_the_end() -> None:
    sequence = begun(1)
    sequence.check(10.0)
    sequence.live(trade(5), 11.0)
    sequence.failed(12.0, "out of reach")
    assert not sequence.take()
    sequence.failed(11.0 + PATIENCE, "out of reach")
    assert numbers(sequence) == [5]
    assert [(hole.missing, hole.reason) for hole in sequence.holes] == [(3, "out of reach")]


def test_numbers_that_begin_anew_are_a_hole_of_unknown_size() -> None:
    sequence = begun(100, 101)
    sequence.live(trade(0, time=5000), 1.0)
    sequence.live(trade(1, time=5001), 1.0)
    assert numbers(sequence) == [0, 1]
    assert [(hole.missing, hole.reason) for hole in sequence.holes] == [(None, NEW_NUMBERS)]
    assert sequence.repeated == 0


def test_an_aggregate_that_grows_is_taken_in_parts() -> None:
    sequence = begun(1)
    sequence.live(trade(2, last=3, id=50, size="2.50"), 1.0)
    sequence.live(trade(4, id=50, size="2.50", time=20), 1.0)  # of the same size: its tick needs an id of its own
    sequence.check(1.0)
    row = trade(2, last=6, id=50, size="9.75", time=20)
    sequence.answered([trade(1), row, trade(7, id=51)], 1.0, full=False, oldest=ALWAYS)
    taken = sequence.take()
    assert [(each.first, each.last, each.size) for each in taken] == [
        (2, 3, "2.50"),
        (4, 4, "2.50"),
        (5, 6, "4.75"),
        (7, 7, "1"),
    ]
    assert len({each.id for each in taken}) == 4
    assert taken[0].id == 50
    assert taken[1].id < -1
    assert sequence.held == Held(51, 70, 7)


def test_after_a_restart_it_goes_on_from_the_trade_in_the_log() -> None:
    sequence = NumberedSequence(Held(50, 20), Decimal("2.5"))
    sequence.check(0.0)
    sequence.live(trade(9, id=53), 0.0)
    assert sequence.held == Held(50, 20)
    assert not sequence.take()
    rows = [trade(2, last=4, id=50, size="3.5", time=20), trade(5, last=6, id=51), trade(7, last=8, id=52)]
    sequence.answered(rows, 0.1, full=False, oldest=ALWAYS)
    taken = sequence.take()
    assert [(each.size, each.last) for each in taken] == [("1.0", 4), ("1", 6), ("1", 8), ("1", 9)]
    assert sequence.gaps == 1
    assert not sequence.holes


@pytest.mark.parametrize("rows", [[], [trade(0, time=999), trade(1, time=1000)]])
def test_after_a_restart_a_venue_with_other_numbers_is_a_hole(rows: list[Trade]) -> None:
    sequence = NumberedSequence(Held(50, 20), Decimal(1))
    sequence.check(0.0)
    sequence.live(trade(2, time=1001), 0.0)
    for _ in range(3):
        sequence.answered(rows, 0.1, full=False, oldest=ALWAYS)
    assert numbers(sequence)[-1] == 2
    assert [hole.missing for hole in sequence.holes] == [None]


def test_a_gap_that_is_too_old_is_left_and_the_newest_trades_are_taken() -> None:
    sequence = NumberedSequence(Held(1, 10), Decimal(1))
    sequence.check(0.0)
    sequence.answered([trade(1), trade(2)], 0.0, full=True, oldest=500)
    assert sequence.wants(0.0)
    assert sequence.held is None
    sequence.answered([trade(80), trade(81)], 0.1, full=False, oldest=500)
    assert numbers(sequence) == [80, 81]
    assert [hole.reason for hole in sequence.holes] == [TOO_OLD]


@pytest.mark.parametrize("seed", range(60))
def test_any_disorder_gives_every_trade_once_and_in_order(seed: int) -> None:
    chance = random.Random(seed)
    venue: list[Trade] = []
    at = 0
    for number in range(200):
        last = at + chance.choice((0, 0, 1, 3))
        venue.append(Trade("P", number, number // 3, "5", "1", 1, at, last))
        at = last + 1
    sequence = NumberedSequence()
    sequence.check(0.0)
    now, taken, queue = 0.0, list[Trade](), list[Trade]()
    served = chance.randrange(20)
    for number, each in enumerate(venue):
        if chance.random() > 0.1:
            queue.append(each)
        if chance.random() < 0.1:
            queue.append(each)
        if chance.random() < 0.2:
            chance.shuffle(queue)
        if chance.random() < 0.5:
            for trade_ in queue:
                sequence.live(trade_, now)
            queue = []
        if chance.random() < 0.05:
            sequence.check(now)
        now += 0.2
        served = max(served, number)
        if sequence.wants(now):
            _answer(sequence, venue[: served + 1], now)
        taken += sequence.take()
    sequence.check(now)
    while sequence.filling:
        now += 1
        _answer(sequence, venue, now)
    taken += sequence.take()
    begin = taken[0].id
    assert [each.id for each in taken] == list(range(begin, 200))
    assert sequence.trades == sum(each.last - each.first + 1 for each in venue[begin:])
    assert not sequence.holes


def _answer(sequence: NumberedSequence, venue: list[Trade], now: float, page: int = 10) -> None:
    held = sequence.held
    rows = venue[-page:] if held is None else venue[held.id : held.id + page]
    sequence.answered(rows, now, full=len(rows) >= page, oldest=ALWAYS)
