"""The way of a feed's trades into the market: nothing is lost while it refuses them, and where to go on is known."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from orderflow.errors import BadInput, Busy, Conflict, FieldError, StorageFailed
from orderflow.feeds.intake import MOST, Intake
from orderflow.feeds.numbered import NumberedSequence
from orderflow.feeds.resume import newest_trade, resumed_sequence
from orderflow.feeds.unnumbered import UnnumberedSequence
from orderflow.feeds.venues.venue import Held, Trade
from orderflow.market.market import Market
from orderflow.market.ticks import TickBatch


def trades(*ids: int, price: str = "5.5", time: int | None = None) -> list[Trade]:
    return [Trade("P", id, abs(id) * 10 if time is None else time, price, "1.25", 1, id, id) for id in ids]


class Refusing:
    """A market that refuses some calls first."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.taken: list[int] = []
        self.sizes: list[int] = []

    def ingest(
        self, batches: Sequence[TickBatch], key: str | None = None, digest: str = "", *, feed: bool = False
    ) -> object:
        assert feed
        if self.errors:
            raise self.errors.pop(0)
        self.sizes.append(len(batches[0]))
        self.taken += batches[0].id.tolist()
        return None


def test_what_cannot_be_stored_now_waits() -> None:
    market = Refusing(Busy("full", retry_after=3), StorageFailed("the disk is full"), Busy("full", retry_after=1))
    waits: list[tuple[float, str]] = []

    def wait(seconds: float) -> bool:
        waits.append((seconds, intake.problem))
        return False

    intake = Intake(market, "s", wait)
    assert intake.put(trades(*range(MOST + 3)))
    assert market.taken == list(range(MOST + 3))
    assert market.sizes == [MOST, 3]
    assert waits == [(3, "full"), (2.0, "the disk is full"), (1, "full")]
    assert (intake.refused, intake.problem) == (0, "")


def test_the_end_of_the_feed_ends_the_wait() -> None:
    intake = Intake(Refusing(StorageFailed("the disk is full")), "s", lambda seconds: True)
    assert not intake.put(trades(1))


def test_what_can_never_be_stored_is_counted_and_the_rest_is_taken(caplog: pytest.LogCaptureFixture) -> None:
    wrong = BadInput("row 1: too large", [FieldError(1, "price", "too large")])
    market = Refusing(wrong, wrong)
    intake = Intake(market, "s", lambda seconds: False)
    assert intake.put(trades(1, 2, 3, 4))
    assert market.taken == [1, 4]
    assert intake.refused == 2
    market.errors = [Conflict("simulated")]
    assert intake.put(trades(5, 6))
    assert intake.put([*trades(7), *trades(8, price="x")])
    assert market.taken == [1, 4, 7]
    assert intake.refused == 5
    assert len(caplog.records) == 1


def test_the_newest_trade_of_the_log_with_its_size() -> None:
    market = Market()
    assert newest_trade(market, "s") is None
    intake = Intake(market, "s", lambda seconds: False)
    intake.put([*trades(7, 9), *trades(8)])  # one is late
    found = newest_trade(market, "s")
    assert found is not None
    assert (found.held, found.size, found.ids) == (Held(9, 90), Decimal("1.25"), [7, 9, 8])
    intake.put(trades(-40, time=90))  # the rest of 9, which grew
    found = newest_trade(market, "s")
    assert found is not None
    assert (found.held, found.size) == (Held(9, 90), Decimal("2.50"))
    numbered = resumed_sequence(market, "s", True)
    assert isinstance(numbered, NumberedSequence)
    assert numbered.held == Held(9, 90)
    assert resumed_sequence(market, "other", True).held is None


def test_the_newest_trade_where_ids_are_hashes_is_the_last() -> None:
    market = Market()
    Intake(market, "s", lambda seconds: False).put(
        [*trades(-500, time=1), *trades(-900, time=2), *trades(-700, time=3)]
    )
    sequence = resumed_sequence(market, "s", False)
    assert isinstance(sequence, UnnumberedSequence)
    assert sequence.held == Held(-700, 3)
    for id in (-500, -900, -700):
        sequence.live(trades(id)[0], 0.0)
    assert (sequence.repeated, sequence.take()) == (3, [])
