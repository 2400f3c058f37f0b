"""QuantConnect Lean: the date is in the name, equities are in ten-thousandths."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderflow.errors import UnknownFormat
from tests.formats.suite import FormatSuite, read, tick, ticks_of

FUTURE = "20131007_gc_tick_trade_201312"
EQUITY = "20131008_bac_Trade_Tick"


class TestFuture(FormatSuite):
    format = "lean"
    file = f"{FUTURE}.csv"
    text = "276,1313.7,1,usa,,0\n86399999,1313.6,0,usa,,0\n1237.5,1313.5,2,usa,,1\n"
    ticks = (
        tick("2013-10-07T00:00:00.276", "1313.7", "1", "", "tick", None, "gc_201312"),
        tick("2013-10-07T23:59:59.999", "1313.6", "0", "", "tick", None, "gc_201312"),
        tick("2013-10-07T00:00:01.2375", "1313.5", "2", "", "tick", None, "gc_201312"),
    )
    bad = ("86400000,1313.7,1,usa,,0", "column 1 (time)", "milliseconds since midnight")

    def test_without_a_date_it_is_refused(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, name="gold.csv")
        with pytest.raises(UnknownFormat, match="the date must be in the name of the file or member"):
            read(path, format="lean")

    def test_quote_files_are_refused(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, name="20131007_gc_tick_quote_201312.csv")
        with pytest.raises(UnknownFormat, match="says quotes or open interest"):
            read(path, format="lean")

    def test_midnight_is_local_to_the_zone(self, tmp_path: Path) -> None:
        _, chunks = read(self.write(tmp_path), tz="America/New_York")
        assert ticks_of(*chunks)[0].time == "2013-10-07T04:00:00.276"


class TestEquity(FormatSuite):
    format = "lean"
    file = f"{EQUITY}.csv"
    text = "14400009.367,137450,100,D,1,0\n14400010,137455,100,D,1,0\n"
    ticks = (
        tick("2013-10-08T04:00:00.009367", "13.745", "100", "", "tick", None, "bac"),
        tick("2013-10-08T04:00:00.01", "13.7455", "100", "", "tick", None, "bac"),
    )
    bad = ("14400009.367,13.745,100,D,1,0", "column 2 (price)", "whole multiples of 1e-4")


class TestOption(FormatSuite):
    """Prices of options on equities are ten-thousandths, those of options on futures are not."""

    format = "lean"
    file = "20140606_xyz_tick_trade_american_call_400000_20140614.csv"
    text = "34200010,13000,5,C,0,0\n34201010,13150,2,C,0,0\n"
    symbol = "xyz_american_call_400000_20140614"
    ticks = (
        tick("2014-06-06T09:30:00.01", "1.3", "5", "", "tick", None, symbol),
        tick("2014-06-06T09:30:01.01", "1.315", "2", "", "tick", None, symbol),
    )
    bad = ("34201010,13150,-2,C,0,0", "column 3 (size)", "below 0")

    def test_prices_of_options_on_futures_are_as_written(self, tmp_path: Path) -> None:
        _, chunks = read(self.write(tmp_path, b"34200010,130.5,5,C,0,0\n34201010,131,2,C,0,0\n"))
        assert [float(one.price) for one in ticks_of(*chunks)] == [130.5, 131]


class TestCrypto(FormatSuite):
    format = "lean"
    file = "20141203_btcusd_trade_tick.csv"
    text = "34200010,378.25,0.5,0\n34201010,378,0.25,0\n"
    ticks = (
        tick("2014-12-03T09:30:00.01", "378.25", "0.5", "", "tick", None, "btcusd"),
        tick("2014-12-03T09:30:01.01", "378", "0.25", "", "tick", None, "btcusd"),
    )
    bad = ("86400000,378,0.25,0", "column 1 (time)", "milliseconds since midnight")
