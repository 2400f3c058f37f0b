"""The workspace's upload dialog: look at a file that the page has sent, say how it is read, store it.

`assets/workspace/upload.js` sends the file as it is to POST /data/upload/file and leaves the answer in `ws-up-file`.
Without an answer it says so itself, as the server cannot.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from callbacks.toasts import refresh, sentence
from callbacks.workspace_files import (
    TICKS,
    Desk,
    Sent,
    Shown,
    changed_mapping,
    columns_text,
    failure,
    mapping_of,
    report_path,
    texts_of,
)
from callbacks.workspace_state import read
from layouts.workspace_data import refused_note, stored_view, ticks_view
from layouts.workspace_login import LOG_IN_FIRST
from layouts.workspace_preview import facts_view, preview_view, problem_view
from layouts.workspace_upload import READING
from orderflow.errors import BadInput, OrderflowError
from orderflow.web.kit.access import is_operator, operator_only
from orderflow.web.kit.current_user import for_user
from orderflow.web.workspace.upload_params import NAME_PATTERN
from orderflow.workspace.uploads.library import Library, Request, RowsRefused
from orderflow.workspace.uploads.options import read_options

if TYPE_CHECKING:
    from orderflow.services import Services

NEEDS_KEY = "Ticks go to the market that everybody sees: open this page once with ?key=… as the server printed it."
FIELDS = [f"ws-up-{name}" for name in READING]
STEP = Output("ws-up-box", "data-step", allow_duplicate=True)
LOOK = {
    "step": STEP,
    "about": Output("ws-up-box", "data-kind"),
    "fault": Output("ws-up-fault", "children"),
    "again": Output("ws-up-again", "style"),
    "kind": Output("ws-up-kind", "value"),
    "name": Output("ws-up-name", "value"),
    "label": Output("ws-up-name", "label"),
    "frame": Output("ws-up-frame", "placeholder"),
    "fields": [Output(field, "value") for field in FIELDS],
    "members": Output("ws-up-member", "data"),
    "single": Output("ws-up-member-place", "hidden"),
    "reading": Output("ws-up-reading", "open"),
    "facts": Output("ws-up-facts", "children"),
    "problem": Output("ws-up-problem", "children"),
    "whole": Output("ws-up-skip-place", "hidden"),
    "skip": Output("ws-up-skip-rows", "checked"),
    "preview": Output("ws-up-preview", "children"),
    "refused": Output("ws-up-refused", "children"),
    "disabled": [Output(f"ws-up-send{kind}", "disabled") for kind in ("", "-ticks")],
    "shown": Output("ws-up-shown", "data"),
}
STORE = {
    "step": STEP,
    "done": Output("ws-up-done", "children", allow_duplicate=True),
    "refused": Output("ws-up-refused", "children", allow_duplicate=True),
    "whole": Output("ws-up-skip-place", "hidden", allow_duplicate=True),
    "stored": Output("ws-up-stored", "data", allow_duplicate=True),
}
ABOUT = {
    "shown": State("ws-up-shown", "data"),
    "name": State("ws-up-name", "value"),
    "skip": State("ws-up-skip-rows", "checked"),
}
RUNNING = [(Output(f"ws-up-send{kind}", "loading"), True, False) for kind in ("", "-ticks")]
HIDDEN: dict[str, str] = {"display": "none"}
VISIBLE: dict[str, str] = {}


def changes(of: dict[str, Any], **new: Any) -> dict[str, Any]:
    """The outputs of a callback: those named, and the others as they are."""
    same = {name: [no_update] * len(out) if isinstance(out, list) else no_update for name, out in of.items()}
    return {**same, **new}


def not_sent(sent: Sent, most: int) -> dict[str, Any]:
    """A file has not come: why, and whether it can be tried again."""
    again = VISIBLE if sent.status in (429, 507) and sent.filename else HIDDEN
    return changes(LOOK, step="choose", fault=failure(sent, most), again=again, shown=None)


def refused_file(fault: str) -> dict[str, Any]:
    """A file cannot be looked at at all."""
    return changes(LOOK, step="choose", fault=fault, again=HIDDEN, shown=None)


def next_shown(shown: Shown | None, sent: Sent | None, kind: Any, values: Any, roles: Any, found: Any) -> Shown | None:
    """What is to be looked at after a field, a role or the kind was changed; None if nothing is."""
    if ctx.triggered_id == "ws-up-file":
        return None if sent is None else Shown(sent.upload, sent.kind, {})
    if shown is None:
        return None
    if kind != shown.kind:
        return read(Shown, {"upload": shown.upload, "kind": kind, "texts": {}})  # as it was read the last time
    texts, mapping = texts_of(values), shown.mapping
    if "columns" in shown.texts:
        texts["columns"] = shown.texts["columns"]
    roles = read(list[str], roles) or []
    if isinstance(ctx.triggered_id, dict) and len(roles) <= len(mapping):
        mapping = changed_mapping(mapping, [*roles, *mapping[len(roles) :]])
        if mapping != shown.mapping:
            texts["columns"] = columns_text(mapping, *(read(list[str], each) or [] for each in found))
    return None if texts == shown.texts else Shown(shown.upload, shown.kind, texts, mapping, True)


def looked(desk: Desk, shown: Shown, sent: Sent, fresh: bool, name: Any) -> dict[str, Any]:
    """The page after a look at a file. fresh: the file or its kind is new, so that the fields are set too. name: what
    the field for the name or symbol holds."""
    try:
        found = desk.found(shown)
    except OrderflowError as error:
        members, why = desk.members(shown), str(error)
        fault = why + "." * (not why.endswith(".")) if why.startswith(sent.filename) else sentence(error)
        return choose_member(shown, sent, members, fault) if members else refused_file(fault)
    texts = found.get("options", shown.texts)
    kept = Shown(shown.upload, shown.kind, texts, mapping_of(found), shown.by_hand)
    ticks = shown.kind == TICKS
    symbols = ", ".join(found.get("symbols", ()))
    new: dict[str, Any] = {"name": symbols} if ticks and not name else {}
    if fresh:
        about = {"kind": shown.kind, "name": symbols if ticks else sent.name, "label": "Symbol" if ticks else "Name"}
        fields = [texts.get(name, "") for name in READING]
        new = {**about, "fields": fields, "skip": False, "single": "member" not in texts}
    return changes(
        LOOK, step="look", about=shown.kind, fault="", again=HIDDEN, frame=found.get("timeframe", ""),
        facts=facts_view(found), problem=problem_view(found), whole=not found.get("refused") or ticks,
        preview=preview_view(found, kept.mapping), refused="", disabled=[bool(found["problem"])] * 2,
        reading=bool(found["problem"]) or not found.get("taken", True) or no_update, shown=to_page(kept, found), **new,
    )  # fmt: skip


def to_page(shown: Shown, found: dict[str, Any]) -> dict[str, Any]:
    """What the page keeps of a look."""
    kept = {name: getattr(shown, name) for name in Shown.__struct_fields__}
    return {**kept, "header": found["header"], "roles": found.get("roles", [])}


def choose_member(shown: Shown, sent: Sent, members: tuple[str, ...], why: str) -> dict[str, Any]:
    """The page for an archive of several files, of which one is to be chosen."""
    bare: dict[str, Any] = {"header": [], "raw": [], "roles": []}
    return changes(
        LOOK, step="look", about=shown.kind, fault="", kind=shown.kind, name=sent.name, label="Name",
        fields=[shown.texts.get(name, "") for name in READING], skip=False, members=list(members), single=False,
        reading=True, facts="", problem=why, whole=True, preview="", refused="", disabled=[True, True],
        shown=to_page(shown, bare),
    )  # fmt: skip


def refused(error: OrderflowError) -> dict[str, Any]:
    """The page after a file was not stored."""
    cause = error if isinstance(error, RowsRefused) else error.__cause__
    if not isinstance(cause, RowsRefused):
        return changes(STORE, refused=sentence(error))
    return changes(STORE, refused=refused_note(sentence(cause), report_path(cause.report)), whole=not cause.errors)


def request_of(file: Shown, name: Any, frame: Any, mode: Any, skip: Any) -> Request:
    """What the form says is to be done. Raises BadInput."""
    called = name.strip() if isinstance(name, str) else ""
    if not re.fullmatch(NAME_PATTERN, called):
        raise BadInput("the name must have 1 to 100 characters, and no slashes")
    options = read_options(file.texts) if file.by_hand else None
    timeframe = (frame.strip() or None) if isinstance(frame, str) and file.kind == "ohlcv" else None
    return Request(called, timeframe, "append" if mode == "append" else "replace", skip is True, options)


def register(app: Dash, services: Services) -> None:
    """Bind the dialog's callbacks."""
    library, formats = services.part(Library), services.settings.formats

    @app.callback(
        output=LOOK,
        inputs={
            "sent": Input("ws-up-file", "data"),
            "kind": Input("ws-up-kind", "value"),
            "values": [Input(field, "value") for field in FIELDS],
            "roles": Input({"type": "ws-map", "index": ALL}, "value"),
        },
        state={"shown": State("ws-up-shown", "data"), "called": State("ws-up-name", "value")},
        running=RUNNING,
        prevent_initial_call=True,
    )
    @for_user(lambda: refused_file(LOG_IN_FIRST))
    def look(user: str, sent: Any, kind: Any, values: Any, roles: Any, shown: Any, called: Any) -> dict[str, Any]:
        file, before = read(Sent, sent), read(Shown, shown)
        if file is not None and ctx.triggered_id == "ws-up-file" and file.status not in (200, 201):
            return not_sent(file, library.most_bytes)
        parts = (shown.get("header"), shown.get("roles")) if isinstance(shown, dict) else ((), ())
        wanted = next_shown(before, file, kind, values, roles, parts)
        if wanted is None or file is None:
            raise PreventUpdate
        fresh = before is None or (wanted.upload, wanted.kind) != (before.upload, before.kind)
        return looked(Desk(library, user, formats, trusted=is_operator()), wanted, file, fresh, called)

    _storing(app, services, library)
    presses = [Input(f"ws-up-{name}", "n_clicks") for name in ("pick", "other", "again", "cancel")]
    app.clientside_callback(
        ClientsideFunction("upload", "act"), Output("ws-sink", "data", allow_duplicate=True), *presses,
        Input({"type": "ws-up-next", "n": ALL}, "n_clicks"), Input("ws-left", "data"), prevent_initial_call=True,
    )  # fmt: skip

    app.clientside_callback(
        ClientsideFunction("kit", "toggle"), Output("ws-upload", "opened"), Input("ws-open-upload", "n_clicks"),
        State("ws-upload", "opened"), prevent_initial_call=True,
    )  # fmt: skip


