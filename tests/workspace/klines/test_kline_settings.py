from __future__ import annotations

import pytest

from orderflow.errors import BadSetting
from orderflow.settings.settings import Settings
from orderflow.workspace.klines.ingest import run
from orderflow.workspace.klines.product import wanted


def test_the_series_of_the_setting() -> None:
    found = wanted(Settings.of(klines=("BTCUSDT:1m", "ETHBTC:1M")))
    assert [(pair, frame.name) for pair, frame in found] == [("BTCUSDT", "1m"), ("ETHBTC", "1M")]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("BTCUSDT:7m", "klines = 'BTCUSDT:7m' is not allowed: there is no time frame '7m'"),
        ("NOPE:1m", "klines = 'NOPE:1m' is not allowed: NOPE is not a pair of Binance"),
    ],
)
def test_what_the_venue_cannot_have_stops_the_start(entry: str, said: str) -> None:
    with pytest.raises(BadSetting, match=said):
        wanted(Settings.of(klines=(entry,)))


def test_ingest_needs_a_database_server_and_klines() -> None:
    with pytest.raises(BadSetting, match="ingest needs DATABASE_URL"):
        run(Settings.of(klines=("BTCUSDT:1m",)))
    with pytest.raises(BadSetting, match="ingest needs KLINES"):
        run(Settings.of(database_url="postgresql://nowhere/x"))
