"""The bundled recordings, found in the installed package or in a checkout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orderflow.errors import NotFound


@dataclass(frozen=True, slots=True)
class Sample:
    """A recording. symbol: its symbol here, different from the instrument's own name, which a user may stream."""

    name: str
    file: str
    symbol: str
    title: str


SAMPLES = (
    Sample("LTCUSDT", "LTCUSDT_2025-06-21_15h.csv.gz", "LTCUSDT-SAMPLE", "Binance spot LTC/USDT, 21 June 2025"),
    Sample(
        "BTCUSDT",
        "BTCUSDT_2020-09-27_14h04.trades.csv.gz",
        "BTCUSDT-SAMPLE",
        "Binance spot BTC/USDT, 27 September 2020",
    ),
)


def find_sample(name: str) -> Sample:
    """Return the sample of that name or file name. Raises NotFound, listing all samples."""
    for sample in SAMPLES:
        if name in (sample.name, sample.file):
            return sample
    raise NotFound(f"unknown sample {name!r}; the samples are {', '.join(sample.name for sample in SAMPLES)}")


def sample_path(name: str) -> Path:
    """The path of a sample, by its name or file name. Raises NotFound, also if the file is not installed."""
    sample = find_sample(name)
    package = Path(__file__).parents[1]
    for folder in (package / "_data", package.parent / "data"):
        if (path := folder / sample.file).is_file():
            return path
    raise NotFound(f"the sample {sample.file} is missing from this installation")
