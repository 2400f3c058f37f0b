"""Files on the chart: what is loaded is what the client would send, once, whatever happens meanwhile."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from orderflow.errors import BadInput, Busy, Conflict, NotFound, StorageFailed
from orderflow.market.market import Market
from orderflow.services import Services, build_services
from orderflow.settings.settings import Settings
from orderflow.web.app import create_server
from orderflow.workspace.uploads import load_ticks as loading
from orderflow.workspace.uploads.chart_files import ChartFiles, Job
from tests.formats.test_cases import COLUMNS, NAMES, case, wanted_bars

START = 1_760_032_800
PIECE = 10
ROWS = 95


def trades(rows: int = ROWS, step: int = 1) -> str:
    """Trades without ids, some of them alike."""
    lines = [f"{START + n // 2 * step},{100 + n // 3 % 7},{1 + n // 4}" for n in range(rows)]
    return "\n".join(["timestamp,price,size", *lines, ""])


@pytest.fixture
def files(services: Services) -> ChartFiles:
    return services.part(ChartFiles)


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are loaded a few rows at a time."""
    monkeypatch.setattr(loading, "CHUNK_ROWS", PIECE)


def put(files: ChartFiles, text: str | bytes, name: str = "x.csv") -> str:
    """A file that waits; its id."""
    with files.begin() as incoming:
        incoming.write(text if isinstance(text, bytes) else text.encode())
        return incoming.keep(name).id


def ended(job: Job) -> Job:
    """The job, when it has ended."""
    give_up = time.monotonic() + 60
    while job.state == "running":
        assert time.monotonic() < give_up
        time.sleep(0.005)
    return job


def reported(files: ChartFiles, *ids: str, **options: Any) -> Job:
    """The report of files."""
    return ended(files.start_report(ids, options))


def loaded(files: ChartFiles, *ids: str, **options: Any) -> Job:
    """The load of files, when it has ended."""
    return ended(files.start_load(reported(files, *ids, **options).id))


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[ChartFiles, FlaskClient]]:
    """The files and a client of one server for all cases."""
    services = build_services(Settings.of(ephemeral=True, ticker_count=0, feeds=()))
    services.start()
    yield services.part(ChartFiles), create_server(services).test_client()
    services.stop()


@pytest.mark.parametrize("name", NAMES)
def test_each_case_is_loaded_right_or_not_at_all(shared: tuple[ChartFiles, FlaskClient], name: str) -> None:
    files, client = shared
    file, wanted = case(name)
    job = reported(files, put(files, file.read_bytes(), file.name), symbol=f"case-{name}")
    assert (job.state, job.error) == ("done", "")
    assert job.report is not None
    if wanted["want"] != "these bars":
        assert job.report.loadable == (wanted["want"] == "refuse or warn" and bool(job.report.warnings))
        if not job.report.loadable:
            with pytest.raises(BadInput, match="cannot be loaded"):
                files.start_load(job.id)
        return
    load = ended(files.start_load(job.id))
    assert (load.state, load.error, load.share) == ("done", "", 1.0)
    assert load.loaded.accepted + load.loaded.duplicates == job.report.ticks
    text = client.get(f"/api/v1/bars/case-{name}?format=csv").text
    bars = [
        (row["time"], [float(Decimal(row[column])) for column in COLUMNS]) for row in csv.DictReader(io.StringIO(text))
    ]
    assert bars == wanted_bars(wanted)


def test_a_loaded_file_is_gone_and_its_span_is_told(files: ChartFiles) -> None:
    file = put(files, trades())
    job = loaded(files, file)
    assert job.loaded.spans == {"x": (START * 10**9, (START + 47) * 10**9)}
    with pytest.raises(NotFound):
        files.files([file])


def test_a_second_click_after_the_end_is_the_same_load(files: ChartFiles) -> None:
    report = reported(files, put(files, trades()))
    load = ended(files.start_load(report.id))
    assert files.start_load(report.id) is load
    assert files.start_load(load.id) is load


def test_bad_rows_are_counted_once(services: Services, files: ChartFiles) -> None:
    for _ in range(2):
        assert loaded(files, put(files, trades() + "x,1,1\n")).loaded.bad_rows == 1
    assert (services.market.stats("x")["rejected"], services.market.rejected_total) == (1, 1)


def test_what_the_report_allows_is_loaded_wherever_its_bad_rows_are(files: ChartFiles) -> None:
    head, *rest = trades(13_000).splitlines()
    rows = [f"x{row}" if number < 9_000 and number % 15 == 0 else row for number, row in enumerate(rest)]
    job = reported(files, put(files, "\n".join([head, *rows, ""])))
    assert job.report is not None
    assert (job.report.bad_rows, job.report.loadable) == (600, True)
    load = ended(files.start_load(job.id))
    assert (load.state, load.error, load.loaded.accepted, load.loaded.bad_rows) == ("done", "", 12_400, 600)


def test_prices_below_zero_are_allowed_from_then_on(services: Services, files: ChartFiles) -> None:
    text = "timestamp,price,size\n" + "".join(f"{START + n},{2 - n},1\n" for n in range(6))
    assert loaded(files, put(files, text, "spread.csv")).loaded.accepted == 6
    assert services.market.settings_of("spread")["negative_prices"] == "yes"


