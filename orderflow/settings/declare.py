"""How a setting is declared: its default, parser, bounds, meaning and names stand together in one dataclass field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Meta:
    """What a setting is, beside its default.

    read: text or TOML value to the setting's value. allowed: the bounds in words. names: unprefixed environment names.
    flat: the setting's name outside its section, if not `<section>_<attribute>`.
    """

    read: Callable[[Any], Any]
    allowed: str
    doc: str
    names: tuple[str, ...] = ()
    secret: bool = False
    flat: str = ""


class Declared(NamedTuple):
    """One setting. name: of its flag and, in capitals, its environment variable. section: "" for the ground's."""

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
    """A dataclass field that is a setting."""
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
