"""Argon2id in kept memory: the library's own hashes, in memory that is wiped and used again."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import HashingError, InvalidHashError, VerificationError, VerifyMismatchError

from orderflow.accounts import argon2id
from orderflow.accounts.argon2id import Argon2id
from orderflow.accounts.product import build_accounts
from orderflow.runtime.workers import Workers
from orderflow.settings.settings import Settings
from orderflow.storage.records.records import Records
from tests.accounts.conftest import ANN, HERE
from tests.clocks import ManualClock

SALT = b"0123456789abcdef"


@pytest.fixture
def hasher() -> Argon2id:
    return Argon2id(2, 64)


@pytest.fixture
def library() -> PasswordHasher:
    return PasswordHasher(time_cost=2, memory_cost=64, parallelism=1)


@pytest.mark.parametrize("password", ["", "correct horse battery", "p\u00e4ssw\u00f6rd \U0001f40e", "x" * 1000])
def test_a_hash_is_the_librarys(hasher: Argon2id, library: PasswordHasher, password: str) -> None:
    made = hasher.hash(password, salt=SALT)
    assert made == library.hash(password, salt=SALT)
    assert hasher.verify(library.hash(password), password)
    assert library.verify(hasher.hash(password), password)
    assert not hasher.check_needs_rehash(made)
    with pytest.raises(VerifyMismatchError):
        hasher.verify(made, password + "y")


def test_memory_is_wiped_and_used_again(hasher: Argon2id) -> None:
    first = hasher.hash("x", salt=SALT)
    (memory,) = hasher._kept
    assert memory.room.count(0) == len(memory.room) == 64 * 1024
    memory.room[:] = b"\xff" * len(memory.room)  # whatever it holds, the hash is the same
    assert hasher.hash("x", salt=SALT) == first
    assert hasher._kept == [memory]
    assert memory.room.count(0) == len(memory.room)
    hasher.forget()
    assert hasher.hash("x", salt=SALT) == first
    assert hasher._kept != [memory]


def test_hashes_at_the_same_time_have_memory_of_their_own(library: PasswordHasher) -> None:
    hasher, gate, made = Argon2id(1, 4096), Barrier(4), dict[str, str]()

    def one(password: str) -> None:
        gate.wait(30)
        for _ in range(2):
            made[password] = hasher.hash(password)

    threads = [Thread(target=one, args=(f"password {each}",)) for each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(made) == 4
    assert all(library.verify(text, password) for password, text in made.items())
    assert 1 <= len(hasher._kept) <= 4


def test_where_callbacks_cannot_be_made_the_library_takes_its_own_memory(
    hasher: Argon2id, library: PasswordHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(size: int) -> None:
        raise MemoryError

    monkeypatch.setattr(argon2id, "_Memory", refuse)
    assert hasher.hash("x", salt=SALT) == library.hash("x", salt=SALT)
    assert hasher.verify(library.hash("x"), "x")
    assert hasher._kept == []


def test_a_hash_that_needs_more_memory_than_is_kept_is_refused(hasher: Argon2id) -> None:
    hasher._kept.append(argon2id._Memory(1024))
    with pytest.raises(HashingError):
        hasher.hash("x")


def test_a_hash_with_other_parameters_is_checked_by_the_library(hasher: Argon2id) -> None:
    other = PasswordHasher(time_cost=1, memory_cost=16, parallelism=2).hash("x")
    assert hasher.verify(other, "x")
    assert hasher.check_needs_rehash(other)
    assert hasher._kept == []
    with pytest.raises(VerifyMismatchError):
        hasher.verify(other, "y")


@pytest.mark.parametrize("at", [4, 5])
def test_a_hash_that_was_changed_fits_no_password(hasher: Argon2id, at: int) -> None:
    parts = hasher.hash("x").split("$")
    for wrong in ("A" * len(parts[at]), "!" * len(parts[at]), "\u00e9" * len(parts[at]), ""):
        changed = "$".join([*parts[:at], wrong, *parts[at + 1 :]])
        with pytest.raises((VerificationError, InvalidHashError)):
            hasher.verify(changed, "x")


def test_a_password_of_bytes_and_a_hash_of_bytes(hasher: Argon2id, library: PasswordHasher) -> None:
    assert hasher.verify(library.hash(b"x\xff").encode(), b"x\xff")


def test_the_upkeep_gives_the_memory_back(records: Records, workers: Workers, clock: ManualClock) -> None:
    accounts, upkeep = build_accounts(Settings.of(ephemeral=True), records, workers, clock)
    upkeep.start()
    accounts.register(ANN, HERE)
    hasher = accounts._core.passwords._hasher
    assert isinstance(hasher, Argon2id)
    assert len(hasher._kept) == 1
    upkeep.sweep()
    assert hasher._kept == []
