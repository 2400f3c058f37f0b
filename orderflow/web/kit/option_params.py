"""The options of `orderflow.formats.options` as parameters of routes."""

from __future__ import annotations

from orderflow.formats import names
from orderflow.formats.options import OPTIONS, TABLE_OPTIONS
from orderflow.web.kit.params import Param, text

_LONGEST = 2000


def option_param(name: str) -> Param:
    """The parameter for an option. Its text is parsed by `ReadOptions.of`."""
    option = OPTIONS[name]
    doc = f"{option.help[:1].upper()}{option.help[1:]} ({option.form}).".replace("%%", "%")
    return text(name, doc, longest=_LONGEST)


TABLE_PARAMS = (
    text("format", f"The format instead of detecting it: {', '.join(names())}, or one of orderflow.toml."),
    *map(option_param, TABLE_OPTIONS),
)
"""Parameters of CSV, and of JSON with other keys; `negative_prices` and `snap_floats` are for all bodies."""