@pytest.mark.usefixtures("pieces")
class TestOnce:
    """Nothing is lost, and nothing is taken twice."""

    def test_the_same_file_again_is_known(self, services: Services, files: ChartFiles) -> None:
        assert loaded(files, put(files, trades())).loaded.accepted == ROWS
        again = loaded(files, put(files, trades()))
        assert (again.state, again.loaded.accepted, again.loaded.known) == ("done", 0, ROWS)
        assert services.market.stats("x")["ticks"] == ROWS

    def test_after_a_reset_it_is_loaded_again(self, services: Services, files: ChartFiles) -> None:
        loaded(files, put(files, trades()))
        services.market.reset("x")
        again = loaded(files, put(files, trades()))
        assert (again.loaded.accepted, services.market.stats("x")["ticks"]) == (ROWS, ROWS)
        assert loaded(files, put(files, trades())).loaded.accepted == 0

    @pytest.mark.parametrize("after", [0, 3, 9])
    def test_what_a_full_disk_stopped_goes_on(
        self, services: Services, files: ChartFiles, after: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ingest, calls = Market.ingest, 0

        def failing(market: Market, *args: Any, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == after + 1:
                raise StorageFailed("the disk is full")
            return ingest(market, *args, **options)

        monkeypatch.setattr(Market, "ingest", failing)
        report = reported(files, put(files, trades()))
        first = ended(files.start_load(report.id))
        assert (first.state, first.error, first.loaded.accepted) == ("failed", "the disk is full", after * PIECE)
        second = ended(files.start_load(first.id))  # the file still waits
        assert (second.state, second.loaded.known) == ("done", after * PIECE)
        assert services.market.stats("x")["ticks"] == ROWS

    def test_what_a_restart_stopped_goes_on(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        ingest, taken = Market.ingest, 0

        def dying(market: Market, *args: Any, **options: Any) -> Any:
            nonlocal taken
            taken += 1
            if taken == 5:
                raise StorageFailed("the server ends here")
            return ingest(market, *args, **options)

        monkeypatch.setattr(Market, "ingest", dying)
        settings = Settings.of(ephemeral=False, data_dir=tmp_path, ticker_count=0, feeds=())
        known = []
        for _ in range(2):
            services = build_services(settings)
            services.start()
            files = services.part(ChartFiles)
            known.append(loaded(files, put(files, trades())).loaded.known)
            ticks = services.market.stats("x")["ticks"]
            services.stop()
        assert (known, ticks) == ([0, 4 * PIECE], ROWS)

    def test_a_busy_server_is_waited_for(
        self, services: Services, files: ChartFiles, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ingest, busy = Market.ingest, [Busy("full", 0)] * 5

        def slow(market: Market, *args: Any, **options: Any) -> Any:
            if busy:
                raise busy.pop()
            return ingest(market, *args, **options)

        monkeypatch.setattr(Market, "ingest", slow)
        assert loaded(files, put(files, trades())).loaded.accepted == ROWS
        assert (busy, services.market.stats("x")["ticks"]) == ([], ROWS)

    def test_a_second_click_is_the_same_load_and_a_stop_keeps_what_was_taken(
        self, services: Services, files: ChartFiles, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ingest, taken, go = Market.ingest, services.workers.event(), services.workers.event()

        def held(market: Market, *args: Any, **options: Any) -> Any:
            receipt = ingest(market, *args, **options)
            taken.set()
            assert go.wait(60)
            return receipt

        monkeypatch.setattr(Market, "ingest", held)
        file = put(files, trades())
        report = reported(files, file)
        first = files.start_load(report.id)
        assert taken.wait(60)
        assert files.start_load(report.id) is first
        with pytest.raises(Conflict, match="being loaded"):
            files.start_report([file], {})
        files.drop([file])
        go.set()
        assert (ended(first).state, first.loaded.accepted) == ("stopped", PIECE)
        assert services.market.stats("x")["ticks"] == PIECE
        with pytest.raises(NotFound):
            files.files([file])
        assert not first.files[0].path.exists()


def test_another_option_stops_the_report_that_is_being_made(
    services: Services, files: ChartFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, begun, go = Job.watch, services.workers.event(), services.workers.event()

    def slow(job: Job, share: float) -> None:
        if not job.options:
            begun.set()
            assert go.wait(60)
        watch(job, share)

    monkeypatch.setattr(Job, "watch", slow)
    file = put(files, trades())
    first = files.start_report([file], {})
    assert begun.wait(60)
    second = ended(files.start_report([file], {"symbol": "Y"}))
    go.set()
    assert (ended(first).state, second.state) == ("stopped", "done")
    assert second.report is not None
    assert [symbol.name for symbol in second.report.symbols] == ["Y"]


def test_an_option_that_is_not_understood_fails_in_one_sentence(files: ChartFiles) -> None:
    job = reported(files, put(files, trades()), date_order="dd")
    assert (job.state, job.error) == ("failed", "date_order: 'dd' is none of ymd, mdy, dmy")


def test_formats_of_the_settings_are_known(make_services: Callable[..., Services]) -> None:
    files = make_services(formats={"mine": {"columns": "time=a,price=b,size=c"}}).part(ChartFiles)
    text = trades().replace("timestamp,price,size", "a,b,c")
    job = reported(files, put(files, text), format="mine")
    assert job.report is not None
    assert (job.report.loadable, job.report.ticks) == (True, ROWS)


def test_jobs_of_long_ago_are_forgotten(files: ChartFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderflow.workspace.uploads.chart_files.MOST_JOBS", 2)
    jobs = [reported(files, put(files, trades(5))) for _ in range(4)]
    with pytest.raises(NotFound, match="open it again"):
        files.job(jobs[0].id)
    assert files.job(jobs[3].id) is jobs[3]
