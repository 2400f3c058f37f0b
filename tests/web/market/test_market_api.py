"""/api/v1 and the small addresses: columns, exactness, formats, pages, changes, settings of instruments."""

from __future__ import annotations

import csv
import io
from typing import Any

import pyarrow as pa
import pytest
from flask.testing import FlaskClient
from jsonschema_rs import Draft202012Validator
from pyarrow import ipc, parquet

from orderflow.market.columns import BAR_COLUMNS, FOOTPRINT_COLUMNS, TICK_COLUMNS
from orderflow.market.studies.registry import STUDIES
from orderflow.services import Services
from orderflow.web.market import market_api

HEAD = "timestamp,price,size,side\n"
WORKED = [  # the worked example of the definitions: level, bid, ask
    ("100.50", 2, 40), ("100.25", 10, 35), ("100.00", 12, 33), ("99.75", 11, 9), ("99.50", 30, 0),
]  # fmt: skip


def post(client: FlaskClient, symbol: str, *lines: str) -> None:
    answer = client.post(f"/ticks?symbol={symbol}", data=HEAD + "\n".join(lines), content_type="text/csv")
    assert answer.status_code == 202, answer.text


def table(client: FlaskClient, path: str) -> list[dict[str, str]]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


@pytest.fixture
def worked(client: FlaskClient) -> FlaskClient:
    lines = []
    for price, bid, ask in WORKED:
        lines += [f"2025-10-09T18:00:10Z,{price},{size},{side}" for size, side in ((bid, "sell"), (ask, "buy")) if size]
    lines.append("2025-10-09T18:02:00.5Z,100.25,3,buy")
    post(client, "NQ", *lines)
    return client


def test_columns_are_those_of_the_contract(worked: FlaskClient) -> None:
    for what, columns in (("bars", BAR_COLUMNS), ("footprint", FOOTPRINT_COLUMNS), ("ticks", TICK_COLUMNS)):
        answer = worked.get(f"/api/v1/{what}/NQ?format=csv")
        assert answer.text.splitlines()[0].split(",") == list(columns)
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert list(worked.get(f"/api/v1/{what}/NQ").get_json()[what][0]) == list(columns)


def test_the_worked_example_comes_out_exactly(worked: FlaskClient) -> None:
    bar = table(worked, "/api/v1/bars/NQ?format=csv")[0]
    expected = {
        "time": "2025-10-09T18:00:00Z",
        "high": "100.5",
        "low": "99.5",
        "volume": "182",
        "ask_volume": "117",
        "bid_volume": "65",
        "unknown_volume": "0",
        "delta": "52",
        "trades": "9",
        "poc": "100",
        "vah": "100.5",
        "val": "100",
    }
    assert {name: bar[name] for name in expected} == expected
    marks = {
        row["price"]: row["imbalance"] for row in table(worked, "/api/v1/footprint/NQ?format=csv") if row["imbalance"]
    }
    assert marks == {"100.5": "buy", "99.5": "sell"}


def test_a_minute_without_trades_has_no_bar(worked: FlaskClient) -> None:
    times = [bar["time"] for bar in table(worked, "/api/v1/bars/NQ?format=csv")]
    assert times == ["2025-10-09T18:00:00Z", "2025-10-09T18:02:00Z"]


@pytest.mark.parametrize("price", ["81.01", "0.00141342", "10684.05", "0.1", "25263.25", "1e-05", "1234567.89"])
def test_numbers_print_as_the_decimals_they_are(client: FlaskClient, price: str) -> None:
    post(client, "X", f"2025-10-09T18:00:00Z,{price},0.00001,buy", f"2025-10-09T18:00:00Z,{price},0.3,buy")
    plain = "0.00001" if price == "1e-05" else price
    bar = table(client, "/api/v1/bars/X?format=csv")[0]
    assert (bar["open"], bar["poc"], bar["volume"], bar["delta"]) == (plain, plain, "0.30001", "0.30001")
    assert f'"open":{plain},' in client.get("/api/v1/bars/X").text
    assert [row["size"] for row in table(client, "/api/v1/ticks/X?format=csv")] == ["0.00001", "0.3"]


