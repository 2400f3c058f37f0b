"""Uploads over HTTP: the contract's routes, atomic replacement and undo, limits, and whose data it is."""

from __future__ import annotations

import errno
import gzip
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow.feather as feather
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from orderflow.services import Services, build_services
from orderflow.settings.settings import Settings
from orderflow.web.app import create_server
from orderflow.web.workspace.custom_api import CustomApi
from orderflow.web.workspace.uploads_api import UploadsApi
from orderflow.workspace.uploads import spool as spools
from orderflow.workspace.uploads.slots import Slots
from tests.web.accounts.conftest import ANN, BOB, bearer, login, register, server_of

CANDLES = """timestamp,open,high,low,close,volume
2024-01-01 00:00:00,10.5,11,10,10.75,100
2024-01-01 00:01:00,10.75,12.25,10.5,12,50.5
2024-01-01 00:02:00,12,12,11.5,11.75,7
"""
LATER = CANDLES.replace(" 00:0", " 00:1")
SIGNALS = "timestamp,type,price,label,color,icon\n2024-01-01 00:00:30,buy,10.50,=1+1,green,arrow-up\n"
BAD = CANDLES.replace("12,12,11.5", "12,11,11.5")


@pytest.fixture
def make_client(make_services: Callable[..., Services]) -> Callable[..., FlaskClient]:
    return lambda **settings: create_server(make_services(**settings)).test_client()


@pytest.fixture(scope="module")
def shared() -> Iterator[FlaskClient]:
    """A client of one server for this module."""
    services = build_services(Settings.of(ephemeral=True, ticker_count=0, feeds=()))
    services.start()
    yield create_server(services).test_client()
    services.stop()


@pytest.fixture
def client(shared: FlaskClient) -> Iterator[FlaskClient]:
    """A client of a server without uploads."""
    yield shared
    for name in {each["name"] for each in shared.get("/data/custom").json}:
        shared.delete(f"/data/custom/{quote(name)}")


def send(client: FlaskClient, data: str | bytes, kind: str = "ohlcv", query: str = "", **options: Any) -> TestResponse:
    """Upload a file as a form. headers: of the request; others are fields."""
    headers, filename = options.pop("headers", {}), options.pop("filename", "btc.csv")
    body = data.encode() if isinstance(data, str) else data
    form = {"file": (io.BytesIO(body), filename), **options}
    return client.post(f"/data/upload/{kind}{query}", data=form, headers=headers)


def times(answer: TestResponse) -> list[int]:
    return [row["time"] for row in answer.json["klines"]]


def test_candles_as_the_source_system_sends_them(client: FlaskClient) -> None:
    answer = send(client, CANDLES)
    assert answer.status_code == 201, answer.text
    assert answer.json | {"notes": []} == {
        "kind": "ohlcv", "name": "btc", "timeframe": "1m", "rows": 3, "total": 3, "first": 1704067200000,
        "last": 1704067320000, "refused": 0, "report": None, "newest_first": False,
        "unit": "a date or time without a zone", "notes": [], "undo": False,
    }  # fmt: skip
    (listed,) = client.get("/data/custom").json
    assert (listed["kind"], listed["name"], listed["rows"], listed["source"]) == ("ohlcv", "btc", 3, "btc.csv")
    found = client.get("/data/custom/btc/ohlcv").json
    assert found["klines"][1] == {
        "time": 1704067260000, "open": 10.75, "high": 12.25, "low": 10.5, "close": 12.0, "volume": 50.5, "trades": None,
        "taker_buy_volume": None, "closed": True,
    }  # fmt: skip
    assert client.delete("/data/custom/btc").status_code == 204
    assert client.get("/data/custom").json == []
    assert client.get("/data/custom/btc/ohlcv").status_code == 404
    assert client.delete("/data/custom/btc").status_code == 404


def test_signals_as_the_source_system_sends_them(client: FlaskClient) -> None:
    answer = send(client, SIGNALS, "signals", name="bot")
    assert (answer.status_code, answer.json["name"], answer.json["rows"]) == (201, "bot", 1)
    (row,) = client.get("/data/custom/bot/signals").json["signals"]
    assert row == {
        "time": 1704067230000, "timestamp": "2024-01-01T00:00:30Z", "type": "buy", "side": 1, "price": 10.5,
        "label": "=1+1", "color": "green", "icon": "arrow-up", "stop": None, "target": None,
    }  # fmt: skip
    text = client.get("/data/custom/bot/signals?format=csv").text
    assert text.splitlines()[1] == "2024-01-01T00:00:30Z,buy,10.5,'=1+1,green,arrow-up,,"
    send(client, CANDLES, name="bot")
    assert [each["kind"] for each in client.get("/data/custom").json] == ["ohlcv", "signals"]
    assert client.delete("/data/custom/bot").status_code == 204
    assert client.get("/data/custom").json == []


