"""Binance aggregate trades with and without a header."""

from __future__ import annotations

from tests.formats.suite import FormatSuite, NamedColumnsSuite, tick


class TestSpot(FormatSuite):
    format = "binance-aggtrades"
    text = (
        "13519807,0.00141342,23.00000000,15373518,15373518,1570752011620,True,True\n"
        "13519808,0.00141266,54.00000000,15373519,15373520,1570752011620,False,True\n"
    )
    ticks = (
        tick("2019-10-11T00:00:11.62", "0.00141342", "23", "sell", "flag", 13519807),
        tick("2019-10-11T00:00:11.62", "0.00141266", "54", "buy", "flag", 13519808),
    )
    bad = (
        "13519809,0.00141266,54.00000000,15373519,15373520,15707520116,False,True",
        "column 6 (time)",
        "not a time between 1980 and 2100",
    )


class TestFutures(NamedColumnsSuite):
    format = "binance-aggtrades"
    text = (
        "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n"
        "26129,0.01633102,4.70443515,27781,27781,1498793709153,true\n"
        "26130,0.01633103,1.5,27782,27790,1498793709154,false\n"
    )
    ticks = (
        tick("2017-06-30T03:35:09.153", "0.01633102", "4.70443515", "sell", "flag", 26129),
        tick("2017-06-30T03:35:09.154", "0.01633103", "1.5", "buy", "flag", 26130),
    )
    bad = ("26131,abc,1.5,27782,27790,1498793709154,false", "price", "'abc' is not a number")
