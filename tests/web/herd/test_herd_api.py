"""The herd game's HTTP API against its contract, on a server in this process."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock
from uuid import uuid4

import flask
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from orderflow.herd.live.game import Game
from orderflow.services import Services
from orderflow.web.app import create_server
from orderflow.web.herd.herd_sockets import HerdSockets
from orderflow.web.kit.fanout import Fanout

KEY = "correct-horse"
BEARER = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture
def phones(web: flask.Flask) -> Callable[[], FlaskClient]:
    """phones(): another phone, with cookies of its own."""
    return web.test_client


@pytest.fixture
def phone(phones: Callable[[], FlaskClient]) -> FlaskClient:
    """A phone that has joined."""
    made = phones()
    assert made.post("/herd/join").status_code == 200
    return made


def order(client: FlaskClient, side: str = "buy", quantity: Any = 1, client_id: str | None = None) -> Any:
    return client.post(
        "/herd/orders", json={"client_id": client_id or str(uuid4()), "side": side, "quantity": quantity}
    )


def settled(client: FlaskClient, client_id: str) -> dict[str, Any]:
    """The order's state once it has been cleared."""
    until = time.monotonic() + 60
    while True:
        found: dict[str, Any] = client.get(f"/herd/orders/{client_id}").get_json()
        if found["status"] != "accepted":
            return found
        assert time.monotonic() < until
        time.sleep(0.02)


def trade(client: FlaskClient, side: str = "buy", quantity: int = 1) -> dict[str, Any]:
    answer = order(client, side, quantity)
    assert answer.status_code == 202, answer.text
    return settled(client, answer.get_json()["client_id"])


def test_joining_gives_a_portfolio_and_a_cookie(client: FlaskClient) -> None:
    answer = client.post("/herd/join", json={"nickname": "Ada"})
    assert answer.status_code == 200
    joined = answer.get_json()
    assert (joined["participant"], joined["cash"], joined["shares"], joined["nick"]) == ("p1", 5000, 50, "Ada")
    assert joined["wealth"] == 5000 + 50 * 100
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("herd=p1.")
    assert {"HttpOnly", "SameSite=Lax", "Path=/herd"} <= set(cookie.split("; "))


def test_joining_again_with_the_cookie_is_the_same_participant(phone: FlaskClient) -> None:
    again = phone.post("/herd/join", json={})
    assert (again.status_code, again.get_json()["participant"]) == (200, "p1")
    named = phone.post("/herd/join", json={"nickname": "Grace"})
    assert (named.get_json()["participant"], named.get_json()["nick"]) == ("p1", "Grace")
    assert phone.get("/herd/stats").get_json()["participants"] == 1


def test_new_nicknames_are_limited(phone: FlaskClient) -> None:
    """Each is written to the log: one phone wrote hundreds a second."""

    def rename(nickname: str) -> int:
        return phone.post("/herd/join", json={"nickname": nickname}).status_code

    assert [rename(f"Ann {number}") for number in range(12)][:11] == [200] * 10 + [429]
    assert rename("Ann 9") == 200  # its own, with which a page that is opened again comes back


def test_who_joins_too_fast_keeps_no_other_address_out(phones: Callable[[], FlaskClient]) -> None:
    def join(address: str) -> int:
        return phones().post("/herd/join", environ_base={"REMOTE_ADDR": address}).status_code

    assert any(join("192.0.2.1") == 429 for _ in range(3_000))
    assert join("192.0.2.2") == 200


def test_every_phone_is_another_participant(phones: Callable[[], FlaskClient]) -> None:
    joined = [phones().post("/herd/join").get_json() for _ in range(5)]
    assert [found["participant"] for found in joined] == ["p1", "p2", "p3", "p4", "p5"]
    assert len({found["nick"] for found in joined}) == 5


