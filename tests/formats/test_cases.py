"""Files that are easily read wrongly: each is read right or refused, by the client, a notebook and `POST /ticks`.

`cases/README.md` describes the folders. A case that is not right yet is marked, and the mark falls when it is right.
"""

from __future__ import annotations

import csv
import io
import json
import re
import urllib.error
import urllib.request
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderflow import candles, read_ticks
from orderflow.errors import BadInput
from orderflow.replay.cli import main
from tests.running import RunningServer

CASES = Path(__file__).with_name("cases")
NAMES = sorted(folder.name for folder in CASES.iterdir() if folder.is_dir())
PRICES = ["open", "high", "low", "close"]
VOLUMES = ["volume", "ask_volume", "bid_volume", "unknown_volume"]
COLUMNS = [*PRICES, *VOLUMES, "trades", "min_delta", "max_delta", "delta"]
Bars = list[tuple[str, list[float]]]

OPEN: dict[str, str] = {}
"""Cases that the client and the notebook do not read right yet, with the reason."""

NO_TEXT = {
    "box_bz2",
    "box_days_zip",
    "box_feather",
    "box_tar_xz",
    "json_stream",
    "pandas_unnamed_index_parquet",
}
"""Cases that a CSV body cannot carry."""

SYMBOLS = {
    "bitmex_D": "XBTUSD",
    "cancelled_later": "XYZ",
    "cancelled_trades": "XYZ",
    "cdd_preamble": "XYZ/USDT",
    "cumulative_vnpy": "rb2310",
    "descending_ties": "XYZUSD",
    "direction_deribit": "BTC-PERPETUAL",
    "id_restarts_daily": "XYZ",
    "negative_size_gate": "BTC_USDT",
    "polygon_flat": "XYZ",
    "quotes_as_trades_algoseek": "XYZ",
}
"""The symbol in the rows of a case."""

NOT_SEEN = {
    "descending_ties": "the order of rows",
    "excel_scientific": "the spread of times",
    "headerless_bars_as_kibot": "the spread of prices",
    "headerless_quotes_as_kraken": "the spread of prices",
    "is_buyer_maker_0_1_side": "the words of a whole column",
    "sierra_scid_us": "times in the future",
}
"""Cases that are told by looking at many rows, which only files are: what is looked at."""

OPEN_BODIES: dict[str, str] = {}
"""Cases whose text `POST /ticks` does not read right yet, with the reason."""


def marked(names: list[str], open_cases: dict[str, str]) -> list[Any]:
    """The names as parameters, those of open cases marked."""
    marks = {name: [pytest.mark.xfail(strict=True, reason=reason)] for name, reason in open_cases.items()}
    assert marks.keys() <= set(names)
    return [pytest.param(name, marks=marks.get(name, [])) for name in names]


def case(name: str) -> tuple[Path, dict[str, Any]]:
    """(file, expectation) of a case."""
    wanted = json.loads((CASES / name / "expected.json").read_text())
    return CASES / name / wanted["file"], wanted


def wanted_bars(wanted: dict[str, Any]) -> Bars:
    return [(bar["time"], [float(bar[column]) for column in COLUMNS]) for bar in wanted["bars"]]


def server_bars(server: RunningServer, symbol: str) -> Bars:
    """The bars of a symbol; none if the server does not know it."""
    if symbol not in {row["symbol"] for row in server.get("/api/v1/symbols")["symbols"]}:
        return []
    with urllib.request.urlopen(f"{server.url}/api/v1/bars/{symbol}?format=csv", timeout=60) as answer:
        rows = list(csv.DictReader(io.TextIOWrapper(answer, "utf-8")))
    return [(row["time"], [float(Decimal(row[column])) for column in COLUMNS]) for row in rows]


def post(server: RunningServer, symbol: str, body: bytes) -> tuple[int, Any]:
    """(status, answer) of a CSV body."""
    try:
        return 202, server.post(f"/ticks?symbol={symbol}", body, "text/csv")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


@pytest.mark.parametrize("name", marked(NAMES, OPEN))
def test_the_client_reads_it_right_or_refuses(
    server: RunningServer, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file, wanted = case(name)
    symbol = f"case-{name}"
    code = main([str(file), "--server", server.url, "-v", "max", "--symbol", symbol])
    told = capsys.readouterr()
    bars = server_bars(server, symbol)
    if wanted["want"] == "these bars":
        assert code == 0, told.err
        assert bars == wanted_bars(wanted)
    elif wanted["want"] in ("refuse", "refuse or right"):
        assert (code, bars) == (1, [])
        assert told.err.startswith("orderflow-replay: ")
    elif wanted["want"] == "refuse or warn":
        assert (code == 1 and not bars) or "warning: " in told.err
    else:
        assert wanted["want"] == "refuse rows"
        assert code == 1
        assert "line 2, " in told.err
    if says := wanted.get("says"):
        assert re.search(says, told.err + told.out)
        main([str(file), "--dry-run"])
        assert re.search(says, capsys.readouterr().out)


@pytest.mark.filterwarnings("ignore:its times are .* and are read as UTC")
@pytest.mark.parametrize("name", marked(NAMES, OPEN))
def test_a_notebook_reads_it_right_or_refuses(name: str) -> None:
    file, wanted = case(name)
    if wanted["want"] == "these bars":
        table = candles(read_ticks(file))
        times = table["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        found = [(time, [float(v) for v in row]) for time, row in zip(times, table[COLUMNS].to_numpy(), strict=True)]
        assert found == wanted_bars(wanted)
    else:
        with pytest.raises(BadInput):
            read_ticks(file)


@pytest.mark.parametrize("name", marked([name for name in NAMES if name not in NO_TEXT | NOT_SEEN.keys()], OPEN_BODIES))
def test_a_body_is_read_right_or_refused(server: RunningServer, name: str) -> None:
    file, wanted = case(name)
    symbol = f"body-{name}"
    body = file.read_text()
    if name in SYMBOLS:
        body = body.replace(SYMBOLS[name], symbol)  # the server is shared
    status, answer = post(server, symbol, body.encode())
    if status == 400:
        assert answer["detail"]
        assert server_bars(server, symbol) == []
    else:
        assert (status, wanted["want"]) == (202, "these bars")
        assert server_bars(server, symbol) == wanted_bars(wanted)
