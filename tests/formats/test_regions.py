"""Tables of China and Brazil, times of day in digits, and times without a zone that a document gives one."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderflow import read_ticks
from orderflow.errors import BadInput
from orderflow.formats import open_ticks, parse_body
from tests.formats.suite import FormatSuite, NamedColumnsSuite, by_path, read, same, tick, ticks_of


class TestB3(NamedColumnsSuite):
    """Numbers have a decimal comma, and action 2 cancels the trade with the same number."""

    format = "b3"
    text = (
        "DataReferencia;CodigoInstrumento;AcaoAtualizacao;PrecoNegocio;QuantidadeNegociada;HoraFechamento;"
        "CodigoIdentificadorNegocio;TipoSessaoPregao;DataNegocio;CodigoParticipanteComprador;CodigoParticipanteVendedor\n"
        "2024-03-01;WINJ24;0;129500,000;2;090000500;10;1;2024-03-01;3;85\n"
        "2024-03-01;PETR4;0;40,120;100;101500003;10;1;2024-03-01;3;85\n"
    )
    ticks = (
        tick("2024-03-01T09:00:00.5", "129500", "2", "", "tick", 10, "WINJ24"),
        tick("2024-03-01T10:15:00.003", "40.12", "100", "", "tick", 10, "PETR4"),
    )
    bad = ("2024-03-01;PETR4;0;40,120;100;996000003;11;1;2024-03-01;3;85", "HoraFechamento", "not a time of day")

    def test_a_cancel(self, tmp_path: Path) -> None:
        cancel = "2024-03-01;PETR4;2;40,120;100;101501003;10;1;2024-03-01;3;85\n"
        _, chunks = read(self.write(tmp_path, (self.text + cancel).encode()))
        assert [one.symbol for one in ticks_of(*chunks)] == ["WINJ24"]


class TestCoinApi(FormatSuite):
    """The sides that CoinAPI estimates are sides."""

    format = "coinapi"
    text = (
        "time_exchange;time_coinapi;guid;price;base_amount;taker_side\n"
        "2020-01-01T00:00:00.1230000;2020-01-01T00:00:00.2230000;12;7000.5;0.5;SELL_ESTIMATED\n"
        "2020-01-01T00:00:01.1230000;2020-01-01T00:00:01.2230000;13;7001;0.25;BUY\n"
        "2020-01-01T00:00:02.1230000;2020-01-01T00:00:02.2230000;14;7001;1.25;UNKNOWN\n"
    )
    ticks = (
        tick("2020-01-01T00:00:00.123", "7000.5", "0.5", "sell", "flag", 12),
        tick("2020-01-01T00:00:01.123", "7001", "0.25", "buy", "flag", 13),
        tick("2020-01-01T00:00:02.123", "7001", "1.25", "", "none", 14),
    )
    bad = (
        "2020-01-01T00:00:02.1230000;2020-01-01T00:00:02.2;15;7001;1.25;GUESS",
        "taker_side",
        "'GUESS' is not a side",
    )


TOTALS = {
    "joinquant": (
        "time,current,high,low,volume,money,position,a1_p,a1_v,b1_p,b1_v\n"
        "2023-05-04 09:00:00.500,3700,3700,3698,1200,4440,20,3700,10,3699,5\n"
        "2023-05-04 09:00:01,3701,3701,3698,1210,4477,20,3701,10,3700,5\n"
        "2023-05-04 09:00:01.500,3700,3701,3698,1225,4533,20,3701,10,3700,5\n",
        "Asia/Shanghai",
    ),
    "joinquant in digits": (
        "time,current,volume,money,a1_p,b1_p\n20230504090000.5,3700,1200,4440,3700,3699\n"
        "20230504090001.0,3701,1210,4477,3701,3700\n20230504090001.5,3700,1225,4533,3701,3700\n",
        "Asia/Shanghai",
    ),
    "tqsdk": (
        "datetime,datetime_nano,SHFE.rb2310.last_price,SHFE.rb2310.volume,SHFE.rb2310.bid_price1,SHFE.rb2310.ask_price1\n"
        "2023-05-04 09:00:00.5,1683162000500000000,3700.0,1200,3699.0,3700.0\n"
        "2023-05-04 09:00:01.0,1683162001000000000,3701.0,1210,3700.0,3701.0\n"
        "2023-05-04 09:00:01.5,1683162001500000000,3700.0,1225,3700.0,3701.0\n",
        "UTC",
    ),
}


@pytest.mark.parametrize("name", TOTALS)
def test_snapshots_with_totals(name: str, tmp_path: Path) -> None:
    text, tz = TOTALS[name]
    path = tmp_path / "a.csv"
    path.write_text(text)
    reader, chunks = read(path, tz=tz)
    assert reader.format == name.split()[0]
    assert [(one.time, str(one.size), one.side) for one in ticks_of(*chunks)] == [
        ("2023-05-04T01:00:01", "10", "buy"),
        ("2023-05-04T01:00:01.5", "15", "sell"),
    ]
    assert not reader.warnings


def test_two_instruments_in_one_table_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("datetime,A.x1.last_price,A.x1.volume,A.x2.last_price,A.x2.volume\n2023-05-04 09:00:00,1,1,2,2\n")
    with pytest.raises(BadInput, match="needs one instrument"):
        open_ticks(path, format="tqsdk")


GENERIC = {
    "时间,价格,数量,方向\n2024-03-01 09:30:00,9,3,买\n2024-03-01 09:30:01,9,1,卖盘\n2024-03-01 09:30:02,9,1,中性\n": [
        ("09:30:00", "3", "buy"),
        ("09:30:01", "1", "sell"),
        ("09:30:02", "1", ""),
    ],
    "成交时间,成交价格,成交数量,买卖方向\n2024-03-01 09:30:00,10.5,3,B\n2024-03-01 09:30:01,10.6,1,S\n": [
        ("09:30:00", "3", "buy"),
        ("09:30:01", "1", "sell"),
    ],
    "Data;Hora;Preço;Quantidade;Agressor\n01/03/2024;09:30:00;10,5;3;Comprador\n13/03/2024;09:30:01;10;1;Vendedor\n": [
        ("09:30:00", "3", "buy"),
        ("09:30:01", "1", "sell"),
    ],
    "date,time,price,size\n20240301,093000,10.5,3\n20240301,093001,10.6,1\n": [
        ("09:30:00", "3", ""),
        ("09:30:01", "1", ""),
    ],
    "date,time,price,size\n2024-03-01,93000,10.5,3\n2024-03-01,101501,10.6,1\n": [
        ("09:30:00", "3", ""),
        ("10:15:01", "1", ""),
    ],
    "date,time,price,size\n20240301,93000,10.5,3\n": [("09:30:00", "3", "")],
    "date,time,price,size\n20240301,093000500,10.5,3\n20240301,101500003,10.6,1\n": [
        ("09:30:00.5", "3", ""),
        ("10:15:00.003", "1", ""),
    ],
    "date,time,price,size\n20240301,093000500123,10.5,3\n": [("09:30:00.500123", "3", "")],
    "time,price,size\n20240301093000,10.5,3\n20240301093001,10.6,1\n": [("09:30:00", "3", ""), ("09:30:01", "1", "")],
    "time,price,size\n20240301093000500,10.5,3\n20240301093001003,10.6,1\n": [
        ("09:30:00.5", "3", ""),
        ("09:30:01.003", "1", ""),
    ],
}


@pytest.mark.parametrize(("text", "wanted"), GENERIC.items())
def test_names_and_digits_of_generic_tables(text: str, wanted: list[tuple[str, str, str]], tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    _, chunks = read(path)
    assert [(one.time[11:], str(one.size), one.side) for one in ticks_of(*chunks)] == wanted
    same(by_path(text, fast=True), by_path(text, fast=False))
    assert [
        (one.time[11:], str(one.size), one.side) for one in ticks_of(parse_body(text.encode(), "text/csv"))
    ] == wanted


def test_digits_are_said_by_options_too(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("20240301,93000500,10.5,3\n20240301,101500003,10.6,1\n")
    _, chunks = read(path, columns="date=1,time=2,price=3,size=4", no_header=True)
    assert [one.time[11:] for one in ticks_of(*chunks)] == ["09:30:00.5", "10:15:00.003"]
    path.write_text("20240301093000500,10.5,3\n20240301101500003,10.6,1\n")
    reader, chunks = read(path, columns="time=1,price=2,size=3", no_header=True)
    assert [one.time[11:] for one in ticks_of(*chunks)] == ["09:30:00.5", "10:15:00.003"]
    assert reader.options == "--columns time=1,price=2,size=3 --no-header --tz UTC"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "date,time,price,size\n20240301,34200,10.5,3\n20240301,34201,10.6,1\n",
            "34200 can be the digits .* or a count from",
        ),
        ("date,time,price,size\n20240301,34260,10.5,3\n20240301,34275,10.6,1\n", "no usable rows: 2 of 2"),
        (
            "time,price,size\n093000,10.5,3\n",
            "looks like a time of day, but there is no date",
        ),
        ("成交时间,成交价格,成交量(手),性质\n15:00:03,10.5,3,买盘\n", "times like 15:00:03 have no date"),
    ],
)
def test_times_of_day_that_are_refused(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(BadInput, match=words):
        read_ticks(path)


HEAD = "ActionDay,InstrumentID,UpdateTime,UpdateMillisec,LastPrice,Volume,BidPrice1,AskPrice1\n"


def action_days(symbol: str, evening: str, night: str, morning: str) -> str:
    rows = ((evening, "21:00:01"), (evening, "21:00:30"), (night, "00:30:30"), (morning, "09:01:02"))
    return HEAD + "".join(f"{day},{symbol},{at},0,{4100 + k},{k + 1},4099,4101\n" for k, (day, at) in enumerate(rows))


@pytest.mark.parametrize(
    "text",
    [
        action_days("ag2305", "20230106", "20230107", "20230109"),
        action_days("sc2305", "20230106", "20230107", "20230109"),
        action_days("TA305", "20230106", "20230107", "20230109"),
        action_days("SHFE.ag2305", "20230106", "20230107", "20230109"),
        action_days("i2305", "20230109", "20230109", "20230109"),
        action_days("m2305-C-4000", "20230109", "20230109", "20230109"),
    ],
)
def test_the_action_day_alone_is_the_calendars_but_of_dalian(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    _, chunks = read(path)
    wanted = ["2023-01-06T21:00:30", "2023-01-07T00:30:30", "2023-01-09T09:01:02"]
    assert [one.time for one in ticks_of(*chunks)] == wanted
    same(by_path(text, fast=True), by_path(text, fast=False))


def test_the_action_day_alone_of_an_unknown_product_is_a_question(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(action_days("zz2305", "20230106", "20230107", "20230109"))
    with pytest.raises(BadInput, match=r"ActionDay: zz2305 trades at 21:00:01.*--columns date=ActionDay"):
        open_ticks(path)
    columns = "date=ActionDay,time=UpdateTime,price=LastPrice,total=Volume,symbol=InstrumentID"
    assert read_ticks(path, columns=columns)["time"].dt.day.tolist() == [6, 7, 9]
    path.write_text(
        "\n".join([HEAD.strip(), *action_days("IF2305", "20230106", "20230107", "20230109").split("\n")[4:]])
    )
    open_ticks(path).close()


ZONES = {
    "2022-01-03 14:00:00.123,177.83,100\n": "US Eastern and are read as UTC: give --tz America/New_York",
    action_days("ag2305", "20230106", "20230107", "20230109"): "China's and are read as UTC: give --tz Asia/Shanghai",
    "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\n2024.03.01\t09:00:00.123\t9\t10\t10\t3\n": "give their zone, --tz",
}


@pytest.mark.parametrize(("text", "words"), ZONES.items())
def test_times_of_a_documented_zone_read_as_utc_are_warned_of(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with open_ticks(path) as reader:
        assert words in "".join(reader.warnings)
    with open_ticks(path, tz="Asia/Shanghai") as reader:
        assert not reader.warnings