@pytest.mark.parametrize("body", [b"", b"{}", b'{"nickname": null}', b'{"nickname": "  "}'])
def test_a_nickname_is_optional(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/herd/join", data=body, content_type="application/json")
    assert answer.status_code == 200
    assert answer.get_json()["nick"]


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"nickname": 5}', b'{"nick": "x"}', b"\xff", b"nickname=x"])
def test_an_invalid_join_is_refused(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/herd/join", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.get_json()["errors"]
    assert "Set-Cookie" not in answer.headers


def test_a_bad_nickname_is_refused_naming_it(client: FlaskClient) -> None:
    answer = client.post("/herd/join", json={"nickname": "x" * 100})
    assert answer.status_code == 400
    assert answer.get_json()["errors"][0]["loc"][-1] == "nickname"


def test_an_order_is_accepted_at_once_and_then_filled(phone: FlaskClient) -> None:
    name = str(uuid4())
    answer = order(phone, "buy", 5, name)
    assert (answer.status_code, answer.get_json()) == (202, {"client_id": name, "status": "accepted"})
    filled = settled(phone, name)
    assert (filled["client_id"], filled["status"], filled["quantity"]) == (name, "filled", 5)
    # (C(5) - C(0)) / 5 with C(q) = (100 / 0.001) (e^0.001q - 1), then the price is at q = 5
    assert filled["price"] == pytest.approx(100.2504, abs=1e-4)
    state = phone.get("/herd/state").get_json()
    assert state["price"] == pytest.approx(100.5013, abs=1e-4)
    assert state["you"]["shares"] == 55
    assert state["you"]["cash"] == pytest.approx(5000 - 5 * filled["price"], abs=0.01)


def test_the_same_client_id_never_trades_twice(phone: FlaskClient) -> None:
    name = str(uuid4())
    assert order(phone, "buy", 5, name).status_code == 202
    for body in ({"side": "buy", "quantity": 5}, {"side": "sell", "quantity": 1}):
        again = phone.post("/herd/orders", json={"client_id": name, **body})
        assert again.status_code == 200
        assert again.get_json()["quantity"] == 5
    assert order(phone, "buy", 5, name.upper()).status_code == 200
    done = settled(phone, name)
    assert order(phone, "buy", 5, name).get_json() == done
    assert phone.get("/herd/stats").get_json()["trades"] == 1
    assert phone.get("/herd/state").get_json()["you"]["shares"] == 55


def test_an_order_that_cannot_be_paid_is_rejected_with_a_reason(phone: FlaskClient) -> None:
    assert trade(phone, "buy", 40)["status"] == "filled"
    poor = trade(phone, "buy", 40)
    assert poor["status"] == "rejected"
    assert "cash" in poor["reason"]
    assert "price" not in poor


def test_without_a_cookie_there_is_no_trading(client: FlaskClient) -> None:
    for answer in (order(client), client.get(f"/herd/orders/{uuid4()}")):
        assert answer.status_code == 401
        assert "join" in answer.get_json()["detail"]


def test_a_frozen_market_takes_no_orders(phone: FlaskClient, client: FlaskClient) -> None:
    assert client.post("/herd/control", json={"action": "freeze"}).get_json()["phase"] == "frozen"
    refused = order(phone)
    assert refused.status_code == 409
    assert "frozen" in refused.get_json()["detail"]
    assert client.post("/herd/control", json={"action": "resume"}).get_json()["phase"] == "open"
    assert order(phone).status_code == 202


GOOD = {"client_id": "9f0c3c1e-6f3a-4b7e-9a55-0d6f2b8f4f11", "side": "buy", "quantity": 1}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        *(({"quantity": quantity}, "quantity") for quantity in (0, -1, 1.5, 1.0, True, None, "5", 101, 10**30, [1])),
        ({"side": "hold"}, "side"),
        ({"side": None}, "side"),
        ({"client_id": "x"}, "client_id"),
        ({"client_id": 7}, "client_id"),
        ({"price": 1}, "price"),
    ],
)
def test_a_bad_order_is_refused_naming_the_field(phone: FlaskClient, change: dict[str, Any], field: str) -> None:
    answer = phone.post("/herd/orders", json=GOOD | change)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["loc"] == ["body", field]
    assert phone.get(f"/herd/orders/{GOOD['client_id']}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"client_id":"9f0c3c1e-6f3a-4b7e-9a55-0d6f2b8f4f11","side":"buy",'
     b'"quantity":NaN}', b'{"quantity":1e400}', b"quantity=1&side=buy", b"[" * 4000],
)  # fmt: skip
def test_a_body_that_is_not_an_order_is_refused(phone: FlaskClient, body: bytes) -> None:
    answer = phone.post("/herd/orders", data=body)
    assert answer.status_code == 422
    assert answer.get_json()["detail"]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["buy", "sell"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(st.dictionaries(st.sampled_from([*GOOD, "x"]), JSON_VALUES) | JSON_VALUES)
def test_whatever_is_sent_as_an_order_is_answered_in_words(phone: FlaskClient, body: Any) -> None:
    answer = phone.post("/herd/orders", json=body)
    assert answer.status_code == 422
    assert answer.get_json()["detail"]


def test_missing_members_are_named(phone: FlaskClient) -> None:
    for name in GOOD:
        answer = phone.post("/herd/orders", json={key: value for key, value in GOOD.items() if key != name})
        assert answer.status_code == 422
        assert name in answer.get_json()["detail"]


def test_a_body_that_is_too_large_is_refused(phone: FlaskClient) -> None:
    for path in ("/herd/orders", "/herd/join", "/herd/control"):
        assert phone.post(path, data=b" " * 5000).status_code == 413


def test_a_flood_is_slowed_down_for_the_one_who_makes_it(phone: FlaskClient, phones: Callable[[], FlaskClient]) -> None:
    answers = [order(phone) for _ in range(40)]
    flooded = [answer for answer in answers if answer.status_code == 429]
    assert len(flooded) > 20
    assert int(flooded[0].headers["Retry-After"]) >= 1
    other = phones()  # of the same address
    other.post("/herd/join")
    assert order(other).status_code == 202


def test_the_state_is_public_and_yours_with_the_cookie(phone: FlaskClient, client: FlaskClient) -> None:
    mine, other = phone.get("/herd/state").get_json(), client.get("/herd/state").get_json()
    assert other["you"] is None
    assert mine["you"]["participant"] == "p1"
    assert {"version", "phase", "price", "you"} <= mine.keys()
    assert mine["phase"] == "open"
    trade(phone)
    assert client.get("/herd/state").get_json()["version"] > other["version"]


def test_the_statistics_are_those_of_the_contract(phone: FlaskClient, client: FlaskClient) -> None:
    trade(phone, "buy", 3)
    stats = client.get("/herd/stats").get_json()
    assert {"connected", "participants", "active", "trades", "net_position", "max_shares", "min_cash", "max_cash"} <= (
        stats.keys()
    )
    assert (stats["participants"], stats["trades"], stats["net_position"], stats["max_shares"]) == (1, 1, 3, 53)
    assert stats["active"] == 1
    assert stats["connected"] == 0


def test_controls_change_the_phase(client: FlaskClient) -> None:
    for action, phase in [
        ("lobby", "lobby"),
        ("start", "open"),
        ("freeze", "frozen"),
        ("resume", "open"),
        ("end", "ended"),
    ]:
        answer = client.post("/herd/control", json={"action": action})
        assert (answer.status_code, answer.get_json()["phase"]) == (200, phase), action
    assert client.post("/herd/control", json={"action": "reset"}).status_code == 200


def test_news_moves_the_price(client: FlaskClient) -> None:
    client.post("/herd/control", json={"action": "news", "text": "Gold found", "move": 10})
    state = client.get("/herd/state").get_json()
    assert state["price"] == 110
    assert state["news"]["text"] == "Gold found"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "action"),
        ({"action": "explode"}, "action"),
        ({"action": ["reset"]}, "action"),
        ({"action": "news", "text": ""}, "text"),
        ({"action": "news", "text": "x", "move": "much"}, "move"),
        ({"action": "freeze", "text": "x"}, "text"),
        ({"action": "freeze", "self": 1}, "self"),
        ({"action": "bots", "kind": "genius", "count": 1}, "kind"),
        ({"action": "experiment", "on": 1}, "on"),
    ],
)
def test_an_invalid_control_is_refused_by_name(client: FlaskClient, body: dict[str, Any], field: str) -> None:
    answer = client.post("/herd/control", json=body)
    assert answer.status_code == 400
    assert answer.get_json()["errors"][0]["loc"][-1] == field


