"""Random trades in random layouts are read back exactly, or refused; `random_files` is the specification."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.formats.random_files import random_file, read_back

LAYOUTS, PARTS = 300, 6


@pytest.mark.parametrize("part", range(PARTS))
def test_random_layouts_are_read_exactly_or_refused(part: int, tmp_path: Path) -> None:
    read = 0
    for seed in range(part, LAYOUTS, PARTS):
        path, layout, trades = random_file(random.Random(seed), tmp_path)
        found, reason = read_back(path, layout, chunk_rows=3 if seed % 5 == 0 else 50_000)
        if found is None:
            assert reason
            continue
        read += 1
        assert found == trades, (seed, layout)
    assert read > LAYOUTS // PARTS // 2
