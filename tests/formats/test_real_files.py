"""Recorded market data, compared with an independent reader of the same files."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path

import pytest

from orderflow.errors import BadInput
from orderflow.formats import CHUNK_ROWS, open_ticks, parse_body
from orderflow.market.ticks import NO_ID, SideRule
from tests.formats.suite import read
from tests.oracle import readers
from tests.oracle.oracle import Tick


def as_oracle(path: Path, **options: object) -> tuple[str, list[Tick]]:
    """(format, ticks) of a file with one symbol and no bad rows."""
    reader, chunks = read(path, **options)
    ticks = []
    for chunk in chunks:
        assert not chunk.errors
        (batch,) = chunk.batches
        for k in range(len(batch)):
            known = batch.rule[k] == 1
            ticks.append(
                Tick(
                    int(batch.time[k]),
                    Decimal(int(batch.price[k])).scaleb(-batch.price_decimals),
                    Decimal(int(batch.size[k])).scaleb(-batch.size_decimals),
                    int(batch.side[k]) if known else 0,
                    None if batch.id[k] == NO_ID else int(batch.id[k]),
                )
            )
    return reader.format, ticks


def test_nq(shared_data: Path) -> None:
    path = shared_data / "futures_nq/time_and_sales_nq_30min.csv"
    assert as_oracle(path) == ("timesales", readers.nq(shared_data))
    with open_ticks(path) as reader:
        assert (reader.symbol, reader.delimiter, reader.decimal) == ("time_and_sales_nq_30min", ";", ",")
        assert reader.header == ("Timestamp", "Precio", "Volumen", "Lado", "Bid", "Ask")


def test_ltc(shared_data: Path) -> None:
    (path,) = (shared_data / "crypto_ltcusdt").glob("*_15h_*")
    assert as_oracle(path) == ("generic", readers.ltc(shared_data))


def test_xrp_eth(shared_data: Path) -> None:
    (path,) = (shared_data / "crypto_xrpeth").glob("*aggTrades*")
    assert as_oracle(path) == ("binance-aggtrades", readers.xrpeth(shared_data))


def test_es(shared_data: Path) -> None:
    path = shared_data / "futures_es/tick_data.csv.gz"
    with open_ticks(path) as reader:
        assert (reader.format, reader.symbol) == ("generic", "tick_data")
        counts, times, prices, sizes = [], [], [], []
        for chunk in reader:
            (batch,) = chunk.batches
            assert (batch.price_decimals, batch.size_decimals, chunk.errors) == (2, 0, [])
            assert set(batch.rule.tolist()) == {SideRule.TICK}
            counts.append(len(batch))
            if len(counts) <= 2:
                times += batch.time.tolist()
                prices += batch.price.tolist()
                sizes += batch.size.tolist()
    assert counts == [CHUNK_ROWS] * 10
    first = readers.es(shared_data, 52_000)
    assert times[:52_000] == [one.time for one in first]
    assert prices[:52_000] == [int(one.price * 100) for one in first]
    assert sizes[:52_000] == [int(one.size) for one in first]


def test_gold_in_a_zip_of_many(shared_data: Path) -> None:
    path = shared_data / "futures_gc/future_comex_tick_gc_20131007_trade.zip"
    with open_ticks(path) as reader:
        assert (len(reader.parts), reader.symbol) == (10, "gc_201310")
    with pytest.raises(BadInput, match=r"has no member 'gold\.csv'"):
        open_ticks(path, member="gold.csv")
    member = "20131007_gc_tick_trade_201312.csv"
    format, ticks = as_oracle(path, member=member)
    assert format == "lean"
    assert ticks == readers.gold(shared_data)


def test_bitcoin_of_the_rest_endpoint_as_the_published_table(shared_data: Path, tmp_path: Path) -> None:
    (source,) = (shared_data / "crypto_btcusdt_rest").glob("api_v3_trades*")
    rows = json.loads(source.read_text())
    columns = ("id", "price", "qty", "quoteQty", "time", "isBuyerMaker", "isBestMatch")
    path = tmp_path / "BTCUSDT-trades-2020-09-27.csv"
    path.write_text("".join(",".join(str(row[name]) for name in columns) + "\n" for row in rows))
    assert as_oracle(path) == ("binance-trades", readers.btc(shared_data))


def test_freqtrade(shared_data: Path) -> None:
    path = shared_data / "freqtrade_orderflow/orderflow_public_trades_list.csv"
    assert as_oracle(path) == ("generic", readers.freqtrade(shared_data))


def test_a_file_in_any_chunks_is_the_same_file(shared_data: Path) -> None:
    path = shared_data / "futures_nq/time_and_sales_nq_30min.csv"
    whole = as_oracle(path)[1]
    assert as_oracle(path, chunk_rows=997)[1] == whole
    assert as_oracle(path, skip_rows=15_000, chunk_rows=997)[1] == whole[15_000:]
    assert len(whole) < CHUNK_ROWS


def test_the_bodies_that_a_replay_posts(shared_data: Path) -> None:
    lines = (shared_data / "futures_nq/time_and_sales_nq_30min.csv").read_bytes().split(b"\n")
    body = b"\n".join(lines[:5001])
    parsed = parse_body(body, "text/csv", default_symbol="NQ")
    assert (parsed.rows, parsed.ticks, parsed.errors) == (5000, 5000, [])
    (path,) = (shared_data / "crypto_ltcusdt").glob("*_15h_*")
    parsed = parse_body(gzip.decompress(path.read_bytes()), "text/csv", default_symbol="LTCUSDT")
    assert parsed.ticks == parsed.rows == 20_061
