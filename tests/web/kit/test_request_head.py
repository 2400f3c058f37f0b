"""Heads of requests: what is read, and what is refused because two programs could read it in two ways."""

from __future__ import annotations

import io
import time

import pytest

from orderflow.web.kit.request_head import FIELDS, HEAD, LINE, BadHead, Head, is_host, parse_head, read_head

HOST = b"Host: localhost\r\n"


def head_of(*fields: bytes, line: bytes = b"POST /tick HTTP/1.1\r\n", host: bytes = HOST) -> Head:
    return parse_head(line + host + b"".join(field + b"\r\n" for field in fields) + b"\r\n")


def test_a_head_is_read_in_one_pass_and_the_rest_stays() -> None:
    stream = io.BufferedReader(io.BytesIO(b"GET /a?b HTTP/1.1\r\nHost: a\r\nX-Thing: \t b c \r\nEmpty:\r\n\r\nrest"))
    head = read_head(stream)
    assert head is not None
    assert (head.method, head.target, head.version) == ("GET", "/a?b", "HTTP/1.1")
    assert head.fields == [("host", "a"), ("x-thing", "b c"), ("empty", "")]
    assert (head.get("HOST"), head.typeheader, head.get("no"), head.get("no", "x")) == ("a", None, None, "x")
    assert stream.read() == b"rest"
    assert read_head(stream) is None


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_a_head_may_come_byte_by_byte_and_its_lines_may_end_in_lf(end: bytes) -> None:
    class Slow(io.RawIOBase):
        def __init__(self, data: bytes) -> None:
            self._bytes = iter(data)

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # a memoryview is what is given
            buffer[:1] = bytes([byte]) if (byte := next(self._bytes, None)) is not None else b""
            return 1

    head = read_head(io.BufferedReader(Slow(end.join([b"GET / HTTP/1.1", b"Host: a", b"B: c", b"", b""]))))
    assert head is not None
    assert head.fields == [("host", "a"), ("b", "c")]


@pytest.mark.parametrize(
    "line",
    [
        b"GET /\r\n", b"GET  / HTTP/1.1\r\n", b"GET / HTTP/1.1 \r\n", b" GET / HTTP/1.1\r\n", b"GET / http/1.1\r\n",
        b"GET /a b HTTP/1.1\r\n", b"GET /\x00 HTTP/1.1\r\n", b"GET /\x7f HTTP/1.1\r\n", b"G\x00T / HTTP/1.1\r\n",
        b"GET http://localhost/ HTTP/1.1\r\n", b"OPTIONS * HTTP/1.1\r\n", b"GET health HTTP/1.1\r\n", b"\r\n",
        b"GET /\rX HTTP/1.1\r\n", b"GET / HTTP/1.1\r",
    ],
)  # fmt: skip
def test_a_damaged_request_line_is_refused(line: bytes) -> None:
    with pytest.raises(BadHead) as caught:
        head_of(line=line)
    assert caught.value.status == 400


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "get", "BREW", "G" * 100])
def test_a_method_that_no_route_has_is_refused(method: str) -> None:
    with pytest.raises(BadHead) as caught:
        head_of(line=f"{method} / HTTP/1.1\r\n".encode())
    assert caught.value.status == 501


@pytest.mark.parametrize(
    "field",
    [
        b"no colon", b" folded: a", b"\tfolded", b"A : b", b": b", b"A: b\x00c", b"A: b\rc", b"A: b\x0bc", b"A\x00: b",
        b"A: b\x7f", b"\xe9: x", b"A(: b",
    ],
)  # fmt: skip
def test_a_damaged_field_is_refused(field: bytes) -> None:
    with pytest.raises(BadHead, match="damaged"):
        head_of(field)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ([b"Content-Length: 5", b"Transfer-Encoding: chunked"], 400),
        ([b"Transfer-Encoding: chunked", b"Content-Length: 5"], 400),
        ([b"Content-Length: 5", b"Content-Length: 5"], 400),
        ([b"Content-Length: 5, 5"], 400),
        ([b"Content-Length: +5"], 400),
        ([b"Content-Length: -5"], 400),
        ([b"Content-Length: 0x5"], 400),
        ([b"Content-Length:"], 400),
        ([b"Content-Length: " + b"9" * 5000], 400),
        ([b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"], 400),
        ([b"Transfer-Encoding: gzip, chunked"], 501),
        ([b"Transfer-Encoding: xchunked"], 501),
        ([b"Transfer-Encoding:"], 501),
        ([b"Host: localhost"], 400),
    ],
)
def test_unclear_framing_is_refused(fields: list[bytes], status: int) -> None:
    with pytest.raises(BadHead) as caught:
        head_of(*fields)
    assert caught.value.status == status


