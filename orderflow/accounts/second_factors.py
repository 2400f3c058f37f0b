"""Second factors of a login: codes of an authenticator app (TOTP), each valid once, and recovery codes.

Recovery codes have 120 random bits, so that a plain SHA-256 of them is enough.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from base64 import b32encode
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyotp

from orderflow.accounts.core import Caller, Core
from orderflow.accounts.identity import refused
from orderflow.accounts.password_rules import check_alone
from orderflow.accounts.tokens import SECOND
from orderflow.errors import BadInput, Conflict, FieldError, Unauthorized
from orderflow.storage.records.user_checks import Checked
from orderflow.storage.records.user_store import StoredUser

STEP_SECONDS = 30
DRIFT = (0, -1, 1)
"""Steps that an app's clock may be behind or ahead."""
RECOVERY_CODES = 10
PENDING_NS = 600 * SECOND
MOST_PENDING = 1_000
CODE = "second factor"
EVERYWHERE = "*"
ISSUER = "Orderflow"
NO_CODES = "[]"
"""How no recovery codes are kept."""
HAS_APP = "there is an authenticator app already: remove it first"


class SecondFactorNeeded(Unauthorized):
    """The password is right, and a second factor is needed. `errors` names the field, as in BadInput."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.errors = (FieldError(None, "code", "is needed"),)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A secret that is not in use yet. uri: for a QR code."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Pending:
    """A secret that waits for its first code until ns since 1970, and what must still hold then."""

    secret: str = field(repr=False)
    until: int
    checked: Checked


class SecondFactors:
    """The authenticator app and the recovery codes of users."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._pending: dict[tuple[str, str | None], _Pending] = {}

    def enrol(self, user: str, password: str, caller: Caller) -> Enrolment:
        """Begin with an app: a new secret, which counts when `confirm` gets a code of it."""
        found, checked = self._core.confirm(user, password, caller)
        if found.totp:
            raise Conflict(HAS_APP)
        if len(self._pending) >= MOST_PENDING:  # the oldest one of the user who has most makes room
            most = Counter(each for each, _ in self._pending).most_common(1)[0][0]
            del self._pending[next(key for key in self._pending if key[0] == most)]
        secret = pyotp.random_base32()
        self._pending[user, caller.session] = _Pending(secret, self._core.now() + PENDING_NS, checked)
        return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=found.email, issuer_name=ISSUER))

    def confirm(self, user: str, code: str, caller: Caller) -> list[str]:
        """Take the app in use. Returns new recovery codes, which are shown once.

        Raises BadInput, Unauthorized, and Conflict without an `enrol` of this session before, or if the password was
        changed since then.
        """
        found = self._pending.get((user, caller.session))
        if found is None or found.until <= self._core.now():
            raise Conflict("the secret is too old: begin again")
        self._core.attempts.begin(CODE, user, EVERYWHERE)
        step = self._step(found.secret, code)
        if step is None:
            raise refused("code", "is wrong: is the clock of your device right?")
        del self._pending[user, caller.session]
        self._core.attempts.succeeded(CODE, user, EVERYWHERE)
        codes = new_codes()

        def decide(present: StoredUser, passkeys: int) -> dict[str, Any]:
            if present.totp:
                raise Conflict(HAS_APP)
            return {"totp": found.secret, "totp_step": step, "recovery": kept(codes)}

        self._core.users.change_checked(found.checked, decide)
        self._core.tell(self._core.users.get(user), "an authenticator app was added")
        return codes

    def remove(self, user: str, password: str, caller: Caller) -> None:
        """Do without the app; without a passkey the recovery codes go too.

        Raises Unauthorized, Conflict, Busy, and BadInput for a password that is too short without a second factor.
        """
        found, checked = self._core.confirm(user, password, caller)

        def decide(present: StoredUser, passkeys: int) -> dict[str, Any]:
            if not passkeys:
                check_alone(password)
            return {"totp": "", "totp_step": 0, **({} if passkeys else {"recovery": NO_CODES})}

        self._core.users.change_checked(checked, decide)
        self._core.tell(found, "the authenticator app was removed")

    def renew_codes(self, user: str, password: str, caller: Caller) -> list[str]:
        """Replace the recovery codes of a user whose password is right. Raises Unauthorized, Conflict, Busy."""
        found, checked = self._core.confirm(user, password, caller)
        codes = new_codes()

        def decide(present: StoredUser, passkeys: int) -> dict[str, Any]:
            if not (present.totp or passkeys):
                raise Conflict("there is no second factor, so there is nothing to recover")
            return {"recovery": kept(codes)}

        self._core.users.change_checked(checked, decide)
        self._core.tell(found, "new recovery codes were made")
        return codes

    def check(self, user: StoredUser, code: str) -> None:
        """Use a code of the app or a recovery code. Raises SecondFactorNeeded without one, Unauthorized, Busy.

        Too many wrong ones stop further ones from everywhere: whoever tries them knows the password.
        """
        if not code:
            raise SecondFactorNeeded("a second factor is needed: a code of the authenticator app, or a recovery code")
        self._core.attempts.begin(CODE, user.id, EVERYWHERE)
        if not (self._uses_step(user, code) or self._uses_recovery(user, code)):
            raise Unauthorized("the code is wrong, or was used before")
        self._core.attempts.succeeded(CODE, user.id, EVERYWHERE)

    def left(self, user: StoredUser) -> int:
        """How many recovery codes are left."""
        return len(json.loads(user.recovery))

    def _uses_step(self, user: StoredUser, code: str) -> bool:
        step = self._step(user.totp, code) if user.totp else None
        return step is not None and self._core.users.use_code(user.id, user.totp, step)

    def _uses_recovery(self, user: StoredUser, code: str) -> bool:
        kept, given = json.loads(user.recovery), _digest(code)
        rest = [each for each in kept if not hmac.compare_digest(each, given)]
        if len(rest) == len(kept) or not self._core.users.use_recovery(user.id, user.recovery, json.dumps(rest)):
            return False
        self._core.tell(user, f"a recovery code was used; {len(rest)} are left")
        return True

    def _step(self, secret: str, code: str) -> int | None:
        """The step of which a code is; None for a wrong one."""
        text = re.sub(r"\s", "", code)
        if not re.fullmatch(r"[0-9]{6}", text):
            return None
        now, app = self._core.seconds() // STEP_SECONDS, pyotp.TOTP(secret)
        return next((now + by for by in DRIFT if hmac.compare_digest(app.generate_otp(now + by), text)), None)


def new_codes() -> list[str]:
    """Recovery codes that nobody has yet."""
    return [_new_code() for _ in range(RECOVERY_CODES)]


def kept(codes: Sequence[str]) -> str:
    """Recovery codes as they are kept."""
    return json.dumps([_digest(code) for code in codes])


def _new_code() -> str:
    text = b32encode(secrets.token_bytes(15)).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def _digest(code: str) -> str:
    plain = re.sub(r"[\s-]", "", code).lower()
    return hashlib.sha256(plain.encode(errors="surrogatepass")).hexdigest()


def read_code(value: object) -> str:
    """The field `code` of a request, "" without one. Raises BadInput."""
    if value in (None, ""):
        return ""
    if not isinstance(value, str) or len(value) > 64:
        raise BadInput("code must be text", [FieldError(None, "code", "must be text")])
    return value
