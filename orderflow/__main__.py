"""`python -m orderflow` and the console script `orderflow`.

A server runs on gevent, which must replace the blocking parts of the standard library before anything else is
imported: so this file looks at the command first, and imports the rest afterwards.
"""

from __future__ import annotations

import sys

SERVERS = ("serve", "demo")


def main() -> int:
    """Run the command line; the exit code."""
    if any(word in SERVERS for word in sys.argv[1:2]):
        from gevent import monkey  # only servers need it, and it must come before every other import

        monkey.patch_all()
    from orderflow.cli import main as run  # after the patch, see above

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
