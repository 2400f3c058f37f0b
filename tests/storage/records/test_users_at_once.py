"""Two servers with one PostgreSQL work on the same user at once: what may happen once happens once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection

from orderflow.accounts.sessions import OVER, Grant, Sessions
from orderflow.accounts.tokens import SECOND, Tokens
from orderflow.errors import BadInput, Conflict, Unauthorized
from orderflow.runtime.workers import Workers
from orderflow.storage.records.address import address_of
from orderflow.storage.records.models import PASSWORD_RESETS, SESSIONS, USERS
from orderflow.storage.records.passkey_store import PasskeyStore, StoredPasskey
from orderflow.storage.records.records import Records
from orderflow.storage.records.reset_store import ResetStore
from orderflow.storage.records.session_store import SessionStore, StoredSession
from orderflow.storage.records.user_checks import OVERTAKEN, Checked
from orderflow.storage.records.user_store import StoredUser, UserStore
from orderflow.storage.signing_keys import SigningKeys
from tests.clocks import ManualClock
from tests.servers.postgresql import DATABASE, Cluster

ANN = StoredUser("a" * 32, "Ann", "ann", "ann@example.org", "ann@example.org", "$argon2id$x", 1, 1)
BOB = StoredUser("b" * 32, "Bob", "bob", "bob@example.org", "bob@example.org", "$argon2id$y", 2, 2)
SESSION = StoredSession("s1", ANN.id, 1, 1, 10**18, 10**18, "phone", "::1", "csrf", "r1")
KEY = StoredPasskey("k1", ANN.id, "phone", "public", 0, 1)
RIGHT = Checked(ANN.id, ANN.password_changed)
SECONDS = 60.0


class Server:
    """The stores of one server, which writes on a connection and a thread of its own."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.users = UserStore(records)
        self.sessions = SessionStore(records)
        self.passkeys = PasskeyStore(records)
        self.codes = ResetStore(records)


Act = Callable[[Server], object]


