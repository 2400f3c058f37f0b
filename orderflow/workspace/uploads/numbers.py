"""Parse columns of decimal numbers exactly: text to scaled integers by way of Arrow's 128-bit decimals, never a float.

How people write numbers: a decimal comma, thousands separators, a true minus sign, `(124.75)` for a negative one, a
dash for a missing one, 15 digits of float noise. What cannot be told for sure or kept exactly is refused by its cell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Context, Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orderflow.arrays import Flags, Floats, Ints
from orderflow.formats.parsing.numbers import NULL_WORDS
from orderflow.formats.parsing.parse_errors import shown
from orderflow.market.kline_columns import MAX_STORED

MAX_DECIMALS = 18
MAX_CARRIED = 10**12
MISSING = pa.array(sorted({*NULL_WORDS, "-", "—", "–", "−", "#N/A", "\\N"}))
_BLANKS = " \t\u00a0\u202f\u2009"
_GOOD = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_GROUPED = {
    ",": re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{2,3})+\.[0-9]+"),
    ".": re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{3})+,[0-9]+"),
}
_ONLY_GROUPS = {
    ",": re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3}){2,}"),
    ".": re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{3}){2,}"),
}
_GROUPS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?")
_WIDEST = 38
_TAIL = r"^[^eE]*\.[0-9]*(00[0-9]{0,4}|99[0-9]{0,4})[0-9]$"
_TAIL_LENGTH = 16
_RARE = 20
_FLOAT = Context(prec=15)


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """How numbers are written. mark: "." or ",". grouped: the thousands separator, "" without one."""

    mark: str = "."
    grouped: str = ""

    @property
    def plain(self) -> bool:
        """Whether Arrow can read the numbers as they are."""
        return self.mark == "." and not self.grouped


@dataclass(frozen=True, slots=True)
class Numbers:
    """n numbers. units: int64[n] of 10**-decimals, 0 where missing or bad. bad: reasons by position. tails: how many
    were written with the noise of a binary float."""

    units: Ints
    decimals: int
    missing: Flags
    bad: dict[int, str]
    tails: int = 0


def number_style(texts: list[str], mark: str = "") -> NumberStyle | None:
    """The style of a column's first texts. mark: if it is known. None if a comma can be either mark."""
    trimmed = [text.strip(_BLANKS) for text in texts]
    for grouped, other in ((",", "."), (".", ",")):
        both = any(_GROUPED[grouped].fullmatch(text) for text in trimmed)
        if (both or any(_ONLY_GROUPS[grouped].fullmatch(text) for text in trimmed)) and mark in ("", other):
            return NumberStyle(other, grouped)
    commas = [text for text in trimmed if "," in text]
    if mark == ".":
        return NumberStyle(mark, "," if commas and all(_GROUPS.fullmatch(text) for text in commas) else "")
    if mark:
        return NumberStyle(mark, ".")
    if not commas:
        return NumberStyle()
    if any("." in text for text in trimmed):
        return None
    # 1,234 alone is a thousand in one country and one and a bit in another
    return NumberStyle(",") if any(len(text.partition(",")[2]) != 3 for text in commas) else None


def most_decimals(texts: list[str]) -> int:
    """The most decimals of plain numbers among texts."""
    places = [len(text.partition(".")[2].rstrip("0")) for text in texts if re.fullmatch(r"[+-]?[0-9]*\.[0-9]+", text)]
    return min(max(places, default=0), MAX_DECIMALS)


def most_digits(texts: list[str]) -> int:
    """The most digits of plain numbers among texts, without zeros in front."""
    return max((sum(c.isdigit() for c in text.lstrip("+-0.")) for text in texts), default=0)


