"""OKX historical trades in their three shapes."""

from __future__ import annotations

from pathlib import Path

from tests.formats.suite import FormatSuite, NamedColumnsSuite, read, tick, ticks_of


class TestNew(NamedColumnsSuite):
    format = "okx"
    text = (
        "instrument_name,trade_id,side,price,size,created_time,source\n"
        "BTC-USDT-SWAP,2885385355,sell,78542.2,14.07,1788192000021,0\n"
        "BTC-USDT-SWAP,2885385356,buy,78542.3,1,1788192000022,0\n"
    )
    ticks = (
        tick("2026-08-31T16:00:00.021", "78542.2", "14.07", "sell", "flag", 2885385355, "BTC-USDT-SWAP"),
        tick("2026-08-31T16:00:00.022", "78542.3", "1", "buy", "flag", 2885385356, "BTC-USDT-SWAP"),
    )
    bad = (
        "BTC-USDT-SWAP,465953984,buy,104933.5,0.00044782123456789017,1737331200000,0",
        "size",
        "17 significant digits",
    )


class TestOld(FormatSuite):
    format = "okx"
    text = (
        "trade_id/撮合id,side/交易方向,size/数量,price/价格,created_time/成交时间\n"
        "719977054,buy,0.00527188,84760.0,1682434103856\n"
        "719977057,sell,0.0277,84760.1,1682434103857\n"
    )
    ticks = (
        tick("2023-04-25T14:48:23.856", "84760", "0.00527188", "buy", "flag", 719977054),
        tick("2023-04-25T14:48:23.857", "84760.1", "0.0277", "sell", "flag", 719977057),
    )
    bad = ("719977058,long,0.0277,84760.1,1682434103857", "side/交易方向", "'long' is not a side")

    def test_header_in_gb2312(self, tmp_path: Path) -> None:
        reader, chunks = read(self.write(tmp_path, self.text.encode("gb2312")))
        assert reader.format == "okx"
        assert ticks_of(*chunks) == [*self.ticks]


class TestOldest(FormatSuite):
    format = "okx"
    text = "719977054,buy,0.00527188,84760.0,1632434103856\n719977057,sell,0.0277,84760.1,1632434103857\n"
    ticks = (
        tick("2021-09-23T21:55:03.856", "84760", "0.00527188", "buy", "flag", 719977054),
        tick("2021-09-23T21:55:03.857", "84760.1", "0.0277", "sell", "flag", 719977057),
    )
    bad = ("719977058,buy,0.0277,8476o.1,1632434103857", "column 4 (price)", "'8476o.1' is not a number")
