"""Load the settings: command-line flags, environment, `orderflow.toml`, `.env`, defaults; the first with a value wins.

The environment variable of a setting is `ORDERFLOW_<NAME>`, or the unprefixed name of a source system, if there is one.
The source of each value is kept, for `orderflow doctor` and for the error of a bad value.
"""

from __future__ import annotations

import difflib
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from orderflow.errors import BadSetting
from orderflow.settings import parsers
from orderflow.settings.declare import Declared, Meta
from orderflow.settings.settings import SECTIONS, Settings, SymbolSettings, describe

CONFIG_FILES = ("orderflow.toml", ".env")
PREFIX = "ORDERFLOW_"

SYMBOL_KEYS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "tick_size": (parsers.step, "a number above 0, e.g. 0.25"),
    "size_step": (parsers.step, "a number above 0, e.g. 0.001"),
    "session": (parsers.session, 'an IANA zone and a start, e.g. "America/Chicago 17:00"'),
    "negative_prices": (parsers.boolean, "true or false"),
}


def default_data_dir(environ: Mapping[str, str]) -> Path:
    """The platform's folder for a user's application data."""
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
    """Load the settings from all sources.

    flags: values of the command line by setting name; None means not given. environ: by default the process's
    environment. files: `.toml` and `.env` files, earlier ones win; by default the CONFIG_FILES in the working
    directory. Raises BadSetting with one line that names the setting, the value, its source and the allowed values.
    """
    environ = os.environ if environ is None else environ
    paths = [path for name in CONFIG_FILES if (path := Path(name)).is_file()] if files is None else list(files)
    tables = [(path, _read_file(path)) for path in paths]
    values: dict[str, Any] = {"data_dir": default_data_dir(environ)}
    sources: dict[str, str] = {}
    for each in describe():
        for value, source in _candidates(each, flags or {}, environ, tables):
            values[each.name] = _checked(each.name, value, source, each.meta)
            sources[each.name] = source
            break
    symbols, origin = _symbols(tables)
    simulated, place = _simulated(tables)
    formats = _formats(tables)
    values["data_dir"] = values["data_dir"].expanduser()
    return Settings.of(
        **values, symbols=symbols, simulated=simulated, formats=formats, sources=sources | origin | place
    )


def _candidates(
    each: Declared,
    flags: Mapping[str, Any],
    environ: Mapping[str, str],
    tables: Iterable[tuple[Path, Mapping[str, Any]]],
) -> Iterable[tuple[Any, str]]:
    name = each.name
    if flags.get(name) is not None:
        yield flags[name], f"flag --{name.replace('_', '-')}"
    variables = (PREFIX + name.upper(), *each.meta.names)
    for variable in variables:
        if environ.get(variable, "").strip():
            yield environ[variable], f"environment {variable}"
    for path, table in tables:
        for key in (name,) if path.suffix == ".toml" else variables:
            if table.get(key) not in (None, ""):
                yield table[key], f"{path.name} {key}"
        section = table.get(each.section)
        if isinstance(section, dict) and section.get(each.attribute) not in (None, ""):
            yield section[each.attribute], f"{path.name} {each.section}.{each.attribute}"


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
    _refuse_unknown(path.name, table, [each.name for each in describe()] + [*SECTIONS, "simulated", "formats"])
    for name in SECTIONS:
        section = table.get(name, {})
        if not isinstance(section, dict):
            raise BadSetting(f"{path.name}: write {name} as a table, [{name}]")
        # [instruments.NQ] is a symbol, not a setting of the section
        scalars = {key: value for key, value in section.items() if name != "instruments" or not isinstance(value, dict)}
        known = [each.attribute for each in describe() if each.section == name]
        _refuse_unknown(path.name, scalars, known, f"{name}.")
    return table


def _refuse_unknown(file: str, table: Mapping[str, Any], known: Sequence[str], prefix: str = "") -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f": did you mean {prefix + near[0]!r}?" if near else ""
            raise BadSetting(f"{file} has an unknown setting {prefix + key!r}{hint}")


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


def load_formats(files: Sequence[Path] | None = None) -> dict[str, Any]:
    """The `[formats.NAME]` tables alone, for programs that need no server's settings. Raises BadSetting."""
    paths = [path for name in CONFIG_FILES if (path := Path(name)).is_file()] if files is None else list(files)
    return _formats([(path, _read_file(path)) for path in paths if path.suffix == ".toml"])


def _formats(tables: Iterable[tuple[Path, Mapping[str, Any]]]) -> dict[str, Any]:
    for path, table in tables:
        if found := table.get("formats"):
            return _tables(path, "formats", "mine", found)
    return {}


def _tables(path: Path, name: str, example: str, found: Any) -> dict[str, Any]:
    if not isinstance(found, dict) or not all(isinstance(part, dict) for part in found.values()):
        raise BadSetting(f"{path.name}: write {name} as tables, e.g. [{name}.{example}]")
    return found


def _symbols(tables: Iterable[tuple[Path, Mapping[str, Any]]]) -> tuple[dict[str, SymbolSettings], dict[str, str]]:
    for path, table in tables:
        section = table.get("instruments", {})
        parts = {name: part for name, part in section.items() if isinstance(part, dict)}
        if not parts:
            continue
        return {symbol: _symbol(path.name, symbol, part) for symbol, part in parts.items()}, {
            "instruments": f"{path.name} instruments"
        }
    return {}, {}


def _symbol(source: str, symbol: str, table: Mapping[str, Any]) -> SymbolSettings:
    values = {}
    for key, value in table.items():
        if key not in SYMBOL_KEYS:
            known = ", ".join(SYMBOL_KEYS)
            raise BadSetting(f"instruments.{symbol} from {source} has an unknown key {key!r}: the keys are {known}")
        read, allowed = SYMBOL_KEYS[key]
        values[key] = _checked(f"instruments.{symbol}.{key}", value, source, Meta(read, allowed, ""))
    return SymbolSettings(**values)
