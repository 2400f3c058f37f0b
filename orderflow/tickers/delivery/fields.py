"""The fields of targets: what is asked for, how it is checked, and whether it may be shown again.

Checks take text and return it as it is stored. They raise ValueError with what the value must be; the value itself,
which may be a secret, is not in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from orderflow.settings.parsers import EMAIL

LONGEST_URL = 2_000
PORTS = {80, 443}
"""Ports below 1024 that a webhook may use."""
BAD_PORTS = frozenset(
    {1719, 1720, 1723, 2049, 2375, 2376, 3306, 3659, 4045, 4190, 5060, 5061, 5432, 6000, 6379, 6566, 6697, 9200, 9300}
    | {6665, 6666, 6667, 6668, 6669, 6679, 10080, 11211, 27017}
)
"""Ports of other protocols: those that browsers refuse, and of databases."""
HOST = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?|\[[0-9A-Fa-f:.]+\]")

Check = Callable[[str], str]


@dataclass(frozen=True)
class Field:
    """One field of a kind of target. secret: it is never shown again. default: "" if there is none."""

    name: str
    doc: str
    check: Check
    secret: bool = False
    required: bool = True
    default: str = ""


def matching(pattern: str, must: str) -> Check:
    """A check that text matches a regular expression as a whole."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"must be {must}")
        return value

    return check


email_address = matching(EMAIL, "an e-mail address such as ann@example.org")


def web_address(*, allow_http: bool) -> Check:
    """A check of a webhook's address."""

    def check(value: str) -> str:
        parts = _split(value)
        if parts.scheme not in (("https", "http") if allow_http else ("https",)):
            hint = "" if allow_http else "; WEBHOOK_ALLOW_HTTP allows http://"
            raise ValueError(f"must begin with https://{hint}")
        return _rebuilt(parts)

    return check


def messenger_address(pattern: str, must: str, hosts: tuple[str, ...], *, allow_http: bool = False) -> Check:
    """A check of a messenger's address: its host must be one that the operator set. pattern: of the path."""
    web = web_address(allow_http=allow_http)

    def check(value: str) -> str:
        found = web(value)
        parts = urlsplit(found)
        if (parts.hostname or "") not in hosts:
            raise ValueError(f"must be on a host of MESSENGER_HOSTS ({', '.join(hosts)})")
        if not re.fullmatch(pattern, parts.path) or parts.query:
            raise ValueError(f"must be {must}")
        return found

    return check


def _split(value: str) -> SplitResult:
    if len(value) > LONGEST_URL or not value.isprintable() or not value.isascii() or re.search(r"[\s\\]", value):
        raise ValueError(f"must be a web address of at most {LONGEST_URL:,} ASCII characters, others percent-encoded")
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError("must be a web address such as https://example.org/alerts") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not contain a user name or password: use `secret`, which signs each message")
    host = parts.netloc.rpartition(":")[0] if port is not None else parts.netloc.rstrip(":")
    if not HOST.fullmatch(host):
        raise ValueError("must be a web address such as https://example.org/alerts")
    if port is not None and (port in BAD_PORTS or (port < 1024 and port not in PORTS)):
        raise ValueError(f"must not use port {port}, which is for other protocols: use 443, 80 or one above 1023")
    return parts


def _rebuilt(parts: SplitResult) -> str:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return f"{parts.scheme}://{parts.netloc.lower().rstrip(':')}{path}"


def host_of(values: Mapping[str, str], name: str = "url") -> str:
    """The host, and the port if there is one, of an address."""
    return urlsplit(values[name]).netloc
