"""The command line: help, addresses, one-line errors, export from a log and from a server, doctor."""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyarrow import ipc, parquet

from orderflow import __version__, announcement, cli
from orderflow.doctor import checks, listed, unknown_names
from orderflow.doctor import run as doctor
from orderflow.settings.load import load_settings
from orderflow.settings.settings import Settings, describe
from tests.qr import modules_of, modules_of_lines
from tests.running import ROOT, RunningServer, start_server

ROWS = b"timestamp,price,size,side\n" + b"".join(
    b"2025-10-09T18:%02d:%02dZ,%d.25,1,%s\n" % (i // 60, i % 60, 10 + i % 5, b"buy" if i % 3 else b"sell")
    for i in range(300)
)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tests independent of the user's settings."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("ORDERFLOW_") or name in ("PORT", "HOST"):
            monkeypatch.delenv(name)


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsysbinary: pytest.CaptureFixture[bytes]) -> Run:
    """run(*words): the exit code of a command run in this process, and what it printed to stdout and stderr."""

    def call(*words: str) -> tuple[int, str, str]:
        try:
            code = cli.main(words)
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsysbinary.readouterr()
        return code, out.decode(), err.decode()

    return call


@pytest.mark.parametrize("command", ["", "serve", "demo", "replay", "export", "doctor"])
def test_help_of_every_command(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main([*([command] if command else []), "--help"])
    assert caught.value.code == 0
    assert "usage: orderflow" in capsys.readouterr().out


def test_no_command_prints_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 0
    assert "serve" in capsys.readouterr().out


def test_every_setting_has_its_flag() -> None:
    parser = cli.build_parser()
    for name, default, *_ in describe():
        flag = f"--{name.replace('_', '-')}"
        words = [flag] if isinstance(default, bool) else [flag, "x"]
        args = parser.parse_args(["serve", *words])
        assert getattr(args, name) in (True, "x")
    assert parser.parse_args(["serve", "--no-lan"]).lan is False
    assert parser.parse_args(["serve"]).lan is None


def test_browser_opens_for_demo_or_on_request() -> None:
    parser = cli.build_parser()
    opens = {
        words: parser.parse_args(words.split()).browser
        for words in ("serve", "serve --open", "serve --no-browser", "demo", "demo --no-browser")
    }
    assert opens == {"serve": False, "serve --open": True, "serve --no-browser": False, "demo": True,
                     "demo --no-browser": False}  # fmt: skip


def test_the_version(run: Run) -> None:
    assert run("--version")[1] == f"orderflow {__version__}\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("serve", "--port", "x"), "port = 'x' from flag --port is not allowed: it must be 0 to 65535"),
        (("serve", "--candle-interval", "7min"), "candle_interval = '7min' from flag --candle-interval is not allowed"),
        (("serve", "--candle-interval", "ticks:9"), "it must be a time frame"),
        (("serve", "--host", "192.0.2.1", "--port", "0", "--ephemeral"), "cannot listen on 192.0.2.1"),
        (("doctor", "--config", "missing.toml"), "cannot read missing.toml"),
        (("export", "X", "--data-dir", "nowhere"), "there is no tick log in nowhere"),
        (("export", "X", "--frame", "7min"), "7min"),
        (("export", "X", "--server", "http://127.0.0.1:1"), "cannot reach http://127.0.0.1:1"),
        (("export", "X", "--server", "nonsense"), "cannot reach nonsense"),
    ],
)
def test_errors_are_one_line_and_exit_code_1(words: tuple[str, ...], says: str, run: Run) -> None:
    code, _, errors = run(*words)
    assert code == 1
    assert len(errors.splitlines()) == 1, errors
    assert errors.startswith("orderflow: ")
    assert says in errors