def test_times_have_the_digits_they_need(client: FlaskClient) -> None:
    post(client, "X", "2025-10-09T18:00:00.123456789Z,1,1,buy", "2025-10-09T18:00:01Z,1,1,buy")
    times = [row["time"] for row in client.get("/api/v1/ticks/X").get_json()["ticks"]]
    assert times == ["2025-10-09T18:00:00.123456789Z", "2025-10-09T18:00:01.000000000Z"]


def test_parquet_and_arrow_hold_the_same_rows_as_csv(worked: FlaskClient) -> None:
    for what in ("bars", "footprint", "ticks"):
        rows = table(worked, f"/api/v1/{what}/NQ?format=csv")
        arrow = worked.get(f"/api/v1/{what}/NQ?format=arrow")
        assert arrow.headers["Content-Type"] == "application/vnd.apache.arrow.stream"
        found = ipc.open_stream(arrow.data).read_all()
        stored = worked.get(f"/api/v1/{what}/NQ?format=parquet")
        assert stored.headers["Content-Type"] == "application/vnd.apache.parquet"
        assert parquet.read_table(io.BytesIO(stored.data)).equals(found)
        assert found.num_rows == len(rows)
        assert found.schema.field("time").type == pa.timestamp("ns", "UTC")
        for name in rows[0]:
            if name not in ("time", "side", "side_rule", "imbalance", "id"):
                assert found[name].to_pylist() == [float(row[name]) if row[name] else None for row in rows], name


def test_start_and_end_cut_half_open(client: FlaskClient) -> None:
    post(client, "X", *(f"2025-10-09T18:0{i}:00Z,{i + 1},1,buy" for i in range(5)))
    for start, end in [
        ("2025-10-09T18:01:00Z", "2025-10-09T18:03:00Z"),
        ("2025-10-09T18:01", "2025-10-09 18:03"),
        ("2025-10-09T20:01:00+02:00", "2025-10-09T13:03:00-05:00"),
        ("2025-10-09T20:01:00%2B02:00", "2025-10-09T18:03:00.000000000Z"),
        ("1760032860", "1760032980000"),
        ("1760032860000000", "1760032980000000000"),
    ]:
        for what in ("bars", "ticks", "footprint"):
            found = client.get(f"/api/v1/{what}/X?start={start}&end={end}").get_json()
            times = [row["time"] for row in found[what]]
            assert times == ["2025-10-09T18:01:00Z", "2025-10-09T18:02:00Z"], (what, start)
            assert found["next"] is None


@pytest.mark.parametrize("what", ["bars", "footprint", "ticks"])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_follow_each_other_without_gap_or_overlap(client: FlaskClient, what: str, limit: int) -> None:
    lines = [f"2025-10-09T18:{i // 7:02d}:00Z,{1 + i % 3},1,{'buy' if i % 2 else 'sell'}" for i in range(40)]
    post(client, "X", *lines)  # seven ticks have each time
    whole = client.get(f"/api/v1/{what}/X").get_json()[what]
    found: list[dict[str, Any]] = []
    path: str | None = f"/api/v1/{what}/X?limit={limit}"
    while path is not None:
        answer = client.get(path)
        page = answer.get_json()
        if what != "footprint":
            assert len(page[what]) <= limit
        found += page[what]
        path = page["next"]
        assert answer.headers.get("X-Next") == path
        assert answer.headers.get("Link") == (f'<{path}>; rel="next"' if path else None)
    assert found == whole


def test_footprint_pages_end_with_a_bar(client: FlaskClient) -> None:
    post(client, "X", *(f"2025-10-09T18:{i // 4:02d}:00Z,{1 + i % 4},1,buy" for i in range(12)))
    page = client.get("/api/v1/footprint/X?limit=6").get_json()
    assert [row["time"] for row in page["footprint"]] == ["2025-10-09T18:00:00Z"] * 4
    assert page["next"] == "/api/v1/footprint/X?limit=6&cursor=1760032860000000000"


