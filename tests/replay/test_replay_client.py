"""Retries of the client: which failures are retried, for how long, and with the same key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from orderflow.errors import BadSetting
from orderflow.replay.client import Client, Refused, ServerGone, Stopped, _seconds

Fake = Any

BODY = b"timestamp,price,size\n1760032800000,5000,1\n1760032800001,5000.25,2\n"


class Waits:
    """A sleep that takes no time, a clock that believes it, and the clients that use them."""

    def __init__(self) -> None:
        self.clients: list[Client] = []
        self.now = 0.0
        self.slept: list[float] = []
        self.told: list[str] = []
        self.stop_after = 10**9

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> bool:
        self.slept.append(seconds)
        self.now += seconds
        return len(self.slept) >= self.stop_after

    def client(self, url: str, **options: Any) -> Client:
        client = Client(
            url,
            clock=self.clock,
            sleep=self.sleep,
            jitter=lambda: 1.0,
            on_wait=lambda reason, left: self.told.append(reason),
            on_back=lambda: self.told.append("back"),
            **options,
        )
        self.clients.append(client)
        return client


@pytest.fixture
def waits() -> Iterator[Waits]:
    made = Waits()
    yield made
    for client in made.clients:
        client.close()


def post(client: Client, key: str = "k-1", body: bytes = BODY) -> Any:
    client.begin_ticks(body, key=key, symbol="ES")
    return client.finish_ticks()


def test_a_batch_names_its_symbol_its_key_and_the_api_key(fake: Fake, waits: Waits) -> None:
    answer = post(waits.client(fake.url, api_key="secret key"))
    assert answer.accepted == 2
    (_, path, headers), *_ = fake.calls
    assert path == "/ticks?symbol=ES"
    assert headers["idempotency-key"] == "k-1"
    assert headers["authorization"] == "Bearer secret key"
    assert headers["content-type"].startswith("text/csv")


@pytest.mark.parametrize("fault", ["unread", "unanswered", "half", "503", "500", "429", "507", "502"])
@pytest.mark.parametrize("times", [1, 3])
def test_retried_with_the_same_key_until_taken_once(fake: Fake, fault: str, times: int, waits: Waits) -> None:
    client = waits.client(fake.url)
    fake.faults = [fault] * times
    assert post(client).accepted == 2
    assert len(fake.ticks) == 2
    assert {headers["idempotency-key"] for _, _, headers in fake.calls} == {"k-1"}
    assert waits.told[-1] == "back"
    assert len(waits.slept) == times


def test_an_idle_connection_that_the_server_closed_costs_no_wait(fake: Fake, waits: Waits) -> None:
    client = waits.client(fake.url)
    post(client)
    fake.faults = ["unread"]
    post(client, "k-2", BODY.replace(b"5000", b"6000"))
    assert waits.slept == []
    assert len(fake.ticks) == 4


def test_waits_grow_to_a_bound_and_end(fake: Fake, waits: Waits) -> None:
    fake.faults = ["503"] * 1000
    with pytest.raises(
        ServerGone, match=r"does not accept the request: it answered 503 not now \(tried for 60 s\)"
    ) as gone:
        post(waits.client(fake.url, retry_for=60.0))
    assert not gone.value.in_doubt
    assert waits.slept[:6] == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0]
    assert max(waits.slept) == 4.0
    assert sum(waits.slept) == pytest.approx(60)


def test_retry_after_is_honoured_within_what_is_allowed(fake: Fake, waits: Waits) -> None:
    fake.faults = ["429 3", "503 0", "429 Wed, 21 Oct 2015 07:28:00 GMT", "429 soon", "429 1000"]
    post(waits.client(fake.url, retry_for=30.0))
    assert waits.slept[0] == 3.0
    assert waits.slept[1] == 0.5
    assert sum(waits.slept) == pytest.approx(30)


def test_a_date_to_retry_after_is_of_the_servers_clock() -> None:
    """This machine's clock may be wrong by days."""
    assert _seconds("Wed, 21 Oct 2015 07:28:20 GMT", "Wed, 21 Oct 2015 07:28:00 GMT") == 20.0
    assert _seconds("Wed, 21 Oct 2015 07:28:20 GMT", None) == 0.0


