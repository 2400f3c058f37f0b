"""The state as a fold of the log: the clock of rounds, undo, and invalid logs."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from orderflow.errors import BadInput
from orderflow.herd.rules.events import decode, decode_log, encode
from orderflow.herd.rules.state import UNDONE, State, move_level
from tests.herd.play import SECOND, START, Play


def test_decoding_and_encoding_a_log_gives_the_same_bytes() -> None:
    play = Play()
    a, b = play.join(2)
    play.batch((a, 10), (b, -3))
    play.act("news", text="Rates rise", move=-12.5)
    lines = play.log().splitlines(keepends=True)
    assert b"".join(encode(decode(line)) for line in lines) == play.log()
    log = list(decode_log(play.log()))
    assert [event.tag for event in log] == ["session", "join", "join", "order", "order", "batch", "news"]
    assert [event.n for event in log] == list(range(7))


def test_times_in_a_log_never_decrease() -> None:
    play = Play()
    play.now += 5 * SECOND
    play.join()
    play.now -= 60 * SECOND
    play.join()
    assert [event.t - START for event in decode_log(play.log())] == [0, 5 * SECOND, 5 * SECOND]


def test_orders_have_the_result_of_their_batch() -> None:
    play = Play()
    a, b = play.join(2)
    bought, sold = play.batch((a, 10), (b, -51))
    assert (bought.status, bought.price) == ("filled", 100_501_670)
    assert (sold.status, sold.price, sold.reason) == ("rejected", 0, "not enough shares")
    assert play.state.totals.trades == play.state.totals.rejected == 1
    assert play.state.orders[a] == {bought.client_id: bought}


def test_fills_are_kept_as_columns() -> None:
    play = Play()
    a, b = play.join(2)
    play.batch((a, 10), (b, -4))
    play.batch((b, -4))
    fills = play.state.fills
    assert list(fills.size) == [10, 4, 4]
    assert list(fills.side) == [1, -1, -1]
    assert list(fills.price) == [10_030, 10_030, 10_040]
    assert list(fills.id) == [3, 4, 6]
    assert list(fills.time) == [START + SECOND // 4] * 2 + [START + SECOND // 2]
    assert list(fills.since(2).id) == [6]


def test_news_moves_the_price_level_and_counts_the_money_as_injected() -> None:
    play = Play()
    (a,) = play.join()
    play.batch((a, 20))
    before = play.state.injected
    play.act("news", text="Gold found", move=50)
    assert play.state.price == pytest.approx(1.5 * 102_020_134, abs=2)
    assert play.state.injected - before == play.state.curve.cost(20) - 2_020_134_002
    play.act("news", text="Nothing moves")
    assert play.state.news is not None
    assert play.state.news.text == "Nothing moves"
    assert len(play.state.path) == 3


def test_the_clock_of_a_round_stops_while_the_market_is_not_open() -> None:
    play = Play()
    play.act("round", seconds=30)
    play.now += 10 * SECOND
    play.act("freeze")
    assert play.state.round is not None
    assert (play.state.round.ends, play.state.round.left) == (None, 20 * SECOND)
    play.now += 100 * SECOND
    play.act("resume")
    assert play.state.round.ends == play.now + 20 * SECOND


def test_undo_restores_all_accounts_from_before_the_round() -> None:
    play = Play()
    a, b = play.join(2)
    play.batch((a, 10))
    before = (play.state.price, play.person(a).cash, play.person(a).shares, play.state.totals.trades)
    ticks, path = len(play.state.fills), len(play.state.path)
    play.act("round", rounds=2, dividend=2.0)
    (late,) = play.join()
    played = play.batch((b, 30), (late, 5))
    play.act("news", text="Up", move=10)
    play.act("round")  # pays, and begins the second
    play.batch((a, -5))
    play.act("kick", participant=b)
    play.act("undo")
    assert play.state.round is not None
    assert (play.state.round.round, play.state.round.running) == (1, False)
    play.act("undo")
    assert (play.state.price, play.person(a).cash, play.person(a).shares, play.state.totals.trades) == before
    assert (len(play.state.fills), len(play.state.path)) == (ticks, path + 1)
    assert play.state.round is None
    assert play.state.news is None
    joined = play.person(late)
    assert (joined.cash, joined.shares, joined.trades) == (5_000_000_000, 50, 0)
    assert joined.start_wealth == joined.wealth(play.state.price)
    assert [(order.status, order.reason) for order in played] == [("rejected", UNDONE)] * 2
    assert play.person(b).kicked
    (second, first), end = play.state.undone, play.now // 1_000_000
    assert first[0] < second[0] <= end
    assert (first[1], second[1]) == (end, end)
    assert play.again() == play.state


def test_undo_of_a_running_round_rejects_pending_orders() -> None:
    play = Play()
    (a,) = play.join()
    play.act("round")
    waiting = play.order(a, 5)
    play.session.undo(play.now)
    assert play.state.pending == []
    assert waiting.reason == UNDONE


def test_short_positions_pay_the_dividend() -> None:
    play = Play(short=20)
    a, b = play.join(2)
    play.batch((a, -60), (b, 40))
    cash = play.person(a).cash, play.person(b).cash
    play.act("round", dividend=1.5)
    play.act("round", stop=True)
    assert play.person(a).cash == cash[0] - 10 * 1_500_000
    assert play.person(b).cash == cash[1] + 90 * 1_500_000


def test_an_invalid_log_is_refused() -> None:
    play = Play()
    play.join()
    log = list(decode_log(play.log()))
    with pytest.raises(BadInput, match="empty"):
        State.fold([])
    with pytest.raises(BadInput, match="cannot follow event 0"):
        State.fold([log[0], log[0]])
    with pytest.raises(BadInput, match="cannot follow event 0"):
        State.fold([log[0], replace(log[0], n=1)])
    with pytest.raises(BadInput, match="cannot follow event 0"):
        State.fold([log[0], replace(log[1], n=2)])
    with pytest.raises(BadInput, match="version"):
        State.fold([replace(log[0], version=2)])
    with pytest.raises(BadInput, match="version"):
        State.fold(log[1:])


def test_a_price_level_out_of_range_is_refused() -> None:
    with pytest.raises(BadInput):
        move_level(Play(price=200, impact="0.01").state.curve, -90)
