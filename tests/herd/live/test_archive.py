"""A line about each session, whatever state its log is in."""

from __future__ import annotations

from orderflow.herd.live.archive import Archive
from tests.herd.play import SECOND, START, Play


def test_lines_of_past_sessions() -> None:
    old = Play()
    a, _ = old.join(2)
    old.batch((a, 1), (a, 2))
    old.now = START + 60 * SECOND
    old.act("end")
    old.journal.begin("00000000-000000-torn")
    old.journal.append(b"no event\n")
    now = Play(seed=9)
    archive = Archive(old.journal)
    lines = {line["id"]: line for line in archive.sessions(now.state)}
    assert list(lines) == sorted(lines, reverse=True)
    newest, line, torn = (lines[name] for name in (now.state.session_id, old.state.session_id, "00000000-000000-torn"))
    assert (newest["current"], newest["ended"]) == (True, None)
    assert line == {
        "id": old.state.session_id,
        "started": START // 10**6,
        "ended": START // 10**6 + 60_000,
        "participants": 2,
        "orders": 2,
        "current": False,
    }
    assert torn["error"].startswith("not an event")
    assert [event.tag for event in archive.events(old.state.session_id)][-1] == "phase"
