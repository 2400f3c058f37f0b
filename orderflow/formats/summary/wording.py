"""Times, durations and counts in words, as the replay client prints them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta


def counted(counts: Mapping[str, int]) -> str:
    """Counts by what they are: 1,204 quotes, 3 cancels."""
    return ", ".join(f"{count:,} {what}" for what, count in counts.items())


def moment(ns: int, *, short: bool = False) -> str:
    """Format a UTC time (ns since 1970) to the millisecond, or if `short` only the time of day to the second."""
    when = datetime.fromtimestamp(ns // 1_000_000_000, UTC) + timedelta(microseconds=ns % 1_000_000_000 // 1_000)
    return f"{when:%H:%M:%S}" if short else f"{when:%Y-%m-%d %H:%M:%S}.{when.microsecond // 1000:03d} UTC"


def span(seconds: float) -> str:
    """Format a duration: 4.2 s, 3:07, 2:03:07, 3 d 02:03:07."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = int(seconds + 0.5)
    days, whole = divmod(whole, 86_400)
    hours, whole = divmod(whole, 3600)
    minutes, whole = divmod(whole, 60)
    if days:
        return f"{days} d {hours:02d}:{minutes:02d}:{whole:02d}"
    return f"{hours}:{minutes:02d}:{whole:02d}" if hours else f"{minutes}:{whole:02d}"
