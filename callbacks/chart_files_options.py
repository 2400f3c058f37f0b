"""What the dialog "Open a file" says about a file, as options of reading, and which columns it gives which role."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from layouts.chart_files_options import NONE
from orderflow.formats.options import COLUMN_ROLES, FILE_OPTIONS
from orderflow.formats.summary.report import FileReport

LONGEST = 2000
COMPLETE = ({"time", "price", "size"}, {"time", "price", "total"}, {"time", "price", "bid_volume", "ask_volume"})
"""Roles that, named together, are all columns: the others must be named too."""
Roles = Mapping[str, str]
"""The role of each column, by reference; "" for none."""
Lists = tuple[object, object]
"""The ids of a pattern's components, and their values."""


def texts(given: object) -> list[str]:
    """The texts of a list; of anything else none."""
    return [each for each in given if isinstance(each, str)] if isinstance(given, list) else []


def roles_of(ids: object, values: object) -> dict[str, str]:
    """The roles in the lists of all columns. ids, values: of the lists."""
    pairs = zip(ids, values, strict=False) if isinstance(ids, list) and isinstance(values, list) else ()
    return {
        str(each["column"]): value if isinstance(value, str) and value != NONE else ""
        for each, value in pairs
        if isinstance(each, dict) and "column" in each
    }


def one_each(roles: Roles, changed: str) -> dict[str, str]:
    """The roles without those that another column has had before `changed` got them."""
    taken = roles.get(changed, "")
    return {column: "" if column != changed and role == taken else role for column, role in roles.items()}


def files_of(data: object) -> list[str]:
    """The files of a job, as the page keeps it."""
    return texts(data.get("files")) if isinstance(data, dict) else []


def columns_text(roles: Roles, found: Roles) -> str:
    """The option `columns` that makes `roles` of the roles that were found; "" if they are the same."""
    known = {role: column for column, role in roles.items() if role in COLUMN_ROLES}
    before = {role: column for column, role in found.items() if role in COLUMN_ROLES}
    changed = {role: column for role, column in known.items() if before.get(role) != column}
    complete = any(changed.keys() >= roles for roles in COMPLETE)
    changed = known if complete else changed
    gone = {} if complete else {role: "" for role in before if role not in known}
    return ",".join(f"{role}={column}" for role, column in {**changed, **gone}.items())


def given_options(ids: object, values: object, columns: str) -> dict[str, str]:
    """The options that are given, as texts. ids, values: of the fields."""
    pairs = zip(ids, values, strict=False) if isinstance(ids, list) and isinstance(values, list) else ()
    found = {str(each.get("name")): value for each, value in pairs if isinstance(each, dict)}
    found["columns"] = columns
    return {
        name: text.strip()[:LONGEST]
        for name in FILE_OPTIONS
        if isinstance(text := found.get(name), str) and text.strip()
    }


def command(names: Sequence[str], options: Mapping[str, str], found: FileReport) -> str:
    """The command line that reads files in this way: with what was given, or what was found out."""
    said = [word for name, text in options.items() for word in _words(name, text)]
    line = " ".join(map(shlex.quote, said)) if said else found.options
    return f"orderflow-replay {' '.join(map(shlex.quote, names))} {line}"


def _words(name: str, text: str) -> list[str]:
    flag = f"--{name.replace('_', '-')}"
    return [flag] if name == "no_header" else [flag, text]


def chosen(
    data: object, base: object, lists: Lists, fields: Lists, changed: str
) -> tuple[dict[str, str], dict[str, str]] | None:
    """(the options that the dialog stands for, what each list shows), None if the options are those of the job.

    data: of the job. base: as `show_report` keeps it. changed: the column whose role was chosen last, or "".
    """
    job, known = (each if isinstance(each, dict) else {} for each in (data, base))
    if not job.get("files"):
        return None
    roles = one_each(roles_of(*lists), changed)
    text = columns_text(roles, _texts_by_name(known.get("roles"))) if roles else ""
    if said := str(known.get("said") or ""):  # the table was drawn while columns were named
        text = columns_text(roles, {}) if text else said
    options = given_options(*fields, text)
    return (
        None if options == job.get("options") else (options, {column: role or NONE for column, role in roles.items()})
    )


def _texts_by_name(given: object) -> dict[str, str]:
    """The texts of a mapping; of anything else none."""
    return {name: text for name, text in given.items() if isinstance(text, str)} if isinstance(given, dict) else {}
