"""A server on damaged data serves what is sound and says what is not; one that runs is backed up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from callbacks.chart import damage_note
from orderflow.formats import parse_body
from orderflow.maintenance.backup import backup, restore
from orderflow.maintenance.verify import verify
from orderflow.services import Services
from orderflow.web.app import create_server
from tests.maintenance.stored import flip_line, flip_row, journal_of
from tests.running import RunningServer


def test_damage_is_in_the_statistics_and_on_the_page(data: Path, make_services: Callable[..., Services]) -> None:
    flip_row(data, b"T", 4, "value", 60)
    flip_row(data, b"N", 0, "value", 20)
    flip_line(journal_of(data), 3)
    services = make_services(ephemeral=False, data_dir=data)
    answer = create_server(services).test_client().get("/stats?symbol=NQ").get_json()
    assert answer["ticks"] == 250
    game = journal_of(data).stem
    assert [(part["what"], part["name"], part["count"]) for part in answer["damage"]] == [
        ("setting", "instruments", 1),
        ("ticks", "NQ", 50),
        ("session", game, 1),
    ]
    assert damage_note(services.damage()) == (
        f"Damaged on disk and left out: the setting 'instruments', 50 ticks of NQ, a herd game ({game}). "
        "`orderflow doctor --data` says more."
    )
    assert services.market.settings_of("NQ") == {}


def test_nothing_is_said_of_sound_data(data: Path, make_services: Callable[..., Services]) -> None:
    services = make_services(ephemeral=False, data_dir=data)
    assert create_server(services).test_client().get("/stats").get_json()["damage"] == []
    assert damage_note(services.damage()) == ""


def test_many_damaged_parts_are_counted(data: Path, make_services: Callable[..., Services]) -> None:
    for number in (0, 1):
        flip_row(data, b"T", number, "value", 60)
        flip_row(data, b"K", number, "value", 20)
    flip_row(data, b"N", 0, "value", 20)
    services = make_services(ephemeral=False, data_dir=data)
    assert "and 1 more. " in damage_note(services.damage())


def body(number: int) -> bytes:
    return b"timestamp,price,size,side,symbol\n" + b"".join(
        b"2025-10-09T18:%02d:%02d.%03dZ,%d.25,1,buy,B%d\n" % (number % 60, i % 60, i, 100 + i % 7, number % 3)
        for i in range(40)
    )


def test_a_running_server_is_verified_and_backed_up(
    tmp_path: Path, launch: Callable[..., RunningServer], make_services: Callable[..., Services]
) -> None:
    """Every tick that was acknowledged before the backup is in it, and its tables are those of the same ticks."""
    data = tmp_path / "data"
    server = launch("--data-dir", str(data))
    sent, stop, enough = [0], threading.Event(), threading.Event()

    def send() -> None:
        while not stop.is_set():
            server.post("/ticks", body(sent[0]), "text/csv")
            sent[0] += 1
            if sent[0] >= 20:
                enough.set()

    sender = threading.Thread(target=send)
    sender.start()
    try:
        assert enough.wait(20)
        before = sent[0]
        made = backup(data, str(tmp_path / "saved.zip"))
        after = sent[0]
        check = verify(data)
    finally:
        stop.set()
        sender.join()
    assert check.sound
    assert check.holder == f"process {server.process.pid}"
    assert server.stop() == 0
    restore(str(tmp_path / "saved.zip"), tmp_path / "new")
    restored, expected = make_services(ephemeral=False, data_dir=tmp_path / "new"), make_services()
    total = restored.ticks.info().ticks
    assert total == sum(made.ticks.values())
    assert before * 40 <= total <= (after + 1) * 40
    for number in range(total // 40):
        expected.market.ingest(parse_body(body(number), "text/csv").batches)
    clients = create_server(restored).test_client(), create_server(expected).test_client()
    for name in ("B0", "B1", "B2"):
        for path in (f"/api/v1/bars/{name}", f"/api/v1/footprint/{name}", f"/api/v1/ticks/{name}"):
            found, right = (client.get(f"{path}?format=csv").data for client in clients)
            assert found == right
            assert found.count(b"\n") > 2
