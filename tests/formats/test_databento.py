"""Databento trades: integer and pretty; other records are refused."""

from __future__ import annotations

from pathlib import Path

from tests.formats.suite import NamedColumnsSuite, read, tick, ticks_of

HEADER = (
    "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,depth,price,size,flags,ts_in_delta,sequence,symbol\n"
)


class TestIntegers(NamedColumnsSuite):
    format = "databento"
    text = HEADER + (
        "1696000000527428009,1696000000527194909,0,19,7051,T,A,0,4523250000000,5,130,206685,11853,ESZ3\n"
        "1696000000627428009,1696000000627194909,0,19,7051,T,B,0,4523500000000,2,130,206685,11853,ESZ3\n"
        "1696000000627428009,1696000000627194910,0,19,7051,T,N,0,4523500000000,1,130,206685,11853,NQZ3\n"
    )
    ticks = (
        tick("2023-09-29T15:06:40.527194909", "4523.25", "5", "sell", "flag", None, "ESZ3"),
        tick("2023-09-29T15:06:40.627194909", "4523.5", "2", "buy", "flag", None, "ESZ3"),
        tick("2023-09-29T15:06:40.62719491", "4523.5", "1", "", "none", None, "NQZ3"),
    )
    bad = (
        "1696000000627428009,1696000000627194909,0,19,7051,T,B,0,9223372036854775807,2,130,206685,11853,ESZ3",
        "price",
        "19 significant digits",
    )


class TestPretty(NamedColumnsSuite):
    format = "databento"
    text = HEADER + (
        "2023-09-29T12:00:00.527428009Z,2023-09-29T12:00:00.527194909Z,0,19,7051,T,N,0,16.950000000,5,130,206685,1,GME\n"
        "2023-09-29T12:00:00.607430591Z,2023-09-29T12:00:00.604957350Z,0,19,7051,T,A,0,16.925000000,1,130,206685,2,GME\n"
    )
    ticks = (
        tick("2023-09-29T12:00:00.527194909", "16.95", "5", "", "none", None, "GME"),
        tick("2023-09-29T12:00:00.60495735", "16.925", "1", "sell", "flag", None, "GME"),
    )
    bad = (
        "2023-09-29T12:00:00.6Z,2023-09-29T12:00:00.6Z,0,19,7051,T,A,0,16.925000000,-1,130,206685,2,GME",
        "size",
        "below 0",
    )

    def test_other_actions_are_counted_and_no_errors(self, tmp_path: Path) -> None:
        row = "2023-09-29T12:00:00.6Z,2023-09-29T12:00:00.6Z,0,19,7051,A,A,0,,1,130,206685,2,GME\n"
        _, chunks = read(self.write(tmp_path, (self.text + row).encode()))
        assert ticks_of(*chunks) == [*self.ticks]
        assert [(dict(chunk.skipped), chunk.rejected) for chunk in chunks] == [({"records of the book": 1}, 0)]

    def test_symbol_option_is_refused_for_several_symbols(self, tmp_path: Path) -> None:
        _, chunks = read(self.write(tmp_path), symbol="GME.X")
        assert {one.symbol for one in ticks_of(*chunks)} == {"GME.X"}