@pytest.mark.parametrize("compressed", [False, True])
def test_the_body_can_be_the_file_itself(client: FlaskClient, compressed: bool) -> None:
    data = gzip.compress(CANDLES.encode()) if compressed else CANDLES.encode()
    path = "/data/upload/ohlcv?filename=my%20file.csv.gz&timeframe=5m"
    answer = client.post(path, data=data, content_type="application/octet-stream")
    assert (answer.status_code, answer.json["name"], answer.json["timeframe"]) == (201, "my file", "5m")


def test_any_bad_row_refuses_the_file_and_is_named(client: FlaskClient) -> None:
    send(client, CANDLES)
    answer = send(client, BAD)
    assert answer.status_code == 422
    assert answer.json["detail"] == (
        "1 of 3 rows are refused and nothing was taken; first line 4, high: 11 is below the low 11.5"
    )
    assert answer.json["errors"] == [{"loc": ["body", "high"], "msg": "11 is below the low 11.5 (line 4)"}]
    assert len(times(client.get("/data/custom/btc/ohlcv"))) == 3
    assert client.get(answer.json["report"]).text == "line,column,reason\n4,high,11 is below the low 11.5\n"
    skipped = send(client, BAD, query="?on_error=skip")
    assert (skipped.status_code, skipped.json["rows"], skipped.json["refused"]) == (201, 2, 1)
    assert client.get(skipped.json["report"]).status_code == 200


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("", "empty"),
        ("a,b\n1,2\n", "there is no column for time, open, high, low, close"),
        ("timestamp,open,high,low,close,volume\n", "no rows"),
        ("<html>", "web page"),
        (b"PK\x03\x04" + bytes(50), "damaged"),
    ],
)
def test_what_is_no_table_is_refused_in_words(client: FlaskClient, data: str | bytes, why: str) -> None:
    answer = send(client, data)
    assert answer.status_code == 422
    assert why in answer.json["detail"]


def test_a_replacement_is_undone(client: FlaskClient) -> None:
    send(client, CANDLES)
    assert client.post("/data/custom/btc/undo").status_code == 409
    assert send(client, LATER, mode="replace").json["undo"]
    assert times(client.get("/data/custom/btc/ohlcv"))[0] == 1704067800000
    undone = client.post("/data/custom/btc/undo")
    assert (undone.status_code, undone.json["first"], undone.json["undo"]) == (200, 1704067200000, True)
    client.post("/data/custom/btc/undo")
    assert times(client.get("/data/custom/btc/ohlcv"))[0] == 1704067800000


def test_what_is_added_is_after_what_is_there_and_is_undone(client: FlaskClient) -> None:
    send(client, CANDLES)
    added = send(client, LATER, mode="append")
    assert (added.json["rows"], added.json["total"]) == (3, 6)
    assert send(client, LATER, mode="append").status_code == 409
    assert len(times(client.get("/data/custom/btc/ohlcv"))) == 6
    assert client.post("/data/custom/btc/undo").json["rows"] == 3
    send(client, SIGNALS, "signals")
    assert send(client, SIGNALS, "signals", mode="append").json["total"] == 2
    assert client.post("/data/custom/btc/undo?kind=signals").json["rows"] == 1


def test_pages_lead_back_from_the_newest_or_on_from_a_start(client: FlaskClient) -> None:
    rows = "".join(f"{1704067200 + 60 * row},1,1,1,1,1\n" for row in range(25))
    send(client, CANDLES.splitlines()[0] + "\n" + rows)
    send(client, SIGNALS.splitlines()[0] + "\n" + "".join(f"{1704067200 + row // 3},buy,,,,\n" for row in range(25)),
         "signals")  # fmt: skip
    for path, field in (("/data/custom/btc/ohlcv", "klines"), ("/data/custom/btc/signals", "signals")):
        whole = client.get(f"{path}?start=2024-01-01").json[field]
        for start in ("", "&start=2024-01-01"):
            pages, cursor = [], ""
            while cursor is not None:
                page = client.get(f"{path}?limit=10{start}{f'&cursor={cursor}' if cursor else ''}").json
                pages.append(page[field])
                cursor = page["next_cursor"]
            assert [len(page) for page in pages] == [10, 10, 5]
            assert [row for page in (pages if start else pages[::-1]) for row in page] == whole
        first = client.get(f"{path}?limit=10").json["next_cursor"]
        send(client, CANDLES if field == "klines" else SIGNALS, "ohlcv" if field == "klines" else "signals")
        assert client.get(f"{path}?cursor={first}").status_code == 400
        assert client.get(f"{path}?cursor=nonsense").status_code == 400
    inside = client.get("/data/custom/btc/ohlcv?start=2024-01-01T00:00:30Z&end=2024-01-01T00:02:00Z")
    assert times(inside) == [1704067260000]


