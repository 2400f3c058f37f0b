"""`orderflow-replay FILE`: the command line of the replay client.

Exit codes: 0 success, 1 no usable rows or server unreachable, 2 bad arguments, 130 interrupted. Progress and errors go
to stderr, results to stdout.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orderflow.errors import BadInput, BadSetting
from orderflow.feeds.pacing import MAX
from orderflow.formats import SYMBOL_PATTERN, ReadOptions, names
from orderflow.formats.options import MAX_BAD, OPTIONS
from orderflow.formats.own import of_this_folder
from orderflow.formats.summary.report import report_of
from orderflow.formats.summary.text import body, head
from orderflow.replay.paths import opened, shown
from orderflow.replay.replayer import Doubt
from orderflow.replay.session import DONE, FAILED, KEY_ENV, Session, open_file

BAD_ARGUMENTS = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the replay client's arguments to a parser."""
    add = parser.add_argument
    add(
        "file",
        metavar="FILE",
        nargs="*",
        help="files of trades, or patterns like 'day*.zip', replayed one after the other: text, JSON, Parquet, Feather "
        "and more, also packed; - is the standard input, which is read to its end first",
    )
    add("-v", "--velocity", type=_velocity, default=10.0, help="market seconds per second, or 'max' (default: 10)")
    add("-s", "--start-from", type=_count, default=0, metavar="N", help="skip the first N data rows (default: 0)")
    add("-m", "--max-ticks", type=_positive, metavar="N", help="send at most N ticks")
    add("-r", "--reset", action="store_true", help="delete the server's data first")
    add("--server", default="http://localhost:8765", metavar="URL", help="default: http://localhost:8765")
    add("--symbol", type=_symbol, help="the symbol of all rows (default: the file's symbol column, or its name)")
    add("--format", metavar="NAME", help="the file's format instead of detecting it; 'list' shows all")
    add("--tz", type=_zone, default="UTC", help="time zone of times without one (default: UTC)")
    add("--tick-size", type=_decimal, metavar="SIZE", help="the instrument's tick size, which is set on the server")
    add(
        "--side",
        choices=("auto", "flag"),
        default="auto",
        help="auto: flags, then volumes, quotes, tick rule; flag: only what the file flags (default: auto)",
    )
    _add_table_options(parser)
    add("--member", metavar="NAME", help="which file of an archive (default: all)")
    add(
        "--loop",
        action="store_true",
        help="repeat the file endlessly, deleting its symbols on the server before each pass",
    )
    add("--dry-run", action="store_true", help="describe the file and stop; nothing is sent")
    add("--strict", action="store_true", help="stop at the first bad row instead of skipping it")
    add("--key", default=None, help=f"the server's key (default: ${KEY_ENV})")
    add("--quiet", action="store_true", help="no progress and no summary")
    add("--retry-for", type=_number, default=60.0, metavar="S", help="seconds to retry a lost server (default: 60)")
    add("--max-gap", type=_number, metavar="S", help="shorten gaps without trades to S market seconds")
    add("--batch-ticks", type=_positive, default=25_000, metavar="N", help="maximum ticks per request (default: 25000)")
    add(
        "--resume",
        type=_resume,
        metavar="KEY:TICKS",
        help="as printed by an interrupted run, together with --start-from",
    )


def _add_table_options(parser: argparse.ArgumentParser) -> None:
    """The options of `orderflow.formats.options`: what the file holds, where that is not to be found out."""
    group = parser.add_argument_group("what the file holds", "--dry-run prints what is assumed without them")
    for name, option in OPTIONS.items():
        flag = f"--{name.replace('_', '-')}"
        if option.switch:
            group.add_argument(flag, action="store_const", const="yes", help=option.help)
        else:
            default = f" (default: {MAX_BAD:.0%})".replace("%", "%%") if name == "max_bad" else ""
            group.add_argument(flag, type=_text_of(name), metavar=option.form, help=option.help + default)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of the console script `orderflow-replay`."""
    parser = argparse.ArgumentParser(
        prog="orderflow-replay",
        description="Stream a file of trades to an Orderflow server, at the pace of the market.",
    )
    add_arguments(parser)
    return run(parser.parse_args(argv))


def run(args: argparse.Namespace) -> int:
    """Run the replay or the dry run; returns the exit code."""
    try:
        if args.format == "list":
            print("\n".join([*of_this_folder(), *names()]))
            return DONE
        _check(args)
        with opened(args.file) as args.paths:
            return _dry_run(args) if args.dry_run else Session(args).run()
    except BadSetting as error:
        return _fail(str(error), BAD_ARGUMENTS)
    except BadInput as error:
        return _fail("\n  ".join([str(error), *map(str, error.errors)]), FAILED)
    except OSError as error:
        return _fail(f"{shown(args.paths)}: {error.strerror or error}", FAILED)


def _check(args: argparse.Namespace) -> None:
    if not args.file:
        raise BadSetting("name the file to replay; --help shows the options, --format list the formats")
    if args.max_bad is None and not args.strict and not args.dry_run:
        args.max_bad = str(MAX_BAD)
    known = [*of_this_folder(), *names()]
    if args.format is not None and args.format not in known:
        raise BadSetting(f"--format {args.format!r} is not known; known are {', '.join(known)}")


def _dry_run(args: argparse.Namespace) -> int:
    most = ReadOptions.of(max_bad=args.max_bad).max_bad
    args.max_bad = None  # all of the file is described, whatever is bad in it
    with open_file(args, args.start_from) as reader:
        print("\n".join(head(reader)))
        found = report_of(reader, args.max_ticks, most_bad=most)
    print("\n".join(body(found)))
    if found.bad:
        return _fail(found.bad, FAILED)
    return DONE if found.ticks and not (args.strict and found.bad_rows) else FAILED


def _fail(text: str, code: int) -> int:
    print(f"orderflow-replay: {text}", file=sys.stderr)
    return code


def _velocity(text: str) -> float:
    if text.strip().lower() == "max":
        return MAX
    value = _number(text)
    if value == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not above 0")
    return value


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def _count(text: str) -> int:
    value = text.replace("_", "").replace(",", "")
    if not (value.isascii() and value.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a count")
    return int(value)


def _positive(text: str) -> int:
    value = _count(text)
    if not value:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _decimal(text: str) -> str:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not (value.is_finite() and value > 0 and abs(value.adjusted()) < 100):
        raise argparse.ArgumentTypeError(f"{text!r} is not a price step like 0.25")
    return f"{value:f}"


def _symbol(text: str) -> str:
    if not re.fullmatch(SYMBOL_PATTERN, text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a symbol; use 1 to 64 letters, digits and . _ - / :")
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise argparse.ArgumentTypeError(f"{text!r} is not an IANA time zone like UTC or America/New_York") from None
    return text


def _text_of(name: str) -> Callable[[str], str]:
    """Checks the text of an option; the reader parses it."""

    def check(text: str) -> str:
        try:
            ReadOptions.of(**{name: text})
        except BadInput as error:
            raise argparse.ArgumentTypeError(str(error).removeprefix(f"{name}: ")) from None
        return text

    return check


def _resume(text: str) -> Doubt:
    try:
        return Doubt.parse(text)
    except BadSetting as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    sys.exit(main())
