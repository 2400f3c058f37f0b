"""Sierra Chart: one-tick records, both volumes in one row; bars are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderflow.errors import UnknownFormat
from tests.formats.suite import NamedColumnsSuite, read, tick, ticks_of

HEADER = "Date, Time, Open, High, Low, Last, Volume, NumberOfTrades, BidVolume, AskVolume\n"


class TestOneTickRecords(NamedColumnsSuite):
    format = "sierra"
    text = HEADER + (
        "2025/12/8, 17:30:00.083, 0.00, 4222.25, 4222.00, 4222.25, 3, 1, 0, 3\n"
        "2025/12/8, 17:30:00.084, 0.00, 4222.25, 4222.00, 4222.00, 5, 2, 5, 0\n"
        "2025/12/8, 17:30:01, 0.00, 4222.25, 4222.00, 4222.25, 10, 2, 7, 3\n"
        "2025/12/8, 17:30:02, 0.00, 4222.25, 4222.00, 4222.25, 2, 1, 0, 0\n"
    )
    ticks = (
        tick("2025-12-08T17:30:00.083", "4222.25", "3", "buy", "volumes"),
        tick("2025-12-08T17:30:00.084", "4222", "5", "sell", "volumes"),
        tick("2025-12-08T17:30:01", "4222.25", "7", "sell", "volumes"),
        tick("2025-12-08T17:30:01", "4222.25", "3", "buy", "volumes"),
        tick("2025-12-08T17:30:02", "4222.25", "2", "buy", "quote"),
    )
    bad = (
        "2025/12/8, 17:30:02, 0.00, 4222.25, 4222.00, 4222.25, 2, 1, 2, 1",
        "AskVolume",
        "add up to 3, more than the size 2",
    )

    def test_volume_of_neither_side_is_kept(self, tmp_path: Path) -> None:
        text = HEADER + "2025/12/8, 17:30:01, 0.00, 4222.25, 4222.00, 4222.125, 10, 3, 2, 3\n"
        _, chunks = read(self.write(tmp_path, text.encode()))
        assert [(one.size, one.side, one.rule) for one in ticks_of(*chunks)] == [
            (2, "sell", "volumes"),
            (3, "buy", "volumes"),
            (5, "", "tick"),
        ]

    def test_bars_are_refused(self, tmp_path: Path) -> None:
        text = HEADER + "2026/5/24, 22:00:00, 7519.00, 7519.25, 7519.00, 7519.00, 10, 2, 7, 3\n" * 3
        path = self.write(tmp_path, text.encode())
        with pytest.raises(UnknownFormat, match="these are bars"):
            read(path, format="sierra")
        with pytest.raises(UnknownFormat, match="look like bars"):
            read(path)