def float_units(values: Floats, decimals: int) -> Ints | None:
    """The units int64[n] of floats that carry short decimals; None if one of them does not.

    A float that equals units / 10**decimals with fewer than MAX_CARRIED units comes from that text, or from one with
    noise after its 15th digit, which `parse_numbers` leaves out too: see `market.decimals.scale_floats`.
    """
    units = np.rint(values * 10.0**decimals)
    if len(units) and not (np.abs(units).max() < MAX_CARRIED and np.array_equal(units / 10.0**decimals, values)):
        return None
    return units.astype(np.int64)


def decimal_units(array: pa.Array) -> tuple[Ints, Flags]:
    """The units int64[n] of a column of 128-bit decimals without nulls, and where they are beyond MAX_STORED."""
    words = np.frombuffer(array.buffers()[1], np.int64)[2 * array.offset : 2 * (array.offset + len(array))]
    low, high = words[0::2], words[1::2]
    beyond = (low >> 63 != high) | (low > MAX_STORED) | (low < -MAX_STORED)
    return np.ascontiguousarray(low), beyond


def parse_numbers(texts: pa.Array, style: NumberStyle, rounded: int | None = None) -> Numbers:
    """Parse a column of texts without nulls. rounded: to how many decimals, half to even; None keeps all."""
    trimmed = pc.utf8_trim(texts, characters=_BLANKS)
    missing = np.asarray(pc.is_in(trimmed, value_set=MISSING))
    cleaned = _cleaned(trimmed, style)
    good = np.asarray(pc.match_substring_regex(cleaned, _GOOD)) & ~missing
    bad: dict[int, str] = {}
    for index in np.flatnonzero(~good & ~missing).tolist():
        bad[index] = _why_not(texts[index].as_py(), style)
    where = np.flatnonzero(good)
    chosen, tails = _without_noise(_without_zeros(cleaned if good.all() else cleaned.take(pa.array(where))))
    places = _places(chosen)
    units, decimals = np.zeros(len(texts), np.int64), 0
    if len(where):
        most = _WIDEST - 1 if rounded is not None else MAX_DECIMALS
        fine = places <= most
        decimals = int(places[fine].max(initial=0))
        found, beyond = _cast(chosen, decimals, fine, rounded)
        decimals = decimals if rounded is None else rounded
        units[where] = np.where(beyond, 0, found)
        for index in np.flatnonzero(beyond).tolist():
            bad[int(where[index])] = _too_long(texts[int(where[index])].as_py(), int(places[index]))
    return Numbers(units, decimals, missing, bad, tails)


def _cleaned(texts: pa.Array, style: NumberStyle) -> pa.Array:
    """The texts with a dot as decimal mark, and nothing else but digits, signs and exponents."""
    if style.plain and pc.all(pc.match_substring_regex(texts, _GOOD)).as_py():
        return texts
    texts = pc.replace_substring(texts, "−", "-")
    texts = pc.replace_substring_regex(texts, r"^\(([^()]+)\)$", r"-\1")
    texts = pc.replace_substring_regex(texts, r"^([+-]?)[$€£¥] ?", r"\1")
    texts = pc.replace_substring_regex(texts, "([0-9])[ \u00a0\u202f\u2009']([0-9]{3})", r"\1\2")
    if style.grouped:
        escaped = re.escape(style.grouped)
        texts = pc.replace_substring_regex(texts, rf"([0-9]){escaped}([0-9]{{2,3}})\b", r"\1\2")
        texts = pc.replace_substring_regex(texts, rf"([0-9]){escaped}([0-9]{{2,3}})\b", r"\1\2")
    if style.mark == ",":
        texts = pc.replace_substring(pc.replace_substring(texts, ".", "#"), ",", ".")
    return texts


def _without_zeros(texts: pa.Array) -> pa.Array:
    """The numbers without zeros at the end of their decimals."""
    tailed = pc.match_substring_regex(texts, r"^[^eE.]*\.[0-9]*0$")
    if not pc.any(tailed).as_py():
        return texts
    return pc.if_else(tailed, pc.utf8_rtrim(texts, characters="0"), texts)


