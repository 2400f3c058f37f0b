"""`orderflow serve` with Flask routing every request, as the comparison for the direct views in `ingest.py`."""

from __future__ import annotations

import functools
import sys

from gevent import monkey

monkey.patch_all()

from orderflow.cli import main  # noqa: E402  # after the patch
from orderflow.web import app  # noqa: E402

app.create_server = functools.partial(app.create_server, shortcuts=False)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