def test_port_in_use_is_one_line_and_exit_code_1(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run("serve", "--ephemeral", "--port", str(port)) == (
            1,
            "",
            f"orderflow: port {port} is in use by another program; stop it, or choose another with --port (0: any free "
            "one)\n",
        )


@pytest.mark.parametrize("words", [("serve", "--prot", "1"), ("fly",), ("export",), ("export", "X", "--what", "news")])
def test_wrong_arguments_are_exit_code_2(words: tuple[str, ...], run: Run) -> None:
    assert run(*words)[0] == 2


@pytest.mark.parametrize(
    ("settings", "key", "url"),
    [
        ({}, None, "http://localhost:80/chart/"),
        ({"host": "127.0.0.1"}, "k", "http://localhost:80/chart/?key=k"),
        ({"host": "192.168.1.5"}, "k", "http://192.168.1.5:80/chart/?key=k"),
        ({"host": "0.0.0.0"}, "k", "http://localhost:80/chart/?key=k"),
        ({"lan": True}, "k", "http://localhost:80/chart/?key=k"),
        ({"host": "fe80::1"}, None, "http://[fe80::1]:80/chart/"),
    ],
)
def test_addresses(settings: dict[str, str], key: str | None, url: str) -> None:
    assert announcement.address(Settings.of(**settings), 80, key) == url


def test_start_prints_addresses_and_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    announcement.announce(Settings(ephemeral=True), 80, None, 0, lines.append)
    assert lines == [
        f"Orderflow {__version__} is ready",
        "  chart      http://localhost:80/chart/",
        "  herd       http://localhost:80/herd/",
        "  API        http://localhost:80/docs",
        "  ticks      kept in memory only (--ephemeral)",
        "Ctrl+C stops it.",
    ]
    monkeypatch.setattr("orderflow.web.herd.join_link.lan_address", lambda: "192.168.1.5")
    text = "\n".join(announced(Settings(lan=True, public_url="https://a.org"), loaded=1234567))
    assert "network    http://192.168.1.5:80/chart/?key=secret" in text
    assert "public     https://a.org/chart/?key=secret" in text
    assert "presenter  https://a.org/herd/?key=secret" in text
    assert "audience   https://a.org/j" in text
    assert "1,234,567 reloaded" in text


def announced(settings: Settings, loaded: int = 0, key: str = "secret") -> list[str]:
    """The lines printed at the start."""
    lines: list[str] = []
    announcement.announce(settings, 80, key, loaded, lines.append)
    return lines


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """terminal(encoding): standard output is a file of that encoding; the machine has an address in a network."""
    monkeypatch.setattr("orderflow.web.herd.join_link.lan_address", lambda: "192.168.1.5")
    return lambda encoding: monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding))


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({"lan": True}, "http://192.168.1.5:80/j"),
        ({"lan": True, "public_url": "https://a.org"}, "https://a.org/j"),
        ({"lan": True, "host": "10.0.0.7"}, "http://10.0.0.7:80/j"),
    ],
)
def test_the_one_code_of_a_lan_server_is_the_audiences_and_has_no_key(
    settings: dict[str, Any], url: str, terminal: Callable[[str], None]
) -> None:
    terminal("utf-8")
    lines = announced(Settings.of(**settings))
    code = [line for line in lines if set(line) <= set(" █▀▄") and line.strip()]
    assert modules_of_lines([line[2:] for line in code]) == modules_of(url)
    assert lines[lines.index(code[0]) - 1] == f"  audience   {url}, or scan:"
    assert f"  presenter  {url.removesuffix('/j')}/herd/?key=secret" in lines
    assert any("never show it on the big screen" in line for line in lines)
    for line in lines:
        assert "secret" not in line or line.split()[0] in ("chart", "herd", "network", "public", "presenter"), line


def test_a_code_is_printed_only_for_lan_and_only_where_blocks_can_be(terminal: Callable[[str], None]) -> None:
    terminal("utf-8")
    for settings in (Settings(host="0.0.0.0"), Settings(public_url="https://a.org"), Settings()):
        assert not any("█" in line for line in announced(settings))
    assert "  audience   http://192.168.1.5:80/j" in announced(Settings(host="0.0.0.0"))
    assert not any("audience" in line for line in announced(Settings()))
    terminal("ascii")
    lines = announced(Settings(lan=True))
    assert "  audience   http://192.168.1.5:80/j" in lines
    assert "".join(lines).isascii()