def test_pages_of_csv_have_the_address_of_the_next_in_the_head(client: FlaskClient) -> None:
    post(client, "X", *(f"2025-10-09T18:0{i}:00Z,1,1,buy" for i in range(5)))
    answer = client.get("/api/v1/bars/X?format=csv&limit=2")
    assert len(answer.text.splitlines()) == 3
    assert answer.headers["X-Next"].startswith("/api/v1/bars/X?format=csv&limit=2&cursor=")
    assert "X-Next" not in client.get("/api/v1/bars/X?format=csv").headers


def test_since_gives_only_the_bars_that_changed(client: FlaskClient) -> None:
    post(client, "X", *(f"2025-10-09T18:0{i}:00Z,1,1,buy" for i in range(5)))
    first = client.get("/api/v1/bars/X").get_json()
    assert (first["revision"], first["full"]) == (1, True)
    post(client, "X", "2025-10-09T18:04:30Z,3,1,buy", "2025-10-09T18:05:00Z,4,1,buy")
    for address in (f"/api/v1/bars/X?since=1&epoch={first['epoch']}", "/api/v1/bars/X?since=1"):
        changed = client.get(address).get_json()
        assert (changed["revision"], changed["full"]) == (2, False)
        assert [(bar["time"], bar["close"]) for bar in changed["bars"]] == [
            ("2025-10-09T18:04:00Z", 3),
            ("2025-10-09T18:05:00Z", 4),
        ]
    cells = client.get("/api/v1/footprint/X?since=1").get_json()
    assert {row["time"] for row in cells["footprint"]} == {"2025-10-09T18:04:00Z", "2025-10-09T18:05:00Z"}
    nothing = client.get("/api/v1/bars/X?since=2").get_json()
    assert (nothing["full"], nothing["bars"]) == (False, [])
    assert client.get("/api/v1/bars/X?since=2&format=csv").text.splitlines() == [",".join(BAR_COLUMNS)]


def test_a_late_tick_changes_the_running_columns_of_its_session_and_no_other(client: FlaskClient) -> None:
    days = ("08", "09", "10")
    post(client, "X", *(f"2025-10-{day}T18:0{i}:00Z,1,1,buy" for day in days for i in range(3)))
    assert client.get("/api/v1/bars/X").get_json()["revision"] == 1
    post(client, "X", "2025-10-09T18:01:30Z,2,1,buy")
    changed = client.get("/api/v1/bars/X?since=1").get_json()["bars"]
    assert [(bar["time"], bar["cvd"]) for bar in changed] == [("2025-10-09T18:01:00Z", 3), ("2025-10-09T18:02:00Z", 4)]
    merged = {bar["time"]: bar for bar in changed}
    for bar in client.get("/api/v1/bars/X").get_json()["bars"]:
        assert merged.get(bar["time"], bar) == bar


def test_a_late_tick_in_a_bar_no_longer_held_changes_the_running_columns_of_those_that_are(
    services: Services, client: FlaskClient
) -> None:
    held = services.settings.max_candles
    lines = [f"{1_790_035_200 + 60 * i},100,1,buy" for i in range(held + 3)]
    post(client, "X", *lines)
    before = client.get("/api/v1/bars/X?since=0").get_json()
    assert len(before["bars"]) == held
    post(client, "X", "1790035201,100,5,sell")
    after = client.get(f"/api/v1/bars/X?since={before['revision']}").get_json()
    assert [bar["time"] for bar in after["bars"]] == [bar["time"] for bar in before["bars"]]
    assert [bar["cvd"] for bar in after["bars"]] == [bar["cvd"] - 5 for bar in before["bars"]]


def test_another_epoch_or_a_future_revision_gives_all_bars(client: FlaskClient) -> None:
    post(client, "X", *(f"2025-10-09T18:0{i}:00Z,1,1,buy" for i in range(5)))
    epoch = client.get("/api/v1/bars/X").get_json()["epoch"]
    client.post("/reset?symbol=X")
    post(client, "X", *(f"2025-10-09T18:0{i}:00Z,1,1,buy" for i in range(3)))
    for query in (f"since=1&epoch={epoch}", "since=99", "since=0"):
        found = client.get(f"/api/v1/bars/X?{query}").get_json()
        assert (found["full"], len(found["bars"])) == (True, 3), query


