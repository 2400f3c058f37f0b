"""The commands for a data directory: `doctor --data`, `repair`, `backup`, `restore`. Each returns its exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from orderflow.maintenance import repair as repairs
from orderflow.maintenance import verify as checks
from orderflow.maintenance.backup import STDOUT, backup, backup_lines, restore, restore_lines

Out = Callable[[str], object]


def doctor(folder: Path, out: Out = print, *, records_elsewhere: bool = False) -> int:
    """Verify all data; 0 only if all is well. records_elsewhere: they are on a database server."""
    found = checks.verify(folder, records_elsewhere=records_elsewhere)
    for line in checks.lines(found):
        out(line)
    if found.damaged:
        out("Some data is damaged. `orderflow repair` saves what can be read beside it; stop the server first.")
    else:
        out("All data is sound." if found.sound else "The data is sound; see the permissions above.")
    return 0 if found.sound else 1


def run(args: argparse.Namespace, folder: Path, out: Out = print, *, records_elsewhere: bool = False) -> int:
    """Run `repair`, `backup` or `restore` with their arguments on a data directory. Raises OrderflowError."""
    if args.command == "repair":
        report = repairs.repair(folder, records_elsewhere=records_elsewhere)
        lines = repairs.lines(report, folder)
    elif args.command == "backup":
        made = backup(folder, args.file, force=args.force, keys=args.with_keys, records_elsewhere=records_elsewhere)
        lines = backup_lines(made, args.file)
    else:
        found, kept = restore(args.file, folder, replace=args.replace)
        lines = restore_lines(found, folder, kept)
    for line in lines:
        if args.command == "backup" and args.file == STDOUT:
            print(line, file=sys.stderr)
        else:
            out(line)
    return 0