def _without_noise(texts: pa.Array) -> tuple[pa.Array, int]:
    """The numbers without the noise of binary floats, and how many had it: 81.01000000000001 is 81.01.

    A number of more than 15 digits has it if its first 15, rounded, end in three zeros; or in two, where such long
    numbers are rare.
    """
    noisy = pc.and_(pc.greater(pc.binary_length(texts), _TAIL_LENGTH), pc.match_substring_regex(texts, _TAIL))
    where = np.flatnonzero(np.asarray(noisy))
    if not len(where):
        return texts, 0
    long = int(np.count_nonzero(np.asarray(pc.binary_length(texts)) > _TAIL_LENGTH))
    zeros = 2 if len(texts) >= _RARE * long else 3
    mended = [_short(text, zeros) for text in texts.take(pa.array(where)).to_pylist()]
    changed = np.array([text is not None for text in mended], np.bool_)
    mask = np.zeros(len(texts), np.bool_)
    mask[where[changed]] = True
    short = pa.array([text for text in mended if text is not None], pa.string())
    return pc.replace_with_mask(texts, pa.array(mask), short), int(changed.sum())


def _short(text: str, zeros: int) -> str | None:
    """The number without the noise, None if it has none."""
    exact = Decimal(text)
    if len(exact.as_tuple().digits) <= 15:
        return None
    rounded = _FLOAT.plus(exact)
    if any(rounded.as_tuple().digits[-zeros:]):
        return None
    return f"{rounded.normalize(_FLOAT):f}"


def _places(texts: pa.Array) -> Ints:
    """How many decimals each number has."""
    dot = np.asarray(pc.find_substring(texts, "."), np.int64)
    length = np.asarray(pc.binary_length(texts), np.int64)
    places = np.where(dot < 0, 0, length - dot - 1)
    powered = np.asarray(pc.match_substring_regex(texts, "[eE]"))
    for index in np.flatnonzero(powered).tolist():
        mantissa, _, power = texts[index].as_py().lower().partition("e")
        places[index] = max(0, len(mantissa.partition(".")[2]) - int(power))
    return places


def _cast(texts: pa.Array, decimals: int, fine: Flags, rounded: int | None) -> tuple[Ints, Flags]:
    """The units of numbers with at most `decimals` decimals, and where they cannot be kept."""
    beyond = ~fine
    usable = texts if fine.all() else pc.if_else(pa.array(fine), texts, "0")
    try:
        cast = usable.cast(pa.decimal128(_WIDEST, decimals))
    except pa.ArrowInvalid:  # more digits than 38
        short = np.array([_fits(text, decimals) for text in usable.to_pylist()], np.bool_)
        beyond |= ~short
        cast = pc.if_else(pa.array(short), usable, "0").cast(pa.decimal128(_WIDEST, decimals))
    if rounded is not None:
        cast = pc.round(cast, ndigits=rounded, round_mode="half_to_even") if rounded < decimals else cast
        cast = cast.cast(pa.decimal128(_WIDEST, rounded))
    units, large = decimal_units(cast)
    return units, beyond | large


def _fits(text: str, decimals: int) -> bool:
    try:
        pa.array([text]).cast(pa.decimal128(_WIDEST, decimals))
    except pa.ArrowInvalid:
        return False
    return True


def _why_not(text: str, style: NumberStyle) -> str:
    if _NOT_FINITE.fullmatch(text.strip(_BLANKS)):
        return f"{shown(text)} is not a finite number"
    if style.mark == "." and "," in text:
        return f"{shown(text)} has a comma; the decimal mark here is the dot"
    return f"{shown(text)} is not a number"


def _too_long(text: str, places: int) -> str:
    if places > MAX_DECIMALS:
        return f"{shown(text)} has {places} decimals; the most that is kept is {MAX_DECIMALS}: choose `decimals`"
    return f"{shown(text)} has more digits than can be kept exactly together with its column: choose `decimals`"
