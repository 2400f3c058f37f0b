"""A further file of the kind of each of `cases`: another venue, other names, other values.

`FURTHER` is a register: `test_further_cases` fails where a folder of `cases` has no entry here.
"""
# ruff: noqa: E501  # rows of files are not broken

from __future__ import annotations

import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet

Pack = Callable[[str], bytes]


@dataclass(frozen=True)
class Further:
    """One file. text: its table. wanted: its trades, a line each of time of day or moment, price, size, side ("by
    tick rule" is written like the side that it gives); "" if it is refused. says: a pattern of what the client prints.
    day: the date of the times. pack: makes the file of the text. symbol: the symbol in its rows. body: whether `POST /ticks` can read the text as well; elsewhere it refuses it, or cannot know.
    """

    name: str
    text: str
    wanted: str = ""
    says: str = ""
    day: str = "2025-10-09"
    pack: Pack = str.encode
    symbol: str = ""
    body: bool = True

    def trades(self) -> list[tuple[str, str, str, str]]:
        """(time, price, size, side)."""
        rows = [tuple(line.split()) for line in self.wanted.strip().splitlines()]
        return [(time if "T" in time else f"{self.day}T{time}", price, size, side) for time, price, size, side in rows]


def _frame(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text))


def _feather(text: str) -> bytes:
    out = io.BytesIO()
    pyarrow.feather.write_feather(pa.Table.from_pandas(_frame(text)), out, compression="uncompressed")
    return out.getvalue()


def _indexed_parquet(text: str) -> bytes:
    frame = _frame(text)
    frame.index = pd.DatetimeIndex(pd.to_datetime(frame.pop("when"), format="ISO8601"))
    frame.index.name = None
    out = io.BytesIO()
    pyarrow.parquet.write_table(pa.Table.from_pandas(frame), out)
    return out.getvalue()


def _archive(*names: str) -> Pack:
    """A zip of the lines of a text: the header in each member, and a row each, written in the given order."""

    def pack(text: str) -> bytes:
        head, *rows = text.strip().split("\n")
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name, row in sorted(zip(names, rows, strict=True), key=lambda pair: pair[0]):
                archive.writestr(name, f"{head}\n{row}\n")
        return out.getvalue()

    return pack