def test_chunks_need_http_1_1() -> None:
    with pytest.raises(BadHead):
        head_of(b"Transfer-Encoding: chunked", line=b"POST / HTTP/1.0\r\n")
    assert head_of(b"Transfer-Encoding: Chunked").chunked
    assert head_of(b"Content-Length: 007").length == 7


@pytest.mark.parametrize("version", [b"HTTP/2.0", b"HTTP/0.9", b"HTTP/1.2", b"HTTP/9.9"])
def test_other_versions_are_refused(version: bytes) -> None:
    with pytest.raises(BadHead) as caught:
        head_of(line=b"GET / " + version + b"\r\n")
    assert caught.value.status == 505


@pytest.mark.parametrize(
    ("host", "good"),
    [
        ("localhost", True), ("localhost:8765", True), ("127.0.0.1:80", True), ("[::1]:8765", True), ("a_b.c-d", True),
        ("[fe80::1%eth0]", True), ("user@localhost", False), ("a:b@localhost:1", False), ("localhost/x", False),
        ("localhost:", False), ("localhost:99999", False), ("localhost:8x", False), ("", False), ("a b", False),
        ("a,b", False), ("[::1", False), ("http://a", False), ("a\\b", False), ("a?b", False), ("a#b", False),
    ],
)  # fmt: skip
def test_a_host_is_a_name_and_perhaps_a_port(host: str, good: bool) -> None:
    assert is_host(host) is good
    if not good:
        with pytest.raises(BadHead, match="Host must be"):
            head_of(host=f"Host: {host}\r\n".encode())


def test_http_1_1_needs_a_host_and_1_0_does_not() -> None:
    with pytest.raises(BadHead, match="no Host"):
        head_of(host=b"")
    assert head_of(host=b"", line=b"GET / HTTP/1.0\r\n").get("host") is None


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /" + b"a" * LINE + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + HOST + b"A: " + b"b" * HEAD + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n" * FIELDS + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + HOST, 400),
    ],
)
def test_a_head_is_bounded(data: bytes, status: int) -> None:
    with pytest.raises(BadHead) as caught:
        read_head(io.BufferedReader(io.BytesIO(data)))
    assert caught.value.status == status


def test_a_head_of_spaces_takes_no_longer_than_one_of_letters() -> None:
    def seconds(value: bytes) -> float:
        began = time.perf_counter()
        for _ in range(20):
            head_of(b"A: " + value + b"x")
        return time.perf_counter() - began

    letters = min(seconds(b"b" * 30_000) for _ in range(3))
    assert min(seconds(b" " * 30_000) for _ in range(3)) < 20 * letters + 0.01


@pytest.mark.parametrize(
    ("version", "connection", "keeps"),
    [
        ("1.1", None, True), ("1.1", "close", False), ("1.1", "Close, TE", False), ("1.1", "keep-alive", True),
        ("1.0", None, False), ("1.0", "keep-alive", True), ("1.0", "close", False), ("1.1", "Upgrade", True),
    ],
)  # fmt: skip
def test_who_wants_to_send_more(version: str, connection: str | None, keeps: bool) -> None:
    fields = [] if connection is None else [f"Connection: {connection}".encode()]
    assert head_of(*fields, line=f"GET / HTTP/{version}\r\n".encode()).keeps_alive is keeps
