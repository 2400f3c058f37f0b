"""Klines written into SQLite and, where its programs are installed, PostgreSQL; beside it SQLAlchemy's ORM."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from _common import Row, at_least, median, number
from _workspace_klines import KEY, START, klines, opened
from sqlalchemy import BigInteger, create_engine, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import NullPool

from orderflow.market.kline_columns import COLUMNS, KlineColumns
from orderflow.storage.records.address import Address, address_of, file_address

ROWS, ORM_ROWS, ROUNDS = 500_000, 50_000, 3
RATE = 250_000.0


class _Base(DeclarativeBase):
    pass


class _Row(_Base):
    """What the peer inserts: an object for each kline."""

    __tablename__ = "klines_of_the_peer"
    time: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    open: Mapped[int] = mapped_column(BigInteger)
    high: Mapped[int] = mapped_column(BigInteger)
    low: Mapped[int] = mapped_column(BigInteger)
    close: Mapped[int] = mapped_column(BigInteger)
    volume: Mapped[int] = mapped_column(BigInteger)
    trades: Mapped[int] = mapped_column(BigInteger)
    taker_buy_volume: Mapped[int] = mapped_column(BigInteger)
    closed: Mapped[bool]


def run(quick: bool) -> Sequence[Row]:
    """All databases that there are."""
    rows, orm = (5_000, 2_000) if quick else (ROWS, ORM_ROWS)
    with tempfile.TemporaryDirectory() as name:
        found = _measure("SQLite", file_address(Path(name) / "data"), rows, orm)
    with _postgresql() as address:
        found += [Row("PostgreSQL", "not installed")] if address is None else _measure("PostgreSQL", address, rows, orm)
    return found


def _measure(name: str, address: Address, count: int, orm: int) -> list[Row]:
    given = klines(count)
    new, again, replaced, own = [], [], [], []
    with opened(address) as (store, _):
        for number_of in range(ROUNDS):
            series = store.ensure(KEY, "bench")
            processor = time.process_time()
            new.append(count / _seconds(lambda s=series: store.upsert(s.id, given)))  # type: ignore[misc]
            own.append(count / (time.process_time() - processor))
            again.append(count / _seconds(lambda s=series: store.upsert(s.id, given)))  # type: ignore[misc]
            other = klines(count, seed=number_of)
            replaced.append(count / _seconds(lambda o=other: store.replace(KEY, [o], "bench")))  # type: ignore[misc]
            if store.get(series.id).rows != count:
                raise RuntimeError("not all klines are stored")
            store.delete(series.id)
    objects = median([orm / _with_orm(address, klines(orm, first=START + at)) for at in range(ROUNDS)])
    rate = f"{name}: new klines a second of this process's processor time"
    return [
        # the work for PostgreSQL is done by its server
        Row(rate, f"{number(median(own))} rows/s") if address.server else at_least(rate, median(own), RATE, "rows/s"),
        Row(f"{name}: new klines a second", f"{number(median(new))} rows/s"),
        Row(f"{name}: klines over known ones a second", f"{number(median(again))} rows/s"),
        Row(f"{name}: a series replaced", f"{number(median(replaced))} rows/s"),
        Row(f"{name}: an object a row, by the ORM", f"{number(objects)} rows/s"),
        at_least(f"{name}: new klines against the ORM", median(new) / objects, 10.0, "times"),
        at_least(f"{name}: klines over known ones against the ORM", median(again) / objects, 8.0, "times"),
    ]


def _seconds(fn: Callable[[], object]) -> float:
    begun = time.perf_counter()
    fn()
    return time.perf_counter() - begun


def _with_orm(address: Address, given: KlineColumns) -> float:
    engine = create_engine(address.url, poolclass=NullPool)
    _Base.metadata.create_all(engine)
    begun = time.perf_counter()
    with Session(engine) as session:
        for piece in given.pieces(1_000):
            values = zip(*(getattr(piece, name).tolist() for name in COLUMNS), strict=True)
            session.add_all(_Row(**dict(zip(COLUMNS, row, strict=True))) for row in values)
            session.commit()
    seconds = time.perf_counter() - begun
    with engine.begin() as connection:
        connection.execute(text(f"DROP TABLE {_Row.__tablename__}"))
    engine.dispose()
    return seconds


@contextlib.contextmanager
def _postgresql() -> Iterator[Address | None]:
    """An empty server of its own; None where it is not installed, or this is root without a user for it."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="orderflow-bench."))
    try:
        with _server(folders[-1], folder):
            url = f"postgresql://orderflow@/postgres?host={folder}"
            yield address_of(folder, database_url=url)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _server(programs: Path, folder: Path) -> Iterator[None]:
    user = "postgres" if os.geteuid() == 0 else None
    if user is not None:
        shutil.chown(folder, user)

    def call(program: str, *args: str) -> None:
        command = [str(programs / program), "-D", str(folder / "db"), *args]
        subprocess.run(command, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=120)

    call("initdb", "-U", "orderflow", "-A", "trust", "-E", "UTF8", "--locale=C")
    call("pg_ctl", "-s", "-w", "-l", str(folder / "log"), "-o", f"-c listen_addresses='' -k {folder}", "start")
    try:
        yield
    finally:
        call("pg_ctl", "-s", "-w", "-m", "immediate", "stop")