def _tar(text: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:bz2") as archive:
        entry = tarfile.TarInfo("day/eth.txt")
        entry.size = len(text.encode())
        archive.addfile(entry, io.BytesIO(text.encode()))
    return out.getvalue()


def _lines(*rows: Any) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


T0 = 1760032800
"""2025-10-09 18:00:00 UTC."""
MS = T0 * 1000

FURTHER: dict[str, Further] = {
    "binance_rest_keys": Further(
        "stream.csv",
        f"e,E,s,t,p,q,T,m,M\ntrade,{MS + 9},ETHUSDT,7,3800.10,1.5,{MS},true,true\ntrade,{MS + 99},ETHUSDT,8,3800.2,2,{MS + 90},false,true\n",
        "18:00:00 3800.1 1.5 sell\n18:00:00.09 3800.2 2 buy",
        symbol="ETHUSDT",
    ),
    "bitmex_D": Further(
        "trade.csv",
        "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional\n"
        "2019-07-01D23:59:59.999999999,ETHUSD,Buy,7,290.05,PlusTick,aaab,2,1,1\n"
        "2019-07-02D00:00:00.000000000,ETHUSD,Sell,9,290,MinusTick,aaac,2,1,1\n",
        "2019-07-01T23:59:59.999999999 290.05 7 buy\n2019-07-02T00:00:00 290 9 sell",
        symbol="ETHUSD",
    ),
    "box_bz2": Further(
        "eurex.csv.xz", f"ts;px;qty\n{T0};7,5;3\n{T0 + 1};7,25;4\n", "18:00:00 7.5 3 unknown\n18:00:01 7.25 4 sell",
        pack=lambda text: lzma.compress(text.encode()),
    ),
    "box_days_zip": Further(
        "week.zip", f"ts,px,qty\n{T0},10,1\n{T0 + 1},11,2\n{T0 + 2},12,3\n",
        "18:00:00 10 1 unknown\n18:00:01 11 2 buy\n18:00:02 12 3 buy",
        pack=_archive("t-1.csv", "t-2.csv", "t-10.csv"), body=False,
    ),
    "box_feather": Further(
        "XRP_USDT-trades.arrow", f"timestamp,id,type,side,price,amount,cost\n{MS},1,limit,sell,0.52,10,5.2\n{MS + 5},2,market,buy,0.53,20,10.6\n",
        "18:00:00 0.52 10 sell\n18:00:00.005 0.53 20 buy", pack=_feather,
    ),
    "box_tar_xz": Further(
        "export.tar.bz2", f"ts|px|qty|side\n{T0}|3800.5|1|S\n{T0 + 1}|3801|2|B\n",
        "18:00:00 3800.5 1 sell\n18:00:01 3801 2 buy", pack=_tar,
    ),
    "bt_ticksample": Further(
        "ticks_as_bars.csv",
        "DateTime;Open;High;Low;Close;Volume\n2025-10-09 18:00:00.007;12,5;12,5;12,5;12,5;3\n2025-10-09 18:00:03.011;12,25;12,25;12,25;12,25;1\n",
        "18:00:00.007 12.5 3 unknown\n18:00:03.011 12.25 1 sell",
    ),
    "bybit_spot": Further(
        "ETHUSDT-spot.csv", f"id,timestamp,price,volume,side,rpi\n91,{MS},3800.1,0.5,sell,0\n92,{MS + 7},3800.2,0.25,buy,0\n",
        "18:00:00 3800.1 0.5 sell\n18:00:00.007 3800.2 0.25 buy",
    ),
    "cancelled_later": Further(
        "taq_cancel.csv",
        "Date,Timestamp,EventType,Ticker,Price,Quantity,Exchange,Conditions\n20251009,18:00:00.001,TRADE,ABC,50.5,7,ARCA,0\n"
        "20251009,18:00:00.002,TRADE,ABC,50.6,8,ARCA,0\n20251009,18:00:00.003,TRADE,ABC,50.5,7,EDGX,0\n"
        "20251009,18:30:00.003,TRADE CANCELLED,ABC,50.6,8,ARCA,0\n",
        "18:00:00.001 50.5 7 unknown\n18:00:00.003 50.5 7 unknown", symbol="ABC", body=False,
    ),
    "cancelled_trades": Further(
        "taq_corr.csv",
        "DATE,TIME_M,EX,SYM_ROOT,SYM_SUFFIX,SIZE,PRICE,TR_CORR\n2025-10-09,18:00:00.1,N,ABC,,100,31.5,00\n"
        "2025-10-09,18:00:00.2,N,ABC,,900,3.15,07\n2025-10-09,18:00:00.3,N,ABC,,50,31.6,01\n2025-10-09,18:00:00.4,N,ABC,,900,3.15,10\n",
        "18:00:00.1 31.5 100 unknown\n18:00:00.3 31.6 50 buy", symbol="ABC",
    ),
    "cdd_preamble": Further(
        "report.csv", f"Exported by a desk\n\nInstrument: EUR/USD\nts;px;qty;side\n{T0};1,08;5;buy\n{T0 + 1};1,07;6;sell\n",
        "18:00:00 1.08 5 buy\n18:00:01 1.07 6 sell",
    ),
    "coinbase_rest_newest_first": Further(
        "eth.csv",
        "trade_id,side,size,price,time\n12,buy,0.5,3801,2025-10-09T18:00:02.000001Z\n11,sell,0.25,3800,2025-10-09T18:00:02.000001Z\n10,buy,1,3799,2025-10-09T18:00:01Z\n",
        "18:00:01 3799 1 sell\n18:00:02.000001 3800 0.25 buy\n18:00:02.000001 3801 0.5 sell", body=False,
    ),
    "colon_millis": Further(
        "prints.txt", "TradeDate|TradeTime|TradePrice|TradeVolume\n20251009|18:00:00:000007|99.75|3\n20251009|18:00:00:900000|99.5|2\n",
        "18:00:00.000007 99.75 3 unknown\n18:00:00.9 99.5 2 sell",
    ),
    "cumulative_lastsize": Further(
        "kite.csv", f"exchange_time,ltp,ltq,vol,bid,ask\n{T0},230.5,75,912000,230,230.5\n{T0 + 1},230,150,912150,230,230.5\n",
        "18:00:00 230.5 75 buy\n18:00:01 230 150 sell",
    ),
    "cumulative_vnpy": Further(
        "cu2512.csv",
        "symbol,exchange,datetime,last_price,last_volume,volume,open_interest,bid_price_1,ask_price_1\n"
        "cu2512,SHFE,2025-10-09 18:00:00.500+00:00,86000,2,45001,9,85990,86000\ncu2512,SHFE,2025-10-09 18:00:01+00:00,85990,3,45004,9,85990,86000\n",
        "18:00:00.5 86000 2 buy\n18:00:01 85990 3 sell", symbol="cu2512",
    ),
    "descending_ties": Further(
        "bitfinex.csv", f"ID,MTS,AMOUNT,PRICE\n14,{MS + 5},-1,104\n13,{MS},2,103\n12,{MS},-3,102\n11,{MS},4,101\n",
        "18:00:00 101 4 buy\n18:00:00 102 3 sell\n18:00:00 103 2 buy\n18:00:00.005 104 1 sell", body=False,
    ),
    "direction_deribit": Further(
        "options.csv",
        f"instrument_name,timestamp,trade_id,trade_seq,price,amount,direction,iv,index_price\nBTC-26DEC25-90000-C,{MS},ETH-1,5,0.0825,0.5,buy,51,90000\n"
        f"BTC-26DEC25-90000-C,{MS + 1},ETH-2,6,0.082,1.5,sell,51,90000\n",
        "18:00:00 0.0825 0.5 buy\n18:00:00.001 0.082 1.5 sell", symbol="BTC-26DEC25-90000-C",
    ),
    "dmy_headerless": Further("ticks.txt", "03/04/2025,09:30:00,18.5,7\n04/04/2025,09:30:01,18.6,3\n", says="--date-order"),
    "dmy_with_header": Further(
        "de.csv", "Datum;Zeit;Last;Volume\n09.10.2025;18:00:00.250;7,5;4\n13.10.2025;18:00:01;7,25;5\n",
        "2025-10-09T18:00:00.25 7.5 4 unknown\n2025-10-13T18:00:01 7.25 5 sell",
    ),
    "dukascopy_ticks": Further(
        "eurusd.csv", f"timestamp,askPrice,bidPrice,askVolume,bidVolume\n{MS},1.0801,1.08,0.75,1.5\n{MS + 5},1.0802,1.0801,1,1\n", says="quotes",
    ),
    "eth_wei_size": Further(
        "pool.csv", f"timestamp,price,size\n{T0},0.0003141592653589793,1000000\n{T0 + 1},0.00031,2\n", says="line 2, price",
    ),
    "excel_scientific": Further("book1.csv", "time;price;qty\n1.76003E+15;7,5;1\n1.76003E+15;7,6;2\n", says="spreadsheet", body=False),
    "firstrate": Further(
        "ES.txt", "2025-10-09 18:00:00.007,6700.25,3\n2025-10-09 18:00:00.007,6700.50,1\n2025-10-09 18:00:01.000,6700.25,2\n",
        "18:00:00.007 6700.25 3 unknown\n18:00:00.007 6700.5 1 buy\n18:00:01 6700.25 2 sell",
    ),
    "float_noise": Further(
        "noise.csv", f"ts,px,qty\n{MS},0.30000000000000004,1\n{MS + 1},0.29999999999999998,2.9000000000000004\n",
        "18:00:00 0.3 1 unknown\n18:00:00.001 0.3 2.9 unknown", body=False,
    ),
    "gate_signed_with_time": Further(
        "perp.csv", f"contract,create_time_ms,size,price\nETH_USDT,{MS}.5,-12,3800\nETH_USDT,{MS + 9}.25,4,3801\n",
        "18:00:00.0005 3800 12 sell\n18:00:00.00925 3801 4 buy", symbol="ETH_USDT",
    ),
    "headerless_bars_as_kibot": Further(
        "GBPUSD.csv", "02/13/2025,10:00,1.2500,1.2520,1.2490,1.2510\n02/13/2025,10:05,1.2510,1.2540,1.2505,1.2530\n02/13/2025,10:10,1.2530,1.2531,1.2500,1.2501\n",
        says="bars", body=False,
    ),
    "headerless_quotes_as_kraken": Further(
        "usdjpy.csv", f"{T0},149.91,149.93\n{T0 + 1},149.92,149.94\n{T0 + 1},149.9,149.93\n", says="quotes|--format kraken", body=False,
    ),
    "id_per_exchange": Further(
        "consolidated.csv", f"timestamp,venue,price,size,trade_id\n{MS},XPAR,99.5,10,7\n{MS + 1},CEUX,99.6,20,7\n{MS + 2},XPAR,99.4,30,8\n{MS + 3},CEUX,99.7,40,8\n",
        "18:00:00 99.5 10 unknown\n18:00:00.001 99.6 20 buy\n18:00:00.002 99.4 30 sell\n18:00:00.003 99.7 40 buy",
    ),
    "id_restarts_daily": Further(
        "two_days.csv", f"ts,px,qty,id\n{T0},5,1,1\n{T0 + 1},6,2,2\n{T0 + 86400},7,3,1\n{T0 + 86401},8,4,2\n",
        "18:00:00 5 1 unknown\n18:00:01 6 2 buy\n2025-10-10T18:00:00 7 3 buy\n2025-10-10T18:00:01 8 4 buy",
    ),
    "is_buyer_maker_0_1_side": Further(
        "side10.csv", f"time,qty,price,type\n{T0},2,10,0\n{T0 + 1},3,11,1\n{T0 + 2},4,11.5,1\n",
        "18:00:00 10 2 sell\n18:00:01 11 3 buy\n18:00:02 11.5 4 buy", body=False,
    ),
    "json_stream": Further(
        "bybit.ndjson",
        _lines(
            {"success": True, "op": "subscribe", "conn_id": "1"},
            {"topic": "publicTrade.ABC", "data": [{"T": MS, "s": "ABC", "S": "Sell", "v": "2", "p": "10.5", "i": "a"}]},
            {"topic": "tickers.ABC", "data": {"symbol": "ABC", "lastPrice": "10.6"}},
            {"topic": "publicTrade.ABC", "data": [{"T": MS + 1, "s": "ABC", "S": "Buy", "v": "1", "p": "10.6", "i": "b"}]},
        ),
        "18:00:00 10.5 2 sell\n18:00:00.001 10.6 1 buy", symbol="ABC", body=False,
    ),
    "lean_option_scale": Further(
        "20251009_spy_tick_trade_american_put_6500000_20251219.csv", "64800000,71500,3,C,0,0\n64800100,71400,5,C,0,0\n",
        "18:00:00 7.15 3 unknown\n18:00:00.1 7.14 5 sell", body=False,
    ),
    "lobster": Further(
        "ABC_2025-10-09_34200000_57600000_message_5.csv",
        "34200.1,1,77,100,1001000,1\n34200.2,4,77,50,1001000,1\n34201.3,3,77,50,1001000,1\n", says="LOBSTER",
    ),
    "metatrader_flags": Further(
        "PETR4.csv",
        "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>\n2025.10.09\t18:00:00.001\t30.1\t30.2\t\t\t6\n"
        "2025.10.09\t18:00:00.002\t\t\t30.1\t100\t88\n2025.10.09\t18:00:00.003\t\t\t30.2\t200\t56\n",
        "18:00:00.002 30.1 100 sell\n18:00:00.003 30.2 200 buy",
    ),
    "missing_ids_agg": Further(
        "ABCUSDT-trades-2025-10-09.csv", f"501,10.5,1,10.5,{MS},true,true\n502,10.6,2,21.2,{MS + 1},false,true\n541,10.7,3,32.1,{MS + 2},false,true\n",
        "18:00:00 10.5 1 sell\n18:00:00.001 10.6 2 buy\n18:00:00.002 10.7 3 buy", says=r"\b38\b",
    ),
    "missing_ids_between": Further(
        "ABCUSDT-aggTrades-2025-10-09.csv", f"1,10.5,1,10,11,{MS},True,True\n2,10.6,2,12,12,{MS + 1},False,True\n9,10.7,3,25,26,{MS + 2},False,True\n",
        "18:00:00 10.5 1 sell\n18:00:00.001 10.6 2 buy\n18:00:00.002 10.7 3 buy", says=r"\b6\b",
    ),
    "mixed_fractions": Further(
        "frame.csv", "datetime,px,qty\n2025-10-09 18:00:00.100000,5,1\n2025-10-09 18:00:01,6,2\n2025-10-09 18:00:01.000001,7,3\n",
        "18:00:00.1 5 1 unknown\n18:00:01 6 2 buy\n18:00:01.000001 7 3 buy",
    ),
    "negative_price": Further(
        "spread.csv", f"ts,px,qty,side\n{T0},0.5,1,buy\n{T0 + 1},0,2,sell\n{T0 + 2},-0.25,3,sell\n{T0 + 3},0.25,4,buy\n",
        "18:00:00 0.5 1 buy\n18:00:01 0 2 sell\n18:00:02 -0.25 3 sell\n18:00:03 0.25 4 buy", says="at a price of 0 or below", body=False,
    ),
    "negative_size_gate": Further(
        "ETH_USDT-202510.csv", f"{T0}.25,901,3800.5,-7\n{T0 + 1}.5,902,3800,3\n", "18:00:00.25 3800.5 7 sell\n18:00:01.5 3800 3 buy",
    ),
    "pandas_index_numbers": Further(
        "df.csv", f"Unnamed: 0;ts;px;qty\n17;{T0};7,5;1\n18;{T0 + 1};7,6;2\n", "18:00:00 7.5 1 unknown\n18:00:01 7.6 2 buy",
    ),
    "pandas_unnamed_index_parquet": Further(
        "df.parquet", "when,last,qty,side\n2025-10-09 18:00:00.000001,7.5,1,buy\n2025-10-09 18:00:01,7.25,2,sell\n",
        "18:00:00.000001 7.5 1 buy\n18:00:01 7.25 2 sell", pack=_indexed_parquet,
    ),
    "polygon_flat": Further(
        "options.csv",
        f"ticker,conditions,correction,exchange,price,sip_timestamp,size\nO:ABC251219C00100000,209,0,302,1.5,{MS}000001,2\nO:ABC251219C00100000,209,0,302,1.45,{MS}000002,3\n",
        "18:00:00.000000001 1.5 2 unknown\n18:00:00.000000002 1.45 3 sell", symbol="O:ABC251219C00100000",
    ),
    "quotes_as_trades_algoseek": Further(
        "recorder.csv", f"ts,kind,px,qty\n{T0},bestBid,99,5\n{T0 + 1},trade,100,1\n{T0 + 2},bestAsk,101,5\n{T0 + 3},trade,99,2\n",
        "18:00:01 100 1 unknown\n18:00:03 99 2 sell",
    ),
    "scid_counter_999": Further(
        "nq.csv",
        "time;last;volume;side\n2025-10-09 18:00:00.000999;24000,25;1;sell\n2025-10-09 18:00:00.000999;24000,5;2;buy\n2025-10-09 18:00:00.000999;24000,25;3;sell\n2025-10-09 18:00:00.001;24000;4;sell\n",
        "18:00:00.000999 24000.25 1 sell\n18:00:00.000999 24000.5 2 buy\n18:00:00.000999 24000.25 3 sell\n18:00:00.001 24000 4 sell",
    ),
    "seconds_only_ties": Further(
        "krakenEUR.csv", f"{T0},90000.5,0.25\n{T0},90000.1,0.5\n{T0},90000.9,1.5\n{T0 + 4},90001,2\n",
        "18:00:00 90000.5 0.25 unknown\n18:00:00 90000.1 0.5 sell\n18:00:00 90000.9 1.5 buy\n18:00:04 90001 2 buy",
    ),
    "side_1_2": Further(
        "aggressor.csv", f"ts_event,price,size,aggressor_side\n{MS}000000,10,1,2\n{MS}000001,11,2,1\n{MS}000002,11,3,0\n",
        "18:00:00 10 1 sell\n18:00:00.000000001 11 2 buy\n18:00:00.000000002 11 3 unknown", body=False,
    ),
    "sierra_scid_us": Further("ticks_net.csv", "time,price,size\n638956440000000000,10.5,1\n638956440010000000,10.6,2\n", says="--time-unit net", body=False),
    "tickdata_com": Further(
        "CL.txt", "10/15/2025,18:00:00.001,61.25,3,E,,,61.25\n10/15/2025,18:00:01.002,61.20,1,E,,,61.2\n",
        "18:00:00.001 61.25 3 unknown\n18:00:01.002 61.2 1 sell", day="2025-10-15",
    ),
    "type_mtgox": Further(
        "btce.csv", f"tid;type;date;amount;price\n5;bid;{T0};2;30\n6;ask;{T0 + 1};3;29,5\n", "18:00:00 30 2 buy\n18:00:01 29.5 3 sell",
    ),
    "us_datetime_one_cell": Further(
        "export.csv", "Time,Last,Volume\n10/13/2025 6:00:00.500 PM,50.5,2\n10/13/2025 6:00:01 PM,50.25,3\n",
        "18:00:00.5 50.5 2 unknown\n18:00:01 50.25 3 sell", day="2025-10-13",
    ),
}  # fmt: skip
