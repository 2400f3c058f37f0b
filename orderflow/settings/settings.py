"""Every setting in one place: its default, its names, its type, its bounds and its meaning stand together.

A value comes from the first of: a command-line flag, the environment (`ORDERFLOW_<NAME>`, then the unprefixed name
where the systems this program replaces had one), `orderflow.toml`, `.env`, the default. Where it came from is
remembered, so `orderflow doctor` can say it and a bad value is refused naming it. Nothing here opens a port or touches
the data.
"""

from __future__ import annotations

import difflib
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from orderflow.errors import BadSetting
from orderflow.settings import parsers

CONFIG_FILES = ("orderflow.toml", ".env")
PREFIX = "ORDERFLOW_"


@dataclass(frozen=True, slots=True)
class Instrument:
    """What is known of one instrument beforehand; None means: learn it from the ticks (session: UTC midnight)."""

    tick_size: Decimal | None = None
    size_step: Decimal | None = None
    session: str | None = None


@dataclass(frozen=True, slots=True)
class Meta:
    """What a setting is, beside its default: how text becomes its value, what is allowed, where it can come from."""

    read: Callable[[Any], Any]
    allowed: str
    doc: str
    names: tuple[str, ...] = ()
    secret: bool = False


def _setting(
    default: Any, read: Callable[[Any], Any], allowed: str, doc: str, *names: str, secret: bool = False
) -> Any:
    return field(default=default, metadata={"setting": Meta(read, allowed, doc, names, secret)})


INSTRUMENT_KEYS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "tick_size": (parsers.step, "a number above 0, e.g. 0.25"),
    "size_step": (parsers.step, "a number above 0, e.g. 0.001"),
    "session": (parsers.session, 'an IANA zone and a start, e.g. "America/Chicago 17:00"'),
}


