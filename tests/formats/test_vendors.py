"""Files of data vendors and platforms: Polygon, AlgoSeek, MetaTrader, GDFL, TrueData, FirstRate, Tick Data, IQFeed."""

from __future__ import annotations

from pathlib import Path

from tests.formats.suite import FormatSuite, NamedColumnsSuite, read, tick, ticks_of

STOCKS = (
    "ticker,conditions,correction,exchange,id,participant_timestamp,price,sequence_number,sip_timestamp,size,tape,"
    "trf_id,trf_timestamp\n"
)


class TestPolygonStocks(FormatSuite):
    """Ids are no trade ids; cancelled trades and the records that did it are left out."""

    format = "polygon"
    text = STOCKS + (
        "XYZ,12,0,11,1,1709562600000111000,175.1,1001,1709562600000222000,100,3,0,0\n"
        "XYZ,14,8,4,1,1709562600000333000,99.9,1002,1709562600000444000,5000,3,201,1709562600000400000\n"
        "ABC,,01,4,1,1709562600000333000,25.5,1003,1709562600000445000,50,3,0,0\n"
        "XYZ,14,10,4,1,1709562600000333000,99.9,1004,1709562600000446000,5000,3,0,0\n"
    )
    ticks = (
        tick("2024-03-04T14:30:00.000222", "175.1", "100", "", "tick", None, "XYZ"),
        tick("2024-03-04T14:30:00.000445", "25.5", "50", "", "tick", None, "ABC"),
    )
    bad = ("XYZ,12,0,11,1,1,x,1001,1709562600000222000,100,3,0,0", "price", "'x' is not a number")

    def test_the_first_rows_can_be_skipped(self, tmp_path: Path) -> None:
        _, chunks = read(self.write(tmp_path), skip_rows=1, chunk_rows=1)
        assert ticks_of(*chunks) == [self.ticks[1]]


class TestPolygonOptions(NamedColumnsSuite):
    format = "polygon"
    text = (
        "ticker,conditions,correction,exchange,price,sip_timestamp,size\n"
        "O:SPY240304C00500000,232,0,303,12.31,1709562600000222000,1\n"
        "O:SPY240304C00500000,227,0,303,12.3,1709562600100000000,2\n"
    )
    ticks = (
        tick("2024-03-04T14:30:00.000222", "12.31", "1", "", "tick", None, "O:SPY240304C00500000"),
        tick("2024-03-04T14:30:00.1", "12.3", "2", "", "tick", None, "O:SPY240304C00500000"),
    )
    bad = ("O:SPY240304C00500000,232,0,303,12.31,1709562600000222000,-1", "size", "below 0")


class TestPolygonCrypto(NamedColumnsSuite):
    format = "polygon"
    text = (
        "ticker,conditions,exchange,id,participant_timestamp,price,size\n"
        "X:BTC-USD,2,1,3003,1709562600000000000,61000.5,0.25\n"
        "X:BTC-USD,1,1,3004,1709562600000001000,61000,0.125\n"
    )
    ticks = (
        tick("2024-03-04T14:30:00", "61000.5", "0.25", "", "tick", None, "X:BTC-USD"),
        tick("2024-03-04T14:30:00.000001", "61000", "0.125", "", "tick", None, "X:BTC-USD"),
    )
    bad = ("X:BTC-USD,1,1,3004,,61000,0.125", "participant_timestamp", "is empty")


class TestAlgoSeek(FormatSuite):
    format = "algoseek"
    text = (
        "Date,Timestamp,EventType,Ticker,Price,Quantity,Exchange,Conditions\n"
        "20180102,09:30:00.001,TRADE NB,XYZ,170.10,100,NASDAQ,00000000\n"
        "20180102,09:30:00.002,QUOTE BID,XYZ,170.05,300,BATS,00000001\n"
        "20180102,09:30:00.003,TRADE,XYZ,170.11,70,BATS,00000000\n"
        "20180102,09:30:01.500,TRADE,XYZ,170.12,50,NASDAQ,00000000\n"
        "20180102,09:31:01.500,TRADE CANCELLED,XYZ,170.1100,70,BATS,00000000\n"
    )
    ticks = (
        tick("2018-01-02T09:30:00.001", "170.1", "100", "", "tick", None, "XYZ"),
        tick("2018-01-02T09:30:01.5", "170.12", "50", "", "tick", None, "XYZ"),
    )
    bad = ("20180102,09:30:01.500,NEWS,XYZ,170.12,50,NASDAQ,00000000", "EventType", "'NEWS' is not a kind of record")

    def test_both_paths_agree(self) -> None:
        """Not on this text: a block alone has no reading ahead; `test_kinds` compares them."""

    def test_the_first_rows_can_be_skipped(self, tmp_path: Path) -> None:
        _, chunks = read(self.write(tmp_path), skip_rows=1, chunk_rows=1)
        assert ticks_of(*chunks) == [self.ticks[1]]