def test_exports_are_exact(client: FlaskClient) -> None:
    send(client, CANDLES.replace("10.5,11", "10.123456789012345,11"))
    answer = client.get("/data/custom/btc/ohlcv?format=csv")
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''btc-1m.csv"
    assert answer.text.splitlines()[:2] == [
        "timestamp,open,high,low,close,volume", "2024-01-01T00:00:00Z,10.123456789012345,11,10,10.75,100",
    ]  # fmt: skip
    table = feather.read_table(io.BytesIO(client.get("/data/custom/btc/ohlcv?format=feather").data))
    texts = ["10.123456789012345", "10.750000000000000", "12.000000000000000"]
    assert [str(value) for value in table["open"].to_pylist()] == texts
    assert table["timestamp"][0].as_py().isoformat() == "2024-01-01T00:00:00+00:00"
    assert table["trades"].null_count == table["taker_buy_volume"].null_count == 3
    send(client, client.get("/data/custom/btc/ohlcv?format=csv").data, name="again")
    assert client.get("/data/custom/again/ohlcv").json["klines"] == client.get("/data/custom/btc/ohlcv").json["klines"]
    send(client, SIGNALS, "signals")
    signals = feather.read_table(io.BytesIO(client.get("/data/custom/btc/signals?format=feather").data))
    assert signals["label"].to_pylist() == ["=1+1"]


def test_a_file_is_looked_at_mapped_by_hand_and_taken_without_sending_it_again(client: FlaskClient) -> None:
    odd = CANDLES.replace("timestamp,open,high,low,close,volume", "a,b,k,d,e,f")
    look = send(client, odd, "preview").json
    assert "there is no column for time" in look["problem"]
    assert look["header"] == ["a", "b", "k", "d", "e", "f"]
    assert look["raw"][0][1] == "10.5"
    columns = json.dumps({"time": "a", "open": "b", "high": "k", "low": "d", "close": "e", "volume": "f"})
    path = f"/data/upload/preview?upload={look['upload']}&columns={quote(columns)}"
    mapped = client.post(path).json
    assert (mapped["problem"], mapped["rows"], mapped["timeframe"], mapped["order"]) == ("", 3, "1m", "oldest first")
    assert mapped["columns"]["open"] == {"number": 2, "name": "b"}
    assert mapped["taken"][0]["open"] == 10.5
    taken = client.post(f"/data/upload/ohlcv?upload={look['upload']}&name=odd&columns={quote(columns)}")
    assert (taken.status_code, taken.json["rows"]) == (201, 3)
    assert client.post(f"/data/upload/ohlcv?upload={look['upload']}").status_code == 404
    assert send(client, odd, name="next").json["rows"] == 3  # the mapping of this header is remembered
    assert send(client, odd, "preview").json["options"] == {"columns": columns}


def test_a_preview_shows_fifty_rows_and_what_is_refused(client: FlaskClient) -> None:
    rows = "".join(f"{1704067200 + 60 * row},1,1,1,1,{'x' if row == 5 else 1}\n" for row in range(80))[::-1]
    text = CANDLES.splitlines()[0] + "\n" + "\n".join(line[::-1] for line in rows.strip().split("\n")) + "\n"
    look = send(client, text, "preview").json
    assert (len(look["raw"]), len(look["taken"])) == (50, 50)
    assert (look["order"], look["unit"], look["refused"]) == ("newest first", "epoch in s", 1)
    assert look["errors"] == [{"line": 76, "column": "volume", "reason": "'x' is not a number"}]
    assert look["reasons"] == {"volume: is not a number": 1}
    assert client.get("/data/custom").json == []


