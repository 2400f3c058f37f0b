"""Rows that are no trades are told apart by their kind: skipped and counted, or applied to the trades before them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orderflow import read_ticks
from orderflow.errors import BadInput
from orderflow.formats import parse_body
from orderflow.formats.record_kinds import CORRECTION
from tests.formats.suite import by_path, read, same, ticks_of

TAQ = """Date,Timestamp,EventType,Ticker,Price,Quantity,Exchange,Conditions
20180102,09:30:00.001,TRADE NB,XYZ,170.10,100,NASDAQ,00000000
20180102,09:30:00.002,QUOTE BID,XYZ,170.05,300,BATS,00000001
20180102,09:30:00.003,QUOTE ASK NB,XYZ,,0,BATS,00000001
20180102,09:30:01.500,TRADE,XYZ,170.12,50,NASDAQ,00000000
"""


def prices(path: Path, **options: object) -> list[tuple[float, float]]:
    _, chunks = read(path, **options)
    return [(float(tick.price), float(tick.size)) for tick in ticks_of(*chunks)]


def write(folder: Path, text: str, name: str = "ticks.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_quotes_are_skipped_and_counted_and_are_not_bad(tmp_path: Path) -> None:
    path = write(tmp_path, TAQ)
    assert prices(path) == [(170.1, 100), (170.12, 50)]
    assert prices(path, skip_rows=2) == [(170.12, 50)]
    frame = read_ticks(path, tz="America/New_York")
    assert (frame.attrs["no_trades"], frame.attrs["skipped"]) == ({"quotes": 2}, 0)
    parsed = parse_body(TAQ.encode(), "text/csv")
    assert (parsed.ticks, dict(parsed.skipped), parsed.rejected) == (2, {"quotes": 2}, 0)


@pytest.mark.parametrize("fast", [True, False])
def test_both_paths_agree(fast: bool) -> None:
    one = by_path(TAQ, fast=fast, name="ticks.csv")
    same(one, by_path(TAQ, fast=not fast, name="ticks.csv"))
    assert dict(one.skipped) == {"quotes": 2}
    assert [origin.tolist() for origin in one.origins] == [[0, 3]]


def test_kinds_in_parquet_and_in_json(tmp_path: Path) -> None:
    table = pa.table(
        {
            "timestamp": [1760032800, 1760032801, 1760032802],
            "tick_type": ["Trade", "Quote", "Trade"],
            "price": [1.5, 2.5, 3.5],
            "size": [1, 2, 3],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    write(tmp_path, "\n".join(str(row).replace("'", '"') for row in table.to_pylist()), "a.ndjson")
    for name in ("a.parquet", "a.ndjson"):
        assert prices(tmp_path / name) == [(1.5, 1), (3.5, 3)]


@pytest.mark.parametrize(
    ("words", "taken"),
    [
        (["trade", "quote", "trade"], [1, 3]),
        (["T", "Q", "T"], [1, 3]),
        (["BID", "ASK", "TRADE"], [3]),
        (["match", "open", "done"], [1]),
        (["Last", "Bid", "Ask"], [1]),
        (["T", "A", "C"], [1]),
        (["limit", "market", ""], [1, 2, 3]),
        (["l", "m", "m"], [1, 2, 3]),
        (["Regular", "Regular", "Regular"], [1, 2, 3]),
        (["1", "2", "3"], [1, 2, 3]),
        (["ok", "busted", "ok"], [3]),
    ],
)
@pytest.mark.parametrize("column", ["type", "event_type", "kind"])
def test_words_of_kinds_and_of_order_types(column: str, words: list[str], taken: list[int], tmp_path: Path) -> None:
    rows = [f"176003280{k},5.5,{k + 1},{word}" for k, word in enumerate(words)]
    text = "\n".join(rows).replace("5.5,2,busted", "5.5,1,busted")  # the price and size of the trade before it
    path = write(tmp_path, f"timestamp,price,size,{column}\n{text}")
    assert [size for _, size in prices(path)] == taken


def test_an_unknown_kind_beside_known_ones_is_an_error(tmp_path: Path) -> None:
    path = write(
        tmp_path, "timestamp,price,size,type\n1760032800,1,1,trade\n1760032801,2,2,quote\n1760032802,3,3,xyz\n"
    )
    _, chunks = read(path)
    (error,) = [error for chunk in chunks for error in chunk.errors]
    assert (error.line, error.field) == (4, "type")
    assert "'xyz' is not a kind of record that is known" in error.reason
    assert len(ticks_of(*chunks)) == 1


def test_correction_codes() -> None:
    cancelled, records = "cancelled trades", "records of cancels and corrections"
    meanings = {code: CORRECTION(code) for code in ("", "0", "00", "01", "1", "07", "8", "10", "11", "12", "3")}
    trades = dict.fromkeys(("", "0", "00", "01", "1"), "trade")
    assert meanings == trades | {"07": cancelled, "8": cancelled, "3": "unknown"} | dict.fromkeys(
        ("10", "11", "12"), records
    )


class TestReadAhead:
    """Cancels and corrections change the trades before them."""

    IDS = (
        "time,type,id,price,size\n"
        "2024-01-01 00:00:00,trade,1,100,1\n"
        "2024-01-01 00:00:01,trade,2,101,1\n"
        "2024-01-01 00:00:02,correction,1,99.5,3\n"
        "2024-01-01 00:00:03,cancel,2,101,1\n"
        "2024-01-01 00:00:04,trade,3,102,2\n"
    )

    def test_by_ids(self, tmp_path: Path) -> None:
        path = write(tmp_path, self.IDS)
        assert prices(path) == [(99.5, 3), (102, 2)]
        assert prices(path, chunk_rows=1) == [(99.5, 3), (102, 2)]
        assert prices(path, chunk_rows=2, skip_rows=1) == [(102, 2)]
        assert read_ticks(path).attrs["no_trades"] == {
            "corrections": 1,
            "cancels": 1,
            "trades that are cancelled later": 1,
        }

    def test_beside_rows_that_need_the_row_path(self, tmp_path: Path) -> None:
        path = write(tmp_path, self.IDS.replace("trade,3,102,2", "trade,3,102,x"))
        assert prices(path) == [(99.5, 3)]

    def test_without_ids_the_last_one_of_its_price_and_size(self, tmp_path: Path) -> None:
        path = write(tmp_path, TAQ + "20180102,09:31:00.001,TRADE CANCELLED,XYZ,170.1,100,NASDAQ,0\n")
        assert prices(path) == [(170.12, 50)]
        path.write_text(TAQ + "20180102,09:31:00.001,TRADE CANCELLED,ABC,170.1,100,NASDAQ,0\n")
        assert prices(path) == [(170.1, 100), (170.12, 50)]

    def test_a_correction_without_ids_is_refused(self, tmp_path: Path) -> None:
        path = write(tmp_path, TAQ.replace("QUOTE BID", "TRADE CORRECTION"))
        with pytest.raises(BadInput, match="row 1 corrects a trade, but the table has no ids"):
            read(path)

    def test_a_body_cannot_change_what_was_sent_before(self) -> None:
        parsed = parse_body(self.IDS.encode(), "text/csv")
        assert [(error.line, error.field) for error in parsed.errors] == [(4, "type"), (5, "type")]
        assert "concerns a trade before it" in parsed.errors[0].reason
