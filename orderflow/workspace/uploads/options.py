"""How the user wants a file to be read: what is detected otherwise, given by hand."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from orderflow.errors import BadInput, FieldError
from orderflow.formats.parsing.zones import Zone

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
ENCODINGS = (
    "utf-8", "cp1250", "cp1251", "cp1252", "cp1254", "latin-1", "shift_jis",
    "gb18030", "big5", "euc_kr",
)  # fmt: skip
DATES = ("ymd", "dmy", "mdy")
MARKS = ("dot", "comma")
MAX_SKIP = 100
MAX_COLUMNS = 40
MAX_DECIMALS = 12


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """None and "" mean that it is detected.

    columns: the column of a role, by its name in the header or its number from 1; "" for a role that the file has not.
    delimiter: one character. encoding: one of ENCODINGS. decimal: the decimal mark. dates: the order of day, month and
    year. tz: the IANA zone of times without one. skip: lines above the header. member: the file in a zip. decimals: to
    how many decimals prices and volumes are rounded, half to even. negative: whether prices may be negative.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    delimiter: str = ""
    encoding: str = ""
    decimal: str = ""
    dates: str = ""
    tz: str = "UTC"
    skip: int | None = None
    member: str | None = None
    decimals: int | None = None
    negative: bool = False

    def texts(self) -> dict[str, str]:
        """The options that are set, as `read_options` takes them."""
        names = {mark: name for name, mark in DELIMITERS.items()}
        found = {
            "columns": json.dumps(dict(self.columns)) if self.columns else "",
            "delimiter": names.get(self.delimiter, ""),
            "encoding": self.encoding,
            "decimal": {".": "dot", ",": "comma"}.get(self.decimal, ""),
            "dates": self.dates,
            "tz": "" if self.tz == "UTC" else self.tz,
            "skip": "" if self.skip is None else str(self.skip),
            "member": self.member or "",
            "decimals": "" if self.decimals is None else str(self.decimals),
            "negative": "true" if self.negative else "",
        }
        return {name: value for name, value in found.items() if value}


def read_options(given: Mapping[str, str]) -> ReadOptions:
    """Parse options given as texts by name; other names are ignored. Raises BadInput, naming each that is wrong."""
    errors: list[FieldError] = []
    values: dict[str, object] = {}
    for name, read in _READERS.items():
        if text := given.get(name, ""):
            try:
                values[name] = read(text)
            except (ValueError, BadInput) as error:
                errors.append(FieldError(None, name, str(error)))
    if errors:
        raise BadInput(f"{errors[0].field}: {errors[0].reason}", errors)
    return ReadOptions(**values)  # type: ignore[arg-type]  # each reader returns its field's type


def _one_of(words: tuple[str, ...], text: str) -> str:
    if text not in words:
        raise ValueError(f"must be one of {', '.join(words)}")
    return text


def _number(most: int, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 4 and int(text) <= most):
        raise ValueError(f"must be a whole number from 0 to {most}")
    return int(text)


def _encoding(text: str) -> str:
    try:
        name = codecs.lookup(text).name
    except (LookupError, ValueError):
        name = text
    known = {codecs.lookup(each).name: each for each in ENCODINGS}
    return known.get(name) or _one_of(ENCODINGS, text)


def _zone(text: str) -> str:
    Zone(text)
    return text


def _member(text: str) -> str:
    if len(text) > 300:
        raise ValueError("must have at most 300 characters")
    return text


def _columns(text: str) -> dict[str, str]:
    why = 'must be a JSON object of roles and columns, like {"time": "unix", "open": "2"}'
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(why) from None
    if not isinstance(found, dict) or len(found) > MAX_COLUMNS:
        raise ValueError(why)
    columns = {role: str(column) for role, column in found.items() if isinstance(column, (str, int))}
    if len(columns) < len(found) or any(len(column) > 200 for column in columns.values()):
        raise ValueError(why)
    return columns


_READERS: Mapping[str, Callable[[str], object]] = {
    "columns": _columns,
    "delimiter": lambda text: DELIMITERS[_one_of(tuple(DELIMITERS), text)],
    "encoding": _encoding,
    "decimal": lambda text: "," if _one_of(MARKS, text) == "comma" else ".",
    "dates": lambda text: _one_of(DATES, text),
    "tz": _zone,
    "skip": lambda text: _number(MAX_SKIP, text),
    "member": _member,
    "decimals": lambda text: _number(MAX_DECIMALS, text),
    "negative": lambda text: _one_of(("true", "false"), text) == "true",
}
