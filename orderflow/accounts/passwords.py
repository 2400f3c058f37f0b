"""Hashes passwords with Argon2id, in real threads: it takes tens of milliseconds of processor time and 19 MiB.

The parameters are those that OWASP recommends (19 MiB, two passes, one lane). A check against no hash takes the same
work as one against a hash, so that nobody learns from the time whether an account exists.
"""

from __future__ import annotations

import secrets
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from orderflow.accounts.argon2id import Argon2id
from orderflow.accounts.slots import Slots
from orderflow.runtime.unpatched import give_way
from orderflow.runtime.workers import Workers

T = TypeVar("T")
MEMORY_KIB, PASSES = 19_456, 2
AT_ONCE = 2
WAITING = 62
"""Logins that wait for a thread; any further one is answered with 429."""
LONGEST = 256
"""Characters of a password, at most: more would only be work."""


class Passwords:
    """Argon2id. hashed: how many hashes were computed, to make or to check one."""

    def __init__(self, workers: Workers, hasher: PasswordHasher | None = None, waiting: int = WAITING) -> None:
        self._workers = workers
        self._hasher = hasher or Argon2id(PASSES, MEMORY_KIB)
        self._slots = Slots(workers, AT_ONCE, waiting)
        self._logins = Slots(workers, AT_ONCE + 1, waiting)
        self._nobody = self._invented()
        self.hashed = 0

    def turn(self) -> AbstractContextManager[None]:
        """Hold it during a whole login or confirmation, so that of many the pages meet those that hash, and one. Raises
        Busy."""
        return self._logins.taken()

    def hash(self, password: str) -> str:
        """The hash of a password, with its parameters and a salt of its own. Raises Busy if too many wait."""
        with self._slots.taken():
            self.hashed += 1
            return self._aside(self._hasher.hash, normalized(password))

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether a password belongs to a hash; None (nobody's): False, after the same work. Raises Busy."""
        with self._slots.taken():
            self.hashed += 1
            right = self._aside(self._verify, stored or self._nobody, normalized(password))
        return right and bool(stored) and len(password) <= LONGEST

    def outdated(self, stored: str) -> bool:
        """Whether a hash was made with other parameters than the present ones."""
        return self._hasher.check_needs_rehash(stored)

    def sweep(self) -> None:
        """Give the memory of hashes back to the system."""
        if isinstance(self._hasher, Argon2id):
            self._hasher.forget()

    def _aside(self, fn: Callable[..., T], *args: str) -> T:
        """Run in a thread of its own, which gives way to all others: logins must not slow down the pages."""
        done, found, errors = self._workers.event(), list[T](), list[BaseException]()

        def work() -> None:
            give_way()
            try:
                found.append(fn(*args))
            except BaseException as error:  # the caller gets it, whatever it is
                errors.append(error)
            finally:
                done.set()

        self._workers.spawn_thread("a password hash", work)
        done.wait()
        if errors:
            raise errors[0]
        return found[0]

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    def _invented(self) -> str:
        """A hash of the present parameters that no password belongs to."""
        given = self._hasher
        salt, digest = (
            b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (given.salt_len, given.hash_len)
        )
        settings = f"m={given.memory_cost},t={given.time_cost},p={given.parallelism}"
        return f"$argon2id$v=19${settings}${salt}${digest}"


def normalized(password: str) -> str:
    """A password as it is hashed: the same whatever keyboard composed its accents."""
    return unicodedata.normalize("NFKC", password[:LONGEST])
