"""Generic tables with a header."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderflow.errors import UnknownFormat
from tests.formats.suite import NamedColumnsSuite, read, tick, ticks_of


class TestCanonical(NamedColumnsSuite):
    format = "generic"
    text = (
        "timestamp,price,size,side,id\n"
        "1750507467356,83.29,0.107,buy,293517768\n"
        "1750507470500,83.29,1.39,sell,293517769\n"
        "1750507470501,83.3,2,,\n"
    )
    ticks = (
        tick("2025-06-21T12:04:27.356", "83.29", "0.107", "buy", "flag", 293517768),
        tick("2025-06-21T12:04:30.5", "83.29", "1.39", "sell", "flag", 293517769),
        tick("2025-06-21T12:04:30.501", "83.3", "2", "", "tick"),
    )
    bad = ("1750507470501,inf,2,,", "price", "'inf' is not a finite number")


class TestIndexColumn(NamedColumnsSuite):
    """An unnamed first column, as pandas writes the index, and two time columns."""

    format = "generic"
    text = (
        ",timestamp,id,type,side,price,amount,cost,date\n"
        "0,1675311000092, 1588563957,    ,buy, 23438.0,  0.013, 0, 2023-02-02 04:10:00.092000+00:00\n"
        "1,1675311000211, 1588563958,    ,sell, 23437.5,  0.001, 0, 2023-02-02 04:10:00.211000+00:00\n"
    )
    ticks = (
        tick("2023-02-02T04:10:00.092", "23438", "0.013", "buy", "flag", 1588563957),
        tick("2023-02-02T04:10:00.211", "23437.5", "0.001", "sell", "flag", 1588563958),
    )
    bad = ("2,1675311000211, 1588563958,    ,sell, 23437.5", "None", "")

    def test_bad_row_is_reported_by_line_and_field_and_others_are_kept(self, tmp_path: Path) -> None:
        _, chunks = read(self.write(tmp_path, (self.text + self.bad[0] + "\n").encode()))
        assert [str(error) for error in chunks[0].errors] == ["line 4: has 6 fields, but 9 are needed"]
        assert ticks_of(*chunks) == [*self.ticks]

    def _has_header(self) -> bool:
        return True


class TestSplitDates(NamedColumnsSuite):
    format = "generic"
    text = "Fecha;Hora;Precio;Cantidad;Lado\n28/9/2009;09:30:00;50,79;100;ASK\n29/9/2009;9:30;50,8;1;BID\n"
    ticks = (
        tick("2009-09-28T09:30:00", "50.79", "100", "buy", "flag"),
        tick("2009-09-29T09:30:00", "50.8", "1", "sell", "flag"),
    )
    bad = ("30/9/2009;09:30:00;50.79;100;ASK", "Precio", "'50.79' has a dot; the decimal mark here is the comma")

    def test_ambiguous_date_is_refused(self, tmp_path: Path) -> None:
        text = "date,time,price,size\n10/09/2025,18:00:00,100.5,1\n"
        with pytest.raises(UnknownFormat, match="day/month or month/day"):
            read(self.write(tmp_path, text.encode()), format="generic")


class TestVolumes(NamedColumnsSuite):
    format = "generic"
    text = (
        "time,price,bid_volume,ask_volume\n"
        "2025-10-09T18:00:00+02:00,100.5,2.5,0\n"
        "2025-10-09T18:00:01+02:00,100.25,1,40\n"
        "2025-10-09T18:00:02+02:00,100.25,0,0\n"
    )
    ticks = (
        tick("2025-10-09T16:00:00", "100.5", "2.5", "sell", "volumes"),
        tick("2025-10-09T16:00:01", "100.25", "1", "sell", "volumes"),
        tick("2025-10-09T16:00:01", "100.25", "40", "buy", "volumes"),
        tick("2025-10-09T16:00:02", "100.25", "0", "", "tick"),
    )
    bad = ("2025-10-09T18:00:02+02:00,100.25,1,-1", "ask_volume", "below 0")


class TestNames:
    @pytest.mark.parametrize(
        ("header", "row", "expected"),
        [
            ("DateTime,Price,Volume", "2013-09-01 17:00:00.083,1640.25,8", ("", "tick")),
            ("Trade Time,Last,Qty,Aggressor Side", "2013-09-01 17:00:00.083,1640.25,8,SELL", ("sell", "flag")),
            ("ts,px,sz,is_buyer_maker", "1378054800083,1640.25,8,false", ("buy", "flag")),
            ("time (UTC),price,quantity,BID,ASK", "2013-09-01 17:00:00.083,1640.25,8,1640,1640.25", ("buy", "quote")),
            ("timestamp,price,size,side", "2013-09-01 17:00:00.083,1640.25,8,-1", ("sell", "flag")),
        ],
    )
    def test_alternative_column_names(self, header: str, row: str, expected: tuple[str, str], tmp_path: Path) -> None:
        path = tmp_path / "es.csv"
        path.write_text(f"{header}\n{row}\n")
        reader, chunks = read(path)
        (one,) = ticks_of(*chunks)
        assert reader.format == "generic"
        assert one[:3] == tick("2013-09-01T17:00:00.083", "1640.25", "8", "", "")[:3]
        assert (one.side, one.rule) == expected

    def test_bars_are_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "bars.csv"
        path.write_text("timestamp,open,high,low,close,volume\n2013-09-01 17:00,1,2,0,1,5\n")
        with pytest.raises(UnknownFormat, match="these look like bars, not trades"):
            read(path)
