"""The fan-out on socket pairs: one serialisation, no blocking, conflation for slow clients, dead clients dropped."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Hashable, Iterator

import pytest

from orderflow.errors import Busy, Conflict
from orderflow.runtime.bus import Bus
from orderflow.runtime.shares import CLIENT, WANTED
from orderflow.runtime.workers import Workers
from orderflow.web.kit.fanout import MAX_VERSIONS, Counters, Fanout, Topic
from orderflow.web.kit.fanout_client import MAX_OUTBOX, MAX_UNSENT, STALL_SECONDS, Client
from orderflow.web.kit.frames import CLOSE, PING, close_frame, frame


class Numbers:
    """A source that counts up; the text of version n from m is "m>n"."""

    def __init__(self) -> None:
        self.n = 1
        self.made: list[Hashable | None] = []
        self.padding = ""

    def version(self) -> Hashable:
        return self.n

    def message(self, since: Hashable | None) -> tuple[Hashable, bytes]:
        self.made.append(since)
        return self.n, f"{since}>{self.n}{self.padding}".encode()


class Pair:
    """Both ends of a connection. `read` returns the texts of the complete frames received."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        mine, self.other = socket.socketpair()
        for end in (mine, self.other):
            end.setblocking(False)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.client = Client(mine, clock)
        self._mine = mine
        self._had = b""

    def read(self) -> list[str]:
        while True:
            try:
                piece = self.other.recv(1 << 16)
            except BlockingIOError:
                break
            if not piece:
                break
            self._had += piece
        texts = []
        while len(self._had) >= 2:
            size, head = self._had[1], 2
            if size == 126:
                size, head = int.from_bytes(self._had[2:4]), 4
            elif size == 127:
                size, head = int.from_bytes(self._had[2:10]), 10
            if len(self._had) < head + size:
                break
            texts.append(self._had[head : head + size].decode(errors="replace"))
            self._had = self._had[head + size :]
        return texts

    def close(self) -> None:
        self._mine.close()
        self.other.close()


@pytest.fixture
def pairs() -> Iterator[Callable[..., Pair]]:
    made: list[Pair] = []

    def make(clock: Callable[[], float] = time.monotonic) -> Pair:
        made.append(Pair(clock))
        return made[-1]

    yield make
    for pair in made:
        pair.close()


@pytest.fixture
def source() -> Numbers:
    return Numbers()


@pytest.fixture
def topic(source: Numbers) -> Topic:
    return Topic("numbers", source, 0.01, Counters())


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, 200_000])
def test_frames_of_every_size(size: int, pairs: Callable[..., Pair]) -> None:
    data = frame(b"x" * size)
    assert data[0] == 0x81
    assert len(data) == size + (2 if size < 126 else 4 if size < 65536 else 10)
    assert close_frame(1001, "bye" * 100)[:4] == bytes((CLOSE, 125, 0x03, 0xE9))
    assert frame(b"", PING) == b"\x89\x00"


def test_a_message_is_built_once_for_clients_of_one_version(
    topic: Topic, source: Numbers, pairs: Callable[..., Pair]
) -> None:
    everyone = [pairs() for _ in range(50)]
    topic.clients |= {pair.client for pair in everyone}
    topic.round()
    topic.round()
    source.n = 2
    topic.round()
    assert source.made == [None, 1]
    assert all(pair.read() == ["None>1", "1>2"] for pair in everyone)


def test_a_newcomer_gets_a_snapshot_and_the_others_only_what_is_new(
    topic: Topic, source: Numbers, pairs: Callable[..., Pair]
) -> None:
    old, new = pairs(), pairs()
    topic.clients.add(old.client)
    topic.round()
    source.n = 2
    topic.clients.add(new.client)
    topic.round()
    assert (old.read(), new.read()) == (["None>1", "1>2"], ["None>2"])


def test_a_slow_client_is_skipped_and_then_gets_one_message_for_all_it_missed(
    topic: Topic, source: Numbers, pairs: Callable[..., Pair]
) -> None:
    slow, quick = pairs(), pairs()
    topic.clients |= {slow.client, quick.client}
    source.padding = "." * 50_000  # more than the buffers hold
    topic.round()
    got = quick.read()
    for n in range(2, 6):
        source.n = n
        for _ in range(40):  # the quick one reads while the frame is being written
            topic.round()
            got += quick.read()
    assert [text.rstrip(".") for text in got] == ["None>1", "1>2", "2>3", "3>4", "4>5"]
    seen: list[str] = []
    for _ in range(80):
        seen += slow.read()
        topic.round()
    assert [text.rstrip(".") for text in seen] == ["None>1", "1>5"]


