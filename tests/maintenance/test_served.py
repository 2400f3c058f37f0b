"""A server on damaged data serves what is sound and says what is not; one that runs is backed up."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from callbacks.herd_forms import control
from callbacks.herd_live import Viewpoint, screen_state
from callbacks.problems import damage_note
from layouts.herd_screen import screen
from orderflow.formats import parse_body
from orderflow.herd.live.game import Game
from orderflow.maintenance.backup import backup, restore
from orderflow.maintenance.verify import verify
from orderflow.services import Services
from orderflow.web.app import create_server
from tests.maintenance.stored import contents, flip_line, flip_row, flip_wal, journal_of
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


def test_a_damaged_write_ahead_log_costs_only_its_row(
    killed: Path, tmp_path: Path, make_services: Callable[..., Services]
) -> None:
    """SQLite would silently drop everything after the damage."""
    data = Path(shutil.copytree(killed, tmp_path / "data"))
    flip_wal(data)
    before = contents(data)
    services = make_services(ephemeral=False, data_dir=data)
    assert services.ticks.info().ticks in (900, 1000)
    (part,) = [part for part in services.damage() if part.what == "writes"]
    assert part.name == "damaged-1"
    kept = contents(data / "ticks" / "damaged-1")
    assert kept == {name: before[f"ticks/{name}"] for name in ("cache.db", "cache.db-wal")}
    services.stop()
    again = make_services(ephemeral=False, data_dir=data)
    assert again.ticks.info().ticks in (900, 1000)
    assert [part for part in again.damage() if part.what == "writes"] == []


def test_the_big_screen_offers_the_good_lines(data: Path, make_services: Callable[..., Services]) -> None:
    flip_line(journal_of(data), 3)
    services = make_services(ephemeral=False, data_dir=data)
    game = services.part(Game)

    def shown(*, presenter: bool) -> dict[str, Any]:
        view = Viewpoint(presenter, False, "http://10.0.0.7/j", "epoch")
        return screen(screen_state(game, view, services.clock.now()))

    for presenter in (True, False):
        values = shown(presenter=presenter)
        assert values["herd-trouble.hidden"] is False
        assert (
            "line 4 of this game's log is damaged, and 4 more lines come after it"
            in values["herd-trouble-words.children"]
        )
        assert values["herd-do-recover.hidden"] is not presenter
        assert values["herd-phase.children"] == "Frozen"
    control(game, "recover", {})
    values = shown(presenter=True)
    assert (values["herd-trouble.hidden"], values["herd-trouble-words.children"]) == (True, "")
    assert values["herd-phase.children"] == "Open"


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
        assert enough.wait(60)
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
