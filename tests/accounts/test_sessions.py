"""Sessions: refresh tokens are used once, with mercy for two tabs; what is over is over at once."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread

import pytest

from orderflow.accounts.sessions import GRACE_NS, IDLE_NS, LONGEST_NS, MOST, Grant, Sessions
from orderflow.accounts.tokens import SECOND, Tokens
from orderflow.errors import Unauthorized
from orderflow.runtime.workers import Workers
from orderflow.storage.records.address import address_of
from orderflow.storage.records.records import Records
from orderflow.storage.records.session_store import SessionStore
from orderflow.storage.records.user_store import StoredUser, UserStore
from orderflow.storage.signing_keys import SigningKeys
from tests.clocks import ManualClock

ANN = StoredUser("a1", "Ann", "ann", "ann@example.org", "ann@example.org", "$argon2id$", 0, 0)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_800_000_000 * SECOND)


@pytest.fixture
def records(workers: Workers, tmp_path_factory: pytest.TempPathFactory) -> Records:
    made = Records(address_of(tmp_path_factory.mktemp("data"), ephemeral=True), workers)
    made.start()
    UserStore(made).add(ANN)
    return made


@pytest.fixture
def keys(clock: ManualClock) -> SigningKeys:
    made = SigningKeys(None, clock.now)
    made.load()
    return made


@pytest.fixture
def make_sessions(records: Records, workers: Workers, clock: ManualClock, keys: SigningKeys) -> Callable[[], Sessions]:
    """make_sessions(): those of one process; all share the records and the keys."""
    return lambda: Sessions(
        SessionStore(records), Tokens(keys, clock.now), clock.now, clock.monotonic, workers.post_writer
    )


@pytest.fixture
def sessions(make_sessions: Callable[[], Sessions]) -> Sessions:
    return make_sessions()


@pytest.fixture
def grant(sessions: Sessions) -> Grant:
    return sessions.start("a1", "phone", "192.0.2.1")


def test_a_refresh_token_gives_new_ones(sessions: Sessions, grant: Grant, clock: ManualClock) -> None:
    clock.advance(700)
    with pytest.raises(Unauthorized, match="expired"):
        sessions.read(grant.access)
    new = sessions.refresh(grant.refresh)
    assert sessions.read(new.access).session == grant.session
    assert new.refresh != grant.refresh
    assert new.csrf == grant.csrf


def test_an_old_refresh_token_ends_the_session(sessions: Sessions, grant: Grant, clock: ManualClock) -> None:
    new = sessions.refresh(grant.refresh)
    clock.advance(GRACE_NS / SECOND)
    with pytest.raises(Unauthorized, match="ended"):
        sessions.refresh(grant.refresh)
    for call, token in ((sessions.refresh, new.refresh), (sessions.read, new.access)):
        with pytest.raises(Unauthorized, match="ended"):
            call(token)
    assert sessions.list("a1") == ()


def test_one_that_is_older_than_the_one_before_ends_it_at_once(sessions: Sessions, grant: Grant) -> None:
    second = sessions.refresh(grant.refresh)
    sessions.refresh(second.refresh)
    with pytest.raises(Unauthorized):
        sessions.refresh(grant.refresh)
    assert sessions.list("a1") == ()


def test_two_tabs_that_refresh_at_once_both_go_on(sessions: Sessions, grant: Grant, clock: ManualClock) -> None:
    found: list[Grant] = []
    tabs = [Thread(target=lambda: found.append(sessions.refresh(grant.refresh))) for _ in range(8)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join(30)
    assert len(found) == 8
    assert len({sessions.glance(each.refresh).id for each in found}) == 1
    clock.advance(60)
    assert sessions.refresh(found[3].refresh).session == grant.session


def test_a_session_that_is_not_used_is_over(sessions: Sessions, grant: Grant, clock: ManualClock) -> None:
    assert IDLE_NS == 14 * 86_400 * SECOND
    clock.advance(IDLE_NS / SECOND)
    with pytest.raises(Unauthorized):
        sessions.refresh(grant.refresh)
    assert sessions.list("a1") == ()
    sessions.sweep(clock.now())


def test_after_thirty_days_everybody_logs_in_again(sessions: Sessions, grant: Grant, clock: ManualClock) -> None:
    assert LONGEST_NS == 30 * 86_400 * SECOND
    for _ in range(LONGEST_NS // IDLE_NS + 1):
        clock.advance((IDLE_NS // SECOND) - 60)
        if clock.now() - 1_800_000_000 * SECOND >= LONGEST_NS:
            break
        grant = sessions.refresh(grant.refresh)
    with pytest.raises(Unauthorized):
        sessions.refresh(grant.refresh)


def test_what_another_process_ends_is_over_within_seconds(
    sessions: Sessions, make_sessions: Callable[[], Sessions], grant: Grant, clock: ManualClock, records: Records
) -> None:
    sessions.read(grant.access)
    make_sessions().end(grant.session)
    clock.advance(5)
    with pytest.raises(Unauthorized):
        sessions.read(grant.access)
    grant = sessions.start("a1", "", "")
    UserStore(records).change("a1", disabled=True)
    clock.advance(5)
    for call, token in ((sessions.read, grant.access), (sessions.refresh, grant.refresh)):
        with pytest.raises(Unauthorized):
            call(token)


def test_the_last_use_is_kept(sessions: Sessions, grant: Grant, clock: ManualClock, workers: Workers) -> None:
    clock.advance(120)
    sessions.read(grant.access)
    workers.run_writer(lambda: None)
    assert sessions.list("a1")[0].used == clock.now()


def test_the_oldest_of_too_many_sessions_ends(sessions: Sessions, grant: Grant, clock: ManualClock) -> None:
    assert MOST == 50
    for _ in range(MOST):
        clock.advance(1)
        sessions.start("a1", "", "")
    assert (len(sessions.list("a1")), sessions.ended) == (MOST, 1)
    with pytest.raises(Unauthorized):
        sessions.read(grant.access)


def test_a_session_is_ended_by_its_user_alone(sessions: Sessions, grant: Grant) -> None:
    assert not sessions.end(grant.session, "another")
    assert sessions.read(grant.access).user == "a1"
    assert sessions.refresh(grant.refresh).session == grant.session
    assert sessions.end(grant.session, "a1")
    with pytest.raises(Unauthorized):
        sessions.read(grant.access)


def test_a_user_who_is_removed_has_no_sessions(
    sessions: Sessions, grant: Grant, clock: ManualClock, records: Records
) -> None:
    sessions.read(grant.access)
    assert UserStore(records).remove("a1")
    clock.advance(5)
    for call, token in ((sessions.read, grant.access), (sessions.refresh, grant.refresh)):
        with pytest.raises(Unauthorized):
            call(token)


def test_ids_of_sessions_and_tokens_have_128_random_bits(sessions: Sessions, grant: Grant) -> None:
    grants = [grant, *(sessions.start(grant.user, "phone", "192.0.2.1") for _ in range(8))]
    stored = sessions.list(grant.user)
    assert len(stored) == len(grants)
    for ids in ({each.id for each in stored}, {each.refresh for each in stored}):
        assert len(ids) == len(stored)
        assert {len(bytes.fromhex(each)) for each in ids} == {16}
    assert len({each.csrf for each in grants}) == len(grants)
