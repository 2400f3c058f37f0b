"""Every setting in one place: its default, its names, its type, its bounds and its meaning stand together.

A value comes from the first of: a command-line flag, the environment (`ORDERFLOW_<NAME>`, then the unprefixed name
where the systems this program replaces had one), `orderflow.toml`, `.env`, the default. Where it came from is
remembered, so `orderflow doctor` can say it and a bad value is refused naming it. Nothing here opens a port or touches
the data.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orderflow.errors import BadSetting

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


def _integer(low: int, high: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        number = value if isinstance(value, int) and not isinstance(value, bool) else int(str(value).replace("_", ""))
        if not low <= number <= high:
            raise ValueError
        return number

    return read


def _boolean(value: Any) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    return words[str(value).strip().lower()]


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value.strip()


def _folder(value: Any) -> Path:
    return Path(_text(str(value)))


def _host(value: Any) -> str:
    text = _text(value)
    if not re.fullmatch(r"[A-Za-z0-9.:_%-]+", text):
        raise ValueError
    return text


def _key(value: Any) -> str:
    text = _text(value)
    if len(text) < 8 or not re.fullmatch(r"[!-~]+", text):
        raise ValueError
    return text


def _size(value: Any) -> int:
    match = re.fullmatch(r"\s*(\d+)\s*(b|k|kb|kib|m|mb|mib)?\s*", str(value), re.IGNORECASE)
    if not match:
        raise ValueError
    unit = (match[2] or "b").lower()
    number = int(match[1]) * {"b": 1, "k": 2**10, "m": 2**20}[unit[0]]
    if not 2**10 <= number <= 2**30:
        raise ValueError
    return number


def _velocity(value: Any) -> float:
    number = float("inf") if str(value).strip().lower() == "max" else float(value)
    if not number > 0:
        raise ValueError
    return number


def _level(value: Any) -> str:
    text = str(value).strip().upper()
    if text not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
        raise ValueError
    return text


def _listed(value: Any) -> list[str]:
    if isinstance(value, str):
        value = json.loads(value) if value.lstrip().startswith("[") else value.split(",")
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ValueError
    return [item.strip() for item in value if item.strip()]


def _origin(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/") or parts.query:
        raise ValueError
    return f"{parts.scheme}://{parts.netloc}".lower()


def _origins(value: Any) -> tuple[str, ...]:
    return tuple("*" if item == "*" else _origin(item) for item in _listed(value))


def _hosts(value: Any) -> tuple[str, ...]:
    return tuple(_host(item).lower() for item in _listed(value))


def _step(value: Any) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError from error
    if not (number.is_finite() and number > 0):
        raise ValueError
    return number


def _session(value: Any) -> str:
    zone, _, start = _text(value).rpartition(" ")
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", start):
        raise ValueError
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError from error
    return f"{zone} {start}"


INSTRUMENT_KEYS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "tick_size": (_step, "a number above 0, e.g. 0.25"),
    "size_step": (_step, "a number above 0, e.g. 0.001"),
    "session": (_session, 'an IANA zone and a start, e.g. "America/Chicago 17:00"'),
}


@dataclass(frozen=True)
class Settings:
    """All settings of one server. `load_settings` makes one; the defaults alone are a valid one too."""

    host: str = _setting("127.0.0.1", _host, "a host name or address", "Address to listen on.", "HOST")
    port: int = _setting(8765, _integer(0, 65535), "0 to 65535 (0: any free port)", "Port to listen on.", "PORT")
    lan: bool = _setting(
        False, _boolean, "true or false", "Listen on all interfaces, print the LAN address and its QR code."
    )
    data_dir: Path = field(
        default=Path("~/.local/share/orderflow"),
        metadata={"setting": Meta(_folder, "a folder", "Where the ticks are kept: the platform's user data folder.")},
    )
    ephemeral: bool = _setting(False, _boolean, "true or false", "Keep nothing on disk: a restart starts empty.")
    api_key: str | None = _setting(
        None,
        _key,
        "at least 8 visible characters",
        "Key that changing calls need. Beyond loopback one is made at the start when none is set.",
        secret=True,
    )
    cors_origins: tuple[str, ...] = _setting(
        (),
        _origins,
        'origins like "https://example.org", separated by commas, or "*"',
        "Foreign web origins whose pages may call this server.",
        "CORS_ORIGINS",
    )
    allowed_hosts: tuple[str, ...] = _setting(
        (), _hosts, "host names separated by commas", "Further names under which browsers may reach this server."
    )
    public_url: str | None = _setting(
        None, lambda value: _origin(_text(value)), 'a URL like "https://flow.example.org"', "Address seen from outside."
    )
    trusted_proxies: int = _setting(
        0, _integer(0, 10), "0 to 10", "How many reverse proxies in front set X-Forwarded-* headers."
    )
    candle_interval: str = _setting(
        "1min", _text, 'a time frame such as "1min"', "Time frame of a newly opened chart.", "CANDLE_INTERVAL"
    )
    max_candles: int = _setting(
        500, _integer(1, 1_000_000), "1 to 1,000,000", "Bars of each time frame kept in memory.", "MAX_CANDLES"
    )
    max_ticks: int = _setting(
        20_000_000, _integer(1_000, 10**9), "1,000 to 1,000,000,000", "Ticks kept in memory, all symbols together."
    )
    max_symbols: int = _setting(5_000, _integer(1, 1_000_000), "1 to 1,000,000", "Symbols the server takes.")
    initial_window_minutes: int = _setting(
        30,
        _integer(1, 525_600),
        "1 to 525,600",
        "Minutes a newly opened chart shows.",
        "INITIAL_WINDOW_MINUTES",
    )
    refresh_ms: int = _setting(500, _integer(50, 60_000), "50 to 60,000", "Milliseconds between updates of a chart.")
    max_body: int = _setting(
        16 * 2**20, _size, "1KiB to 1GiB, e.g. 16MiB", "Largest request body, after decompression."
    )
    velocity: float = _setting(10.0, _velocity, 'a number above 0, or "max"', "Speed of the demo's replay.")
    log_level: str = _setting(
        "INFO", _level, "DEBUG, INFO, WARNING, ERROR or CRITICAL", "How much is logged.", "LOG_LEVEL"
    )
    instruments: Mapping[str, Instrument] = field(default_factory=dict)
    """By symbol, from the `[instruments.SYMBOL]` tables of orderflow.toml."""
    sources: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Where each value came from, in words; a name that is missing here has its default."""

    @property
    def bind(self) -> str:
        """The address to listen on."""
        return "0.0.0.0" if self.lan and is_loopback(self.host) else self.host

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
    values["data_dir"] = values["data_dir"].expanduser()
    return Settings(**values, instruments=instruments, sources=sources | origin)


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
    known = [name for name, _, _ in describe()] + ["instruments"]
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


def _instruments(tables: Iterable[tuple[Path, Mapping[str, Any]]]) -> tuple[dict[str, Instrument], dict[str, str]]:
    for path, table in tables:
        found = table.get("instruments")
        if not found:
            continue
        if not isinstance(found, dict) or not all(isinstance(part, dict) for part in found.values()):
            raise BadSetting(f"{path.name}: write instruments as tables, e.g. [instruments.NQ]")
        return {symbol: _instrument(path.name, symbol, part) for symbol, part in found.items()}, {
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
