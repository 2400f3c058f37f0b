"""Formats with names of their own: the `[formats.NAME]` tables of orderflow.toml.

[formats.mine]
columns = "time=When,price=Px,size=Lots"
date_order = "dmy"
format = "generic"      # the format that they complete; without it, it is detected
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orderflow.errors import UnknownFormat
from orderflow.formats.options import ReadOptions
from orderflow.formats.registry import names
from orderflow.settings.load import load_formats

Own = Mapping[str, Mapping[str, Any]]


def of_this_folder() -> Own:
    """The formats of the orderflow.toml in the working directory; none without one. Raises BadSetting."""
    return load_formats()


def named_options(name: str | None, options: ReadOptions, own: Own) -> tuple[str | None, ReadOptions]:
    """(the format to read with, the options) for a name, which can be one of `own`; `options` go before its own.

    Raises UnknownFormat for a name that is neither, BadInput for a table with options that are not understood.
    """
    if name is None or name not in own:
        if name is not None and own and name.strip().lower().replace("_", "-") not in names():
            raise UnknownFormat(f"unknown format {name!r}; the formats are {', '.join([*own, *names()])}")
        return name, options
    table = dict(own[name])
    base = table.pop("format", None)
    return base, options.over(ReadOptions.of(**table))
