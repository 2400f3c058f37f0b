"""The market's read and write protocols, and its change notifications."""

from __future__ import annotations

import inspect
from dataclasses import replace

import numpy as np
import pytest

from orderflow.errors import BadInput
from orderflow.market.market import Market
from orderflow.market.ports import MarketReader, MarketWriter
from orderflow.runtime.bus import Bus
from tests.market.memory_log import MemoryLog
from tests.market.ticks import draw


@pytest.mark.parametrize("port", [MarketReader, MarketWriter])
def test_the_market_has_every_method_of_a_port_with_the_same_signature(port: type) -> None:
    names = [name for name in vars(port) if not name.startswith("_") and callable(getattr(port, name))]
    assert names
    for name in names:
        assert inspect.signature(getattr(port, name)) == inspect.signature(getattr(Market, name)), name
    for name in inspect.get_annotations(port):
        assert hasattr(Market(), name)


def test_every_accepted_batch_is_told_with_its_revision() -> None:
    heard: list[tuple[str, int]] = []
    market = Market(on_change=lambda symbol, revision: heard.append((symbol, revision)))
    batch = draw(1).batch
    receipt = market.ingest([batch, replace(batch, symbol="Y")])
    assert heard == [("X", 1), ("Y", 1)]
    assert receipt.revision == 1
    market.ingest([replace(batch, id=batch.id + 1_000_000)])
    assert heard[2:] == [("X", 2)]


def test_what_is_refused_or_known_is_not_told() -> None:
    heard: list[tuple[str, int]] = []
    market = Market(max_symbols=1, on_change=lambda symbol, revision: heard.append((symbol, revision)))
    batch = draw(2).batch
    market.ingest([batch])
    market.ingest([batch])  # the same venue ids
    with pytest.raises(BadInput):
        market.ingest([replace(batch, symbol="Y")])
    assert heard == [("X", 1)]


def test_a_new_session_and_a_reset_are_told_and_a_reload_is_not() -> None:
    heard: list[tuple[str, int]] = []
    log = MemoryLog()
    first = Market(log)
    first.ingest([draw(3).batch])
    market = Market(log, on_change=lambda symbol, revision: heard.append((symbol, revision)))
    market.load()
    assert heard == []
    market.configure("X", session="America/Chicago 17:00")
    assert heard == [("X", market.revision("X"))]
    market.reset("X")
    assert heard[1:] == [("X", 0)]


def test_a_receiver_of_the_bus_is_woken_at_most_once_a_batch_and_sees_the_newest() -> None:
    bus = Bus()
    market = Market(on_change=bus.publish)
    calls: list[str] = []
    quick = bus.receive("X", wake=lambda: calls.append("quick"))
    slow = bus.receive("X", wake=lambda: calls.append("slow"))
    batch = draw(4).batch
    for k in range(5):
        market.ingest([replace(batch, id=np.where(batch.id < 0, batch.id, batch.id + k * 1_000_000))])
        assert quick.take() == {"X": k + 1}
    assert (calls.count("quick"), calls.count("slow")) == (5, 1)
    assert slow.take() == {"X": market.revision("X")} == {"X": 5}
    market.reset("X")
    market.ingest([batch])
    assert slow.take() == {"X": 1}
