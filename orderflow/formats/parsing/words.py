"""Parse words and names in cells: sides, trade ids, symbols; each rule for a single cell and for a column.

A side cell gives a code: BUY, SELL, UNKNOWN if the venue says that there was no aggressor, ABSENT if the cell is empty
and other rules apply.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from orderflow.arrays import Codes, Indices, Ints, Objects
from orderflow.formats.parsing.numbers import MAX_LENGTH, check_lengths
from orderflow.formats.parsing.parse_errors import NotVectorizable, NumberText, ParseError, shown
from orderflow.market.ticks import NO_ID

Words = Mapping[str, int]

ABSENT, BUY, SELL, UNKNOWN = 0, 1, -1, 2

SIDE_WORDS: Words = {
    "buy": BUY,
    "ask": BUY,
    "compra": BUY,
    "sell": SELL,
    "bid": SELL,
    "venta": SELL,
    "unknown": UNKNOWN,
}
"""The aggressor, or the side of the book it hit: at the ask a buy, at the bid a sell. B is ambiguous and rejected."""

TAKER: Words = {
    **SIDE_WORDS,
    "buyer": BUY,
    "b": BUY,
    "1": BUY,
    "seller": SELL,
    "s": SELL,
    "-1": SELL,
    "0": UNKNOWN,
    **dict.fromkeys(("comprador", "买", "买入", "买盘", "主动买"), BUY),
    **dict.fromkeys(("vendedor", "venda", "卖", "卖出", "卖盘", "主动卖"), SELL),
    **dict.fromkeys(("中性", "中性盘"), UNKNOWN),
}
"""The same for a column called side, where B is a buy. A single A is rejected: venues use it for either."""

MAKER: Words = {"buy": SELL, "b": SELL, "sell": BUY, "s": BUY, "unknown": UNKNOWN}
"""The resting order's side: the aggressor is on the other side."""

BUYER_IS_MAKER: Words = {"true": SELL, "t": SELL, "1": SELL, "false": BUY, "f": BUY, "0": BUY}

SYMBOL_PATTERN = r"^(?=.*[A-Za-z0-9])[A-Za-z0-9._/:-]{1,64}$"
"""A symbol is 1 to 64 letters, digits and . _ - / : with at least one letter or digit."""

_SYMBOL = re.compile(SYMBOL_PATTERN)
_UNSAFE = re.compile(r"[^A-Za-z0-9._/:-]+")
_ID = re.compile(r"[!-~]{1,128}")
_ID_RE2 = r"^[!-~]{1,128}$"
_HASH = re.compile(r"-[1-9][0-9]{0,18}", re.ASCII)
_HASH_RE2 = r"^-[1-9][0-9]{0,18}$"
_HEX = re.compile(r"#[1-9a-f][0-9a-f]{0,15}", re.ASCII)
_HEX_RE2 = r"^#[1-9a-f][0-9a-f]{0,15}$"
_MAX_WORDS = 64
_MAX_ID = 2**63 - 1


def side(text: str, words: Words) -> int:
    """The code of one side cell. Raises ParseError for an unknown word."""
    code = words.get(text.lower())
    if code is None:
        known = ", ".join(word for word in words if len(word) > 1 and word != "-1" and word.isascii())
        raise ParseError(f"{shown(text)} is not a side; use one of {known}, or leave it empty")
    return code


def sides(array: pa.Array, words: Words) -> Codes:
    """The codes int8[n] of a column; null is ABSENT. Raises NotVectorizable."""
    if pa.types.is_null(array.type):
        return np.zeros(len(array), np.int8)
    table, codes = _dictionary(array)
    try:
        values = [side(word, words) for word in table]
    except ParseError as error:
        raise NotVectorizable from error
    return np.array([*values, ABSENT], np.int8)[codes]


def symbol(text: str) -> str:
    """Validate one symbol. Raises ParseError."""
    if not _SYMBOL.fullmatch(text):
        raise ParseError(f"{shown(text)} is not a symbol; use 1 to 64 letters, digits and . _ - / : without spaces")
    return text


def safe_symbol(text: str) -> str:
    """Make a symbol from any text, such as a file's stem: invalid characters become underscores."""
    made = _UNSAFE.sub("_", text)[:64]
    return made if _SYMBOL.fullmatch(made) else "DEFAULT"


def joined(roots: pa.Array, suffixes: pa.Array) -> pa.Array:
    """Symbols of two columns: the root, and a dot and the suffix where there is one. Raises NotVectorizable."""
    if pa.types.is_null(suffixes.type):
        return roots
    if not pa.types.is_string(roots.type) or not pa.types.is_string(suffixes.type):
        raise NotVectorizable
    for part in (roots, suffixes):
        symbols(part.drop_null(), "")
    return pc.coalesce(pc.binary_join_element_wise(roots, suffixes, "."), roots)


