"""The outbox is emptied target by target: what fails is tried again for a day, and holds nothing else up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from orderflow.errors import Busy, NotFound, StorageFailed
from orderflow.runtime.shares import CLIENT
from orderflow.runtime.workers import Event, Workers
from orderflow.storage.records.address import address_of
from orderflow.storage.records.delivery_store import LONGEST_PAUSE, Filter, Message, StoredDelivery, delivery_id
from orderflow.storage.records.records import Records
from orderflow.storage.records.target_store import StoredTarget
from orderflow.tickers.alerts.messages import fill, unknown_names
from orderflow.tickers.delivery.delivery import KEPT, Delivery
from orderflow.tickers.delivery.dispatcher import MOST_OF_AN_OWNER, MOST_SENDING, MOST_SLOW
from orderflow.tickers.delivery.fields import Field
from orderflow.tickers.delivery.kinds import Kind, Values
from orderflow.tickers.delivery.outcome import NotSent, Outcome
from orderflow.tickers.delivery.parcel import Parcel
from orderflow.tickers.delivery.schedule import FIRST_PAUSE, LIFE, SECOND, pause
from tests.clocks import ManualClock

NOW = 1_800_000_000 * SECOND
HELLO = Message("BTC is above 65000", "BTC")
LIMIT = 60.0
"""Seconds for what takes milliseconds on an idle machine."""


def wait_for(what: Callable[[], bool]) -> None:
    until = time.monotonic() + LIMIT
    while not what():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.01)


class Post:
    """A kind of target for tests. answers: by target; got: (target, delivery id, attempt, text)."""

    def __init__(self) -> None:
        self.answers: dict[str, Outcome | Exception | Event] = {}
        self.got: list[tuple[str, str, int, str]] = []

    def send(self, values: Values, parcel: Parcel) -> Outcome:
        name = values["at"]
        self.got.append((name, parcel.id, parcel.attempt, parcel.text))
        answer = self.answers.get(f"{name} {parcel.text}", self.answers.get(name, Outcome(True, 200)))
        if isinstance(answer, Event):
            answer.wait(LIMIT)
            return Outcome(False, None, "took longer than 10 s")
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def kind(self) -> Kind:
        return Kind(
            "post", "Post", (Field("at", "", str), Field("key", "", str, secret=True, required=False)), self.send
        )


BOTH = pytest.mark.parametrize("records", ["file", "server"], indirect=True)
"""For tests of what the two databases might do differently."""


@pytest.fixture
def records(workers: Workers, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Records]:
    """In a file, or with BOTH on a PostgreSQL server too."""
    on_server = getattr(request, "param", "file") == "server"
    url = request.getfixturevalue("postgresql") if on_server else None
    made = Records(address_of(tmp_path, database_url=url), workers)
    made.start()
    assert made.problem == ""
    yield made
    made.close()


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def delivery(records: Records, workers: Workers, clock: ManualClock, post: Post) -> Delivery:
    """Not started: `turn` is called by the test. Without jitter a pause is as long as it may be."""
    return Delivery(records, workers, clock, {"post": post.kind}, jitter=lambda: 1.0)


def add(delivery: Delivery, name: str) -> int:
    return delivery.add({"name": name, "kind": "post", "at": name}).id


def fire(delivery: Delivery, event: str, *targets: int, text: str = HELLO.text) -> None:
    delivery.outbox.enqueue(event, targets, Message(text), delivery.dispatcher.now())


def turn(delivery: Delivery) -> int:
    """One look into the outbox; waits until all that was begun has ended."""
    started = delivery.dispatcher.turn()
    wait_for(lambda: not delivery.dispatcher._busy)
    return started


def state(delivery: Delivery, event: str) -> StoredDelivery:
    (found,) = [each for each in delivery.deliveries(Filter()) if each.event == event]
    return found


@BOTH
def test_a_message_is_delivered_once(delivery: Delivery, post: Post) -> None:
    one, two = add(delivery, "one"), add(delivery, "two")
    fire(delivery, "e1", one, two)
    fire(delivery, "e1", one, two)
    assert turn(delivery) == 2
    assert turn(delivery) == 0
    assert sorted(post.got) == sorted(
        (name, delivery_id("e1", id), 1, HELLO.text) for name, id in [("one", one), ("two", two)]
    )
    assert {each.state for each in delivery.deliveries(Filter())} == {"delivered"}


def test_the_schedule_of_retries(delivery: Delivery, post: Post, clock: ManualClock) -> None:
    """Pauses double up to an hour, for a day; then the delivery has failed."""
    one = add(delivery, "one")
    post.answers["one"] = Outcome(False, 503, "answered 503")
    fire(delivery, "e1", one)
    times: list[int] = []
    while (found := state(delivery, "e1")).state == "pending":
        due = max(found.due, delivery.targets.get(one).resume)
        clock.advance(max(0, due - clock.now()) / SECOND - 0.001 if times else 0.0)
        assert not times or turn(delivery) == 0
        clock.advance(0.001)
        assert turn(delivery) == 1
        times.append(clock.now())
    pauses = [round((later - sooner) / SECOND) for sooner, later in pairwise(times)]
    doubling = [FIRST_PAUSE // SECOND * 2**n for n in range(10)]
    assert pauses[:10] == doubling
    assert set(pauses[10:]) == {LONGEST_PAUSE // SECOND}
    assert LIFE <= times[-1] - NOW < LIFE + LONGEST_PAUSE + SECOND
    found = state(delivery, "e1")
    assert [attempt.number for attempt in found.history] == list(range(1, len(times) + 1))
    assert {(attempt.status, attempt.error) for attempt in found.history} == {(503, "answered 503")}
    assert {each[1] for each in post.got} == {delivery_id("e1", one)}
    clock.advance(LIFE / SECOND)
    assert turn(delivery) == 0


def test_jitter_is_full_and_retry_after_is_obeyed() -> None:
    assert [pause(4, lambda value=value: value) for value in (0.0, 0.5, 0.999)] == [
        0,
        16 * SECOND,
        round(31.968 * SECOND),
    ]
    assert pause(1, lambda: 0.0, wait=77.0) == 77 * SECOND
    assert pause(1, lambda: 1.0, wait=1.0) == FIRST_PAUSE
    assert pause(500, lambda: 1.0, wait=10**9) == LONGEST_PAUSE


@BOTH
def test_a_target_that_comes_back_gets_everything_with_the_same_ids(
    delivery: Delivery, post: Post, clock: ManualClock
) -> None:
    one = add(delivery, "one")
    post.answers["one"] = NotSent("no connection with example.org")
    for number in range(5):
        fire(delivery, f"e{number}", one)
        clock.advance(0.001)
    assert turn(delivery) == 1
    assert turn(delivery) == 0, "a dead target is not asked for each delivery"
    assert len(post.got) == 1
    del post.answers["one"]
    clock.advance(3600)
    turn(delivery)
    assert {each.state for each in delivery.deliveries(Filter())} == {"delivered"}
    assert [each.error for each in state(delivery, "e0").history] == ["no connection with example.org", ""]
    assert {each[1] for each in post.got} == {delivery_id(f"e{number}", one) for number in range(5)}


@BOTH
def test_a_message_that_is_never_taken_does_not_hold_up_the_others(
    delivery: Delivery, post: Post, clock: ManualClock
) -> None:
    one = add(delivery, "one")
    post.answers["one poison"] = Outcome(False, 500, "answered 500")
    post.answers["one wrong"] = Outcome(False, 422, "answered 422", hopeless=True)
    fire(delivery, "e1", one, text="poison")
    fire(delivery, "e2", one, text="wrong")
    for number in range(3, 6):
        clock.advance(0.001)
        fire(delivery, f"e{number}", one)
    for _ in range(4):
        turn(delivery)
        clock.advance(5.0)
    assert [state(delivery, f"e{number}").state for number in range(1, 6)] == ["pending", "failed"] + ["delivered"] * 3
    assert state(delivery, "e2").attempts == 1


def test_one_dead_target_and_fifty_others(records: Records, workers: Workers, post: Post) -> None:
    """The others get theirs while the dead one has not answered yet."""
    delivery = Delivery(records, workers, ManualClock(NOW), {"post": post.kind})
    dead, others = add(delivery, "dead"), [add(delivery, f"n{number}") for number in range(50)]
    holds = post.answers["dead"] = workers.event()
    delivery.start()
    try:
        fire(delivery, "e1", dead, *others)
        delivery.wake()
        wait_for(lambda: len({name for name, *_ in post.got}) == 51)
        wait_for(lambda: len(delivery.deliveries(Filter(state="delivered"))) == 50)
        assert not holds.is_set()
        assert state_of(delivery, dead).state == "pending"
    finally:
        holds.set()
        delivery.stop()


def state_of(delivery: Delivery, target: int) -> StoredDelivery:
    (found,) = delivery.deliveries(Filter(target=target))
    return found


def test_dead_targets_leave_room_for_the_others(
    delivery: Delivery, post: Post, workers: Workers, clock: ManualClock
) -> None:
    """However many targets fail, those that are well are sent to."""
    dead = [add(delivery, f"dead{number}") for number in range(MOST_SENDING + 4)]
    well = add(delivery, "well")
    for number in range(len(dead)):
        post.answers[f"dead{number}"] = NotSent("no connection")
    fire(delivery, "e1", *dead)
    while turn(delivery):
        pass
    holds = workers.event()
    post.answers |= {f"dead{number}": holds for number in range(len(dead))}
    clock.advance(60.0)
    try:
        assert delivery.dispatcher.turn() == MOST_SLOW
        fire(delivery, "e2", well)
        assert delivery.dispatcher.turn() == 1
        wait_for(lambda: state(delivery, "e2").state == "delivered")
    finally:
        holds.set()
    wait_for(lambda: not delivery.dispatcher._busy)


def test_new_targets_of_one_user_leave_room_for_those_of_others(
    delivery: Delivery, post: Post, workers: Workers
) -> None:
    """Targets that never answer count as slow after the first attempt, and new ones can be made again and again."""
    holds = workers.event()
    well, silent = add(delivery, "well"), list[int]()
    for name in (f"silent{number}" for number in range(MOST_SENDING)):
        silent.append(delivery.add({"name": name, "kind": "post", "at": name}, "mallory").id)
        post.answers[name] = holds
    fire(delivery, "e1", *silent)
    try:
        assert delivery.dispatcher.turn() == MOST_OF_AN_OWNER
        fire(delivery, "e2", well)
        assert delivery.dispatcher.turn() == 1
        wait_for(lambda: state(delivery, "e2").state == "delivered")
    finally:
        holds.set()
    wait_for(lambda: not delivery.dispatcher._busy)


@BOTH
def test_failing_targets_are_said_and_recover(delivery: Delivery, post: Post, clock: ManualClock) -> None:
    told: list[tuple[str, bool]] = []
    delivery.listen(lambda target, failing: told.append((target.name, failing)))
    one = add(delivery, "one")
    post.answers["one"] = NotSent("no connection")
    fire(delivery, "e1", one)
    for _ in range(2):
        turn(delivery)
        clock.advance(60.0)
    assert (delivery.failing(), told) == ((), [])
    turn(delivery)
    (failing,) = delivery.failing()
    assert (failing.name, failing.failures, failing.error, failing.failing_since) == ("one", 3, "no connection", NOW)
    assert delivery.shown()[0]["state"] == "failing"
    again = Delivery(delivery.targets._records, delivery._workers, clock, delivery.kinds)
    again.start()
    again.stop()
    assert [target.name for target in again.failing()] == ["one"]
    post.answers.clear()
    clock.advance(60.0)
    turn(delivery)
    assert (delivery.failing(), told) == ((), [("one", True), ("one", False)])
    assert delivery.shown()[0]["state"] == "ok"


def test_what_was_sent_is_not_sent_again_while_it_cannot_be_recorded(
    delivery: Delivery, post: Post, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = add(delivery, "one")
    fire(delivery, "e1", one)

    def full(*_: object) -> None:
        raise StorageFailed("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(delivery.outbox, "record", full)
        for _ in range(3):
            turn(delivery)
            clock.advance(60.0)
    assert len(post.got) == 1
    assert state(delivery, "e1").state == "pending"
    turn(delivery)
    assert len(post.got) == 1
    assert state(delivery, "e1").state == "delivered"


def test_an_error_of_the_program_is_an_attempt_and_keeps_its_text_to_itself(
    delivery: Delivery, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    one = add(delivery, "one")
    post.answers["one"] = RuntimeError("https://example.org/s3cret")
    fire(delivery, "e1", one)
    turn(delivery)
    assert state(delivery, "e1").error == "an error of this program, RuntimeError: see its log"
    assert "RuntimeError" in caplog.text
    assert "s3cret" not in caplog.text


@BOTH
def test_paused_and_removed_targets_get_nothing(delivery: Delivery, post: Post) -> None:
    one, two = add(delivery, "one"), add(delivery, "two")
    fire(delivery, "e1", one, two)
    delivery.change(one, {"active": False})
    delivery.remove(two)
    assert turn(delivery) == 0
    assert state_of(delivery, one).state == "pending"
    fire(delivery, "e2", one)
    delivery.change(one, {"active": True})
    turn(delivery)
    assert [(name, text) for name, _, _, text in post.got] == [("one", HELLO.text)]
    with pytest.raises(NotFound):
        delivery.remove(two)


def test_a_test_message_says_how_it_went(delivery: Delivery, post: Post, workers: Workers) -> None:
    one, slow = add(delivery, "one"), add(delivery, "slow")
    assert {**delivery.test(one), "took_ms": 0} == {"delivered": True, "status": 200, "error": "", "took_ms": 0}
    post.answers["one"] = NotSent("the name example.org cannot be resolved: no")
    assert delivery.test(one)["error"] == "the name example.org cannot be resolved: no"
    assert delivery.deliveries(Filter()) == ()
    holds = post.answers["slow"] = workers.event()
    running = [workers.spawn_thread("test", delivery.test, slow) for _ in range(2)]
    wait_for(lambda: delivery._tests.total() == 2)
    with pytest.raises(Busy):
        delivery.test(one)
    begun = CLIENT.set("192.0.2.1")  # two that wait for an answer keep no other client from a test
    assert not delivery.test(one)["delivered"]
    CLIENT.reset(begun)
    holds.set()
    assert all(job.join(LIMIT) for job in running)
    with pytest.raises(NotFound):
        delivery.test(99)


def test_the_id_may_stand_in_the_message(delivery: Delivery, post: Post) -> None:
    one = add(delivery, "one")
    template = '{"id": "{{ delivery_id }}"}'
    assert unknown_names(template) == []
    fire(delivery, "e1", one, text=fill(template, {"ticker": "BTC"}))
    turn(delivery)
    assert post.got[0][3] == f'{{"id": "{delivery_id("e1", one)}"}}'


@BOTH
def test_old_deliveries_are_removed(delivery: Delivery, clock: ManualClock) -> None:
    one = add(delivery, "one")
    fire(delivery, "e1", one)
    turn(delivery)
    delivery.prune()
    assert len(delivery.deliveries(Filter())) == 1
    clock.advance(KEPT / SECOND + 1)
    delivery.prune()
    assert delivery.deliveries(Filter()) == ()
    assert [delivery.deleted(owner) for owner in (None, "operator", "ann")] == [1, 1, 0]


def test_a_jump_of_the_wall_clock_changes_no_pause(delivery: Delivery, post: Post, clock: ManualClock) -> None:
    one = add(delivery, "one")
    post.answers["one"] = NotSent("no connection")
    fire(delivery, "e1", one)
    turn(delivery)
    clock.jump(-400 * 86_400)
    assert turn(delivery) == 0
    clock.advance(FIRST_PAUSE / SECOND)
    assert turn(delivery) == 1
    assert state(delivery, "e1").state == "pending"


def test_a_stored_target_shows_no_secret(delivery: Delivery) -> None:
    made = delivery.add({"name": "one", "kind": "post", "at": "x", "key": "s3cret"})
    assert isinstance(made, StoredTarget)
    assert "s3cret" not in f"{made!r} {delivery.shown()}"
