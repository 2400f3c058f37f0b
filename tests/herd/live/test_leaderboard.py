"""The leaderboard, ranks and statistics."""

from __future__ import annotations

import pytest

from orderflow.herd.live.leaderboard import Leaderboard, gini, statistics
from tests.herd.play import Play


def test_equal_wealth_has_equal_rank() -> None:
    play = Play()
    a, b, c, d = play.join(4)
    play.batch((a, 20))
    play.batch((b, 10))
    leaderboard = Leaderboard.of(play.state)
    ranks = {p: leaderboard.rank(play.person(p), play.state) for p in (a, b, c, d)}
    assert ranks == {a: (1, 4), b: (2, 4), c: (3, 4), d: (3, 4)}
    lines = leaderboard.top(2)
    assert [line["participant"] for line in lines] == [a, b]
    assert lines[0]["wealth"] == round(play.person(a).wealth(play.state.price) / 1e6, 2)
    assert lines[0]["profit"] == pytest.approx(lines[0]["wealth"] - 10_000, abs=0.01)
    (late,) = play.join()
    assert leaderboard.rank(play.person(late), play.state) == (5, 5)  # the others gained, nobody is as low


def test_late_joiners_begin_at_no_profit_and_the_order_is_what_is_shown() -> None:
    """d joins at a price that others drove up, and has the wealth of b, who was there before: only b gained."""
    play = Play()
    a, b, c = play.join(3)
    play.batch((a, 20))
    (d,) = play.join()
    play.batch((c, -10))
    leaderboard = Leaderboard.of(play.state)
    shown = [(line["participant"], line["profit"]) for line in leaderboard.top(4)]
    assert shown == sorted(shown, key=lambda line: -line[1])
    profits = dict(shown)
    for p in (a, b, c, d):
        person = play.person(p)
        assert profits[p] == round((person.wealth(play.state.price) - person.start_wealth) / 1e6, 2)
        rank, of = leaderboard.rank(person, play.state)
        assert (rank, of) == (1 + sum(profit > profits[p] for profit in profits.values()), 4)
    assert play.person(b).wealth(play.state.price) == play.person(d).wealth(play.state.price)
    assert profits[d] < 0 < profits[b]


def test_statistics_of_an_empty_game() -> None:
    play = Play()
    line = statistics(play.state, Leaderboard.of(play.state))
    assert (line["participants"], line["min_cash"], line["gini"], line["imbalance"]) == (0, None, None, None)


def test_statistics_leave_out_kicked_participants() -> None:
    play = Play()
    a, b, c = play.join(3)
    play.act("bots", kind="zero", count=1)
    play.batch((a, 10), (b, -4), (c, -60))
    play.act("kick", participant=c)
    line = statistics(play.state, Leaderboard.of(play.state))
    assert (line["participants"], line["bots"], line["trades"], line["rejected"]) == (3, 1, 2, 1)
    assert (line["net_position"], line["buys"], line["sells"], line["imbalance"]) == (6, 10, 4, round(6 / 14, 4))
    assert (line["min_shares"], line["median_shares"], line["max_shares"]) == (46, 50, 60)
    assert line["min_cash"] == round(play.person(a).cash / 1e6, 2)
    assert line["median_cash"] == 5_000.0


def test_gini() -> None:
    assert gini([5, 5, 5, 5]) == 0.0
    assert gini([0, 0, 0, 100]) == 0.75
    assert gini([1, 2, 3, 4]) == 0.25
    assert gini([0, 0]) is None
