"""The options of `POST /ticks` that say what a body holds; those of `orderflow.formats.options`."""

from __future__ import annotations

from typing import Any

from orderflow.formats import ReadOptions, names
from orderflow.formats.options import TABLE_OPTIONS
from orderflow.formats.own import Own, named_options
from orderflow.web.kit.option_params import option_param
from orderflow.web.kit.params import text
from orderflow.web.kit.routes import Values

TABLE_PARAMS = (
    text("format", f"The format of the body instead of detecting it: {', '.join(names())}."),
    *(option_param(name) for name in TABLE_OPTIONS),
)
"""Parameters of CSV, and of JSON with other keys; `negative_prices` and `snap_floats` are for all bodies."""


def said(values: Values, own: Own) -> dict[str, Any]:
    """The arguments of `parse_body` for the parameters that were given. own: the formats of orderflow.toml.

    Raises BadInput and UnknownFormat.
    """
    given = {name: values[name] for name in TABLE_OPTIONS if values.get(name) is not None}
    if not given and not values.get("format"):
        return {}
    name, options = named_options(values.get("format"), ReadOptions.of(**given), own)
    return {"format": name, "options": options}
