from __future__ import annotations

import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, insert, select

from orderflow.errors import Conflict, StorageFailed
from orderflow.runtime.workers import Workers
from orderflow.storage.records.address import Address, address_of
from orderflow.storage.records.models import TICKERS
from orderflow.storage.records.records import Records

ROW = {"series": "sim:BTC", "feed": "simulated", "position": 0, "added": 1}


def add(name: str) -> Callable[[Connection], None]:
    return lambda connection: connection.execute(insert(TICKERS).values(name=name, **ROW)) and None


def names(connection: Connection) -> list[str]:
    return list(connection.scalars(select(TICKERS.c.name).order_by(TICKERS.c.name)))


def test_what_is_written_is_read_and_is_there_after_a_restart(
    records: Records, open_records: Callable[..., Records]
) -> None:
    records.write(add("BTC"))
    assert records.read(names) == ["BTC"]
    records.close()
    assert open_records().read(names) == ["BTC"]


def test_a_failed_write_leaves_nothing(records: Records) -> None:
    def fail(connection: Connection) -> None:
        add("ETH")(connection)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        records.write(fail)
    assert records.read(names) == []


def test_a_row_that_exists_is_a_conflict(records: Records) -> None:
    records.write(add("BTC"))
    with pytest.raises(Conflict, match="exists already"):
        records.write(add("BTC"))
    assert records.read(names) == ["BTC"]


def test_reads_run_in_the_pool_and_writes_in_the_writer(records: Records, workers: Workers) -> None:
    here = threading.get_ident()
    assert records.read(lambda connection: threading.get_ident()) != here
    assert records.write(lambda connection: workers.in_writer())
    assert workers.run(lambda: records.read(lambda connection: threading.get_ident()) == threading.get_ident())


def test_a_read_sees_one_state_while_another_thread_writes(records: Records) -> None:
    def before_and_after(connection: Connection) -> list[int]:
        count = select(func.count()).select_from(TICKERS)
        first = connection.scalar(count)
        writer = threading.Thread(target=records.write, args=(add("BTC"),))
        writer.start()
        writer.join(30.0)
        return [first, connection.scalar(count)]

    assert records.read(before_and_after) == [0, 0]
    assert records.read(names) == ["BTC"]


def test_a_call_inside_a_write_is_refused_at_once(records: Records) -> None:
    with pytest.raises(RuntimeError, match="the connection that is given"):
        records.write(lambda connection: records.write(names))


def test_in_memory_there_is_no_file(tmp_path: Path, open_records: Callable[..., Records]) -> None:
    records = open_records(address_of(tmp_path / "data", ephemeral=True))
    records.write(add("BTC"))
    assert records.read(names) == ["BTC"]
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_its_owners_alone(file_records: Records, file: Address) -> None:
    assert file.folder is not None
    file_records.write(add("BTC"))
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.folder.iterdir()}
    assert found == dict.fromkeys(("records.db", "records.db-wal", "records.db-shm", "records.db-acknowledged"), 0o600)


def test_after_the_end_calls_are_refused(records: Records) -> None:
    records.close()
    with pytest.raises(StorageFailed, match="not open"):
        records.read(names)
    with pytest.raises(StorageFailed, match="not open"):
        records.write(names)


def test_a_read_cannot_write(records: Records) -> None:
    with pytest.raises(StorageFailed, match="read-only"):
        records.read(add("BTC"))
    assert records.read(names) == []


def test_a_log_that_sqlite_has_just_cut_refuses_no_read(file_records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite cuts a log of more than 8 MB in a commit, and for a moment it looks as if somebody else had."""
    file_records.write(add("BTC"))
    assert file_records._file is not None
    looks = iter([True])
    monkeypatch.setattr(file_records._file, "gone", lambda: next(looks, False))
    assert file_records.read(names) == ["BTC"]
    assert next(looks, None) is None
