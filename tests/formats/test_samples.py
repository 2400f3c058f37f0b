"""The bundled recordings are found, first in the package, then in a checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderflow.errors import NotFound
from orderflow.formats import samples
from orderflow.formats.samples import SAMPLES, find_sample, sample_path


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_samples_are_found_by_name_and_file_name(sample: samples.Sample) -> None:
    assert sample_path(sample.name) == sample_path(sample.file)
    assert sample_path(sample.name).is_file()
    assert find_sample(sample.file) is sample


def test_the_installed_package_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = SAMPLES[0]
    module = tmp_path / "orderflow" / "feeds" / "samples.py"
    monkeypatch.setattr(samples, "__file__", str(module))
    with pytest.raises(NotFound, match="missing from this installation"):
        sample_path(sample.name)
    for folder in ("data", "orderflow/_data"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / sample.file).touch()
        assert sample_path(sample.name) == tmp_path / folder / sample.file


def test_unknown_sample_error_lists_all_samples() -> None:
    with pytest.raises(NotFound, match="LTCUSDT, BTCUSDT"):
        sample_path("DOGE")
