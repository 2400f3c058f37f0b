"""Times as ns UTC: epoch units, fractions, offsets; columns give the same result as single cells."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orderflow.formats.parsing.parse_errors import NotVectorizable, ParseError
from orderflow.formats.parsing.time_columns import (
    all_day_millis,
    compact_moments,
    formatted_all,
    moments,
    session_moments,
    split_moments,
)
from orderflow.formats.parsing.times import (
    END,
    FIRST,
    DateOrder,
    compact_moment,
    day_millis,
    day_of,
    formatted,
    moment,
    session_moment,
    split_moment,
)
from orderflow.formats.parsing.zones import DAY, Zone

UTC = Zone("UTC")


@given(st.integers(FIRST, END - 1), st.sampled_from([10**9, 10**6, 10**3, 1]))
def test_epoch_unit_follows_from_magnitude(time: int, unit: int) -> None:
    count = time // unit
    if count * unit < FIRST:
        return
    assert moment(str(count), UTC) == count * unit
    assert moments(pa.array([str(count)]), UTC).tolist() == [count * unit]
    assert moments(pa.array([count]), UTC).tolist() == [count * unit]


def test_units_can_be_mixed_in_a_column() -> None:
    times = ["1760032800", "1760032800000", "1760032800000000", "1760032800000000000"]
    assert set(moments(pa.array(times), UTC).tolist()) == {1_760_032_800 * 10**9}


def test_first_and_last_accepted_time() -> None:
    assert moment("1980-01-01T00:00:00Z", UTC) == FIRST
    assert moment("2099-12-31T23:59:59.999999999Z", UTC) == END - 1
    for text in (
        "1979-12-31T23:59:59.999999999Z",
        "2100-01-01T00:00:00Z",
        "0001-01-01 00:00",
        "9999-12-31 23:59",
        "-5",
    ):
        with pytest.raises(ParseError, match="not a time between 1980 and 2100"):
            moment(text, Zone("America/New_York"))


@pytest.mark.parametrize(
    ("text", "nanos"),
    [
        ("1760032800.123456789", 123_456_789),
        ("1760032800000.5", 500_000),
        ("1760032800000000.125", 125),
        ("1.7600328e9", 0),
        ("2025-10-09 18:00:00.1234567890", 123_456_789),
    ],
)
def test_fractions_to_the_nanosecond(text: str, nanos: int) -> None:
    assert moment(text, UTC) == 1_760_032_800 * 10**9 + nanos


@pytest.mark.parametrize("text", ["1760032800.1234567891", "1760032800000000000.5", "2025-10-09 18:00:00.1234567891"])
def test_finer_than_a_nanosecond_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match="finer than a nanosecond"):
        moment(text, UTC)


def test_epochs_with_fractions_of_any_length() -> None:
    texts = ["1784851200.0547", "1784851200", "1784851200.000000001"]
    assert moments(pa.array(texts), UTC).tolist() == [moment(text, UTC) for text in texts]


@pytest.mark.parametrize("text", ["2025-10-09 18:00:00+24:00", "2025-10-09 18:00:00+02:60", "2025-10-09 18:00:00+2"])
def test_invalid_offsets_raise(text: str) -> None:
    with pytest.raises(ParseError):
        moment(text, UTC)
    with pytest.raises(NotVectorizable):
        moments(pa.array([text]), UTC)


def test_dates_in_every_order() -> None:
    day = 20_370 * DAY
    for text, order in (("2025-10-09", "ymd"), ("20251009", "mdy"), ("9/10/2025", "dmy"), ("10/09/2025", "mdy")):
        assert day_of(text, order) == day  # type: ignore[arg-type]  # one of the three orders
    for text in ("10/09/2025", "1/2/3", "2025-13-01", "tomorrow"):
        with pytest.raises(ParseError):
            day_of(text, "ymd")


@given(
    st.lists(
        st.datetimes(min_value=datetime(1981, 1, 1), max_value=datetime(2099, 1, 1)),
        min_size=1,
    )
)
def test_split_and_compact_columns_equal_single_cells(stamps: list[datetime]) -> None:
    isos = [f"{stamp:%Y-%m-%d %H:%M:%S.%f}" for stamp in stamps]
    whole = [moment(text, UTC) for text in isos]
    days, clocks = zip(*(text.split(" ") for text in isos), strict=True)
    assert [split_moment(day, clock, "ymd", UTC) for day, clock in zip(days, clocks, strict=True)] == whole
    assert split_moments(pa.array(days), pa.array(clocks), "ymd", UTC).tolist() == whole
    compact = [f"{stamp:%Y%m%d %H%M%S %f}0" for stamp in stamps]
    assert [compact_moment(text, UTC) for text in compact] == whole
    assert compact_moments(pa.array(compact), UTC).tolist() == whole
    assert compact_moments(pa.array(["x", *compact]).slice(1), UTC).tolist() == whole


DAYS = st.sampled_from(
    [
        "2025-10-09",
        "2025.10.09",
        "20251009",
        "10/09/2025",
        "1-2-2025",
        "2025-1-2",
        "009/10/2025",
        "2025-10/09",
        "9/9/25",
    ]
)
MARKS = st.sampled_from([" ", "T", "D", ", ", ",", "  ", "t"])
CLOCKS = st.sampled_from(
    [
        *("18:00", "18:00:00", "6:00:00", "06:00:00.5", "18:00:00.123456789", "18:00:00:123", "18:00:00:12"),
        *("18:00:00,5", "6:00 PM", "6:00:00.5 am", "6:00 p.m.", "18:00 PM", "24:00", "18", "180000", "18:0", "-1:00"),
    ]
)
OFFSETS = st.sampled_from(["", "", "Z", " Z", " UTC", "+02", "+02:00", " -0530", "+24:00", "z"])
ORDERS: st.SearchStrategy[DateOrder] = st.sampled_from(["ymd", "mdy", "dmy"])


@given(
    st.lists(st.tuples(DAYS, MARKS, CLOCKS, OFFSETS), min_size=1, max_size=3),
    ORDERS,
    st.sampled_from([0, 0, 3, 6]),
)
@example([("2025-10-09", ", ", "6:00 PM", "")], "ymd", 0)
@example([("10/09/2025", "D", "18:00:00", "")], "mdy", 0)
@example([("10/09/2025", ",", "18:00", ""), ("009/10/2025", ",", "18:00", "")], "dmy", 0)
@example([("2025-10-09", " ", "18:00:00:123", "")], "ymd", 6)
def test_a_column_reads_no_text_that_a_cell_does_not(
    parts: list[tuple[str, str, str, str]], order: DateOrder, places: int
) -> None:
    texts = ["".join(part) for part in parts]
    try:
        found = moments(pa.array(texts), UTC, order, places).tolist()
    except NotVectorizable:
        return
    assert found == [moment(text, UTC, order, places) for text in texts]


@pytest.mark.parametrize("text", ["-2025-10-09", "9999-12-31", "0001-01-01"])
def test_a_time_format_refuses_years_that_cannot_be_kept(text: str) -> None:
    with pytest.raises(ParseError, match=r"is not a time between 1980 and 2100|does not fit the time format"):
        formatted(text, "%Y-%m-%d", UTC)
    with pytest.raises(NotVectorizable):
        formatted_all(pa.array(["2025-10-09", text]), "%Y-%m-%d", UTC)


@pytest.mark.parametrize("millis", ["+500", "0500", "500.", "500.0", "500e0", "-1", ""])
def test_milliseconds_beside_a_clock_are_three_digits(millis: str) -> None:
    assert session_moment(("20251009", None), "12:00:00", "500", True, UTC) == moment("2025-10-09 12:00:00.5", UTC)
    with pytest.raises(ParseError, match="is not a number of milliseconds"):
        session_moment(("20251009", None), "12:00:00", millis, True, UTC)
    with pytest.raises(NotVectorizable):
        session_moments(
            (pa.array(["20251009"]), None), pa.array(["12:00:00"]), pa.array([millis]), np.array([True]), UTC
        )


@given(st.lists(st.integers(0, 86_400_000_000 - 1), min_size=1))
def test_milliseconds_of_a_day(micros: list[int]) -> None:
    texts = [f"{micro / 1000:.3f}" for micro in micros]
    day = 20_370 * DAY
    assert [day_millis(text, day, UTC) for text in texts] == [day + micro * 1000 for micro in micros]
    assert all_day_millis(pa.array(texts), day, UTC).tolist() == [day + micro * 1000 for micro in micros]


@pytest.mark.parametrize(
    "read",
    [
        lambda: compact_moments(pa.array(["20061107 000431", "20061107 00043x"]), UTC),
        lambda: compact_moments(pa.array(["20061107 000431", "20061107T000431"]), UTC),
        lambda: compact_moments(pa.array(["20061107 000431", "20061107 0004311"]), UTC),
        lambda: compact_moments(pa.array(["20061307 000431"]), UTC),
        lambda: compact_moments(pa.array(["20061107 240431"]), UTC),
        lambda: split_moments(pa.array(["2025-10-09"]), pa.array(["18"]), "ymd", UTC),
        lambda: split_moments(pa.array(["9/10/2025"]), pa.array(["18:00"]), "ymd", UTC),
        lambda: all_day_millis(pa.array(["86400000"]), 0, UTC),
        lambda: moments(pa.array(["0x68e7f3a0"]), UTC),
        lambda: moments(pa.array(["2025-10-09T18:00:00Z", "2025-10-09 18:00:00"]), UTC),
        lambda: moments(pa.array([1.5, None]), UTC),
        lambda: moments(pa.array([True]), UTC),
    ],
)
def test_times_that_are_not_vectorizable(read: Callable[[], object]) -> None:
    with pytest.raises(NotVectorizable):
        read()
