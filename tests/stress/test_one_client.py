"""One client must not stop the others: bounded attacks on one real server, and what another client sees meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from orderflow.web.kit.sockets import PING_SECONDS
from tests.running import RunningServer
from tests.stress.attacks import ATTACKS, Watcher, many_sockets, pipeline, request, resident, send

MIB = 1 << 20
HELD = 5.0
"""Seconds that the other client may wait on a machine that is busy with other tests; on an idle one it is 0.1 s."""

SECONDS = 30.0
"""Time for memory to be given back."""
BOUNDED = {
    "gzip_parts": 400,
    "empty_objects": 400,
    "blank_lines": 400,
    "one_line": (400, 400),
    "deep": (400, 400),
    "wide": 400,
    "digits": [400] * 4,
    "headers": [200] * 10,
    "parameters": 400,
    "long_keys": [422, 422],
}
"""Attacks that held the server for seconds or minutes, or got a 500, and their answers."""


@pytest.mark.parametrize("name", BOUNDED)
def test_what_is_made_to_take_long_is_refused_at_once(server: RunningServer, name: str) -> None:
    before = resident(server.process.pid)
    with Watcher(server.port) as other:
        began = time.monotonic()
        assert ATTACKS[name](server.port) == BOUNDED[name]
        assert time.monotonic() - began < 4 * HELD
    assert max(other.waits) < HELD
    assert not [line for line in server.errors if "Traceback" in line]
    memory_returns(server, before)


def test_memory_returns_after_the_first_bodies_of_bad_rows(launch: Callable[..., RunningServer]) -> None:
    """On a new server: what one attack leaves would hide what the next one leaves."""
    server = launch("--ephemeral", fresh=True)
    server.get("/api/v1/symbols")
    before = resident(server.process.pid)
    for _ in range(2):
        assert ATTACKS["wrong_rows"](server.port) == 400
        memory_returns(server, before)


def memory_returns(server: RunningServer, before: int, loaded: int = 0) -> None:
    """Wait until the server's memory is within a fifth of what it was, as the kernel takes it back with a delay.

    loaded: bytes that may stay besides, where a test's calls are the first to load a part of the program.
    """
    until = time.monotonic() + SECONDS
    while (now := resident(server.process.pid)) > 1.2 * before + loaded:
        assert time.monotonic() < until, f"{now / MIB:.0f} MB are left of {before / MIB:.0f}"
        time.sleep(0.1)


def test_memory_returns_after_bodies_of_bad_rows(server: RunningServer) -> None:
    for name in ("empty_objects", "gzip_bombs"):  # what is loaded at the first call stays
        ATTACKS[name](server.port)
    before = resident(server.process.pid)
    with Watcher(server.port, server.process.pid) as other:
        for name in ("empty_objects", "wide", "blank_lines", "empty_objects"):
            ATTACKS[name](server.port)
    assert other.most < before + 200 * MIB
    assert resident(server.process.pid) < 1.2 * before + 50 * MIB


def test_others_are_served_between_pipelined_requests(server: RunningServer) -> None:
    with Watcher(server.port) as other:
        assert pipeline(server.port, 800, "/api/v1/symbols") == 800
    assert len(other.waits) > 10  # it was one, of all of them


def test_announced_bodies_lock_nobody_out(server: RunningServer) -> None:
    assert ATTACKS["announcers"](server.port) == 202


def test_a_flood_of_frames_is_read_slowly(server: RunningServer) -> None:
    before = resident(server.process.pid)
    with Watcher(server.port) as other:
        ATTACKS["frames"](server.port)
    assert max(other.waits) < HELD
    memory_returns(server, before)
    assert send(server.port, request("GET", "/health")) == 200


def test_memory_returns_after_unread_sockets(server: RunningServer) -> None:
    ATTACKS["unread_sockets"](server.port)  # what is loaded at the first call stays
    before = resident(server.process.pid)
    ATTACKS["unread_sockets"](server.port)
    memory_returns(server, before)


def test_floods_of_subscriptions_end_a_connection(server: RunningServer) -> None:
    with Watcher(server.port) as other:
        assert ATTACKS["subscriptions"](server.port) == [1008, 1008]
    assert max(other.waits) < HELD


@pytest.mark.parametrize("name", ["long_frames", "pings", "herd_messages"])
def test_sockets_read_a_flood_slowly_or_end(server: RunningServer, name: str) -> None:
    before = resident(server.process.pid)
    with Watcher(server.port, server.process.pid) as other:
        found = ATTACKS[name](server.port)
    assert max(other.waits) < HELD
    assert other.most < before + 50 * MIB
    if name == "long_frames":
        assert {code for codes in found for code in codes} <= {0, 1009, 4004}  # 0: it was reset, or more is waited for
    assert not [line for line in server.errors if "Traceback" in line]
    memory_returns(server, before)


@pytest.mark.parametrize("name", ["pings", "subscriptions"])
def test_a_socket_that_was_flooded_ends_with_its_client(launch: Callable[..., RunningServer], name: str) -> None:
    """What had come of the flood was read on at 4 KB a second, for minutes."""
    server = launch("--ephemeral")
    ATTACKS[name](server.port)
    sockets_end(server)


def test_half_closed_sockets_are_let_go(launch: Callable[..., RunningServer]) -> None:
    server = launch("--ephemeral")
    many_sockets(server.port, 64)
    sockets_end(server)


def sockets_end(server: RunningServer) -> None:
    """Wait until no socket is open, for less than the time until the server's first ping."""
    until = time.monotonic() + PING_SECONDS / 2
    while left := server.get("/stats")["sockets"]["open"]:
        assert time.monotonic() < until, f"{left} sockets are left"
        time.sleep(0.05)


def test_absurd_ranges_are_refused_or_empty(server: RunningServer) -> None:
    assert set(ATTACKS["odd_ranges"](server.port)) <= {200, 400, 404, 410, 422}
    assert not [line for line in server.errors if "Traceback" in line]


@pytest.mark.parametrize(("name", "answers"), [("upload_blank_lines", (200, 200)), ("upload_bad_rows", [200] * 3)])
def test_previews_take_little_memory(server: RunningServer, name: str, answers: object) -> None:
    """12 MB of blank lines took 390 MB, and 11 MB of bad rows 200."""
    before = resident(server.process.pid)
    with Watcher(server.port, server.process.pid) as other:
        assert ATTACKS[name](server.port) == answers
    assert max(other.waits) < HELD
    assert other.most < before + 150 * MIB
    memory_returns(server, before, loaded=50 * MIB)
