"""`orderflow user`: list, disable, enable, reset and delete accounts, also while a server runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from orderflow.accounts.accounts import Accounts
from orderflow.accounts.identity import email_key, nickname_key
from orderflow.accounts.product import build_accounts
from orderflow.accounts.tokens import SECOND
from orderflow.errors import BadInput, Conflict, NotFound
from orderflow.runtime.clock import SystemClock
from orderflow.runtime.workers import Workers
from orderflow.settings.settings import Settings
from orderflow.storage.records.address import Address, address_of
from orderflow.storage.records.records import Records
from orderflow.storage.records.session_store import SessionStore
from orderflow.storage.records.user_store import StoredUser, UserStore

ACTIONS = ("list", "disable", "enable", "reset", "delete")
Out = Callable[[str], object]


def run(action: str, name: str | None, settings: Settings, out: Out = print) -> int:
    """Run one action. name: an e-mail address, or a nickname without @.

    Raises BadInput without a name, NotFound for an unknown one or without records, Conflict with --ephemeral,
    StorageFailed.
    """
    with _opened(settings) as (records, accounts):
        users = UserStore(records)
        if action == "list":
            for line in _listed(users, SessionStore(records)):
                out(line)
            return 0
        user = _named(users, name)
        if action == "delete":
            accounts.profile.remove(user)
            out(f"{user.nickname} ({user.email}) is deleted, with the sessions. {DATA}")
        elif action == "reset":
            out(f"A code for {user.nickname} ({user.email}), valid for a day and once. It is used on the account page:")
            out(f"  {accounts.resets.make(user.id)}")
        else:
            ended = len(users.set_disabled(user.id, disabled=action == "disable"))
            out(f"{user.nickname} ({user.email}) is {action}d" + (f"; {ended} sessions ended" if ended else ""))
    return 0


DATA = "What the user uploaded is removed by the server within ten minutes of its running."


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[Records, Accounts]]:
    address = address_of(settings.data_dir, ephemeral=settings.ephemeral, database_url=settings.database_url)
    _check_there(address)
    workers = Workers(threads=2)
    records = Records(address, workers)
    try:
        records.start()
        yield records, build_accounts(settings, records, workers, SystemClock())[0]
    finally:
        records.close()
        workers.stop()


def _check_there(address: Address) -> None:
    if address.memory:
        raise Conflict("with --ephemeral there are no accounts to work on")
    if address.path is not None and not address.path.is_file():
        raise NotFound(f"there are no records in {address.folder} yet; the first start of a server makes them")


def _named(users: UserStore, name: str | None) -> StoredUser:
    if not name:
        raise BadInput("name the user: the nickname or the e-mail address")
    # a nickname may look like the address of somebody else
    found = users.by_email(email_key(name)) if "@" in name else users.by_nickname(nickname_key(name))
    if found is None:
        raise NotFound(f"there is no user {name!r}; `orderflow user list` shows all")
    return found


def _listed(users: UserStore, sessions: SessionStore) -> Iterator[str]:
    found = users.list()
    for user in found:
        used = max((each.used for each in sessions.list(user.id)), default=0)
        words = [f"registered {_day(user.created)}", f"last seen {_day(used)}" if used else "no session"]
        words += ["second factor"] * bool(user.totp) + ["disabled"] * user.disabled
        out = "".join(each if each.isprintable() else "?" for each in user.nickname)
        yield f"{out}  {user.email}  {', '.join(words)}"
    yield f"{len(found)} users"


def _day(ns: int) -> str:
    return datetime.fromtimestamp(ns / SECOND, UTC).strftime("%Y-%m-%d %H:%M UTC")