def test_without_a_network_a_lan_server_says_that_phones_cannot_join(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderflow.web.herd.join_link.lan_address", lambda: None)
    text = "\n".join(announced(Settings(lan=True)))
    assert "audience   phones cannot join: this machine has no address in a network" in text
    assert "presenter" not in text


def test_a_lan_server_prints_its_key_and_asks_for_it(launch: Callable[..., RunningServer]) -> None:
    server = launch("--ephemeral", "--lan", fresh=True)
    address = next(line for line in server.lines if "chart " in line)
    key = address.partition("?key=")[2]
    assert len(key) >= 20
    tick = b'{"timestamp":"2025-10-09T18:00:00Z","price":10.5,"size":1}'
    with pytest.raises(OSError, match="401"):
        server.post("/tick", tick)
    assert server.post("/tick", tick, Authorization=f"Bearer {key}")["accepted"] == 1


def test_the_demo_replays_the_sample(launch: Callable[..., RunningServer]) -> None:
    server = launch("--ephemeral", "--no-browser", "--velocity", "max", command="demo", fresh=True)
    for _ in range(200):
        if server.get("/stats")["ticks"] > 1000:
            return
    raise AssertionError(f"no ticks came: {server.get('/stats')} {server.errors}")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder filled by a server."""
    folder = tmp_path_factory.mktemp("data")
    server = start_server("--data-dir", str(folder), fresh=True)
    server.post("/ticks?symbol=X", ROWS, "text/csv")
    assert server.stop() == 0
    return folder


def test_export_from_the_log_and_from_a_server_are_the_same(
    filled: Path, launch: Callable[..., RunningServer], tmp_path: Path, run: Run
) -> None:
    texts = {}
    for what in ("bars", "footprint", "ticks"):
        code, text, errors = run("export", "X", "--what", what, "--data-dir", str(filled))
        assert (code, errors) == (0, "")
        texts[what] = text
    assert len(list(csv.DictReader(io.StringIO(texts["bars"])))) == 5
    assert len(texts["ticks"].splitlines()) == 301

    server = launch("--data-dir", str(filled), fresh=True)
    for what, text in texts.items():
        code, found, errors = run("export", "X", "--what", what, "--server", server.url)
        assert (code, found, errors) == (0, text, "")
    busy = run("export", "X", "--data-dir", str(filled))
    assert busy[0] == 1
    assert len(busy[2].splitlines()) == 1

    for suffix in ("json", "parquet", "arrow"):
        assert run("export", "X", "--out", f"a.{suffix}", "--server", server.url)[0] == 0
    assert server.stop() == 0
    for suffix in ("json", "parquet", "arrow"):
        assert run("export", "X", "--out", f"b.{suffix}", "--data-dir", str(filled))[0] == 0
    assert json.loads(Path("a.json").read_text()) == json.loads(Path("b.json").read_text())
    one, two = parquet.read_table("a.parquet"), parquet.read_table("b.parquet")
    assert one.equals(two)
    assert one.num_rows == 5
    assert ipc.open_stream(Path("a.arrow").read_bytes()).read_all().equals(one)
    assert not list(tmp_path.glob("*.part"))


def test_export_takes_a_span_and_a_frame(filled: Path, run: Run) -> None:
    span = ("--start", "2025-10-09T18:01", "--end", "2025-10-09T18:03", "--data-dir", str(filled))
    assert len(run("export", "X", *span)[1].splitlines()) == 3
    assert len(run("export", "X", "--frame", "5min", "--data-dir", str(filled))[1].splitlines()) == 2
    code, _, errors = run("export", "NQ", "--data-dir", str(filled))
    assert (code, errors) == (1, "orderflow: the log has no ticks of 'NQ'; it has: X\n")
    assert run("export", "X", "--start", "soon", "--data-dir", str(filled))[0] == 1


def test_the_replay_command_is_the_replay_client(run: Run) -> None:
    parser = cli.build_parser("replay")
    args = parser.parse_args(["replay", "ticks.csv", "-v", "max", "-s", "5"])
    assert isinstance(args, argparse.Namespace)
    assert (args.file, args.start_from) == (["ticks.csv"], 5)
    code, _, errors = run("replay", "missing.csv")
    assert code == 2
    assert "missing.csv" in errors


def test_doctor_shows_every_setting_with_its_source(tmp_path: Path) -> None:
    (tmp_path / "orderflow.toml").write_text("max_candles = 7\n[instruments.NQ]\ntick_size = 0.25\n")
    settings = load_settings({"port": 0}, {"HOST": "127.0.0.1", "ORDERFLOW_API_KEY": "correct-horse"})
    rows = {name: (value, source) for name, value, source in listed(settings)}
    assert set(rows) == {each.name for each in describe()} | {"instruments.NQ"}
    assert rows["port"] == ("0", "flag --port")
    assert rows["host"] == ("127.0.0.1", "environment HOST")
    assert rows["max_candles"] == ("7", "orderflow.toml max_candles")
    assert rows["refresh_ms"] == ("500", "default")
    assert rows["api_key"] == ("(13 characters)", "environment ORDERFLOW_API_KEY")
    assert rows["instruments.NQ"] == ("tick_size 0.25", "orderflow.toml instruments")


def test_doctor_reports_problems(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        (tmp_path / "file").write_text("")
        settings = Settings(port=taken.getsockname()[1], data_dir=tmp_path / "file" / "data", candle_interval="7min")
        wrong = [text for state, text in checks(settings) if state == "WRONG"]
    assert len(wrong) == 3
    lines: list[str] = []
    assert doctor(Settings(ephemeral=True, port=0), {"ORDERFLOW_PROT": "1"}, lines.append) == 0
    assert any("did you mean ORDERFLOW_PORT?" in line for line in lines)
    assert list(unknown_names({"ORDERFLOW_PORT": "1", "ORDERFLOW_REQUIRE_ALL": "1", "OTHER": "x"})) == []


def test_module_is_the_same_command() -> None:
    words = [sys.executable, "-m", "orderflow", "doctor", "--port", "0", "--ephemeral"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, env=environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert "flag --port" in done.stdout
    assert "WRONG" not in done.stdout
