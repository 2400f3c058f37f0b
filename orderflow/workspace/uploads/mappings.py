"""How a user has files with a header read, remembered: what was given by hand for one is used for the next."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from orderflow.errors import BadInput, OrderflowError
from orderflow.storage.records.mapping_store import MappingStore
from orderflow.workspace.uploads.options import ReadOptions, read_options
from orderflow.workspace.uploads.source import open_text

HEADER_LINES = 1
_MOST = 1 << 20


class Mappings:
    """The options that users gave by hand, by the first line of the files."""

    def __init__(self, store: MappingStore) -> None:
        self._store = store

    @property
    def deleted(self) -> int:
        """Options that made room for newer ones of their users since the start."""
        return self._store.deleted

    def options(self, owner: str, kind: str, path: Path, given: ReadOptions | None) -> ReadOptions:
        """The options to read a file with: those that are given, else the remembered ones, else none."""
        if given is not None:
            return given
        header = header_of(path)
        texts = self._store.get(owner, kind, header) if header else ""
        return read_options(json.loads(texts)) if texts else ReadOptions()

    def remember(self, owner: str, kind: str, path: Path, given: ReadOptions | None) -> None:
        """Remember options that were given for a file; without any the remembered ones stay."""
        if given is None or not (header := header_of(path, given)):
            return
        texts = given.texts()
        self._store.put(owner, kind, header, json.dumps(texts) if texts else "")

    def export(self, owner: str) -> list[dict[str, Any]]:
        """A user's options as plain values."""
        return [{"kind": kind, "options": json.loads(options)} for kind, options in self._store.all(owner)]

    def owners(self) -> set[str]:
        """All users whose options are remembered."""
        return self._store.owners()

    def forget_all(self, owner: str) -> None:
        """Forget a user's options."""
        self._store.forget(owner)


def header_of(path: Path, options: ReadOptions | None = None) -> str:
    """The digest of a file's first line that is not blank, "" if there is none."""
    asked = options or ReadOptions()
    try:
        text = open_text(path, member=asked.member, most=_MOST)
    except BadInput:
        return ""
    try:
        lines = text.head(HEADER_LINES)
    except OrderflowError:
        return ""
    finally:
        text.close()
    return hashlib.sha256(lines[0][1].strip().encode()).hexdigest()[:64] if lines else ""
