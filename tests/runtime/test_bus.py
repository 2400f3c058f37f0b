from __future__ import annotations

from orderflow.runtime.bus import Bus
from orderflow.runtime.clock import SystemClock
from orderflow.runtime.workers import Workers
from tests.clocks import ManualClock


def test_a_receiver_keeps_the_highest_revision() -> None:
    bus = Bus()
    with bus.receive("NQ") as receiver:
        for revision in (3, 7, 5, 7):
            bus.publish("NQ", revision)
        bus.publish("ES", 9)
        assert receiver.take() == {"NQ": 7}
        assert receiver.take() == {}
        bus.publish("NQ", 6)
        assert receiver.take() == {}
    assert (bus.latest("NQ"), bus.latest("ES"), bus.latest("CL")) == (7, 9, 0)


def test_no_topics_means_all_topics() -> None:
    bus = Bus()
    receiver = bus.receive()
    bus.publish("NQ", 0)
    bus.publish("ES", 2)
    assert receiver.take() == {"NQ": 0, "ES": 2}


def test_closed_receiver_gets_nothing() -> None:
    bus = Bus()
    first, second = bus.receive("NQ"), bus.receive("NQ")
    first.close()
    first.close()
    bus.publish("NQ", 1)
    assert first.take() == {}
    assert second.take() == {"NQ": 1}


def test_revision_0_means_that_a_topic_restarts() -> None:
    bus = Bus()
    receiver = bus.receive("NQ")
    bus.publish("NQ", 40)
    bus.publish("NQ", 0)
    assert (receiver.take(), bus.latest("NQ")) == ({"NQ": 0}, 0)
    bus.publish("NQ", 1)
    assert receiver.take() == {"NQ": 1}


def test_a_change_wakes_only_the_receivers_of_its_topic() -> None:
    bus = Bus()
    calls: list[str] = []
    bus.receive("NQ", wake=lambda: calls.append("NQ"))
    every = bus.receive(wake=lambda: calls.append("all"))
    bus.publish("ES", 1)
    every.take()
    bus.publish("ES", 1)
    bus.publish("NQ", 1)
    assert calls == ["all", "NQ", "all"]


def test_many_changes_wake_a_slow_receiver_once_and_it_sees_the_newest() -> None:
    bus = Bus()
    calls: list[str] = []
    receiver = bus.receive("NQ", "ES", wake=lambda: calls.append("wake"))
    for revision in range(1, 101):
        bus.publish("NQ", revision)
        bus.publish("ES", revision)
    assert calls == ["wake"]
    assert receiver.take() == {"NQ": 100, "ES": 100}
    bus.publish("NQ", 101)
    assert (calls, receiver.take()) == (["wake", "wake"], {"NQ": 101})


def test_publishers_in_threads_lose_nothing() -> None:
    """Two threads publish the same topics while a reader takes: it ends with the highest of each."""
    workers, bus = Workers(), Bus()
    news = workers.event()
    receiver = bus.receive(wake=news.set)
    highest: dict[str, int] = {}

    def publish(begin: int) -> None:
        for revision in range(begin, 4001, 2):
            bus.publish(f"T{revision % 3}", revision)

    handles = [workers.spawn("publish", workers.run, publish, begin) for begin in (1, 2)]
    while any(handle.alive() for handle in handles):
        news.wait(0.05)
        news.clear()
        for topic, revision in receiver.take().items():
            highest[topic] = max(revision, highest.get(topic, 0))  # the slower thread may come with a lower one
    for topic, revision in receiver.take().items():
        highest[topic] = max(revision, highest.get(topic, 0))
    assert highest == {"T0": 3999, "T1": 4000, "T2": 3998}
    workers.stop()


def test_clocks() -> None:
    clock = ManualClock(1_000)
    clock.advance(1.5)
    assert (clock.now(), clock.monotonic()) == (1_500_001_000, 1.5)
    system = SystemClock()
    assert system.now() > 1_700_000_000_000_000_000
    assert system.monotonic() <= system.monotonic()
