from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderflow.errors import BadInput
from orderflow.market.sessions import DAY, HOUR, MINUTE, Session, bar_end, bar_start

CHICAGO = Session.parse("America/Chicago 17:00")
SYDNEY = Session.parse("Australia/Sydney 10:00")


def ns(text: str, zone: str = "UTC") -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000


def start_of(session: Session, time: int) -> int:
    return int(session.start_of(np.array([time]))[0])


def test_parse_and_label_are_inverse() -> None:
    assert Session("America/Chicago", 17 * 60) == CHICAGO
    assert CHICAGO.label == "America/Chicago 17:00"
    assert Session.parse("Asia/Kolkata 9:15").label == "Asia/Kolkata 09:15"
    assert Session.parse(" UTC ") == Session() == Session.parse("UTC 00:00")
    assert hash(Session.parse("UTC")) == hash(Session())


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "session ''"),
        ("America/Chicago 17:00 CT", "a zone and a start"),
        ("America/Gotham 17:00", "zone 'America/Gotham'"),
        ("../etc/passwd 17:00", "zone '../etc/passwd'"),
        ("America 17:00", "zone 'America'"),
        ("17:00", "zone '17:00'"),
        ("America/Chicago 24:00", "start '24:00'"),
        ("America/Chicago 5pm", "start '5pm'"),
        ("America/Chicago 17:60", "start '17:60'"),
    ],
)
def test_a_bad_session_names_its_part(text: str, part: str) -> None:
    with pytest.raises(BadInput, match=part.replace(".", r"\.")):
        Session.parse(text)


@pytest.mark.parametrize(
    ("session", "first", "hours"),
    [
        (CHICAGO, "2025-03-07T17:00", 24),
        (CHICAGO, "2025-03-08T17:00", 23),  # daylight saving starts on the 9th
        (CHICAGO, "2025-03-09T17:00", 24),
        (CHICAGO, "2025-11-01T17:00", 25),  # daylight saving ends on the 2nd
        (SYDNEY, "2025-04-05T10:00", 25),  # daylight saving ends in the southern autumn
        (SYDNEY, "2025-10-04T10:00", 23),
    ],
)
def test_a_session_lasts_23_or_25_hours_when_its_clocks_change(session: Session, first: str, hours: int) -> None:
    start = ns(first, session.zone)
    inside = np.array([start, start + 1, start + 12 * HOUR, start + hours * HOUR - 1])
    assert session.start_of(inside).tolist() == [start] * 4
    assert session.end_of(inside).tolist() == [start + hours * HOUR] * 4
    assert start_of(session, start - 1) < start
    assert start_of(session, start + hours * HOUR) == start + hours * HOUR


def test_a_start_that_the_clocks_skip_or_repeat() -> None:
    early = Session.parse("America/Chicago 02:30")
    skipped = ns("2025-03-09T03:30", "America/Chicago")
    assert start_of(early, skipped) == skipped
    assert start_of(early, skipped - 1) == ns("2025-03-08T02:30", "America/Chicago")
    twice = Session.parse("America/Chicago 01:30")
    first = ns("2025-11-02T06:30")
    assert start_of(twice, first) == first
    assert start_of(twice, first + HOUR) == first


def test_a_zone_that_lost_a_whole_day() -> None:
    apia = Session.parse("Pacific/Apia 00:00")
    before, after = ns("2011-12-30T09:59:59"), ns("2011-12-30T10:00:00")
    assert start_of(apia, before) == ns("2011-12-29T10:00")
    assert start_of(apia, after) == after


def test_nothing_in_nothing_out() -> None:
    none = np.empty(0, np.int64)
    for session in (Session(), CHICAGO):
        assert session.start_of(none).dtype == np.int64
        assert len(session.start_of(none)) == len(session.end_of(none)) == len(bar_start(none, 4 * HOUR, session)) == 0


def test_times_a_century_apart_in_one_call() -> None:
    times = np.array([ns("2099-07-01T12:00"), ns("1980-01-02T00:00"), ns("2025-11-02T06:59")])
    assert CHICAGO.start_of(times).tolist() == [start_of(CHICAGO, int(t)) for t in times]


@given(
    st.lists(st.integers(ns("1985-01-01"), ns("2060-01-01")), min_size=1, max_size=8),
    st.sampled_from(
        ["UTC", "America/Chicago", "Australia/Sydney", "Asia/Kolkata", "Asia/Kathmandu", "Pacific/Auckland"]
    ),
    st.integers(0, 1439),
)
def test_start_of_is_the_latest_wall_clock_start(times: list[int], zone: str, minute: int) -> None:
    session = Session(zone, minute)
    starts = session.start_of(np.array(times)).tolist()
    for time, start, end in zip(times, starts, session.end_of(np.array(times)).tolist(), strict=True):
        assert start <= time < end
        assert 23 * HOUR <= end - start <= 25 * HOUR
        wall = datetime.fromtimestamp(start // 1_000_000_000, ZoneInfo(zone))
        on = wall.hour * 60 + wall.minute
        assert on == minute or not exists(wall, minute)


def exists(day: datetime, minute: int) -> bool:
    """Whether the local time `minute` exists on that day."""
    asked = day.replace(hour=minute // 60, minute=minute % 60, fold=0)
    back = asked.astimezone(UTC).astimezone(day.tzinfo)
    return (back.hour, back.minute) == (asked.hour, asked.minute)


def test_bars_up_to_an_hour_stand_on_the_epoch() -> None:
    india = Session.parse("Asia/Kolkata 09:15")
    time = np.array([ns("2025-01-06T04:07:08"), ns("1969-12-31T23:59:59")])
    assert bar_start(time, MINUTE, india).tolist() == [ns("2025-01-06T04:07"), -MINUTE]
    assert bar_start(time, HOUR, india).tolist() == [ns("2025-01-06T04:00"), -HOUR]
    assert bar_end(time[:1] // HOUR * HOUR, HOUR, india).tolist() == [ns("2025-01-06T05:00")]


def test_longer_bars_stand_on_the_session() -> None:
    start = ns("2025-11-01T17:00", "America/Chicago")  # 25 hours
    time = np.array([start, start + 4 * HOUR - 1, start + 4 * HOUR, start + 25 * HOUR - 1, start + 25 * HOUR])
    bars = bar_start(time, 4 * HOUR, CHICAGO)
    assert bars.tolist() == [start, start, start + 4 * HOUR, start + 24 * HOUR, start + 25 * HOUR]
    assert bar_end(bars, 4 * HOUR, CHICAGO).tolist() == [
        start + 4 * HOUR, start + 4 * HOUR, start + 8 * HOUR, start + 25 * HOUR, start + 29 * HOUR
    ]  # fmt: skip
    days = bar_start(time, DAY, CHICAGO)
    assert days.tolist() == [start] * 4 + [start + 25 * HOUR]
    assert bar_end(days, DAY, CHICAGO).tolist() == [start + 25 * HOUR] * 4 + [start + 49 * HOUR]


def test_the_default_session_is_the_epoch_for_every_frame() -> None:
    time = np.array([ns("2025-06-21T15:16:17"), ns("1999-12-31T23:59:59")])
    for hours in (2, 4, 24):
        assert bar_start(time, hours * HOUR, Session()).tolist() == (time // (hours * HOUR) * hours * HOUR).tolist()
