"""Numbers are parsed as exact units."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderflow.formats.parsing.numbers import DecimalMark, number, numbers
from orderflow.formats.parsing.parse_errors import NotVectorizable, ParseError
from orderflow.market.decimals import MAX_DECIMALS, MAX_UNITS


@given(st.integers(-MAX_UNITS, MAX_UNITS), st.integers(-5, MAX_DECIMALS), st.sampled_from(["", "0", "000"]))
def test_every_decimal_that_fits_is_kept_exactly(units: int, decimals: int, zeros: str) -> None:
    value = Decimal(units).scaleb(-decimals)
    text = f"{value:f}"
    if abs(value * 10 ** max(0, decimals)) > MAX_UNITS:
        return
    found = number(text + zeros if "." in text else text)
    assert Decimal(found[0]).scaleb(-found[1]) == value
    assert found[1] == 0 or found[0] % 10


@given(st.lists(st.decimals(0, 10**7, places=6), min_size=1, max_size=30))
def test_column_equals_single_cells(values: list[Decimal]) -> None:
    texts = [str(value) for value in values]
    units, decimals = numbers(pa.array(texts))
    singles = [number(text) for text in texts]
    assert decimals == max(places for _, places in singles)
    assert [Decimal(int(one)).scaleb(-decimals) for one in units] == values
    commas = numbers(pa.array([text.replace(".", ",") for text in texts]), DecimalMark.COMMA)
    assert (commas[0].tolist(), commas[1]) == (units.tolist(), decimals)


def test_floats_with_too_many_digits_are_not_vectorizable() -> None:
    assert numbers(pa.array([0.1, 81.01, 3.0]))[0].tolist() == [10, 8101, 300]
    for bad in ([0.1 + 0.2], [1e300], [float("nan")], [1e-13], [None, 1.0], [2.0**53 + 2]):
        with pytest.raises(NotVectorizable):
            numbers(pa.array(bad, pa.float64()))


def test_long_texts_are_shortened_by_zeros_only() -> None:
    units, decimals = numbers(pa.array(["12345678.00000000", "0.10000000000000", "5"]))
    assert (units.tolist(), decimals) == ([123456780, 1, 50], 1)
    with pytest.raises(NotVectorizable):
        numbers(pa.array(["12345678.12345678"]))
    assert number("12345678.12345678") == (1234567812345678, 8)


def test_fixed_point_prices() -> None:
    units, decimals = numbers(pa.array(["4523250000000", "4523500000000"]), shift=9)
    assert (units.tolist(), decimals) == ([452325, 452350], 2)
    assert number("4523250000000", shift=9) == (452325, 2)
    for bad in ("4523.25", "9223372036854775807", "1e3", "-", ""):
        with pytest.raises(ParseError):
            number(bad, shift=9)


@pytest.mark.parametrize(
    "text", ["1" * 65, "1e9999", "9" * 17, "1e17", "1e-13", "0x10", "1_0", "٣", ".", "e5", "+", " 1"]
)
def test_invalid_numbers_raise(text: str) -> None:
    with pytest.raises(ParseError):
        number(text)


def test_only_one_decimal_mark_per_number() -> None:
    assert (
        number("1,5", DecimalMark.EITHER)
        == number("1.5", DecimalMark.EITHER)
        == number("1,5", DecimalMark.COMMA)
        == (15, 1)
    )
    for text, mark in [
        ("1.234,5", DecimalMark.EITHER),
        ("1,234,5", DecimalMark.EITHER),
        ("1.5", DecimalMark.COMMA),
        ("1,5", DecimalMark.DOT),
    ]:
        with pytest.raises(ParseError, match="mark"):
            number(text, mark)
