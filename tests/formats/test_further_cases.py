"""The further case of each case, by the real path: the client and a server, a notebook, and `POST /ticks`."""

from __future__ import annotations

import csv
import io
import re
import urllib.request
import warnings
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from orderflow import read_ticks
from orderflow.errors import BadInput
from orderflow.replay.cli import main
from tests.formats.further_cases import FURTHER, Further
from tests.formats.test_cases import NAMES, post
from tests.running import RunningServer

Trade = tuple[pd.Timestamp, Decimal, Decimal, str]


def wanted_trades(case: Further) -> list[Trade]:
    return [(pd.Timestamp(time), Decimal(price), Decimal(size), side) for time, price, size, side in case.trades()]


def server_trades(server: RunningServer, symbol: str) -> list[Trade]:
    """The ticks of a symbol, none if the server does not know it."""
    if symbol not in {row["symbol"] for row in server.get("/api/v1/symbols")["symbols"]}:
        return []
    with urllib.request.urlopen(f"{server.url}/api/v1/ticks/{symbol}?format=csv", timeout=60) as answer:
        rows = list(csv.DictReader(io.TextIOWrapper(answer, "utf-8")))
    return [
        (
            pd.Timestamp(row["time"]).tz_localize(None),
            Decimal(row["price"]),
            Decimal(row["size"]),
            row["side"] or "unknown",
        )
        for row in rows
    ]


def test_each_case_has_a_further_one_of_its_own() -> None:
    assert set(FURTHER) == set(NAMES)
    texts = [case.text for case in FURTHER.values()]
    assert len(set(texts)) == len(texts)
    here = Path(__file__).with_name("cases")
    assert not {text.encode() for text in texts} & {file.read_bytes() for file in here.rglob("*") if file.is_file()}


@pytest.mark.parametrize("name", FURTHER)
def test_the_client_reads_it_right_or_refuses(
    server: RunningServer, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case, symbol = FURTHER[name], f"further-{name}"
    path = tmp_path / case.name
    path.write_bytes(case.pack(case.text))
    code = main([str(path), "--server", server.url, "-v", "max", "--symbol", symbol])
    told = capsys.readouterr()
    if case.wanted:
        assert code == 0, told.err
        assert server_trades(server, symbol) == wanted_trades(case)
    else:
        assert case.says
        assert server_trades(server, symbol) == [] or "line 2, " in told.err
        assert code == 1
    assert re.search(case.says, told.out + told.err)


@pytest.mark.parametrize("name", FURTHER)
def test_a_notebook_reads_it_right_or_refuses(name: str, tmp_path: Path) -> None:
    case = FURTHER[name]
    path = tmp_path / case.name
    path.write_bytes(case.pack(case.text))
    if not case.wanted:
        with pytest.raises(BadInput):
            read_ticks(path)
        return
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "its times are .* and are read as UTC")
        found = read_ticks(path)
    wanted = wanted_trades(case)
    assert found["time"].dt.tz_localize(None).tolist() == [time for time, *_ in wanted]
    assert found["price"].tolist() == [float(price) for _, price, *_ in wanted]
    assert found["size"].tolist() == [float(size) for _, _, size, _ in wanted]
    rows = zip(found["side"], found["side_rule"], (side for *_, side in wanted), strict=True)
    assert all(rule == "tick" or (side or "unknown") == other for side, rule, other in rows)


@pytest.mark.parametrize("name", [name for name, case in FURTHER.items() if case.body and case.pack is str.encode])
def test_a_body_is_read_right_or_refused(server: RunningServer, name: str) -> None:
    case, symbol = FURTHER[name], f"further-body-{name}"
    text = case.text.replace(case.symbol, symbol) if case.symbol else case.text  # the server is shared
    status, answer = post(server, symbol, text.encode())
    if case.wanted:
        assert (status, server_trades(server, symbol)) == (202, wanted_trades(case)), answer
    else:
        assert status == 400 or answer["errors"]
