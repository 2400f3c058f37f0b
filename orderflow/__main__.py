"""`python -m orderflow` and the console script `orderflow`.

A server runs on gevent, which must replace the blocking parts of the standard library before anything else is
imported: so this file looks at the command first, and imports the rest afterwards.

The pages are in the top-level packages `callbacks` and `layouts`, names that a folder of the user may have too. `-m`
looks into the working folder before all others: here it is taken out of the search, as the console script never has
it there. Where another package of these names still comes first (by PYTHONPATH), a server does not start, and says so.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

SERVERS = ("serve", "demo")
PAGES = ("callbacks", "layouts")


def main() -> int:
    """Run the command line; the exit code."""
    leave_out_working_folder()
    if any(word in SERVERS for word in sys.argv[1:2]):
        if hidden := hidden_by():
            print(f"orderflow: {hidden}", file=sys.stderr)
            return 1
        from gevent import monkey  # only servers need it, and it must come before every other import

        monkey.patch_all()
    from orderflow.cli import main as run  # after the patch, see above

    return run(sys.argv[1:])


def home() -> Path:
    """The folder that this package is in, with `callbacks` and `layouts` beside it."""
    return Path(__file__).resolve().parents[1]


def leave_out_working_folder() -> None:
    """Take the working folder from the front of the search for modules, unless the program itself is there."""
    if sys.path and sys.path[0] in ("", os.getcwd()) and Path.cwd().resolve() != home():
        del sys.path[0]


def hidden_by() -> str:
    """Which package hides one of ours, as a sentence; "" when none does."""
    for name in PAGES:
        spec = importlib.util.find_spec(name)
        origin = Path(spec.origin).resolve() if spec is not None and spec.origin else None
        if origin is not None and origin.parent.parent != home():
            return f"{origin.parent} hides the package {name!r} of this program: take its folder out of PYTHONPATH"
    return ""


if __name__ == "__main__":
    sys.exit(main())
