"""Local times on ordinary days and on the two days a year on which clocks change."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow.errors import BadInput
from orderflow.formats.parsing.parse_errors import NotVectorizable, ParseError
from orderflow.formats.parsing.times import moment
from orderflow.formats.parsing.zones import SECOND, Zone
from tests.formats.suite import by_path, iso, ticks_of

NY = "America/New_York"


def local(text: str) -> int:
    return int((datetime.fromisoformat(text) - datetime(1970, 1, 1)).total_seconds()) * SECOND


def test_skipped_hour_does_not_exist() -> None:
    with pytest.raises(ParseError, match="'2025-03-09 02:30:00' does not exist in America/New_York: clocks skip it"):
        moment("2025-03-09 02:30:00", Zone(NY))
    assert iso(moment("2025-03-09 01:59:59", Zone(NY))) == "2025-03-09T06:59:59"
    assert iso(moment("2025-03-09 03:00:00", Zone(NY))) == "2025-03-09T07:00:00"
    assert iso(moment("2025-03-09 02:30:00-05:00", Zone(NY))) == "2025-03-09T07:30:00"


def test_repeated_hour_is_the_first_until_the_clock_was_set_back() -> None:
    assert iso(moment("2025-11-02 01:30:00", Zone(NY))) == "2025-11-02T05:30:00"
    rows = [
        "2025-11-02 00:59:59",
        "2025-11-02 01:00:00",
        "2025-11-02 01:30:00",
        "2025-11-02 01:29:58",
        "2025-11-02 01:59:59",
        "2025-11-02 01:00:00",
        "2025-11-02 01:30:00",
        "2025-11-02 01:59:59",
        "2025-11-02 02:00:00",
    ]
    text = "time,price,size\n" + "".join(f"{row},1,1\n" for row in rows)
    for fast in (True, False):
        assert [one.time[11:] for one in ticks_of(by_path(text, fast=fast, tz=NY))] == [
            "04:59:59",
            "05:00:00",
            "05:30:00",
            "05:29:58",
            "05:59:59",
            "06:00:00",
            "06:30:00",
            "06:59:59",
            "07:00:00",
        ]


@settings(max_examples=100, deadline=None)
@given(
    start=st.datetimes(min_value=datetime(1981, 1, 1), max_value=datetime(2037, 1, 1)),
    steps=st.lists(st.integers(0, 10**6), min_size=1, max_size=20),
    name=st.sampled_from([NY, "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "UTC"]),
)
def test_columns_agree_with_zoneinfo(start: datetime, steps: list[int], name: str) -> None:
    times = [start + timedelta(seconds=step) for step in steps]
    naive = np.array([local(time.isoformat()) for time in (one.replace(microsecond=0) for one in times)], np.int64)
    zone = Zone(name)
    try:
        found = zone.to_utc_all(naive)
    except NotVectorizable:
        return
    for one, utc in zip(times, found.tolist(), strict=True):
        offset = one.replace(tzinfo=ZoneInfo(name)).utcoffset()
        assert offset is not None
        assert utc == local(one.replace(microsecond=0).isoformat()) - int(offset.total_seconds()) * SECOND


def test_unknown_zone_names_raise() -> None:
    for name in ("", "Mars", "../etc/passwd", "America", "UTC+2", "\0"):
        with pytest.raises(BadInput, match="is not an IANA time zone"):
            Zone(name)
    assert Zone("utc").to_utc(5) == 5
