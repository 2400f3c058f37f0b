from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from orderflow.accounts.accounts import Accounts
from orderflow.accounts.core import Caller
from orderflow.accounts.passkeys import Site
from orderflow.accounts.product import build_accounts
from orderflow.accounts.sessions import Grant
from orderflow.runtime.workers import Workers
from orderflow.settings.settings import Settings
from orderflow.storage.records.address import address_of
from orderflow.storage.records.records import Records
from orderflow.storage.records.user_store import StoredUser
from tests.clocks import ManualClock

ANN = {"nickname": "Ann", "email": "ann@example.org", "password": "correct horse battery"}
NEW, OTHER = "four entirely different words", "yet another phrase of words"
SITE = Site("localhost", "http://localhost:8765")
HERE, THERE = Caller("192.0.2.1", "phone"), Caller("198.51.100.7", "laptop")


def caller_of(grant: Grant) -> Caller:
    """Who calls from here in a session."""
    return replace(HERE, session=grant.session)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_800_000_000 * 10**9)


@pytest.fixture
def records(workers: Workers, tmp_path_factory: pytest.TempPathFactory) -> Records:
    made = Records(address_of(tmp_path_factory.mktemp("data"), ephemeral=True), workers)
    made.start()
    return made


@pytest.fixture
def mails() -> list[tuple[str, str, str]]:
    """What was sent by e-mail."""
    return []


@pytest.fixture
def make_accounts(
    records: Records, workers: Workers, clock: ManualClock, mails: list[tuple[str, str, str]]
) -> Callable[..., Accounts]:
    """make_accounts(mail=True, **settings): accounts with the same records."""

    def make(*, mail: bool = True, **settings: object) -> Accounts:
        send = (lambda *mail: mails.append(mail)) if mail else None
        given = Settings.of(**{"ephemeral": True, **settings})
        accounts, upkeep = build_accounts(given, records, workers, clock, send)
        upkeep.start()
        return accounts

    return make


@pytest.fixture
def accounts(make_accounts: Callable[..., Accounts]) -> Accounts:
    return make_accounts()


@pytest.fixture
def ann(accounts: Accounts) -> StoredUser:
    return accounts.register(ANN, HERE)
