"""The workspace's upload dialog and log-in menu, through the app's own callbacks: what each visitor sees and can do."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dash import Dash
from flask.testing import FlaskClient

from callbacks.app import create_app
from callbacks.workspace_files import changed_mapping, columns_text
from layouts.workspace_preview import NO_ROWS, UNUSED, moment, span_text
from layouts.workspace_upload import READING
from orderflow.services import Services, build_services
from orderflow.settings.settings import Settings
from orderflow.web.app import create_server
from orderflow.workspace.uploads.library import Library
from tests.web.accounts.conftest import ANN, BOB, csrf, forget_cookies, register

PATH = "/_dash-update-component"
CANDLES = """timestamp,open,high,low,close,volume
2024-01-01 00:00:00,10.5,11,10,10.75,100
2024-01-01 00:01:00,10.75,12.25,10.5,12,50.5
2024-01-01 00:02:00,12,12,11.5,11.75,7
"""
LATER = CANDLES.replace(" 00:0", " 00:1")
BAD = CANDLES.replace("12,12,11.5", "12,11,11.5")
OWN = {"columns": "time=When,price=Px,size=Lots,side=Dir", "date_order": "dmy", "side_words": "buy=L sell=K"}
TICKS = "timestamp,price,size,side\n" + "".join(f"{1704067200000 + row},100.5,1,buy\n" for row in range(10))


class Page:
    """A browser at the workspace: the values of its fields, and what callbacks have set."""

    def __init__(self, app: Dash, client: FlaskClient) -> None:
        self.app, self.client = app, client
        self.values: dict[str, Any] = {"ws-up-mode": "replace", "ws-up-kind": "ohlcv"}
        self.text: dict[str, str] = {}
        self.used: dict[str, str] | None = None  # a button of the pattern that was pressed before

    def run(self, trigger: str, prop: str, *, pressed: dict[str, str] | None = None) -> dict[str, Any]:
        """Run all callbacks of an input; what they set, by component and property. pressed: a button of a pattern."""
        found: dict[str, Any] = {}
        for key, entry in self.app.callback_map.items():
            if "callback" in entry and any(_is(each, trigger, prop) for each in entry["inputs"]):
                found |= self._call(key, entry, trigger, prop, pressed)
        return found

    def _call(self, key: str, entry: dict[str, Any], trigger: str, of: str, pressed: Any) -> dict[str, Any]:
        parts = {kind: [self._value(each, pressed) for each in entry[kind]] for kind in ("inputs", "state")}
        changed = f"{json.dumps(pressed, separators=(',', ':')) if pressed else trigger}.{of}"
        body = {"output": key, "outputs": _outputs(key), **parts, "changedPropIds": [changed]}
        headers = csrf(self.client) if self.client.get_cookie("orderflow_csrf") else {}
        answer = self.client.post(PATH, data=json.dumps(body), content_type="application/json", headers=headers)
        assert answer.status_code in (200, 204), answer.text
        found = answer.get_json()["response"] if answer.status_code == 200 else {}
        for name, props in found.items():
            for prop in [each for each in ("value", "data") if each in props]:
                self.values[name] = props[prop]
            if "children" in props:
                self.text[name] = _text(props["children"])
        return dict(found)

    def _value(self, spec: dict[str, Any], pressed: Any) -> Any:
        if not spec["id"].startswith("{"):
            return {**spec, "value": self.values.get(spec["id"])}
        pattern = json.loads(spec["id"])
        if pattern["type"] == "ws-map":
            roles = self.values.get("ws-map", [])
            ids = [{"type": "ws-map", "index": index} for index in range(len(roles))]
            return [{"id": id_, "property": "value", "value": role} for id_, role in zip(ids, roles, strict=True)]
        if pressed and pattern["type"] == pressed["type"]:
            clicks = [(self.used, 1), (pressed, None)] if self.used else [(pressed, 1)]
            return [{"id": id_, "property": spec["property"], "value": count} for id_, count in clicks]
        return []

    def send(self, data: str | bytes, filename: str = "btc.csv") -> dict[str, Any]:
        """Drop a file on the page."""
        body = data.encode() if isinstance(data, str) else data
        headers = csrf(self.client) if self.client.get_cookie("orderflow_csrf") else {}
        answer = self.client.post(f"/data/upload/file?filename={filename}", data=body, headers=headers,
                                  content_type="application/octet-stream")  # fmt: skip
        self.values["ws-up-file"] = {"filename": filename, "status": answer.status_code, **answer.get_json()}
        return self._looked(self.run("ws-up-file", "data"))

    def choose(self, field: str, value: Any) -> dict[str, Any]:
        """Choose in a field of the dialog."""
        self.values[f"ws-up-{field}"] = value
        return self._looked(self.run(f"ws-up-{field}", "value"))

    def map(self, index: int, role: str) -> dict[str, Any]:
        """Choose the role of a column."""
        self.values["ws-map"][index] = role
        return self._looked(self.run("ws-map", "value", pressed={"index": index, "type": "ws-map"}))  # type: ignore[dict-item]

    def _looked(self, found: dict[str, Any]) -> dict[str, Any]:
        if (shown := self.values.get("ws-up-shown")) is not None:
            self.values["ws-map"] = list(shown["mapping"])
        return found

    def upload(self, *, ticks: bool = False) -> dict[str, Any]:
        """Press the dialog's button."""
        name = "ws-up-go-ticks" if ticks else "ws-up-go"
        self.values[name] = 1
        return self.run(name, "data")

    def press(self, action: str, name: str = "btc", kind: str = "ohlcv", frame: str = "1m") -> dict[str, Any]:
        """Press a button of one's own data."""
        pressed = {"frame": frame, "kind": kind, "name": name, "place": "list", "type": f"ws-own-{action}"}
        return self.run(pressed["type"], "n_clicks", pressed=pressed)

    def appear(self, action: str) -> dict[str, Any]:
        """A button comes into the list while the same one of the last upload, which was pressed, is still there."""
        self.used = {"frame": "1m", "kind": "ohlcv", "name": "btc", "place": "done", "type": f"ws-own-{action}"}
        found = self.press(action)
        self.used = None
        return found

    def mine(self) -> str:
        """What *Your data* shows."""
        self.values |= {"ws-up-tabs": "mine", "ws-upload": True}
        self.run("ws-up-tabs", "value")
        return self.text.get("ws-mine", "")

    def times(self, name: str = "btc") -> list[int]:
        return [row["time"] for row in self.client.get(f"/data/custom/{name}/ohlcv").get_json()["klines"]]


