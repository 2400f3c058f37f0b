"""The address of the tickers' page: a place to a query and back, and what is not known is left out."""

from __future__ import annotations

import pytest

from callbacks.tickers_links import KNOWN, Place, place_of, search_of


@pytest.mark.parametrize(
    ("place", "search"),
    [
        (Place(), ""),
        (Place("ETH"), "?ticker=ETH"),
        (Place("ETH", "1min:60"), "?ticker=ETH&range=1min:60"),
        (Place(table=True), "?view=table"),
        (Place("BTC.X", "1min:1440", table=True), "?ticker=BTC.X&range=1min:1440&view=table"),
    ],
)
def test_a_place_is_a_query_and_back(place: Place, search: str) -> None:
    assert search_of(place) == search
    assert place_of(search) == place


@pytest.mark.parametrize("search", [None, 5, "", "?", "?view=3d&range=1y", "?ticker=", "?%00", "x" * 100_000])
def test_what_is_not_known_is_left_out(search: object) -> None:
    assert place_of(search) == Place()


def test_names_are_read_in_any_case_and_a_range_needs_a_ticker() -> None:
    assert place_of("?ticker=eth").ticker == "ETH"
    assert search_of(Place(None, KNOWN[1])) == ""
