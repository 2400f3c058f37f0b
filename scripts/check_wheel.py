"""Check the package as a user installs it: `python scripts/check_wheel.py` builds the wheel and uses it elsewhere.

It builds from a copy of the sources, installs into an empty virtual environment, and works in an empty directory:
`orderflow doctor` passes, `orderflow serve` is healthy, every page and every file that it loads can be fetched,
`orderflow-replay` replays the bundled sample, and the server stops in time. Then `orderflow` and `python -m orderflow`
serve the pages in a folder with foreign packages `callbacks` and `layouts`, and refuse to start if PYTHONPATH puts
those first. It needs a package index; tests/test_packaging.py checks the wheel's contents without one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("orderflow", "layouts", "callbacks", "assets", "data", "setup.cfg", "pyproject.toml", "MANIFEST.in")
TEXTS = ("README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "scripts", "tests")
SAMPLE = "LTCUSDT_2025-06-21_15h.csv.gz"
SAMPLE_TICKS = 20_061
START_SECONDS = 60
STOP_SECONDS = 10
PAGES = ("/chart/", "/herd/", "/herd/debrief/", "/herd/replay/", "/instruments/", "/herd/play")


class CheckFailed(Exception):
    """The package does not work as installed; the text gives the reason."""


def copy_sources(target: Path, root: Path = ROOT) -> Path:
    """Copy the files that packaging reads, so that the build neither writes to the work tree nor uses old files."""
    target.mkdir(parents=True)
    for name in (*SOURCES, *TEXTS):
        source = root / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        elif source.exists():
            shutil.copy2(source, target / name)
    return target


def build_wheel(sources: Path, out: Path, *options: str) -> Path:
    """Build the wheel of `sources` into `out` with pip. Raises CheckFailed with pip's output."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps", *options]
    _run([*command, "--wheel-dir", str(out), str(sources)], cwd=sources)
    (wheel,) = out.glob("orderflow-*.whl")
    return wheel


def main() -> int:
    """Run the check; returns 0, or 1 after printing the reason."""
    with tempfile.TemporaryDirectory(prefix="orderflow-wheel-") as folder:
        try:
            check(Path(folder))
        except CheckFailed as error:
            print(f"The package does not work as installed: {error}", file=sys.stderr)
            return 1
    print("The wheel installs, and works from an empty directory and beside packages of the same names.")
    return 0


def check(folder: Path) -> None:
    """Build, install and use the package inside `folder`. Raises CheckFailed."""
    wheel = build_wheel(copy_sources(folder / "source"), folder / "dist")
    print(f"built {wheel.name}, {wheel.stat().st_size:,} bytes", flush=True)
    _run([sys.executable, "-m", "venv", str(folder / "venv")], cwd=folder)
    programs = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    install = [str(programs / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*install, str(wheel)], cwd=folder)
    away = folder / "empty"
    away.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ORDERFLOW_", "PYTHON"))}
    environment["ORDERFLOW_DATA_DIR"] = str(folder / "state")
    print(_run([str(programs / "orderflow"), "doctor", "--port", "0"], cwd=away, environment=environment), flush=True)
    found = _run(
        [str(programs / "python"), "-c", "import orderflow; print(orderflow.__file__)"],
        cwd=away,
        environment=environment,
    )
    sample = Path(found.strip()).parent / "_data" / SAMPLE
    with _serving([str(programs / "orderflow")], away, environment) as server:
        _pages(server)
        replay = [str(programs / "orderflow-replay"), str(sample), "--server", server, "--velocity", "max"]
        _run(replay, cwd=away, environment=environment)
        ticks = json.loads(_get(f"{server}/stats"))["ticks"]
        if ticks != SAMPLE_TICKS:
            raise CheckFailed(f"{SAMPLE} has {SAMPLE_TICKS} ticks, but /stats says {ticks}")
        print(f"replayed {ticks:,} ticks of the bundled sample", flush=True)
    check_foreign_folder(folder / "foreign", programs, environment)


def check_foreign_folder(folder: Path, programs: Path, environment: dict[str, str]) -> None:
    """Check that the pages are ours in a folder that has packages of the same names."""
    for name in ("callbacks", "layouts"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text("", "utf-8")
    for program in ([str(programs / "orderflow")], [str(programs / "python"), "-m", "orderflow"]):
        with _serving(program, folder, environment) as server:
            _pages(server)
    command = [str(programs / "orderflow"), "serve", "--port", "0"]
    hidden = {**environment, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        command, cwd=folder, env=hidden, capture_output=True, text=True, check=False, timeout=START_SECONDS
    )
    if done.returncode != 1 or "hides the package 'callbacks'" not in done.stderr:
        raise CheckFailed(f"a hidden package is not reported: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    print(f"refused as expected: {done.stderr.strip()}", flush=True)


def _pages(server: str) -> None:
    """Fetch every page and every file that it links to; a page must have one script and one style sheet of its own."""
    files: dict[str, int] = {}
    for path in PAGES:
        page = _get(server + path).decode("utf-8")
        wanted = [link for link in re.findall(r'(?:src|href)="(/[^"]*)"', page) if not link.startswith("//")]
        slug = path.strip("/").replace("/", "-")
        for ending in (".js", ".css") if path != "/herd/play" else ():
            own = [link for link in wanted if re.fullmatch(rf"/assets/{slug}\.\w+\{ending}", link)]
            if len(own) != 1 or len(_get(server + own[0])) < 1000:
                raise CheckFailed(f"{path} must have exactly one {ending} file of its own: {wanted}")
        files |= {link: len(_get(server + link)) for link in wanted if "." in link}
    print(f"{len(PAGES)} pages and the {len(files)} files they load: {sum(files.values()):,} bytes", flush=True)


@contextmanager
def _serving(program: list[str], folder: Path, environment: dict[str, str]) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = f"http://127.0.0.1:{port}"
    log = folder.parent / "server.log"
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [*program, "serve", "--port", str(port)],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _await_health(server, process)
            yield server
            process.terminate()
            if process.wait(STOP_SECONDS) != 0 and os.name != "nt":
                raise CheckFailed(f"the server stopped with exit code {process.returncode}")
        except (CheckFailed, subprocess.TimeoutExpired) as error:
            raise CheckFailed(f"{error}\n{log.read_text('utf-8', errors='replace')}") from error
        finally:
            process.kill()
            process.wait()


def _await_health(server: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise CheckFailed(f"the server ended at once with exit code {process.returncode}")
        try:
            _get(f"{server}/health")
        except CheckFailed:
            time.sleep(0.2)
        else:
            return
    raise CheckFailed(f"/health did not answer within {START_SECONDS} s")


def _get(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            body: bytes = answer.read()
    except (urllib.error.URLError, OSError) as error:
        raise CheckFailed(f"GET {url}: {error}") from error
    return body


def _run(command: list[str], *, cwd: Path, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CheckFailed(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    raise SystemExit(main())