class TestMetaTrader(FormatSuite):
    """Flags tell trades from quotes, and buys from sells: with both there is no side, with none the quote decides."""

    format = "metatrader"
    text = (
        "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>\n"
        "2024.03.01\t09:00:00.123\t1199.5\t1200\t\t\t6\n"
        "2024.03.01\t09:00:00.124\t1199.5\t1200\t1200\t3\t56\n"
        "2024.03.01\t09:00:00.125\t1199.5\t1200\t1199.5\t2\t88\n"
        "2024.03.01\t09:00:00.126\t1199.5\t1200\t1199.5\t1\t120\n"
        "2024.03.01\t09:00:00.127\t1199.5\t1200\t1200\t4\t24\n"
        "2024.03.01\t09:00:00.128\t\t1200.5\t\t\t4\n"
    )
    ticks = (
        tick("2024-03-01T09:00:00.124", "1200", "3", "buy", "flag"),
        tick("2024-03-01T09:00:00.125", "1199.5", "2", "sell", "flag"),
        tick("2024-03-01T09:00:00.126", "1199.5", "1", "", "none"),
        tick("2024-03-01T09:00:00.127", "1200", "4", "buy", "quote"),
    )
    bad = ("2024.03.01\t09:00:00.124\t1199.5\t1200\tx\t3\t56", "<LAST>", "'x' is not a number")

    def _has_header(self) -> bool:
        return True

    def test_the_python_package(self, tmp_path: Path) -> None:
        text = (
            "time,bid,ask,last,volume,time_msc,flags,volume_real\n"
            "1709283600,1199.5,1200,1200,3,1709283600124,56,3.0\n"
            "1709283600,1199.5,1200,1200,3,1709283600125,6,3.0\n"
            "1709283600,1199.5,1200,1199.5,0,1709283600126,88,0.5\n"
        )
        reader, chunks = read(self.write(tmp_path, text.encode()))
        assert reader.format == "metatrader"
        assert [(one.time[-12:], float(one.size), one.side) for one in ticks_of(*chunks)] == [
            ("09:00:00.124", 3, "buy"),
            ("09:00:00.126", 0.5, "sell"),
        ]


class TestGdfl(NamedColumnsSuite):
    format = "gdfl"
    text = (
        "Ticker,Date,Time,LTP,BuyPrice,BuyQty,SellPrice,SellQty,LTQ,OpenInterest\n"
        "NIFTY-I.NFO,02/01/2025,09:15:00,23800.5,23800,75,23800.5,150,75,1200\n"
        "NIFTY-I.NFO,13/01/2025,09:15:01,23799.5,23799.5,75,23800.5,150,150,1200\n"
    )
    ticks = (
        tick("2025-01-02T09:15:00", "23800.5", "75", "buy", "quote", None, "NIFTY-I.NFO"),
        tick("2025-01-13T09:15:01", "23799.5", "150", "sell", "quote", None, "NIFTY-I.NFO"),
    )
    bad = ("NIFTY-I.NFO,32/01/2025,09:15:01,23799.5,23799.5,75,23800.5,150,150,1200", "Time", "not a date")


class TestTrueData(FormatSuite):
    format = "truedata"
    text = (
        "20250102,09:15:00,23800.5,75,1200,23800,75,23800.5,150\n20250102,09:15:01,23800,150,1200,23800,75,23801,150\n"
    )
    ticks = (
        tick("2025-01-02T09:15:00", "23800.5", "75", "buy", "quote"),
        tick("2025-01-02T09:15:01", "23800", "150", "sell", "quote"),
    )
    bad = ("20250102,09:15:01,x,150,1200,23800,75,23801,150", "column 3 (price)", "'x' is not a number")


