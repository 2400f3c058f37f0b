"""Tardis.dev trades, numeric and other ids, several symbols."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderflow.errors import BadInput
from tests.formats.suite import NamedColumnsSuite, read, tick, ticks_of


class TestTardis(NamedColumnsSuite):
    format = "tardis"
    text = (
        "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
        "deribit,BTC-PERPETUAL,1572566406349000,1572566406353221,64526612,buy,9146,10\n"
        "deribit,ETH-PERPETUAL,1572566409071000,1572566409075123,64526613,sell,183.35,120\n"
        "deribit,BTC-PERPETUAL,1572566409072000,1572566409075123,,unknown,9146.5,30\n"
    )
    ticks = (
        tick("2019-11-01T00:00:06.349", "9146", "10", "buy", "flag", 64526612, "BTC-PERPETUAL"),
        tick("2019-11-01T00:00:09.071", "183.35", "120", "sell", "flag", 64526613, "ETH-PERPETUAL"),
        tick("2019-11-01T00:00:09.072", "9146.5", "30", "", "none", None, "BTC-PERPETUAL"),
    )
    bad = (
        "deribit,BTC PERPETUAL,1572566409072000,1572566409075123,,unknown,9146.5,30",
        "symbol",
        "'BTC PERPETUAL' is not a symbol",
    )

    def test_each_symbol_has_its_own_decimals(self, tmp_path: Path) -> None:
        _, (chunk,) = read(self.write(tmp_path))
        assert [(batch.symbol, batch.price_decimals) for batch in chunk.batches] == [
            ("BTC-PERPETUAL", 1),
            ("ETH-PERPETUAL", 2),
        ]

    def test_symbol_option_is_refused_for_several_symbols(self, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match="several symbols \\(BTC-PERPETUAL, ETH-PERPETUAL\\)"):
            read(self.write(tmp_path), symbol="BTC")

    def test_text_ids_are_hashed_and_do_not_order_ticks(self, tmp_path: Path) -> None:
        head = self.text.split("\n")[0]
        rows = [
            f"bitmex,XBTUSD,157256640634900{k},1572566406353221,{name},buy,9146,10"
            for k, name in enumerate(["8e1b-a", "8e1b-b", "8e1b-a"])
        ]
        _, (chunk,) = read(self.write(tmp_path, "\n".join([head, *rows]).encode()))
        first, second, third = chunk.batches[0].id.tolist()
        assert first == third != second
        assert first < 0
        assert second < 0
        assert len(ticks_of(chunk)) == 3
