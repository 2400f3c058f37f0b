"""Settings of uploads: `[uploads]` in orderflow.toml."""

from __future__ import annotations

from dataclasses import dataclass

from orderflow.settings import parsers
from orderflow.settings.declare import setting


@dataclass(frozen=True)
class UploadSettings:
    """How much people may upload."""

    max: int = setting(
        512 * 2**20,
        parsers.size,
        "1KiB to 1GiB, e.g. 512MiB",
        "Largest uploaded file, as it is sent.",
        "UPLOAD_MAX",
        flat="upload_max",
    )
    rows: int = setting(
        10_000_000,
        parsers.integer(1, 10**9),
        "1 to 1,000,000,000",
        "Candles that one user may have, in all series together.",
        "UPLOAD_ROWS",
        flat="upload_rows",
    )
