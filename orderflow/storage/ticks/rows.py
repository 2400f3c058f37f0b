"""The kinds of rows in a tick database, and the check of each.

A key begins with the row's kind: `T` ticks, `K` idempotency keys, `N` a meta value with its checksum, `M` one of an
earlier version without, `V` the version. A row whose key or value is damaged costs only itself.
"""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from orderflow.market.tick_log import DamagedPart
from orderflow.market.ticks import TickBatch
from orderflow.storage.ticks.codec import Damaged, decode_keys, decode_meta, decode_ticks, encode_keys, encode_ticks
from orderflow.storage.ticks.reading import Row
from orderflow.storage.ticks.symbol_index import KEYS, TICKS, Blob

META, OLD_META, VERSION = b"N", b"M", b"V"
_MAGIC = b"OFB1"
_BOUND = struct.Struct("<4sI")  # magic, CRC-32 of the key
FORMAT = b"1"
"""A later format's name is longer, so that one damaged byte is not taken for it."""


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """One row after its check. what, name, count: as in `DamagedPart`, with "version" too; why: what is wrong, "" if
    nothing."""

    what: str
    name: str
    count: int
    why: str = ""


@dataclass
class Sorted:
    """The rows of an opened log. version: None if there is none; blobs: of ticks and keys, whose values are not read
    yet; damage: the other rows that cannot be read."""

    version: bytes | None = None
    blobs: list[Blob] = field(default_factory=list)
    meta: dict[str, bytes] = field(default_factory=dict)
    damage: list[DamagedPart] = field(default_factory=list)


def check(row: Row) -> tuple[bytes | None, CheckedRow]:
    """(the row's key, what its check says). Of a key that differs in the index, the one that fits is taken."""
    found = check_row(row.key, row.value, row.why)
    if row.indexed not in (None, row.key) and found.why:
        other = check_row(row.indexed, row.value)
        if not other.why:
            return row.indexed, other
    return row.key, found


def check_row(key: bytes | None, value: bytes | None, why: str = "") -> CheckedRow:
    """Check a row; value: None if it cannot be read, for the reason `why`."""
    if key is None:
        return CheckedRow("row", "", 1, why)
    kind, name = key[:1], _text(key[1:])
    if kind in (META, OLD_META) and name is not None:
        return CheckedRow("setting", name, 1, _wrong(decode_meta if kind == META else _old_meta, value, why))
    if key == VERSION:
        return CheckedRow("version", "", 1, why or ("" if value == FORMAT else f"version {value!r} is not known"))
    try:
        blob = Blob.of(key)
    except ValueError as error:
        return CheckedRow("row", "", 1, str(error))
    if blob.kind == KEYS:
        return CheckedRow("keys", "", blob.n, _wrong(lambda found: keys_of(found, blob), value, why))
    return CheckedRow("ticks", blob.symbol, blob.n, _wrong(lambda found: ticks_of(found, blob), value, why))


def sort_rows(keys: Iterable[bytes], get: Callable[[bytes], bytes | None]) -> Sorted:
    """The rows of a log that is being opened. get: reads a value, raises Damaged. Ticks are not read."""
    found, damaged, old = Sorted(), Counter[str](), {}
    for key in keys:
        name = _text(key[1:])
        try:
            if key == VERSION:
                found.version = get(key)
            elif name is not None and key[:1] == META:
                found.meta[name] = decode_meta(get(key) or b"")
            elif name is not None and key[:1] == OLD_META:
                old[name] = _old_meta(get(key))
            else:
                found.blobs.append(Blob.of(key))
        except Damaged:
            found.damage.append(damaged_part("version" if key == VERSION else "setting", name or "", 1))
        except ValueError:
            damaged["row"] += 1
    found.meta = old | found.meta
    if damaged["row"]:
        found.damage.append(damaged_part("row", "", damaged["row"]))
    version = damaged_part("version", "", 1)
    if found.version != FORMAT and not is_foreign(found.version) and found.blobs and version not in found.damage:
        found.damage.append(version)
    return found


def is_foreign(version: bytes | None) -> bool:
    """Whether a log is of another version, as far as its version is not merely damaged: blobs have their own."""
    return version is not None and len(version) != len(FORMAT)


def meta_keys(name: str) -> tuple[bytes, bytes]:
    """The keys of a meta value, and of one of an earlier version."""
    return META + name.encode(), OLD_META + name.encode()


def pack_ticks(blob: Blob, batch: TickBatch) -> bytes:
    """The value of a blob of ticks, with a checksum of its key: of the position, too, which the ticks do not tell."""
    return _BOUND.pack(_MAGIC, zlib.crc32(blob.key)) + encode_ticks(batch)


def pack_keys(blob: Blob, answers: Sequence[tuple[str, bytes]]) -> bytes:
    """The value of a blob of idempotency keys, likewise."""
    return _BOUND.pack(_MAGIC, zlib.crc32(blob.key)) + encode_keys(answers)


def keys_of(value: bytes, blob: Blob) -> list[tuple[str, bytes]]:
    """The keys with their answers of a blob. Raises Damaged."""
    answers = decode_keys(_unbound(value, blob))
    if len(answers) != blob.n:
        raise Damaged("its row belongs to another")
    return answers


def _unbound(value: bytes, blob: Blob) -> bytes:
    """The value without the checksum of its key, which an earlier version did not write. Raises Damaged."""
    if not value.startswith(_MAGIC):
        return value
    if len(value) < _BOUND.size or _BOUND.unpack_from(value)[1] != zlib.crc32(blob.key):
        raise Damaged("its row belongs to another")
    return value[_BOUND.size :]


def ticks_of(value: bytes, blob: Blob) -> TickBatch:
    """The ticks of a blob. Raises Damaged."""
    batch = decode_ticks(_unbound(value, blob))
    if blob_of(blob.seq, batch) != blob:
        raise Damaged("its row belongs to another")
    return batch


def blob_of(seq: int, batch: TickBatch) -> Blob:
    """What the key of a batch's blob says."""
    return Blob(TICKS, seq, len(batch), int(batch.time.min()), int(batch.time.max()), batch.symbol)


def damaged_blobs(blobs: Iterable[Blob]) -> list[DamagedPart]:
    """Damaged blobs by symbol, and those of idempotency keys."""
    counts = Counter[tuple[str, str]]()
    for blob in blobs:
        counts["ticks" if blob.kind == TICKS else "keys", blob.symbol] += blob.n
    return [damaged_part(what, name, count) for (what, name), count in sorted(counts.items())]


def damaged_part(what: str, name: str, count: int) -> DamagedPart:
    """Damage in words."""
    number = f"{count:,}"
    texts = {
        "ticks": f"{number} ticks of {name}",
        "keys": f"{number} idempotency keys",
        "setting": f"the setting {name!r}",
        "row": f"{number} rows of the tick log of which nothing is known",
        "version": "the version of the tick log",
    }
    return DamagedPart(what, name, count, texts[what])


def _old_meta(value: bytes | None) -> bytes:
    """A meta value without a checksum: JSON in every earlier version. Raises Damaged."""
    try:
        msgspec.json.decode(value or b"")
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Damaged(f"it is not JSON: {error}") from error
    return value or b""


def _wrong(check: Callable[[bytes], object], value: bytes | None, why: str) -> str:
    if value is None:
        return why or "it cannot be read"
    try:
        check(value)
    except Damaged as error:
        return str(error)
    return ""


def _text(name: bytes) -> str | None:
    try:
        return name.decode()
    except UnicodeDecodeError:
        return None
