"""What a user can say about a file: the same on the command line, in a notebook, in a request and in orderflow.toml."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from orderflow.cli import main
from orderflow.errors import BadInput
from orderflow.formats import ReadOptions, names, open_ticks, parse_body
from orderflow.formats.examples import EXAMPLES
from orderflow.replay.cli import main as replay
from tests.formats.suite import T, read, tick, ticks_of

TEXT = "When;Px;Lots;Dir\n03/04/2024 10:00:00;1234500;2;L\n03/04/2024 10:00:01;1234600;3;K\n"
SAID = {
    "columns": "time=When,price=Px,size=Lots,side=Dir",
    "date_order": "dmy",
    "price_scale": "10000",
    "side_words": "buy=L sell=K",
}
WANTED = [
    tick("2024-04-03T10:00:00", "123.45", "2", "buy", "flag"),
    tick("2024-04-03T10:00:01", "123.46", "3", "sell", "flag"),
]


def plain(ticks: list[T]) -> list[tuple[object, ...]]:
    return [one[:5] for one in ticks]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "odd.csv"
    path.write_text(TEXT)
    return path


def test_a_file_a_body_and_a_request_take_the_same_options(file: Path, client: FlaskClient) -> None:
    _, chunks = read(file, **SAID)
    assert plain(ticks_of(*chunks)) == plain(WANTED)
    parsed = parse_body(TEXT.encode(), "text/csv", options=ReadOptions.of(**SAID))
    assert plain(ticks_of(parsed)) == plain(WANTED)
    answer = client.post("/ticks", query_string={"symbol": "X", **SAID}, data=TEXT, content_type="text/csv")
    assert answer.get_json() == {"accepted": 2, "revision": 1}
    assert client.get("/api/v1/bars/X?frame=1h").get_json()["bars"][0]["close"] == 123.46
    wrong = client.post("/ticks?date_order=ydm", data=TEXT, content_type="text/csv")
    assert wrong.status_code == 400
    assert "date_order: 'ydm' is none of ymd, mdy, dmy" in wrong.get_json()["detail"]
    refused = client.post("/ticks?columns=price=p", json={"timestamp": 1760032800, "price": 1, "size": 1})
    assert (refused.status_code, "no column 'p'" in refused.get_json()["detail"]) == (400, True)


def test_a_block_of_orderflow_toml_is_a_format(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "\n".join(f'{name} = "{value}"' for name, value in SAID.items())
    Path("orderflow.toml").write_text(f"[formats.mine]\n{rows}\n")
    assert replay([str(file), "--dry-run", "--format", "mine"]) == 0
    assert "2024-04-03 10:00:00, 123.45, 2, buy (flag)" in capsys.readouterr().out
    assert replay([str(file), "--dry-run", "--format", "theirs"]) == 2
    assert "known are mine, timesales" in capsys.readouterr().err
    assert main(["formats"]) == 0
    assert capsys.readouterr().out.startswith("mine: a format of orderflow.toml\n  columns = time=When,price=Px")


def test_every_format_is_listed_with_an_example(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert EXAMPLES.keys() == set(names())
    assert main(["formats"]) == 0
    told = capsys.readouterr().out
    assert all(f"{name}: " in told and EXAMPLES[name][-1] in told for name in names())


def test_the_dry_run_prints_options_that_read_the_file_again(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("Day;Time;Last;Qty;Side\n13/04/2024;10:00:00;1,5;2;1\n13/04/2024;10:00:01;1,25;3;2\n")
    assert replay([str(file), "--dry-run"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert "assumed     Side: 1 is a buy and 2 a sell" in told
    assert "  2024-04-13 10:00:00, 1.5, 2, buy (flag)" in told
    (options,) = [line.split(maxsplit=1)[1] for line in told if line.startswith("options ")]
    assert "--date-order dmy" in options
    assert replay([str(file), "--dry-run", *shlex.split(options)]) == 0
    again = capsys.readouterr().out.splitlines()
    rows = [line for line in told if line.startswith("  20")]
    assert [line for line in again if line.startswith("  20")] == rows
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": "time"}, "columns: 'time' is not like time=timestamp"),
        ({"columns": "when=1"}, "'when' is no role"),
        ({"columns": "time=nowhere"}, "there is no column 'nowhere'; found columns When"),
        ({"price_scale": "300"}, "is not a power of ten"),
        ({"side_words": "up=1"}, "'up' is no side"),
        ({"time_unit": "weeks"}, "'weeks' is none of s, ms, us, ns"),
        ({"max_bad": "2"}, "is not a share"),
        ({"colums": "time=1"}, "there is no such option"),
    ],
)
def test_options_that_are_not_understood_are_named(options: dict[str, str], message: str, file: Path) -> None:
    with pytest.raises(BadInput) as error:
        open_ticks(file, **options)
    assert message in str(error.value)


@pytest.mark.parametrize("pattern", ["%d%d", "%c%d", "%Y%", "%Q", "x" * 101 + "%Y", "%j%d%m%H%I%M%S%f%y%U%W"])
def test_a_time_format_that_no_time_can_have_is_refused_at_once(pattern: str, client: FlaskClient) -> None:
    query = {"symbol": "T", "time_format": pattern}
    refused = client.post("/ticks", query_string=query, data="timestamp,price,size\n1,2,3\n", content_type="text/csv")
    assert (refused.status_code, [each["loc"][-1] for each in refused.get_json()["errors"]]) == (400, ["time_format"])


def test_a_time_format_of_all_parts_of_a_time_is_taken() -> None:
    body = b"timestamp,price,size\nThu 09 Oct 2025 06:00:00.5 PM +0000 100%,2,3\n"
    options = ReadOptions.of(time_format="%a %d %b %Y %I:%M:%S.%f %p %z 100%%")
    (found,) = ticks_of(parse_body(body, "text/csv", options=options))
    assert found.time.startswith("2025-10-09T18:00:00.5")