def _is(spec: dict[str, Any], trigger: str, prop: str) -> bool:
    type_ = json.loads(spec["id"])["type"] if spec["id"].startswith("{") else spec["id"]
    return type_ == trigger and spec["property"] == prop


def _outputs(key: str) -> Any:
    names = [name.partition("@")[0].rpartition(".") for name in key.strip(".").split("...")]
    found = [{"id": json.loads(id_) if id_.startswith("{") else id_, "property": prop} for id_, _, prop in names]
    return found if key.startswith("..") else found[0]


def _text(tree: Any) -> str:
    """The texts of a component as JSON."""
    if isinstance(tree, list):
        return " ".join(map(_text, tree))
    if isinstance(tree, dict):
        return _text(tree.get("props", {}).get("children", ""))
    return "" if tree is None else str(tree)


def visit(services: Services) -> Page:
    server = create_server(services)
    app, client = create_app(services, server), server.test_client()
    client.get("/workspace/")  # Dash completes its table with the first page
    return Page(app, client)


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Page, Library]]:
    """A page of one server for this module, and its users' data."""
    services = build_services(Settings.of(ephemeral=True, ticker_count=0, feeds=(), formats={"mine": OWN}))
    services.start()
    yield visit(services), services.part(Library)
    services.stop()


@pytest.fixture
def page(shared: tuple[Page, Library]) -> Page:
    """A page of a user without data."""
    found, library = shared
    for owner in library.owners():
        library.delete_all(owner)
    return Page(found.app, found.client)


