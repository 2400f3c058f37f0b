"""The options of `POST /ticks` that say what a body holds; those of `orderflow.formats.options`."""

from __future__ import annotations

from typing import Any

from orderflow.formats import ReadOptions
from orderflow.formats.options import TABLE_OPTIONS
from orderflow.formats.own import Own, named_options
from orderflow.web.kit.routes import Values


def said(values: Values, own: Own) -> dict[str, Any]:
    """The arguments of `parse_body` for the parameters that were given. own: the formats of orderflow.toml.

    Raises BadInput and UnknownFormat.
    """
    given = {name: values[name] for name in TABLE_OPTIONS if values.get(name) is not None}
    if not given and not values.get("format"):
        return {}
    name, options = named_options(values.get("format"), ReadOptions.of(**given), own)
    return {"format": name, "options": options}
