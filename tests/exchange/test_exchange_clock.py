"""The wall clock jumps under the exchange: bans end, and streams go on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orderflow.exchange.exchange import Exchange, Rules
from tests.clocks import ManualClock
from tests.exchange.asking import feed, look
from tests.exchange.trades import BEGIN, Fill, send

T0 = BEGIN // 10**6
HOUR, DAY = 3_600, 86_400


@pytest.mark.parametrize("jump", [400 * DAY, -2 * HOUR])
def test_a_ban_lasts_as_long_as_it_says(exchange: Exchange, clock: ManualClock, jump: int) -> None:
    exchange.rules = Rules(weight=3)
    while (reply := exchange.call("ping", [], "a")).status != 418:
        pass
    assert reply.headers["Retry-After"] == "120"
    clock.advance(60)
    clock.jump(jump)
    reply = exchange.call("ping", [], "a")
    assert (reply.status, reply.headers["Retry-After"]) == (418, "60")
    assert str(exchange.now() // 10**6 + 60_000) in json.loads(reply.body)["msg"], "the end by the clock of now"
    clock.advance(60)
    assert exchange.call("ping", [], "a").status == 200


def test_streams_go_on_after_the_clock_went_back(exchange: Exchange, clock: ManualClock) -> None:
    send(exchange.market, Fill(0, 10_000, 1000))
    klines, trades = feed(exchange, "btcusdt@kline_1m"), feed(exchange, "btcusdt@aggTrade")
    clock.advance(5)
    send(exchange.market, Fill(5, 10_001, 1000))
    assert [event["k"]["x"] for event in look(exchange, klines)] == [False]
    look(exchange, trades)
    clock.jump(-2 * HOUR)
    told: list[dict[str, Any]] = []
    sent: list[dict[str, Any]] = []
    for step in range(40):
        clock.advance(0.1)
        if step == 20:
            send(exchange.market, Fill(7, 10_005, 1000))
        told += look(exchange, klines)
        sent += look(exchange, trades)
    assert [event["k"]["c"] for event in told][-1] == "100.05000000"
    assert [event["p"] for event in sent] == ["100.01000000", "100.05000000"]


def test_klines_follow_a_symbol_that_moved_back(exchange: Exchange, clock: ManualClock) -> None:
    clock.advance(2 * HOUR)
    send(exchange.market, Fill(2 * HOUR, 10_000, 1000))
    made = feed(exchange, "btcusdt@kline_1m")
    look(exchange, made)
    clock.jump(-2 * HOUR)
    exchange.market.reset("BTC_USDT")
    send(exchange.market, Fill(0, 10_000, 1000))
    told: list[dict[str, Any]] = []
    for step in range(300):
        clock.advance(0.5)
        if step % 10 == 0:
            send(exchange.market, Fill(step / 2, 10_000, 1000))
        told += look(exchange, made)
    assert [(event["k"]["t"] - T0) // 60_000 for event in told if event["k"]["x"]] == [0, 1]
