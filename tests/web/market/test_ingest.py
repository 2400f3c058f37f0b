"""POST /tick and POST /ticks: all formats and all errors; a batch is taken whole or not at all."""

from __future__ import annotations

import gc
import gzip
import json
import threading
import time
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from orderflow.errors import Busy, StorageFailed
from orderflow.formats import ParsedTicks, bodies
from orderflow.formats.json_rows import JsonRows
from orderflow.services import Services
from orderflow.web.app import create_server
from orderflow.web.market import ingest
from orderflow.web.market.ingest import LANES, Turns

SEED = {"Timestamp": "2025-10-09 18:00:00.032", "Precio": "25263,25", "Volumen": 2, "Lado": "BID"}
TICK = {"timestamp": "2025-10-09T18:00:00.032Z", "price": 25263.25, "size": 2, "side": "sell"}
CSV = b"timestamp,price,size,side\n2025-10-09T18:00:00Z,10.5,1,buy\n2025-10-09T18:00:01Z,10.25,2,sell\n"
CSV_TYPE = {"Content-Type": "text/csv"}


def ticks_of(client: FlaskClient, symbol: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.get(f"/api/v1/ticks/{symbol}").get_json()["ticks"]
    return rows


@pytest.mark.parametrize("body", [SEED, TICK, {**TICK, "timestamp": 1760032800032}, {**TICK, "price": "25263.25"}])
def test_one_tick_in_every_spelling(client: FlaskClient, body: dict[str, Any]) -> None:
    answer = client.post("/tick", json=body)
    assert (answer.status_code, answer.get_json()) == (202, {"accepted": 1, "revision": 1})
    assert ticks_of(client, "DEFAULT") == [
        {
            "time": "2025-10-09T18:00:00.032Z",
            "price": 25263.25,
            "size": 2,
            "side": "sell",
            "side_rule": "flag",
            "id": None,
        }
    ]


def test_symbol_comes_from_the_tick_then_from_the_query_then_is_default(client: FlaskClient) -> None:
    client.post("/tick?symbol=NQ", json={**TICK, "symbol": "ES"})
    client.post("/tick?symbol=NQ", json=TICK)
    client.post("/tick", json=TICK)
    assert [row["symbol"] for row in client.get("/api/v1/symbols").get_json()["symbols"]] == ["DEFAULT", "NQ", "ES"]


def test_naive_times_are_utc_unless_tz_says_otherwise(client: FlaskClient) -> None:
    client.post("/tick?symbol=A", json={**TICK, "timestamp": "2025-10-09T18:00:00"})
    client.post("/tick?symbol=B&tz=America/Chicago", json={**TICK, "timestamp": "2025-10-09T18:00:00"})
    assert ticks_of(client, "A")[0]["time"] == "2025-10-09T18:00:00Z"
    assert ticks_of(client, "B")[0]["time"] == "2025-10-09T23:00:00Z"


def test_side_flag_takes_only_given_sides(client: FlaskClient) -> None:
    quoted = {"timestamp": "2025-10-09T18:00:00Z", "price": 10, "size": 1, "bid": 9, "ask": 10}
    client.post("/tick?symbol=A", json=quoted)
    client.post("/tick?symbol=B&side=flag", json=quoted)
    assert (ticks_of(client, "A")[0]["side"], ticks_of(client, "A")[0]["side_rule"]) == ("buy", "quote")
    assert (ticks_of(client, "B")[0]["side"], ticks_of(client, "B")[0]["side_rule"]) == (None, "none")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", json.dumps([TICK, SEED]).encode()),
        ("application/json; charset=utf-8", json.dumps([TICK, SEED]).encode()),
        ("application/x-ndjson", b"\n".join(json.dumps(t).encode() for t in (TICK, SEED))),
        ("text/csv", CSV),
        ("text/csv; charset=utf-8", b"Timestamp;Precio;Volumen;Lado\r\n2025-10-09 18:00:00;1,5;1;ASK\r\n" * 1 + CSV[:0]
         + b"2025-10-09 18:00:01;1,25;1;BID\r\n"),
    ],
)  # fmt: skip
def test_a_batch_in_every_format(client: FlaskClient, kind: str, body: bytes) -> None:
    answer = client.post("/ticks?symbol=X", data=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.get_json()) == (202, {"accepted": 2, "revision": 1})
    assert [row["side"] for row in ticks_of(client, "X")] in (["buy", "sell"], ["sell", "sell"])


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("gzip", gzip.compress(CSV, mtime=0)),
        ("gzip", gzip.compress(CSV[:30], mtime=0) + gzip.compress(CSV[30:], mtime=0)),
        ("x-gzip", gzip.compress(CSV, mtime=0)),
        ("deflate", zlib.compress(CSV)),
        ("deflate", zlib.compress(CSV, wbits=-15)),
        ("identity", CSV),
    ],
)
def test_bodies_may_be_compressed(client: FlaskClient, coding: str, data: bytes) -> None:
    answer = client.post("/ticks", data=data, headers={**CSV_TYPE, "Content-Encoding": coding})
    assert (answer.status_code, answer.get_json()["accepted"]) == (202, 2)