def test_a_kicked_participant_may_join_again(phone: FlaskClient, client: FlaskClient) -> None:
    assert client.post("/herd/control", json={"action": "kick", "participant": "p1"}).status_code == 200
    refused = order(phone)
    assert refused.status_code == 401
    assert "no longer" in refused.get_json()["detail"]
    assert phone.get("/herd/state").get_json()["you"] is None
    assert phone.post("/herd/join").get_json()["participant"] == "p2"
    assert order(phone).status_code == 202
    assert client.post("/herd/control", json={"action": "kick", "participant": "p77"}).status_code == 404


def test_after_a_reset_old_cookies_are_invalid(phone: FlaskClient, phones: Callable[[], FlaskClient]) -> None:
    presenter = phones()
    before = presenter.get("/herd/state").get_json()["session"]
    assert presenter.post("/herd/control", json={"action": "reset"}).status_code == 200
    assert presenter.get("/herd/state").get_json()["session"] != before
    other = phones()
    other.post("/herd/join")  # p1 of the new game
    refused = order(phone)
    assert refused.status_code == 401
    assert "join again" in refused.get_json()["detail"]
    assert phone.get("/herd/state").get_json()["you"] is None


def test_short_addresses_lead_to_the_phone_page(client: FlaskClient) -> None:
    for path, location in [
        ("/j", "/herd/play"),
        ("/j/k7qx", "/herd/play?code=K7QX"),
        ("/public/index.html", "/herd/play"),
    ]:
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, location)
    assert client.get("/j/x%0d%0aSet-Cookie").status_code in (400, 404)


