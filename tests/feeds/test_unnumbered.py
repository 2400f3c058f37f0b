"""Sequences of trades whose ids say nothing: compared with the newest ones that the venue serves."""

from __future__ import annotations

from orderflow.feeds.unnumbered import NOT_SERVED, UnnumberedSequence
from orderflow.feeds.venues.venue import Held, Trade


def trade(id: int, time: int) -> Trade:
    return Trade("P", id, time, "5", "1", 1, id, id)


def ids(sequence: UnnumberedSequence) -> list[int]:
    return [each.id for each in sequence.take()]


def test_a_gap_between_known_trades_is_filled() -> None:
    sequence = UnnumberedSequence(Held(-7, 10), known=[-5, -6])
    sequence.check(0.0)
    sequence.live(trade(-30, 40), 0.0)
    assert sequence.wants(0.0)
    assert not sequence.take()
    answer = [trade(-6, 9), trade(-7, 10), trade(-9, 20), trade(-20, 30), trade(-30, 40)]
    sequence.answered(answer, 0.1, full=True, oldest=0)
    assert ids(sequence) == [-9, -20, -30]
    assert (sequence.gaps, sequence.hole_count, sequence.repeated) == (1, 0, 1)
    sequence.live(trade(-30, 40), 0.2)
    sequence.live(trade(-31, 41), 0.2)
    assert ids(sequence) == [-31]


def test_an_answer_without_a_known_trade_is_a_hole() -> None:
    sequence = UnnumberedSequence(Held(-7, 10))
    sequence.check(0.0)
    sequence.answered([trade(-50, 90), trade(-51, 91)], 0.1, full=True, oldest=0)
    assert ids(sequence) == [-50, -51]
    assert [(hole.after, hole.until, hole.missing, hole.reason) for hole in sequence.holes] == [
        (10, 90, None, NOT_SERVED)
    ]


def test_a_new_series_begins_with_the_newest_trades() -> None:
    sequence = UnnumberedSequence()
    sequence.check(0.0)
    sequence.live(trade(3, 30), 0.0)
    sequence.answered([trade(1, 10), trade(2, 20), trade(3, 30)], 0.1, full=True, oldest=0)
    assert ids(sequence) == [1, 2, 3]
    assert (sequence.gaps, sequence.hole_count) == (0, 0)


def test_without_answers_what_waits_is_handed_on_after_a_while() -> None:
    sequence = UnnumberedSequence(Held(-7, 10))
    sequence.check(0.0)
    sequence.live(trade(-9, 20), 1.0)
    sequence.failed(500.0, "out of reach")
    assert ids(sequence) == [-9]
    assert [hole.reason for hole in sequence.holes] == ["out of reach"]