@dataclass
class Pair:
    """Two servers. url: of their database."""

    one: Server
    other: Server
    url: str

    def at_once(self, first: Act, second: Act) -> tuple[Any, Any]:
        """What both give or raise. The transaction of `first` has written and is open while `second` begins, and ends
        when `second` waits for it or is done."""
        found: dict[int, object] = {}
        written, may_end = threading.Event(), threading.Event()

        def run(number: int, act: Act, server: Server) -> None:
            try:
                found[number] = act(server)
            except Exception as error:  # the test says which one it must be
                found[number] = error

        threads = [
            threading.Thread(
                target=run, args=(0, lambda server: self._held(server, first, written, may_end), self.one)
            ),
            threading.Thread(target=run, args=(1, second, self.other)),
        ]
        threads[0].start()
        assert written.wait(SECONDS)
        threads[1].start()
        while threads[1].is_alive() and not self._waits():
            threads[1].join(0.002)
        may_end.set()
        for thread in threads:
            thread.join(SECONDS)
        return found[0], found[1]

    @staticmethod
    def _held(server: Server, act: Act, written: threading.Event, may_end: threading.Event) -> object:
        write = server.records.write

        def held(fn: Callable[[Connection], Any]) -> Any:
            def work(connection: Connection) -> Any:
                done = fn(connection)
                written.set()
                assert may_end.wait(SECONDS)
                return done

            return write(work)

        server.records.write = held  # type: ignore[method-assign]
        try:
            return act(server)
        finally:
            server.records.write = write  # type: ignore[method-assign]

    def _waits(self) -> bool:
        """Whether a transaction waits for another."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            waiting = connection.execute("SELECT 1 FROM pg_locks WHERE NOT granted LIMIT 1").fetchone()
        return waiting is not None


@pytest.fixture(scope="module")
def servers(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    cluster.clear(DATABASE)
    url, opened = cluster.url(DATABASE), list[tuple[Records, Workers]]()
    for _ in range(2):
        workers = Workers(threads=2)
        records = Records(address_of(tmp_path_factory.mktemp("data"), database_url=url), workers)
        records.start()
        opened.append((records, workers))
    yield Pair(Server(opened[0][0]), Server(opened[1][0]), url)
    for records, workers in opened:
        records.close()
        workers.stop()


@pytest.fixture
def pair(servers: Pair) -> Pair:
    """With Ann and her session alone."""

    def begin(connection: Connection) -> None:
        connection.execute(USERS.delete())
        connection.execute(PASSWORD_RESETS.delete())

    servers.one.records.write(begin)
    servers.one.users.add(ANN)
    servers.one.sessions.add(SESSION, 9)
    return servers


def sessions(pair: Pair) -> list[str]:
    return sorted(each.id for each in pair.one.sessions.list(ANN.id))


def columns(**values: Any) -> Callable[..., dict[str, Any]]:
    """What decides to change these."""
    return lambda user, passkeys: values


def test_one_address_and_one_nickname_are_taken_once(pair: Pair) -> None:
    second = replace(BOB, id="c" * 32)
    found = pair.at_once(lambda at: at.users.add(BOB), lambda at: at.users.add(replace(second, nickname_key="c")))
    assert found[0] is None
    assert isinstance(found[1], Conflict)
    assert "e-mail address" in str(found[1])
    carl = replace(second, nickname_key="c", email_key="c")
    _, refused = pair.at_once(lambda at: at.users.add(carl), lambda at: at.users.change(BOB.id, nickname_key="c"))
    assert str(refused) == "this nickname is taken"


def test_two_users_do_not_change_to_one_address(pair: Pair) -> None:
    pair.one.users.add(BOB)
    new = columns(email="new@example.org", email_key="new@example.org")
    found, refused = pair.at_once(
        lambda at: at.users.change_checked(RIGHT, new), lambda at: at.users.change_checked(Checked(BOB.id), new)
    )
    assert found == ()
    assert "e-mail address" in str(refused)


@pytest.mark.parametrize(
    ("act", "found"),
    [
        (lambda at: at.sessions.rotate("s1", "r1", "r2", 5, 10**18), (True, False)),
        (lambda at: at.users.use_code(ANN.id, "", 5), (True, False)),
        (lambda at: at.users.use_recovery(ANN.id, "[]", '["x"]'), (True, False)),
        (lambda at: at.users.renew_hash(ANN.id, ANN.password, "$argon2id$z"), (True, False)),
        (lambda at: at.users.remove(ANN.id), (("s1",), None)),
        (lambda at: at.sessions.end("s1", ANN.id), (True, False)),
        (lambda at: at.sessions.end_all(ANN.id), (("s1",), ())),
    ],
    ids=["refresh token", "code of an app", "recovery code", "renewed hash", "deletion", "session", "all sessions"],
)
def test_what_is_done_once_is_done_by_one(pair: Pair, act: Act, found: object) -> None:
    assert pair.at_once(act, act) == found


def test_a_passkey_answers_once(pair: Pair) -> None:
    pair.one.passkeys.add(KEY, 9)
    assert pair.at_once(lambda at: at.passkeys.use("k1", 0, 1, 5), lambda at: at.passkeys.use("k1", 0, 1, 5)) == (
        True,
        False,
    )


def test_a_reset_code_is_used_once_and_a_new_one_ends_the_one_before(pair: Pair) -> None:
    pair.at_once(lambda at: at.codes.add("c1", ANN.id, 10), lambda at: at.codes.add("c2", ANN.id, 10))
    assert [pair.one.codes.find(code, 9) for code in ("c1", "c2")] == [None, ANN.id]

    def use(at: Server) -> object:
        return at.users.change_checked(RIGHT, columns(password="new"), end_codes=True, code="c2")

    assert pair.at_once(use, use) == ((), None)


def test_of_two_changes_of_a_password_one_is_refused(pair: Pair) -> None:
    def change(at: Server) -> object:
        return at.users.change_checked(RIGHT, columns(password="new", password_changed=7), end_sessions=True)

    found, refused = pair.at_once(change, change)
    assert found == ("s1",)
    assert isinstance(refused, Conflict)
    assert str(refused) == OVERTAKEN


CHANGES: dict[str, Act] = {
    "password": lambda at: at.users.change_checked(RIGHT, columns(password_changed=7), end_sessions=True),
    "disabled": lambda at: at.users.set_disabled(ANN.id, disabled=True),
    "deleted": lambda at: at.users.remove(ANN.id),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_login_and_a_change_leave_no_session_of_before(pair: Pair, what: str) -> None:
    def login(at: Server) -> object:
        return at.sessions.add(replace(SESSION, id="s2"), 9, RIGHT)

    started, ended = pair.at_once(login, CHANGES[what])
    assert (started, sorted(ended), sessions(pair)) == ((), ["s1", "s2"], [])


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_and_a_login_start_no_session(pair: Pair, what: str) -> None:
    ended, started = pair.at_once(
        CHANGES[what], lambda at: at.sessions.add(replace(SESSION, id="s2"), 9, replace(RIGHT))
    )
    assert (ended, started, sessions(pair)) == (("s1",), None, [])


@pytest.mark.parametrize("what", [*CHANGES, "revoked"])
def test_what_a_password_confirms_is_not_done_after_a_change(pair: Pair, what: str) -> None:
    change = CHANGES.get(what, lambda at: at.sessions.end("s1"))
    confirmed = replace(RIGHT, session="s1")
    for act in (
        lambda at: at.users.change_checked(confirmed, columns(email="x", email_key="x"), end_codes=True),
        lambda at: at.users.remove(ANN.id, confirmed),
        lambda at: at.passkeys.add(KEY, 9, confirmed),
    ):
        ended, refused = pair.at_once(change, act)
        assert ended in (True, ("s1",))
        assert isinstance(refused, Conflict if what == "password" else Unauthorized)
        assert [each.email for each in pair.one.users.list()] == [ANN.email] * (what != "deleted")
        pair.one.users.remove(ANN.id)
        pair.one.users.add(ANN)
        pair.one.sessions.add(SESSION, 9)


def test_two_sessions_that_end_each_other_do_not_both(pair: Pair) -> None:
    pair.one.sessions.add(replace(SESSION, id="s2"), 9)
    found, refused = pair.at_once(
        lambda at: at.sessions.end("s2", ANN.id, by="s1"), lambda at: at.sessions.end_all(ANN.id, but="s2")
    )
    assert (found, str(refused), sessions(pair)) == (True, OVER, ["s1"])


def test_two_logins_keep_the_limit_of_sessions(pair: Pair) -> None:
    pair.at_once(*((lambda at, id=id: at.sessions.add(replace(SESSION, id=id, used=2), 2)) for id in ("s2", "s3")))
    assert sessions(pair) == ["s2", "s3"]


def test_two_first_passkeys_keep_the_limit_and_make_codes_once(pair: Pair) -> None:
    seen = list[str]()

    def add(key: str, most: int) -> Act:
        def decide(user: StoredUser, passkeys: int) -> dict[str, Any]:
            seen.append(user.recovery)
            return {"recovery": json.dumps([key])}

        return lambda at: at.passkeys.add(replace(KEY, id=key), most, RIGHT, decide)

    assert pair.at_once(add("k1", 2), add("k2", 2)) == (None, None)
    assert seen == ["[]", '["k1"]']
    pair.one.passkeys.remove("k2", ANN.id)
    added, refused = pair.at_once(add("k3", 2), add("k4", 2))
    assert added is None
    assert "limit" in str(refused)


def test_of_two_last_second_factors_one_stays_if_it_must(pair: Pair) -> None:
    pair.one.users.change(ANN.id, totp="secret")
    pair.one.passkeys.add(KEY, 9)

    def keep_one(user: StoredUser, passkeys: int) -> dict[str, Any]:
        if passkeys + bool(user.totp) < 2:
            raise BadInput("the last one")
        return {}

    _, refused = pair.at_once(
        lambda at: at.passkeys.remove("k1", ANN.id, RIGHT, keep_one),
        lambda at: at.users.change_checked(RIGHT, lambda *now: {**keep_one(*now), "totp": ""}),
    )
    assert str(refused) == "the last one"
    assert (pair.one.passkeys.list(ANN.id), pair.one.users.get(ANN.id).totp) == ((), "secret")


@pytest.fixture
def grants(pair: Pair) -> tuple[Callable[[Server], Sessions], Grant]:
    """Sessions of a server, and the tokens of one that both know. The clock of the first server is ahead."""
    clocks = {id(pair.one): ManualClock(1_800_000_003 * SECOND), id(pair.other): ManualClock(1_800_000_000 * SECOND)}
    keys = SigningKeys(None, clocks[id(pair.one)].now)
    keys.load()

    def of(server: Server) -> Sessions:
        clock = clocks[id(server)]
        return Sessions(server.sessions, Tokens(keys, clock.now), clock.now, clock.monotonic, lambda what, do: None)

    return of, of(pair.one).start(ANN.id, "phone", "::1")


def test_a_refresh_token_that_both_get_gives_the_same_next_one(
    pair: Pair, grants: tuple[Callable[[Server], Sessions], Grant]
) -> None:
    of, grant = grants
    found = pair.at_once(*[lambda at: of(at).refresh(grant.refresh)] * 2)
    assert len({of(pair.one).glance(each.refresh).id for each in found}) == 1
    new = of(pair.other).refresh(found[1].refresh)
    with pytest.raises(Unauthorized):
        of(pair.one).refresh(grant.refresh)  # older than the one before: used by two
    with pytest.raises(Unauthorized):
        of(pair.other).refresh(new.refresh)


def test_sessions_that_expire_are_removed_beside_a_logout(pair: Pair) -> None:
    for number in range(2, 6):
        pair.one.sessions.add(replace(SESSION, id=f"s{number}", expires=3), 9)
    found = pair.at_once(lambda at: at.sessions.sweep(5), lambda at: at.sessions.end_all(ANN.id))
    assert found == (4, ("s1",))
    count = pair.one.records.read(lambda connection: len(connection.execute(SESSIONS.select()).all()))
    assert count == 0
