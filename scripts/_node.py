"""The tools that check the JavaScript of assets/. npm installs them into `node_modules` if the lock file has changed.

They are for development only: neither an installed package nor a page needs node.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

CHECKS = ("prettier", "eslint", "tsc")
OLDEST = 18
STAMP = ".orderflow-lock"


class NodeMissing(Exception):
    """Node is missing or unusable; the text is a one-line reason."""


def checks(root: Path) -> list[tuple[str, list[str] | str]]:
    """(name, command) of each check of the project at `root`, or (name, reason) if it cannot run."""
    try:
        npm = ensure(root)
    except NodeMissing as error:
        return [(name, str(error)) for name in CHECKS]
    return [(name, [npm, "run", "--silent", name]) for name in CHECKS]


def ensure(root: Path) -> str:
    """Install the tools below `root` if necessary, and return the path of npm.

    Raises NodeMissing if there is no usable node, or npm cannot install.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise NodeMissing(f"{'node' if node is None else 'npm'} is not installed")
    version = _output([node, "--version"])
    found = re.match(r"v(\d+)", version)
    if found is None or int(found[1]) < OLDEST:
        raise NodeMissing(f"node {OLDEST} or newer is needed; this is {version or 'unknown'}")
    stamp = root / "node_modules" / STAMP
    wanted = hashlib.sha256((root / "package-lock.json").read_bytes() + version.encode()).hexdigest()
    if not stamp.exists() or stamp.read_text("utf-8") != wanted:
        _install(npm, root)
        stamp.write_text(wanted, "utf-8")
    return npm


def _install(npm: str, root: Path) -> None:
    command = [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        raise NodeMissing(f"npm ci failed: {reason[0]}")


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