def test_the_address_to_join_and_its_code(client: FlaskClient) -> None:
    found = client.get("/herd/address", headers={"Host": "localhost:8765"}).get_json()
    assert found["url"] == f"http://localhost:8765/j/{found['code']}"
    picture = client.get("/herd/qr.svg")
    assert picture.content_type.startswith("image/svg+xml")
    assert b"<svg" in picture.data
    assert client.get("/herd/qr.svg?light=000000").status_code == 400
    for query in ("light", "light=fff8e7", "v=2"):
        assert client.get(f"/herd/qr.svg?{query}").status_code == 200


def test_a_code_can_be_required(make_services: Callable[..., Services]) -> None:
    server = create_server(make_services(herd_code_required=True, api_key=KEY))
    client = server.test_client()
    for path in ("/herd/address", "/herd/qr.svg"):  # or it would be no secret
        assert client.get(path).status_code == 401
    code = client.get("/herd/address", headers=BEARER).get_json()["code"]
    assert client.post("/herd/join", json={"code": "wrong"}).status_code == 403
    assert client.post("/herd/join").status_code == 403
    assert client.post("/herd/join", json={"code": code.lower()}).status_code == 200
    assert client.post("/herd/join").status_code == 200  # the cookie is enough


def test_a_code_that_the_presenter_requires_is_kept_from_others(make_services: Callable[..., Services]) -> None:
    services = make_services(api_key=KEY)
    client = create_server(services).test_client()
    assert client.get("/herd/address").status_code == 200
    asked = client.post("/herd/control", json={"action": "code", "on": True}, headers=BEARER)
    assert asked.status_code == 200
    for path in ("/herd/address", "/herd/qr.svg"):
        assert client.get(path).status_code == 401
    assert client.post("/herd/join").status_code == 403
    code = client.get("/herd/address", headers=BEARER).get_json()["code"]
    assert client.post("/herd/join", json={"code": code}).status_code == 200


