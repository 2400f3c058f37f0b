"""Values of callbacks: whole numbers within bounds, None for anything else."""

from __future__ import annotations

from typing import Any

import pytest

from orderflow.web.kit.callback_values import whole


@pytest.mark.parametrize(("given", "number"), [(0, 0), ("7", 7), (9, 9), ("9", 9), ("0" * 17 + "4", 4)])
def test_whole_numbers_up_to_the_bound_are_read(given: Any, number: int) -> None:
    assert whole(given, 9) == number


@pytest.mark.parametrize(
    "given", [None, True, 1.0, -1, "-1", 10, "10", "", " 1", "1.0", "٣", "²", "1_0", 10**4299, "9" * 5000, [1], {}]
)
def test_nothing_else_is(given: Any) -> None:
    assert whole(given, 9) is None


def test_an_empty_list_has_no_place() -> None:
    assert whole(0, -1) is None
