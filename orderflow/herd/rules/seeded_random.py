"""Numbers by chance that are the same on every machine: hashes of the session's seed and of what they are for.

Not Python's `random`, whose methods may change between versions: a session's seed must mean the same draws for ever.
"""

from __future__ import annotations

import hashlib


def draw(seed: int, *what: object, below: int) -> int:
    """An integer in [0, below) for this purpose, uniform to within 2^-64 · below."""
    text = "/".join(map(str, (seed, *what)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16]) * below >> 128


def uuid(seed: int, *what: object) -> str:
    """A UUID (version 8: of own making) for this purpose."""
    text = "/".join(map(str, (seed, *what)))
    hexed = hashlib.sha256(text.encode()).hexdigest()
    return f"{hexed[:8]}-{hexed[8:12]}-8{hexed[13:16]}-a{hexed[17:20]}-{hexed[20:32]}"


class Stream:
    """Uniform numbers one after the other, of a seed and a purpose."""

    def __init__(self, seed: int, *what: object) -> None:
        self._text = "/".join(map(str, (seed, *what))).encode()
        self._block = 0
        self._numbers: list[int] = []

    def uniform(self) -> float:
        """In [0, 1), a multiple of 2^-32."""
        if not self._numbers:
            digest = hashlib.sha512(self._text + b"/%d" % self._block).digest()
            self._numbers = [int.from_bytes(digest[i : i + 4]) for i in range(0, 64, 4)]
            self._block += 1
        return self._numbers.pop() / 2**32

    def below(self, bound: int) -> int:
        """In [0, bound)."""
        return int(self.uniform() * bound)
