"""Slots of logins: clients get them one after the other, and none keeps the others out."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Thread

import pytest

from orderflow.accounts.accounts import Accounts
from orderflow.accounts.passkeys import MOST_CHALLENGES, Site
from orderflow.accounts.slots import Slots
from orderflow.errors import Busy
from orderflow.runtime.shares import CLIENT
from orderflow.runtime.workers import Workers
from orderflow.storage.records.user_store import StoredUser
from tests.accounts.conftest import ANN, HERE

SITE = Site("localhost", "http://localhost")


def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_one_client_keeps_no_other_out(workers: Workers) -> None:
    slots, gate = Slots(workers, 1, waiting=4), workers.event()
    ended: list[str] = []

    def work(client: str, name: str) -> None:
        CLIENT.set(client)
        try:
            with slots.taken():
                gate.wait(60)
                ended.append(name)
        except Busy:
            ended.append(f"{name} is refused")

    callers: list[Thread] = []

    def call(client: str, name: str, met: Callable[[], bool]) -> None:
        callers.append(Thread(target=work, args=(client, name)))
        callers[-1].start()
        until(met)

    call("flood", "f0", lambda: slots._free == 0)
    for waiting in range(1, 5):
        call("flood", f"f{waiting}", lambda waiting=waiting: slots.waiting == waiting)  # type: ignore[misc]
    call("flood", "f5", lambda: ended == ["f5 is refused"])
    call("ann", "ann", lambda: "f4 is refused" in ended)
    call("bob", "bob", lambda: "f3 is refused" in ended)
    call("bob", "bob again", lambda: "bob again is refused" in ended)  # each has one, and the flood two
    gate.set()
    for caller in callers:
        caller.join(60)
    assert [name for name in ended if "refused" not in name] == ["f0", "f1", "ann", "bob", "f2"]
    with slots.taken():
        assert slots.waiting == 0


def test_a_login_that_finds_no_slot_is_no_attempt(accounts: Accounts, ann: StoredUser, workers: Workers) -> None:
    """After five such ones whoever knows the password was locked out for five minutes."""
    passwords = accounts._core.passwords
    passwords._logins = Slots(workers, 1, waiting=0)
    with passwords.turn():
        for _ in range(6):
            with pytest.raises(Busy, match="too many people"):
                accounts.login(ANN, HERE)
            with pytest.raises(Busy, match="too many people"):
                accounts._core.confirm(ann.id, ANN["password"], HERE)
    accounts.login(ANN, HERE)
    accounts._core.confirm(ann.id, ANN["password"], HERE)


def test_challenges_of_one_client_push_out_its_own(accounts: Accounts) -> None:
    begun = CLIENT.set("ann")
    kept = accounts.passkeys.begin_login(SITE)["id"]
    CLIENT.set("flood")
    first = accounts.passkeys.begin_login(SITE)["id"]
    for _ in range(MOST_CHALLENGES):
        accounts.passkeys._challenge(None)
    CLIENT.reset(begun)
    assert kept in accounts.passkeys._challenges
    assert first not in accounts.passkeys._challenges
    assert len(accounts.passkeys._challenges) == MOST_CHALLENGES
