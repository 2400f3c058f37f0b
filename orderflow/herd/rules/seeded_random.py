"""Deterministic random numbers from a seed, stable across platforms and Python versions.

Each number is a hash of the session's seed and of its purpose. Python's `random` is not used because its methods may
change between versions, and a session's seed must always give the same numbers.
"""

from __future__ import annotations

import hashlib


def seeded_int(seed: int, *purpose: object, below: int) -> int:
    """An integer in [0, below), uniform to within 2^-64 · below. The same seed and purpose give the same integer."""
    text = "/".join(map(str, (seed, *purpose)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16]) * below >> 128


def seeded_uuid(seed: int, *purpose: object) -> str:
    """A UUID of version 8 (custom). The same seed and purpose give the same UUID."""
    text = "/".join(map(str, (seed, *purpose)))
    digits = hashlib.sha256(text.encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-8{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"


class SeededRandom:
    """A sequence of uniform random numbers from a seed and a purpose."""

    def __init__(self, seed: int, *purpose: object) -> None:
        self._text = "/".join(map(str, (seed, *purpose))).encode()
        self._block = 0
        self._numbers: list[int] = []

    def random(self) -> float:
        """The next number in [0, 1), a multiple of 2^-32."""
        if not self._numbers:
            digest = hashlib.sha512(self._text + b"/%d" % self._block).digest()
            self._numbers = [int.from_bytes(digest[i : i + 4]) for i in range(0, 64, 4)]
            self._block += 1
        return self._numbers.pop() / 2**32

    def randrange(self, stop: int) -> int:
        """The next integer in [0, stop)."""
        return int(self.random() * stop)
