"""Sessions of users: from a login to a logout, a revocation, or the end of their time.

A session has one valid refresh token. Using it replaces it. Two tabs may use it at the same moment: within
`GRACE_NS` after it was replaced it still gives the token that replaced it, and ends nothing. Later use of an old one
means that two have it, and one of them is a thief: the session ends.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from orderflow.accounts.tokens import ACCESS, ACCESS_SECONDS, REFRESH, SECOND, Claims, Tokens
from orderflow.errors import Unauthorized
from orderflow.storage.records.session_store import SessionStore, StoredSession
from orderflow.storage.records.user_checks import OVER as OVER
from orderflow.storage.records.user_checks import Checked

DAY_NS = 86_400 * SECOND
IDLE_NS = 14 * DAY_NS
"""A session that is not used for so long is over."""
LONGEST_NS = 30 * DAY_NS
"""After this time everybody logs in again."""
GRACE_NS = 10 * SECOND
MOST = 50
"""Sessions of one user; a further login ends the one that was used longest ago."""
LOOK_SECONDS = 5.0
"""A session ended by another process (`orderflow user disable`) is noticed after so long."""
TOUCH_NS = 60 * SECOND
REMEMBERED = 10_000
CHANGED = "the account was changed during the login: log in again"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Grant:
    """The tokens of a session. Times in s since 1970."""

    user: str
    session: str
    access: str = field(repr=False)
    refresh: str = field(repr=False)
    csrf: str = field(repr=False)
    refresh_expires: int


@dataclass(slots=True)
class _Seen:
    """When a session was found to exist: monotonic s; and when its last use was stored: ns. In its place None: over."""

    looked: float
    used: int


class Sessions:
    """now: ns since 1970; monotonic: s. later: queues a write. All but `read` may raise StorageFailed."""

    def __init__(
        self,
        store: SessionStore,
        tokens: Tokens,
        now: Callable[[], int],
        monotonic: Callable[[], float],
        later: Callable[[str, Callable[[], object]], None],
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._now = now
        self._monotonic = monotonic
        self._later = later
        self._seen: dict[str, _Seen | None] = {}
        self.ended = 0
        """Sessions that further log-ins of their users have ended since the start."""

    def start(self, user: str, device: str, address: str, checked: Checked | None = None) -> Grant:
        """A new session, with an id that nobody could choose before.

        Raises Unauthorized if something is not as it was checked, or if the user is disabled or gone.
        """
        now = self._now()
        session = StoredSession(
            id=secrets.token_hex(16),
            user=user,
            created=now,
            used=now,
            expires=now + IDLE_NS,
            ends=now + LONGEST_NS,
            device=device[:200],
            address=address[:64],
            csrf=secrets.token_urlsafe(24),
            refresh=secrets.token_hex(16),
        )
        ended = self._store.add(session, MOST, checked)
        if ended is None:
            raise Unauthorized(CHANGED)
        self.ended += len(ended)
        self.forget(*ended)
        return self._grant(session)

    def read(self, token: str) -> Claims:
        """What an access token says, if its session goes on. Raises Expired, Unauthorized, StorageFailed."""
        claims = self._tokens.read(ACCESS, token)
        self.check(claims)
        return claims

    def check(self, claims: Claims) -> None:
        """Raises Unauthorized if the session of a token is over."""
        seen, now = self._seen.get(claims.session), self._monotonic()
        if seen is None or now - seen.looked >= LOOK_SECONDS:
            session = self._existing(claims)
            seen = self._remember(session.id, _Seen(now, session.used))
        if not 0 <= self._now() - seen.used < TOUCH_NS:
            seen.used = used = self._now()
            self._later("the last use of a session", lambda: self._store.touch(claims.session, used))

    def refresh(self, token: str) -> Grant:
        """New tokens for a refresh token, which is replaced. Raises Unauthorized; see above for one that is old."""
        claims = self._tokens.read(REFRESH, token)
        session, now = self._existing(claims), self._now()
        fresh, expires = secrets.token_hex(16), min(now + IDLE_NS, session.ends)
        if self._store.rotate(session.id, claims.id, fresh, now, expires):
            return self._grant(self._existing(claims))
        session = self._existing(claims)  # as it is after whoever was faster
        if claims.id == session.previous and self._just_rotated(session):
            return self._grant(session)
        log.warning("an old refresh token of user %s was used again: the session has ended", session.user)
        self.end(session.id)
        raise Unauthorized(OVER)

    def glance(self, token: str) -> Claims:
        """What a refresh token says, if it is the valid one or was a moment ago. It is not replaced."""
        claims = self._tokens.read(REFRESH, token)
        session = self._existing(claims)
        if claims.id != session.refresh and not (claims.id == session.previous and self._just_rotated(session)):
            raise Unauthorized(OVER)
        return claims

    def csrf_of(self, token: str) -> str:
        """The CSRF token that belongs to a refresh token, current or old. Raises Unauthorized."""
        return self._tokens.read(REFRESH, token).csrf

    def owner(self, token: str) -> str:
        """Whose token it is, also of a session that is over; "" if this server did not sign it."""
        return self._tokens.owner(token)

    def list(self, user: str) -> tuple[StoredSession, ...]:
        """The sessions of a user that are not over, the last used first."""
        now = self._now()
        return tuple(each for each in self._store.list(user) if min(each.expires, each.ends) > now)

    def end(self, session: str, user: str | None = None, by: str | None = None) -> bool:
        """End a session (of `user`); False if there is none. Its access tokens end with it.

        by: the session that asks for it. Raises Unauthorized if that has ended.
        """
        ended = self._store.end(session, user, by)
        if ended:
            self.forget(session)
        return ended

    def end_all(self, user: str, but: str | None = None) -> int:
        """End the sessions of a user except one, which asks for it. Returns how many ended. Raises Unauthorized if that
        one has ended."""
        ended = self._store.end_all(user, but)
        self.forget(*ended)
        return len(ended)

    def forget(self, *sessions: str) -> None:
        """Take note that sessions have ended in the records."""
        self._seen.update(dict.fromkeys(sessions))

    def sweep(self, now: int) -> None:
        """Remove from the records what is over at `now`, ns since 1970."""
        self._store.sweep(now)

    def _just_rotated(self, session: StoredSession) -> bool:
        # another server that did it may have a clock that is ahead
        return abs(self._now() - session.rotated) < GRACE_NS

    def _existing(self, claims: Claims) -> StoredSession:
        if self._seen.get(claims.session, claims) is None:
            raise Unauthorized(OVER)
        session = self._store.get(claims.session)
        if session is None or session.user != claims.user or min(session.expires, session.ends) <= self._now():
            self.forget(claims.session)
            raise Unauthorized(OVER)
        return session

    def _grant(self, session: StoredSession) -> Grant:
        make, now = self._tokens.make, self._now() // SECOND
        ends = min(session.expires, session.ends) // SECOND
        access = make(ACCESS, session.user, session.id, session.csrf, min(now + ACCESS_SECONDS, ends))
        refresh = make(REFRESH, session.user, session.id, session.csrf, ends, session.refresh)
        return Grant(session.user, session.id, access, refresh, session.csrf, ends)

    def _remember(self, session: str, seen: _Seen) -> _Seen:
        if len(self._seen) >= REMEMBERED:
            self._seen.clear()  # they are looked for again, no more
        if self._seen.setdefault(session, seen) is None:  # it ended while it was looked for
            raise Unauthorized(OVER)
        self._seen[session] = seen
        return seen
