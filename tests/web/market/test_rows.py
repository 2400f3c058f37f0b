"""Answers in pieces: whatever the size of a slice, the whole is the same, in every format."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

import flask
import numpy as np
import pyarrow as pa
import pytest
from flask.testing import FlaskClient
from pyarrow import ipc, parquet

from orderflow.market.buffer import TickBuffer
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.market.ticks import SideRule, TickBatch
from orderflow.web.kit.backlog import BACKLOG, Backlog
from orderflow.web.market import market_api, pagination, rows
from orderflow.web.market.pagination import Cursor, Span, all_bars, all_ticks, ticks_page
from orderflow.web.market.rows import Rows, bar_rows, footprint_rows, tick_rows

N = 600
START = 1_790_000_000_000_000_000


@pytest.fixture
def full(market: Market) -> Market:
    """N ticks, four of each time, 40 of a minute."""
    rng = np.random.default_rng(3)
    market.ingest(
        [
            TickBatch(
                "NQ",
                START + np.arange(N) // 4 * 6_000_000_000,
                (100_000 + np.cumsum(rng.integers(-1, 2, N))) * 25,
                rng.integers(1, 9, N),
                rng.choice([-1, 1], N).astype(np.int8),
                np.full(N, int(SideRule.FLAG), np.int8),
                np.arange(N),
                2,
                0,
            )
        ]
    )
    return market


def made(market: Market, what: str) -> Rows:
    if what == "ticks":
        return tick_rows(market.ticks("NQ"))
    bars = market.bars("NQ", Frame.parse("1min"))
    return bar_rows(bars) if what == "bars" else footprint_rows(bars)


def table(kind: str, data: bytes) -> Any:
    if kind == "arrow":
        return ipc.open_stream(data).read_all()
    return parquet.read_table(io.BytesIO(data)) if kind == "parquet" else data


@pytest.mark.parametrize("what", ["ticks", "bars", "footprint"])
@pytest.mark.parametrize("kind", ["csv", "json", "arrow", "parquet"])
def test_slices_of_any_size_give_the_same(full: Market, what: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = b"".join(getattr(made(full, what), kind)())
    for piece in (3, 7):
        monkeypatch.setattr(rows, "PIECE", piece)
        pieces = list(getattr(made(full, what), kind)())
        assert table(kind, b"".join(pieces)) == table(kind, whole)
        assert len(pieces) > 2
    if kind == "json":
        assert len(json.loads(whole)) == made(full, what).n


@pytest.mark.parametrize("what", ["ticks", "bars", "footprint"])
def test_no_rows_are_an_empty_table(full: Market, what: str) -> None:
    bars = full.bars("NQ", Frame.parse("1min"), start=0, end=0)
    empty = {"ticks": tick_rows(full.ticks("NQ", start=0, end=0)), "bars": bar_rows(bars)}
    none = empty.get(what, footprint_rows(bars))
    assert json.loads(b"".join(none.json())) == []
    assert b"".join(none.csv()) == none.head()
    for kind in ("arrow", "parquet"):
        found: pa.Table = table(kind, b"".join(getattr(none, kind)()))
        assert (found.num_rows, found.column_names) == (0, none.head().decode().strip().split(","))


@pytest.mark.parametrize("what", ["bars", "footprint"])
def test_a_stream_of_bars_is_its_pages_one_after_another(
    full: Market, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for frame in (Frame.parse("1min"), Frame.parse("ticks:3")):
        bars = full.bars("NQ", frame)
        whole = b"".join((bar_rows(bars) if what == "bars" else footprint_rows(bars)).csv())
        for most in (3, 10_000):
            monkeypatch.setattr(pagination, "MAX_ROWS", most)
            assert b"".join(all_bars(full, "NQ", frame, Span(), footprint=what == "footprint").csv()) == whole


def test_a_stream_of_ticks_reads_a_run_at_a_time(full: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = b"".join(all_ticks(full, "NQ", Span()).csv())
    assert whole.count(b"\n") == N + 1
    monkeypatch.setattr(pagination, "RUN", 50)
    read: list[int] = []
    between = TickBuffer.between

    def counted(buffer: TickBuffer, *args: Any) -> Any:
        found = between(buffer, *args)
        read.append(len(found[1]))
        return found

    monkeypatch.setattr(TickBuffer, "between", counted)
    assert b"".join(all_ticks(full, "NQ", Span()).csv()) == whole
    assert max(read) <= 50 + 4
    assert sum(read) <= 2 * N


def test_a_made_up_cursor_skips_only_what_has_its_time(full: Market) -> None:
    page, following = ticks_page(full, "NQ", Span(cursor=Cursor(START, 999_999_999), limit=3))
    assert page.ticks.id.tolist() == [4, 5, 6]
    assert str(following) == f"{START + 6_000_000_000}.3"


@pytest.mark.parametrize("kind", ["csv", "json", "arrow", "parquet"])
def test_a_large_answer_is_streamed_and_holds_its_share_until_it_is_read(
    web: flask.Flask, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also compressed, and the share is given back when the client leaves in the middle."""
    client = web.test_client()
    lines = "".join(f"{START + i * 1_000_000},{100 + i % 7},1,buy\n" for i in range(400))
    client.post("/ticks?symbol=NQ", data=f"timestamp,price,size,side\n{lines}", content_type="text/csv")
    whole = client.get(f"/api/v1/ticks/NQ?format={kind}").data
    monkeypatch.setattr(market_api, "PIECE", 100)
    monkeypatch.setattr(rows, "PIECE", 100)
    backlog = Backlog()
    base = {BACKLOG: (backlog, Reader())}
    for accepted in ("identity", "gzip"):
        with client.get(
            f"/api/v1/ticks/NQ?format={kind}", headers={"Accept-Encoding": accepted}, environ_base=base
        ) as answer:
            assert backlog.size > 400 * 33
            assert answer.status_code == 200
            assert "Content-Length" not in answer.headers
            if accepted == "identity":
                assert table(kind, answer.data) == table(kind, whole)
        assert backlog.size == 0


def test_a_small_answer_has_a_length_and_holds_nothing(client: FlaskClient) -> None:
    client.post("/tick", json={"timestamp": START, "price": 5, "size": 1, "symbol": "NQ"})
    backlog = Backlog()
    answer = client.get("/api/v1/ticks/NQ", environ_base={BACKLOG: (backlog, Reader())})
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert backlog.size == 0


@pytest.mark.parametrize("path", ["ticks/NONE", "bars/NONE?format=csv", "footprint/NONE"])
def test_an_answer_that_fails_gives_its_share_back(client: FlaskClient, path: str) -> None:
    backlog = Backlog()
    answer = client.get(f"/api/v1/{path}", environ_base={BACKLOG: (backlog, Reader())})
    assert (answer.status_code, backlog.size) == (404, 0)


@dataclass(eq=False)
class Reader:
    """A client that reads."""

    address: str = ""

    def stalled_for(self) -> float:
        return 0.0

    def gone(self) -> bool:
        return False

    def drop(self) -> None:
        raise AssertionError("it reads")
