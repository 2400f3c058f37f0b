"""The dialog "Open a file" on the wire: the report of files that were dropped on the chart, its options, the load.

The browser sends the files (`assets/chart/files.js`); `ChartFiles` makes reports and loads as jobs, and an interval
asks how far they are. Everything here is for the operator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.chart_files_options import LONGEST, chosen, command, files_of, texts
from callbacks.toasts import sentence
from layouts import chart_files as layout
from layouts.chart_files_options import OPTION, ROLE, ROW, column_table, row_class
from orderflow.errors import OrderflowError
from orderflow.formats.options import FILE_OPTIONS
from orderflow.formats.summary.columns import ColumnReport
from orderflow.web.kit.access import operator_only
from orderflow.workspace.uploads.chart_files import ChartFiles, Job

if TYPE_CHECKING:
    from orderflow.services import Services

NEEDS_KEY = "This server needs its key for that: open the address with ?key=… that it printed at its start."


def sent_files(data: object) -> tuple[list[str], str]:
    """(ids of the files that the browser has sent, why it could not)."""
    given = data if isinstance(data, dict) else {}
    return texts(given.get("files")), str(given.get("error") or "")[:LONGEST]


def job_data(job: Job) -> dict[str, Any]:
    """What the page keeps of a job."""
    return {"job": job.id, "kind": job.kind, "files": [held.id for held in job.files], "options": dict(job.options)}


def found_roles(columns: Sequence[ColumnReport]) -> dict[str, str]:
    """The roles that a report has found."""
    return {column.reference: column.role for column in columns}


def shape_of(columns: Sequence[ColumnReport]) -> list[list[str]]:
    """What the table of columns shows beside the roles; another shape is drawn anew."""
    return [[column.reference, column.name, *column.cells] for column in columns]


def working(job: Job) -> tuple[str, float]:
    """(what a running job does, percent)."""
    names = ", ".join(held.filename for held in job.files)
    if job.kind == "report":
        return f"Reading {names} …", 100 * job.share
    return f"Loading {names}: {job.loaded.accepted + job.loaded.known:,} ticks …", 100 * job.share


def loaded_words(job: Job) -> str:
    """What was loaded, in a sentence."""
    loaded = job.loaded
    words = [f"{loaded.accepted:,} ticks loaded"]
    for number, what in (
        (loaded.known, "loaded before"),
        (loaded.duplicates, "duplicates left out"),
        (loaded.id_conflicts, "id conflicts (the id of another trade; kept)"),
        (loaded.bad_rows, "bad rows left out"),
    ):
        words += [f"{number:,} {what}"] if number else []
    return ", ".join(words)


def stopped_words(job: Job) -> str:
    """Why a job ended early, and what stays of it."""
    kept = f" {loaded_words(job)}; load again to go on." if job.kind == "load" and job.loaded.accepted else ""
    return sentence(job.error or "stopped") + kept


def span_to_show(job: Job) -> dict[str, Any] | None:
    """The symbol and time to go to after a load: of the symbol with the most ticks. None if nothing was loaded."""
    spans = job.loaded.spans
    if not spans:
        return None
    ticks = {each.name: each.ticks for each in job.report.symbols} if job.report else {}
    symbol = max(spans, key=lambda name: ticks.get(name, 0))
    first, last = spans[symbol]
    return {"symbol": symbol, "from": first // 10**6, "to": last // 10**6 + 1, "n": job.id}


def stopped_load(files: ChartFiles, data: object) -> dict[str, Any] | None:
    """What the page shows and says of a load that is under way when the dialog is closed; None of anything else."""
    try:
        job = files.job(str(data.get("job") if isinstance(data, dict) else ""))
    except OrderflowError:
        return None
    span = span_to_show(job) if job.kind == "load" and job.state == "running" else None
    return span and {**span, "said": f"Stopped: {loaded_words(job)}"}


def nothing_shown() -> dict[str, Any]:
    """What all outputs of `poll` have when nothing of them changes."""
    return dict.fromkeys(SHOWN, no_update) | {"rows": {}}


def pattern_values(key: str, values: Mapping[str, Any], otherwise: Any = no_update) -> list[Any]:
    """The values of the components of the pattern among the outputs of the running callback.

    key: of their ids; values: by what is there; otherwise: of those without a value.
    """
    outputs = ctx.outputs_grouping
    parts = outputs.values() if isinstance(outputs, dict) else outputs
    found = [each for part in parts if isinstance(part, list) for each in part]
    return [values.get(str(each["id"].get(key)), otherwise) for each in found]


def with_classes(found: dict[str, Any]) -> dict[str, Any]:
    """The outputs of `poll`, with the classes in the order of the fields."""
    return {**found, "rows": pattern_values("name", found["rows"])}


FIELDS = tuple(name for name in FILE_OPTIONS if name != "columns")
"""The options with a field, in the order of the fields."""
SHOWN = (
    *("said", "bar", "work", "found", "question", "columns", "base", "report", "load", "loadable", "error", "shown"),
    *("opened", "loaded", "symbols"),
)
"""The outputs of `poll` besides the classes of the fields."""


def show_running(job: Job) -> dict[str, Any]:
    """How far a job is."""
    said, share = working(job)
    return {**nothing_shown(), "said": said, "bar": share, "work": False, "loadable": True}


def show_report(job: Job, base: object) -> dict[str, Any]:
    """A report. base: the roles that were found without the option `columns`, and the shape of the table that is
    shown."""
    assert job.report is not None
    found, known = job.report, base if isinstance(base, dict) else {}
    shape, roles = shape_of(found.columns), found_roles(found.columns)
    anew = known.get("shape") != shape
    asked = {name for each in found.questions for name in each.options}
    names = [held.filename for held in job.files]
    return nothing_shown() | {
        "work": True,
        "found": False,
        "question": layout.question(found),
        "columns": column_table(found.columns, roles) if anew else no_update,
        "base": {"shape": shape, "roles": roles, "said": job.options.get("columns", "")} if anew else no_update,
        "report": layout.report(found, command(names, {name: str(text) for name, text in job.options.items()}, found)),
        "load": layout.load_label(found),
        "loadable": not found.loadable,
        "error": "",
        "rows": {name: row_class(name, asked, job.options) for name in FIELDS},
    }


def show_ended(job: Job, base: object, symbols: Callable[[], Any]) -> dict[str, Any]:
    """What a job that has ended shows."""
    if job.state == "done" and job.kind == "report":
        return show_report(job, base)
    if job.state == "done":
        span = span_to_show(job)
        told = None if span is None else {**span, "said": loaded_words(job)}
        return nothing_shown() | {"work": True, "opened": False, "loaded": told, "symbols": symbols()}
    again = job.kind == "load" and job.state == "failed"
    return nothing_shown() | {"work": True, "error": stopped_words(job), "loadable": not again}


def dynamic() -> list[Component]:
    """What callbacks put into the page: the table of columns."""
    return [column_table([ColumnReport("1", "time", "time", ("1760032800",))], {})]


def register(app: Dash, services: Services, symbols: Callable[[], Any]) -> None:
    """Bind the dialog's callbacks to the app. symbols: the choices of the symbol picker."""
    files = services.part(ChartFiles)
    wait = Output("chart-files-load", "disabled", allow_duplicate=True)
    lists = {"type": ROLE, "column": ALL}
    fields = {"type": OPTION, "name": ALL}

    @app.callback(
        Output("chart-files-job", "data"),
        Output("chart-files-error", "children"),
        wait,
        Output("chart-files-interval", "disabled"),
        Output("chart-files", "closeOnEscape", allow_duplicate=True),
        Output("chart-files-found", "hidden"),
        Output("chart-files-base", "data"),
        Output("chart-files-columns", "children"),
        Output(fields, "value"),
        Input("chart-files-sent", "data"),
        State("chart-files-job", "data"),
        prevent_initial_call=True,
    )
    @operator_only(lambda: (no_update, NEEDS_KEY, True, True, True, True, None, [], pattern_values("name", {})))
    def look(sent: Any, before: Any) -> Any:
        ids, problem = sent_files(sent)
        services.workers.run(files.drop, [each for each in files_of(before) if each not in ids])
        empty = pattern_values("name", {}, None)
        try:
            if problem or not ids:
                services.workers.run(files.drop, ids)
                return None, sentence(problem or "nothing was sent"), True, True, True, True, None, [], empty
            return job_data(files.start_report(ids, {})), "", True, False, True, True, None, [], empty
        except OrderflowError as found:
            return None, sentence(found), True, True, True, True, None, [], empty

    @app.callback(
        Output("chart-files-job", "data", allow_duplicate=True),
        Output("chart-files-error", "children", allow_duplicate=True),
        wait,
        Output(lists, "value"),
        Input(lists, "value"),
        Input(fields, "value"),
        State(lists, "id"),
        State(fields, "id"),
        State("chart-files-job", "data"),
        State("chart-files-base", "data"),
        prevent_initial_call=True,
    )
    @operator_only(lambda: (no_update, NEEDS_KEY, True, pattern_values("column", {})))
    def choose(roles: Any, values: Any, columns: Any, names: Any, job: Any, base: Any) -> Any:
        on = ctx.triggered_id
        changed = str(on.get("column", "")) if isinstance(on, dict) else ""
        found = chosen(job, base, (columns, roles), (names, values), changed)
        if found is None:
            raise PreventUpdate
        options, roles = found[0], pattern_values("column", found[1])
        try:
            return job_data(files.start_report(files_of(job), options)), "", True, roles
        except OrderflowError as problem:
            return no_update, sentence(problem), True, roles

    @app.callback(
        {
            "said": Output("chart-files-said", "children"),
            "bar": Output("chart-files-bar", "value"),
            "work": Output("chart-files-work", "hidden"),
            "found": Output("chart-files-found", "hidden", allow_duplicate=True),
            "question": Output("chart-files-question", "children"),
            "columns": Output("chart-files-columns", "children", allow_duplicate=True),
            "base": Output("chart-files-base", "data", allow_duplicate=True),
            "report": Output("chart-files-report", "children"),
            "load": Output("chart-files-load", "children"),
            "loadable": wait,
            "error": Output("chart-files-error", "children", allow_duplicate=True),
            "shown": Output("chart-files-shown", "data"),
            "opened": Output("chart-files", "opened"),
            "loaded": Output("chart-files-loaded", "data"),
            "symbols": Output("chart-symbol", "data", allow_duplicate=True),
            "rows": Output({"type": ROW, "name": ALL}, "className"),
        },
        Input("chart-files-interval", "n_intervals"),
        State("chart-files-job", "data"),
        State("chart-files-shown", "data"),
        State("chart-files-base", "data"),
        running=[(Output("chart-files-interval", "max_intervals"), 0, -1)],
        prevent_initial_call=True,
    )
    @operator_only(lambda: with_classes(nothing_shown()))
    def poll(_intervals: Any, data: Any, shown: Any, base: Any) -> Any:
        job_id = data.get("job") if isinstance(data, dict) else None
        if not isinstance(job_id, str) or shown == [job_id, "ended"]:
            raise PreventUpdate
        try:
            job = files.job(job_id)
        except OrderflowError as problem:
            gone = {"work": True, "error": sentence(problem), "shown": [job_id, "ended"], "loadable": True}
            return with_classes(nothing_shown() | gone)
        if job.state == "running":
            return with_classes(show_running(job))
        return with_classes(show_ended(job, base, symbols) | {"shown": [job_id, "ended"]})

    @app.callback(
        Output("chart-files-job", "data", allow_duplicate=True),
        Output("chart-files-error", "children", allow_duplicate=True),
        wait,
        Output("chart-files", "closeOnEscape"),
        Input("chart-files-load", "n_clicks"),
        State("chart-files-job", "data"),
        prevent_initial_call=True,
    )
    @operator_only(lambda: (no_update, NEEDS_KEY, True, True))
    def load(clicks: Any, data: Any) -> Any:
        if not clicks or not isinstance(data, dict):
            raise PreventUpdate
        try:
            return job_data(files.start_load(str(data.get("job")))), "", True, False
        except OrderflowError as problem:
            return no_update, sentence(problem), no_update, True

    @app.callback(
        Output("chart-files-job", "data", allow_duplicate=True),
        Output("chart-files-interval", "disabled", allow_duplicate=True),
        Output("chart-files-found", "hidden", allow_duplicate=True),
        Output("chart-files-work", "hidden", allow_duplicate=True),
        Output("chart-files-error", "children", allow_duplicate=True),
        Output("chart-files-loaded", "data", allow_duplicate=True),
        Input("chart-files", "opened"),
        Input("chart-files-gone", "data"),
        State("chart-files-job", "data"),
        State("chart-files-sent", "data"),
        prevent_initial_call=True,
    )
    @operator_only(lambda: (None, True, True, False, "", no_update))
    def leave(opened: Any, gone: Any, data: Any, sent: Any) -> Any:
        if opened:
            raise PreventUpdate
        told = stopped_load(files, data)
        services.workers.run(files.drop, [*texts(gone), *files_of(data), *sent_files(sent)[0]])
        return None, True, True, False, "", told or no_update

    for function, given in (("files", Input("chart-files-loaded", "data")), ("closed", Input("chart-files", "opened"))):
        app.clientside_callback(
            ClientsideFunction("chart", function),
            Output("chart-sink", "data", allow_duplicate=True),
            given,
            prevent_initial_call=True,
        )
