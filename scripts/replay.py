"""Run the replay client without an installation: `python scripts/replay.py FILE` is `orderflow-replay FILE`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from orderflow.replay.cli import main

if __name__ == "__main__":
    sys.exit(main())
