"""The security middleware: hosts, origins and the key, each rule with allowed and refused requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from orderflow.services import Services
from orderflow.web.app import create_server
from orderflow.web.kit.access import COOKIE, make_key
from orderflow.web.kit.security import Gate

TICK = {"timestamp": "2025-10-09T18:00:00Z", "price": 1, "size": 1}
KEY = "correct-horse"
OTHER = "https://evil.example"


@pytest.fixture
def client_of(make_services: Callable[..., Services]) -> Callable[..., FlaskClient]:
    """client_of(**settings): a client of a server with these settings."""
    return lambda **settings: create_server(make_services(**settings)).test_client()


def get(client: FlaskClient, host: str, path: str = "/health", **headers: str) -> Any:
    return client.get(
        path, headers={"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    )


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8765", "127.0.0.1:8765", "127.9.9.9", "[::1]:8765", "LOCALHOST"]
)
def test_loopback_names_are_this_server(client: FlaskClient, host: str) -> None:
    assert get(client, host).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8765",
        "192.168.1.5",
        "localhost.evil.example",
        "",
        "[::1",
        "a b",
        "0.0.0.0",
        "me@localhost",
        "evil.example@localhost",
        "localhost/x",
        "localhost:x",
        "localhost:99999",
        "localhost#a",
    ],
)
def test_any_other_name_is_refused_on_loopback(client: FlaskClient, host: str) -> None:
    answer = get(client, host)
    assert answer.status_code == 403
    assert "is not a name of this server" in answer.get_json()["detail"]


def test_on_a_network_addresses_and_named_hosts_are_this_server(client_of: Callable[..., FlaskClient]) -> None:
    client = client_of(lan=True, allowed_hosts=("flow.lan",), public_url="https://flow.example.org")
    for host in ("192.168.1.5:8765", "flow.lan", "flow.example.org", "localhost", "[fe80::1]:8765"):
        assert get(client, host).status_code == 200, host
    assert get(client, "evil.example").status_code == 403


def test_a_foreign_origin_is_refused_on_every_method_and_page(client: FlaskClient) -> None:
    for method, path in [
        ("GET", "/health"),
        ("POST", "/tick"),
        ("GET", "/chart/"),
        ("OPTIONS", "/tick"),
        ("GET", "/ws/bars/X"),
    ]:
        for origin in (OTHER, "null", "http://localhost:9999", "https://localhost.evil.example", "http://[", ""):
            answer = client.open(path, method=method, headers={"Origin": origin})
            assert answer.status_code == 403, (method, origin)
            assert "CORS_ORIGINS" in answer.get_json()["detail"]
            assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_own_origin_is_not_foreign(client: FlaskClient, client_of: Callable[..., FlaskClient]) -> None:
    assert get(client, "localhost:8765", Origin="http://localhost:8765").status_code == 200
    assert client.post("/tick", json=TICK, headers={"Origin": "http://localhost"}).status_code == 202
    public = client_of(public_url="https://flow.example.org")
    assert get(public, "localhost", Origin="https://flow.example.org").status_code == 200


@pytest.mark.parametrize(
    ("site", "mode", "status"),
    [
        ("same-origin", "cors", 200),
        ("none", "navigate", 200),
        ("cross-site", "navigate", 200),
        ("cross-site", "no-cors", 403),
        ("same-site", "no-cors", 403),
        ("cross-site", "cors", 403),
        ("cross-site", "websocket", 403),
    ],
)
def test_a_browser_that_sends_no_origin_is_judged_by_its_fetch_headers(
    client: FlaskClient, site: str, mode: str, status: int
) -> None:
    assert get(client, "localhost", Sec_Fetch_Site=site, Sec_Fetch_Mode=mode).status_code == status


def test_a_form_of_another_site_cannot_post(client: FlaskClient) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert client.post("/reset", headers=headers).status_code == 403


def test_cors_lets_the_named_origins_in_and_tells_browsers_so(client_of: Callable[..., FlaskClient]) -> None:
    client = client_of(cors_origins=("https://a.example",))
    answer = get(client, "localhost", "/api/v1/symbols", Origin="https://a.example")
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "https://a.example"
    assert "X-Next" in answer.headers["Access-Control-Expose-Headers"]
    assert answer.headers["Vary"] == "Origin"
    assert get(client, "localhost", Origin=OTHER).status_code == 403
    refused = client.post("/tick", json={}, headers={"Origin": "https://a.example"})
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (400, "https://a.example")


def test_a_page_of_a_named_origin_can_read_why_it_is_refused(client_of: Callable[..., FlaskClient]) -> None:
    client = client_of(cors_origins=("https://a.example",), api_key=KEY)
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        answer = client.post("/tick", json=TICK, headers={"Origin": "https://a.example", **headers})
        assert answer.status_code in (401, 403)
        assert answer.headers["Access-Control-Allow-Origin"] == "https://a.example"


def test_a_preflight_is_answered(client_of: Callable[..., FlaskClient]) -> None:
    client = client_of(cors_origins=("*",), api_key=KEY)
    headers = {
        "Origin": OTHER,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = client.options("/ticks", headers=headers)
    assert (answer.status_code, answer.data) == (204, b"")
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert client.options("/ticks", headers={**headers, "Host": "evil.example"}).status_code == 403


CHANGES = [
    ("POST", "/tick"),
    ("POST", "/ticks"),
    ("POST", "/reset"),
    ("PUT", "/api/v1/symbols/X"),
    ("DELETE", "/nothing"),
]


def test_on_loopback_without_a_key_none_is_needed(client: FlaskClient) -> None:
    for method, path in CHANGES:
        assert client.open(path, method=method).status_code not in (401, 403)


@pytest.mark.parametrize(
    "settings", [{"api_key": KEY}, {"api_key": KEY, "lan": True}, {"api_key": KEY, "host": "0.0.0.0"}]
)
def test_where_a_key_is_in_force_every_change_needs_it(
    client_of: Callable[..., FlaskClient], settings: dict[str, Any]
) -> None:
    client = client_of(**settings)
    for method, path in CHANGES:
        answer = client.open(path, method=method)
        assert answer.status_code == 401, path
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="orderflow"'
        assert "key" in answer.get_json()["detail"]
        wrong = client.open(path, method=method, headers={"Authorization": "Bearer wrong-horse"})
        assert (wrong.status_code, wrong.get_json()) == (403, {"detail": "the key is wrong"})
        right = client.open(path, method=method, headers={"Authorization": f"bearer {KEY}"})
        assert right.status_code not in (401, 403)
    for path in ("/health", "/stats", "/api/v1/symbols", "/docs"):
        assert client.get(path).status_code == 200


def test_beyond_loopback_a_key_is_made_when_none_is_set(make_services: Callable[..., Services]) -> None:
    server = create_server(make_services(lan=True))
    gate: Gate = server.extensions["orderflow.gate"]
    assert gate.key is not None
    assert len(gate.key) >= 20
    client = server.test_client()
    assert client.post("/tick", json=TICK).status_code == 401
    assert client.post("/tick", json=TICK, headers={"Authorization": f"Bearer {gate.key}"}).status_code == 202
    assert make_key() != make_key()


@pytest.mark.parametrize(
    "settings",
    [{"public_url": "https://flow.example.org"}, {"allowed_hosts": ("flow.example.org",)}, {"trusted_proxies": 1}],
    ids=lambda settings: next(iter(settings)),
)
def test_behind_a_tunnel_a_key_is_made_on_loopback_too(
    client_of: Callable[..., FlaskClient], settings: dict[str, Any]
) -> None:
    client = client_of(**settings)
    gate: Gate = client.application.extensions["orderflow.gate"]
    assert gate.key is not None
    assert client.post("/reset").status_code == 401
    assert client.post("/reset", headers={"Authorization": f"Bearer {gate.key}"}).status_code == 200


def test_phones_need_no_key_and_only_for_what_phones_do(client_of: Callable[..., FlaskClient]) -> None:
    client = client_of(api_key=KEY)
    for path in ("/herd/join", "/herd/orders"):
        detail = client.post(path, json={}).text
        assert "needs the key" not in detail
    for path in ("/herd/control", "/herd/joined", "/herd/join/x", "/herd/orders/x", "/herd/join/"):
        assert client.post(path, json={}).status_code == 401, path


def test_refusals_are_counted_by_the_first_part_of_the_path(client_of: Callable[..., FlaskClient]) -> None:
    client = client_of(api_key=KEY)
    gate: Gate = client.application.extensions["orderflow.gate"]
    for _ in range(3):
        client.post("/herd/control", json={"action": "reset"})
    client.get("/herd/state", headers={"Origin": OTHER})
    client.get("/health", headers={"Host": "evil.example"})
    assert gate.refused == {"herd": 4, "health": 1}
    for i in range(300):
        client.post(f"/{i}")
    assert len(gate.refused) < 100
    assert sum(gate.refused.values()) == 305


def test_the_address_with_the_key_signs_the_browser_in(client_of: Callable[..., FlaskClient]) -> None:
    client = client_of(api_key=KEY)
    answer = client.get(f"/chart/?symbol=A%20B&key={KEY}&x=1")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/chart/?symbol=A+B&x=1")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    for part in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"):
        assert part in cookie
    assert KEY not in cookie
    assert "Secure" not in cookie
    assert client.post("/tick", json=TICK).status_code == 202  # the client keeps the cookie


def test_over_https_the_cookie_is_secure(client_of: Callable[..., FlaskClient]) -> None:
    client = client_of(api_key=KEY, public_url="https://flow.example.org")
    assert "; Secure" in client.get(f"/?key={KEY}").headers["Set-Cookie"]


def test_a_wrong_key_in_the_address_sets_nothing(client_of: Callable[..., FlaskClient]) -> None:
    client = client_of(api_key=KEY)
    answer = client.get("/chart/?key=nope")
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers
    client.set_cookie(COOKIE, KEY)  # the key itself is not the cookie
    assert client.post("/tick", json=TICK).status_code == 401


def test_signing_in_never_leads_to_another_site(client_of: Callable[..., FlaskClient]) -> None:
    client = client_of(api_key=KEY)
    for path in ("//evil.example/", "/\\evil.example/", "\\\\evil.example", "///evil.example"):
        location = client.get(f"/?key={KEY}", environ_overrides={"PATH_INFO": path}).headers["Location"]
        assert location.startswith("/")
        assert location[1] not in "/\\"


def test_behind_a_proxy_its_headers_count_only_when_it_is_trusted(client_of: Callable[..., FlaskClient]) -> None:
    headers = {"X-Forwarded-Host": "flow.example.org", "X-Forwarded-Proto": "https"}
    trusting = client_of(trusted_proxies=1, allowed_hosts=("flow.example.org",))
    assert get(trusting, "backend.internal", **headers).status_code == 200
    assert get(trusting, "backend.internal", **headers, Origin="https://flow.example.org").status_code == 200
    assert get(client_of(allowed_hosts=("flow.example.org",)), "backend.internal", **headers).status_code == 403