def test_who_has_a_page_open_is_not_idle(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderflow.herd.live.attendance.IDLE_SECONDS", 0)
    game, idle = services.part(Game), []
    sockets = HerdSockets(game, services, Fanout(services.workers))
    ann, bob = game.join(), game.join()
    connection: Any = Mock(oversized=0)
    connection.client.version = None
    connection.client.push.return_value = True
    connection.serve.side_effect = lambda receive: idle.append(game.idle())
    sockets.phone(connection, ann, None)
    assert idle == [[bob.id]]
    assert game.idle() == [ann.id, bob.id]


def test_the_join_url_uses_forwarded_headers_of_trusted_proxies_only(
    make_services: Callable[..., Services],
) -> None:
    forwarded = {"X-Forwarded-Host": "herd.example.org", "X-Forwarded-Proto": "https"}
    for trusted, url in [(1, "https://herd.example.org"), (0, "http://localhost")]:
        services = make_services(trusted_proxies=trusted, allowed_hosts=("herd.example.org",))
        client = create_server(services).test_client()
        found = client.get("/herd/address", headers=forwarded).get_json()["url"]
        assert found.startswith(f"{url}/j/") or found.startswith(f"{url}:"), found


def test_behind_https_the_cookie_is_secure(make_services: Callable[..., Services]) -> None:
    client = create_server(make_services(public_url="https://herd.example.org")).test_client()
    assert "; Secure" not in client.post("/herd/join").headers["Set-Cookie"]
    public = client.post("/herd/join", headers={"Host": "herd.example.org"})
    assert "; Secure" in public.headers["Set-Cookie"]


def rows(client: FlaskClient, name: str) -> list[dict[str, str]]:
    answer = client.get(f"/herd/export/{name}")
    assert answer.status_code == 200, answer.text
    assert "attachment" in answer.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_exports_hold_what_happened(phones: Callable[[], FlaskClient], client: FlaskClient) -> None:
    first, second = phones(), phones()
    first.post("/herd/join", json={"nickname": "=Ada"})
    second.post("/herd/join")
    bought = trade(first, "buy", 5)
    trade(second, "sell", 3)
    trade(first, "buy", 90)  # rejected

    ticks = rows(client, "ticks.csv")
    assert [(tick["side"], tick["size"]) for tick in ticks] == [("buy", "5"), ("sell", "3")]
    assert ticks[0]["price"] == f"{bought['price']:.2f}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]+(\.\d+)?Z", ticks[0]["timestamp"])

    people = rows(client, "participants.csv")
    assert [(row["participant"], row["shares"], row["filled"]) for row in people] == [
        ("p1", "55", "1"),
        ("p2", "47", "1"),
    ]
    assert people[0]["nickname"] == "'=Ada"  # no formula for a spreadsheet
    assert float(people[0]["cash"]) == pytest.approx(5000 - 5 * bought["price"], abs=1e-3)
    assert float(people[0]["profit"]) == pytest.approx(float(people[0]["wealth"]) - 10_000)

    orders = rows(client, "orders.csv")
    assert [(row["participant"], row["side"], row["quantity"], row["status"]) for row in orders] == [
        ("p1", "buy", "5", "filled"), ("p2", "sell", "3", "filled"), ("p1", "buy", "90", "rejected"),
    ]  # fmt: skip
    assert float(orders[0]["price"]) == pytest.approx(bought["price"], abs=1e-4)

    log = client.get("/herd/export/events.jsonl")
    events = [json.loads(line) for line in log.text.splitlines()]
    assert [event["n"] for event in events] == list(range(len(events)))
    assert [event["e"] for event in events[:3]] == ["session", "join", "join"]
    assert next(event["c"] for event in events if event["e"] == "order") == bought["client_id"]
    assert client.get("/herd/export/nothing.csv").status_code == 404


