"""Signals as people's files have them: the contract's columns, logs of bots, and exports of backtests."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderflow.errors import BadInput, UnknownFormat
from orderflow.market.signal import BUY, NEUTRAL, SELL, Signal
from tests.workspace.uploads.reading import iso, refused, signals, signals_of

CONTRACT = "timestamp,type,price,label,color,icon\n"


def short(signal: Signal) -> tuple[str, int, str, str]:
    return iso(signal.time)[5:16], signal.side, signal.type, signal.price


def test_the_columns_of_the_contract() -> None:
    text = CONTRACT + "2024-01-01 00:00:00,buy,100.50,in,green,arrow-up\n1704067260,sell,,,#F00,Arrow_Down\n"
    found = signals(text.replace("1704067260", "2024-01-01 00:01"))
    assert found.signals == (
        Signal(1704067200 * 10**9, BUY, "buy", "100.5", "in", "green", "arrow-up"),
        Signal(1704067260 * 10**9, SELL, "sell", "", "", "#f00", "arrow-down"),
    )
    assert (found.refused, found.rows) == ((), 2)


def test_blanks_and_short_rows_are_taken() -> None:
    text = "Date,Action,Price, SL, TP\n2023-05-30 12:47,buy,0.523\n2023-05-30 13:50,sell,0.5228,,\n"
    text += "2023-05-31 07:53,sell,0.5117,0.49634900000000004,0.527051\n2023-05-31 08:00,HOLD\n"
    found = signals(text)
    assert refused(found) == []
    assert [short(each) for each in found.signals] == [
        ("05-30 12:47", BUY, "buy", "0.523"),
        ("05-30 13:50", SELL, "sell", "0.5228"),
        ("05-31 07:53", SELL, "sell", "0.5117"),
        ("05-31 08:00", NEUTRAL, "hold", ""),
    ]
    assert (found.signals[2].stop, found.signals[2].target) == ("0.496349", "0.527051")


@pytest.mark.parametrize(
    ("word", "side", "kind"),
    [
        ("BUY", BUY, "buy"), ("sell", SELL, "sell"), ("Long", BUY, "buy"), ("SHORT", SELL, "sell"),
        ("HOLD", NEUTRAL, "hold"), ("Entry Long", BUY, "entry long"), ("Exit long", SELL, "exit long"),
        ("close short", BUY, "exit short"), ("Close entry(s) order Long", SELL, "exit long"), ("1", BUY, "buy"),
        ("-1", SELL, "sell"), ("exit", NEUTRAL, "exit"), ("Einstieg Long", BUY, "entry long"),
        ("Ausstieg Short", BUY, "exit short"), ("Entrada en largo", BUY, "entry long"),
        ("Salida de corto", BUY, "exit short"), ("Выход из короткой", BUY, "exit short"),
        ("Вход в длинную", BUY, "entry long"), ("多头进场", BUY, "entry long"), ("空头出场", BUY, "exit short"),
        ("多頭出場", SELL, "exit long"), ("ロングエントリー", BUY, "entry long"), ("ショート決済", BUY, "exit short"),
        ("compra", BUY, "buy"), ("exhaustion", NEUTRAL, "exhaustion"),
    ],
)  # fmt: skip
def test_words_for_a_side(word: str, side: int, kind: str) -> None:
    (found,) = signals(f"time,type\n2024-01-01 00:00,{word}\n").signals
    assert (found.side, found.type) == (side, kind)


def test_a_type_of_its_own_takes_the_side_from_the_other_column() -> None:
    text = (
        '"timestamp","type","symbol","signalPrice","side"\n"2025-05-26T20:50:53.770Z","exhaustion","LTC","95","sell"\n'
    )
    (found,) = signals(text).signals
    assert (found.side, found.type, found.price, iso(found.time)) == (
        SELL, "exhaustion", "95", "2025-05-26 20:50:53.770000000",
    )  # fmt: skip


TRADINGVIEW = """Trade #,Type,Signal,Date/Time,Price USDT,Contracts,Profit USDT,Profit %
2,Exit short,Close,2024-01-05 09:00,"43,980.1",0.237,(124.75),−1.2
2,Entry short,Short,2024-01-04 09:00,43855.4,0.237,—,—
1,Exit long,TP,2024-01-03 15:00,42150.5,0.237,12.5,1.1
1,Entry long,Long,2024-01-02 15:00,42000,0.237,—,—
"""


@pytest.mark.parametrize("reverse", [False, True])
def test_tradingviews_list_has_two_rows_a_trade_newest_first(reverse: bool) -> None:
    header, *rows = TRADINGVIEW.splitlines()
    found = signals("\n".join([header, *(rows[::-1] if reverse else rows)]))
    assert refused(found) == []
    assert [(*short(each), each.label) for each in found.signals] == [
        ("01-02 15:00", BUY, "entry long", "42000", "Long"),
        ("01-03 15:00", SELL, "exit long", "42150.5", "TP"),
        ("01-04 09:00", SELL, "entry short", "43855.4", "Short"),
        ("01-05 09:00", BUY, "exit short", "43980.1", "Close"),
    ]
    assert any("sorted by time" in note for note in found.notes)


@pytest.mark.parametrize(
    ("header", "entry", "leave"),
    [
        ("Trade number,Type,Date and time,Signal,Price USD", "Entry long", "Exit long"),
        ("交易 #,类型,日期和时间,信号,价格 USDT", "多头进场", "多头出场"),
        ("交易 #,類型,日期/時間,訊號,價格 USDT", "多頭進場", "多頭出場"),
        ("トレード番号,タイプ,日時,シグナル,価格 JPY", "ロングエントリー", "ロング決済"),
        ("№ сделки,Тип,Дата/Время,Сигнал,Цена USD", "Вход в длинную", "Выход из длинной"),
        ("Trade Nr.,Typ,Datum/Uhrzeit,Signal,Preis EUR", "Einstieg Long", "Ausstieg Long"),
    ],
)
def test_tradingviews_list_in_other_languages(header: str, entry: str, leave: str) -> None:
    rows = f"1,{leave},2024-01-03 15:00,b,42150.5\n1,{entry},2024-01-02 15:00,a,42000\n"
    found = signals(f"{header}\n{rows}")
    assert [(*short(each), each.label) for each in found.signals] == [
        ("01-02 15:00", BUY, "entry long", "42000", "a"),
        ("01-03 15:00", SELL, "exit long", "42150.5", "b"),
    ]


def test_trades_of_freqtrade() -> None:
    text = (
        "pair,stake_amount,amount,open_date,close_date,open_rate,close_rate,profit_abs,exit_reason,enter_tag,is_short\n"
        "BTC/USDT,100,0.01,2024-01-02 00:05:00+00:00,2024-01-02 01:00:00+00:00,42000.1,42100,1,roi,ema,False\n"
        "BTC/USDT,100,0.01,2024-01-02 00:30:00+00:00,2024-01-02 00:45:00+00:00,42050,42010,1,stop_loss,,True\n"
        "BTC/USDT,100,0.01,2024-01-02 02:00:00+00:00,,42050,,,,,True\n"
    )
    found = signals(text)
    assert refused(found) == []
    assert [(*short(each), each.label) for each in found.signals] == [
        ("01-02 00:05", BUY, "entry long", "42000.1", "ema"),
        ("01-02 00:30", SELL, "entry short", "42050", ""),
        ("01-02 00:45", BUY, "exit short", "42010", "stop_loss"),
        ("01-02 01:00", SELL, "exit long", "42100", "roi"),
        ("01-02 02:00", SELL, "entry short", "42050", ""),
    ]


def test_trades_of_backtesting_py() -> None:
    text = (
        ",Size,EntryBar,ExitBar,EntryPrice,ExitPrice,SL,TP,PnL,Commission,ReturnPct,EntryTime,ExitTime,Duration,Tag\n"
        "0,-5,3,7,100.5,99.25,102,,6.25,0,0.012,2024-01-02,2024-01-08,6 days,\n"
        "1,5,8,9,99,101,,,10,0,0.02,2024-01-09,2024-01-10,1 days,x\n"
    )
    found = signals(text)
    assert [(*short(each), each.stop) for each in found.signals] == [
        ("01-02 00:00", SELL, "entry short", "100.5", "102"),
        ("01-08 00:00", BUY, "exit short", "99.25", ""),
        ("01-09 00:00", BUY, "entry long", "99", ""),
        ("01-10 00:00", SELL, "exit long", "101", ""),
    ]


@pytest.mark.parametrize(
    ("row", "column", "why"),
    [
        ("2024-01-01 00:01,buy,1,,blurple,", "color", "'blurple' is not a colour; use a CSS name"),
        ("2024-01-01 00:01,buy,1,,#12345,", "color", "is not a colour"),
        ("2024-01-01 00:01,buy,1,,red;background:url(x),", "color", "is not a colour"),
        ("2024-01-01 00:01,buy,1,,,skull", "icon", "'skull' is not an icon; use one of arrow, arrow-up"),
        (f"2024-01-01 00:01,buy,1,{'x' * 101},,", "label", "has 101 characters; the most is 100"),
        ("2024-01-01 00:01,buy,1,a\x07b,,", "label", "has control characters"),
        ("2024-01-01 00:01,buy,1,a\u202eb,,", "label", "has control characters"),
        ("2024-01-01 00:01,,1,,,", "type", "is missing"),
        ("2024-01-01 00:01,buy,x,,,", "price", "'x' is not a number"),
        ("2024-01-01 00:01,buy,inf,,,", "price", "'inf' is not a finite number"),
        ("2024-01-01 00:01,buy,-1,,,", "price", "-1 is negative"),
        ("2024-01-01 00:01,buy,0,,,", "price", "is 0, which is not a price"),
        ("2023-01-01 00:01,buy,1,,,", "timestamp", "is out of order"),
        ("soon,buy,1,,,", "timestamp", "is not a time"),
        ("2024-01-01 00:01,buy,1,,,,,z", None, "has 8 fields, but 6 are needed"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_taken(row: str, column: str | None, why: str) -> None:
    found = signals(CONTRACT + f"2024-01-01 00:00,buy,1,,,\n{row}\n2024-01-01 00:02,sell,2,,,\n")
    assert [(error.line, error.field) for error in found.refused] == [(3, column)]
    assert why in found.refused[0].reason
    assert [each.side for each in found.signals] == [BUY, SELL]


def test_labels_are_kept_as_text_whatever_is_in_them() -> None:
    texts = ["<img src=x onerror=alert(1)>", "=HYPERLINK(1)", "'; DROP TABLE users; --", "买 \U0001f680"]
    rows = "".join(f'2024-01-01 00:0{row},buy,1,"{text}",,\n' for row, text in enumerate(texts))
    assert [each.label for each in signals(CONTRACT + rows).signals] == texts


def test_several_signals_may_have_one_time() -> None:
    rows = "2024-01-01 00:00,buy,1,,,\n" * 3
    assert len(signals(CONTRACT + rows).signals) == 3


def test_newest_first_is_turned_round() -> None:
    found = signals(CONTRACT + "2024-01-03,buy,1,,,\n2024-01-02,sell,1,,,\n2024-01-01,buy,1,,,\n")
    assert [iso(each.time)[:10] for each in found.signals] == ["2024-01-01", "2024-01-02", "2024-01-03"]
    assert found.newest_first


def test_the_columns_can_be_named_by_hand() -> None:
    text = "when,what,at\n2024-01-01 00:00,buy,1.5\n"
    with pytest.raises(UnknownFormat, match="a time and a type"):
        signals(text)
    (found,) = signals(text, columns={"time": "when", "type": "2", "price": "at"}).signals
    assert short(found) == ("01-01 00:00", BUY, "buy", "1.5")
    with pytest.raises(BadInput, match="'open' is not a role of signals"):
        signals(text, columns={"open": "when"})


def test_a_table_without_a_header_needs_words_for_sides() -> None:
    assert short(signals("2024-01-01 00:00,buy,1.5\n2024-01-01 00:01,sell,2\n").signals[1])[1:] == (SELL, "sell", "2")
    with pytest.raises(UnknownFormat):
        signals("2024-01-01 00:00,p_shape,1.5\n")


REAL = {
    "signals/signals_clean25_70c887c.csv": (25, 0, "exhaustion", "95"),
    "signals/signals_4e9511b.csv": (4580, 317, "exhaustion", "95"),
    "ohlcv_quirks/signals_short_rows.csv": (29, 0, "buy", "0.523"),
    "ohlcv_quirks/trades_nqbot.csv": (4, 0, "buy", "25083"),
    "futures_nq/tracking_record.csv": (3584, 0, "entry short", "25345"),
}


@pytest.mark.parametrize("name", REAL)
def test_real_files(name: str, shared_data: Path) -> None:
    found = signals_of(shared_data / name)
    first = found.signals[0]
    assert (len(found.signals), len(found.refused), first.type, first.price) == REAL[name]
