"""Invariants for any actions of participants and presenter: money and shares add up, nobody exceeds the limits, nobody
can extract money, and the log alone gives the same state."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow.errors import OrderflowError
from orderflow.herd.rules.curve import make_curve
from tests.herd.play import Play

orders = st.lists(st.tuples(st.integers(0, 7), st.integers(-60, 60).filter(bool)), max_size=6)
controls = st.sampled_from(
    [
        ("news", {"text": "Good", "move": 12.5}),
        ("news", {"text": "Bad", "move": -40.0}),
        ("news", {"text": "Nothing"}),
        ("round", {"preset": "ssw", "rounds": 3, "seconds": 5}),
        ("round", {"rounds": 2, "dividend": 1.25, "fundamental": 80.0}),
        ("round", {"stop": True}),
        ("round", {}),
        ("undo", {}),
        ("freeze", {}),
        ("resume", {}),
        ("lobby", {}),
        ("bots", {"kind": "zero", "count": 3}),
        ("bots", {"kind": "zero", "count": 1}),
        ("bots", {"kind": "trend", "count": 2}),
        ("bots", {"kind": "fundamental", "count": 2}),
        ("experiment", {"on": True}),
        ("experiment", {"on": False}),
        ("kick", {"participant": "p2"}),
        ("clear", {}),
        ("code", {"on": True}),
    ]
)
steps = st.lists(st.one_of(orders, orders, controls, st.just("join")), min_size=1, max_size=25)


@given(steps, st.sampled_from(["exponential", "linear"]), st.sampled_from([0, 25]), st.sampled_from(["0.001", "0.02"]))
@settings(max_examples=120, deadline=None)
def test_money_and_shares_add_up_and_the_log_gives_the_same_state(
    done: list[object], curve: str, short: int, impact: str
) -> None:
    play = Play(curve=curve, short=short, impact=impact)
    play.join(4)
    for step in done:
        if step == "join":
            play.join()
        elif isinstance(step, tuple):
            try:
                play.act(step[0], **step[1])
            except OrderflowError:
                play.check()
        elif isinstance(step, list) and play.state.phase == "open" and play.state.count:
            present = [person.id for person in play.state.present()]
            play.batch(*((present[who % len(present)], q) for who, q in step), bots=True)
            for person in play.state.participants.values():
                assert person.shares >= -short
                assert person.cash >= 0 or short, "without short positions nobody pays a dividend"
    again = play.again()
    assert again == play.state
    assert again.imbalance() == (0, 0)


quantities = st.lists(st.integers(-40, 40).filter(bool), min_size=1, max_size=12)
curves = st.sampled_from(["exponential", "linear"])
rich = {"cash": 10**15, "shares": 10**6}


@given(st.lists(quantities, min_size=1, max_size=6), curves, st.sampled_from(["0.001", "0.01", "0.0000003"]))
@settings(max_examples=80, deadline=None)
def test_a_single_trader_earns_nothing(batches: list[list[int]], curve: str, impact: str) -> None:
    """After any trades that end at the first position, at most the rounding is lost."""
    play = Play(curve=curve, impact=impact, **rich)
    (alone,) = play.join()
    for batch in batches:
        play.batch(*((alone, q) for q in batch))
    while play.state.position:
        left = play.state.position
        play.batch((alone, -max(-100, min(100, left))))
    profit = play.person(alone).cash - rich["cash"]
    assert -sum(map(len, batches)) - 100 <= profit <= 0
    assert profit == -play.state.dust


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(-40, 40).filter(bool)), max_size=8), max_size=8), curves
)
@settings(max_examples=80, deadline=None)
def test_colluding_traders_earn_nothing(batches: list[list[tuple[int, int]]], curve: str) -> None:
    play = Play(curve=curve, **rich)
    group = play.join(4)
    for batch in batches:
        play.batch(*((group[who], q) for who, q in batch))
    for member in group:
        while (extra := play.person(member).shares - rich["shares"]) != 0:
            play.batch((member, -extra))
    assert play.state.position == 0
    assert sum(play.person(member).cash - rich["cash"] for member in group) == -play.state.dust <= 0


def test_a_market_without_a_cost_function_can_be_exploited() -> None:
    """A naive market that fills at the last price and then moves it pays a trader for buying and selling ten times."""
    curve = make_curve("exponential", 100_000_000, "0.001")
    naive = 0
    for q in range(10):
        naive -= 10 * curve.price(10 * q)
    for q in range(10, 0, -1):
        naive += 10 * curve.price(10 * q)
    assert naive > 0
    play = Play(**rich)
    (trader,) = play.join()
    for quantity in [10] * 10 + [-10] * 10:
        play.batch((trader, quantity))
    assert -20 <= play.person(trader).cash - rich["cash"] <= 0
