"""Files of ticks that wait to be loaded, over HTTP: the report is the dry run's, and nothing stays on the disk."""

from __future__ import annotations

import argparse
import inspect
import json
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from orderflow.formats import open_ticks
from orderflow.formats.options import FILE_OPTIONS, OPTIONS
from orderflow.replay.cli import add_arguments, main
from orderflow.services import Services, build_services
from orderflow.settings.settings import Settings
from orderflow.web.app import create_server
from orderflow.web.workspace.chart_files_api import READING
from orderflow.workspace.uploads import spool as spools
from orderflow.workspace.uploads.chart_files import ChartFiles
from tests.conftest import ROOT

CASES = Path(__file__).parents[2] / "formats" / "cases"
NAMES = sorted(folder.name for folder in CASES.iterdir() if folder.is_dir())
BASE = "/data/chart-files"
ROWS = "timestamp,price,size\n1760032800,100,1\n1760032801,101,2\n"


@pytest.fixture(scope="module")
def shared() -> Iterator[FlaskClient]:
    """A client of one server for this module."""
    services = build_services(Settings.of(ephemeral=True, ticker_count=0, feeds=()))
    services.start()
    yield create_server(services).test_client()
    services.stop()


def send(client: FlaskClient, data: bytes | str, filename: str = "x.csv") -> str:
    """Send a file; its id."""
    answer = client.post(BASE, query_string={"filename": filename}, data=data)
    assert answer.status_code == 201, answer.text
    assert answer.json["filename"] == filename
    return str(answer.json["file"])


def report(client: FlaskClient, *files: str, **options: Any) -> dict[str, Any]:
    """The report of files."""
    answer = client.post(f"{BASE}/report", query_string={"files": ",".join(files), **options})
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def dry_run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    """(exit code, output, errors) of the command line."""
    code = main([*map(str, args), "--dry-run"])
    told = capsys.readouterr()
    return code, told.out, told.err


def case(name: str) -> Path:
    return CASES / name / str(json.loads((CASES / name / "expected.json").read_text())["file"])


@pytest.mark.parametrize("name", NAMES)
def test_the_report_is_the_dry_run_of_the_command_line(
    shared: FlaskClient, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = case(name)
    found = report(shared, send(shared, file.read_bytes(), file.name))
    code, out, err = dry_run(capsys, file)
    assert found["loadable"] == (code == 0)
    if found["refused"]:
        assert (found["ticks"], found["lines"]) == (0, [])
        assert err == "orderflow-replay: " + "\n  ".join([found["refused"], *found["refused_rows"]]) + "\n"
    else:
        assert "\n".join(found["lines"]) + "\n" == out
        assert err == (f"orderflow-replay: {found['bad']}\n" if found["bad"] else "")
        assert found["ticks"] == sum(symbol["ticks"] for symbol in found["symbols"])


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("dmy_headerless", "--date-order dmy"),
        ("sierra_scid_us", "--time-unit us1899"),
        ("headerless_bars_as_kibot", "--format kibot"),
        ("eth_wei_size", "--max-bad 1"),
        ("side_1_2", "--side-words 'buy=2 sell=1' --tz Europe/Madrid"),
        ("cumulative_vnpy", "--columns size=volume,side= --symbol RB"),
        ("box_days_zip", "--member 2.csv"),
    ],
)
def test_an_option_answers_as_on_the_command_line(
    shared: FlaskClient, name: str, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file, words = case(name), shlex.split(option)
    options = {flag.removeprefix("--").replace("-", "_"): text for flag, text in zip(*[iter(words)] * 2, strict=True)}
    found = report(shared, send(shared, file.read_bytes(), file.name), **options)
    code, out, err = dry_run(capsys, file, *words)
    assert found["loadable"] == (code == 0)
    assert "".join(f"{line}\n" for line in found["lines"]) == out
    assert (found["refused"] or found["bad"]) == err.removeprefix("orderflow-replay: ").strip()


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("dmy_headerless", "date_order"),
        ("excel_scientific", "time_unit"),
        ("headerless_quotes_as_kraken", "format"),
        ("eth_wei_size", "max_bad"),
    ],
)
def test_a_question_names_the_option_that_answers_it(shared: FlaskClient, name: str, asked: str) -> None:
    file = case(name)
    found = report(shared, send(shared, file.read_bytes(), file.name))
    assert asked in found["questions"][0]["options"]
    assert found["questions"][0]["text"] == (found["refused"] or found["bad"])
    assert found["columns"][0]["cells"]


def test_columns_have_their_roles_also_where_the_file_is_refused(shared: FlaskClient) -> None:
    rows = "".join(f"{1760032800 + n},{100 + n},7,{n % 3}\n" for n in range(30))
    found = report(shared, send(shared, "when;what;much;other\n".replace(";", ",") + rows))
    assert found["refused"]
    assert found["questions"][0]["options"][0] == "columns"
    assert [column["name"] for column in found["columns"]] == ["when", "what", "much", "other"]
    file = send(shared, "when,what,much,other\n" + rows)
    found = report(shared, file, columns="time=when,price=what,size=other")
    assert [column["role"] for column in found["columns"]] == ["time", "price", "", "size"]
    assert found["recognised"] == "its columns were named"


