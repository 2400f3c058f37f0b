"""The link by which phones join: the address under which they reach this server, and its QR code.

The code is always dark on light, with the quiet zone around it: most scanners read nothing else.
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
"""Modules of the empty border that the standard asks for."""
DARK = "#000000"
LEAST_LIGHT = 0.75
"""Relative luminance that the light colour must have."""


def join_url(settings: Settings, environ: Environ, code: str | None) -> str:
    """The address that phones open. code: the session's code; None leaves it out.

    It begins with the public URL, else with the name under which the one who asks reached us, else (that was a name of
    this machine alone) with its address in the network, where it listens there.
    """
    return f"{base_url(settings, environ)}/j" + (f"/{code}" if code else "")


def request_join_url(settings: Settings, code: str | None) -> str:
    """The address that phones open, for a page that is asked for by the present request."""
    return join_url(settings, flask.request.environ, code)


def base_url(settings: Settings, environ: Environ) -> str:
    """Scheme, name and port of that address, without a slash at the end."""
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
    """A light colour as six hexadecimal digits; empty: white. Raises ValueError for anything else or a dark one."""
    if not value:
        return "#ffffff"
    if not re.fullmatch(r"[0-9A-Fa-f]{6}", value):
        raise ValueError("must be six hexadecimal digits, as in fff8e7")
    red, green, blue = (int(value[i : i + 2], 16) / 255 for i in (0, 2, 4))
    if 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2 < LEAST_LIGHT:
        raise ValueError("is too dark: scanners need a light ground")
    return f"#{value.lower()}"


def qr_svg(url: str, light: str = "#ffffff") -> bytes:
    """The QR code of an address as an SVG that takes the size of its place; a seventh of it may be damaged."""
    out = io.BytesIO()
    code: Any = segno.make_qr(url, error="m", boost_error=False)
    code.save(out, kind="svg", border=QUIET, dark=DARK, light=light, omitsize=True, xmldecl=False, title=url)
    return out.getvalue()