def test_a_file_is_looked_at_stored_replaced_and_undone(page: Page) -> None:
    found = page.send(CANDLES)
    assert found["ws-up-box"] == {"data-step": "look", "data-kind": "ohlcv"}
    assert (page.values["ws-up-name"], found["ws-up-frame"]["placeholder"]) == ("btc", "1m")
    assert "3 rows · 2024-01-01 00:00 to 00:02 UTC · time frame 1m" in page.text["ws-up-facts"]
    assert "taken as UTC" in page.text["ws-up-facts"]
    assert page.client.get("/data/custom").get_json() == []
    assert page.upload()["ws-up-box"]["data-step"] == "done"
    assert page.text["ws-up-done"].startswith("3 candles stored as “btc” (1m), 2024-01-01 00:00 to 00:02 UTC")
    page.send(LATER)
    page.upload()
    assert page.times()[0] == 1704067800000
    assert "Undone: “btc” has the 3 rows of before." in _text(page.press("undo")["ws-up-undone"]["children"])
    assert page.times()[0] == 1704067200000
    page.upload()
    assert "There is no such upload any more" in page.text["ws-up-refused"]  # a second click stores nothing


@pytest.mark.parametrize("action", ["undo", "show"])
def test_a_button_that_comes_beside_one_that_was_pressed_does_nothing(page: Page, action: str) -> None:
    page.send(CANDLES)
    page.upload()
    page.send(LATER)
    page.upload()
    assert page.appear(action) == {}
    assert page.times()[0] == 1704067800000


def test_an_undone_first_upload_is_gone(page: Page) -> None:
    page.send(CANDLES)
    page.upload()
    assert "gone again" in _text(page.press("undo")["ws-up-undone"]["children"])
    assert page.client.get("/data/custom").get_json() == []
    assert "There are no candles 'btc'" in _text(page.press("undo")["ws-up-undone"]["children"])


def test_what_is_appended_must_come_after_what_is_there(page: Page) -> None:
    page.send(CANDLES)
    page.upload()
    page.send(LATER)
    page.choose("mode", "append")
    page.upload()
    assert "There are 6 now." in page.text["ws-up-done"]
    page.send(CANDLES)
    page.upload()
    assert "must be after the last one" in page.text["ws-up-refused"]
    assert len(page.times()) == 6


def test_a_full_quota_is_said_and_leaves_what_was_there(
    page: Page, shared: tuple[Page, Library], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared[1], "most_rows", 5)
    page.send(CANDLES)
    page.upload()
    page.send(LATER)
    page.choose("mode", "append")
    page.upload()
    assert "6 rows" in page.text["ws-up-refused"]
    assert "the limit is 5" in page.text["ws-up-refused"]
    assert len(page.times()) == 3
    assert "You have 3 of the 5 candles that you may have" in page.mine()


def test_refused_rows_are_named_and_left_out_on_request(page: Page) -> None:
    found = page.send(BAD)
    assert "1 row of 3 cannot be stored: Line 4, high: 11 is below the low 11.5" in page.text["ws-up-problem"]
    assert found["ws-up-skip-place"]["hidden"] is False
    page.upload()
    assert "nothing was taken" in page.text["ws-up-refused"]
    assert page.client.get("/data/custom").get_json() == []
    page.values["ws-up-skip-rows"] = True
    found = page.upload()
    assert "2 candles stored" in page.text["ws-up-done"]
    assert "1 row left out: Line 4, high: 11 is below the low 11.5" in page.text["ws-up-done"]
    assert "/data/upload/report/" in json.dumps(found["ws-up-done"])


def test_a_header_without_rows_is_said_before_it_is_stored(page: Page) -> None:
    found = page.send(CANDLES.splitlines()[0])
    assert "The file has a header but no rows." in page.text["ws-up-problem"]
    assert page.text["ws-up-facts"] == "btc.csv · 36 bytes · 0 rows"
    assert found["ws-up-send"]["disabled"] is True