def test_jitter_keeps_clients_apart(fake: Fake, waits: Waits) -> None:
    client = waits.client(fake.url)
    client._jitter = lambda: 0.0
    fake.faults = ["503"]
    post(client)
    assert waits.slept == [0.125]


@pytest.mark.parametrize(
    ("fault", "in_doubt"),
    [("503", False), ("429", False), ("507", False), ("500", True), ("unanswered", True), ("unread", True)],
)
def test_doubt_only_where_the_server_may_have_it(fake: Fake, fault: str, in_doubt: bool, waits: Waits) -> None:
    fake.faults = [fault] * 99
    with pytest.raises(ServerGone) as gone:
        post(waits.client(fake.url, retry_for=1.0))
    assert gone.value.in_doubt is in_doubt


def test_a_refused_connection_is_not_in_doubt(waits: Waits) -> None:
    with pytest.raises(
        ServerGone, match=r"cannot reach http://127.0.0.1:1: nothing listens there \(tried for 2 s\)"
    ) as gone:
        post(waits.client("http://127.0.0.1:1", retry_for=2.0))
    assert not gone.value.in_doubt
    assert set(waits.told) == {"nothing listens there"}


def test_a_server_that_never_answers(fake: Fake, waits: Waits) -> None:
    fake.faults = ["silent"]
    client = waits.client(fake.url, timeout=0.2)
    assert post(client).accepted == 2
    assert len(fake.ticks) == 2


def test_the_user_can_stop_a_wait(fake: Fake, waits: Waits) -> None:
    fake.faults = ["unanswered"] * 9
    waits.stop_after = 2
    with pytest.raises(Stopped) as stopped:
        post(waits.client(fake.url))
    assert stopped.value.in_doubt


def test_a_refusal_is_not_retried(fake: Fake, waits: Waits) -> None:
    with pytest.raises(Refused, match="refused the request \\(400\\): bad rows") as refused:
        post(waits.client(fake.url), body=BODY + b"1760032800002,-1,1\n")
    assert refused.value.errors[0][0][:2] == ["body", 2]
    assert waits.slept == []


@pytest.mark.parametrize(("status", "hint"), [("401", "--key"), ("404", "orderflow server"), ("413", "--batch-ticks")])
def test_refusals_say_what_to_do(fake: Fake, status: str, hint: str, waits: Waits) -> None:
    fake.faults = [status]
    with pytest.raises(Refused, match=hint):
        post(waits.client(fake.url))


def test_a_redirect_is_an_error_with_its_target(fake: Fake, waits: Waits) -> None:
    fake.faults = ["301"]
    with pytest.raises(Refused, match="--server"):
        post(waits.client(fake.url))


def test_other_calls(fake: Fake, waits: Waits) -> None:
    client = waits.client(fake.url + "/")
    client.reset()
    client.reset("BTC/USD")
    client.set_tick_size("BTC/USD", "0.25")
    assert fake.paths() == ["POST /reset", "POST /reset?symbol=BTC%2FUSD", "PUT /api/v1/symbols/BTC%2FUSD"]


def test_a_prefix_of_the_address_is_kept(fake: Fake, waits: Waits) -> None:
    waits.client(fake.url + "/flow/").reset()
    assert fake.paths() == ["POST /flow/reset"]


def test_another_kind_of_server_is_refused(fake: Fake, waits: Waits) -> None:
    with pytest.raises(Refused, match="is not an orderflow server"):
        post(waits.client(fake.url + "/blog"))


@pytest.mark.parametrize("url", ["http://h:1/chart/?key=SECRET", "http://user:SECRET@h:1", "http://h:1/#SECRET"])
def test_a_key_in_the_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(BadSetting, match="give the server's key with --key") as error:
        Client(url)
    assert "SECRET" not in str(error.value)


@pytest.mark.parametrize("url", ["localhost:8765", "ftp://x", "http://", "http://h:port", "http://[::1", ""])
def test_an_invalid_address_is_refused(url: str) -> None:
    with pytest.raises(BadSetting, match="is not a server address"):
        Client(url)
