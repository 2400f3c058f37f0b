"""Signals are read and written in pieces, so that an export of many takes little memory."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from pyarrow import feather

from orderflow.services import Services
from orderflow.web.app import create_server
from orderflow.workspace.uploads import library as library_module
from tests.web.accounts.conftest import ANN, bearer, login, register
from tests.web.workspace.test_uploads_api import SIGNALS, send


def test_signals_are_exported_in_pieces(
    make_services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_module, "PIECE", 2)
    client = create_server(make_services(accounts="required")).test_client()
    register(client, ANN)
    ann = bearer(login(client, ANN))
    rows = "".join(f"2024-01-01T00:00:0{second},buy,10.5,l{second},green,arrow-up\n" for second in range(7))
    header = SIGNALS.splitlines()[0]
    for mode in ("replace", "append"):
        text = f"{header}\n{rows if mode == 'replace' else rows.replace('2024', '2025')}"
        assert send(client, text, "signals", headers=ann, mode=mode).status_code == 201
    listed = client.get("/data/custom/btc/signals", headers=ann).json["signals"]
    assert [each["label"] for each in listed] == [f"l{second}" for second in range(7)] * 2
    text = client.get("/data/custom/btc/signals?format=csv", headers=ann).text.splitlines()
    assert [line.split(",")[3] for line in text[1:]] == [each["label"] for each in listed]
    table = feather.read_table(io.BytesIO(client.get("/data/custom/btc/signals?format=feather", headers=ann).data))
    assert table["label"].to_pylist() == [each["label"] for each in listed]
    assert client.get("/auth/export", headers=ann).json["uploads"]["signals"] == {"btc": listed}