def _storing(app: Dash, services: Services, library: Library) -> None:
    # one at a time: the answer to a second, refused, would replace that to the first
    # `_pressed` names the button to the script that makes it usable again after a lost answer
    for kind in ("", "-ticks"):
        button = f"ws-up-send{kind}"
        app.clientside_callback(
            ClientsideFunction("kit", "settled"), Output(f"ws-up-go{kind}", "data"), Input(button, "n_clicks"),
            State(button, "loading"), prevent_initial_call=True,
        )  # fmt: skip
    market, formats = services.market, services.settings.formats

    @app.callback(
        output=STORE,
        inputs={"clicks": Input("ws-up-go", "data")},
        state={
            **ABOUT,
            "_pressed": State("ws-up-send", "n_clicks"),
            "frame": State("ws-up-frame", "value"),
            "mode": State("ws-up-mode", "value"),
        },
        running=RUNNING,
        prevent_initial_call=True,
    )
    @for_user(lambda: changes(STORE, refused=LOG_IN_FIRST))
    def store(
        user: str, clicks: Any, shown: Any, name: Any, skip: Any, frame: Any, mode: Any, _pressed: Any
    ) -> dict[str, Any]:
        file, desk = read(Shown, shown), Desk(library, user, formats, trusted=is_operator())
        if not clicks or file is None or file.kind == TICKS:
            raise PreventUpdate
        try:
            row = desk.store(file, request_of(file, name, frame, mode, skip))
            view = stored_view(row, desk.refused(row["report"]))
        except OrderflowError as error:
            return refused(error)
        return changes(STORE, step="done", done=view, refused="", stored=refresh())

    @app.callback(
        output=STORE,
        inputs={"clicks": Input("ws-up-go-ticks", "data")},
        state={**ABOUT, "_pressed": State("ws-up-send-ticks", "n_clicks")},
        running=RUNNING,
        prevent_initial_call=True,
    )
    @operator_only(lambda: changes(STORE, refused=NEEDS_KEY))
    @for_user(lambda: changes(STORE, refused=LOG_IN_FIRST))
    def store_ticks(user: str, clicks: Any, shown: Any, name: Any, skip: Any, _pressed: Any) -> dict[str, Any]:
        file, desk = read(Shown, shown), Desk(library, user, formats, trusted=is_operator())
        if not clicks or file is None or file.kind != TICKS:
            raise PreventUpdate
        symbol = name.strip() if isinstance(name, str) else ""
        try:
            row = desk.store_ticks(market, file, skip is True, "" if "," in symbol else symbol)
            view = ticks_view({**row, "errors": desk.refused(row["report"])})
        except OrderflowError as error:
            return refused(error)
        return changes(STORE, step="done", done=view, refused="")
