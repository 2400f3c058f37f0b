"""FirstRate Data ticks.

Layout: datetime, price, size, without a header, times US Eastern, as people describe files of firstratedata.com; no
document of it was found in public. There is no side.
"""

from __future__ import annotations

from orderflow.formats.base import Format, Shape
from orderflow.formats.parsing.layout import Role

FORMAT = Format(
    name="firstrate",
    title="FirstRate Data ticks",
    shapes=(Shape(("iso", "number", "whole"), {Role.TIME: 0, Role.PRICE: 1, Role.SIZE: 2}),),
    zone=("US Eastern", "America/New_York"),
)
