"""The list of studies, in the order in which pages show them.

To add a study, write its file with a pure function and a `Study` record, add its line here, and add its test.
"""

from __future__ import annotations

from orderflow.errors import NotFound
from orderflow.market.studies import (
    absorption,
    big_trades,
    delta,
    divergence,
    imbalance,
    naked_poc,
    poc,
    profile,
    stacked,
    tape_speed,
    unfinished,
    value_area,
    vwap,
)
from orderflow.market.studies.study import Study

STUDIES: tuple[Study, ...] = (
    delta.STUDY,
    delta.EXTREMES,
    delta.CVD,
    poc.STUDY,
    naked_poc.STUDY,
    value_area.STUDY,
    imbalance.STUDY,
    stacked.STUDY,
    unfinished.STUDY,
    absorption.STUDY,
    divergence.STUDY,
    profile.STUDY,
    vwap.STUDY,
    big_trades.STUDY,
    tape_speed.STUDY,
)


def names() -> tuple[str, ...]:
    """Names of all studies, in the order of the registry."""
    return tuple(study.name for study in STUDIES)


def find(name: str) -> Study:
    """The study with this name. Raises NotFound, listing the known names."""
    for study in STUDIES:
        if study.name == name:
            return study
    raise NotFound(f"study {name!r} is not known; there are {', '.join(names())}")
