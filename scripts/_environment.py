"""Create and update the virtual environment that scripts/run.py and scripts/test.py share.

Uses only the standard library, because it runs before anything is installed. It installs the project editable, so an
edit of the code needs no new installation, and installs again only if the packaging files, the interpreter or the
folder have changed; a stamp in the environment records them. It does not touch any other environment.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGING_FILES = ("setup.cfg", "pyproject.toml")
STAMP = "orderflow-installed.json"
LOG = "orderflow-install.log"
# Messages of pip if it cannot reach its index.
OFFLINE = (
    "NewConnectionError",
    "Temporary failure in name resolution",
    "Failed to establish a new connection",
    "ConnectTimeoutError",
    "ProxyError",
    "getaddrinfo failed",
    "Network is unreachable",
)


class SetupFailed(Exception):
    """The environment cannot be created; the text is the one-line message for the user."""


def ensure(extras: Iterable[str] = (), root: Path = ROOT) -> Path:
    """Create or update `.venv` in `root` with the project and `extras`, and return the path of its Python.

    Raises SetupFailed with a one-line message that says what to do.
    """
    venv = root / ".venv"
    python = interpreter(venv)
    stamp = _read(venv / STAMP)
    wanted = fingerprint(root)
    have = set(str(stamp.get("extras", "")).split())
    if stamp.get("fingerprint") == wanted and have.issuperset(extras) and python.exists():
        return python
    if not _works(python) or stamp.get("root", str(root)) != str(root):
        _create(venv)
    all_extras = sorted(have.union(extras))
    _install(venv, python, root, all_extras)
    text = json.dumps({"fingerprint": wanted, "root": str(root), "extras": " ".join(all_extras)})
    (venv / STAMP).write_text(text, "utf-8")
    return python


def interpreter(venv: Path) -> Path:
    """The Python of a virtual environment, on this platform."""
    return venv / "Scripts" / "python.exe" if os.name == "nt" else venv / "bin" / "python"


def fingerprint(root: Path) -> str:
    """A hash of everything that determines the installation."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {root}".encode())
    for name in PACKAGING_FILES:
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def run(command: list[str]) -> int:
    """Replace this process by a command, or run it as a child where the platform cannot replace a process."""
    sys.stdout.flush()
    if os.name != "nt":
        os.execv(command[0], command)
    with subprocess.Popen(command) as child:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                continue  # the child also received Ctrl+C and is shutting down: wait for it


def _read(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _works(python: Path) -> bool:
    if not python.exists():
        return False
    wanted = "import sys, pip; sys.exit(sys.version_info[:2] != " + repr(sys.version_info[:2]) + ")"
    return subprocess.run([python, "-c", wanted], capture_output=True, check=False).returncode == 0


def _create(venv: Path) -> None:
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        version = ".".join(map(str, sys.version_info[:2]))
        raise SetupFailed(
            f"This Python lacks venv. On Debian or Ubuntu: sudo apt install python{version}-venv; then run again."
        )
    print(f"Making a virtual environment in {venv}", flush=True)
    shutil.rmtree(venv, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", str(venv)], capture_output=True, text=True, check=False)
    if made.returncode:
        reason = (made.stderr or made.stdout).strip().splitlines() or ["no reason given"]
        raise SetupFailed(f"Cannot make a virtual environment in {venv}: {reason[-1]}")


def _install(venv: Path, python: Path, root: Path, extras: list[str]) -> None:
    (venv / STAMP).unlink(missing_ok=True)
    target = f"{root}[{','.join(extras)}]" if extras else str(root)
    print("Installing Orderflow and its libraries into it (once; about a minute on a fast line)", flush=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--editable", target]
    with open(venv / LOG, "w", encoding="utf-8") as log:
        failed = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False).returncode
    if failed:
        raise SetupFailed(_explain(venv / LOG))


def _explain(log: Path) -> str:
    text = log.read_text("utf-8", errors="replace")
    if any(words in text for words in OFFLINE):
        return (
            "pip cannot reach its package index. Check the network (behind a proxy set HTTPS_PROXY, with a mirror set"
            f" PIP_INDEX_URL), then run again. Details: {log}"
        )
    errors = [line.strip() for line in text.splitlines() if line.strip().lower().startswith("error:")]
    telling = [line for line in errors if "subprocess-exited" not in line] or errors or ["pip gave no reason"]
    return f"The installation failed ({telling[0]}). Details: {log}"
