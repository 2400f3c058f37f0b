"""Declare settings: default, parser, bounds, meaning and names of a setting are in one dataclass field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Meta:
    """The metadata of a setting, in addition to its default.

    read: converts text or a TOML value to the setting's value. allowed: the bounds in words. names: unprefixed
    environment names. flat: the setting's name outside its section, if it is not `<section>_<attribute>`.
    """

    read: Callable[[Any], Any]
    allowed: str
    doc: str
    names: tuple[str, ...] = ()
    secret: bool = False
    flat: str = ""


class Declared(NamedTuple):
    """One declared setting. name: of its flag and, in capitals, of its environment variable. section: "" for common
    settings.
    """

    name: str
    default: Any
    meta: Meta
    section: str
    attribute: str


def setting(
    default: Any,
    read: Callable[[Any], Any],
    allowed: str,
    doc: str,
    *names: str,
    secret: bool = False,
    flat: str = "",
) -> Any:
    """A dataclass field that declares a setting."""
    return field(default=default, metadata={"setting": Meta(read, allowed, doc, names, secret, flat)})


def declared(kind: type, section: str = "") -> list[Declared]:
    """The settings of one dataclass, in order."""
    found: list[Declared] = []
    for each in fields(kind):
        meta: Meta | None = each.metadata.get("setting")
        if meta is not None:
            name = meta.flat or (f"{section}_{each.name}" if section else each.name)
            found.append(Declared(name, each.default, meta, section, each.name))
    return found
