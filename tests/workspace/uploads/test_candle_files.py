"""Candles as people's files have them; every layout is one that a vendor or library writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderflow.errors import BadInput, UnknownFormat
from tests.workspace.uploads.reading import candles, candles_of, refused, rows_of

CONTRACT = """timestamp,open,high,low,close,volume
2024-01-01 00:00:00,10.5,11,10,10.75,100
2024-01-01 00:01:00,10.75,12.25,10.5,12,50.5
"""
ROWS = [
    ("2024-01-01 00:00:00", "10.5", "11", "10", "10.75", "100"),
    ("2024-01-01 00:01:00", "10.75", "12.25", "10.5", "12", "50.5"),
]


def with_times(first: str, second: str) -> str:
    return CONTRACT.replace("2024-01-01 00:00:00", first).replace("2024-01-01 00:01:00", second)


def test_the_columns_of_the_contract() -> None:
    found = candles(CONTRACT)
    assert rows_of(found) == ROWS
    assert (found.refused, found.rows, found.newest_first) == ((), 2, False)
    assert found.klines.trades.tolist() == [-1, -1]
    assert found.klines.closed.all()


@pytest.mark.parametrize(
    ("first", "second", "unit"),
    [
        ("1704067200", "1704067260", "epoch in s"),
        ("1704067200000", "1704067260000", "epoch in ms"),
        ("1704067200000000", "1704067260000000", "epoch in µs"),
        ("1704067200000000000", "1704067260000000000", "epoch in ns"),
        ("1704067200.0", "1704067260.000", "epoch in s"),
        ("2024-01-01T00:00:00Z", "2024-01-01T00:01:00Z", "a time with a zone"),
        ("2023-12-31 20:00:00-04:00", "2023-12-31 20:01:00-04:00", "a time with a zone"),
        ("2024-01-01 01:00+0100", "2024-01-01 01:01+0100", "a time with a zone"),
        (" 2024/01/01 00:00", " 2024/01/01 00:01", "a date or time without a zone"),
        ("2024.01.01 00:00", "2024.01.01 00:01", "a date or time without a zone"),
        ("20240101 000000", "20240101 000100", "a date or time without a zone"),
        ("01.01.2024 00:00:00.000", "01.01.2024 00:01:00.000", "a date or time without a zone"),
        ("2024-01-01 12-AM", "2024-01-01 12:01 AM", "a date or time without a zone"),
        ("Jan 01 2024 00:00", "Jan 01 2024 00:01", "a date or time without a zone"),
        ("01-Jan-2024 00:00", "01-Jan-2024 00:01", "a date or time without a zone"),
    ],
)
def test_times_in_every_form(first: str, second: str, unit: str) -> None:
    found = candles(with_times(first, second))
    assert rows_of(found) == ROWS
    assert found.unit == unit


def test_days_without_a_time_begin_at_midnight() -> None:
    found = candles(with_times("2024-01-01", "2024-01-02"))
    assert [row[0] for row in rows_of(found)] == ["2024-01-01 00:00:00", "2024-01-02 00:00:00"]


def test_a_date_whose_order_nothing_tells_is_refused_until_it_is_given() -> None:
    text = with_times("02/01/2024", "03/01/2024")
    assert "choose the order of dates" in candles(text).refused[0].reason
    assert [row[0][:10] for row in rows_of(candles(text, dates="dmy"))] == ["2024-01-02", "2024-01-03"]
    assert [row[0][:10] for row in rows_of(candles(text, dates="mdy"))] == ["2024-02-01", "2024-03-01"]
    assert rows_of(candles(with_times("02/01/2024", "13/01/2024")))[0][0][:10] == "2024-01-02"


def test_wall_times_are_of_the_given_zone() -> None:
    found = candles(CONTRACT, tz="America/New_York")
    assert rows_of(found)[0][0] == "2024-01-01 05:00:00"


@pytest.mark.parametrize("turned", [False, True])
def test_a_repeated_hour_is_told_apart_by_the_order_of_the_rows(turned: bool) -> None:
    lines = [f"2024-11-03 {clock}:00,1,1,1,1,1" for clock in ("00:30", "01:00", "01:30", "01:00", "01:30", "02:00")]
    text = "\n".join(["time,open,high,low,close,volume", *(lines[::-1] if turned else lines)])
    found = candles(text, tz="America/New_York")
    assert refused(found) == []
    assert [row[0][11:16] for row in rows_of(found)] == ["04:30", "05:00", "05:30", "06:00", "06:30", "07:00"]
    assert found.newest_first is turned


def test_an_hour_that_clocks_skip_is_refused() -> None:
    found = candles(with_times("2024-03-10 01:30", "2024-03-10 02:30"), tz="America/New_York")
    assert [line for line, _ in refused(found)] == [3]
    assert "clocks skip it" in found.refused[0].reason


def test_an_unnamed_index_column_comes_first() -> None:
    lines = CONTRACT.splitlines()
    named = "\n".join([f",{lines[0]}", f"0,{lines[1]}", f"1,{lines[2]}"])
    short = "\n".join([lines[0], f"0,{lines[1]}", f"1,{lines[2]}"])
    assert rows_of(candles(named)) == rows_of(candles(short)) == ROWS


def test_newest_first_is_turned_round_and_said() -> None:
    lines = CONTRACT.splitlines()
    found = candles("\n".join([lines[0], lines[2], lines[1]]))
    assert rows_of(found) == ROWS
    assert found.newest_first
    assert "the newest row comes first: turned round" in found.notes


TITLES = ("https://www.CryptoDataDownload.com", "BTC/USDT, daily candles, UTC", "\n# bars\n", "My export, 2023\n")


@pytest.mark.parametrize("title", TITLES)
def test_a_title_above_the_header_is_skipped(title: str) -> None:
    assert rows_of(candles(f"{title}\n{CONTRACT}")) == ROWS


def test_lines_above_the_header_can_be_counted_by_hand() -> None:
    assert rows_of(candles(f"open,high\n{CONTRACT}", skip=1)) == ROWS


def test_seconds_and_milliseconds_in_one_file_are_told_apart_by_row() -> None:
    found = candles(with_times("1704067200", "1704067260000"))
    assert rows_of(found) == ROWS
    assert found.unit == "epoch in s and ms"
    assert any("changes at line 3" in note for note in found.notes)


def test_metatrader_writes_tabs_two_columns_of_time_and_no_volume() -> None:
    text = (
        "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\r\n"
        "2024.01.01\t00:00:00\t10.5\t11\t10\t10.75\t100\t0\t2\r\n"
        "2024.01.01\t00:01:00\t10.75\t12.25\t10.5\t12\t50\t0\t2\r\n"
    )
    found = candles(text)
    assert rows_of(found) == [ROWS[0], (*ROWS[1][:5], "50")]
    assert "the volume counts ticks: there is no traded volume" in found.notes
    assert rows_of(candles(text.replace("\t0\t2", "\t7\t2")))[0][5] == "7"


@pytest.mark.parametrize("clocks", [("00:00", "00:01"), ("0", "1"), ("000000", "000100"), ("12:00 AM", "12:01 AM")])
def test_day_and_time_of_day_in_two_columns(clocks: tuple[str, str]) -> None:
    text = f"Date,Time,Open,High,Low,Close,Vol\n20240101,{clocks[0]},10.5,11,10,10.75,100\n"
    text += f"20240101,{clocks[1]},10.75,12.25,10.5,12,50.5\n"
    assert rows_of(candles(text)) == ROWS


def test_currencies_have_no_volume() -> None:
    found = candles("timestamp,open,high,low,close\n2024-01-01 00:00:00+00:00,1.57597,1.57606,1.57576,1.5758\n")
    assert rows_of(found) == [("2024-01-01 00:00:00", "1.57597", "1.57606", "1.57576", "1.5758", "0")]
    assert "there is no volume" in found.notes


def test_the_adjusted_close_is_left_out() -> None:
    text = "Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-02,10,11,9,10.5,5.25,100\n"
    assert rows_of(candles(text))[0][4] == "10.5"
    assert any("adjusted" in note for note in candles(text).notes)


@pytest.mark.parametrize("header", ["Volume BTC,Volume USDT", "Volume USDT,Volume BTC"])
def test_the_volume_is_that_of_what_is_traded(header: str) -> None:
    volumes = {"Volume BTC": "2.5", "Volume USDT": "100000"}
    text = f"unix,date,symbol,open,high,low,close,{header},tradecount\n"
    text += f"1704067200,2024-01-01 00:00:00,BTC/USDT,1,1,1,1,{','.join(volumes[h] for h in header.split(','))},7\n"
    found = candles(text)
    assert rows_of(found)[0][5] == "2.5"
    assert found.klines.trades.tolist() == [7]


def test_tradingview_adds_columns_of_indicators() -> None:
    text = "time,open,high,low,close,EMA,Plot,Volume\n1704067200,10.5,11,10,10.75,NaN,1,100\n"
    text += "1704067260,10.75,12.25,10.5,12,11.5,,50.5\n"
    assert rows_of(candles(text)) == ROWS


def test_float_tails_are_left_out_and_said() -> None:
    found = candles(CONTRACT.replace("10.75,100", "10.750000000000002,100.10000000000001"))
    assert rows_of(found)[0][4:] == ("10.75", "100.1")
    assert any(note.startswith("2 numbers had the noise of binary floats") for note in found.notes)


def test_numbers_of_seventeen_digits_without_a_tail_are_kept_as_they_are() -> None:
    text = (
        "date,open,high,low,close,volume\n2022-09-01,391.28269083344577,395.1567609326414,388.4443441829889,394.79,1\n"
    )
    assert rows_of(candles(text))[0][1:4] == ("391.28269083344577", "395.1567609326414", "388.4443441829889")


def test_numbers_are_rounded_only_on_request() -> None:
    text = "date,open,high,low,close,volume\n2024-01-01,1.23456789012345678901,2,1,1.5,1\n"
    assert "choose `decimals`" in candles(text).refused[0].reason
    assert rows_of(candles(text, decimals=4))[0][1] == "1.2346"


@pytest.mark.parametrize("micro", [1, 1000])
def test_binance_publishes_klines_without_a_header(micro: int) -> None:
    row = "{},10.5,11.0,10.0,10.75,100.0,{},1075.0,12,60.0,645.0,0"
    times = [(1704067200000 + minute * 60_000) * micro for minute in range(3)]
    found = candles("\n".join(row.format(time, time + 59_999 * micro) for time in times))
    assert rows_of(found)[0] == ROWS[0]
    assert found.klines.trades.tolist() == [12, 12, 12]
    assert found.klines.taker_buy_volume.tolist() == [60, 60, 60]


def test_rows_without_a_header_in_the_usual_order() -> None:
    body = CONTRACT.partition("\n")[2]
    assert rows_of(candles(body)) == ROWS


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(delimiter: str) -> None:
    assert rows_of(candles(CONTRACT.replace(",", delimiter))) == ROWS


def test_decimal_commas_and_thousands() -> None:
    text = CONTRACT.replace(",", ";").replace(".", ",")
    assert rows_of(candles(text)) == ROWS
    american = 'Date,Price,Open,High,Low,Vol.\n2024-01-02,"45,000.50","44,100.25","46,000.00","44,000.00",7\n'
    assert rows_of(candles(american))[0][1:5] == ("44100.25", "46000", "44000", "45000.5")
    german = "Datum;Eröffnung;Hoch;Tief;Schlusskurs;Volumen\n02.01.2024;1.100,25;1.200,00;1.000,50;1.150,75;1.000\n"
    assert rows_of(candles(german))[0][1:] == ("1100.25", "1200", "1000.5", "1150.75", "1000")


def test_a_comma_that_can_be_either_mark_is_asked_about() -> None:
    text = CONTRACT.replace(",", ";").replace("10.5", "1,234").replace("10.75", "1,235").replace("12.25", "1,300")
    with pytest.raises(BadInput, match="choose the decimal mark"):
        candles(text)


@pytest.mark.parametrize(
    "data",
    [
        CONTRACT.encode("utf-8-sig"),
        CONTRACT.encode("utf-16"),
        CONTRACT.replace("\n", "\r\n").encode(),
        CONTRACT.replace("\n", "\r").encode(),
        CONTRACT.replace("\n", "\n\n").encode(),
        CONTRACT.rstrip("\n").encode(),
        CONTRACT.replace(",", ' , ').encode(),
        ("\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in CONTRACT.splitlines())).encode(),
        CONTRACT.replace("volume", "volume,Größe").replace("0\n", "0,x\n").replace(".5\n", ".5,ü\n").encode("cp1252"),
    ],
    ids=["bom", "utf16", "crlf", "cr", "blank", "no-end", "spaces", "quotes", "cp1252"],
)  # fmt: skip
def test_encodings_and_line_ends(data: bytes) -> None:
    assert rows_of(candles(data)) == ROWS


def test_the_columns_can_be_named_by_hand() -> None:
    text = "a,b,k,d,e,f\n2024-01-01 00:00,10.5,11,10,10.75,100\n"
    with pytest.raises(UnknownFormat, match=r"no column for time, open, high, low, close.*found columns a, b, k"):
        candles(text)
    columns = {"time": "a", "open": "b", "high": "k", "low": "4", "close": "e", "volume": ""}
    found = candles(text, columns=columns)
    assert rows_of(found) == [(*ROWS[0][:5], "0")]
    with pytest.raises(BadInput, match="there is no column 'nine' for open"):
        candles(text, columns=columns | {"open": "nine"})
    with pytest.raises(BadInput, match="'opne' is not a role"):
        candles(text, columns={"opne": "b"})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("version https://git-lfs.github.com/spec/v1\noid sha256:b9\nsize 5192284\n", "Git LFS pointer"),
        ("<!DOCTYPE html><html>", "web page"),
        ("%PDF-1.7", "PDF"),
        ("", "empty"),
        ("\n\n", "empty"),
        ('{"a": 1}', "JSON"),
        ("hello", "no delimiter"),
        ("timestamp,price,size\n1704067200,1,2\n", "no column for open, high, low;"),
    ],
)
def test_files_that_are_something_else_are_refused_in_words(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        candles(text)


QUIRKS = {
    "binance_daily_index.csv": (29, "2017-08-17 19:00:00", "4261.48", "795.150377"),
    "cdd_binance_btcusdt_d.csv": (29, "2022-09-07 00:00:00", "18790.61", "287394.7788"),
    "cn_399300.csv": (29, "2005-01-04 00:00:00", "994.76", "7412869"),
    "mt5_amzn_daily.csv": (29, "2020-03-16 00:00:00", "81.51", "13706"),
    "nyse_spy_d.csv": (23, "2022-09-01 04:00:00", "391.28269083344577", "78740100"),
}


@pytest.mark.parametrize("name", QUIRKS)
def test_real_files_with_quirks(name: str, shared_data: Path) -> None:
    found = candles_of(shared_data / "ohlcv_quirks" / name)
    rows = rows_of(found)
    assert (len(rows), rows[0][0], rows[0][1], rows[0][5]) == QUIRKS[name]
    assert found.refused == ()


@pytest.mark.parametrize(
    ("name", "count"), [("btc-perp-20211231-20220201_1m.csv.gz", 45_031), ("gbpusd-m1-bid-2012.csv.gz", 30_117)]
)
def test_real_files_are_taken_whole(name: str, count: int, shared_data: Path) -> None:
    found = candles_of(shared_data / "ohlcv" / name)
    assert len(found.klines) == found.rows == count
    assert found.refused == ()
