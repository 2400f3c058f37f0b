"""All settings of one server: the common ones here, each product's in its own section.

`load` reads them from flags, environment and files. This module opens no port and no file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from orderflow.settings import parsers
from orderflow.settings.declare import Declared, declared, setting
from orderflow.settings.delivery import DeliverySettings
from orderflow.settings.exchange import ExchangeSettings
from orderflow.settings.feeds import FeedSettings
from orderflow.settings.herd import HerdSettings
from orderflow.settings.instruments import InstrumentSettings
from orderflow.settings.uploads import UploadSettings
from orderflow.settings.workspace import WorkspaceSettings

DATA_DIR = Path("~/.local/share/orderflow")

SECTIONS: dict[str, type] = {
    "instruments": InstrumentSettings,
    "exchange": ExchangeSettings,
    "live_feeds": FeedSettings,
    "herd": HerdSettings,
    "delivery": DeliverySettings,
    "workspace": WorkspaceSettings,
    "uploads": UploadSettings,
}
"""The section of each product, by its name in `Settings` and in orderflow.toml."""


@dataclass(frozen=True, slots=True)
class SymbolSettings:
    """Given properties of a symbol.

    None: determined from the ticks (session: UTC midnight; negative_prices: refused).
    """

    tick_size: Decimal | None = None
    size_step: Decimal | None = None
    session: str | None = None
    negative_prices: bool | None = None


@dataclass(frozen=True)
class Settings:
    """All settings of one server, made by `load_settings`; the defaults alone are valid as well."""

    host: str = setting("127.0.0.1", parsers.host, "a host name or address", "Address to listen on.", "HOST")
    port: int = setting(8765, parsers.integer(0, 65535), "0 to 65535 (0: any free port)", "Port to listen on.", "PORT")
    lan: bool = setting(
        False,
        parsers.boolean,
        "true or false",
        "Listen on all interfaces, print the audience's address and its QR code.",
    )
    data_dir: Path = setting(
        DATA_DIR,
        parsers.folder,
        "a folder",
        "Where the ticks are kept: the platform's user data folder.",
    )
    ephemeral: bool = setting(False, parsers.boolean, "true or false", "Keep nothing on disk: a restart starts empty.")
    database_url: str | None = setting(
        None,
        parsers.text,
        'an address like "postgresql://user:password@host/name"',
        "PostgreSQL database for the records, in place of records.db in the data folder.",
        "DATABASE_URL",
        secret=True,
    )
    api_key: str | None = setting(
        None,
        parsers.key,
        "at least 8 visible characters",
        "Key that changing calls need. Beyond loopback one is made at the start when none is set.",
        secret=True,
    )
    accounts: str | None = setting(
        None,
        parsers.word("off", "optional", "required"),
        "off, optional or required",
        "Whether people log in to have data of their own. Unset: optional, required once others can reach the server.",
    )
    cors_origins: tuple[str, ...] = setting(
        (),
        parsers.origins,
        'origins like "https://example.org", separated by commas, or "*"',
        "Foreign web origins whose pages may call this server.",
        "CORS_ORIGINS",
    )
    allowed_hosts: tuple[str, ...] = setting(
        (), parsers.hosts, "host names separated by commas", "Further names under which browsers may reach this server."
    )
    public_url: str | None = setting(
        None,
        lambda value: parsers.origin(parsers.text(value)),
        'a URL like "https://flow.example.org"',
        "Address seen from outside.",
    )
    trusted_proxies: int = setting(
        0, parsers.integer(0, 10), "0 to 10", "How many reverse proxies in front set X-Forwarded-* headers."
    )
    candle_interval: str = setting(
        "1min", parsers.text, 'a time frame such as "1min"', "Time frame of a newly opened chart.", "CANDLE_INTERVAL"
    )
    max_candles: int = setting(
        500, parsers.integer(1, 1_000_000), "1 to 1,000,000", "Bars of each time frame kept in memory.", "MAX_CANDLES"
    )
    max_ticks: int = setting(
        20_000_000,
        parsers.integer(1_000, 10**9),
        "1,000 to 1,000,000,000",
        "Ticks kept in memory, all symbols together.",
    )
    max_symbols: int = setting(5_000, parsers.integer(1, 1_000_000), "1 to 1,000,000", "Symbols the server takes.")
    initial_window_minutes: int = setting(
        30,
        parsers.integer(1, 525_600),
        "1 to 525,600",
        "Minutes a newly opened chart shows. Where it is not set, fewer if their numbers could not be read.",
        "INITIAL_WINDOW_MINUTES",
    )
    refresh_ms: int = setting(
        500, parsers.integer(50, 60_000), "50 to 60,000", "Milliseconds between updates of a chart."
    )
    max_body: int = setting(
        16 * 2**20, parsers.size, "1KiB to 1GiB, e.g. 16MiB", "Largest request body, after decompression."
    )
    max_sockets: int = setting(
        20_000,
        parsers.integer(1, 1_000_000),
        "1 to 1,000,000",
        "WebSockets at most; fewer if the system allows fewer open files.",
    )
    max_sockets_per_address: int = setting(
        10_000,
        parsers.integer(1, 1_000_000),
        "1 to 1,000,000",
        "WebSockets of one address at most, and three quarters of all. An audience behind one router has one address.",
    )
    velocity: float = setting(10.0, parsers.velocity, 'a number above 0, or "max"', "Speed of the demo's replay.")
    log_level: str = setting(
        "INFO", parsers.level, "DEBUG, INFO, WARNING, ERROR or CRITICAL", "How much is logged.", "LOG_LEVEL"
    )
    reload: bool = setting(
        False, parsers.boolean, "true or false", "Start again by itself when the program's source changes.", "RELOAD"
    )
    api_title: str = setting("Orderflow", parsers.text, "a title", "Title of the API's documentation.", "API_TITLE")
    api_version: str = setting(
        "1.0.0", parsers.text, "a version", "Version that the API's documentation names.", "API_VERSION"
    )
    symbols: Mapping[str, SymbolSettings] = field(default_factory=dict)
    """By symbol, from the `[instruments.SYMBOL]` tables of orderflow.toml."""
    instruments: InstrumentSettings = field(default_factory=InstrumentSettings)
    exchange: ExchangeSettings = field(default_factory=ExchangeSettings)
    live_feeds: FeedSettings = field(default_factory=FeedSettings)
    herd: HerdSettings = field(default_factory=HerdSettings)
    delivery: DeliverySettings = field(default_factory=DeliverySettings)
    workspace: WorkspaceSettings = field(default_factory=WorkspaceSettings)
    uploads: UploadSettings = field(default_factory=UploadSettings)
    formats: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Formats of ticks by their own names, from the `[formats.NAME]` tables; `orderflow.formats.own` reads them."""
    sources: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """The source of each value in words; names that are missing here have their default."""

    @staticmethod
    def of(**values: Any) -> Settings:
        """Settings by the names of flags and environment: of(port=0, herd_cash=100.0).

        Values are not checked. `symbols`, `simulated` and `sources` can be given too. Raises TypeError for an unknown
        name.
        """
        sections: dict[str, dict[str, Any]] = {name: {} for name in SECTIONS}
        ground: dict[str, Any] = {}
        if "simulated" in values:
            sections["instruments"]["simulated"] = values.pop("simulated")
        known = {each.name: each for each in describe()}
        for name, value in values.items():
            each = known.get(name)
            if each is not None and each.section:
                sections[each.section][each.attribute] = value
            else:
                ground[name] = value
        return Settings(**ground, **{name: kind(**sections[name]) for name, kind in SECTIONS.items()})

    def value(self, each: Declared) -> Any:
        """The value of one declared setting."""
        return getattr(getattr(self, each.section) if each.section else self, each.attribute)

    @property
    def bind(self) -> str:
        """The address to listen on."""
        return "0.0.0.0" if self.lan and is_loopback(self.host) else self.host

    @property
    def exposed(self) -> bool:
        """Whether others can reach the server: directly, or through a proxy or tunnel that ends on this machine."""
        return self.beyond_loopback or bool(self.public_url or self.allowed_hosts or self.trusted_proxies)

    @property
    def accounts_mode(self) -> str:
        """Whether users log in: off, optional, or required for what belongs to a user."""
        return self.accounts or ("required" if self.exposed else "optional")

    @property
    def beyond_loopback(self) -> bool:
        """Whether other machines can reach the server."""
        return not is_loopback(self.bind)


def describe() -> list[Declared]:
    """Every setting that a flag or the environment can give, the common ones first."""
    sections = [each for name, kind in SECTIONS.items() for each in declared(kind, name)]
    return [*declared(Settings), *sections]


def is_loopback(host: str) -> bool:
    """Whether the name or address is a loopback one."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
