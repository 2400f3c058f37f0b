from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from orderflow.errors import BadInput
from orderflow.market.timeframes import TIMEFRAMES, timeframe


def ms(*date: int) -> int:
    return int(datetime(*date, tzinfo=UTC).timestamp()) * 1000  # type: ignore[misc,arg-type]


def test_there_are_sixteen_and_they_are_those_of_binance() -> None:
    hours = ["1h", "2h", "4h", "6h", "8h", "12h"]
    assert list(TIMEFRAMES) == ["1s", "1m", "3m", "5m", "15m", "30m", *hours, "1d", "3d", "1w", "1M"]


@pytest.mark.parametrize(
    ("name", "inside", "opens"),
    [
        ("1s", (2024, 2, 29, 23, 59, 59), (2024, 2, 29, 23, 59, 59)),
        ("1m", (2024, 2, 29, 23, 59, 59), (2024, 2, 29, 23, 59)),
        ("8h", (2024, 2, 29, 23, 59, 59), (2024, 2, 29, 16)),
        ("3d", (2024, 2, 28, 12), (2024, 2, 26)),
        ("1w", (2024, 3, 3, 23), (2024, 2, 26)),
        ("1w", (2024, 3, 4), (2024, 3, 4)),
        ("1M", (2024, 2, 29, 23), (2024, 2, 1)),
        ("1M", (1969, 12, 31), (1969, 12, 1)),
    ],
)
def test_a_kline_opens_in_utc(name: str, inside: tuple[int, ...], opens: tuple[int, ...]) -> None:
    assert timeframe(name).floor(ms(*inside)) == ms(*opens)


@pytest.mark.parametrize("frame", TIMEFRAMES.values(), ids=TIMEFRAMES)
def test_open_times_are_counted_without_a_gap(frame: object) -> None:
    found = timeframe(frame.name)  # type: ignore[attr-defined]
    numbers = np.arange(found.index(ms(2015, 12, 30)), found.index(ms(2015, 12, 30)) + 40)
    opens = found.opens(numbers)
    assert found.indices(opens).tolist() == numbers.tolist()
    assert found.indices(opens - 1).tolist() == (numbers - 1).tolist()
    assert np.diff(opens).max() <= found.ms


def test_an_unknown_one_is_refused_with_all_names() -> None:
    with pytest.raises(BadInput, match="there is no time frame '7m'; the time frames are 1s, 1m, 3m"):
        timeframe("7m")
