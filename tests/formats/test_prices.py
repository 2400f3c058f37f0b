"""Prices of 0 and below: which are trades does not depend on how the file is cut into chunks."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orderflow.formats import open_ticks

FAR = 1_001
"""More rows than those in which a price's neighbours are looked for."""


def kept(path: Path, rows: int) -> tuple[list[tuple[str, float, int]], dict[str, int]]:
    """((symbol, price, data row) of each tick, by row; the counts) of a file read in chunks of so many rows."""
    found = []
    with open_ticks(path, chunk_rows=rows) as reader:
        for chunk in reader:
            for batch, origins in zip(chunk.batches, chunk.origins, strict=True):
                prices = (batch.price / 10.0**batch.price_decimals).tolist()
                found += zip([batch.symbol] * len(batch), prices, origins.tolist(), strict=True)
        return sorted(found, key=lambda tick: tick[2]), dict(reader.counts)


def write(path: Path, rows: list[tuple[str, str]]) -> Path:
    """A file of ticks with these symbols and prices, a second apart."""
    lines = [f"{1_760_032_800 + second},{price},1,buy,{symbol}" for second, (symbol, price) in enumerate(rows)]
    path.write_text("\n".join(["timestamp,price,size,side,symbol", *lines, ""]))
    return path


@pytest.mark.parametrize("cut", [1, 2, 3, 4])
def test_a_price_is_judged_by_the_rows_after_the_end_of_its_chunk(tmp_path: Path, cut: int) -> None:
    rows = [("CL", price) for price in ("0.02", "0", "0.01", "0.02", "0.03", "-1", "0.03")]
    found, counts = kept(write(tmp_path / "t.csv", rows), cut)
    assert [price for _, price, _ in found] == [0.02, 0.0, 0.01, 0.02, 0.03, 0.03]
    assert counts == {"without a price": 1, "at a price of 0 or below": 1}


def test_a_neighbour_is_found_in_a_later_chunk_of_other_symbols(tmp_path: Path) -> None:
    others = [("ES", "5000")] * 20
    path = write(tmp_path / "t.csv", [*others, ("CL", "0"), *others, ("CL", "-0.25"), *others])
    assert [tick for tick in kept(path, 7)[0] if tick[0] == "CL"] == [("CL", 0.0, 20), ("CL", -0.25, 41)]


@pytest.mark.parametrize("rows", [500, 5_000])
def test_a_neighbour_is_not_looked_for_in_the_whole_file(tmp_path: Path, rows: int) -> None:
    path = write(tmp_path / "t.csv", [("CL", "0"), *[("ES", "5000")] * FAR, ("CL", "-0.25")])
    found, counts = kept(path, rows)
    assert [price for symbol, price, _ in found if symbol == "CL"] == [-0.25]
    assert counts["without a price"] == 1


PRICES = st.sampled_from(["0", "0", "-1", "-999", "0.01", "0.02", "-0.25", "0.5", "100", "100.5", "-37.63"])


@given(
    st.lists(st.tuples(st.sampled_from(["A", "A", "A", "B"]), PRICES), min_size=2, max_size=40),
    st.integers(1, 12),
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_size_of_the_chunks_changes_nothing(tmp_path: Path, rows: list[tuple[str, str]], size: int) -> None:
    path = write(tmp_path / "t.csv", [("A", "100"), ("A", "100.5"), *rows])
    assert kept(path, size) == kept(path, 1_000)
