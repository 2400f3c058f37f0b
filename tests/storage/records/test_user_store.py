"""Users, sessions, passkeys and reset codes on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orderflow.errors import Conflict, NotFound, Unauthorized
from orderflow.storage.records.models import PASSWORD_RESETS
from orderflow.storage.records.passkey_store import PasskeyStore, StoredPasskey
from orderflow.storage.records.records import Records
from orderflow.storage.records.reset_store import ResetStore
from orderflow.storage.records.session_store import SessionStore, StoredSession
from orderflow.storage.records.user_checks import Checked
from orderflow.storage.records.user_store import StoredUser, UserStore

ANN = StoredUser("a" * 32, "Ann", "ann", "Ann@example.org", "ann@example.org", "$argon2id$x", 1, 1)
BOB = StoredUser("b" * 32, "'; DROP TABLE users; --", "bob", "bob@example.org", "bob@example.org", "$argon2id$y", 2, 2)
SESSION = StoredSession("s1", ANN.id, 1, 1, 100, 200, "phone", "::1", "csrf", "r1")


@pytest.fixture
def users(records: Records) -> UserStore:
    made = UserStore(records)
    made.add(ANN)
    made.add(BOB)
    return made


def test_users_are_found_changed_and_removed(users: UserStore) -> None:
    assert users.list() == (ANN, BOB)
    assert users.by_email("ann@example.org") == ANN
    assert users.by_email("' OR 1=1 --") is None
    assert users.for_login("ann@example.org") == (ANN, False)
    assert users.for_login("' OR 1=1 --") == (None, False)
    assert users.by_nickname("ann") == ANN
    assert users.by_nickname("ann@example.org") is None
    users.change(ANN.id, password="$argon2id$z", disabled=True)
    assert users.get(ANN.id) == replace(ANN, password="$argon2id$z", disabled=True)
    assert users.remove(ANN.id) == ()
    assert users.remove(ANN.id) is None
    for call in (lambda: users.get(ANN.id), lambda: users.change(ANN.id, disabled=False)):
        with pytest.raises(NotFound):
            call()
    assert users.list() == (BOB,)


def test_names_and_addresses_are_there_once(users: UserStore) -> None:
    with pytest.raises(Conflict, match="e-mail address"):
        users.add(replace(ANN, id="c" * 32, nickname_key="other"))
    with pytest.raises(Conflict, match="nickname"):
        users.change(BOB.id, nickname_key="ann")
    users.change(ANN.id, email_key=ANN.email_key)


def test_a_code_and_a_recovery_code_are_used_once(users: UserStore) -> None:
    assert [users.use_code(ANN.id, "", step) for step in (5, 5, 4, 6)] == [True, False, False, True]
    assert not users.use_code(ANN.id, "another secret", 7)
    users.change(ANN.id, recovery='["x"]')
    assert [users.use_recovery(ANN.id, '["x"]', "[]") for _ in range(2)] == [True, False]


def test_sessions_rotate_end_and_go_with_their_user(records: Records, users: UserStore) -> None:
    store = SessionStore(records)
    assert store.add(SESSION, 2) == ()
    assert store.rotate("s1", "r1", "r2", 5, 105)
    assert not store.rotate("s1", "r1", "r3", 6, 106)
    found = store.get("s1")
    assert found == replace(SESSION, refresh="r2", previous="r1", rotated=5, used=5, expires=105)
    assert store.add(replace(SESSION, id="s2", used=6), 2) == ()
    assert store.add(replace(SESSION, id="s3", used=7), 2) == ("s1",)
    assert not store.end("s2", BOB.id)
    assert store.end("s2", ANN.id)
    users.change(ANN.id, disabled=True)
    assert store.get("s3") is None
    assert [each.id for each in store.list(ANN.id)] == ["s3"]
    assert store.add(replace(SESSION, id="s4"), 2) is None
    users.remove(ANN.id)
    assert store.list(ANN.id) == ()
    assert store.add(SESSION, 2) is None


def test_a_new_session_is_the_newest_also_after_the_clock_was_ahead(records: Records, users: UserStore) -> None:
    store = SessionStore(records)
    for number in (1, 2):
        store.add(replace(SESSION, id=f"ahead{number}", used=1_000 + number), 2)
    assert store.add(replace(SESSION, id="new", used=9), 2) == ("ahead1",)
    assert [each.id for each in store.list(ANN.id)] == ["ahead2", "new"]


def test_a_session_is_added_for_the_password_that_was_checked(records: Records, users: UserStore) -> None:
    store = SessionStore(records)
    assert store.add(SESSION, 2, Checked(ANN.id, ANN.password_changed)) == ()
    assert store.add(replace(SESSION, id="s2"), 2, Checked(ANN.id, ANN.password_changed + 1)) is None
    assert [each.id for each in store.list(ANN.id)] == ["s1"]


def test_a_hash_is_renewed_only_if_it_is_the_known_one(users: UserStore) -> None:
    assert users.renew_hash(ANN.id, ANN.password, "$argon2id$new")
    assert not users.renew_hash(ANN.id, ANN.password, "$argon2id$newer")
    assert users.get(ANN.id) == replace(ANN, password="$argon2id$new")
    assert users.get(BOB.id) == BOB


def test_a_user_is_changed_only_if_all_is_as_it_was_checked(records: Records, users: UserStore) -> None:
    sessions, passkeys, codes = SessionStore(records), PasskeyStore(records), ResetStore(records)
    sessions.add(SESSION, 9)
    passkeys.add(StoredPasskey("k1", ANN.id, "phone", "public", 0, 1), 1)

    def change(checked: Checked, **how: Any) -> tuple[str, ...] | None:
        return users.change_checked(checked, lambda user, keys: {"nickname": f"{user.nickname} {keys}"}, **how)

    right = Checked(ANN.id, ANN.password_changed, SESSION.id, "", "k1")
    for name, error in (("password_changed", Conflict), *[(each, Unauthorized) for each in ("session", "totp")]):
        with pytest.raises(error):
            change(replace(right, **{name: 7 if name == "password_changed" else "x"}))
    for wrong in (
        replace(right, passkey="k2"),
        replace(right, passkey=""),
        replace(right, user=BOB.id, password_changed=None),
        Checked("c"),
    ):
        with pytest.raises(Unauthorized):
            change(wrong)
    assert users.get(ANN.id) == ANN
    for session in (replace(SESSION, id="s2"), replace(SESSION, id="s3")):
        sessions.add(session, 9)
    codes.add("c1", ANN.id, 10)
    assert change(right, code="c2", end_sessions=True) is None
    assert change(right, code="c1", end_sessions=True, end_codes=True) == ("s2", "s3")
    assert users.get(ANN.id).nickname == "Ann 1"
    assert codes.find("c1", 9) is None
    assert users.set_disabled(ANN.id, disabled=True) == ("s1",)
    with pytest.raises(Unauthorized):
        change(Checked(ANN.id))
    with pytest.raises(Unauthorized):
        users.remove(ANN.id, Checked(ANN.id))


def test_who_asks_to_end_sessions_has_one(records: Records, users: UserStore) -> None:
    store = SessionStore(records)
    store.add(SESSION, 9)
    with pytest.raises(Unauthorized):
        store.end("s1", ANN.id, by="s2")
    with pytest.raises(Unauthorized):
        store.end_all(ANN.id, but="s2")
    assert store.end("s1", ANN.id, by="s1")


def test_what_is_over_is_removed(records: Records, users: UserStore) -> None:
    store = SessionStore(records)
    for number in range(3):
        store.add(replace(SESSION, id=f"s{number}", expires=number), 9)
    assert store.sweep(2) == 2
    assert store.end_all(ANN.id, but="s2") == ()
    assert store.end_all(ANN.id) == ("s2",)


def test_passkeys_are_limited_counted_and_removed(records: Records, users: UserStore) -> None:
    store = PasskeyStore(records)
    key = StoredPasskey("k1", ANN.id, "phone", "public", 0, 1)
    store.add(key, 1)
    assert users.for_login(ANN.email_key) == (ANN, True)
    assert users.for_login(BOB.email_key) == (BOB, False)
    with pytest.raises(Conflict, match="limit"):
        store.add(replace(key, id="k2"), 1)
    with pytest.raises(Conflict):
        store.add(replace(key, user=BOB.id), 1)
    assert store.use("k1", 0, 3, 9)
    assert not store.use("k1", 0, 4, 9)
    assert store.get("k1") == replace(key, count=3, used=9)
    assert not store.remove("k1", BOB.id)
    assert store.remove("k1", ANN.id)
    assert store.list(ANN.id) == ()


def test_a_reset_code_replaces_the_one_before(records: Records, users: UserStore) -> None:
    store = ResetStore(records)
    store.add("c1", ANN.id, 10)
    store.add("c2", ANN.id, 10)
    store.add("c3", "", 10)
    assert [store.find(code, 9) for code in ("c1", "c2", "c3")] == [None, ANN.id, None]
    assert store.find("c2", 10) is None
    assert [users.change_checked(Checked(ANN.id), lambda *_: {"totp_step": 1}, code="c2") for _ in range(2)] == [
        (),
        None,
    ]
    store.add("c2", ANN.id, 10)
    store.sweep(10)
    assert records.read(lambda connection: connection.execute(PASSWORD_RESETS.select()).all()) == []


def test_reset_codes_end_with_their_user(records: Records, users: UserStore) -> None:
    store = ResetStore(records)
    for code, user in (("c1", ANN.id), ("c2", BOB.id)):
        store.add(code, user, 10)
    users.set_disabled(ANN.id, disabled=True)
    assert [store.find(code, 9) for code in ("c1", "c2")] == [None, BOB.id]
    users.remove(BOB.id)
    assert store.find("c2", 9) is None
