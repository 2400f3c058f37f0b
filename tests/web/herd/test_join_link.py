"""The URL that phones open, and its QR code, decoded from the image."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from orderflow.settings.settings import Settings
from orderflow.web.herd import join_link
from orderflow.web.herd.join_link import join_url, obstacle, printed_base_url, qr_lines, qr_svg, read_light
from tests.qr import modules_of, modules_of_lines, url_of_svg

LAN = "192.168.1.5"


@pytest.fixture(autouse=True)
def network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(join_link, "lan_address", lambda: LAN)


@pytest.mark.parametrize(
    ("settings", "host", "scheme", "url"),
    [
        ({}, "localhost:8765", "http", "http://localhost:8765/j/K7QX"),
        ({}, "127.0.0.1:9999", "http", "http://localhost:9999/j/K7QX"),
        ({"lan": True}, "localhost:8765", "http", f"http://{LAN}:8765/j/K7QX"),
        ({"lan": True}, "[::1]:8765", "http", f"http://{LAN}:8765/j/K7QX"),
        ({"lan": True}, "laptop.local:8765", "http", "http://laptop.local:8765/j/K7QX"),
        ({"lan": True}, "10.0.0.7:8765", "http", "http://10.0.0.7:8765/j/K7QX"),
        ({"lan": True}, "localhost", "http", f"http://{LAN}:5000/j/K7QX"),
        ({"public_url": "https://herd.example.org"}, "localhost:8765", "http", "https://herd.example.org/j/K7QX"),
        ({"public_url": "https://a.org"}, "b.org", "http", "https://a.org/j/K7QX"),
        ({"allowed_hosts": ("t.example",)}, "t.example", "https", "https://t.example/j/K7QX"),
        ({"lan": True}, "[fe80::1]:8765", "http", "http://[fe80::1]:8765/j/K7QX"),
    ],
)
def test_the_address_is_one_that_a_phone_can_open(settings: dict[str, Any], host: str, scheme: str, url: str) -> None:
    environ = {"HTTP_HOST": host, "wsgi.url_scheme": scheme, "SERVER_PORT": "5000"}
    assert join_url(Settings.of(**settings), environ, "K7QX") == url
    assert join_url(Settings.of(**settings), environ, None) == url.removesuffix("/K7QX")


def test_without_a_network_the_url_is_localhost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(join_link, "lan_address", lambda: None)
    environ = {"HTTP_HOST": "localhost:8765", "wsgi.url_scheme": "http"}
    assert join_url(Settings(lan=True), environ, "A") == "http://localhost:8765/j/A"


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({}, None),
        ({"lan": True}, f"http://{LAN}:80"),
        ({"host": "0.0.0.0"}, f"http://{LAN}:80"),
        ({"host": "10.0.0.7"}, "http://10.0.0.7:80"),
        ({"host": "fe80::1"}, "http://[fe80::1]:80"),
        ({"lan": True, "public_url": "https://a.org"}, "https://a.org"),
    ],
)
def test_the_printed_address_is_the_one_that_pages_show(settings: dict[str, Any], url: str | None) -> None:
    made = Settings.of(**settings)
    assert printed_base_url(made, 80) == url
    if url is not None:
        assert join_url(made, {"HTTP_HOST": "localhost:80"}, None) == f"{url}/j"


@pytest.mark.parametrize(
    ("settings", "host", "reason"),
    [
        ({}, "localhost:8765", "loopback"),
        ({}, "127.0.0.1:8765", "loopback"),
        ({}, "[::1]:8765", "loopback"),
        ({"allowed_hosts": ("t.example",)}, "localhost:8765", "loopback"),
        ({"allowed_hosts": ("t.example",)}, "t.example", ""),
        ({"lan": True}, "localhost:8765", ""),
        ({"lan": True}, "192.168.1.5:8765", ""),
        ({"public_url": "https://a.org"}, "localhost:8765", ""),
        ({"public_url": "http://localhost:9000"}, "localhost:8765", "public_url"),
    ],
)
def test_only_where_phones_cannot_reach_the_address_there_is_a_reason(
    settings: dict[str, Any], host: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Settings.of(**settings)
    assert obstacle(made, join_url(made, {"HTTP_HOST": host}, "K7QX")) == reason
    monkeypatch.setattr(join_link, "lan_address", lambda: None)
    if made.lan and "localhost" in host:
        assert obstacle(made, join_url(made, {"HTTP_HOST": host}, None)) == "network"


def test_printed_lines_are_the_code_with_a_quiet_zone_light_on_dark() -> None:
    url = f"http://{LAN}:8765/j"
    lines = qr_lines(url)
    assert len({len(line) for line in lines}) == 1
    assert modules_of_lines(lines) == modules_of(url)
    for line, coloured in zip(lines, qr_lines(url, colours=True), strict=True):
        assert coloured == f"\x1b[38;5;231;48;5;16m{line}\x1b[0m"


@pytest.mark.parametrize("make", [qr_svg, qr_lines])
def test_no_code_is_made_of_a_url_with_a_query(make: Any) -> None:
    with pytest.raises(ValueError, match="must have no query"):
        make("http://192.168.1.5:8765/chart/?key=secret")


def test_the_picture_is_the_code_of_the_address_with_a_quiet_zone_dark_on_light() -> None:
    url = f"http://{LAN}:8765/j/K7QX"
    svg = qr_svg(url)
    assert url_of_svg(svg.decode()) == url
    root = ElementTree.fromstring(svg)
    side = max(row for row, _ in modules_of(url)) + 9
    assert root.attrib["viewBox"] == f"0 0 {side} {side}"
    assert "width" not in root.attrib
    text = svg.decode()
    assert "#000" in text
    assert re.search(r'fill="(#fff(fff)?|white)"', text)
    assert url in text


def test_the_background_may_be_light_but_not_dark() -> None:
    assert read_light("") == "#ffffff"
    assert read_light("FFF8E7") == "#fff8e7"
    assert b"#fff8e7" in qr_svg("http://x/j", read_light("FFF8E7"))
    for value in ("000000", "888888", "0000ff", "white", "fff", "ffffff0", "#ffffff", "٣٣٣٣٣٣"):
        with pytest.raises(ValueError, match=r"must be|too dark"):
            read_light(value)
