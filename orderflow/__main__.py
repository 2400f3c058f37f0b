"""`python -m orderflow` and the console script `orderflow`.

A server runs on gevent, which must patch the blocking parts of the standard library before anything else is imported:
so this module looks at the command first and imports the rest afterwards.

The pages are in the top-level packages `callbacks` and `layouts`, and a user's folder can have packages of these names.
`-m` searches the working folder first; here it is removed from the search path, as with the console script. If another
package of these names still comes first (by PYTHONPATH), the server does not start and reports it.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

SERVERS = ("serve", "demo")
PAGES = ("callbacks", "layouts")
ARROW_POOL = ("ARROW_DEFAULT_MEMORY_POOL", "system")
"""Arrow's own pool keeps a heap for each thread, which only that thread can give back: after a 15 MB body of bad rows
30 to 40 MB more than with the C library's. Bodies are parsed as fast (ratios of CPU time 0.8 to 1.1)."""


def main() -> int:
    """Run the command line and return the exit code."""
    leave_out_working_folder()
    if any(word in SERVERS for word in sys.argv[1:2]):
        if hidden := hidden_package():
            print(f"orderflow: {hidden}", file=sys.stderr)
            return 1
        os.environ.setdefault(*ARROW_POOL)
        from gevent import monkey  # only servers need it, and it must precede every other import

        monkey.patch_all()
    from orderflow.cli import main as run  # after the patch, see above

    return run(sys.argv[1:])


def home() -> Path:
    """The folder of this package, with `callbacks` and `layouts` beside it."""
    return Path(__file__).resolve().parents[1]


def leave_out_working_folder() -> None:
    """Remove the working folder from the front of the module search path, unless the program itself is there."""
    if sys.path and sys.path[0] in ("", os.getcwd()) and Path.cwd().resolve() != home():
        del sys.path[0]


def hidden_package() -> str:
    """A sentence that names the package that hides one of ours; "" if none does."""
    for name in PAGES:
        spec = importlib.util.find_spec(name)
        origin = Path(spec.origin).resolve() if spec is not None and spec.origin else None
        if origin is not None and origin.parent.parent != home():
            return f"{origin.parent} hides the package {name!r} of this program: remove its folder from PYTHONPATH"
    return ""


if __name__ == "__main__":
    sys.exit(main())