def test_since_cannot_be_combined_with_pages(client: FlaskClient) -> None:
    post(client, "X", "2025-10-09T18:00:00Z,1,1,buy")
    answer = client.get("/api/v1/bars/X?since=1&limit=5")
    assert answer.status_code == 400
    assert answer.get_json()["errors"] == [{"loc": ["query", "limit"], "msg": "cannot be combined with since"}]


def test_frames_and_groups(client: FlaskClient) -> None:
    post(client, "X", *(f"2025-10-09T18:{i:02d}:00Z,{100 + i * 0.25},1,buy" for i in range(20)))
    assert len(table(client, "/api/v1/bars/X?frame=5m&format=csv")) == 4
    assert client.get("/api/v1/bars/X?frame=1T").get_json()["frame"] == "1min"
    rows = table(client, "/api/v1/footprint/X?frame=1h&group=4&format=csv")
    assert [(row["price"], row["trades"]) for row in rows] == [(str(100 + i), "4") for i in range(5)]


@pytest.mark.parametrize(
    ("query", "loc"),
    [
        ("frame=7min", "frame"), ("limit=0", "limit"), ("limit=x", "limit"), ("limit=200001", "limit"),
        ("limit=1.5", "limit"), ("start=yesterday", "start"), ("start=2025-13-01", "start"), ("end=-5", "end"),
        ("start=99999999999999999999", "start"), ("format=xlsx", "format"), ("group=0", "group"), ("limit=", "limit"),
        ("cursor=a", "cursor"), ("cursor=99999999999999999999", "cursor"), ("since=-1", "since"),
        ("frmae=1min", "frmae"), ("epoch=", "epoch"),
    ],
)  # fmt: skip
def test_bad_parameters_are_named(worked: FlaskClient, query: str, loc: str) -> None:
    answer = worked.get(f"/api/v1/bars/NQ?{query}")
    assert answer.status_code == 400
    assert [error["loc"] for error in answer.get_json()["errors"]] == [["query", loc]]


@pytest.mark.parametrize("what", ["bars", "footprint", "ticks"])
@pytest.mark.parametrize("kind", ["json", "csv", "parquet", "arrow"])
def test_an_unknown_symbol_is_404(worked: FlaskClient, what: str, kind: str) -> None:
    for query in ("", "&limit=5", "&start=1&end=2"):
        answer = worked.get(f"/api/v1/{what}/nq?format={kind}{query}")
        assert answer.status_code == 404
        assert "'nq'" in answer.get_json()["detail"]
    assert worked.get("/api/v1/bars/nq?since=5").status_code == 404


def test_a_span_without_ticks_is_an_empty_table(worked: FlaskClient) -> None:
    for what, columns in (("bars", BAR_COLUMNS), ("footprint", FOOTPRINT_COLUMNS), ("ticks", TICK_COLUMNS)):
        path = f"/api/v1/{what}/NQ?start=2024-01-01&end=2024-01-02"
        assert worked.get(path).get_json()[what] == []
        assert worked.get(f"{path}&format=csv").text == ",".join(columns) + "\n"
        assert ipc.open_stream(worked.get(f"{path}&format=arrow").data).read_all().num_rows == 0


@pytest.mark.parametrize("symbol", ["BTC/USDT", "/ES", "A:B-c.d_1"])
def test_symbols_may_have_slashes(client: FlaskClient, symbol: str) -> None:
    client.post("/tick", json={"timestamp": "2025-10-09T18:00:00Z", "price": 1, "size": 1, "symbol": symbol})
    for path in (symbol, symbol.replace("/", "%2F")):
        assert client.get(f"/api/v1/bars/{path}").get_json()["symbol"] == symbol


def test_symbols_lists_the_most_recently_active_first(client: FlaskClient) -> None:
    post(client, "A", "2025-10-09T18:00:00.5Z,10.25,1,buy", "2025-10-09T19:00:00Z,10.5,2,buy")
    post(client, "B", "2025-10-09T18:00:00Z,7,1,buy")
    found = client.get("/api/v1/symbols").get_json()["symbols"]
    assert [row["symbol"] for row in found] == ["B", "A"]
    assert found[1] == {
        "symbol": "A",
        "ticks": 2,
        "first": "2025-10-09T18:00:00.500Z",
        "last": "2025-10-09T19:00:00Z",
        "price": 10.5,
        "tick_size": 0.25,
        "session": "UTC 00:00",
        "revision": 1,
    }


