"""The session: joining, nicknames, validation, and a failing journal."""

from __future__ import annotations

import pytest

from orderflow.errors import BadInput, Conflict, StorageFailed, Unauthorized
from orderflow.herd.live.journal import NoJournal
from orderflow.herd.live.session import Session, new_code
from orderflow.herd.rules.events import Config
from tests.herd.play import START, Play


class Full(NoJournal):
    """A journal that can fail."""

    full = False

    def append(self, data: bytes) -> None:
        if self.full:
            raise StorageFailed("full")
        super().append(data)


def test_a_session_without_participants_leaves_no_log() -> None:
    play = Play()
    assert play.journal.names() == []
    play.join()
    assert play.journal.names() == [play.state.session_id]
    assert play.state.session_id.startswith("20261118-")
    assert play.session.head == b""


def test_session_ids_sort_by_time_within_a_second_too() -> None:
    moments = [START + i * 1_000_000 for i in range(1000)]
    names = [Session.begin(Config(), t).state.session_id for t in moments]
    assert names == sorted(set(names))


def test_a_session_is_recovered_from_its_log() -> None:
    play = Play()
    a, _ = play.join(2)
    play.batch((a, 10))
    tags: list[str] = []
    again = Session.recover(play.state.session_id, play.journal, lambda event, state: tags.append(event.tag))
    assert again.state == play.state
    assert tags == ["session", "join", "join", "order", "batch"]
    again.join(play.now)
    assert len(play.log().splitlines()) == 6


def test_an_event_that_the_journal_refuses_changes_nothing() -> None:
    journal = Full()
    session = Session.begin(Config(), START, journal=journal)
    journal.full = True
    with pytest.raises(StorageFailed):
        session.join(START)
    assert session.state.participants == {}
    journal.full = False
    person = session.join(START)
    order = session.order(START, person.id, "c", 1, 5)
    journal.full = True
    with pytest.raises(StorageFailed):
        session.settle(START)
    assert (order.status, session.state.pending) == ("accepted", [order])
    journal.full = False
    assert session.settle(START) == [order]
    assert order.status == "filled"


def test_nicknames_are_generated_unique_and_changeable() -> None:
    play = Play()
    session, now = play.session, play.now
    ann, other, third, plain = (session.join(now, nick) for nick in ("Ann", "ANN", "A n n", None))
    assert [ann.nick, other.nick, third.nick] == ["Ann", "ANN 2", "A n n 3"]
    assert plain.nick.endswith(" 4")
    session.rename(now, ann.id, "anN")
    assert ann.nick == "anN", "a participant may keep the same name in another case"
    session.rename(now, ann.id, "Bea")
    assert session.join(now, "Ann").nick == "Ann"
    count = play.state.n
    session.rename(now, ann.id, "Bea")
    assert play.state.n == count
    with pytest.raises(BadInput):
        session.rename(now, ann.id, "")
    with pytest.raises(Unauthorized):
        session.rename(now, "p77", "Cem")
    play.act("kick", participant=ann.id)
    with pytest.raises(Unauthorized):
        session.rename(now, ann.id, "Cem")


@pytest.mark.parametrize("quantity", [0, -1, 101, 1.0, "1", None, True, 10**30])
def test_bad_quantities(quantity: object) -> None:
    with pytest.raises(BadInput) as caught:
        Play().session.check_order(quantity, "buy")
    assert caught.value.errors[0].field == "quantity"


def test_bad_sides_and_closed_markets() -> None:
    play = Play()
    with pytest.raises(BadInput) as caught:
        play.session.check_order(1, "hold")
    assert caught.value.errors[0].field == "side"
    assert play.session.check_order(100, "sell") == (-1, 100)
    for action, words in (("lobby", "not open yet"), ("freeze", "frozen"), ("end", "ended")):
        play.act(action)
        with pytest.raises(Conflict, match=words):
            play.session.check_order(1, "buy")
    with pytest.raises(Conflict, match="ended"):
        play.session.join(play.now)


def test_join_codes_have_no_confusable_characters() -> None:
    codes = {new_code() for _ in range(50)}
    assert len(codes) > 45
    assert not set("".join(codes)) & set("IO01L")


def test_the_same_seed_gives_the_same_log() -> None:
    logs = []
    for _ in range(2):
        play = Play(seed=11)
        play.join(5)
        play.act("bots", kind="zero", count=8)
        play.act("bots", kind="trend", count=4)
        play.act("bots", kind="fundamental", count=4)
        play.act("experiment", on=True)
        play.act("round", preset="ssw", rounds=2)
        for _ in range(40):
            play.batch(bots=True)
        play.act("round")
        logs.append(play.log())
    assert logs[0] == logs[1]
    assert logs[0].count(b'"e":"order"') > 50
