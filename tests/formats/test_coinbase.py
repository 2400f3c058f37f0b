"""Coinbase: the maker's side is inverted; similar tables do not match."""

from __future__ import annotations

from pathlib import Path

from tests.formats.suite import NamedColumnsSuite, read, tick, ticks_of


class TestCoinbase(NamedColumnsSuite):
    format = "coinbase"
    text = (
        "trade_id,price,side,size,time\n"
        "1,300.0,sell,0.01,2015-04-23T01:42:34.182104Z\n"
        "2,200.0,buy,0.01,2015-04-23T05:19:36.540687Z\n"
    )
    ticks = (
        tick("2015-04-23T01:42:34.182104", "300", "0.01", "buy", "flag", 1),
        tick("2015-04-23T05:19:36.540687", "200", "0.01", "sell", "flag", 2),
    )
    bad = ("3,200.0,buy,0.01,2015-04-23", "time", "has no time of day")

    def test_note_says_that_sides_are_inverted(self, tmp_path: Path) -> None:
        reader, _ = read(self.write(tmp_path))
        assert "inverted" in reader.note

    def test_inverted_table_can_be_forced_to_generic(self, tmp_path: Path) -> None:
        _, chunks = read(self.write(tmp_path), format="generic")
        assert [one.side for one in ticks_of(*chunks)] == ["sell", "buy"]

    def test_kraken_futures_with_one_more_column_do_not_match(self, tmp_path: Path) -> None:
        text = "time,trade_id,price,size,side,type\n2019-02-14T09:25:33.920Z,100,3574,100,buy,fill\n"
        reader, chunks = read(self.write(tmp_path, text.encode()))
        assert reader.format == "generic"
        assert [one.side for one in ticks_of(*chunks)] == ["buy"]

    def test_matches_channel(self, tmp_path: Path) -> None:
        text = (
            "type,trade_id,maker_order_id,taker_order_id,side,size,price,product_id,sequence,time\n"
            "match,10,ac92,132f,sell,5.23512,400.23,BTC-USD,50,2014-11-07T08:19:27.028459Z\n"
        )
        reader, chunks = read(self.write(tmp_path, text.encode()))
        assert reader.format == "coinbase"
        assert ticks_of(*chunks) == [
            tick("2014-11-07T08:19:27.028459", "400.23", "5.23512", "buy", "flag", 10, "BTC-USD")
        ]
