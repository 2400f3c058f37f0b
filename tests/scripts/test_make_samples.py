"""The bundled samples are exactly as published, and data/README.md names each of them."""

from __future__ import annotations

import gzip
from pathlib import Path
from types import ModuleType

import pytest

from orderflow.formats.samples import SAMPLES
from tests.scripts.load import SCRIPTS, load

DATA = SCRIPTS.parent / "data"


@pytest.fixture(scope="module")
def make_samples() -> ModuleType:
    return load("make_samples")


def content(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def test_rebuilding_gives_what_is_bundled(make_samples: ModuleType, shared_data: Path, tmp_path: Path) -> None:
    names = make_samples.make(shared_data, tmp_path)
    assert set(names) == {path.name for path in DATA.iterdir() if path.is_file()} - {"README.md"}
    for name in names:
        assert content(tmp_path / name) == content(DATA / name), name


def test_archives_contain_no_time_and_no_name() -> None:
    for path in DATA.glob("*.gz"):
        head = path.read_bytes()[:10]
        assert head[3] == 0, path.name
        assert head[4:8] == bytes(4), path.name


def test_wrong_folder_is_an_error(make_samples: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        make_samples.main([str(tmp_path)])
    assert ended.value.code == 2
    assert "lacks crypto_ltcusdt/" in capsys.readouterr().err


def test_every_sample_is_documented_and_every_named_one_is_there() -> None:
    text = (DATA / "README.md").read_text("utf-8")
    for path in DATA.iterdir():
        assert path.name == "README.md" or f"`{path.name}`" in text, path.name
    assert {sample.file for sample in SAMPLES} <= {path.name for path in DATA.iterdir()}


def test_the_licences_of_the_samples_travel_with_them() -> None:
    text = (DATA / "README.md").read_text("utf-8")
    assert "Copyright (c) 2025 Cryptology" in text
    assert "Copyright (c) 2019 Valamidev" in text
    assert "The above copyright notice and this permission notice shall be included in all" in text