def test_time_frames_of_a_name_are_kept_apart(client: FlaskClient) -> None:
    send(client, CANDLES)
    send(client, CANDLES, timeframe="1h")
    assert client.get("/data/custom/btc/ohlcv").status_code == 409
    assert client.get("/data/custom/btc/ohlcv?timeframe=1h").json["timeframe"] == "1h"
    assert send(client, CANDLES, timeframe="tomorrow").status_code == 422


def test_users_do_not_see_each_other(make_client: Callable[..., FlaskClient]) -> None:
    client = make_client(accounts="required")
    assert send(client, CANDLES).status_code == 401
    assert client.get("/data/custom").status_code == 401
    for user in (ANN, BOB):
        register(client, user)
    ann, bob = (bearer(login(client, user)) for user in (ANN, BOB))
    refused = send(client, BAD, headers=ann).json["report"]
    look = send(client, CANDLES, "preview", headers=ann).json["upload"]
    assert send(client, CANDLES, headers=ann).status_code == 201
    assert send(client, LATER, headers=ann).status_code == 201
    assert send(client, SIGNALS, "signals", headers=ann).status_code == 201
    assert client.get("/data/custom", headers=bob).json == []
    for method, path in (
        ("GET", "/data/custom/btc/ohlcv"), ("GET", "/data/custom/btc/signals"), ("POST", "/data/custom/btc/undo"),
        ("DELETE", "/data/custom/btc"), ("GET", refused), ("POST", f"/data/upload/ohlcv?upload={look}"),
        ("GET", "/data/custom/btc/ohlcv?format=csv"), ("GET", "/data/custom/btc/signals?format=feather"),
        ("POST", f"/data/upload/preview?upload={look}"), ("POST", "/data/custom/btc/undo?kind=signals"),
    ):  # fmt: skip
        assert client.open(path, method=method, headers=bob).status_code == 404, path
    cursor = client.get("/data/custom/btc/ohlcv?limit=1", headers=ann).json["next_cursor"]
    send(client, CANDLES, headers=bob)
    assert client.get(f"/data/custom/btc/ohlcv?cursor={cursor}", headers=bob).status_code == 400
    assert client.get(refused, headers=ann).status_code == 200
    assert len(client.get("/data/custom", headers=ann).json) == 2
    exported = client.get("/auth/export", headers=ann).json["uploads"]
    assert [each["name"] for each in exported["candles"]] == list(exported["signals"]) == ["btc"]
    deleted = client.post("/auth/delete", json={"password": ANN["password"]}, headers=ann)
    assert deleted.status_code in (200, 204), deleted.text
    (library,) = {
        each._library for each in server_of(client).extensions["orderflow.apis"] if isinstance(each, CustomApi)
    }
    assert len(library.owners()) == 1  # Bob


def test_limits_of_a_user(make_client: Callable[..., FlaskClient]) -> None:
    client = make_client(upload_rows=5, upload_max=2000)
    assert send(client, CANDLES).status_code == 201
    more = send(client, CANDLES, name="more")
    assert (more.status_code, more.json["detail"][:23]) == (413, "that would make 6 rows,")
    assert [each["name"] for each in client.get("/data/custom").json] == ["btc"]
    assert send(client, CANDLES + "#" * 3000).status_code == 413
    big = client.post("/data/upload/ohlcv", data=b"x" * 3000, content_type="text/csv")
    assert big.status_code == 413
    bomb = gzip.compress(CANDLES.encode() + b"\n" * 100_000)
    assert (len(bomb) < 2000, send(client, bomb).status_code) == (True, 413)


def part(disposition: str, data: bytes, end: bytes = b"\r\n--x--\r\n") -> bytes:
    return f"--x\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + data + end


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (part('name="file"; filename="a.csv"', b"cut", b""), "multipart/form-data; boundary=x"),
        (b"no boundary anywhere" * 10, "multipart/form-data; boundary=x"),
        (b"x", "multipart/form-data"),
        (part('name="name"', b"v"), "multipart/form-data; boundary=x"),
        (part('name="name"', b"v" * 70_000), "multipart/form-data; boundary=x"),
        (part('id="name"', b"v"), "multipart/form-data; boundary=x"),
        (b"", "text/csv"),
    ],
    ids=["cut", "no-boundary", "none-named", "no-file", "long-field", "no-name", "empty"],
)
def test_damaged_bodies_are_refused(client: FlaskClient, body: bytes, kind: str) -> None:
    answer = client.post("/data/upload/ohlcv", data=body, content_type=kind)
    assert answer.status_code == 400, answer.text
    assert client.get("/data/custom").json == []


