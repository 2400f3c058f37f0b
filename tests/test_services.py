"""Services: reloading, settings of instruments, and the end."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderflow.errors import BadSetting, OrderflowError
from orderflow.exchange.exchange import Exchange
from orderflow.feeds.replay import SampleReplay
from orderflow.formats import parse_body
from orderflow.instruments.simulation import Simulation
from orderflow.market.tick_log import NoLog
from orderflow.services import Services, build_services
from orderflow.settings.settings import Settings, SymbolSettings

TICKS = b"timestamp,price,size,side\n2025-10-09T18:00:00Z,10.1,1,buy\n2025-10-09T18:02:00Z,10.2,1,sell\n"
Make = Callable[..., Services]


def fill(services: Services) -> None:
    services.market.ingest(parse_body(TICKS, "text/csv", default_symbol="X").batches)


def test_an_ephemeral_server_has_no_log(make_services: Make) -> None:
    assert isinstance(make_services().ticks, NoLog)


def test_ticks_are_reloaded(tmp_path: Path) -> None:
    settings = Settings.of(feeds=(), data_dir=tmp_path)
    first = build_services(settings)
    assert first.start() == 0
    fill(first)
    assert first.stop() == []
    second = build_services(settings)
    assert second.start() == 2
    assert second.market.symbols()[0].symbol == "X"
    assert second.stop() == []


def test_one_folder_serves_one_process(tmp_path: Path) -> None:
    first = build_services(Settings.of(feeds=(), data_dir=tmp_path))
    with pytest.raises(BadSetting):
        build_services(Settings.of(feeds=(), data_dir=tmp_path))
    first.stop()


def test_the_instruments_of_the_settings_are_applied(make_services: Make) -> None:
    instrument = SymbolSettings(Decimal("0.25"), None, "America/Chicago 17:00")
    services = make_services(symbols={"NQ": instrument})
    assert services.market.settings_of("NQ") == {"tick_size": "0.25", "session": "America/Chicago 17:00"}


def test_an_instrument_that_does_not_fit_the_log_stops_the_start(tmp_path: Path) -> None:
    first = build_services(Settings.of(feeds=(), data_dir=tmp_path))
    first.start()
    fill(first)
    first.stop()
    second = build_services(Settings.of(feeds=(), data_dir=tmp_path, symbols={"X": SymbolSettings(Decimal(5))}))
    with pytest.raises(BadSetting, match=r"instruments\.X: .*0\.1"):
        second.start()
    second.stop()


@pytest.mark.parametrize("interval", ["7min", "ticks:100", "soon"])
def test_invalid_candle_interval_is_refused(interval: str) -> None:
    with pytest.raises(BadSetting, match="candle_interval"):
        build_services(Settings(ephemeral=True, candle_interval=interval))


def test_finished_minutes_are_audited(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(services)
    services.audit()
    monkeypatch.setattr(services.market, "verify", lambda: (5, 1))
    with pytest.raises(OrderflowError, match="1 of 5 finished bars differ"):
        services.audit()


def test_stopping_twice_does_nothing(services: Services) -> None:
    services.stop()
    assert services.stop() == []


def test_a_setting_of_the_demo_reaches_the_sample(make_services: Make) -> None:
    status: Any = make_services(velocity=float("inf")).part(SampleReplay).status()
    assert status is None


def test_a_recording_feeds_the_exchange_or_stops_the_start(tmp_path: Path) -> None:
    frame = '{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1,"s":"BTCUSDT","a":1,"p":"1","q":"1"}}'
    file = tmp_path / "frames.jsonl"
    file.write_text(json.dumps({"t": "recv", "ts": 1.0, "data": frame}) + "\n")
    services = build_services(
        Settings.of(feeds=(), ephemeral=True, exchange_recording=str(file), exchange_velocity=5.0)
    )
    assert services.part(Exchange).player is not None
    for wrong in (tmp_path / "missing", tmp_path):
        with pytest.raises(BadSetting, match="exchange_recording"):
            build_services(Settings.of(feeds=(), ephemeral=True, exchange_recording=str(wrong)))


def test_reset_of_all_keeps_settings_of_instruments(tmp_path: Path) -> None:
    told = {"NQ": SymbolSettings(Decimal("0.25"), None, "America/Chicago 17:00")}
    settings = Settings.of(feeds=(), data_dir=tmp_path, ticker_count=1, symbols=told)
    services = build_services(settings)
    try:
        services.start()
        services.part(Simulation).edit("ITEM_00", {"model": "gbm"})
        services.reset()
        assert services.market.settings_of("NQ")["session"] == "America/Chicago 17:00"
    finally:
        services.stop()
    again = build_services(settings)
    try:
        again.start()
        assert again.part(Simulation).get("ITEM_00").spec.model == "gbm"
    finally:
        again.stop()
