"""The source system's time and sales."""

from __future__ import annotations

from pathlib import Path

from tests.formats.suite import NamedColumnsSuite, read, tick, ticks_of


class TestTimeSales(NamedColumnsSuite):
    format = "timesales"
    text = (
        "Timestamp;Precio;Volumen;Lado;Bid;Ask\n"
        "2025-10-09 18:00:00.032;25263,25;1;BID;25265;25265,5\n"
        "2025-10-09 18:00:00.084;25263,5;12;ASK;25265;25265,5\n"
        "2025-10-09 18:00:01;25265;1;ASK;25265;25265,5\n"
    )
    ticks = (
        tick("2025-10-09T18:00:00.032", "25263.25", "1", "sell", "flag"),
        tick("2025-10-09T18:00:00.084", "25263.5", "12", "buy", "flag"),
        tick("2025-10-09T18:00:01", "25265", "1", "buy", "flag"),
    )
    bad = ("2025-10-09 18:00:02;25263,5;-1;BID;25265;25265,5", "Volumen", "below 0")

    def test_times_are_local_to_the_given_zone(self, tmp_path: Path) -> None:
        _, chunks = read(self.write(tmp_path), tz="America/New_York")
        assert ticks_of(*chunks)[0].time == "2025-10-09T22:00:00.032"

    def test_without_lado_the_quote_decides(self, tmp_path: Path) -> None:
        text = (
            "Timestamp;Precio;Volumen;Lado;Bid;Ask\n"
            "2025-10-09 18:00:00;25265,5;1;;25265;25265,5\n"
            "2025-10-09 18:00:01;25265,25;1;;25265;25265,5\n"
            "2025-10-09 18:00:02;25264;1;;25265;25265,5\n"
            "2025-10-09 18:00:03;25265,1;1;;25265;25265,5\n"
            "2025-10-09 18:00:04;25265,1;1;;;\n"
        )
        _, chunks = read(self.write(tmp_path, text.encode()))
        assert [(one.side, one.rule) for one in ticks_of(*chunks)] == [
            ("buy", "quote"),
            ("", "tick"),
            ("sell", "quote"),
            ("sell", "quote"),
            ("", "tick"),
        ]

    def test_side_flag_infers_nothing(self, tmp_path: Path) -> None:
        text = "Timestamp;Precio;Volumen;Lado;Bid;Ask\n2025-10-09 18:00:00;25265,5;1;;25265;25265,5\n" + (
            "2025-10-09 18:00:00;25265,5;1;BID;25265;25265,5\n"
        )
        _, chunks = read(self.write(tmp_path, text.encode()), side="flag")
        assert [(one.side, one.rule) for one in ticks_of(*chunks)] == [("", "none"), ("sell", "flag")]

    def test_single_letter_sides_are_refused(self, tmp_path: Path) -> None:
        text = self.text + "2025-10-09 18:00:02;25263,5;1;B;25265;25265,5\n"
        _, chunks = read(self.write(tmp_path, text.encode()))
        (error,) = chunks[0].errors
        assert str(error) == (
            "line 5, Lado: 'B' is not a side; use one of buy, ask, compra, sell, bid, venta, unknown, or leave it empty"
        )
