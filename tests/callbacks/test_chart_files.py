"""The dialog "Open a file" as plain functions: its options are the command line's, and its report says all of it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dash import dcc

from callbacks.chart_files import loaded_words, sent_files, show_ended, show_running, span_to_show, stopped_load
from callbacks.chart_files_options import chosen, columns_text, command, given_options, one_each, roles_of
from layouts.chart_files import file_facts, files_dialog, load_label, question, report, symbol_facts
from layouts.chart_files_options import LABELS, NONE, OPTION, column_table, row_class
from orderflow.formats import names, summary
from orderflow.formats.options import COLUMN_ROLES, FILE_OPTIONS
from orderflow.formats.summary.columns import ColumnReport
from orderflow.services import Services
from orderflow.workspace.uploads.chart_files import ChartFiles, Job
from orderflow.workspace.uploads.load_ticks import Loaded
from orderflow.workspace.uploads.spool import Held
from tests.layouts.trees import walk

QUOTED = "".join(
    f"2025-10-09 18:00:{n % 60:02}Z,{100 + n % 3},{1 + n % 5},{'B' if n % 3 else 'S'},101,102,{n // 2}\n"
    for n in range(60)
)


def words_of(tree: Any) -> str:
    """All texts of a tree."""
    return " ".join(str(part) for part in texts_of(tree))


def texts_of(tree: Any) -> Iterator[str]:
    for part in tree if isinstance(tree, list | tuple) else [tree]:
        if isinstance(part, str | int):
            yield str(part)
        elif part is not None:
            yield from texts_of(getattr(part, "children", None) or ())
            yield from (str(value) for name in ("title", "label") if (value := getattr(part, name, None)))


def reported(folder: Path, text: str, **options: str) -> summary.FileReport:
    file = folder / "XYZ-2025-10-09.csv"
    file.write_text(text)
    return summary.report([file], options)


@pytest.fixture
def quoted(tmp_path: Path) -> summary.FileReport:
    return reported(tmp_path, "time,price,size,side,bid,ask,id\n" + QUOTED + "x,1,1,B,1,2,7\n")


def job(found: summary.FileReport | None = None, **more: Any) -> Job:
    held = Held("f1", "chart", Path("x.csv"), "x.csv", 10, 0.0)
    return Job(**{"kind": "report", "files": (held,), "options": {}, "state": "done", "report": found, **more})


class TestOptions:
    """What the fields say is what the command line says."""

    def test_every_option_has_its_field(self) -> None:
        assert {*LABELS, "columns"} == set(FILE_OPTIONS)
        fields = [part.id["name"] for part in walk(files_dialog(names())) if is_field(part)]
        assert fields == [name for name in FILE_OPTIONS if name != "columns"]
        roles = next(part for part in walk(column_table([ColumnReport("1", "a", "", ())], {})) if hasattr(part, "data"))
        assert [each["value"] for each in roles.data] == [NONE, *COLUMN_ROLES]

    def test_every_choice_is_understood(self, tmp_path: Path) -> None:
        tried = 0
        for part in walk(files_dialog(names())):
            name = part.id["name"] if is_field(part) else ""
            for each in getattr(part, "data", None) or [] if name not in ("", "tz", "format", "side") else []:
                assert summary.report([tmp_path], {name: each["value"]}).refused, name  # a folder; the option is taken
                tried += 1
        assert tried >= 25

    def test_fields_and_lists_are_one_set_of_options(self) -> None:
        ids = [{"type": OPTION, "name": name} for name in ("tz", "side_words", "no_header", "symbol")]
        found = given_options(ids, ["Europe/Madrid", " buy=B ", None, ""], "size=qty")
        assert found == {"tz": "Europe/Madrid", "columns": "size=qty", "side_words": "buy=B"}
        assert given_options(None, "x", "") == {}

    @pytest.mark.parametrize(
        ("roles", "text"),
        [
            ({"a": "time", "b": "price", "c": "size", "d": ""}, ""),
            ({"a": "time", "b": "price", "c": "", "d": "size"}, "size=d"),
            ({"a": "time", "b": "price", "c": "size", "d": "side"}, "side=d"),
            ({"a": "time", "b": "price", "c": "", "d": ""}, "size="),
            ({"a": "price", "b": "time", "c": "side", "d": "size"}, "price=a,time=b,side=c,size=d"),
        ],
    )
    def test_only_what_is_changed_is_said_unless_all_is(self, roles: dict[str, str], text: str) -> None:
        assert columns_text(roles, {"a": "time", "b": "price", "c": "size", "d": ""}) == text

    def test_a_role_is_given_to_one_column(self) -> None:
        assert one_each({"a": "price", "b": "price", "c": ""}, "b") == {"a": "", "b": "price", "c": ""}
        assert one_each({"a": "price", "b": "price"}, "") == {"a": "price", "b": "price"}

    def test_nothing_is_asked_when_nothing_changes(self) -> None:
        lists = [{"column": "a"}, {"column": "b"}], ["time", NONE]
        fields = [{"name": "tz"}], [None]
        base = {"roles": {"a": "time", "b": ""}}
        data = {"files": ["f"], "options": {}}
        assert chosen(data, base, lists, fields, "") is None
        assert chosen(None, None, ([], []), ([], []), "") is None
        assert chosen(data, base, (lists[0], ["time", "time"]), fields, "b") == (
            {"columns": "time=b"},
            {"a": NONE, "b": "time"},
        )
        assert chosen(data, base, lists, ([{"name": "tz"}], ["UTC"]), "") == (
            {"tz": "UTC"},
            {"a": "time", "b": NONE},
        )

    def test_a_table_that_was_drawn_anew_keeps_what_was_said(self) -> None:
        base = {"roles": {"1": "time", "2": "price", "3": "size"}, "said": "time=1,price=2,size=3"}
        ids = [{"column": "1"}, {"column": "2"}, {"column": "3"}]
        data = {"files": ["f"], "options": {"columns": "time=1,price=2,size=3"}}
        assert chosen(data, base, (ids, ["time", "price", "size"]), ([], []), "") is None
        found = chosen(data, base, (ids, ["time", "size", "price"]), ([], []), "")
        assert found is not None
        assert found[0] == {"columns": "time=1,size=2,price=3"}

    def test_the_command_line_reads_the_file_in_the_same_way(self, quoted: summary.FileReport, tmp_path: Path) -> None:
        words = shlex.split(command(["a file.csv"], {}, quoted))
        assert words[:2] == ["orderflow-replay", "a file.csv"]
        assert "--columns" in words
        words = shlex.split(command(["x.csv"], {"no_header": "yes", "side_words": "buy=B sell=S"}, quoted))
        assert words[2:] == ["--no-header", "--side-words", "buy=B sell=S"]

    def test_junk_is_nothing(self) -> None:
        for junk in (None, 5, "x", [], {}, {"files": 7}, {"files": [1]}):
            assert sent_files(junk) == ([], "")
            assert roles_of(junk, junk) == {}
        assert sent_files({"files": ["a"], "error": "no"}) == (["a"], "no")


def is_field(part: Any) -> bool:
    return isinstance(getattr(part, "id", None), dict) and part.id.get("type") == OPTION


class TestReport:
    """What the dialog says of a file."""

    def test_all_of_the_dry_run_is_there(self, quoted: summary.FileReport) -> None:
        text = words_of(report(quoted, "orderflow-replay"))
        for line in summary.lines(quoted):
            name, _, value = line.strip().partition("  ")
            if name in ("format", "recognised", "assumed", "order", "sides", "prices", "gaps", "missing", "ids"):
                assert value.strip() in text, line
        for tick in quoted.first:
            assert all(part in text for part in tick)
        assert "20 outside the quote of their row" in text
        assert "1 bad rows, which are left out" in text
        assert quoted.errors[0] in text
        assert ("Trade ids", "every tick has one") in symbol_facts(quoted.symbols[0])
        assert ("", "0 duplicates, 30 id conflicts (the id of another trade; kept)") in symbol_facts(quoted.symbols[0])
        assert ("Rows", "61, 1 of them bad") in file_facts(quoted)
        assert load_label(quoted) == "Load 60 ticks"

    def test_a_refused_file_has_its_question_and_its_columns(self, tmp_path: Path) -> None:
        found = reported(tmp_path, "time,price,size\n" + "".join(f"0{n}/05/2024 10:00:00,1.5,1\n" for n in range(1, 9)))
        assert "--date-order dmy or mdy" in words_of(question(found))
        assert report(found, "") == []
        assert (load_label(found), found.loadable) == ("Load", False)
        shown = show_ended(job(found), None, list)
        assert [each for each in shown["rows"].values() if "is-asked" in each] == [
            row_class("date_order", ["date_order"], {})
        ]
        assert "05/2024" in words_of(shown["columns"])
        assert shown["loadable"] is True  # the button is disabled

    def test_a_file_without_trades_cannot_be_loaded(self, tmp_path: Path) -> None:
        found = reported(tmp_path, "time,price,size\n")
        assert not found.loadable
        assert "no trade" in words_of(question(found)) or found.refused

    def test_the_table_is_drawn_once(self, quoted: summary.FileReport) -> None:
        first = show_ended(job(quoted), None, list)
        again = show_ended(job(quoted, options={"tz": "UTC"}), first["base"], list)
        assert first["base"]["roles"]["price"] == "price"
        assert type(again["columns"]) is type(again["base"]) is type(first["said"])  # no_update

    def test_a_job_says_how_far_it_is_and_how_it_ended(self, quoted: summary.FileReport) -> None:
        running = show_running(job(state="running", share=0.25))
        assert (running["said"], running["bar"], running["work"]) == ("Reading x.csv …", 25.0, False)
        loads = Loaded(1200, 30, 4, 0, 1, {"A": (10**9, 2 * 10**9), "XYZ": (3 * 10**9, 4 * 10**9)})
        running = show_running(job(kind="load", state="running", loaded=loads))
        assert running["said"] == "Loading x.csv: 1,230 ticks …"
        done = show_ended(job(quoted, kind="load", loaded=loads), None, lambda: ["XYZ"])
        assert (done["opened"], done["symbols"]) == (False, ["XYZ"])
        assert done["loaded"]["symbol"] == "XYZ"
        assert (done["loaded"]["from"], done["loaded"]["to"]) == (3000, 4001)
        assert (
            done["loaded"]["said"] == "1,200 ticks loaded, 30 loaded before, 4 duplicates left out, 1 bad rows left out"
        )
        failed = show_ended(job(kind="load", state="failed", error="the disk is full", loaded=loads), None, list)
        assert failed["error"].startswith("The disk is full. 1,200 ticks loaded")
        assert failed["loadable"] is False  # it can be tried again
        assert show_ended(job(state="stopped"), None, list)["error"] == "Stopped."

    def test_a_load_that_is_left_says_what_it_has_taken(self, quoted: summary.FileReport, services: Services) -> None:
        files = services.part(ChartFiles)
        loads = Loaded(1200, spans={"XYZ": (10**9, 2 * 10**9)})
        left = job(quoted, kind="load", state="running", loaded=loads)
        files._jobs[left.id] = left
        told = stopped_load(files, {"job": left.id})
        assert told is not None
        assert (told["symbol"], told["said"]) == ("XYZ", "Stopped: 1,200 ticks loaded")
        left.state = "done"
        assert stopped_load(files, {"job": left.id}) is None
        assert stopped_load(files, {"job": 5}) is stopped_load(files, None) is None

    def test_nothing_loaded_goes_nowhere(self) -> None:
        assert span_to_show(job(kind="load")) is None
        assert loaded_words(job(kind="load")) == "0 ticks loaded"


def test_the_dialog_is_part_of_the_page() -> None:
    from layouts.chart import chart_page

    ids = [part.id for part in walk(chart_page()) if isinstance(getattr(part, "id", None), str)]
    assert {"chart-files", "chart-do-file", "chart-do-file-empty", "chart-files-load", "chart-do-unfile"} <= set(ids)
    assert any(isinstance(part, dcc.Interval) and part.id == "chart-files-interval" for part in walk(chart_page()))
