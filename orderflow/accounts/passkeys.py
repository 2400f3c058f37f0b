"""Passkeys (WebAuthn): instead of a password, or as its second factor.

A device signs a challenge that this server made, for the name under which the browser reached it. Each challenge is
used once and within five minutes. The device must have verified its user (a finger, a face, a PIN), so that a passkey
alone is two factors.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orderflow.accounts.core import Caller, Core
from orderflow.accounts.identity import LONGEST_NICKNAME, refused
from orderflow.accounts.password_rules import check_alone
from orderflow.accounts.second_factors import NO_CODES, kept, new_codes
from orderflow.accounts.tokens import SECOND
from orderflow.errors import NotFound, Unauthorized
from orderflow.runtime.shares import CLIENT
from orderflow.runtime.workers import Workers
from orderflow.storage.records.passkey_store import PasskeyStore, StoredPasskey
from orderflow.storage.records.user_checks import Checked
from orderflow.storage.records.user_store import StoredUser

CHALLENGE_NS = 300 * SECOND
MOST_CHALLENGES = 2_000
MOST = 20
"""Passkeys of one user."""
USED = "the challenge was used or is too old: try again"
WRONG = "the passkey is not known here, or its answer is wrong: try again"


@dataclass(frozen=True, slots=True)
class Site:
    """The server as a browser sees it. name: without scheme and port; origin: with both."""

    name: str
    origin: str


@dataclass(frozen=True, slots=True)
class _Challenge:
    """checked: of who registers a passkey; None for a login. client: the address that asked for it."""

    data: bytes = field(repr=False)
    checked: Checked | None
    until: int
    client: str


class Passkeys:
    """The passkeys of users. `webauthn` is loaded at the first use: it takes 0.2 s."""

    def __init__(self, core: Core, store: PasskeyStore, workers: Workers) -> None:
        self._core = core
        self._store = store
        self._workers = workers
        self._challenges: dict[str, _Challenge] = {}

    def list(self, user: str) -> tuple[StoredPasskey, ...]:
        """Those of a user, oldest first."""
        return self._store.list(user)

    def has_any(self, user: str) -> bool:
        """Whether a user has one."""
        return bool(self._store.list(user))

    def begin_adding(self, user: str, password: str, site: Site, caller: Caller) -> dict[str, Any]:
        """What `navigator.credentials.create` is asked; id: of the challenge. Raises Unauthorized, Busy."""
        found, checked = self._core.confirm(user, password, caller)
        known = [each.id for each in self._store.list(user)]
        number, challenge = self._challenge(checked)
        names = (found.id, found.email, found.nickname)
        return {"id": number, "options": self._workers.run(_creation, site, names, challenge, known)}

    def add(
        self, user: str, given: Mapping[str, Any], site: Site, caller: Caller
    ) -> tuple[StoredPasskey, Sequence[str]]:
        """Keep the passkey that a device has made, and who has no recovery codes gets new ones.

        Raises BadInput, Unauthorized, and Conflict if the password was changed since `begin_adding`.
        """
        name = str(given.get("name") or "passkey").strip()
        if not name.isprintable() or not 1 <= len(name) <= LONGEST_NICKNAME:
            raise refused("name", f"must be 1 to {LONGEST_NICKNAME} visible characters")
        challenge = self._taken(given)
        checked = challenge.checked
        if checked is None or (checked.user, checked.session) != (user, caller.session):
            raise Unauthorized(USED)
        made = self._workers.run(_created, given.get("credential"), challenge.data, site)
        if made is None:
            raise refused("credential", "is not an answer to this challenge: try again")
        passkey = StoredPasskey(made[0], user, name, made[1], made[2], self._core.now())
        codes: Sequence[str] = ()

        def decide(present: StoredUser, passkeys: int) -> dict[str, Any]:
            nonlocal codes
            codes = new_codes() if present.recovery == NO_CODES else ()
            return {"recovery": kept(codes)} if codes else {}

        self._store.add(passkey, MOST, checked, decide)
        self._core.tell(self._core.users.get(user), f"the passkey {name!r} was added")
        return passkey, codes

    def begin_login(self, site: Site) -> dict[str, Any]:
        """What `navigator.credentials.get` is asked; it names no passkey, so nobody learns who has one."""
        number, challenge = self._challenge(None)
        return {"id": number, "options": self._workers.run(_request, site, challenge)}

    def check(self, given: Mapping[str, Any], site: Site) -> StoredPasskey:
        """The passkey that has answered a challenge. Raises Unauthorized."""
        challenge, credential = self._taken(given), given.get("credential")
        if challenge.checked is not None:
            raise Unauthorized(USED)
        passkey = self._store.get(_id_of(credential))
        if passkey is None:
            raise Unauthorized(WRONG)
        count = self._workers.run(_answered, credential, challenge.data, site, passkey)
        if count is None or not self._store.use(passkey.id, passkey.count, count, self._core.now()):
            raise Unauthorized(WRONG)
        return passkey

    def remove(self, passkey: str, user: str, password: str, caller: Caller) -> None:
        """Remove a passkey; without another second factor the recovery codes go too.

        Raises NotFound, Unauthorized, Conflict, BadInput if the password is too short without a second factor.
        """
        found, checked = self._core.confirm(user, password, caller)

        def decide(present: StoredUser, passkeys: int) -> dict[str, Any]:
            if present.totp or passkeys > 1:
                return {}
            check_alone(password)
            return {"recovery": NO_CODES}

        if not self._store.remove(passkey, user, checked, decide):
            raise NotFound("you have no such passkey")
        self._core.tell(found, "a passkey was removed")

    def sweep(self) -> None:
        """Forget challenges that were not answered."""
        now = self._core.now()
        self._challenges = {number: each for number, each in self._challenges.items() if each.until > now}

    def _challenge(self, checked: Checked | None) -> tuple[str, bytes]:
        if len(self._challenges) >= MOST_CHALLENGES:  # the oldest one of the client that has most makes room
            most = Counter(each.client for each in self._challenges.values()).most_common(1)[0][0]
            del self._challenges[next(number for number, each in self._challenges.items() if each.client == most)]
        number, data = secrets.token_hex(16), secrets.token_bytes(32)
        self._challenges[number] = _Challenge(data, checked, self._core.now() + CHALLENGE_NS, CLIENT.get())
        return number, data

    def _taken(self, given: Mapping[str, Any]) -> _Challenge:
        """The challenge that an answer names; it is gone then."""
        found = self._challenges.pop(str(given.get("id")), None)
        if found is None or found.until <= self._core.now():
            raise Unauthorized(USED)
        return found


def _id_of(credential: object) -> str:
    found = credential.get("id") if isinstance(credential, dict) else None
    return found if isinstance(found, str) else ""


# in a real thread


def _creation(site: Site, names: tuple[str, str, str], challenge: bytes, known: list[str]) -> Any:
    import webauthn  # slow to import, and seldom needed
    from webauthn.helpers import structs

    user, email, nickname = names
    options = webauthn.generate_registration_options(
        rp_id=site.name,
        rp_name="Orderflow",
        user_id=user.encode(),
        user_name=email,
        user_display_name=nickname,
        challenge=challenge,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            structs.PublicKeyCredentialDescriptor(id=webauthn.base64url_to_bytes(each)) for each in known
        ],
    )
    return json.loads(webauthn.options_to_json(options))


def _created(credential: Any, challenge: bytes, site: Site) -> tuple[str, str, int] | None:
    import webauthn  # slow to import, and seldom needed
    from webauthn.helpers import bytes_to_base64url
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        made = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.name,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError):
        return None
    return bytes_to_base64url(made.credential_id), bytes_to_base64url(made.credential_public_key), made.sign_count


def _request(site: Site, challenge: bytes) -> Any:
    import webauthn  # slow to import, and seldom needed
    from webauthn.helpers import structs

    options = webauthn.generate_authentication_options(
        rp_id=site.name, challenge=challenge, user_verification=structs.UserVerificationRequirement.REQUIRED
    )
    return json.loads(webauthn.options_to_json(options))


def _answered(credential: Any, challenge: bytes, site: Site, passkey: StoredPasskey) -> int | None:
    """The device's count of uses; None for a wrong answer, or for a count that goes back (a copy of the device)."""
    import webauthn  # slow to import, and seldom needed
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        found = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.name,
            expected_origin=site.origin,
            credential_public_key=webauthn.base64url_to_bytes(passkey.key),
            credential_current_sign_count=passkey.count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError):
        return None
    return found.new_sign_count