def test_sessions_and_frames(phone: FlaskClient, client: FlaskClient) -> None:
    trade(phone, "buy", 5)
    client.post("/herd/control", json={"action": "news", "text": "Up", "move": 5})
    ended = client.get("/herd/state").get_json()["session"]
    client.post("/herd/control", json={"action": "end"})
    frames = client.get("/herd/frames").get_json()
    assert frames["session"] == ended
    assert frames["start"] == frames["price"][0] == 100
    assert len({len(frames[name]) for name in ("t", "price", "buys", "sells")}) == 1
    assert sum(frames["buys"]) == 5
    assert frames["t"] == sorted(frames["t"])
    assert ("news", "News: Up (+5%)") in [(event["kind"], event["text"]) for event in frames["events"]]
    assert frames["fundamental"] is None

    client.post("/herd/control", json={"action": "reset"})
    kept = [session["id"] for session in client.get("/herd/sessions").get_json()["sessions"]]
    assert ended in kept
    assert client.get(f"/herd/frames?session={ended}").get_json() == frames
    before = client.get(f"/herd/export/events.jsonl?session={ended}")
    assert before.status_code == 200
    assert client.get(f"/herd/export/events.jsonl?session={ended}").data == before.data
    for session in ("nobody", "../secret", "..%2Fsecret"):
        assert client.get(f"/herd/frames?session={session}").status_code == 404


def test_frames_of_rounds_with_a_fundamental_value(client: FlaskClient) -> None:
    client.post("/herd/control", json={"action": "round", "rounds": 1, "seconds": 60, "fundamental": 80})
    frames = client.get("/herd/frames").get_json()
    assert frames["fundamental"][-1] == 80


@pytest.fixture
def keyed(make_services: Callable[..., Services]) -> flask.Flask:
    """A server with a key."""
    return create_server(make_services(api_key=KEY))


def test_control_and_exports_need_the_key(keyed: flask.Flask) -> None:
    phone, presenter = keyed.test_client(), keyed.test_client()
    phone.post("/herd/join")
    for path in ("export/ticks.csv", "export/events.jsonl", "frames", "sessions"):
        refused = phone.get(f"/herd/{path}")
        assert refused.status_code == 401
        assert "key" in refused.get_json()["detail"]
        assert presenter.get(f"/herd/{path}", headers=BEARER).status_code == 200
    for action in ("reset", "kick", "end", "freeze"):
        refused = phone.post("/herd/control", json={"action": action, "participant": "p1"})
        assert refused.status_code == 401
        assert "key" in refused.get_json()["detail"]
    wrong = phone.post("/herd/control", json={"action": "end"}, headers={"Authorization": "Bearer nope-nope"})
    assert wrong.status_code == 403
    assert order(phone).status_code == 202
    stats = phone.get("/herd/stats").get_json()
    assert stats["refusals"]["gate"] == 5
    assert stats["refused"] >= 5
    assert presenter.post("/herd/control", json={"action": "freeze"}, headers=BEARER).status_code == 200


def test_answers_are_as_documented(phone: FlaskClient, client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()["paths"]

    def check(path: str, answer: Any, method: str = "get") -> None:
        content = document[path][method]["responses"][str(answer.status_code)]["content"]["application/json"]
        Draft202012Validator(content["schema"]).validate(answer.get_json())

    name = str(uuid4())
    check("/herd/join", phone.post("/herd/join"), "post")
    check("/herd/orders", order(phone, client_id=name), "post")
    settled(phone, name)
    check("/herd/orders", order(phone, client_id=name), "post")
    check("/herd/orders/{client_id}", phone.get(f"/herd/orders/{name}"))
    for path in ("state", "stats", "address", "sessions", "frames"):
        check(f"/herd/{path}", phone.get(f"/herd/{path}"))
    check("/herd/state", client.get("/herd/state"))
    check("/herd/control", client.post("/herd/control", json={"action": "freeze"}), "post")