def test_columns_are_mapped_by_hand_and_remembered(page: Page) -> None:
    odd = CANDLES.replace("timestamp,open,high,low,close,volume", "when,open,high,low,end,volume")
    found = page.send(odd, "odd.csv")
    assert "there is no column for time, close" in page.text["ws-up-problem"]
    assert found["ws-up-send"]["disabled"] is True
    assert page.values["ws-map"] == [UNUSED, "open", "high", "low", UNUSED, "volume"]
    page.map(0, "time")
    assert page.map(4, "close")["ws-up-send"]["disabled"] is False
    assert page.text["ws-up-problem"] == ""
    page.upload()
    assert page.times("odd") == [1704067200000, 1704067260000, 1704067320000]
    page.send(odd, "next.csv")
    assert (page.text["ws-up-problem"], page.values["ws-map"][0]) == ("", "time")
    page.map(5, UNUSED)
    page.upload()
    assert [row["volume"] for row in page.client.get("/data/custom/next/ohlcv").get_json()["klines"]] == [0, 0, 0]


def test_a_span_is_in_days_or_in_minutes() -> None:
    day = 86_400_000
    assert span_text(0, 2 * day) == "1970-01-01 to 1970-01-03 UTC"
    assert span_text(day, day + 60_000) == "1970-01-02 00:00 to 00:01 UTC"
    assert span_text(0, 2 * day + 60_000) == "1970-01-01 00:00 to 1970-01-03 00:01 UTC"


def test_a_role_that_moves_leaves_its_old_column() -> None:
    before = ["time", "open", "high", UNUSED]
    assert changed_mapping(before, ["time", "open", "high", "open"]) == ["time", UNUSED, "high", "open"]
    assert json.loads(columns_text(["time", UNUSED, "open"], ["t", "x", "x"], ["time", "open", "close"])) == {
        "time": "t", "open": "3", "close": "",
    }  # fmt: skip


def test_what_is_asked_is_answered_in_the_fields(page: Page) -> None:
    found = page.send(CANDLES.replace("2024-01-01", "03/04/2024"))
    assert "can be day/month or month/day" in page.text["ws-up-problem"]
    assert found["ws-up-reading"]["open"] is True
    assert "irregular" not in page.text["ws-up-facts"]
    page.choose("dates", "dmy")
    assert "2024-04-03" in page.text["ws-up-facts"]
    page.choose("tz", "America/New_York")
    assert "2024-04-03 04:00" in page.text["ws-up-facts"]
    page.upload()
    assert moment(page.times()[0]) == "2024-04-03 04:00"
    page.send(CANDLES.replace("2024-01-01", "05/04/2024"), "again.csv")  # its header is known
    assert {name: page.values[f"ws-up-{name}"] for name in READING if page.values[f"ws-up-{name}"]} == {
        "tz": "America/New_York", "dates": "dmy",
    }  # fmt: skip


def test_ticks_go_to_the_market_and_open_in_the_chart(page: Page) -> None:
    found = page.send(TICKS, "ES.csv")
    assert found["ws-up-box"] == {"data-step": "look", "data-kind": "ticks"}
    assert page.values["ws-up-name"] == "ES"
    found = page.upload(ticks=True)
    assert "10 ticks of ES stored." in page.text["ws-up-done"]
    assert "/chart/?symbol=ES" in json.dumps(found["ws-up-done"])
    assert page.client.get("/stats?symbol=ES").get_json()["ticks"] == 10


def test_ticks_are_read_by_a_chosen_format_of_the_settings(page: Page) -> None:
    rows = "".join(f"01/02/2024 10:00:{row:02d},{100 + row},2,K\n" for row in range(10))
    page.send(f"a title\nWhen,Px,Lots,Dir\n{rows}", "NQ.csv")
    page.choose("kind", "ticks")
    page.choose("skip", 1)
    assert "drop it on the chart" in page.text["ws-up-problem"]
    page.choose("format", "mine")
    assert (page.text["ws-up-problem"], page.values["ws-up-name"]) == ("", "NQ")
    page.upload(ticks=True)
    assert "10 ticks of NQ stored." in page.text["ws-up-done"]
    first = page.client.get("/api/v1/ticks/NQ?limit=1").get_json()["ticks"][0]
    assert (first["time"], first["side"]) == ("2024-02-01T10:00:00Z", "sell")


