"""The link that phones join by: the URL under which they reach this server, and its QR code as a picture or as text.

The QR code is always dark on light, with a quiet zone around it, because most scanners read nothing else. It holds a
path only: a URL with a query, where a key could be, is refused.
"""

from __future__ import annotations

import io
import re
from typing import Any, Literal
from urllib.parse import urlsplit

import flask
import segno

from orderflow.settings.settings import Settings, is_loopback
from orderflow.web.kit.security import Environ, lan_address

QUIET = 4
"""Width of the quiet zone in modules, as the standard requires."""
DARK = "#000000"
MIN_LUMINANCE = 0.75
"""Minimum relative luminance of the light colour."""
BLOCKS = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
"""Characters of two modules, one above the other, printed in a light colour on a dark one. 1: dark."""
LIGHT_ON_DARK, RESET = "\x1b[38;5;231;48;5;16m", "\x1b[0m"
"""White on black on every terminal, whatever its own colours are."""

Obstacle = Literal["", "loopback", "network", "public_url"]
"""Why phones cannot open a join URL. "": they can. "loopback": the server listens on this machine only. "network": this
machine has no address in a network. "public_url": the setting names this machine only."""


def join_url(settings: Settings, environ: Environ, code: str | None) -> str:
    """The URL that phones open. code: the session's code, None to leave it out.

    Its base is the public URL if one is set, otherwise the host of the request. If that host is a loopback name, it is
    this machine's address in the local network, provided that the server listens there.
    """
    return f"{base_url(settings, environ)}/j" + (f"/{code}" if code else "")


def request_join_url(settings: Settings, code: str | None) -> str:
    """The URL that phones open, for the page of the current Flask request."""
    return join_url(settings, flask.request.environ, code)


def base_url(settings: Settings, environ: Environ) -> str:
    """Scheme, host and port of that URL, without a trailing slash."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    scheme = environ.get("wsgi.url_scheme", "http")
    asked = urlsplit(f"//{environ.get('HTTP_HOST', '')}")
    if asked.hostname and not is_loopback(asked.hostname):
        return f"{scheme}://{asked.netloc}"
    port = asked.port or environ.get("SERVER_PORT") or settings.port
    return _url(network_name(settings) or "localhost", port, scheme)


def printed_base_url(settings: Settings, port: int) -> str | None:
    """The same for the terminal, before any request. None if only this machine can reach the server."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    name = network_name(settings)
    return None if name is None else _url(name, port)


def network_name(settings: Settings) -> str | None:
    """The address under which other machines reach this server, None if they cannot."""
    if not settings.beyond_loopback:
        return None
    return lan_address() if settings.bind in ("0.0.0.0", "::") else settings.bind


def obstacle(settings: Settings, url: str) -> Obstacle:
    """Why phones cannot open a join URL, "" if they can."""
    if not is_loopback(urlsplit(url).hostname or ""):
        return ""
    if settings.public_url:
        return "public_url"
    return "network" if settings.beyond_loopback else "loopback"


def _url(name: str, port: object, scheme: str = "http") -> str:
    return f"{scheme}://{f'[{name}]' if ':' in name else name}:{port}"


def read_light(value: str) -> str:
    """A light colour from six hexadecimal digits, white for "". Raises ValueError for other text or a dark colour."""
    if not value:
        return "#ffffff"
    if not re.fullmatch(r"[0-9A-Fa-f]{6}", value):
        raise ValueError("must be six hexadecimal digits, as in fff8e7")
    red, green, blue = (int(value[i : i + 2], 16) / 255 for i in (0, 2, 4))
    if 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2 < MIN_LUMINANCE:
        raise ValueError("is too dark: scanners need a light background")
    return f"#{value.lower()}"


def qr_svg(url: str, light: str = "#ffffff") -> bytes:
    """The QR code of a URL as an SVG that scales to its container. Raises ValueError for a URL with a query."""
    out = io.BytesIO()
    _code(url).save(out, kind="svg", border=QUIET, dark=DARK, light=light, omitsize=True, xmldecl=False, title=url)
    return out.getvalue()


def qr_lines(url: str, *, colours: bool = False) -> list[str]:
    """The QR code of a URL as lines for a terminal with light text on a dark ground, two rows of modules to a line.

    colours: set white on black with escape sequences, for terminals of other colours. Raises ValueError as `qr_svg`.
    """
    rows = [list(row) for row in _code(url).matrix_iter(border=QUIET)]
    rows += [[0] * len(rows[0])] * (len(rows) % 2)
    pairs = zip(rows[::2], rows[1::2], strict=True)
    lines = ["".join(BLOCKS[int(a), int(b)] for a, b in zip(top, low, strict=True)) for top, low in pairs]
    return [f"{LIGHT_ON_DARK}{line}{RESET}" for line in lines] if colours else lines


def _code(url: str) -> Any:
    """Error correction M: 15 % may be damaged."""
    if urlsplit(url).query:
        raise ValueError("a QR code is for everybody: its URL must have no query, where a key could be")
    return segno.make_qr(url, error="m", boost_error=False)
