"""Argon2id in memory that is kept from one hash to the next, which takes a fifth less processor time.

A hash needs 19 MiB. The server gives such memory back to the system as soon as it is free (`orderflow.runtime.memory`),
so 4,900 pages would have to be asked for and cleared again at each hash. The library wipes the memory after each hash.
"""

from __future__ import annotations

import hmac
import os
from base64 import b64decode, b64encode
from typing import Any, Literal

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import HashingError, InvalidHashError, VerifyMismatchError
from argon2.low_level import ARGON2_VERSION, core, error_to_str, ffi

OK, NO_MEMORY = 0, -22


class Argon2id(PasswordHasher):
    """`PasswordHasher` for any threads; each hash that is computed at the same time has memory of its own."""

    __slots__ = ["_kept"]

    def __init__(self, time_cost: int, memory_cost: int) -> None:
        """time_cost: passes. memory_cost: KiB. With one lane."""
        super().__init__(time_cost=time_cost, memory_cost=memory_cost, parallelism=1)
        self._kept: list[_Memory] = []

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        """The hash with its parameters and salt, as `PasswordHasher.hash`. Raises HashingError."""
        text = password.encode(self.encoding) if isinstance(password, str) else password
        salt = salt or os.urandom(self.salt_len)
        try:
            memory = self._memory()
        except MemoryError:  # a system that lets no program make code, as callbacks need, has none for them
            return super().hash(text, salt=salt)
        try:
            digest = self._digest(text, salt, memory)
        finally:
            self._kept.append(memory)
        settings = f"m={self.memory_cost},t={self.time_cost},p={self.parallelism}"
        return f"$argon2id$v={ARGON2_VERSION}${settings}${_text(salt)}${_text(digest)}"

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        """As `PasswordHasher.verify`, which checks hashes of other parameters. Raises VerificationError,
        InvalidHashError."""
        stored = hash.decode("ascii") if isinstance(hash, bytes) else hash
        if extract_parameters(stored) != self._parameters:
            return super().verify(stored, password)
        try:
            salt = b64decode(stored.split("$")[4] + "==")
        except ValueError as error:
            raise InvalidHashError from error
        if not hmac.compare_digest(self.hash(password, salt=salt).encode(), stored.encode()):
            raise VerifyMismatchError("the password does not belong to the hash")
        return True

    def forget(self) -> None:
        """Give the memory back to the system, but for that in use."""
        self._kept.clear()

    def _memory(self) -> _Memory:
        try:
            return self._kept.pop()
        except IndexError:
            return _Memory(self.memory_cost * 1024)

    def _digest(self, password: bytes, salt: bytes, memory: _Memory) -> bytes:
        out = ffi.new("uint8_t[]", self.hash_len)
        secret, grain = ffi.new("uint8_t[]", password), ffi.new("uint8_t[]", salt)  # held until the hash is made
        given = {
            "version": ARGON2_VERSION,
            "t_cost": self.time_cost,
            "m_cost": self.memory_cost,
            "lanes": self.parallelism,
            "threads": 1,
            "out": out,
            "outlen": self.hash_len,
            "pwd": secret,
            "pwdlen": len(password),
            "salt": grain,
            "saltlen": len(salt),
            "allocate_cbk": memory.allocate,
            "free_cbk": memory.free,
        }
        if (code := core(ffi.new("argon2_context *", given), self.type.value)) != OK:
            raise HashingError(error_to_str(code))
        return bytes(ffi.buffer(out))


class _Memory:
    """What one hash at a time is computed in. allocate, free: what Argon2 calls for it."""

    def __init__(self, size: int) -> None:
        self.room = bytearray(size)
        start = ffi.from_buffer("uint8_t[]", self.room)

        def allocate(place: Any, wanted: int) -> int:
            if wanted > size:
                return NO_MEMORY
            place[0] = start
            return OK

        self.allocate = ffi.callback("int(uint8_t **, size_t)", allocate, error=NO_MEMORY)
        self.free = ffi.callback("void(uint8_t *, size_t)", lambda place, wiped: None)


def _text(data: bytes) -> str:
    """Base64 as in a hash's text: without padding."""
    return b64encode(data).decode().rstrip("=")
