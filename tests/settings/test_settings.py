"""Settings: precedence, sources, bounds, and one clear line for each bad value."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderflow.errors import BadSetting
from orderflow.settings.load import default_data_dir, load_settings
from orderflow.settings.settings import Settings, SymbolSettings, describe, is_loopback


def load(flags: dict[str, Any] | None = None, environ: dict[str, str] | None = None, *files: Path) -> Settings:
    return load_settings(flags or {}, environ or {}, files)


def test_defaults_match_the_documentation() -> None:
    settings = load()
    values = {each.name: settings.value(each) for each in describe()}
    assert values | {"data_dir": None} == {
        "host": "127.0.0.1",
        "port": 8765,
        "lan": False,
        "data_dir": None,
        "ephemeral": False,
        "database_url": None,
        "api_key": None,
        "accounts": None,
        "cors_origins": (),
        "allowed_hosts": (),
        "public_url": None,
        "trusted_proxies": 0,
        "candle_interval": "1min",
        "max_candles": 500,
        "max_ticks": 20_000_000,
        "max_symbols": 5_000,
        "initial_window_minutes": 30,
        "refresh_ms": 500,
        "max_body": 16 * 2**20,
        "max_sockets": 20_000,
        "max_sockets_per_address": 10_000,
        "velocity": 10.0,
        "log_level": "INFO",
        "reload": False,
        "api_title": "Orderflow",
        "api_version": "1.0.0",
        "api_prefix": "/api/v1",
        "ticker_count": 10,
        "ticker_model": "garch",
        "ticker_arrivals": "hawkes",
        "ticker_seed": 1,
        "price_update_interval": 1.0,
        "price_change_range": 1.0,
        "initial_price_min": 50.0,
        "initial_price_max": 200.0,
        "max_history_size": 1000,
        "scenario": None,
        "exchange_recording": None,
        "exchange_velocity": 1.0,
        "feeds": ("simulated",),
        "tickers": ("BTC", "ETH", "DOGE"),
        "klines": (),
        "klines_backfill_days": 30,
        "klines_apart": False,
        "upload_max": 512 * 2**20,
        "upload_rows": 10_000_000,
        "feed_days": 30,
        "feed_fill_hours": 24.0,
        "yfinance_seconds": 15.0,
        "ccxt_seconds": 5.0,
        **{
            f"{name}_{kind}_url": None
            for name in ("binance", "coinbase", "kraken", "bybit", "okx")
            for kind in ("rest", "ws")
        },
        "herd_price": 100.0,
        "herd_curve": "exponential",
        "herd_impact": 0.001,
        "herd_cash": 5000.0,
        "herd_shares": 50,
        "herd_short": 0,
        "herd_batch_ms": 250,
        "herd_max_quantity": 100,
        "herd_rate": 4.0,
        "herd_max_participants": 5000,
        "herd_code_required": False,
        "webhook_allow_http": False,
        "webhook_allow_private": False,
        "smtp_url": None,
        "messenger_hosts": (
            "api.telegram.org",
            "discord.com",
            "hooks.slack.com",
            "ntfy.sh",
            "api.pushover.net",
        ),
    }
    assert (settings.symbols, settings.instruments.simulated, settings.sources) == ({}, {}, {})


def test_a_product_reads_its_section_under_short_names() -> None:
    settings = Settings.of(herd_cash=7.0, ticker_count=3, port=1)
    assert (settings.herd.cash, settings.instruments.count, settings.port) == (7.0, 3, 1)
    with pytest.raises(TypeError, match="herd_gold"):
        Settings.of(herd_gold=1)


def test_a_section_of_the_toml_file_is_the_same_as_the_flat_names(tmp_path: Path) -> None:
    nested, flat = tmp_path / "nested.toml", tmp_path / "flat.toml"
    nested.write_text("[herd]\ncash = 9\n[instruments]\ncount = 4\n[instruments.NQ]\ntick_size = 0.25\n")
    flat.write_text("herd_cash = 9\nticker_count = 4\n[instruments.NQ]\ntick_size = 0.25\n")
    assert load({}, {}, nested) == load({}, {}, flat)
    assert load({}, {}, nested).sources["herd_cash"] == "nested.toml herd.cash"


def test_flags_win_over_environment_over_toml_over_env_file(tmp_path: Path) -> None:
    toml, env = tmp_path / "orderflow.toml", tmp_path / ".env"
    toml.write_text("port = 3\nmax_candles = 30\nrefresh_ms = 300\n")
    env.write_text("PORT=4\nMAX_CANDLES=40\nORDERFLOW_REFRESH_MS=400\nLOG_LEVEL=debug # chatty\nOTHER=1\n")
    settings = load({"port": 1}, {"PORT": "2", "MAX_CANDLES": "20"}, toml, env)
    assert (settings.port, settings.max_candles, settings.refresh_ms, settings.log_level) == (1, 20, 300, "DEBUG")
    assert settings.sources == {
        "port": "flag --port",
        "max_candles": "environment MAX_CANDLES",
        "refresh_ms": "orderflow.toml refresh_ms",
        "log_level": ".env LOG_LEVEL",
    }


def test_the_prefixed_name_wins_over_the_unprefixed_one_and_empty_means_unset() -> None:
    settings = load({}, {"ORDERFLOW_PORT": "81", "PORT": "80", "MAX_CANDLES": "", "HOST": " "})
    assert (settings.port, settings.max_candles, settings.host) == (81, 500, "127.0.0.1")


def test_every_setting_is_documented_and_has_an_environment_variable() -> None:
    for name, _, meta, *_ in describe():
        assert meta.doc.endswith("."), name
        assert meta.allowed, name
    assert {name for name, _, meta, *_ in describe() if meta.names} == {
        "host", "port", "cors_origins", "candle_interval", "max_candles", "initial_window_minutes", "log_level",
        "reload", "api_title", "api_version", "api_prefix", "ticker_count", "price_update_interval",
        "price_change_range", "initial_price_min", "initial_price_max", "max_history_size", "database_url",
        "feeds", "tickers", "klines", "klines_backfill_days", "klines_apart", "upload_max", "upload_rows",
        "webhook_allow_http", "webhook_allow_private", "smtp_url", "messenger_hosts",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("ORDERFLOW_LAN", "yes", True),
        ("ORDERFLOW_EPHEMERAL", "0", False),
        ("CORS_ORIGINS", '["http://localhost:3000", "https://a.org/"]', ("http://localhost:3000", "https://a.org")),
        ("CORS_ORIGINS", "*", ("*",)),
        ("ORDERFLOW_ALLOWED_HOSTS", "Flow.local, b", ("flow.local", "b")),
        ("ORDERFLOW_PUBLIC_URL", "https://Flow.example.org/", "https://flow.example.org"),
        ("ORDERFLOW_MAX_BODY", "2 MiB", 2**21),
        ("ORDERFLOW_MAX_BODY", "4096", 4096),
        ("ORDERFLOW_MAX_TICKS", "1_000_000", 1_000_000),
        ("ORDERFLOW_VELOCITY", "max", float("inf")),
        ("ORDERFLOW_DATA_DIR", "here", Path("here")),
    ],
)
def test_values_are_read_from_text(name: str, text: str, value: object) -> None:
    field = name.removeprefix("ORDERFLOW_").lower()
    assert getattr(load({}, {name: text}), field) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("MAX_CANDLES", "0"),
        ("MAX_CANDLES", "1.5"),
        ("INITIAL_WINDOW_MINUTES", "-1"),
        ("LOG_LEVEL", "loud"),
        ("CORS_ORIGINS", "example.org"),
        ("CORS_ORIGINS", "[1]"),
        ("CORS_ORIGINS", "[broken"),
        ("HOST", "two words"),
        ("ORDERFLOW_LAN", "maybe"),
        ("ORDERFLOW_VELOCITY", "0"),
        ("ORDERFLOW_VELOCITY", "nan"),
        ("ORDERFLOW_MAX_BODY", "16 GB"),
        ("ORDERFLOW_PUBLIC_URL", "ftp://a"),
        ("ORDERFLOW_PUBLIC_URL", "https://a/path"),
    ],
)
def test_bad_value_error_names_setting_value_source_and_allowed_values(name: str, text: str) -> None:
    field = name.removeprefix("ORDERFLOW_").lower()
    with pytest.raises(BadSetting) as caught:
        load({}, {name: text})
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith(f"{field} = {text!r} from environment {name} is not allowed: it must be ")


def test_a_bad_key_is_refused_without_printing_it() -> None:
    with pytest.raises(BadSetting) as caught:
        load({}, {"ORDERFLOW_API_KEY": "secret"})
    assert "secret" not in str(caught.value).replace("(hidden)", "")


def test_instruments_come_from_the_toml_file_exactly(tmp_path: Path) -> None:
    toml = tmp_path / "orderflow.toml"
    text = '[instruments.NQ]\ntick_size = 0.25\nsession = "America/Chicago 17:00"\n[instruments.B]\nsize_step = 1\n'
    toml.write_text(text)
    assert load({}, {}, toml).symbols == {
        "NQ": SymbolSettings(Decimal("0.25"), None, "America/Chicago 17:00"),
        "B": SymbolSettings(None, Decimal(1), None),
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[instruments.NQ]\ntick_size = -1\n", "instruments.NQ.tick_size = -1 from orderflow.toml is not allowed"),
        ('[instruments.NQ]\nsession = "Mars/Base 17:00"\n', "IANA zone"),
        ('[instruments.NQ]\nsession = "America/Chicago 25:00"\n', "IANA zone"),
        ("[instruments.NQ]\ntick = 1\n", "unknown key 'tick'"),
        ("instruments = 3\n", "write instruments as a table, [instruments]"),
        ("[instruments]\nNQ = 3\n", "unknown setting 'instruments.NQ'"),
        ("[herd]\ncosh = 3\n", "did you mean 'herd.cash'?"),
        ("prot = 1\n", "did you mean 'port'?"),
        ("port = ", "is not TOML"),
        ("port = [1]", "port = [1] from orderflow.toml port is not allowed"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    toml = tmp_path / "orderflow.toml"
    toml.write_text(text)
    with pytest.raises(BadSetting, match=r".") as caught:
        load({}, {}, toml)
    assert says in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="cannot read"):
        load({}, {}, tmp_path / "orderflow.toml")


def test_env_files_allow_quotes_export_and_comments(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("# all\nexport PORT='81'\nHOST=\"::1\" # six\n\nnot a setting\nMAX_CANDLES = 7\n")
    settings = load({}, {}, env)
    assert (settings.port, settings.host, settings.max_candles) == (81, "::1", 7)


def test_lan_listens_everywhere_unless_a_host_was_named() -> None:
    assert load({"lan": True}).bind == "0.0.0.0"
    assert load({"lan": True}).beyond_loopback
    assert load({"lan": True, "host": "192.168.1.5"}).bind == "192.168.1.5"
    assert not load().beyond_loopback


@pytest.mark.parametrize(
    ("host", "loops"),
    [("localhost", True), ("127.0.0.9", True), ("::1", True), ("[::1]", True), ("0.0.0.0", False), ("a.org", False)],
)
def test_loopback_names(host: str, loops: bool) -> None:
    assert is_loopback(host) is loops


def test_the_data_folder_follows_the_platform() -> None:
    assert default_data_dir({"XDG_DATA_HOME": "/x", "LOCALAPPDATA": "/x"}).name == "orderflow"
    assert load({}, {"XDG_DATA_HOME": "/x"}).data_dir.is_absolute()


@pytest.mark.parametrize(
    ("text", "found"),
    [("BTCUSDT:1m", ("BTCUSDT:1m",)), ("btcusdt:1M, ETHUSDT:1h,BTCUSDT:1M", ("BTCUSDT:1M", "ETHUSDT:1h"))],
)
def test_klines_are_pairs_with_a_time_frame(text: str, found: tuple[str, ...]) -> None:
    assert load(environ={"KLINES": text}).workspace.klines == found


@pytest.mark.parametrize("text", ["BTCUSDT", "BTCUSDT:", "BTC/USDT:1m", "BTCUSDT:1min"])
def test_klines_of_another_form_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadSetting, match="BTCUSDT:1m,ETHUSDT:1h"):
        load(environ={"KLINES": text})