def test_files_are_read_one_after_the_other(
    shared: FlaskClient, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    texts = {"XYZ-2025-10-09.csv": ROWS, "XYZ-2025-10-10.csv": ROWS.replace("17600328", "17601192")}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    found = report(shared, *(send(shared, text, name) for name, text in texts.items()))
    assert "\n".join(found["lines"]) + "\n" == dry_run(capsys, *(tmp_path / name for name in texts))[1]
    assert [symbol["name"] for symbol in found["symbols"]] == ["XYZ"]


def test_prints_outside_the_quote_are_counted(shared: FlaskClient) -> None:
    quoted = "timestamp,price,size,bid,ask\n"
    quoted += "".join(f"{1760032800 + n},{100 + n % 4},1,101,102\n" for n in range(40))
    assert report(shared, send(shared, quoted))["counts"]["outside the quote of their row"] == 20
    odd = quoted + "1760032900,99,1,101,102,,,\n1760032901,101.5,1,,102\n1760032902,99,1,102,101\n"  # by rows
    assert report(shared, send(shared, odd))["counts"]["outside the quote of their row"] == 21


def test_the_options_are_those_of_the_command_line_and_of_its_guide() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    flags = {action.dest: action.option_strings for action in parser._actions}
    guide = (ROOT / "docs" / "guide" / "replay.md").read_text("utf-8")
    assert tuple(READING) == FILE_OPTIONS
    for name in FILE_OPTIONS:
        assert flags[name] == [f"--{name.replace('_', '-')}"]
        assert flags[name][0] in guide
    others = {"path", "chunk_rows", "skip_rows", "formats", "most", "options"}
    taken = inspect.signature(open_ticks).parameters.keys() - others
    assert {*taken, *OPTIONS} == set(FILE_OPTIONS)


def test_what_is_wrong_is_said(shared: FlaskClient) -> None:
    assert shared.post(BASE, query_string={"filename": "x.csv"}, data=b"").status_code == 422
    assert shared.post(f"{BASE}/report", query_string={"files": "nothing"}).status_code == 404
    assert shared.post(f"{BASE}/report").status_code == 422
    file = send(shared, ROWS)
    answer = shared.post(f"{BASE}/report", query_string={"files": file, "date_order": "dd"})
    assert (answer.status_code, answer.json["detail"].startswith("date_order: ")) == (422, True)
    assert shared.delete(f"{BASE}/{file}").status_code == 204
    assert shared.delete(f"{BASE}/{file}").status_code == 404


def test_the_key_is_needed(make_services: Callable[..., Services]) -> None:
    client = create_server(make_services(api_key="a-long-key-that-nobody-guesses")).test_client()
    bearer = {"Authorization": "Bearer a-long-key-that-nobody-guesses"}
    assert client.post(BASE, data=ROWS).status_code == 401
    file = client.post(BASE, data=ROWS, headers=bearer).json["file"]
    assert client.post(f"{BASE}/report", query_string={"files": file}).status_code == 401
    assert client.delete(f"{BASE}/{file}").status_code == 401
    assert client.post(f"{BASE}/report", query_string={"files": file}, headers=bearer).status_code == 200


class TestDisk:
    """What is on the disk, and for how long."""

    @pytest.fixture
    def stored(self, make_services: Callable[..., Services], tmp_path: Path) -> Services:
        return make_services(ephemeral=False, data_dir=tmp_path, upload_max=1024)

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path / "chart-files"

    def test_a_file_that_stops_in_the_middle_leaves_nothing(self, stored: Services, folder: Path) -> None:
        client = create_server(stored).test_client()

        assert client.post(BASE, data=ROWS, environ_overrides={"CONTENT_LENGTH": "500"}).status_code == 422
        assert list(folder.iterdir()) == []
        assert send(client, ROWS)

    def test_the_quota_holds_and_the_oldest_files_make_room(self, stored: Services, folder: Path) -> None:
        client = create_server(stored).test_client()
        files = [send(client, "timestamp,price,size\n" + f"17600328{n:02},100,1\n" * 50) for n in range(5)]
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        assert size <= 4 * 1024
        assert client.delete(f"{BASE}/{files[0]}").status_code == 404
        assert client.delete(f"{BASE}/{files[4]}").status_code == 204
        assert client.post(BASE, data=b"x" * 1025).status_code == 413

    def test_files_that_are_in_use_stay_and_the_next_is_refused(self, stored: Services) -> None:
        client, files = create_server(stored).test_client(), stored.part(ChartFiles)
        ids = [send(client, "timestamp,price,size\n" + f"17600328{n:02},100,1\n" * 50) for n in range(4)]
        with files.spool.using(files.files(ids)):
            answer = client.post(BASE, data=ROWS * 15)
            assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)
            assert all(held.path.is_file() for held in files.files(ids))
        assert client.post(BASE, data=ROWS * 15).status_code == 201

    def test_a_file_gets_old_and_is_removed(
        self, stored: Services, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = create_server(stored).test_client()
        file = send(client, ROWS)
        assert client.post(f"{BASE}/report", query_string={"files": file}).status_code == 200
        monkeypatch.setattr(spools, "SECONDS", -1.0)
        assert client.post(f"{BASE}/report", query_string={"files": file}).status_code == 404
        assert list(folder.iterdir()) == []

    def test_the_next_start_removes_what_a_killed_server_left(self, tmp_path: Path, folder: Path) -> None:
        left = folder / ("0123" * 8) / "x.csv"
        left.parent.mkdir(parents=True)
        left.write_text(ROWS)
        services = build_services(Settings.of(ephemeral=False, data_dir=tmp_path, ticker_count=0, feeds=()))
        services.start()
        assert not folder.exists()
        services.stop()