def test_a_bad_row_refuses_the_batch_and_is_named(client: FlaskClient) -> None:
    body = CSV + b"2025-10-09T18:00:02Z,-1,1,buy\n2025-10-09T18:00:03Z,1,x,buy\n"
    answer = client.post("/ticks?symbol=X", data=body, headers=CSV_TYPE)
    assert answer.status_code == 400
    error = answer.get_json()
    assert error["detail"].startswith("2 of 4 rows are bad and nothing was taken; first line 4, price: ")
    assert [entry["loc"] for entry in error["errors"]] == [["body", 2, "price"], ["body", 3, "size"]]
    assert error["errors"][0]["msg"].endswith("(line 4)")
    assert client.get("/api/v1/symbols").get_json() == {"symbols": []}


def test_on_error_skip_takes_the_good_rows_and_reports_the_bad(client: FlaskClient) -> None:
    rows = [TICK, {**TICK, "price": 0}, {**TICK, "size": -1}, {**TICK, "side": "up"}, TICK]
    answer = client.post("/ticks?symbol=X&on_error=skip", json=rows)
    assert answer.status_code == 202
    found = answer.get_json()
    assert (found["accepted"], found["rejected"]) == (2, 3)
    assert [entry["loc"] for entry in found["errors"]] == [
        ["body", 1, "price"],
        ["body", 2, "size"],
        ["body", 3, "side"],
    ]
    assert client.get("/stats?symbol=X").get_json()["rejected"] == 3


def test_refused_rows_are_counted(client: FlaskClient) -> None:
    client.post("/tick?symbol=X", json=TICK)
    client.post("/ticks?symbol=X&on_error=skip", json=[TICK, {**TICK, "price": 0}])
    client.post("/ticks?symbol=X", json=[TICK, {**TICK, "price": 0}])
    assert client.get("/stats?symbol=X").get_json()["rejected"] == 2


GZIP = {"Content-Encoding": "gzip"}
TOO_MANY = b"timestamp,price,size\n" + b"2025-10-09T18:00:00Z,-1,1\n" * 3_000


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "counts"),
    [
        ("/ticks", b"[", {}, 400, 1),
        ("/ticks", b" ", {}, 400, 1),
        ("/ticks", b"1,2,3\n4,5,6\n", CSV_TYPE, 400, 1),
        ("/ticks", CSV, {**CSV_TYPE, **GZIP}, 400, 1),
        ("/ticks", gzip.compress(bytes(17 << 20)), GZIP, 413, 1),
        ("/ticks", b"x" * (17 << 20), {}, 413, 1),
        ("/ticks", CSV, {"Content-Type": "text/html"}, 415, 1),
        ("/ticks", TOO_MANY, CSV_TYPE, 400, 2_001),
        ("/ticks", CSV + b"2025-10-09T18:00:02Z,-1,1,buy\n2025-10-09T18:00:03Z,1,x,buy\n", CSV_TYPE, 400, 2),
        ("/ticks", CSV + b"2025-10-09T18:00:02Z,900000000000,1,buy\n", CSV_TYPE, 400, 1),
        ("/ticks?tz=Nowhere", CSV, CSV_TYPE, 400, 1),
        ("/ticks?symbl=DEFAULT", CSV, CSV_TYPE, 400, 1),
        ("/ticks?side=up&on_error=x", CSV, CSV_TYPE, 400, 1),
        ("/tick?tz=", json.dumps(TICK).encode(), {}, 400, 1),
        ("/tick?" + "&".join(f"a{number}=1" for number in range(60)), json.dumps(TICK).encode(), {}, 400, 1),
        ("/tick", json.dumps(TICK).encode(), {"Idempotency-Key": "k" * 256}, 400, 1),
        ("/tick", b"{", {}, 400, 1),
        ("/tick", b"[{}, {}]", {}, 400, 1),
        ("/tick", json.dumps({**TICK, "price": 0, "size": 0, "symbol": "Y"}).encode(), {}, 400, 1),
    ],
)  # fmt: skip
def test_what_is_refused_as_a_whole_is_counted_too(
    client: FlaskClient,
    path: str,
    body: bytes,
    headers: dict[str, str],
    status: int,
    counts: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bodies, "MAX_BAD_ROWS", 2_000)
    client.post("/tick", json=TICK)
    given = {"Content-Type": "application/json", **headers}
    for times in (1, 2):
        assert client.post(path, data=body, headers=given).status_code == status
        found = client.get("/stats").get_json()
        assert (found["symbol"], found["rejected"], found["rejected_total"]) == (
            "DEFAULT",
            counts * times,
            counts * times,
        )


