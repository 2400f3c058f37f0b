"""The options of `orderflow.formats.options` as parameters of routes."""

from __future__ import annotations

from orderflow.formats.options import OPTIONS
from orderflow.web.kit.params import Param, text

_LONGEST = 2000


def option_param(name: str) -> Param:
    """The parameter for an option. Its text is parsed by `ReadOptions.of`."""
    option = OPTIONS[name]
    doc = f"{option.help[:1].upper()}{option.help[1:]} ({option.form}).".replace("%%", "%")
    return text(name, doc, longest=_LONGEST)