class TestFirstRate(FormatSuite):
    format = "firstrate"
    text = "2022-01-03 14:00:00.123,177.83,100\n2022-01-03 14:00:00.456,177.84,50\n"
    ticks = (
        tick("2022-01-03T14:00:00.123", "177.83", "100", "", "tick"),
        tick("2022-01-03T14:00:00.456", "177.84", "50", "", "tick"),
    )
    bad = ("2022-01-03 14:00:00.456,177.84,x", "column 3 (size)", "'x' is not a number")


class TestTickDataFutures(FormatSuite):
    format = "tickdata"
    text = "01/02/2013,09:30:00.123,1426.25,5,,,0,1001\n01/02/2013,09:30:01.123,1426.00,2,E,,0,1002\n"
    ticks = (
        tick("2013-01-02T09:30:00.123", "1426.25", "5", "", "tick"),
        tick("2013-01-02T09:30:01.123", "1426", "2", "", "tick"),
    )
    bad = ("13/02/2013,09:30:01.123,1426.00,2,E,,0,1002", "column 2 (time)", "not a date in the calendar")


class TestTickDataEquities(FormatSuite):
    format = "tickdata"
    text = (
        "01/02/2013,09:30:00.123,25.25,500,T,@,00,1001,N,C,,,\n"
        "01/02/2013,09:30:01.123,25.24,200,Q,@,01,1003,N,C,,,\n"
        "01/02/2013,09:30:01.124,25.26,100,T,@,08,1002,N,C,,,\n"
    )
    ticks = (
        tick("2013-01-02T09:30:00.123", "25.25", "500", "", "tick"),
        tick("2013-01-02T09:30:01.123", "25.24", "200", "", "tick"),
    )
    bad = ("01/02/2013,09:30:01.123,25.24,-2,Q,@,00,1003,N,C,,,", "column 4 (size)", "below 0")


class TestIqFeed(FormatSuite):
    format = "iqfeed"
    text = (
        "2024-03-01 09:30:00.123456,5100.25,3,120003,5100.00,5100.25,4001,C,43,01,1,1\n"
        "2024-03-01 09:30:00.223456,5100.00,2,120005,5100.00,5100.25,4002,O,43,01,2,1\n"
        "2024-03-01 09:30:00.323456,5100.00,4,120009,5100.00,5100.25,4003,C,43,01,0,1\n"
    )
    ticks = (
        tick("2024-03-01T09:30:00.123456", "5100.25", "3", "buy", "flag"),
        tick("2024-03-01T09:30:00.223456", "5100", "2", "sell", "flag"),
        tick("2024-03-01T09:30:00.323456", "5100", "4", "sell", "quote"),
    )
    bad = (
        "2024-03-01 09:30:00.323456,5100.00,4,120009,5100.00,5100.25,4003,C,43,01,7,1",
        "column 11 (side)",
        "is not a side",
    )


class TestTaq(FormatSuite):
    """A suffix makes another symbol, and cancelled trades are left out."""

    format = "taq"
    text = (
        "DATE,TIME_M,EX,SYM_ROOT,SYM_SUFFIX,TR_SCOND,SIZE,PRICE,TR_STOP_IND,TR_CORR,TR_SEQNUM,TR_ID,TR_SOURCE,TR_RF\n"
        "2025-03-03,4:06:02.246831104,T,A,,TI,1,128.69,N,00,3680,62879130347078,C,\n"
        "2025-03-03,9:30:13.327472896,N,BRK,B,T,100,501.6,N,00,3692,62879130399818,C,\n"
        "2025-03-03,9:30:13.327505920,T,A,,FTI,1,99.59,N,08,3693,62879130399819,C,\n"
    )
    ticks = (
        tick("2025-03-03T04:06:02.246831104", "128.69", "1", "", "tick", None, "A"),
        tick("2025-03-03T09:30:13.327472896", "501.6", "100", "", "tick", None, "BRK.B"),
    )
    bad = ("2025-03-03,4:06:02.2,T,A,,TI,1,x,N,00,3680,62879130347078,C,", "PRICE", "'x' is not a number")
