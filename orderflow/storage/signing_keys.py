"""The keys that sign the tokens of users, in a file of their own (0600). They are replaced with overlap.

A new key is made when the present one is `ROTATE_NS` old; a key that was replaced still verifies for `KEPT_NS`, longer
than any token lives, so no session ends with a rotation.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import msgspec

from orderflow.errors import StorageFailed
from orderflow.storage.private import replace_file

NAME = "key-accounts"
DAY_NS = 86_400 * 10**9
ROTATE_NS = 30 * DAY_NS
KEPT_NS = 31 * DAY_NS


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key by its id. secret: 256 bits in hexadecimal. created: ns since 1970."""

    id: str
    secret: str = field(repr=False)
    created: int


class SigningKeys:
    """The keys in `folder`, newest first; None: in memory only. now: ns since 1970."""

    def __init__(self, folder: Path | None, now: Callable[[], int]) -> None:
        self._path = None if folder is None else folder / NAME
        self._now = now
        self._keys: tuple[SigningKey, ...] = ()

    def load(self) -> None:
        """Read the file, or make a first key. Raises StorageFailed if it cannot be read or written."""
        try:
            if self._path is not None and self._path.exists():
                self._keys = msgspec.json.decode(self._path.read_bytes(), type=tuple[SigningKey, ...])
        except (OSError, msgspec.MsgspecError) as error:
            raise StorageFailed(
                f"{self._path} cannot be read: {error}; remove it, and everybody has to log in again"
            ) from error
        self.rotate_if_due()

    def forget_file(self) -> None:
        """Go on in memory only, with a new key if there is none."""
        self._path = None
        self.rotate_if_due()

    def current(self) -> SigningKey:
        """The key that signs."""
        return self._keys[0]

    def find(self, key: str) -> SigningKey | None:
        """A key that still verifies."""
        return next((each for each in self._keys if each.id == key), None)

    def rotate_if_due(self) -> bool:
        """Make a new key if the present one is old, or was made under a clock that was far ahead; whether one was made.

        Raises StorageFailed, and changes nothing.
        """
        now = self._now()
        if self._keys and abs(now - self._keys[0].created) < ROTATE_NS:
            return False
        fresh = SigningKey(secrets.token_hex(4), secrets.token_hex(32), now)
        kept = tuple(
            old for old, newer in zip(self._keys, (fresh, *self._keys), strict=False) if now - newer.created < KEPT_NS
        )
        self._write((fresh, *kept))
        self._keys = (fresh, *kept)
        return True

    def _write(self, keys: tuple[SigningKey, ...]) -> None:
        if self._path is None:
            return
        try:
            replace_file(self._path, msgspec.json.encode([asdict(key) for key in keys]))
        except OSError as error:
            raise StorageFailed(f"cannot keep the accounts' keys in {self._path}: {error.strerror or error}") from error