def test_what_was_read_of_a_refused_body_is_free_at_once(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors hold the frames that they came through; in a cycle with them a body stayed until a full collection."""
    monkeypatch.setattr(bodies, "MAX_BAD_ROWS", 2_000)
    body = json.dumps([{**TICK, "price": -1}] * 20_000).encode()
    gc.collect()
    gc.disable()
    try:
        assert client.post("/ticks", data=body, headers={"Content-Type": "application/json"}).status_code == 400
        assert not [each for each in gc.get_objects() if isinstance(each, JsonRows)]
    finally:
        gc.enable()


def test_what_is_to_be_sent_again_or_was_counted_before_is_not_counted(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = create_server(services).test_client()
    rows, headers = [TICK, {**TICK, "price": 0}], {"Idempotency-Key": "k"}
    for _ in range(2):
        assert client.post("/ticks?on_error=skip", json=rows, headers=headers).status_code == 202
    assert client.get("/stats").get_json()["rejected"] == 1
    for error in (Busy("full"), StorageFailed("full")):

        def refuse(*args: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(services.market, "ingest", refuse)
        assert client.post("/tick", json=TICK).status_code == error.status
    assert client.get("/stats").get_json()["rejected_total"] == 1


def test_ticks_of_a_simulated_instrument_that_are_refused_are_counted(services: Services) -> None:
    client = create_server(services).test_client()
    services.market.reserve(["SIM"])
    assert client.post("/ticks?symbol=SIM", json=[TICK, TICK]).status_code == 409
    assert client.get("/stats").get_json()["rejected_total"] == 1


def test_every_bad_row_is_named_up_to_a_thousand(client: FlaskClient) -> None:
    error = client.post("/ticks", json=[{**TICK, "price": -1}] * 1500).get_json()
    assert error["detail"].startswith("1,500 of 1,500 rows are bad")
    assert len(error["errors"]) == 1000


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "-Infinity", "0", "-5", '"abc"', "null", "true", "[1]", "1e400", '""']
)
def test_invalid_prices_are_refused(client: FlaskClient, value: str) -> None:
    body = f'{{"timestamp":"2025-10-09T18:00:00Z","price":{value},"size":1}}'
    answer = client.post("/tick", data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.get_json()["detail"]


@pytest.mark.parametrize("when", ["1979-12-31T23:59:59Z", "2101-01-01T00:00:00Z", "yesterday", -1, 1e30, None])
def test_absurd_times_are_refused(client: FlaskClient, when: Any) -> None:
    answer = client.post("/tick", json={**TICK, "timestamp": when})
    assert answer.status_code == 400
    assert answer.get_json()["errors"][0]["loc"] == ["body", 0, "timestamp"]


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/tick", b"{", "not JSON"),
        ("/tick", b"", "the body is empty"),
        ("/tick", b"  \n ", "the body is empty"),
        ("/tick", b"[]", "takes one tick and got 0"),
        ("/tick", json.dumps([TICK, TICK]).encode(), "takes one tick and got 2"),
        ("/tick", b"\xff\xfe", ""),
        ("/tick", b"3", ""),
        ("/tick", b'{"price": 1}', ""),
        ("/ticks", b'[{"price": 1', ""),
        ("/ticks", b'["a"]', ""),
        ("/ticks", b"[" * 100_000, ""),
        ("/tick?tz=Mars/Base", json.dumps(TICK).encode(), "Mars"),
        ("/tick?side=up", json.dumps(TICK).encode(), "query parameter 'side' must be one of auto, flag"),
        ("/ticks?on_error=maybe", json.dumps([TICK]).encode(), "query parameter 'on_error'"),
        ("/tick?on_error=skip", json.dumps(TICK).encode(), "is not a parameter of this address"),
        ("/tick?symbol=a%20b", json.dumps(TICK).encode(), "query parameter 'symbol'"),
        ("/tick?symbol=A&symbol=B", json.dumps(TICK).encode(), "is given twice"),
        ("/tick?symbl=A", json.dumps(TICK).encode(), "did you mean 'symbol'?"),
    ],
)
def test_unusable_calls_are_refused_in_words(client: FlaskClient, path: str, body: bytes, says: str) -> None:
    answer = client.post(path, data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert says in answer.get_json()["detail"]
    assert client.get("/api/v1/symbols").get_json() == {"symbols": []}


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/tick", "text/csv"), ("/ticks", "text/plain"), ("/ticks", "application/x-www-form-urlencoded"), ("/tick", "a")],
)
def test_unknown_content_types_are_415_naming_what_is_taken(client: FlaskClient, path: str, kind: str) -> None:
    answer = client.post(path, data=b"x", headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert "application/json" in answer.get_json()["detail"]


def test_without_a_content_type_a_body_is_json(client: FlaskClient) -> None:
    assert client.post("/tick", data=json.dumps(TICK)).status_code == 202


@pytest.mark.parametrize(
    ("coding", "data", "status"),
    [
        ("br", CSV, 415),
        ("gzip", CSV, 400),
        ("gzip", gzip.compress(CSV, mtime=0)[:-9], 400),
        ("deflate", b"\x78\x9cnot zlib", 400),
        ("gzip", b"", 400),
    ],
)
def test_damaged_or_unknown_codings(client: FlaskClient, coding: str, data: bytes, status: int) -> None:
    answer = client.post("/ticks", data=data, headers={**CSV_TYPE, "Content-Encoding": coding})
    assert answer.status_code == status
    assert answer.get_json()["detail"]


def test_the_limit_holds_before_and_after_decompression(make_services: Callable[..., Services]) -> None:
    client = create_server(make_services(max_body=2000)).test_client()
    large = b"timestamp,price,size\n" + b"2025-10-09T18:00:00Z,10,1\n" * 2000
    for data, headers in [
        (large, CSV_TYPE),
        (gzip.compress(large, mtime=0), {**CSV_TYPE, "Content-Encoding": "gzip"}),
        (zlib.compress(large), {**CSV_TYPE, "Content-Encoding": "deflate"}),
    ]:
        answer = client.post("/ticks", data=data, headers=headers)
        assert answer.status_code == 413
        assert "2,000 bytes" in answer.get_json()["detail"]
    assert client.get("/stats").get_json()["ticks"] == 0


def test_a_body_of_exactly_the_limit_is_taken(make_services: Callable[..., Services]) -> None:
    client = create_server(make_services(max_body=2048)).test_client()
    body = json.dumps(TICK).encode().ljust(2048)
    assert client.post("/tick", data=body).status_code == 202
    assert client.post("/tick", data=body + b" ").status_code == 413


def test_a_repeated_key_gets_the_stored_answer_and_takes_nothing_in(client: FlaskClient) -> None:
    headers = {"Idempotency-Key": "batch-1"}
    first = client.post("/ticks?symbol=X", json=[TICK, TICK], headers=headers)
    client.post("/tick?symbol=X", json=TICK)
    again = client.post("/ticks?symbol=X", json=[TICK, TICK], headers=headers)
    assert (
        (again.status_code, again.get_json())
        == (first.status_code, first.get_json())
        == (
            202,
            {"accepted": 2, "revision": 1},
        )
    )
    assert client.get("/stats?symbol=X").get_json()["ticks"] == 3


def test_a_key_of_another_body_is_a_conflict(client: FlaskClient) -> None:
    headers = {"Idempotency-Key": "k"}
    assert client.post("/tick", json=TICK, headers=headers).status_code == 202
    for path, body in (("/tick", {**TICK, "price": 1}), ("/tick?symbol=Y", TICK)):
        answer = client.post(path, json=body, headers=headers)
        assert answer.status_code == 409
        assert "'k' was used for another body" in answer.get_json()["detail"]


def test_a_key_of_a_refused_batch_is_free_again(client: FlaskClient) -> None:
    headers = {"Idempotency-Key": "k"}
    assert client.post("/tick", json={**TICK, "price": 0}, headers=headers).status_code == 400
    assert client.post("/tick", json=TICK, headers=headers).status_code == 202


def test_a_skipping_call_repeated_reports_the_same(client: FlaskClient) -> None:
    rows, headers = [TICK, {**TICK, "price": 0}], {"Idempotency-Key": "k"}
    first = client.post("/ticks?on_error=skip", json=rows, headers=headers).get_json()
    assert client.post("/ticks?on_error=skip", json=rows, headers=headers).get_json() == first


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_keys_have_a_form(client: FlaskClient, key: str) -> None:
    answer = client.post("/tick", json=TICK, headers={"Idempotency-Key": key})
    assert answer.status_code == 400
    assert answer.get_json()["errors"][0]["loc"] == ["header", "Idempotency-Key"]


def test_repeated_trades_are_left_out_and_counted(client: FlaskClient) -> None:
    rows = [{**TICK, "id": 1}, {**TICK, "id": 2}]
    assert client.post("/ticks", json=rows).get_json() == {"accepted": 2, "revision": 1}
    again = client.post("/ticks", json=[*rows, {**TICK, "id": 3}]).get_json()
    assert (again["accepted"], again["duplicates"]) == (1, 2)


@pytest.mark.parametrize("number", [7, 0, "n/a"])
def test_other_trades_with_a_known_id_are_kept_and_counted(client: FlaskClient, number: int | str) -> None:
    first = {**TICK, "id": number}
    others = [{**first, "price": 25263.5}, {**first, "size": 3}, {**first, "timestamp": "2025-10-10T18:00:00.032Z"}]
    assert client.post("/tick", json=first).get_json() == {"accepted": 1, "revision": 1}
    assert client.post("/tick", json=first).get_json() == {"accepted": 0, "duplicates": 1, "revision": 1}
    expected = {"accepted": 3, "id_conflicts": 3, "duplicates": 1, "revision": 2}
    headers = {"Idempotency-Key": "k"}
    for _ in range(2):  # the second one is the stored answer
        assert client.post("/ticks", json=[*others, first], headers=headers).get_json() == expected
    stats = client.get("/stats").get_json()
    assert (stats["ticks"], stats["duplicates"], stats["id_conflicts"]) == (4, 2, 3)


@pytest.mark.parametrize("rows", [3, 300])
@pytest.mark.parametrize("kind", ["csv", "json"])
def test_ticks_that_the_api_listed_are_repetitions_when_sent_again(client: FlaskClient, kind: str, rows: int) -> None:
    ids = [("number-" if row % 3 else "") + str(row) for row in range(rows)]
    sent = [{**TICK, "timestamp": 1760032800 + row, "id": ids[row]} for row in range(rows)]
    lines = [f"{1760040000 + row},10.25,1,2,text-{row}" for row in range(rows)]
    client.post("/ticks?symbol=A", json=sent)
    client.post(
        "/ticks?symbol=A",
        data="\n".join(["timestamp,price,bid_volume,ask_volume,id", *lines]).encode(),
        headers=CSV_TYPE,
    )
    listed = client.get(f"/api/v1/ticks/A?format={kind}")
    if kind == "csv":
        answer = client.post("/ticks?symbol=A", data=listed.data, headers=CSV_TYPE)
    else:
        ticks = [{"timestamp": row.pop("time"), **row} for row in listed.get_json()["ticks"]]
        answer = client.post("/ticks?symbol=A", json=ticks)
    assert (answer.status_code, answer.get_json()["accepted"], answer.get_json()["duplicates"]) == (202, 0, 3 * rows)
    assert client.get("/stats?symbol=A").get_json()["id_conflicts"] == 0


def test_identical_ticks_without_ids_all_count(client: FlaskClient) -> None:
    assert client.post("/ticks", json=[TICK] * 5).get_json()["accepted"] == 5


def test_bad_rows_and_large_bodies_are_parsed_beside_the_loop(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[int] = []
    run, own = services.workers.run, threading.get_ident()

    def spy(fn: Callable[..., Any], *args: Any) -> Any:
        if threading.get_ident() == own:  # others run beside it, woken by the ticks
            ran.append(1)
        return run(fn, *args)

    client = create_server(services).test_client()
    monkeypatch.setattr(services.workers, "run", spy)
    row, bad = b"2025-10-09T18:00:00Z,10.5,1\n", b"2025-10-09T18:00:00Z,-1,1\n"
    for rows, beside in ((row * 1000, False), (row * 1000 + bad, True), (row * 20_000, True), (bad, False)):
        ran.clear()
        client.post("/ticks", data=b"timestamp,price,size\n" + rows, headers=CSV_TYPE)
        assert bool(ran) is beside, len(rows)
    for symbols, beside in ((5, False), (50, True)):
        ran.clear()
        rows = b"".join(b"1760032800,1,1,S%d\n" % number for number in range(symbols))
        assert client.post("/ticks", data=b"timestamp,price,size,symbol\n" + rows, headers=CSV_TYPE).status_code == 202
        assert bool(ran) is beside, symbols


def test_each_client_does_one_long_thing_at_a_time(services: Services) -> None:
    turns = Turns(services.workers, LANES)
    order: list[str] = []
    inside, go_on = threading.Event(), threading.Event()

    def first() -> None:
        with turns.take("a"):
            inside.set()
            go_on.wait(60)
            order.append("first")

    def second() -> None:
        with turns.take("a"):
            order.append("second")

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    inside.wait(60)
    threads[1].start()
    with turns.take("b"):
        order.append("another client")
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert order == ["another client", "first", "second"]
    assert turns.waiting == 0


def test_a_body_that_waits_long_is_asked_to_come_again(services: Services) -> None:
    """The sixth body of bad rows waited 41 s for the others."""
    turns = Turns(services.workers, 1)
    inside, go_on = threading.Event(), threading.Event()

    def read() -> None:
        with turns.take("a"):
            inside.set()
            go_on.wait(60)

    thread = threading.Thread(target=read)
    thread.start()
    assert inside.wait(60)
    for client in ("a", "b"):  # it waits for its own turn, and another client for the lane
        with pytest.raises(Busy) as refused, turns.take(client, time.monotonic() + 0.01):
            pass
        assert refused.value.retry_after > 1
    go_on.set()
    thread.join(60)
    with turns.take("a"):
        assert turns.waiting == 1


def test_many_clients_leave_threads_to_those_who_read(services: Services) -> None:
    turns = Turns(services.workers, LANES)
    inside, go_on = threading.Semaphore(0), threading.Event()

    def parse(client: str) -> None:
        with turns.take(client):
            inside.release()
            go_on.wait(60)

    threads = [threading.Thread(target=parse, args=(f"client {number}",)) for number in range(5)]
    for thread in threads:
        thread.start()
    assert [inside.acquire(timeout=60) for _ in range(LANES)] == [True] * LANES
    assert not inside.acquire(timeout=0.2)
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert [inside.acquire(timeout=60) for _ in range(5 - LANES)] == [True] * (5 - LANES)
    assert turns.waiting == 0


def test_bodies_that_are_read_row_by_row_leave_a_lane_to_others(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are begun in the lane of all and go on in one for such bodies, so that others wait a moment only."""
    monkeypatch.setattr(ingest, "LARGE", 1)
    monkeypatch.setattr(ingest, "FEW_ALONE", 10)
    web = create_server(services)
    slow, go_on = threading.Semaphore(0), threading.Event()
    read = ingest.parse_body

    def held(data: bytes, *args: Any, **options: Any) -> ParsedTicks:
        if b'"Precio"' in data and options.get("alone") is None:
            slow.release()
            assert go_on.wait(30)
        return read(data, *args, **options)

    monkeypatch.setattr(ingest, "parse_body", held)
    odd = [
        {"Timestamp": 1760032800 + row, "Precio": f"25,{row % 9}" * (1 + row % 2), "Volumen": 1} for row in range(200)
    ]
    statuses: list[int] = []

    def send(number: int, rows: list[dict[str, Any]]) -> None:
        base = {"REMOTE_ADDR": f"10.0.0.{number}"}
        statuses.append(web.test_client().post("/ticks", json=rows, environ_base=base).status_code)

    threads = [threading.Thread(target=send, args=(number, odd)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    assert slow.acquire(timeout=30)
    assert not slow.acquire(timeout=0.2)  # the others of their kind wait
    send(9, [TICK] * 200)
    assert statuses == [202]
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert statuses[1:] == [400] * 4


@pytest.mark.parametrize(
    ("error", "status", "headers"),
    [
        (Busy("too much at once", retry_after=7), 429, {"Retry-After": "7"}),
        (StorageFailed("the disk is full"), 507, {}),
    ],
)
def test_storage_errors_have_their_status(
    services: Services, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, headers: dict[str, str]
) -> None:
    def refuse(*args: object) -> None:
        raise error

    client = create_server(services).test_client()
    monkeypatch.setattr(services.market, "ingest", refuse)
    answer = client.post("/tick", json=TICK)
    assert (answer.status_code, answer.get_json()) == (status, {"detail": str(error)})
    assert headers.items() <= dict(answer.headers).items()


def test_an_unexpected_error_has_a_number_and_is_logged(
    services: Services, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(*args: object) -> None:
        raise RuntimeError("inner secret")

    client = create_server(services).test_client()
    monkeypatch.setattr(services.market, "ingest", break_down)
    monkeypatch.setattr(services.market, "symbols", break_down)
    for answer in (client.post("/tick", json=TICK), client.get("/api/v1/symbols")):
        assert answer.status_code == 500
        detail = answer.get_json()["detail"]
        assert "secret" not in detail
        assert detail.split()[-1] in caplog.text
    assert "inner secret" in caplog.text


def test_a_price_beyond_the_grid_names_the_row_of_the_body(client: FlaskClient) -> None:
    rows = [TICK, {**TICK, "price": -1}, {**TICK, "price": 0.00001}, {**TICK, "price": 900_000_000}]
    answer = client.post("/ticks?on_error=skip", json=rows)
    assert answer.status_code == 400
    assert answer.get_json()["errors"][0]["loc"] == ["body", 3, "price"]


@pytest.mark.parametrize(("field", "value"), [("price", 900_000_000), ("size", 2**53)])
def test_the_row_is_named_among_several_symbols(client: FlaskClient, field: str, value: int) -> None:
    rows = [{**TICK, "symbol": name} for name in ("A", "B", "A", "B")]
    rows += [{**TICK, "symbol": "B", "price": 0.00001, "size": 0.01}, {**TICK, "symbol": "A"}]
    rows += [{**TICK, "symbol": "B", field: value}]
    answer = client.post("/ticks", json=rows)
    assert answer.status_code == 400
    found = answer.get_json()
    assert found["errors"][0]["loc"] == ["body", 6, field]
    assert "row 6" in found["detail"]


@pytest.mark.parametrize("kind", ["text/csv", "application/json", "application/x-ndjson"])
@pytest.mark.parametrize("on_error", ["fail", "skip"])
def test_reading_stops_after_many_bad_rows(
    client: FlaskClient, kind: str, on_error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "MAX_BAD_ROWS", 2_000)
    bad = {**TICK, "price": -1}
    body = {
        "text/csv": "timestamp,price,size\n" + "2025-10-09T18:00:00Z,-1,1\n" * 5_000,
        "application/json": json.dumps([bad] * 5_000),
        "application/x-ndjson": (json.dumps(bad) + "\n") * 5_000,
    }[kind]
    answer = client.post(f"/ticks?on_error={on_error}", data=body, headers={"Content-Type": kind})
    assert answer.status_code == 400
    found = answer.get_json()
    assert "reading stopped at row 2,000 and nothing was taken" in found["detail"]
    assert [error["loc"] for error in found["errors"]] == [["body", row, "price"] for row in range(1_000)]


def test_a_large_batch_is_parsed_in_a_worker_with_the_same_result(client: FlaskClient) -> None:
    line = b"2025-10-09T18:00:00.%03dZ,10.%02d,1,buy\n"
    body = b"timestamp,price,size,side\n" + b"".join(line % (i % 1000, i % 100) for i in range(20_000))
    assert len(body) > 512 * 1024
    assert client.post("/ticks", data=body, headers=CSV_TYPE).get_json() == {"accepted": 20_000, "revision": 1}