def symbols(array: pa.Array, default: str, most: int | None = None) -> tuple[list[str], Indices]:
    """The distinct symbols of a column, and each row's index in them; null is `default`. Raises NotVectorizable, also
    for more than `most`."""
    if pa.types.is_null(array.type):
        return [default], np.zeros(len(array), np.intp)
    table, codes = _dictionary(array, limit=len(array) if most is None else most)
    try:
        names = [symbol(name) for name in table]
    except ParseError as error:
        raise NotVectorizable from error
    if array.null_count:
        if default not in names:
            names.append(default)
        codes[codes < 0] = names.index(default)
    return names, codes


def trade_id(value: str) -> int | str:
    """Parse one venue trade id: whole numbers as int, others as str (see `hashed`). Raises ParseError.

    A text like "-12" or "#c" is the hash of an id, as the replay client and the API write it, and stays that number.
    """
    if len(value) <= MAX_LENGTH and value.isascii() and value.isdigit() and int(value) <= _MAX_ID:
        return int(value)
    if not isinstance(value, NumberText) and _HASH.fullmatch(value) and int(value) >= -_MAX_ID:
        return int(value)
    if not isinstance(value, NumberText) and _HEX.fullmatch(value) and (code := int(value[1:], 16)) <= _MAX_ID:
        return -code
    if isinstance(value, NumberText) or not _ID.fullmatch(value):
        raise ParseError(
            f"{shown(value)} is not a trade id; send a whole number from 0, or 1 to 128 printable characters"
        )
    return value


def trade_ids(array: pa.Array) -> Ints:
    """The ids int64[n] of a column, NO_ID for null. Raises NotVectorizable for a mix of numbers and texts."""
    if pa.types.is_null(array.type):
        return np.full(len(array), NO_ID, np.int64)
    present = array.drop_null() if array.null_count else array
    if pa.types.is_integer(array.type) or (
        pa.types.is_string(array.type) and pc.all(pc.utf8_is_decimal(present)).as_py() is not False
    ):
        check_lengths(present)
        try:
            ids = np.asarray(pc.cast(present, pa.int64()).to_numpy(zero_copy_only=False))
        except pa.ArrowInvalid as error:
            raise NotVectorizable from error
        if len(ids) and ids.min() < 0:
            raise NotVectorizable
    elif pa.types.is_string(array.type):
        ids = _text_ids(present)
    else:
        raise NotVectorizable
    if not array.null_count:
        return ids
    all_ids = np.full(len(array), NO_ID, np.int64)
    all_ids[np.asarray(array.is_valid())] = ids
    return all_ids


def _text_ids(texts: pa.Array) -> Ints:
    """Ids of texts that are not all whole numbers from 0."""
    numbers = pc.or_(pc.utf8_is_decimal(texts), pc.match_substring_regex(texts, _HASH_RE2))
    if pc.all(numbers).as_py():
        check_lengths(texts)
        try:
            ids = np.asarray(pc.cast(texts, pa.int64()).to_numpy(zero_copy_only=False))
        except pa.ArrowInvalid as error:
            raise NotVectorizable from error
        if (ids == NO_ID).any():
            raise NotVectorizable
        return ids
    if pc.any(numbers).as_py() or not pc.all(pc.match_substring_regex(texts, _ID_RE2)).as_py():
        raise NotVectorizable
    written = pc.match_substring_regex(texts, _HEX_RE2)
    if pc.all(written).as_py():
        codes = [int(text[1:], 16) for text in texts.to_pylist()]
        if max(codes) > _MAX_ID:
            raise NotVectorizable
        return -np.array(codes, np.int64)
    if pc.any(written).as_py():
        raise NotVectorizable
    return hashed(texts.to_numpy(zero_copy_only=False))


def part_ids(ids: Ints, part: Indices) -> Ints:
    """int64[n]: ids of the parts of a trade, negative 63-bit hashes of its id and the part's number; NO_ID stays."""
    codes = pd.util.hash_array(ids) + part.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return np.where(ids == NO_ID, NO_ID, -(codes % np.uint64(_MAX_ID)).astype(np.int64) - 1)


def hashed(texts: Objects) -> Ints:
    """Negative 63-bit hashes int64[n] of text ids, equal in every process; never NO_ID."""
    codes = pd.util.hash_array(texts, categorize=False)
    return -(codes % np.uint64(_MAX_ID)).astype(np.int64) - 1


def _dictionary(array: pa.Array, limit: int = _MAX_WORDS) -> tuple[list[str], Indices]:
    """The distinct words of a text column in order of appearance, and each row's index in them; -1 for null."""
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.string())
    if not pa.types.is_string(array.type):
        raise NotVectorizable
    table = array.dictionary_encode()
    if len(table.dictionary) > limit:
        raise NotVectorizable
    indices = table.indices.fill_null(-1) if array.null_count else table.indices
    return table.dictionary.to_pylist(), np.asarray(indices).astype(np.intp)