def test_a_table_of_ticks_says_why_its_rows_are_not_shown(page: Page) -> None:
    sink, times = io.BytesIO(), [1704067200.0 + row for row in range(10)]
    pq.write_table(pa.table({"timestamp": times, "price": [100.5] * 10, "size": [1.0] * 10}), sink)
    page.send(sink.getvalue(), "NQ.parquet")
    assert page.text["ws-up-preview"] == NO_ROWS
    page.send(TICKS, "ES.csv")
    assert "As it is read" not in page.text["ws-up-preview"]
    assert "1704067200000" in page.text["ws-up-preview"]
    page.send(sink.getvalue(), "NQ.parquet")
    page.upload(ticks=True)
    assert "10 ticks of NQ stored." in page.text["ws-up-done"]


def test_an_archive_of_several_files_asks_for_one(page: Page) -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("a.csv", CANDLES)
        archive.writestr("b.csv", LATER)
    found = page.send(sink.getvalue(), "both.zip")
    assert found["ws-up-member-place"]["hidden"] is False
    assert page.values["ws-up-member"] == ["a.csv", "b.csv"]  # its choices, which a field calls data
    page.choose("member", "b.csv")
    page.upload()
    assert page.times("both")[0] == 1704067800000


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"PK\x03\x04" + bytes(50), "damaged"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
        (b"<html><body>404</body></html>", "web page"),
        ("a,b\n".encode("utf-16-le") * 20, "a binary file"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_one_sentence(page: Page, data: bytes, why: str) -> None:
    found = page.send(data)
    assert found["ws-up-box"]["data-step"] == "choose"
    assert why in page.text["ws-up-fault"]
    assert page.text["ws-up-fault"].endswith(".")


@pytest.mark.parametrize(
    ("answer", "why", "again"),
    [
        ({"status": 413, "filename": "a.csv", "size": 2**30}, "a.csv has 1,024.0 MiB, and the server takes", False),
        ({"status": 429, "detail": "the server is busy; try again", "filename": "a.csv"}, "busy", True),
        ({"status": 400, "detail": "the body is empty", "filename": "a.csv", "size": 0}, "a.csv is empty.", False),
        ({"status": 401, "detail": "…", "filename": "a.csv"}, "Log in to upload", False),
    ],
)
def test_a_file_that_was_not_sent_says_why(page: Page, answer: dict[str, Any], why: str, again: bool) -> None:
    page.values["ws-up-file"] = answer
    found = page.run("ws-up-file", "data")
    assert why in page.text["ws-up-fault"]
    assert (found["ws-up-again"]["style"] == {}) is again


def test_the_list_shows_exports_and_deletes_after_a_question(page: Page) -> None:
    assert "You have no data of your own yet" in page.mine()
    page.send(CANDLES)
    page.upload()
    page.send("timestamp,type,price\n2024-01-01 00:00:30,buy,10.50\n", "btc.csv")
    assert page.values["ws-up-shown"]["kind"] == "signals"
    page.upload()
    assert "You have 3 of the 10,000,000 candles that you may have (195 bytes of 619.9 MiB)" in page.mine()
    assert "and 1 of 1,000,000 signals (16 bytes)" in page.mine()
    tree = json.dumps(page.run("ws-up-tabs", "value")["ws-mine"])
    sizes = {each["kind"]: each["bytes"] for each in page.client.get("/data/custom").get_json()}
    assert sizes == {"ohlcv": 3 * 65, "signals": 9 + len("buy10.5")}
    assert "/data/custom/btc/ohlcv?timeframe=1m&format=feather" in tree
    assert "/data/custom/btc/signals?format=csv" in tree
    assert "Delete for good" not in tree
    page.press("delete")
    assert "Delete for good" in json.dumps(page.run("ws-up-asked", "data")["ws-mine"])
    page.press("keep")
    assert "Delete for good" not in json.dumps(page.run("ws-up-asked", "data")["ws-mine"])
    page.press("sure")
    assert [each["kind"] for each in page.client.get("/data/custom").get_json()] == ["signals"]
    assert page.press("sure")["ws-mine-note"]["children"] == "“btc” is deleted."  # in another window


def test_the_first_chart_shows_what_was_stored(page: Page) -> None:
    found = page.press("show")
    assert (found["ws-upload"]["opened"], found["ws-mode"]["value"]) == (False, "custom")
    assert found['{"index":0,"type":"ws-symbol"}'] == {"value": "btc"}
    assert found['{"index":0,"type":"ws-timeframe"}'] == {"value": "1m"}


def test_a_visitor_without_a_login_sees_and_changes_nothing(make_services: Callable[..., Services]) -> None:
    services = make_services(accounts="required")
    page = visit(services)
    menu = page.run("ws-config", "data")
    assert (menu["ws-login"]["hidden"], menu["ws-login-name"]["children"]) == (False, "Log in")
    assert page.send(CANDLES)["ws-up-fault"]["children"] == "Log in to upload and keep data of your own."
    assert page.mine() == "Log in to upload and keep data of your own."
    register(page.client)
    tokens = page.client.post("/auth/login", json=ANN)  # with its cookies, as a browser
    assert tokens.status_code == 200
    menu = page.run("ws-config", "data")
    assert (menu["ws-login-name"]["children"], menu["ws-login-out"]["hidden"]) == ("Ann", False)
    page.send(CANDLES)
    page.upload()
    kept = {**page.values}
    page.send(LATER, "kept.csv")
    shown = page.values["ws-up-shown"]
    page.values["ws-login-out"] = 1
    page.run("ws-login-out", "n_clicks")
    assert page.client.get_cookie("orderflow_access") is None
    register(page.client, BOB)
    for user in (None, BOB):  # nobody, and another
        forget_cookies(page.client)
        if user is not None:
            page.client.post("/auth/login", json=user)
        page.values |= {"ws-up-shown": shown, "ws-up-file": kept["ws-up-file"]}
        page.upload()
        assert "3 candles stored" not in page.text.get("ws-up-refused", "")
        assert "btc" not in page.mine()
        for action in ("undo", "sure"):
            page.press(action)
    library = services.part(Library)
    assert len(library.owners()) == 1
    (owner,) = library.owners()
    assert [each.key.name for each in library.listed(owner)[0]] == ["btc"]


def test_the_menu_is_as_accounts_are(make_services: Callable[..., Services]) -> None:
    menu = visit(make_services(accounts="off")).run("ws-config", "data")
    assert menu["ws-login"]["hidden"] is True
    page = visit(make_services(accounts="optional"))
    menu = page.run("ws-config", "data")
    assert "only this machine reaches the server" in page.text["ws-login-who"]
    assert (menu["ws-login-in"]["hidden"], menu["ws-login-out"]["hidden"]) == (False, True)
    locked = visit(make_services(accounts="optional", api_key="a key of the operator")).run("ws-config", "data")
    assert locked["ws-login-name"]["children"] == "Log in"


QUIRKS = {
    "binance_daily_index.csv": ("ohlcv", "1d", 29, "2017-08-17 19:00"),
    "cdd_binance_btcusdt_d.csv": ("ohlcv", "1d", 29, "2022-09-07"),
    "cn_399300.csv": ("ohlcv", "1d", 29, "2005-01-04"),
    "mt5_amzn_daily.csv": ("ohlcv", "1d", 29, "2020-03-16"),
    "nyse_spy_d.csv": ("ohlcv", "1d", 23, "2022-09-01 04:00"),
    "signals_short_rows.csv": ("signals", "", 29, "2023-05-30 12:47"),
    "trades_nqbot.csv": ("signals", "", 4, "2025-11-07 15:32"),
}


@pytest.mark.parametrize("name", QUIRKS)
def test_files_as_people_have_them_are_stored_without_a_change(page: Page, name: str, shared_data: Path) -> None:
    kind, frame, rows, first = QUIRKS[name]
    page.send((shared_data / "ohlcv_quirks" / name).read_bytes(), name)
    assert page.text["ws-up-problem"] == ""
    page.upload()
    (found,) = page.client.get("/data/custom").get_json()
    assert (found["kind"], found["timeframe"], found["rows"], moment(found["first"])) == (kind, frame, rows, first)
