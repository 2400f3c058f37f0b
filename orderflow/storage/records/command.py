"""`orderflow db`: show the version of the records' schema, and move it up or down while no server uses them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from orderflow.errors import BadInput, Conflict, NotFound
from orderflow.storage.in_use import holder_of
from orderflow.storage.records.address import FILE, Address
from orderflow.storage.records.engine import make_engine, open_reader, open_writer
from orderflow.storage.records.failures import translated
from orderflow.storage.records.reading import opened, version_of
from orderflow.storage.records.schema import NONE, migrate, prepare, stored_version, transaction, versions

ACTIONS = ("current", "upgrade", "downgrade")
Out = Callable[[str], object]


def run(action: str, address: Address, version: str | None, out: Out = print) -> int:
    """Run one action and print the version. version: to move to; an upgrade moves to the newest without it.

    Raises BadInput without a version to go down to, BadSetting for an unknown one, Conflict while a server uses the
    records, NotFound if there are none, StorageFailed.
    """
    if action == "downgrade" and version is None:
        raise BadInput(f"downgrade needs the version to go down to: {', '.join([NONE, *versions()[:-1]])}")
    if action != "current":
        _move(action, address, version)
    found = current(address)
    newest = "" if found == versions()[-1] else f" (the newest is {versions()[-1]})"
    out(f"{address}: schema {found}{newest}")
    return 0


def current(address: Address) -> str:
    """The version of the stored schema. Raises NotFound if there is no file, StorageFailed, BadSetting."""
    if address.path is not None:
        if not address.path.is_file():
            raise NotFound(f"there are no records in {address.folder} yet; the first start of a server makes them")
        in_use = address.folder is not None and holder_of(address.folder / "ticks") is not None
        with translated("the records cannot be read", address), opened(address.path, in_use=in_use) as connection:
            return version_of(connection) or NONE
    engine = make_engine(address)
    with translated("the records cannot be read", address), contextlib.closing(open_reader(engine)) as reader:
        return stored_version(reader)


def _move(action: str, address: Address, version: str | None) -> None:
    if address.memory:
        raise Conflict("with --ephemeral there is nothing to move")
    if address.folder is not None:
        holder = holder_of(address.folder / "ticks")
        if holder is not None:
            raise Conflict(f"{address} is in use by {holder}: stop it first")
        if not (address.folder / FILE).is_file():
            raise NotFound(f"there are no records in {address.folder} yet; the first start of a server makes them")
    engine = make_engine(address)
    with (
        translated("the records cannot be changed", address),
        contextlib.closing(open_writer(engine)) as connection,
        transaction(connection),
    ):
        before = stored_version(connection)
        known = [NONE, *versions()]
        if version is None:
            prepare(connection)
            return
        if {version, before} <= set(known) and (known.index(version) > known.index(before)) != (action == "upgrade"):
            raise BadInput(f"{version} is not {'above' if action == 'upgrade' else 'below'} the present {before}")
        migrate(connection, version)
