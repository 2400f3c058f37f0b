"""`Game`: the interface of the herd game for the web and the pages. One session at a time, a batch every 250 ms.

Changes are atomic: no method yields to other greenlets unless its docstring says so, and a lock excludes other threads.
Listeners are called after a change, without the lock.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator
from typing import Any, Literal

from orderflow.errors import BadInput, Busy, Conflict, FieldError, Forbidden, NotFound, OrderflowError, StorageFailed
from orderflow.herd.live import presenter
from orderflow.herd.live.archive import Archive
from orderflow.herd.live.attendance import Attendance
from orderflow.herd.live.config import config_of
from orderflow.herd.live.journal import Journal, NoJournal
from orderflow.herd.live.leaderboard import Leaderboard, statistics
from orderflow.herd.live.listeners import Listeners
from orderflow.herd.live.names import next_number, session_order
from orderflow.herd.live.order_status import Fill as Fill
from orderflow.herd.live.order_status import OrderStatus as OrderStatus
from orderflow.herd.live.order_status import canonical, fill_of, order_status
from orderflow.herd.live.session import Session
from orderflow.herd.live.session_clock import SessionClock
from orderflow.herd.live.tick_feed import TickFeed
from orderflow.herd.live.view import Notes, View
from orderflow.herd.rules import events, nicknames
from orderflow.herd.rules.events import Event
from orderflow.herd.rules.money import units
from orderflow.herd.rules.participants import Participant
from orderflow.herd.rules.profanity import ProfanityFilter
from orderflow.herd.rules.rate_limit import RENAME_BURST, RENAME_RATE, RateLimiter
from orderflow.herd.rules.state import State
from orderflow.market.market import Market
from orderflow.market.tick_log import DamagedPart
from orderflow.runtime.clock import Clock
from orderflow.runtime.workers import Handle, Workers, plain_rlock
from orderflow.settings.settings import Settings
from orderflow.storage.journal import DiskJournal

STATS_SECONDS = 1.0
Side = Literal["buy", "sell"]

log = logging.getLogger(__name__)


class Game(View):
    """The running game. `build_game` creates it, `start` starts it.

    on_fill: called with (participant id, Fill) for each cleared order, except those of bots. on_batch: called when
    something visible changed, at most once per batch and after each control. on_account: called with the id of a
    participant (None: everybody) whose portfolio or group changed without an order: dividend, undo, kick, reset.
    connected: number of sockets, set by the web layer. version: grows with every visible change.
    """

    def __init__(self, settings: Settings, market: Market, workers: Workers, clock: Clock, journal: Journal) -> None:
        self._settings = settings
        self._workers = workers
        self._clock = clock
        self.journal = journal
        self._lock = plain_rlock()
        self._ticks = TickFeed(market, workers)
        self._archive = Archive(journal)
        self._rate_limiter = RateLimiter(settings.herd.rate)
        self._renames = RateLimiter(RENAME_RATE, RENAME_BURST, "too many new nicknames at once; wait a moment")
        self._profanity = ProfanityFilter()
        self.attendance = Attendance()
        self._listeners = Listeners(workers, self._lock)
        self.on_fill, self.on_batch = self._listeners.on_fill, self._listeners.on_batch
        self.on_account = self._listeners.on_account
        self.connected = 0
        self.version = 0
        self._job: Handle | None = None
        self._leaderboard: tuple[float, Leaderboard] | None = None
        self._stats: tuple[Leaderboard, dict[str, Any]] | None = None
        self._time = SessionClock(clock)
        super().__init__(self._time, self._new_session())

    def start(self) -> None:
        """Recover the newest session unless it has ended, and start the batches. Call once, with the market loaded."""
        with self._lock:
            if lost := self.journal.lost:
                self._archive.damaged[lost] = "the game's log is not there any more"
                log.error("the log of the herd session %s, the last one that was played, is not there any more", lost)
            if known := self._names():
                self._recover(known[-1])
        self._ticks.start()
        self._workers.spawn("checking herd logs", self._check_logs)
        self._job = self._workers.spawn("herd batches", self._run)

    def _check_logs(self) -> None:
        with contextlib.suppress(Conflict):  # the workers are stopping
            self._workers.run(self._archive.check)

    def stop(self) -> None:
        """Stop the batches and flush the log."""
        if self._job is not None:
            self._job.cancel()
        self._ticks.stop()
        with self._lock:
            self.journal.close()

    # participants

    @property
    def full(self) -> bool:
        """Whether nobody can join, as all places are taken."""
        return self._session.state.count >= self._settings.herd.max_participants

    @property
    def guarded(self) -> bool:
        """Whether newcomers need the code because the presenter said so."""
        return self._session.state.code_required

    @property
    def code_required(self) -> bool:
        """Whether newcomers need the code, which is then kept from those without the key."""
        return self._settings.herd.code_required or self.guarded

    def join(self, nick: str | None = None, code: str | None = None, address: str = "") -> Participant:
        """Add a participant. address: from where, for the statistics.

        Raises BadInput for the nickname, Forbidden for a wrong code if one is required, Busy when the game is full,
        Conflict when it has ended, StorageFailed.
        """
        with self._lock:
            session = self._session
            if self.code_required and (code or "").strip().upper() != session.state.code:
                raise Forbidden("the join code is not right; it stands on the big screen")
            if self.full:
                raise Busy("the game is full; somebody must leave first", retry_after=30)
            person = session.join(self.now(), self._checked_nickname(nick))
            self.attendance.joined(person.id, address, self.now(), self._clock.monotonic())
            self.version += 1
            return person

    def participant(self, pid: str) -> Participant | None:
        """The participant with this id; None if there is none, or if they were kicked."""
        person = self._session.state.participants.get(pid)
        return None if person is None or person.kicked else person

    def rename(self, pid: str, nick: str) -> None:
        """Change a nickname. Raises Unauthorized, BadInput, and Busy after too many changes."""
        with self._lock:
            session = self._session
            person = session.person(pid)
            name = self._checked_nickname(nick) or ""
            if session.nickname_of(pid, name) != person.nick:
                self._renames.take(pid, self._clock.monotonic())
                session.rename(self.now(), pid, name)
                self.version += 1

    def seen(self, pid: str) -> None:
        """Record activity of a participant."""
        self.attendance.see(pid, self.now())

    def idle(self) -> list[str]:
        """Participants who never sent an order and have no page open; see `Attendance.idle`."""
        return self.attendance.idle(self._session.state, self._time.begun, self.now())

    # orders

    def order(self, pid: str, client_id: str, side: str, quantity: int) -> tuple[OrderStatus, bool]:
        """Accept an order: it is in the log when this returns. Returns (its status, whether it is new): a repeated UUID
        of the same participant never trades twice.

        Raises Unauthorized, BadInput naming the field, Conflict when the market is not open, Busy above the rate limit,
        StorageFailed (then nothing was kept).
        """
        with self._lock:
            session = self._session
            session.person(pid)
            name = canonical(client_id)
            known = session.find_order(pid, name)
            if known is not None:
                return order_status(known), False
            self._rate_limiter.take(pid, self._clock.monotonic())
            sign, checked = session.check_order(quantity, side)
            now = self.now()
            self.attendance.see(pid, now)
            return order_status(session.order(now, pid, name, sign, checked)), True

    def order_status(self, pid: str, client_id: str) -> OrderStatus:
        """The status of a participant's own order. Raises NotFound."""
        try:
            known = self._session.find_order(pid, canonical(client_id))
        except BadInput as error:
            raise NotFound(str(error)) from error
        if known is None:
            raise NotFound(f"you have no order {client_id}")
        return order_status(known)

    # the presenter

    def control(self, action: object, /, **args: Any) -> None:
        """Do what the presenter asks (`orderflow.herd.live.presenter`). Raises BadInput naming the argument, Conflict,
        NotFound, Busy, StorageFailed; nothing has changed then. `recover` yields while the log is mended."""
        name = presenter.check(action, args)
        if name == "recover":
            self._workers.run(self._session.mend_log)
        with self._lock:
            now = self.now()
            self._settle(now, bots=False)
            if name == "reset" or (name == "start" and self.phase == "ended"):
                self._replace_session(now)
            else:
                idle = self.idle() if name == "clear" else ()
                presenter.act(self._session, now, name, args, self._settings.herd.max_participants, idle)
            self.version += 1
        self._listeners.call(self.version)

    # figures and logs

    def stats(self) -> dict[str, Any]:
        """Statistics; amounts in currency. The expensive ones are at most a second old."""
        state = self._session.state
        leaderboard = self._current_leaderboard()
        if self._stats is None or self._stats[0] is not leaderboard:
            minute, address = self.attendance.joins(self._clock.monotonic())
            crowding = {"idle": len(self.idle()), "joined_1min": minute, "joined_1min_address": address}
            self._stats = leaderboard, statistics(state, leaderboard) | crowding
        return {
            "connected": self.connected,
            **self._stats[1],
            "active": self.attendance.active(state, self.now()),
            "phase": self.phase,
            "price": round(units(state.price), 4),
            "batch": state.totals.batches,
            "floods": self._rate_limiter.refused,
            "late_ticks": self._ticks.pending(),
        }

    def leaders(self, count: int = 10) -> list[dict[str, Any]]:
        """The highest profits first: participant, nick, wealth, profit shares, bot. A second old at most."""
        return self._current_leaderboard().top(count)

    def people(self, find: str = "", most: int = 200) -> tuple[list[dict[str, Any]], int]:
        """(the first `most` of the participants found, how many there are), in the order of joining, without kicked
        ones. find: a part of a nickname, or a whole participant's id. A row: participant, nick, bot, wealth."""
        state, wanted = self._session.state, find.strip().lower()
        found = [p for p in state.present() if not wanted or wanted in p.nick.lower() or wanted == p.id.lower()]
        rows = [
            {"participant": p.id, "nick": p.nick, "bot": p.bot, "wealth": round(units(p.wealth(state.price)), 2)}
            for p in found[:most]
        ]
        return rows, len(found)

    def rank(self, pid: str) -> tuple[int, int]:
        """(rank by profit, of how many), at most a second old. Raises Unauthorized for an unknown participant."""
        return self._current_leaderboard().rank(self._session.person(pid), self._session.state)

    def events(self) -> list[Event]:
        """The log of the current session. Yields while it is read from disk; `load` reads in the calling thread."""
        return self._workers.run(self.load, self.session_id)

    def load(self, session_id: str) -> list[Event]:
        """The log of a session. Reads the disk. Raises NotFound."""
        return list(self.stream(session_id))

    def stream(self, session_id: str) -> Iterator[Event]:
        """The events of `load` one by one, in memory that does not grow with the log. Reads the disk."""
        if session_id == self.session_id and (head := self._session.head):
            return events.decode_log(head)
        return self._archive.events(session_id)

    def sessions(self) -> list[dict[str, Any]]:
        """The summaries of all sessions, the newest first; see `Archive.sessions`. Reads the disk."""
        return self._archive.sessions(self._session.state)

    def damage(self) -> list[DamagedPart]:
        """Damage to the logs of sessions, as far as they have been read; all are read soon after the start."""
        return self._archive.damage(self.session_id, self.damaged)

    # internal; everything below is called under the lock, or before the start

    def _checked_nickname(self, nick: str | None) -> str | None:
        """The nickname as it is shown, None if it is empty. Raises BadInput."""
        if nick is None or (isinstance(nick, str) and not nicknames.visible(nick[: nicknames.MAX_LENGTH * 10])):
            return None
        name = nicknames.clean(nick)
        if self._profanity.is_profane(name):
            reason = "is not possible here; choose another one"
            raise BadInput(f"the nickname {reason}", [FieldError(None, "nickname", reason)])
        return name

    def _names(self) -> list[str]:
        """All sessions with a log, oldest first."""
        try:
            return sorted(self.journal.names(), key=session_order)
        except StorageFailed as error:  # the rest of the server works without it
            self._workers.note("herd sessions", error)
            return []

    def _new_session(self, before: State | None = None) -> Session:
        """A new session; `before`: one whose join code it keeps."""
        number = next_number(self._names())
        config, begun = config_of(self._settings), self._time.begin_now()
        code, required = (before.code, before.code_required) if before is not None else (None, False)
        return Session.begin(config, begun, self.journal, code, number, self._on_event, code_required=required)

    def _set_session(self, session: Session, notes: Notes | None = None) -> None:
        """Make this the current session."""
        self._show(session, notes)
        self.attendance.begin()
        self._leaderboard = self._stats = None
        self._rate_limiter.reset()
        self._renames.reset()
        self._ticks.begin(session.state.wall_fills())

    def _recover(self, name: str) -> None:
        """Continue the session with that id unless it has ended. Downtime does not count as time of a round.

        A session whose log is damaged is shown as far as its log can be read, and stands still until the presenter
        decides (`recover` or `reset`). If nothing of it can be read, a new one begins, and `trouble` says so.
        """
        notes = Notes()
        try:
            session = Session.recover(name, self.journal, notes.add)
        except (OrderflowError, KeyError, TypeError, ValueError) as error:  # a log of another version, or damaged
            self._workers.note(f"reading the herd session {name}", error)
            self.unreadable = f"the log of the game {name} cannot be read ({error})"
            self._archive.damaged[name] = str(error)
            self._set_session(self._new_session())
            return
        if session.state.phase == "ended":
            return self._set_session(self._new_session())
        session.listener = self._on_event
        self._set_session(session, notes)
        self.version = max(self.version, session.state.n)
        away = self._time.resume(session.state)
        if session.damage is not None:
            log.error("the herd session %s is stopped: %s", name, session.damage)
            return
        try:
            self._follow_clock()
            session.pay_due(self._time.begun)
            session.extend_round(self._time.begun, away)
        except StorageFailed as error:  # the session can still be read
            self._workers.note("herd session", error)

    def _replace_session(self, now: int) -> None:
        """Begin another session with the same join code. A damaged log is left as it is."""
        if not self._session.head and self.phase != "ended" and self._session.damage is None:
            presenter.end_game(self._session, now)
        played = len(self._session.state.fills) > 0
        self._set_session(self._new_session(self._session.state))
        self._ticks.begin(self._session.state.fills, clear=played)
        self.rewound += 1
        self._listeners.accounts.append(None)

    def _run(self) -> None:
        """Run the batches on absolute deadlines: a late batch does not delay the next."""
        due = time.monotonic()
        while True:
            due = max(due + self.config.batch_ms / 1000, time.monotonic() - 1.0)
            if self._workers.wait(max(0.0, due - time.monotonic())):
                return
            try:
                self.turn()
            except Exception as error:  # the next batch must run regardless
                self._workers.note("herd batch", error)

    def turn(self) -> None:
        """Run one batch now. The job calls this every `config.batch_ms`."""
        with self._lock:
            self._follow_clock()
            now = self.now()
            if (slept := self._time.slept()) and self._session.extend_round(now, slept):
                self.version += 1
            if self.phase == "open" and presenter.is_time_up(self._session, now):
                self._settle(now, bots=False)
                presenter.advance_round(self._session, now)
                self.version += 1
            self._settle(now, bots=True)
            if self._tick(now):
                self.version += 1
        self._listeners.call(self.version)

    def _follow_clock(self) -> None:
        """After a jump of the wall clock, move the times of this run of the server, those of HERD's ticks too."""
        session = self._session
        if session.state.phase == "ended" or session.damage or not self._time.must_follow(session.state):
            return
        self.version += 1
        if session.head:  # nothing has happened in it
            return self._set_session(self._new_session(session.state))
        try:
            self._time.follow(session)
        except StorageFailed as error:  # tried again with the next batch
            return self._workers.note("herd clock", error)
        self._ticks.begin(session.state.wall_fills(), clear=len(session.state.fills) > 0)

    def _settle(self, now: int, *, bots: bool) -> None:
        if self._session.damage is not None:
            return
        state = self._session.state
        begun, bought, sold = len(state.fills), state.totals.bought, state.totals.sold
        cleared = self._session.settle(now, bots=bots)
        bought, sold = state.totals.bought - bought, state.totals.sold - sold
        if cleared or self.buys or self.sells:
            self.version += 1
        self._count_flow(now, bought, sold)
        self._ticks.add(state.wall_fills(begun))
        for order in cleared:
            person = state.participants[order.participant]
            if person.bot is None:
                self._listeners.fills.append((order.participant, fill_of(order, person)))

    def _on_event(self, event: Event, state: State) -> None:
        """Take in an event that was just applied."""
        self._note(event, state)
        if isinstance(event, events.DividendPaid | events.RoundUndone | events.ExperimentSet):
            self._listeners.accounts.append(None)
        if isinstance(event, events.RoundUndone):
            self._ticks.begin(state.wall_fills(), clear=True)
        if isinstance(event, events.ParticipantKicked):
            self._listeners.accounts.append(event.participant)
        if isinstance(event, events.IdleRemoved):
            self._listeners.accounts.append(None)

    def _current_leaderboard(self) -> Leaderboard:
        now = self._clock.monotonic()
        if self._leaderboard is None or now - self._leaderboard[0] >= STATS_SECONDS:
            self._leaderboard = now, Leaderboard.of(self._session.state)
        return self._leaderboard[1]


def build_game(settings: Settings, market: Market, workers: Workers, clock: Clock) -> Game:
    """The game of one server, not started. Raises BadInput for settings that give no valid market."""
    journal: Journal = NoJournal() if settings.ephemeral else DiskJournal(settings.data_dir / "herd", workers)
    return Game(settings, market, workers, clock, journal)
