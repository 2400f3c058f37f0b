"""Snapshots with the running total of the day, of CTP and VeighNa: what the total rises by is the size of a trade."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderflow.errors import BadInput
from orderflow.formats import open_ticks, parse_body
from tests.formats.suite import by_path, read, same, tick, ticks_of

CHINESE = (
    "交易日,合约代码,交易所代码,合约在交易所的代码,最新价,数量,成交金额,持仓量,最后修改时间,最后修改毫秒,"
    "申买价一,申买量一,申卖价一,申卖量一,当日均价,业务日期"
)
NONE = "1.7976931348623157e+308"


def row(trading: str, symbol: str, price: str, total: int, clock: str, bid: str, ask: str, day: str) -> str:
    seconds, millis = clock.split(".")
    return f"{trading},{symbol},,,{price},{total},3.5,9,{seconds},{millis},{bid},8,{ask},2,1.5,{day}"


ROWS = [
    row("20260622", "ag2608", NONE, 0, "20:55:00.0", NONE, NONE, "20260619"),  # Friday evening, Monday's trading day
    row("20260622", "ag2608", "15988.0", 100, "20:59:00.500", "15980", "15988", "20260619"),
    row("20260622", "m2609", "3000", 5, "21:00:00.0", "2999", "3000", "20260622"),  # Dalian: the trading day in both
    row("20260622", "TA609", "5000", 7, "21:00:00.0", "4999", "5000", "20260622"),  # Zhengzhou: the calendar's in both
    row("20260622", "ag2608", "15988.0", 110, "21:00:00.500", "15980", "15988", "20260619"),
    row("20260622", "m2609", "3000", 9, "21:00:01.0", "3000", "3001", "20260622"),
    row("20260622", "TA609", "5000", 8, "21:00:01.0", "4999", "5000", "20260622"),
    row("20260622", "ag2608", "15988.0", 110, "21:00:01.0", "15980", "15988", "20260619"),
    row("20260622", "ag2608", "15981.0", 125, "01:00:01.0", "15981", "15989", "20260620"),
    row("20260622", "m2609", "3001", 19, "01:00:01.0", "3000", "3001", "20260622"),
    row("20260622", "ag2608", "15982.0", 130, "09:00:01.250", "15981", "15982", "20260622"),
    row("20260623", "ag2608", "15999.0", 3, "20:59:00.0", "15981", "15982", "20260622"),
    row("20260623", "ag2608", "15999.0", 7, "21:00:00.0", "15981", "15999", "20260622"),
]
TICKS = [
    tick("2026-06-19T13:00:00.5", "15988", "10", "buy", "quote", None, "ag2608"),
    tick("2026-06-19T13:00:01", "3000", "4", "sell", "quote", None, "m2609"),
    tick("2026-06-22T13:00:01", "5000", "1", "buy", "quote", None, "TA609"),
    tick("2026-06-19T17:00:01", "15981", "15", "sell", "quote", None, "ag2608"),
    tick("2026-06-19T17:00:01", "3001", "10", "buy", "quote", None, "m2609"),
    tick("2026-06-22T01:00:01.25", "15982", "5", "buy", "quote", None, "ag2608"),
    tick("2026-06-22T13:00:00", "15999", "4", "buy", "quote", None, "ag2608"),
]
TEXT = "\n".join([CHINESE, *ROWS]) + "\n"


@pytest.mark.parametrize("encoding", ["gbk", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize("chunk_rows", [1, 3, 1000])
def test_ctp_with_chinese_names(encoding: str, chunk_rows: int, tmp_path: Path) -> None:
    path = tmp_path / "ticks.csv"
    path.write_bytes(TEXT.encode(encoding))
    reader, chunks = read(path, tz="Asia/Shanghai", chunk_rows=chunk_rows)
    assert reader.format == "ctp"
    assert sorted(ticks_of(*chunks)) == sorted(TICKS)
    assert sum((chunk.rejected for chunk in chunks), 0) == 0
    assert sum(chunk.skipped.get("snapshots without a price", 0) for chunk in chunks) == 1
    assert reader.counts["without a new trade, as the running total stays"] == 1
    assert reader.counts["that only begin the count of a running total"] == 4


def test_both_paths_agree_on_days_of_sessions() -> None:
    same(by_path(TEXT, fast=True, tz="Asia/Shanghai"), by_path(TEXT, fast=False, tz="Asia/Shanghai"))


def test_ctp_with_english_names_and_the_trading_day_alone(tmp_path: Path) -> None:
    path = tmp_path / "ticks.csv"
    path.write_text(
        "TradingDay,InstrumentID,UpdateTime,UpdateMillisec,LastPrice,Volume,BidPrice1,BidVolume1,AskPrice1,AskVolume1\n"
        "20230103,rb2305,21:00:01,0,4100.0,1,4099.0,10,4101.0,12\n"
        "20230103,rb2305,21:00:30,500,4102.0,2,4101.0,11,4102.0,13\n"
        "20230103,rb2305,09:01:02,0,4103.0,5,4103.0,10,4104.0,15\n"
    )
    reader, chunks = read(path)
    assert reader.format == "ctp"
    assert [(one.time, str(one.size), one.side) for one in ticks_of(*chunks)] == [
        ("2023-01-02T21:00:30.5", "1", "buy"),
        ("2023-01-03T09:01:02", "3", "sell"),
    ]


VEIGHNA = "datetime,symbol,exchange,volume,turnover,open_interest,last_price,last_volume,bid_price_1,ask_price_1\n"


def test_veighna_without_the_size_of_the_last_trade(tmp_path: Path) -> None:
    path = tmp_path / "ticks.csv"
    path.write_text(
        VEIGHNA + "2023-05-04 09:00:00.500,rb2310,SHFE,1200,0,100,3700,0,3699,3700\n"
        "2023-05-04 09:00:01.000,rb2310,SHFE,1210,0,100,3701,0,3700,3701\n"
        "2023-05-04 09:00:01.500,rb2310,SHFE,1210,0,100,3700,0,3700,3701\n"
        "2023-05-04 09:00:02.000,rb2310,SHFE,1225,0,100,3700,0,3700,3701\n"
    )
    reader, chunks = read(path, tz="Asia/Shanghai")
    assert reader.format == "veighna"
    assert ticks_of(*chunks) == [
        tick("2023-05-04T01:00:01", "3701", "10", "buy", "quote", None, "rb2310"),
        tick("2023-05-04T01:00:02", "3700", "15", "sell", "quote", None, "rb2310"),
    ]
    _, resumed = read(path, tz="Asia/Shanghai", skip_rows=3)
    assert [str(one.size) for one in ticks_of(*resumed)] == ["15"]  # what row 3 adds is known from row 2


def test_a_series_of_files_goes_on_counting(tmp_path: Path) -> None:
    for name, rows in (("a", ROWS[:5]), ("b", ROWS[5:])):
        (tmp_path / f"{name}.csv").write_text("\n".join([CHINESE, *rows]) + "\n")
    with open_ticks([tmp_path / "a.csv", tmp_path / "b.csv"], tz="Asia/Shanghai") as reader:
        assert sorted(ticks_of(*reader)) == sorted(TICKS)


def test_any_table_can_be_said_to_hold_totals(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("ts,px,volume\n" + "".join(f"{1760032800 + k},10,{5000 + 3 * k}\n" for k in range(120)))
    with pytest.raises(BadInput, match="total=volume"):
        open_ticks(path)
    reader, chunks = read(path, columns="total=volume")
    assert [str(one.size) for one in ticks_of(*chunks)] == ["3"] * 119
    assert "total=volume" in reader.options


def test_what_falls_within_a_day_is_no_total(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("ts,px,volume\n" + "".join(f"{1760032800 + k},10,{900 + k % 2}\n" for k in range(50)))
    with pytest.raises(BadInput, match="volume falls within a day, so it is no running total"):
        open_ticks(path, columns="total=volume")


def test_a_late_row_adds_nothing_and_does_not_count_twice(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    totals = [1000 + 2 * k for k in range(200)]
    totals[100] = totals[98]
    path.write_text("ts,px,volume\n" + "".join(f"{1760032800 + k},10,{total}\n" for k, total in enumerate(totals)))
    reader, chunks = read(path, columns="total=volume")
    assert sum(one.size for one in ticks_of(*chunks)) == totals[-1] - totals[0]
    assert reader.counts["with a running total below that of the rows before"] == 1


def test_a_request_is_refused() -> None:
    with pytest.raises(BadInput, match="数量 is the running total of the day"):
        parse_body(TEXT.encode(), "text/csv")
