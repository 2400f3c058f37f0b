"""Whether times without a zone are read in the zone that the format's document names."""

from __future__ import annotations

import re

from orderflow.formats.parsing.layout import Layout, Role, TimeRule
from orderflow.formats.parsing.times import EPOCH
from orderflow.formats.sniff import Sample

_ZONED = re.compile(r".*[0-9] ?(?:Z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?)", re.ASCII)


def zone_doubt(layout: Layout, sample: Sample) -> str:
    """What to say of local times that are read as UTC, and the option that gives their zone; "" of others."""
    whose, zone = layout.zone
    if not whose:
        return ""
    times = [cell for cell in sample.column(layout.columns[Role.TIME].index) if cell]
    if layout.time is TimeRule.MOMENT and all(_ZONED.fullmatch(time) or EPOCH.fullmatch(time) for time in times):
        return ""
    return f"its times are {whose} and are read as UTC: give {f'--tz {zone}' if zone else 'their zone, --tz'}"
