from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orderflow.cli import main
from orderflow.doctor import checks
from orderflow.errors import BadInput, BadSetting, Conflict, NotFound
from orderflow.settings.settings import Settings
from orderflow.storage.lock import DirectoryLock
from orderflow.storage.records.address import Address, address_of
from orderflow.storage.records.command import current, run
from orderflow.storage.records.records import Records
from orderflow.storage.records.schema import NONE, versions
from orderflow.storage.records.ticker_store import StoredTicker, TickerStore

BTC = StoredTicker("BTC", "sim:BTC", "simulated", 1)
FIRST, NEWEST = versions()[0], versions()[-1]


@pytest.fixture
def stored(records: Records) -> Address:
    """Closed records with a ticker, of both kinds."""
    TickerStore(records).add(BTC)
    records.close()
    return records.address


def say(action: str, address: Address, version: str | None = None) -> str:
    said: list[str] = []
    assert run(action, address, version, said.append) == 0
    return said[0]


def test_the_schema_goes_down_and_up_and_keeps_the_rows(stored: Address, open_records: Callable[..., Records]) -> None:
    assert say("current", stored) == f"{stored}: schema {NEWEST}"
    assert say("downgrade", stored, FIRST) == f"{stored}: schema {FIRST} (the newest is {NEWEST})"
    assert say("upgrade", stored) == f"{stored}: schema {NEWEST}"
    assert TickerStore(open_records()).list() == (BTC,)


def test_down_to_base_drops_everything(stored: Address, open_records: Callable[..., Records]) -> None:
    say("downgrade", stored, NONE)
    assert current(stored) == NONE
    assert TickerStore(open_records()).list() == ()


def test_a_move_the_other_way_or_to_an_unknown_version_changes_nothing(stored: Address) -> None:
    with pytest.raises(BadInput, match=f"{FIRST} is not above the present {NEWEST}"):
        run("upgrade", stored, FIRST)
    with pytest.raises(BadInput, match="downgrade needs the version to go down to: base, "):
        run("downgrade", stored, None)
    with pytest.raises(BadSetting, match="there is no schema 'x'"):
        run("downgrade", stored, "x")
    assert current(stored) == NEWEST


def test_a_file_in_use_is_only_looked_at(file: Address, file_records: Records) -> None:
    assert file.folder is not None
    lock = DirectoryLock(file.folder / "ticks")
    try:
        assert current(file) == NEWEST
        with pytest.raises(Conflict, match="in use by process"):
            run("downgrade", file, FIRST)
    finally:
        lock.release()


def test_without_records_nothing_is_made(tmp_path: Path, file: Address) -> None:
    for action in ("current", "upgrade"):
        with pytest.raises(NotFound, match="the first start of a server makes them"):
            run(action, file, None)
    with pytest.raises(Conflict, match="--ephemeral"):
        run("upgrade", address_of(tmp_path, ephemeral=True), None)
    assert list(tmp_path.iterdir()) == []


def test_the_command_line_answers(stored: Address, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    given = ["--data-dir", str(stored.folder)]
    if stored.server:
        url = stored.url.set(drivername="postgresql").render_as_string(hide_password=False)
        given = ["--data-dir", str(tmp_path / "none"), "--database-url", url]
    assert main(["db", "current", *given]) == 0
    assert capsys.readouterr().out == f"{stored}: schema {NEWEST}\n"
    assert main(["db", "downgrade", *given]) == 1
    assert capsys.readouterr().err.startswith("orderflow: downgrade needs the version")


def test_doctor_shows_the_records_without_the_password(
    stored: Address, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if stored.server:
        url = stored.url.set(drivername="postgresql", password="s3cret").render_as_string(hide_password=False)
        settings = Settings.of(data_dir=tmp_path / "none", database_url=url, port=0)
    else:
        settings = Settings.of(data_dir=stored.folder, port=0)
    found = [(state, text) for state, text in checks(settings) if text.startswith("records ")]
    assert found == [
        ("ok", f"records {address_of(tmp_path, database_url=url) if stored.server else stored}, schema {NEWEST}")
    ]
    assert "s3cret" not in found[0][1]
    if stored.server:
        assert main(["doctor", "--port", "0", "--database-url", url, "--data-dir", str(tmp_path / "none")]) == 0
        assert "s3cret" not in capsys.readouterr().out


def test_doctor_says_what_is_wrong_with_the_address(tmp_path: Path) -> None:
    unreachable = f"postgresql://ann:s3cret@/x?host={tmp_path}&port=1"
    for url, words in (("mysql://x/y", "must begin with"), (unreachable, "the database server cannot be reached")):
        texts = [text for state, text in checks(Settings.of(database_url=url, port=0)) if state == "WRONG"]
        assert len(texts) == 1
        assert words in texts[0]
        assert "s3cret" not in texts[0]