def test_an_instrument_is_set_and_stays_set(client: FlaskClient) -> None:
    path = "/api/v1/symbols/NQ"
    nothing = {"symbol": "NQ", "tick_size": None, "size_step": None, "session": None, "negative_prices": None}
    assert client.get(path).get_json() == nothing
    body = {"tick_size": 0.25, "size_step": "0.001", "session": "America/Chicago 17:00"}
    expected = {**nothing, "tick_size": 0.25, "size_step": 0.001, "session": "America/Chicago 17:00"}
    assert client.put(path, json=body).get_json() == expected
    assert client.put(path, json={"tick_size": "0.05"}).get_json() == {**expected, "tick_size": 0.05}
    post(client, "NQ", "2025-10-09T21:59:59Z,10,1,buy", "2025-10-09T22:00:00Z,10,1,buy")
    assert client.get("/api/v1/symbols").get_json()["symbols"][0]["tick_size"] == 0.05
    assert [bar["cvd"] for bar in client.get("/api/v1/bars/NQ").get_json()["bars"]] == [1, 1]  # a session began


@pytest.mark.parametrize(
    "body",
    ['{"tick_size": 0}', '{"tick_size": -1}', '{"tick_size": "NaN"}', '{"tick_size": "x"}', '{"tick": 1}', "[]",
     '{"tick_size": 1e999999999}', '{"tick_size": "1e-40"}', '{"size_step": true}', '{"session": "Mars 17:00"}',
     '{"session": 5}', "{", ""],
)  # fmt: skip
def test_a_bad_instrument_is_refused(client: FlaskClient, body: str) -> None:
    answer = client.put("/api/v1/symbols/NQ", data=body, content_type="application/json")
    assert answer.status_code == 400, answer.text
    assert set(client.get("/api/v1/symbols/NQ").get_json().values()) == {"NQ", None}


def test_a_tick_size_that_would_round_held_ticks_is_a_conflict(client: FlaskClient) -> None:
    post(client, "NQ", "2025-10-09T18:00:00Z,10.1,1,buy")
    answer = client.put("/api/v1/symbols/NQ", json={"tick_size": 0.25})
    assert answer.status_code in (400, 409)
    assert "0.1" in answer.get_json()["detail"] or "0.25" in answer.get_json()["detail"]


def test_stats_of_nothing_of_one_and_of_the_active_symbol(client: FlaskClient) -> None:
    empty = client.get("/stats").get_json()
    assert (empty["symbol"], empty["ticks"], empty["low"], empty["last"]) == (None, 0, None, None)
    post(client, "A", "2025-10-09T18:00:00Z,10,1,buy", "2025-10-09T18:01:30Z,12,2,sell", "2025-10-09T18:00:30Z,9,1,")
    post(client, "B", "2025-10-09T18:00:00Z,1,1,buy")
    assert client.get("/stats").get_json()["symbol"] == "B"
    found = client.get("/stats?symbol=A").get_json()
    expected = {
        "symbol": "A", "symbols": 2, "ticks": 3, "candles": 2, "low": 9, "high": 12, "volume": 4, "late": 1,
        "last": "2025-10-09T18:01:30Z", "duplicates": 0, "id_conflicts": 0, "missing_ids": 0, "rejected": 0,
        "id_conflicts_among": 3, "evicted": 0, "revision": 1,
        "rules": {"flag": 2, "volumes": 0, "quote": 0, "tick": 1, "none": 0},
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected
    assert client.get("/stats?symbol=C").status_code == 404


def test_reset_forgets_one_symbol_or_everything(client: FlaskClient) -> None:
    for symbol in "AB":
        post(client, symbol, "2025-10-09T18:00:00Z,10,1,buy")
    assert client.post("/reset?symbol=A").get_json() == {"status": "reset", "symbol": "A"}
    assert client.get("/api/v1/bars/A").status_code == 404
    assert client.get("/api/v1/bars/B").status_code == 200
    assert client.post("/reset?symbol=A").status_code == 404
    assert client.post("/reset").get_json() == {"status": "reset", "symbol": None}
    assert client.get("/api/v1/symbols").get_json() == {"symbols": []}


def test_home_leads_to_the_chart_and_health_is_healthy(client: FlaskClient) -> None:
    home = client.get("/")
    assert (home.status_code, home.headers["Location"]) == (302, "/chart/")
    assert client.get("/health").get_json() == {"status": "healthy"}


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/tick", 405, "OPTIONS, POST"),
        ("DELETE", "/ticks", 405, "OPTIONS, POST"),
        ("POST", "/stats", 405, "GET, HEAD, OPTIONS"),
        ("POST", "/api/v1/bars/NQ", 405, "GET, HEAD, OPTIONS"),
        ("DELETE", "/api/v1/symbols/NQ", 405, "GET, HEAD, OPTIONS, PUT"),
        ("PUT", "/health", 405, "GET, HEAD, OPTIONS"),
        ("GET", "/nowhere", 404, None),
        ("GET", "/api/", 404, None),
        ("GET", "/api/v2/bars/NQ", 404, None),
        ("POST", "/ws/ITEM_00", 405, "GET, HEAD, OPTIONS"),
        ("POST", "/ws/no/thing", 404, None),
        ("GET", "/ws/bars/NQ", 426, None),
        ("GET", "/ticks/", 404, None),
    ],
)
def test_wrong_methods_and_addresses(
    client: FlaskClient, method: str, path: str, status: int, allow: str | None
) -> None:
    answer = client.open(path, method=method)
    assert (answer.status_code, answer.headers.get("Allow")) == (status, allow)
    assert set(answer.get_json()) == {"detail"}