@dataclass(frozen=True)
class Settings:
    """All settings of one server. `load_settings` makes one; the defaults alone are a valid one too."""

    host: str = _setting("127.0.0.1", parsers.host, "a host name or address", "Address to listen on.", "HOST")
    port: int = _setting(8765, parsers.integer(0, 65535), "0 to 65535 (0: any free port)", "Port to listen on.", "PORT")
    lan: bool = _setting(
        False, parsers.boolean, "true or false", "Listen on all interfaces, print the LAN address and its QR code."
    )
    data_dir: Path = field(
        default=Path("~/.local/share/orderflow"),
        metadata={
            "setting": Meta(parsers.folder, "a folder", "Where the ticks are kept: the platform's user data folder.")
        },
    )
    ephemeral: bool = _setting(False, parsers.boolean, "true or false", "Keep nothing on disk: a restart starts empty.")
    api_key: str | None = _setting(
        None,
        parsers.key,
        "at least 8 visible characters",
        "Key that changing calls need. Beyond loopback one is made at the start when none is set.",
        secret=True,
    )
    cors_origins: tuple[str, ...] = _setting(
        (),
        parsers.origins,
        'origins like "https://example.org", separated by commas, or "*"',
        "Foreign web origins whose pages may call this server.",
        "CORS_ORIGINS",
    )
    allowed_hosts: tuple[str, ...] = _setting(
        (), parsers.hosts, "host names separated by commas", "Further names under which browsers may reach this server."
    )
    public_url: str | None = _setting(
        None,
        lambda value: parsers.origin(parsers.text(value)),
        'a URL like "https://flow.example.org"',
        "Address seen from outside.",
    )
    trusted_proxies: int = _setting(
        0, parsers.integer(0, 10), "0 to 10", "How many reverse proxies in front set X-Forwarded-* headers."
    )
    candle_interval: str = _setting(
        "1min", parsers.text, 'a time frame such as "1min"', "Time frame of a newly opened chart.", "CANDLE_INTERVAL"
    )
    max_candles: int = _setting(
        500, parsers.integer(1, 1_000_000), "1 to 1,000,000", "Bars of each time frame kept in memory.", "MAX_CANDLES"
    )
    max_ticks: int = _setting(
        20_000_000,
        parsers.integer(1_000, 10**9),
        "1,000 to 1,000,000,000",
        "Ticks kept in memory, all symbols together.",
    )
    max_symbols: int = _setting(5_000, parsers.integer(1, 1_000_000), "1 to 1,000,000", "Symbols the server takes.")
    initial_window_minutes: int = _setting(
        30,
        parsers.integer(1, 525_600),
        "1 to 525,600",
        "Minutes a newly opened chart shows.",
        "INITIAL_WINDOW_MINUTES",
    )
    refresh_ms: int = _setting(
        500, parsers.integer(50, 60_000), "50 to 60,000", "Milliseconds between updates of a chart."
    )
    max_body: int = _setting(
        16 * 2**20, parsers.size, "1KiB to 1GiB, e.g. 16MiB", "Largest request body, after decompression."
    )
    velocity: float = _setting(10.0, parsers.velocity, 'a number above 0, or "max"', "Speed of the demo's replay.")
    log_level: str = _setting(
        "INFO", parsers.level, "DEBUG, INFO, WARNING, ERROR or CRITICAL", "How much is logged.", "LOG_LEVEL"
    )
    reload: bool = _setting(
        False, parsers.boolean, "true or false", "Start again by itself when the program's source changes.", "RELOAD"
    )
    api_title: str = _setting("Orderflow", parsers.text, "a title", "Title of the API's documentation.", "API_TITLE")
    api_version: str = _setting(
        "1.0.0", parsers.text, "a version", "Version that the API's documentation names.", "API_VERSION"
    )
    api_prefix: str = _setting(
        "/api/v1",
        parsers.prefix,
        'a path such as "/api/v1"',
        "Where the calls of simulated instruments are.",
        "API_PREFIX",
    )
    ticker_count: int = _setting(
        10, parsers.integer(0, 100_000), "0 to 100,000", "Simulated instruments, ITEM_00 and so on.", "TICKER_COUNT"
    )
    ticker_model: str = _setting("garch", parsers.text, "a model's name", "Price model of simulated instruments.")
    ticker_arrivals: str = _setting(
        "hawkes", parsers.word("hawkes", "poisson"), "hawkes or poisson", "How their trades arrive."
    )
    ticker_seed: int = _setting(1, parsers.integer(0, 2**63 - 1), "0 to 2^63 - 1", "Seed of all their randomness.")
    price_update_interval: float = _setting(
        1.0,
        parsers.number(0.001, 3600.0),
        "0.001 to 3,600 seconds",
        "Seconds between two prices of a simulated instrument.",
        "PRICE_UPDATE_INTERVAL",
    )
    price_change_range: float = _setting(
        1.0,
        parsers.number(0.0, 1e6),
        "0 to 1,000,000",
        "Largest change of one step of the uniform model, up or down.",
        "PRICE_CHANGE_RANGE",
    )
    initial_price_min: float = _setting(
        50.0, parsers.number(0.01, 1e9), "0.01 to 1e9", "Lowest first price.", "INITIAL_PRICE_MIN"
    )
    initial_price_max: float = _setting(
        200.0, parsers.number(0.01, 1e9), "0.01 to 1e9", "Highest first price.", "INITIAL_PRICE_MAX"
    )
    max_history_size: int = _setting(
        1000,
        parsers.integer(1, 1_000_000),
        "1 to 1,000,000",
        "Prices kept of each simulated instrument.",
        "MAX_HISTORY_SIZE",
    )
    scenario: str | None = _setting(
        None,
        parsers.text,
        "a .toml or .json file, or the name of a bundled scenario",
        "Scenario to play on the simulated instruments from the start.",
    )
    exchange_recording: str | None = _setting(
        None, parsers.text, "a file", "Recorded frames that the simulated exchange plays, instead of the market."
    )
    exchange_velocity: float = _setting(
        1.0, parsers.velocity, 'a number above 0, or "max"', "Speed at which it plays them."
    )
    herd_price: float = _setting(
        100.0, parsers.number(0.01, 1e6), "0.01 to 1,000,000", "Herd game: the price at the beginning."
    )
    herd_curve: str = _setting(
        "exponential", parsers.word("exponential", "linear"), "exponential or linear", "Herd game: the cost function."
    )
    herd_impact: float = _setting(
        0.001, parsers.number(1e-7, 1.0), "1e-7 to 1", "Herd game: how far one share moves the price (k, or lambda)."
    )
    herd_cash: float = _setting(
        5000.0, parsers.number(0.0, 1e9), "0 to 1e9", "Herd game: cash that each participant begins with."
    )
    herd_shares: int = _setting(
        50, parsers.integer(0, 1_000_000), "0 to 1,000,000", "Herd game: shares that each participant begins with."
    )
    herd_short: int = _setting(
        0, parsers.integer(0, 1_000_000), "0 to 1,000,000", "Herd game: largest short position (0: no short selling)."
    )
    herd_batch_ms: int = _setting(
        250, parsers.integer(50, 10_000), "50 to 10,000", "Herd game: milliseconds of one batch of orders."
    )
    herd_max_quantity: int = _setting(
        100, parsers.integer(1, 1_000_000), "1 to 1,000,000", "Herd game: largest quantity of one order."
    )
    herd_rate: float = _setting(
        4.0, parsers.number(0.1, 1000.0), "0.1 to 1,000", "Herd game: orders a second of one participant, on average."
    )
    herd_max_participants: int = _setting(
        5000, parsers.integer(1, 100_000), "1 to 100,000", "Herd game: participants at most."
    )
    herd_code_required: bool = _setting(
        False, parsers.boolean, "true or false", "Herd game: joining needs the code shown on the screen."
    )
    instruments: Mapping[str, Instrument] = field(default_factory=dict)
    """By symbol, from the `[instruments.SYMBOL]` tables of orderflow.toml."""
    simulated: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By id, from the `[simulated.ITEM_00]` tables of orderflow.toml; what they may say is the simulation's matter."""
    sources: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Where each value came from, in words; a name that is missing here has its default."""

    @property
    def bind(self) -> str:
        """The address to listen on."""
        return "0.0.0.0" if self.lan and is_loopback(self.host) else self.host

    @property
    def exposed(self) -> bool:
        """True when others may reach the server: directly, or through a proxy or tunnel that ends on this machine."""
        return self.beyond_loopback or bool(self.public_url or self.allowed_hosts or self.trusted_proxies)

    @property
    def beyond_loopback(self) -> bool:
        """True when other machines can reach the server."""
        return not is_loopback(self.bind)


def is_loopback(host: str) -> bool:
    """True for the names and addresses by which a machine reaches only itself."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def describe() -> list[tuple[str, Any, Meta]]:
    """(name, default, meaning) of every setting that a flag or the environment can give."""
    return [(f.name, f.default, f.metadata["setting"]) for f in fields(Settings) if "setting" in f.metadata]