def test_unacknowledged_bytes_make_a_client_slow(
    topic: Topic, source: Numbers, pairs: Callable[..., Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = pairs()
    topic.clients.add(pair.client)
    asked: list[int] = []

    def unacknowledged(self: Client) -> int:
        asked.append(1)
        return MAX_UNSENT + 1

    monkeypatch.setattr(Client, "_unacknowledged", unacknowledged)
    source.padding = "." * (MAX_UNSENT // 2)
    for _ in range(2):
        topic.round()
        source.n += 1
    assert ([text.rstrip(".") for text in pair.read()], asked) == (["None>1", "1>2"], [])  # so few need no look
    topic.round()
    assert (pair.read(), asked) == ([], [1])
    monkeypatch.setattr(Client, "_unacknowledged", lambda self: MAX_UNSENT)
    topic.round()
    assert [text.rstrip(".") for text in pair.read()] == ["2>3"]


def test_a_control_frame_never_tears_a_message(pairs: Callable[..., Pair]) -> None:
    pair = pairs()
    big = frame(b"x" * 100_000)
    assert pair.client.push(big)
    pair.client.control(frame(b"pong", 0x8A))
    assert not pair.client.push(frame(b"later"))
    texts: list[str] = []
    for _ in range(100):
        texts += pair.read()
        pair.client.flush()
    assert [len(text) for text in texts] == [100_000, 4]


def test_a_flood_of_pings_ends_the_connection_instead_of_the_memory(pairs: Callable[..., Pair]) -> None:
    pair = pairs()
    for _ in range(5_000):
        pair.client.control(frame(b"." * 125, 0x8A))
    assert pair.client.closed


def test_a_client_without_progress_is_dropped(topic: Topic, source: Numbers, pairs: Callable[..., Pair]) -> None:
    now = [100.0]
    pair = pairs(lambda: now[0])
    topic.clients.add(pair.client)
    source.padding = "." * 1_000_000
    topic.round()
    now[0] += STALL_SECONDS - 1
    topic.round()
    assert topic.clients
    now[0] += 2
    topic.round()
    assert not topic.clients
    assert pair.client.closed
    assert topic._counters.dropped == 1


def test_a_quiet_client_is_not_a_stalled_one(topic: Topic, pairs: Callable[..., Pair]) -> None:
    now = [100.0]
    pair = pairs(lambda: now[0])
    topic.clients.add(pair.client)
    for _ in range(10):
        topic.round()
        pair.read()
        now[0] += STALL_SECONDS
    assert topic.clients


def test_a_closed_client_is_dropped_and_the_others_continue(
    topic: Topic, source: Numbers, pairs: Callable[..., Pair]
) -> None:
    gone, here = pairs(), pairs()
    topic.clients |= {gone.client, here.client}
    gone.other.close()
    for n in (1, 2, 3):
        source.n = n
        topic.round()
    assert topic.clients == {here.client}
    assert here.read() == ["None>1", "1>2", "2>3"]


def test_a_client_with_a_closed_socket_is_dropped(topic: Topic, pairs: Callable[..., Pair]) -> None:
    gone, here = pairs(), pairs()
    topic.clients |= {gone.client, here.client}
    gone._mine.close()
    topic.round()
    topic.round()
    assert topic.clients == {here.client}
    assert here.read() == ["None>1"]


def test_many_old_versions_cost_few_messages(topic: Topic, source: Numbers, pairs: Callable[..., Pair]) -> None:
    source.n = 100
    for version in range(50):
        pair = pairs()
        pair.client.version = version
        topic.clients.add(pair.client)
    topic.round()
    assert len(source.made) == MAX_VERSIONS + 1
    assert all(client.version == 100 for client in topic.clients)


def wait_for(what: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not what():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_a_topic_runs_while_it_has_clients(workers: Workers, source: Numbers, pairs: Callable[..., Pair]) -> None:
    fanout, pair = Fanout(workers), pairs()
    ended: list[int] = []
    fanout.idle = lambda: ended.append(fanout.clients)
    topic = fanout.join("numbers", pair.client, lambda: source, 0.01)
    wait_for(lambda: pair.client.version == 1)
    source.n = 2
    wait_for(lambda: pair.client.version == 2)
    counts = {"clients": 1, "topics": 1, "sent": 2, "conflated": 0, "dropped": 0}
    assert fanout.stats() == {**counts, **fanout.limits.stats()}
    assert ended == []
    fanout.leave(topic, pair.client)
    wait_for(lambda: ended == [0])
    assert fanout.stats()["topics"] == 0
    again = pairs()
    assert fanout.join("numbers", again.client, lambda: source, 0.01) is not topic
    wait_for(lambda: again.client.version == 2)


@pytest.mark.parametrize("woken", [False, True])
def test_rounds_take_of_the_share_of_who_asked_for_the_topic(
    woken: bool,
    workers: Workers,
    bus: Bus,
    source: Numbers,
    pairs: Callable[..., Pair],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sockets that followed 60 frames of a symbol kept all worker threads: others waited 30 s."""
    found: list[str] = []
    wanted: list[bool] = []

    def message(since: Hashable | None) -> tuple[Hashable, bytes]:
        found.append(CLIENT.get())
        wanted.append(bool(WANTED.get()()))
        return source.n, b""

    monkeypatch.setattr(source, "message", message)
    fanout, pair = Fanout(workers), pairs()
    pair.client.address = "1.2.3.4"
    if woken:
        follow(fanout, bus, pair.client, source)
    else:
        fanout.join("numbers", pair.client, lambda: source, 0.01)
    wait_for(lambda: pair.client.version == 1)
    assert (found, wanted) == (["1.2.3.4"], [True])


@pytest.mark.parametrize("woken", [False, True])
def test_rounds_are_not_wanted_once_all_clients_have_left(
    woken: bool,
    workers: Workers,
    bus: Bus,
    source: Numbers,
    pairs: Callable[..., Pair],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted: list[bool] = []

    def message(since: Hashable | None) -> tuple[Hashable, bytes]:
        for topic in tuple(fanout._topics.values()):
            fanout.leave(topic, pair.client)
        wanted.append(bool(WANTED.get()()))
        raise Busy("nobody waits for this any more")

    monkeypatch.setattr(source, "message", message)
    fanout, pair = Fanout(workers), pairs()
    if woken:
        follow(fanout, bus, pair.client, source)
    else:
        fanout.join("numbers", pair.client, lambda: source, 0.01)
    wait_for(lambda: fanout.stats()["topics"] == 0)
    assert wanted == [False]


@pytest.fixture
def bus() -> Bus:
    return Bus()


def follow(fanout: Fanout, bus: Bus, client: Client, source: Numbers, interval: float = 0.005) -> Topic:
    """Join a topic that sleeps until the bus reports a change of "numbers"."""
    return fanout.join("numbers", client, lambda: source, interval, lambda wake: bus.receive("numbers", wake=wake))


def test_a_topic_sleeps_until_the_bus_reports_a_change(
    workers: Workers, bus: Bus, source: Numbers, pairs: Callable[..., Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(source, "version", lambda: asked.append(source.n) or source.n)
    fanout, pair = Fanout(workers), pairs()
    follow(fanout, bus, pair.client, source)
    wait_for(lambda: pair.client.version == 1)
    time.sleep(0.1)
    bus.publish("others", 1)
    time.sleep(0.05)
    assert asked == [1]  # thirty intervals have passed
    source.n = 2
    bus.publish("numbers", 2)
    wait_for(lambda: pair.client.version == 2)
    assert pair.read() == ["None>1", "1>2"]


def test_many_changes_need_few_rounds_and_the_newest_is_sent(
    workers: Workers, bus: Bus, source: Numbers, pairs: Callable[..., Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(source, "version", lambda: asked.append(source.n) or source.n)
    fanout, pair = Fanout(workers), pairs()
    follow(fanout, bus, pair.client, source, 0.05)
    wait_for(lambda: pair.client.version == 1)
    asked.clear()
    began = time.monotonic()
    for number in range(2, 502):
        source.n = number
        bus.publish("numbers", number)
    wait_for(lambda: pair.client.version == 501)
    rounds = len(asked)
    assert 1 <= rounds <= 3 + (time.monotonic() - began) / 0.05
    assert pair.read()[-1].endswith(">501")
    for number in (502, 503, 504):
        source.n = number
        bus.publish("numbers", number)
        wait_for(lambda number=number: pair.client.version == number)
    time.sleep(0.1)
    assert len(asked) <= rounds + 3 + 1  # no more wake-ups than changes, and one for a change during a round


def test_a_slow_client_gets_the_newest_without_another_change(
    workers: Workers, bus: Bus, source: Numbers, pairs: Callable[..., Pair]
) -> None:
    fanout, slow = Fanout(workers), pairs()
    source.padding = "." * 200_000
    follow(fanout, bus, slow.client, source)
    for number in (2, 3, 4):
        source.n = number
        bus.publish("numbers", number)
        time.sleep(0.02)
    source.padding = ""
    texts: list[str] = []
    wait_for(lambda: texts.extend(slow.read()) or slow.client.version == 4)
    wait_for(lambda: texts.extend(slow.read()) or texts[-1].endswith(">4"))


def test_a_client_that_asks_again_wakes_the_topic_and_the_last_that_leaves_ends_it(
    workers: Workers, bus: Bus, source: Numbers, pairs: Callable[..., Pair]
) -> None:
    fanout, pair = Fanout(workers), pairs()
    topic = follow(fanout, bus, pair.client, source)
    wait_for(lambda: pair.client.version == 1)
    pair.client.version = None
    topic.wake()
    wait_for(lambda: pair.client.version == 1)
    fanout.leave(topic, pair.client)
    wait_for(lambda: fanout.stats()["topics"] == 0)
    wait_for(lambda: not bus._receivers)


def test_a_failed_round_is_noted_and_the_next_one_succeeds(
    workers: Workers, source: Numbers, pairs: Callable[..., Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def version() -> Hashable:
        calls.append(1)
        if len(calls) < 3:
            raise RuntimeError("not now")
        return 1

    monkeypatch.setattr(source, "version", version)
    fanout, pair = Fanout(workers), pairs()
    fanout.join("numbers", pair.client, lambda: source, 0.01)
    wait_for(lambda: pair.client.version == 1)
    assert workers.errors() == {"broadcast numbers: RuntimeError": 2}


def test_closing_sends_close_frames_and_refuses_new_clients(
    workers: Workers, source: Numbers, pairs: Callable[..., Pair]
) -> None:
    fanout, pair = Fanout(workers), pairs()
    fanout.join("numbers", pair.client, lambda: source, 0.01)
    wait_for(lambda: pair.client.version == 1)
    fanout.close_all()
    assert pair.read()[-1].encode("utf-8", "replace")[-10:] == b"s stopping"
    with pytest.raises(Conflict):
        fanout.join("numbers", pairs().client, lambda: source, 0.01)


def test_a_private_message_goes_to_its_client_alone_and_before_the_shared_one(
    topic: Topic, source: Numbers, pairs: Callable[..., Pair]
) -> None:
    one, other = pairs(), pairs()
    topic.clients |= {one.client, other.client}
    topic.round()
    one.client.enqueue(b"yours")
    topic.round()
    one.client.enqueue(b"first")
    one.client.enqueue(b"second")
    source.n = 2
    topic.round()
    topic.round()
    assert one.read() == ["None>1", "yours", "first", "second", "1>2"]
    assert other.read() == ["None>1", "1>2"]


def test_private_messages_wait_for_a_slow_client_and_too_many_become_a_snapshot(
    topic: Topic, source: Numbers, pairs: Callable[..., Pair]
) -> None:
    slow = pairs()
    topic.clients.add(slow.client)
    source.padding = "." * 20_000
    topic.round()
    slow.client.enqueue(b"waits")
    topic.round()
    assert slow.client.outbox
    assert slow.read() == []
    for _ in range(50):
        topic.round()
        slow.read()
    assert not slow.client.outbox
    source.padding = ""
    for number in range(MAX_OUTBOX + 1):
        slow.client.enqueue(b"%d" % number)
    topic.round()
    assert slow.read() == ["None>1"]


def test_a_driven_topic_sends_on_broadcast(workers: Workers, source: Numbers, pairs: Callable[..., Pair]) -> None:
    fanout, pair, late = Fanout(workers), pairs(), pairs()
    fanout.join("driven", pair.client, lambda: source)
    assert pair.read() == ["None>1"]
    source.n = 2
    assert pair.read() == []
    fanout.broadcast("driven")
    assert pair.read() == ["1>2"]
    topic = fanout.join("driven", late.client, lambda: source)
    assert late.read() == ["None>2"]
    assert fanout.listeners("driven") == 2
    fanout.broadcast("nobody listens to this")
    for each in (pair, late):
        fanout.leave(topic, each.client)
    until = time.monotonic() + 60
    while fanout.stats()["topics"] and time.monotonic() < until:
        workers.wait(0.02)
    assert fanout.stats()["topics"] == 0


def test_a_round_that_is_asked_for_during_a_round_follows_it(source: Numbers, pairs: Callable[..., Pair]) -> None:
    topic, pair = Topic("driven", source, None, Counters()), pairs()
    topic.clients.add(pair.client)
    asked: list[int] = []

    def message(since: Hashable | None) -> tuple[Hashable, bytes]:
        if not asked:
            asked.append(1)
            source.n = 5
            topic.broadcast(lambda seconds: None)
        return Numbers.message(source, since)

    source.message = message  # type: ignore[method-assign]  # this one source changes while it is asked
    topic.broadcast(lambda seconds: None)
    assert pair.read() == ["None>5"]
    assert not topic.broadcasting


def test_a_source_that_is_busy_is_asked_again_and_nothing_is_sent_meanwhile(
    monkeypatch: pytest.MonkeyPatch, topic: Topic, source: Numbers, pairs: Callable[..., Pair]
) -> None:
    one = pairs()
    topic.clients.add(one.client)
    for what in ("version", "message"):
        with monkeypatch.context() as busy:
            busy.setattr(source, what, raise_busy)
            assert not topic.round(lambda _: False)
            assert one.read() == []
    assert topic.round(lambda _: False)
    assert one.read() == ["None>1"]


def raise_busy(*_: object) -> tuple[Hashable, bytes]:
    raise Busy("ticks are being put in order")