def test_head_and_options_work(worked: FlaskClient) -> None:
    head = worked.head("/api/v1/bars/NQ")
    assert (head.status_code, head.data) == (200, b"")
    for path, allow in [("/api/v1/symbols/NQ", "GET, HEAD, OPTIONS, PUT"), ("/tick", "OPTIONS, POST")]:
        options = worked.options(path)
        assert (options.status_code, options.headers["Allow"]) == (204, allow)


def test_studies_are_those_of_the_registry_with_their_options(client: FlaskClient) -> None:
    found = client.get("/api/v1/studies").get_json()["studies"]
    assert [(study["name"], study["title"], study["rule"]) for study in found] == [
        (study.name, study.title, study.rule) for study in STUDIES
    ]
    options = {(study["name"], option["name"]): option for study in found for option in study["options"]}
    assert set(options) == {(study.name, option.name) for study in STUDIES for option in study.options}
    assert options["stacked", "stack"] == {
        "name": "stack", "meaning": "ticks that a run needs at least", "default": 3, "least": 2, "most": 100,
        "choices": [],
    }  # fmt: skip
    assert options["imbalance", "ratio"]["default"] == 3
    assert options["imbalance", "ratio"]["least"] == 0.01
    assert options["vwap", "bands"]["default"] == [1, 2, 3]
    assert options["big_trades", "fixed"]["default"] is None
    assert [choice["value"] for choice in options["value_area", "rows"]["choices"]] == [2, 1]


def test_the_studies_answer_fits_its_schema(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()
    content = document["paths"]["/api/v1/studies"]["get"]["responses"]["200"]["content"]["application/json"]
    Draft202012Validator(content["schema"]).validate(client.get("/api/v1/studies").get_json())


def test_a_page_of_bars_without_a_limit_has_a_bound_and_a_next_one(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(market_api.PAGE_ROWS, "bars", 4)
    post(client, "NQ", *(f"2025-10-09T18:{minute:02d}:00Z,{10 + minute},1,buy" for minute in range(10)))
    found, url, pages = [], "/api/v1/bars/NQ", 0
    while url is not None:
        page = client.get(url).get_json()
        found += [bar["time"] for bar in page["bars"]]
        url, pages = page["next"], pages + 1
    assert (len(found), len(set(found)), pages) == (10, 10, 3)
    assert len(client.get("/api/v1/bars/NQ?limit=10").get_json()["bars"]) == 10
    assert client.get("/api/v1/bars/NQ?format=csv").data.count(b"\n") == 11
