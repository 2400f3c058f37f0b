"""The URL that phones open, and its QR code, decoded from the image."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest
import segno

from orderflow.settings.settings import Settings
from orderflow.web.herd import join_link
from orderflow.web.herd.join_link import join_url, qr_svg, read_light

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


def modules(svg: bytes) -> set[tuple[int, int]]:
    """The dark modules of the picture as (row, column), the border included in the count."""
    root = ElementTree.fromstring(svg)
    path = next(node for node in root.iter() if "stroke" in node.attrib)
    found, x, y = set(), 0.0, 0.0
    for command, text in re.findall(r"([Mmh])([-\d. ]*)", path.attrib["d"]):
        numbers = [float(part) for part in re.findall(r"-?\d*\.?\d+", text)]
        if command == "M":
            x, y = numbers
        elif command == "m":
            x, y = x + numbers[0], y + numbers[1]
        else:
            found |= {(int(y), int(x) + i) for i in range(int(numbers[0]))}
            x += numbers[0]
    return found


def test_the_picture_is_the_code_of_the_address_with_a_quiet_zone_dark_on_light() -> None:
    url = f"http://{LAN}:8765/j/K7QX"
    svg = qr_svg(url)
    code = segno.make_qr(url, error="m", boost_error=False)
    assert code.error == "M"
    wanted = {(y + 4, x + 4) for y, row in enumerate(code.matrix) for x, dark in enumerate(row) if dark}
    assert modules(svg) == wanted
    root = ElementTree.fromstring(svg)
    side = len(code.matrix) + 8
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