def default_data_dir(environ: Mapping[str, str]) -> Path:
    """The folder in which the platform wants a user's application data."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "orderflow"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "orderflow"
    return Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "orderflow"


def load_settings(
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    files: Sequence[Path] | None = None,
) -> Settings:
    """Read the settings from everywhere.

    flags: values given on the command line, by setting name; None values count as not given. environ: the process's
    environment by default. files: `.toml` and `.env` files, earlier ones win; by default those of CONFIG_FILES that
    the working directory has. Raises BadSetting with one line that names the setting, the value, its source and what
    is allowed.
    """
    environ = os.environ if environ is None else environ
    paths = [path for name in CONFIG_FILES if (path := Path(name)).is_file()] if files is None else list(files)
    tables = [(path, _read_file(path)) for path in paths]
    values: dict[str, Any] = {"data_dir": default_data_dir(environ)}
    sources: dict[str, str] = {}
    for name, _, meta in describe():
        for value, source in _candidates(name, meta, flags or {}, environ, tables):
            values[name] = _checked(name, value, source, meta)
            sources[name] = source
            break
    instruments, origin = _instruments(tables)
    simulated, place = _simulated(tables)
    values["data_dir"] = values["data_dir"].expanduser()
    return Settings(**values, instruments=instruments, simulated=simulated, sources=sources | origin | place)


def _candidates(
    name: str,
    meta: Meta,
    flags: Mapping[str, Any],
    environ: Mapping[str, str],
    tables: Iterable[tuple[Path, Mapping[str, Any]]],
) -> Iterable[tuple[Any, str]]:
    if flags.get(name) is not None:
        yield flags[name], f"flag --{name.replace('_', '-')}"
    variables = (PREFIX + name.upper(), *meta.names)
    for variable in variables:
        if environ.get(variable, "").strip():
            yield environ[variable], f"environment {variable}"
    for path, table in tables:
        for key in (name,) if path.suffix == ".toml" else variables:
            if table.get(key) not in (None, ""):
                yield table[key], f"{path.name} {key}"


def _checked(name: str, value: Any, source: str, meta: Meta) -> Any:
    try:
        return meta.read(value)
    except (ValueError, TypeError, KeyError) as error:
        shown = "(hidden)" if meta.secret else repr(value)
        raise BadSetting(f"{name} = {shown} from {source} is not allowed: it must be {meta.allowed}") from error


def _read_file(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"cannot read {path}: {error}") from error
    if path.suffix != ".toml":
        return dict(_env_lines(text))
    try:
        table = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(f"{path} is not TOML: {error}") from error
    known = [name for name, _, _ in describe()] + ["instruments", "simulated"]
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f": did you mean {near[0]!r}?" if near else ""
            raise BadSetting(f"{path.name} has an unknown setting {key!r}{hint}")
    return table


def _env_lines(text: str) -> Iterable[tuple[str, str]]:
    for line in text.splitlines():
        match = re.fullmatch(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*", line)
        if match:
            name, value = match.groups()
            quoted = re.fullmatch(r"(['\"])(.*?)\1\s*(?:#.*)?", value)
            yield name, quoted[2] if quoted else re.split(r"\s+#", value)[0]


def _simulated(tables: Iterable[tuple[Path, Mapping[str, Any]]]) -> tuple[dict[str, Any], dict[str, str]]:
    for path, table in tables:
        if found := table.get("simulated"):
            return _tables(path, "simulated", "ITEM_00", found), {"simulated": f"{path.name} simulated"}
    return {}, {}


def _tables(path: Path, name: str, example: str, found: Any) -> dict[str, Any]:
    if not isinstance(found, dict) or not all(isinstance(part, dict) for part in found.values()):
        raise BadSetting(f"{path.name}: write {name} as tables, e.g. [{name}.{example}]")
    return found


def _instruments(tables: Iterable[tuple[Path, Mapping[str, Any]]]) -> tuple[dict[str, Instrument], dict[str, str]]:
    for path, table in tables:
        found = table.get("instruments")
        if not found:
            continue
        parts = _tables(path, "instruments", "NQ", found)
        return {symbol: _instrument(path.name, symbol, part) for symbol, part in parts.items()}, {
            "instruments": f"{path.name} instruments"
        }
    return {}, {}


def _instrument(source: str, symbol: str, table: Mapping[str, Any]) -> Instrument:
    values = {}
    for key, value in table.items():
        if key not in INSTRUMENT_KEYS:
            known = ", ".join(INSTRUMENT_KEYS)
            raise BadSetting(f"instruments.{symbol} from {source} has an unknown key {key!r}: it can have {known}")
        read, allowed = INSTRUMENT_KEYS[key]
        values[key] = _checked(f"instruments.{symbol}.{key}", value, source, Meta(read, allowed, ""))
    return Instrument(**values)
