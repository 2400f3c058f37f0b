"""The link that phones join by: the URL under which they reach this server, and its QR code.

The QR code is always dark on light, with a quiet zone around it, because most scanners read nothing else.
"""

from __future__ import annotations

import io
import re
from typing import Any
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
    name = (lan_address() if settings.beyond_loopback else None) or "localhost"
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
    """The QR code of a URL as an SVG that scales to its container. Error correction M: 15 % may be damaged."""
    out = io.BytesIO()
    code: Any = segno.make_qr(url, error="m", boost_error=False)
    code.save(out, kind="svg", border=QUIET, dark=DARK, light=light, omitsize=True, xmldecl=False, title=url)
    return out.getvalue()
