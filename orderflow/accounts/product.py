"""Builds the accounts from the ground."""

from __future__ import annotations

import logging

from orderflow.accounts.accounts import Accounts
from orderflow.accounts.attempts import Attempts
from orderflow.accounts.core import Core, Mail
from orderflow.accounts.passkeys import Passkeys
from orderflow.accounts.passwords import Passwords
from orderflow.accounts.profile import Profile
from orderflow.accounts.resets import Resets
from orderflow.accounts.second_factors import SecondFactors
from orderflow.accounts.sessions import Sessions
from orderflow.accounts.tokens import Tokens
from orderflow.errors import StorageFailed
from orderflow.runtime.clock import Clock, SettledTime
from orderflow.runtime.workers import Workers
from orderflow.settings.settings import Settings
from orderflow.storage.records.passkey_store import PasskeyStore
from orderflow.storage.records.records import Records
from orderflow.storage.records.reset_store import ResetStore
from orderflow.storage.records.session_store import SessionStore
from orderflow.storage.records.user_store import UserStore
from orderflow.storage.signing_keys import SigningKeys

SWEEP_SECONDS = 600.0
PAGE = "/account/"

log = logging.getLogger(__name__)


class Upkeep:
    """The keys that sign tokens, and what is removed when its time is over."""

    def __init__(self, keys: SigningKeys, accounts: Accounts, core: Core, workers: Workers, clock: Clock) -> None:
        self._keys = keys
        self._accounts = accounts
        self._core = core
        self._workers = workers
        self._time = SettledTime(clock)

    def start(self) -> None:
        """Read the keys. If they cannot be kept, this start has its own, and its sessions end with it."""
        try:
            self._workers.run_writer(self._keys.load)
        except StorageFailed as error:
            log.warning("%s; this start has keys of its own", error)
            self._keys.forget_file()
        self._workers.every(SWEEP_SECONDS, "upkeep of accounts", self.sweep)

    def sweep(self) -> None:
        """Replace the signing key if it is old; remove what is over."""
        self._core.attempts.sweep()
        self._core.passwords.sweep()
        self._accounts.passkeys.sweep()
        self._workers.run_writer(self._keys.rotate_if_due)
        self._accounts.sessions.sweep(self._time.now())
        self._accounts.resets.sweep()
        self._accounts.profile.sweep()


def build_accounts(
    settings: Settings, records: Records, workers: Workers, clock: Clock, mail: Mail | None = None
) -> tuple[Accounts, Upkeep]:
    """The accounts, and their upkeep; nothing runs yet. mail: None where the server sends no e-mail."""
    keys = SigningKeys(None if settings.ephemeral else settings.data_dir, clock.now)
    sessions = Sessions(SessionStore(records), Tokens(keys, clock.now), clock.now, clock.monotonic, workers.post_writer)
    core = Core(UserStore(records), sessions, Passwords(workers), Attempts(), clock.now, mail)
    passkeys = Passkeys(core, PasskeyStore(records), workers)
    codes = ResetStore(records)
    profile = Profile(core, passkeys.has_any)
    place = f"{settings.public_url}{PAGE}" if settings.public_url else ""
    resets = Resets(core, profile, codes, place)
    factors = SecondFactors(core)
    accounts = Accounts(settings.accounts_mode, core, profile, factors, passkeys, resets)
    return accounts, Upkeep(keys, accounts, core, workers, clock)
