"""A fake server that takes ticks like the real one and fails on demand, and fixtures that run the client against it."""

from __future__ import annotations

import contextlib
import io
import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from orderflow.errors import BadInput
from orderflow.formats import parse_body
from orderflow.market.decimals import unit_text
from orderflow.market.ticks import TickBatch
from orderflow.replay.cli import main

Tick = tuple[str, int, str, str, int, int, int]
"""symbol, time ns, price, size, side, rule, id."""


@dataclass
class FakeServer:
    """What it holds and what it shall do. faults: for each coming POST /ticks one of

    "" (work), "unread" (hang up before reading), "unanswered" (take it, then hang up), "half" (take it, send half an
    answer), "silent" (take it, never answer), or a status code, perhaps with a Retry-After: "503", "429 0".
    """

    ticks: list[Tick] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    calls: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    keys: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    refuse_row: int | None = None
    on_ticks: Callable[[], None] = lambda: None
    url: str = ""

    def paths(self) -> list[str]:
        return [f"{method} {path}" for method, path, _ in self.calls]

    def take(self, query: dict[str, list[str]], headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        key = headers["idempotency-key"]
        if key in self.keys:
            count, text = self.keys[key]
            assert text == body, "one key, two bodies"
            return 202, {"accepted": count, "revision": len(self.ticks)}
        try:
            parsed = parse_body(body, headers["content-type"], default_symbol=query.get("symbol", ["DEFAULT"])[0])
        except BadInput as error:
            return 400, {"detail": str(error)}
        errors = [{"loc": error.loc, "msg": error.reason} for error in parsed.errors]
        if self.refuse_row is not None:
            errors.append({"loc": ["body", self.refuse_row, "price"], "msg": "no such price"})
        if errors:
            return 400, {"detail": "bad rows", "errors": errors}
        new = flat(parsed.batches, parsed.origins)
        self.ticks += new
        self.sizes.append(len(new))
        self.keys[key] = len(new), body
        return 202, {"accepted": len(new), "revision": len(self.ticks)}


def told(batch: TickBatch) -> list[tuple[Any, ...]]:
    """(time, price, size, side, rule, id) of each tick, numbers as decimal text."""
    return [
        (
            int(batch.time[i]),
            unit_text(int(batch.price[i]), batch.price_decimals),
            unit_text(int(batch.size[i]), batch.size_decimals),
            int(batch.side[i]),
            int(batch.rule[i]),
            int(batch.id[i]),
        )
        for i in range(len(batch))
    ]


def flat(batches: Sequence[TickBatch], origins: Sequence[Any]) -> list[Tick]:
    """Ticks in the order of their rows."""
    rows = [
        (int(row), batch.symbol, *tick)
        for batch, origin in zip(batches, origins, strict=True)
        for row, tick in zip(origin, told(batch), strict=True)
    ]
    return [row[1:] for row in sorted(rows, key=lambda row: row[0])]


def _handler(fake: FakeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_POST(self) -> None:
            url = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            fault = ""
            if url.path == "/ticks":
                fake.on_ticks()
                fault = fake.faults.pop(0) if fake.faults else ""
            if fault == "unread":
                return self.hang_up()
            body = self.rfile.read(int(headers.get("content-length", 0)))
            fake.calls.append((self.command, self.path, headers))
            if fault[:1].isdigit():
                status, _, after = fault.partition(" ")
                return self.answer(int(status), {"detail": "not now"}, {"Retry-After": after} if after else {})
            if url.path == "/ticks":
                status_code, value = fake.take(parse_qs(url.query), headers, body)
            else:
                if url.path == "/reset":
                    fake.ticks.clear()
                status_code, value = 200, {"body": body.decode()}
            if fault == "silent":
                threading.Event().wait(3)
            if fault in ("unanswered", "silent"):
                return self.hang_up()
            if fault == "half":
                self.wfile.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 40\r\n\r\n{")
                return self.hang_up()
            return self.answer(status_code, value, {})

        do_PUT = do_POST

        def answer(self, status: int, value: Any, headers: dict[str, str]) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            for name, text in {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(body)

        def hang_up(self) -> None:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    return Handler


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    fake = FakeServer()
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), _handler(fake))
    httpd.daemon_threads = True
    httpd.block_on_close = False
    thread = threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{httpd.server_address[1]}"
    yield fake
    httpd.shutdown()
    httpd.server_close()
    thread.join()


@dataclass
class Run:
    code: int
    out: str
    err: str


@pytest.fixture
def replay(capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """Run the client in this process: replay(file, "--velocity", "max", ...)."""

    def run(*words: object) -> Run:
        capsys.readouterr()
        try:
            code = main([str(word) for word in words])
        except SystemExit as leave:
            code = int(leave.code or 0)
        out, err = capsys.readouterr()
        return Run(code, out, err)

    return run


@pytest.fixture
def tick_file(tmp_path: Path) -> Callable[..., Path]:
    """Write a file of n trades a minute apart by `step` ms: tick_file(100)."""

    def write(count: int, *, step: int = 10, name: str = "es.csv", bad: Sequence[int] = ()) -> Path:
        text = io.StringIO()
        text.write("timestamp,price,size,side\n")
        for i in range(count):
            price = "oops" if i in bad else f"{5000 + (i * 7 % 40) * 0.25:.2f}"
            text.write(f"{1_760_032_800_000 + i * step},{price},{i % 9 + 1},{'buy' if i * 5 % 3 else 'sell'}\n")
        path = tmp_path / name
        path.write_text(text.getvalue())
        return path

    return write
