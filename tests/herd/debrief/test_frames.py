"""The frames of a session, read from its log event by event."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from orderflow.errors import BadInput
from orderflow.herd.debrief import frames as module
from orderflow.herd.debrief.captions import caption
from orderflow.herd.debrief.frames import MOMENTS, frames, frames_json
from orderflow.herd.rules.events import BatchCleared, Event, decode, encode
from orderflow.herd.rules.money import units
from orderflow.herd.rules.state import State
from orderflow.herd.rules.wall_time import on_wall_clock
from tests.herd.logs import chance_game
from tests.herd.played import play_game

MS = 1_000_000


def of_whole_log(log: Sequence[Event]) -> dict[str, Any]:
    """The frames from the state after each event of a log in memory."""
    log = on_wall_clock(log)
    state = State.of(log[0])
    rows: list[tuple[Any, ...]] = [(log[0].t // MS, units(state.price), 0, 0, None)]
    captions = []
    for event in log[1:]:
        state.apply(event)
        if isinstance(event, MOMENTS):
            flow = (event.buys, event.sells) if isinstance(event, BatchCleared) else (0, 0)
            worth = state.round.fundamental if state.round is not None and state.round.running else None
            rows.append((event.t // MS, units(state.price), *flow, None if worth is None else units(worth)))
        if (words := caption(event, state)) is not None:
            captions.append({"t": event.t // MS, "kind": event.tag, "text": words})
    columns = dict(zip(module.COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
    if not any(value is not None for value in columns["fundamental"]):
        columns["fundamental"] = None  # type: ignore[assignment]  # as answered
    return {"session": state.session_id, "start": rows[0][1], **columns, "events": captions}


@pytest.mark.parametrize("seed", range(4))
def test_frames_are_those_of_the_state_after_each_event(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    logs: list[Sequence[Event]] = [
        chance_game(people=8, seconds=90, seed=seed, rounds=seed % 2 * 3).events,
        play_game(people=8, seconds=20, rounds_of=2, experiment=bool(seed % 2), seed=seed),
    ]
    whole = [frames(lambda log=log: log) for log in logs]  # type: ignore[misc]  # a default of a lambda
    assert whole == [of_whole_log(log) for log in logs]
    monkeypatch.setattr(module, "PIECE", 3)
    monkeypatch.setattr(module, "IN_MEMORY", 100)
    for log, found in zip(logs, whole, strict=True):
        pieces = list(frames_json(lambda log=log: log))  # type: ignore[misc]  # as above
        assert max(map(len, pieces)) < 200
        assert json.loads(b"".join(pieces)) == found


def test_memory_does_not_grow_with_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIECE", 100)
    monkeypatch.setattr(module, "IN_MEMORY", 4_096)

    def peak(seconds: int) -> int:
        def read() -> Iterator[Event]:
            return map(decode, lines)

        lines = [encode(event) for event in chance_game(people=10, seconds=seconds).events]
        tracemalloc.start()
        for piece in frames_json(read):
            del piece
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(100)  # what is loaded at the first use stays
    assert peak(3_000) < 1.5 * peak(500)


def test_a_log_with_a_gap_is_refused_before_anything_is_sent() -> None:
    events = chance_game(people=5, seconds=10).events
    with pytest.raises(BadInput, match="cannot follow"):
        frames_json(lambda: [*events[:3], *events[4:]])
    with pytest.raises(BadInput, match="does not begin"):
        frames_json(lambda: [])
