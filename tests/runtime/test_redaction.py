"""Keys are removed from the log: in addresses, headers, tracebacks, encoded or not."""

from __future__ import annotations

import io
import logging
from urllib.parse import quote

import pytest

from orderflow.runtime.redaction import Redaction, passwords_of, redact

KEY = "correct-horse_battery~1"


@pytest.mark.parametrize(
    "text",
    [
        f"GET /chart/?key={KEY} HTTP/1.1",
        f"GET /chart/?symbol=A&KEY={KEY}&x=1 HTTP/1.1",
        f"Referer: http://localhost:8765/herd/?key={KEY}#top",
        f"next=%2Fchart%2F%3Fkey%3D{quote(KEY, safe='')}%26x%3D1",
        f"next=%252Fchart%253Fkey%253D{KEY}%2526x",
        f"GET /?k%65y={KEY} HTTP/1.1",
        f"GET /a?key={''.join(f'%{ord(letter):02x}' for letter in KEY)} HTTP/1.1",
        f"'HTTP_COOKIE': 'a=b; orderflow_key={KEY}; herd=x'",
        f"Authorization: Bearer {KEY}",
        f"orderflow serve --api_key={KEY}",
        f"http://x/%2e?q={quote(f'http://y/?key={KEY}', safe='')}",
    ],
)
def test_a_key_in_a_text_is_hidden_whether_it_is_known_or_not(text: str) -> None:
    for secrets in ((), (KEY,)):
        found = redact(text, secrets)
        for form in (KEY, quote(KEY, safe=""), KEY[:8], "%63%6f%72"):
            assert form not in found
        assert "…" in found
        assert redact(found, secrets) == found


def test_a_token_of_a_user_is_hidden_wherever_it_stands() -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJlLXg_"
    assert redact(f"GET /nothing/{token}/x HTTP/1.1 404") == "GET /nothing/…/x HTTP/1.1 404"
    assert redact(f"orderflow_access={token}; a=b") == "orderflow_access=…; a=b"
    assert redact("the file eyJ.csv of key.csv.gz") == "the file eyJ.csv of key.csv.gz"


def test_the_rest_of_a_line_stays() -> None:
    assert redact("GET /chart/?key=abcdefgh&x=1 HTTP/1.1 200") == "GET /chart/?key=…&x=1 HTTP/1.1 200"
    for plain in (
        "idempotency key 'a' was used",
        "GET /api/v1/bars/BTC%2FUSDT?x=%20 200",
        "monkey=banana",
        "100 %",
        "",
    ):
        assert redact(plain, (KEY,)) == plain
    assert redact(f"a known one anywhere: {KEY!r}", (KEY,)) == "a known one anywhere: '…'"


@pytest.mark.parametrize(
    "text",
    [
        "database_url = postgresql://ann:{}@db.example.org/flow is not reachable",
        "('postgresql+psycopg://ann:{}@/flow?host=/run', 1)",
        "postgresql://db.example.org/flow?user=ann&password={}",
        "host=db password={} dbname=flow",
    ],
)
def test_a_password_of_a_database_is_hidden_whether_it_is_known_or_not(text: str) -> None:
    password = "s3cret%2Fword"
    assert passwords_of(f"postgresql://ann:{password}@x/y") in (
        ["s3cret%2Fword", "s3cret/word"],
        ["s3cret/word", "s3cret%2Fword"],
    )
    for secrets in ((), passwords_of(f"postgresql://ann:{password}@x/y")):
        found = redact(text.format(password), secrets)
        assert "s3cret" not in found
        assert "flow" in found


def test_a_password_with_a_slash_is_known() -> None:
    (password,) = passwords_of("postgresql://ann:s3cret/word@x/y")
    assert password == "s3cret/word"
    assert "s3cret" not in redact("the login of ann with s3cret/word failed", [password])


def test_an_address_without_a_password_has_no_secret() -> None:
    for address in (None, "", "postgresql://x/y", "postgresql://ann@x/y", "no address", "postgresql://[", "a://b:c@d"):
        assert passwords_of(address) == []
    assert redact("http://localhost:8765/a@b and http://[::1]:80/") == "http://localhost:8765/a@b and http://[::1]:80/"


def test_a_long_encoded_word_is_left_out_instead_of_decoded() -> None:
    for word in ("%" * 65_000, "a%" * 30_000, "%41" * 20_000):
        assert redact(f"GET /{word} 404", (KEY,)) == "GET … 404"


def test_tracebacks_and_arguments_are_covered() -> None:
    redaction, out = Redaction(), io.StringIO()
    redaction.secrets = lambda: (KEY,)
    handler = logging.StreamHandler(out)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    redaction.install([handler])
    logger = logging.Logger("test", logging.DEBUG)
    logger.addHandler(handler)
    logger.debug("asked for %s", {"url": f"/?key={KEY}", "key": KEY})
    try:
        raise ValueError(f"no such page: /?key={KEY}")
    except ValueError:
        logger.exception("failed at %s", f"%2F%3Fkey%3D{KEY}")
    assert KEY not in out.getvalue()
    assert "ValueError: no such page: /?key=…" in out.getvalue()
    assert out.getvalue().startswith("DEBUG asked for {'url': '/?key=…")


def test_a_stream_is_covered() -> None:
    out = io.StringIO()
    print(f"GET /?key={KEY}", file=Redaction().stream(out))
    assert out.getvalue() == "GET /?key=…\n"
