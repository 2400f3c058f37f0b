"""Games played by the engine with simulated people within a second, for tests of the debrief."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path

from orderflow.herd.live.journal import NoJournal
from orderflow.herd.live.session import Session
from orderflow.herd.rules import rounds
from orderflow.herd.rules.events import Config, Event, SessionStarted, decode_log, encode
from orderflow.herd.rules.seeded_random import seeded_uuid

START = 1_795_000_000 * 10**9
STEP = 250_000_000


def play_game(
    *,
    people: int = 60,
    seconds: int = 300,
    follow: float = 0.45,
    rounds_of: int = 0,
    experiment: bool = True,
    bots: int = 0,
    end: bool = True,
    seed: int = 5,
    start: int = START,
) -> list[Event]:
    """The log of a game. follow: probability that somebody who sees the crowd copies it; rounds_of: rounds with
    falling value and dividends."""
    chance = random.Random(seed)
    journal = NoJournal()
    session = Session.begin(Config(impact=f"{Decimal('0.0006'):f}"), start, journal=journal, seed=seed, code="TEST")
    if bots:
        session.set_bots(start, "zero", bots, 5_000)
    for _ in range(people):
        session.join(start + 10**9)
    if experiment:
        session.set_experiment(start + 2 * 10**9, True)
    length = seconds // rounds_of if rounds_of else 0
    crowd: list[int] = [0] * 20
    number = 0
    t = start + 3 * 10**9
    for step in range(seconds * 4):
        t = start + 3 * 10**9 + step * STEP
        if rounds_of and step % (length * 4) == 0:
            if session.state.round is not None and session.state.round.running:
                session.end_round(t)
            last = session.state.round
            plan = rounds.first_round(session.state.price, {"preset": "ssw", "rounds": rounds_of, "seconds": length})
            planned = plan if last is None else rounds.next_round(last)
            if planned is not None:
                session.begin_round(t, planned)
        if step == seconds * 2:
            session.news(t, "Takeover rumour", 8)
        lean = sum(crowd[-20:])
        before = session.state.totals.bought - session.state.totals.sold
        for person in list(session.state.present()):
            if person.bot is not None or chance.random() > 0.1:
                continue
            sees = person.group != "blind"
            sign = chance.choice((1, -1))
            if lean and chance.random() < (follow if sees else follow / 4):
                sign = 1 if lean > 0 else -1
            number += 1
            session.order(t, person.id, seeded_uuid(seed, "test", number), sign, chance.choice((1, 1, 2, 5)))
        session.settle(t, bots=bool(bots))
        crowd.append(session.state.totals.bought - session.state.totals.sold - before)
    if session.state.round is not None and session.state.round.running:
        session.end_round(t)
    if end:
        session.set_phase(t + STEP, "ended")
    return list(decode_log(journal.read(session.state.session_id)))


def keep(events: list[Event], data_dir: Path) -> str:
    """Write the log to where a server looks for it; returns the id of the session."""
    folder = data_dir / "herd"
    folder.mkdir(parents=True, exist_ok=True)
    first = events[0]
    assert isinstance(first, SessionStarted)
    (folder / f"{first.id}.jsonl").write_bytes(b"".join(map(encode, events)))
    return first.id
