"""The bundled recordings are found, in a package before a checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderflow.errors import NotFound
from orderflow.feeds import samples
from orderflow.feeds.samples import SAMPLES, find_sample, sample_path


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_every_sample_is_there_by_name_and_by_file_name(sample: samples.Sample) -> None:
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


def test_an_unknown_sample_names_those_that_there_are() -> None:
    with pytest.raises(NotFound, match="LTCUSDT, BTCUSDT"):
        sample_path("DOGE")
