"""What all rows of a file tell: bars among single trades, bad rows after the first 10,000, records without trades."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderflow import read_ticks
from orderflow.errors import BadInput
from orderflow.formats import open_ticks

START = 1_760_032_800_123
ROWS = 12_000


def test_a_bar_after_many_single_trades_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [f"{START + 7 * k},10,10,10,10,1\n" for k in range(ROWS)]
    path.write_text("time,open,high,low,close,volume\n" + "".join(rows))
    assert len(read_ticks(path)) == ROWS
    rows[ROWS - 5] = f"{START + 7 * (ROWS - 5)},10,11,9.5,10,1\n"
    path.write_text("time,open,high,low,close,volume\n" + "".join(rows))
    with pytest.raises(BadInput, match=rf"row {ROWS - 5} is a bar, from 9.5 to 11, and no single trade"):
        read_ticks(path)
    assert len(read_ticks(path, columns="time=time,price=close,size=volume")) == ROWS


def test_bad_rows_after_the_first_are_an_error_at_the_end(tmp_path: Path) -> None:
    """What was read before is not taken back: the client says what was sent."""
    path = tmp_path / "a.csv"
    good = [f"{START + 7 * k},10,1\n" for k in range(10_100)]
    bad = [f"{START},x,1\n" for _ in range(900)]
    path.write_text("time,price,size\n" + "".join(good + bad))
    taken: list[int] = []
    with open_ticks(path, max_bad=0.05, chunk_rows=1000) as reader:
        with pytest.raises(BadInput, match=r"900 of 11,000 rows are bad .900 times price: .* give --max-bad 0.09"):
            taken.extend(chunk.ticks for chunk in reader)
        assert reader.rows == 11_000
    assert sum(taken) == 10_100
    assert len(read_ticks(path, max_bad=0.09)) == 10_100
    with open_ticks(path, chunk_rows=1000) as reader:  # without a limit they are only listed
        assert sum(chunk.rejected for chunk in reader) == 900


def test_records_without_a_trade_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>\n"
        "2022.11.10\t15:00:00.017\t0.86682\t0.86712\t\t\t6\n2022.11.10\t15:00:00.228\t0.86681\t0.86710\t\t\t6\n"
    )
    with pytest.raises(BadInput, match="there is no trade in the file: its rows are 2 quotes"):
        read_ticks(path)
