"""`orderflow doctor`: print the settings with their sources, and check the installation."""

from __future__ import annotations

import contextlib
import difflib
import os
import platform
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata

from orderflow import __version__
from orderflow.errors import BadSetting, NotFound, OrderflowError
from orderflow.services import check
from orderflow.settings.load import PREFIX
from orderflow.settings.settings import Settings, describe
from orderflow.storage.records.address import address_of
from orderflow.storage.records.command import current
from orderflow.storage.records.schema import check_version, versions

PACKAGES = (
    "dash",
    "plotly",
    "flask",
    "flask-sock",
    "gevent",
    "pandas",
    "numpy",
    "pyarrow",
    "msgspec",
    "diskcache",
    "sqlalchemy",
)
TESTS = ("ORDERFLOW_SHARED_DATA", "ORDERFLOW_REQUIRE_ALL")
"""Environment names with our prefix that are not settings: they belong to the tests."""

OK, NOTE, WRONG = "ok", "note", "WRONG"
Finding = tuple[str, str]


def run(settings: Settings, environ: Mapping[str, str] | None = None, out: Callable[[str], object] = print) -> int:
    """Print the report; returns 0 if a server could start, else 1."""
    out(f"Orderflow {__version__}\n\nSettings")
    for name, value, source in listed(settings):
        out(f"  {name:<23} {value:<31} {source}")
    out("\nChecks")
    findings = [*checks(settings), *unknown_names(os.environ if environ is None else environ)]
    for state, text in findings:
        out(f"  {state:<7}{text}")
    return 1 if any(state == WRONG for state, _ in findings) else 0


def listed(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """(name, value, source) of every setting, without secrets."""
    for each in describe():
        value = settings.value(each)
        if each.meta.secret and value is not None:
            shown = f"({len(value)} characters)"
        elif isinstance(value, tuple):
            shown = ", ".join(value) or "none"
        else:
            shown = "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
        yield each.name, shown, settings.sources.get(each.name, "default")
    for symbol, instrument in settings.symbols.items():
        parts = [
            f"{key} {value}"
            for key, value in (
                ("tick_size", instrument.tick_size),
                ("size_step", instrument.size_step),
                ("session", instrument.session),
            )
            if value is not None
        ]
        yield f"instruments.{symbol}", ", ".join(parts) or "none", settings.sources.get("instruments", "default")


def checks(settings: Settings) -> Iterator[Finding]:
    """The results of all checks."""
    version = platform.python_version()
    yield (OK, f"Python {version}") if sys.version_info >= (3, 11) else (WRONG, f"Python {version}: 3.11 is needed")
    yield _packages()
    try:
        check(settings)
    except OrderflowError as error:
        yield WRONG, str(error)
    yield _data(settings)
    yield _records(settings)
    yield _port(settings)
    if settings.beyond_loopback and not settings.api_key:
        yield NOTE, "other machines can reach the server: a key will be generated at the start"
    if "*" in settings.cors_origins:
        yield NOTE, "cors_origins is *: every web page may call this server"


def unknown_names(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Report environment variables that look like settings but are not."""
    known = [PREFIX + name.upper() for name, *_ in describe()]
    for name in environ:
        if name.startswith(PREFIX) and name not in known and name not in TESTS:
            near = difflib.get_close_matches(name, known, 1)
            yield NOTE, f"{name} in the environment is not a setting" + (f"; did you mean {near[0]}?" if near else "")


def _packages() -> Finding:
    found, missing = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return WRONG, f"packages missing: {', '.join(missing)}; install with pip install ."
    return OK, ", ".join(found)


def _data(settings: Settings) -> Finding:
    if settings.ephemeral:
        return OK, "ticks are kept in memory only"
    folder = settings.data_dir
    there = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        return WRONG, f"data folder {folder} cannot be written: {error.strerror or error}"
    if there != folder:
        return OK, f"data folder {folder} will be created"
    size = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            size += path.stat().st_size
    return OK, f"data folder {folder}, {size / 2**20:,.1f} MiB; `orderflow doctor --data` verifies it"


def _records(settings: Settings) -> Finding:
    """Where the records are, and whether this program can use them."""
    if settings.ephemeral:
        return OK, "records are kept in memory only"
    try:
        address = address_of(settings.data_dir, database_url=settings.database_url)
        version = current(address)
        check_version(version)
    except NotFound:
        return OK, f"records {address} will be created"
    except OrderflowError as error:
        return WRONG if settings.database_url or isinstance(error, BadSetting) else NOTE, str(error)
    newest = versions()[-1]
    later = "" if version == newest else f"; the start brings it to {newest}"
    return OK, f"records {address}, schema {version}{later}"


def _port(settings: Settings) -> Finding:
    if not settings.port:
        return OK, "any free port will be used"
    with socket.socket(socket.AF_INET6 if ":" in settings.bind else socket.AF_INET, socket.SOCK_STREAM) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.bind, settings.port))
        except OSError as error:
            return WRONG, f"port {settings.port} of {settings.bind} cannot be used: {error.strerror or error}"
    return OK, f"port {settings.port} is free"