def test_two_files_in_one_form_are_refused(client: FlaskClient) -> None:
    form = {"file": (io.BytesIO(b"a"), "a.csv"), "other": (io.BytesIO(b"b"), "b.csv")}
    assert client.post("/data/upload/ohlcv", data=form).status_code == 400


def test_names_are_no_paths(client: FlaskClient) -> None:
    assert send(client, CANDLES, filename="../../etc/passwd.csv").json["name"] == "passwd"
    raw = client.post("/data/upload/ohlcv?filename=C:%5Cdata%5Cx.csv", data=CANDLES, content_type="text/csv")
    assert raw.json["name"] == "x"
    assert send(client, CANDLES, name="a/b").status_code == 422
    assert send(client, CANDLES, name="<b>'; DROP TABLE series; --").status_code == 201
    assert client.get("/data/custom/" + quote("<b>'; DROP TABLE series; --") + "/ohlcv").status_code == 200


def test_a_full_disk_keeps_what_was_there_and_leaves_nothing(
    make_client: Callable[..., FlaskClient], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client(ephemeral=False, data_dir=tmp_path)
    assert send(client, CANDLES).status_code == 201

    def full(incoming: spools.Incoming, data: bytes) -> None:
        raise incoming._spool._failed(OSError(errno.ENOSPC, "No space left on device"))

    monkeypatch.setattr(spools.Incoming, "write", full)
    answer = send(client, LATER)
    assert answer.status_code == 507
    assert "the disk is full" in answer.json["detail"]
    assert times(client.get("/data/custom/btc/ohlcv"))[0] == 1704067200000
    assert list((tmp_path / "uploads").iterdir()) == []


def test_a_file_stays_until_it_is_read(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of twelve files that came at once, one was removed while it waited for its turn: 500."""
    run = Slots.run

    def crowded(self: Slots, user: str, fn: Callable[[], Any]) -> Any:
        for held in list(library.spool._held.values()):
            library.spool.drop(held)  # as for a later file of the user, or for room
        return run(self, user, fn)

    library = client.application.extensions["orderflow.apis"]
    library = next(each._library for each in library if isinstance(each, UploadsApi))
    monkeypatch.setattr(Slots, "run", crowded)
    assert send(client, CANDLES).status_code == 201
    assert client.post("/data/upload/preview?kind=ohlcv", data=CANDLES).status_code == 200
    assert client.post("/data/upload/file", data=CANDLES).status_code == 201
    assert not library.spool._held
    assert not library.spool._unwanted


def test_ticks_go_to_the_market(make_client: Callable[..., FlaskClient]) -> None:
    client = make_client()
    ticks = "timestamp,price,size,side\n" + "".join(f"{1704067200000 + row},100.5,1,buy\n" for row in range(10))
    answer = send(client, ticks, "ticks", filename="ES-2024.csv", symbol="ES")
    assert answer.status_code == 201, answer.text
    assert (answer.json["symbols"], answer.json["accepted"], answer.json["refused"]) == (["ES"], 10, 0)
    assert client.get("/stats?symbol=ES").json["ticks"] == 10
    send(client, ticks, "ticks", filename="ES-2024.csv", symbol="ES")
    assert client.get("/stats?symbol=ES").json["ticks"] == 10  # sent again
    assert client.post("/reset?symbol=ES").status_code == 200
    assert send(client, ticks, "ticks", filename="ES-2024.csv", symbol="ES").json["accepted"] == 10
    assert client.get("/stats?symbol=ES").json["ticks"] == 10  # sent again after it was deleted
    bad = send(client, ticks + "x,1,1,buy\n", "ticks", symbol="NQ")
    assert (bad.status_code, "line 12" in bad.json["detail"]) == (422, True)
    assert client.get("/api/v1/symbols").json["symbols"][0]["symbol"] == "ES"
    assert send(client, ticks + "x,1,1,buy\n", "ticks", symbol="NQ", on_error="skip").json["accepted"] == 10
    locked = make_client(api_key="a key of the operator")
    assert send(locked, ticks, "ticks").status_code == 401


def test_ticks_are_read_as_the_parameters_say(make_client: Callable[..., FlaskClient]) -> None:
    client = make_client()
    rows = "".join(f"x;{100 + row};2;31-12-2023 23|59|{row:02d};S\n" for row in range(10))
    table = {
        "no_header": "yes", "columns": "price=2,size=3,time=4,side=5", "time_format": "%d-%m-%Y %H|%M|%S",
        "side_words": "sell=s", "symbol": "ES",
    }  # fmt: skip
    assert send(client, rows, "ticks", symbol="ES").status_code == 422
    answer = send(client, rows, "ticks", **table)
    assert (answer.status_code, answer.json.get("accepted")) == (201, 10), answer.text
    batch = make_client().post("/ticks", data=rows, content_type="text/csv", query_string=table)
    assert batch.json["accepted"] == 10  # as POST /ticks reads them
    first = client.get("/api/v1/ticks/ES?limit=1").json["ticks"][0]
    assert (first["price"], first["size"], first["side"]) == (100, 2, "sell")
    wrong = send(client, rows, "ticks", columns="colour=1")
    assert (wrong.status_code, "colour" in wrong.json["detail"]) == (422, True)


def test_ticks_are_read_by_a_format_of_the_settings(make_client: Callable[..., FlaskClient]) -> None:
    table = {"columns": "time=When,price=Px,size=Lots,side=Dir", "date_order": "dmy", "side_words": "buy=L sell=K"}
    client = make_client(formats={"mine": table, "other": {}})
    rows = "When,Px,Lots,Dir\n" + "".join(f"01/02/2024 10:00:{row:02d},{100 + row},2,K\n" for row in range(10))
    answer = send(client, rows, "ticks", format="mine", symbol="ES")
    assert (answer.status_code, answer.json.get("accepted")) == (201, 10), answer.text
    first = client.get("/api/v1/ticks/ES?limit=1").json["ticks"][0]
    assert (first["time"], first["side"]) == ("2024-02-01T10:00:00Z", "sell")
    unknown = send(client, rows, "ticks", format="yours", symbol="ES")
    assert (unknown.status_code, "the formats are mine, other, " in unknown.json["detail"]) == (422, True)


def test_files_are_gone_when_their_time_is_over(
    make_client: Callable[..., FlaskClient], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client(ephemeral=False, data_dir=tmp_path)
    first = send(client, CANDLES, "preview").json["upload"]
    for _ in range(3):
        send(client, CANDLES, "preview")
    assert len(list((tmp_path / "uploads").iterdir())) == 3
    assert client.post(f"/data/upload/preview?upload={first}").status_code == 404
    monkeypatch.setattr(spools, "SECONDS", -1.0)
    send(client, CANDLES)
    assert list((tmp_path / "uploads").iterdir()) == []


def test_too_many_uploads_at_once_are_told_to_wait(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spools, "MOST_FILES", 0)
    answer = send(client, CANDLES)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")


def test_signals_are_studied_on_candles_and_on_ticks(make_client: Callable[..., FlaskClient]) -> None:
    client = make_client()
    rows = [f"{1704067200 + 60 * row},{100 + row},{101 + row},{100 + row},{101 + row},1" for row in range(200)]
    send(client, CANDLES.splitlines()[0] + "\n" + "\n".join(rows))
    marks = "".join(f"{1704067230 + 600 * row},{'sell' if row % 2 else 'buy'}\n" for row in range(16))
    send(client, "time,type\n" + marks + "1704077000,hold\n", "signals")
    path = "/data/custom/btc/study?horizons=1m,10m"
    found = client.get(path).json
    assert (found["signals"], found["left_out"], [row["horizon"] for row in found["horizons"]]) == (
        16, {"without a side": 1}, ["1m", "10m"],
    )  # fmt: skip
    assert found["horizons"][0]["hit_rate"] == 0.5  # prices only rise
    assert client.get(f"{path}&format=csv").text.startswith("horizon,signals,beyond,")
    assert len(client.get(f"{path}&format=outcomes").text.splitlines()) == 1 + 32
    ticks = "timestamp,price,size\n" + "".join(f"{1704067200000 + 60_000 * row},{100 + row},1\n" for row in range(200))
    send(client, ticks, "ticks", symbol="BTC")
    on_ticks = client.get(f"{path}&ticks=BTC").json["horizons"]
    assert [row["hit_rate"] for row in on_ticks] == [0.5, 0.5]
    for query, status in (
        ("horizons=soon", 400),
        ("horizons=999999w", 400),
        ("candles=none", 404),
        ("ticks=NONE", 404),
    ):
        refused = client.get(f"/data/custom/btc/study?{query}")
        assert refused.status_code == status
        assert ("horizons" in query) == ("horizons" in json.dumps(refused.json.get("errors")))
    assert client.get("/data/custom/btc/study?horizons=5000w").json["horizons"][0]["beyond"] == 16
    assert client.get("/data/custom/none/study").status_code == 404
