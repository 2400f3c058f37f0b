"""Run the demo: `python3 scripts/run.py` starts the server with the bundled sample and opens the chart.

It needs Python 3.11 or newer and nothing else: the first run creates `.venv` and installs everything into it.
Further arguments go to `orderflow demo`, e.g. `--port 9000 --no-browser`; if the first one is another command of
`orderflow`, they go there: `python3 scripts/run.py serve --lan`.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(f"Orderflow needs Python 3.11 or newer; this is {sys.version.split()[0]} at {sys.executable}")

from _environment import SetupFailed, ensure, run

COMMANDS = ("serve", "demo", "replay", "export", "doctor")


def arguments(given: list[str]) -> list[str]:
    """The arguments of `orderflow` for those given to this script."""
    return given if given and given[0] in COMMANDS else ["demo", *given]


def main(given: list[str]) -> int:
    """Set up the environment and run; returns the exit code of `orderflow`, or 1 if the setup failed."""
    try:
        python = ensure()
    except SetupFailed as error:
        print(error, file=sys.stderr)
        return 1
    return run([str(python), "-m", "orderflow", *arguments(given)])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
