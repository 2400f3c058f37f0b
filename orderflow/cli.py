"""The command line: serve, demo, replay, export, doctor, ingest, key, user; for the data db, repair, backup, restore.

Server flags are generated from the settings, so every setting has one. Only this module and `__main__` import the
pages. Each command imports what it needs, so that `--help` does not wait for pandas.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from orderflow import __version__
from orderflow.announcement import address, announce, can_browse, shared_addresses
from orderflow.errors import BadSetting, OrderflowError
from orderflow.runtime import log_limit, memory
from orderflow.runtime.redaction import Redaction, passwords_of
from orderflow.runtime.reload import SECONDS, Watch
from orderflow.settings.load import CONFIG_FILES, load_settings
from orderflow.settings.settings import Settings, describe
from orderflow.storage.key_file import KeyFile
from orderflow.storage.private import only_mine, tighten

FIRST = ("host", "port", "data_dir", "lan", "ephemeral")
"""Settings whose flags are shown first; the help lists the others separately."""
SOURCES = ("callbacks", "layouts", "assets")
"""Folders beside the package that `reload` also watches."""
ENDS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""Signals that end a command."""
EPILOG = "`orderflow COMMAND --help` shows the options of a command. `orderflow demo` shows real trades at once."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code. Expected errors are printed in one line."""
    given = list(sys.argv[1:] if argv is None else argv)
    parser = build_parser(given[0] if given else "")
    args = parser.parse_args(given)
    if not args.command:
        parser.print_help()
        return 0
    try:
        return int(args.run(args))
    except OrderflowError as error:
        print(f"orderflow: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output is gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if error.filename is None:
            raise
        print(f"orderflow: {error.filename}: {error.strerror or error}", file=sys.stderr)
        return 1


def build_parser(command: str = "") -> argparse.ArgumentParser:
    """The parser; `command` is the one to run, whose arguments can need a heavy import."""
    parser = argparse.ArgumentParser("orderflow", description="Live order flow from ticks.", epilog=EPILOG)
    parser.add_argument("--version", action="version", version=f"orderflow {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    serve = commands.add_parser("serve", help="run the server", description="Run the server until Ctrl+C.")
    _server_flags(serve, browser=False)
    serve.set_defaults(run=lambda args: run_server(args, demo=False))

    about = "Run the server, replay the bundled sample of real trades into it, and open the chart in the browser."
    demo = commands.add_parser("demo", help="run the server with real sample trades", description=about)
    _server_flags(demo, browser=True)
    demo.set_defaults(run=lambda args: run_server(args, demo=True))

    replay = commands.add_parser("replay", help="stream a file of trades to a server, at the pace of the market")
    if command == "replay":
        from orderflow.replay import cli as client  # reads files; only this command needs it

        client.add_arguments(replay)
        replay.set_defaults(run=client.run)

    about = "List the formats of tick files, each with an example row."
    listing = commands.add_parser("formats", help="list the formats of tick files", description=about)
    listing.set_defaults(run=run_formats)

    about = "Write bars, footprints or ticks to a file: from the tick log, or from a running server with --server."
    export = commands.add_parser("export", help="write bars, footprints or ticks to a file", description=about)
    _export_flags(export)
    export.set_defaults(run=run_export)

    doctor = commands.add_parser("doctor", help="show the settings and check the installation")
    _settings_flags(doctor)
    doctor.add_argument("--data", action="store_true", help="verify all stored data, also while a server runs")
    doctor.set_defaults(run=run_doctor)
    _maintenance(commands)

    about = "Show the version of the records' schema, or move it up or down. A server does the former by itself."
    database = commands.add_parser("db", help="show or change the version of the records' schema", description=about)
    database.add_argument("action", choices=("current", "upgrade", "downgrade"), help="what to do")
    database.add_argument(
        "version", nargs="?", help="version to move to (upgrade: the newest); `base` drops all records"
    )
    _settings_flags(database)
    database.set_defaults(run=run_db)

    about = "Fill and keep the klines of the setting KLINES, in a process of its own that needs DATABASE_URL."
    ingest = commands.add_parser("ingest", help="keep a venue's klines in the records", description=about)
    _settings_flags(ingest)
    ingest.set_defaults(run=run_ingest)

    about = "Make a new key: the old one, and every cookie that came from it, end at once, in a running server too."
    key = commands.add_parser("key", help="replace the key that changing calls need", description=about)
    key.add_argument("what", choices=("rotate",), help="what to do with it")
    _settings_flags(key)
    key.set_defaults(run=run_key)

    about = "List, disable, enable or delete accounts, or make a code that resets a password; a server may run."
    user = commands.add_parser("user", help="list and change the accounts of users", description=about)
    user.add_argument("action", choices=("list", "disable", "enable", "reset", "delete"), help="what to do")
    user.add_argument("name", nargs="?", help="nickname or e-mail address of the user")
    _settings_flags(user)
    user.set_defaults(run=run_user)
    return parser


def run_formats(args: argparse.Namespace) -> int:
    """Print all formats, those of orderflow.toml first."""
    from orderflow.formats.examples import EXAMPLES  # only this command needs it
    from orderflow.formats.own import of_this_folder
    from orderflow.formats.registry import FORMATS

    for name, table in of_this_folder().items():
        print(f"{name}: a format of orderflow.toml")
        print("  " + ", ".join(f"{key} = {value}" for key, value in table.items()))
    for item in FORMATS:
        print(f"{item.name}: {item.title}")
        print("\n".join(f"  {line}" for line in EXAMPLES[item.name]))
    return 0


def run_server(args: argparse.Namespace, *, demo: bool) -> int:
    """Run `serve` or `demo`."""
    settings = _settings(args)
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    log_limit.install()
    memory.keep_large_arrays_apart()
    redaction = Redaction()
    redaction.install()
    passwords = passwords_of(settings.database_url)
    redaction.secrets = lambda: passwords
    sys.stderr = redaction.stream(sys.stderr)
    only_mine()
    # heavy, and only after the patch that `orderflow.__main__` makes
    from callbacks.app import create_app
    from orderflow.feeds.replay import SampleReplay
    from orderflow.services import build_services
    from orderflow.web.app import create_server
    from orderflow.web.kit.access import AUTHENTICATOR
    from orderflow.web.run import listen, raise_file_limit, serve

    if not settings.ephemeral:
        tighten(settings.data_dir)
    services = build_services(settings)
    try:
        listener = listen(settings.bind, settings.port)
        loaded = services.start()
        server = create_server(services, most_sockets=raise_file_limit())
        keys = server.extensions[AUTHENTICATOR].secrets
        redaction.secrets = lambda: [*passwords, *keys()]
        app = create_app(services, server)
        server.extensions["orderflow.delivery"].allow_scripts(app.csp_hashes)
    except BaseException:  # any error: close the log before reporting it
        services.stop()
        raise
    watch = None
    if settings.reload:
        watch = Watch([Path(__file__).parent, *(Path(__file__).parents[1] / name for name in SOURCES)])
        services.workers.every(SECONDS, "reload", watch.end_when_changed)
    key = server.extensions["orderflow.gate"].key
    url = address(settings, listener.getsockname()[1], key)

    def ready() -> None:
        announce(settings, listener.getsockname()[1], key, loaded)
        if demo:
            services.part(SampleReplay).start()
        if args.browser and can_browse():
            services.workers.spawn("browser", webbrowser.open, url)

    code = serve(services, server, listener, ready)
    if watch is not None and watch.seen:
        os.execv(sys.executable, [sys.executable, "-m", "orderflow", *sys.argv[1:]])
    return code


def run_export(args: argparse.Namespace) -> int:
    """Run `export`."""
    from orderflow.web.market.export import run  # imports the engine; only this command needs it

    return run(args, _settings(args))


def run_doctor(args: argparse.Namespace) -> int:
    """Run `doctor`."""
    from orderflow.doctor import run  # imports the engine; only this command needs it
    from orderflow.maintenance.commands import doctor

    settings = _settings(args)
    if args.data:
        return doctor(settings.data_dir, records_elsewhere=bool(settings.database_url))
    return run(settings)


def run_maintenance(args: argparse.Namespace) -> int:
    """Run `repair`, `backup` or `restore`."""
    from orderflow.maintenance.commands import run  # imports the engine; only these commands need it

    for number in ENDS:
        signal.signal(number, _end)
    only_mine()
    settings = _settings(args)
    if settings.database_url and args.command != "restore":
        print(
            f"{args.command}: the records are in PostgreSQL, so they are not part of this: use pg_dump", file=sys.stderr
        )
    return run(args, settings.data_dir, records_elsewhere=bool(settings.database_url))


def _end(number: int, frame: object) -> None:
    """End by an exception, so that half-written files are removed."""
    raise SystemExit(128 + number)


def run_db(args: argparse.Namespace) -> int:
    """Run `db`."""
    from orderflow.storage.records import command  # imports SQLAlchemy; only this command needs it
    from orderflow.storage.records.address import address_of

    only_mine()
    settings = _settings(args)
    address = address_of(settings.data_dir, ephemeral=settings.ephemeral, database_url=settings.database_url)
    return command.run(args.action, address, args.version)


def run_ingest(args: argparse.Namespace) -> int:
    """Run `ingest`."""
    settings = _settings(args)
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    redaction = Redaction()
    redaction.install()
    passwords = passwords_of(settings.database_url)
    redaction.secrets = lambda: passwords
    from orderflow.workspace.klines.ingest import run  # imports SQLAlchemy and the feeds; only this command needs it

    return run(settings, lambda line: print(line, flush=True))


def run_key(args: argparse.Namespace) -> int:
    """Run `key rotate`."""
    settings = _settings(args)
    if settings.api_key:
        source = settings.sources.get("api_key", "the settings")
        raise BadSetting(f"the key comes from {source}: change it there, and start the server again")
    if settings.ephemeral:
        raise BadSetting("with --ephemeral every start has a key of its own: start the server again")
    only_mine()
    keys = KeyFile(settings.data_dir)
    with keys.turn():  # until all is printed: another call makes the next key after it
        key = keys.rotate()
        print("The old key and its cookies are not valid any more. The new address:")
        print(f"  {address(settings, settings.port, key)}")
        for line in shared_addresses(settings, settings.port, key) if settings.exposed else ():
            print(line)
        if not settings.exposed:
            print("With these settings only this machine reaches the server, and no key is needed.")
        sys.stdout.flush()
    return 0


def run_user(args: argparse.Namespace) -> int:
    """Run `user`."""
    from orderflow.accounts import commands  # imports SQLAlchemy; only this command needs it

    only_mine()
    return commands.run(args.action, args.name, _settings(args))


def _settings(args: argparse.Namespace) -> Settings:
    files = None
    if args.config is not None:
        files = [Path(args.config), *(path for path in [Path(".env")] if path.is_file())]
    return load_settings({name: getattr(args, name, None) for name, *_ in describe()}, files=files)


def _server_flags(parser: argparse.ArgumentParser, *, browser: bool) -> None:
    _settings_flags(parser)
    group = parser.add_mutually_exclusive_group()
    default = "" if browser else " (default)"
    group.add_argument("--open", dest="browser", action="store_true", help="open the chart in the browser")
    group.add_argument("--no-browser", dest="browser", action="store_false", help=f"do not{default}")
    parser.set_defaults(browser=browser)


def _settings_flags(parser: argparse.ArgumentParser) -> None:
    more = parser.add_argument_group(
        "more settings", "also read from the environment, as ORDERFLOW_<NAME>, or from a file"
    )
    for name, default, meta, *_ in describe():
        group: Any = parser if name in FIRST else more
        flag = f"--{name.replace('_', '-')}"
        words = f"{meta.doc} {meta.allowed}".replace("%", "%%")
        shown = "" if default is None or name == "data_dir" else f" (default: {_shown(default)})"
        if isinstance(default, bool):
            group.add_argument(flag, action=argparse.BooleanOptionalAction, default=None, help=meta.doc)
        else:
            group.add_argument(flag, default=None, metavar=name.split("_")[-1].upper(), help=words + shown)
    files = " and ".join(CONFIG_FILES)
    more.add_argument("--config", metavar="FILE", help=f"a .toml file to read (default: {files} of this folder)")


def _maintenance(commands: Any) -> None:
    """Add the commands for a data directory."""
    repair = commands.add_parser("repair", help="save what is readable of damaged data into a new directory beside it")
    backup = commands.add_parser("backup", help="save all data in one file, also while a server runs")
    restore = commands.add_parser("restore", help="make a data directory from a backup")
    backup.add_argument("file", metavar="FILE", help="where to write (.zip), or - for standard output")
    backup.add_argument("--force", action="store_true", help="replace FILE if it exists")
    backup.add_argument("--with-keys", action="store_true", help="with the files that hold keys and secrets")
    restore.add_argument("file", metavar="FILE", help="the backup")
    restore.add_argument("--replace", action="store_true", help="move data that is there aside")
    for parser in (repair, backup, restore):
        parser.add_argument("--data-dir", metavar="DIR", help="the data folder (default: the server's)")
        parser.add_argument("--config", metavar="FILE", help=argparse.SUPPRESS)
        parser.set_defaults(run=run_maintenance)


def _export_flags(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("symbol", metavar="SYMBOL", help="the instrument")
    add("--what", choices=("bars", "footprint", "ticks"), default="bars", help="default: bars")
    add("--frame", default="1min", help="time frame of the bars (default: 1min)")
    add("--group", type=int, default=1, metavar="TICKS", help="ticks of the price in one footprint row (default: 1)")
    add("--format", choices=("csv", "json", "parquet", "arrow"), help="default: by the file's name, else csv")
    add("--out", metavar="FILE", help="where to write (default: standard output)")
    add("--start", metavar="TIME", help="first time, ISO-8601 (without a zone: UTC) or a Unix time")
    add("--end", metavar="TIME", help="end of the time range, exclusive")
    add("--server", metavar="URL", help="ask this server instead of reading the log, e.g. http://localhost:8765")
    add("--data-dir", metavar="DIR", help="the log's data folder (default: the server's)")
    add("--config", metavar="FILE", help=argparse.SUPPRESS)


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
