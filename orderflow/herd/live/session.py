"""The only writer of a session: every change is an event, first written to the journal, then applied to the state.

`Session` validates a request, writes the event and applies it. It has no clock (times are arguments), no threads and no
market, so a whole game can be simulated at full speed. Only the write of the journal may block.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Literal

from orderflow.errors import BadInput, Busy, Conflict, FieldError, NotFound, Unauthorized
from orderflow.herd.live.journal import Journal, NoJournal
from orderflow.herd.live.names import session_name
from orderflow.herd.live.recovery import Damage, Listener, read_state
from orderflow.herd.rules import events, nicknames, rounds
from orderflow.herd.rules.bots import KINDS, Bots
from orderflow.herd.rules.clearing import Cleared, clear
from orderflow.herd.rules.events import Config, Event, encode
from orderflow.herd.rules.participants import Order, Participant
from orderflow.herd.rules.seeded_random import seeded_int
from orderflow.herd.rules.state import Round, State, move_level

MAX_BOTS = 200
MAX_TEXT = 200
"""Characters in a headline."""

CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without characters that are easily confused from a distance."""

CLOSED_REASONS = {
    "lobby": "the market is not open yet",
    "frozen": "the market is frozen; wait for the presenter",
    "ended": "the game has ended",
}


def new_code() -> str:
    """A join code of four characters."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(4))


class Session:
    """One session. Create it with `begin` or `recover`.

    journal: where its log is written. head: what it begins with, until anything happens, so that sessions in which
    nobody plays leave no log. listener: called with each event and the state after it. damage: where its log cannot be
    read; nothing changes then until `mend`.
    """

    def __init__(
        self,
        state: State,
        journal: Journal,
        head: bytes = b"",
        listener: Listener | None = None,
        damage: Damage | None = None,
    ) -> None:
        self.state = state
        self.head = head
        self.listener = listener
        self.damage = damage
        self._mending = False
        self._journal = journal
        self._bots = Bots(state.seed ^ state.n)

    @staticmethod
    def begin(
        config: Config,
        t: int,
        journal: Journal | None = None,
        code: str | None = None,
        number: int = 1,
        listener: Listener | None = None,
        *,
        seed: int | None = None,
        code_required: bool = False,
    ) -> Session:
        """A new session that begins at `t` (ns). The next event creates its log. number: of all sessions, from 1.

        Raises BadInput for a bad config.
        """
        journal = journal if journal is not None else NoJournal()
        seed = secrets.randbits(48) if seed is None else seed
        name = session_name(number, t, seed)
        first = events.SessionStarted(0, t, events.VERSION, name, code or new_code(), seed, config)
        state, head = State.of(first), encode(first)
        if code_required:
            needed = events.CodeChanged(1, t, state.code, True)
            state.apply(needed)
            head += encode(needed)
        journal.begin(name)
        return Session(state, journal, head, listener)

    @staticmethod
    def recover(name: str, journal: Journal, listener: Listener | None = None) -> Session:
        """Restore a session from its log, up to the first line that cannot be read; `listener` gets every event.

        Raises NotFound, or BadInput if not even the first line can be read.
        """
        state, damage = read_state(name, journal, listener)
        journal.begin(name)
        return Session(state, journal, listener=listener, damage=damage)

    def mend_log(self) -> None:
        """Make the good lines of a damaged log the log, and keep the damaged file beside it. Only the disk is used, so
        it may run beside everything else, before `mend`. Raises Conflict, StorageFailed; then nothing has changed."""
        if self.damage is None or self._mending:
            raise Conflict("the log of this game is not damaged, or is mended already")
        self._mending = True
        try:
            self._journal.mend(self.state.session_id, self.damage.line - 1)
        except BaseException:
            self._mending = False
            raise

    def mend(self, t: int) -> None:
        """Go on after a damaged log, of which `mend_log` has kept what can be read. Raises Conflict, StorageFailed.

        The numbers of participants who joined in the lost part are given to nobody else: each joins and is kicked, so
        that a phone that still has one must join again.
        """
        if self.damage is None or not self._mending:
            raise Conflict("the log of this game is not damaged")
        newcomers, self.damage, self._mending = self.damage.newcomers, None, False
        away = t - self.state.t
        for _ in range(newcomers):
            n, t = self._next(t)
            number = len(self.state.participants) + 1
            joined = self._join_event(n, t, number, None, None, self.state.assigned)
            self._write(joined, events.ParticipantKicked(n + 1, t, joined.participant))
        self.pay_due(t)
        self.extend_round(t, away)

    def check_log(self) -> None:
        """Raises Conflict if the log is damaged, so that nothing may be written."""
        if self.damage is not None:
            raise Conflict(f"the game stands still: {self.damage}. The presenter decides how it goes on")

    def _next(self, t: int) -> tuple[int, int]:
        """(n, t) of the next event, which is not before the last one."""
        return self.state.n, max(t, self.state.t)

    def _write(self, *new: Event) -> None:
        """Append these events to the journal, then apply them. Raises StorageFailed, and Conflict for a damaged log;
        then nothing has changed."""
        self.check_log()
        self._journal.append(self.head + b"".join(map(encode, new)))
        self.head = b""
        for event in new:
            self.state.apply(event)
            if self.listener is not None:
                self.listener(event, self.state)

    # participants

    def join(self, t: int, nick: str | None = None, bot: str | None = None) -> Participant:
        """Add a participant with the session's endowment. Raises BadInput for the nickname, Conflict after the end."""
        state = self.state
        if state.phase == "ended":
            raise Conflict(CLOSED_REASONS["ended"])
        self._write(self._join_event(*self._next(t), len(state.participants) + 1, nick, bot, state.assigned))
        return state.participants[f"p{len(state.participants)}"]

    def rename(self, t: int, p: str, nick: str) -> None:
        """Change a nickname. Raises Unauthorized, BadInput."""
        chosen = self.nickname_of(p, nick)
        if chosen != self.person(p).nick:
            self._write(events.ParticipantRenamed(*self._next(t), p, chosen))

    def nickname_of(self, p: str, nick: str) -> str:
        """The nickname that a participant gets who wants this one. Raises Unauthorized, BadInput."""
        own = nicknames.key(self.person(p).nick)
        chosen = nicknames.clean(nick)
        return chosen if nicknames.key(chosen) == own else nicknames.unique(chosen, self.state.nicks)

    def person(self, p: str) -> Participant:
        """The participant with this id. Raises Unauthorized if there is none, or if they were kicked."""
        person = self.state.participants.get(p)
        if person is None or person.kicked:
            raise Unauthorized("you are not in this game (any more); join again")
        return person

    # orders

    def find_order(self, p: str, client_id: str) -> Order | None:
        """The participant's order with that canonical UUID, None if there is none."""
        return self.state.orders.get(p, {}).get(client_id)

    def check_order(self, quantity: object, side: object) -> tuple[int, int]:
        """(sign, quantity) of a valid order. Raises BadInput naming the field, Conflict when the market is not open."""
        state = self.state
        if side not in ("buy", "sell"):
            raise _bad("side", 'must be "buy" or "sell"')
        most = state.config.max_quantity
        if isinstance(quantity, bool) or not isinstance(quantity, int) or not 1 <= quantity <= most:
            raise _bad("quantity", f"must be a whole number from 1 to {most:,}")
        if state.phase != "open":
            raise Conflict(CLOSED_REASONS[state.phase])
        return (1 if side == "buy" else -1), quantity

    def order(self, t: int, p: str, client_id: str, sign: int, quantity: int) -> Order:
        """Accept an order that passed `check_order`: it is in the log when this returns."""
        self._write(events.OrderAccepted(*self._next(t), p, client_id, sign, quantity))
        return self.state.pending[-1]

    def settle(self, t: int, *, bots: bool = False) -> list[Order]:
        """Clear all pending orders, with new orders of the bots if `bots`. Returns them in order of arrival."""
        state = self.state
        n, t = self._next(t)
        new: list[Event] = []
        waiting = list(state.pending)
        if bots and state.phase == "open":
            for order in self._bots.orders(state, state.machines.values()):
                accepted = events.OrderAccepted(n + len(new), t, *order)
                waiting.append(Order(accepted.n, t, *order))
                new.append(accepted)
        if not waiting:
            return []
        cleared = clear(state.curve, state.position, waiting, state.participants, state.config.short)
        self._write(*new, self._batch_event(n + len(new), t, cleared))
        return [state.orders[order.participant][order.client_id] for order in waiting]

    # actions of the presenter; the caller settles pending orders first

    def set_phase(self, t: int, phase: events.Phase, paused: int = 0) -> None:
        """Change the phase; nothing happens if it is the present one. Raises Conflict after the end."""
        if self.state.phase == "ended":
            raise Conflict("the game has ended; start or reset begins a new one")
        if phase != self.state.phase or paused:
            self._write(events.PhaseChanged(*self._next(t), phase, paused))

    def news(self, t: int, text: object, move: object = None) -> None:
        """Publish a headline, and move the price level by `move` percent. Raises BadInput naming the argument."""
        state = self.state
        if not isinstance(text, str) or not (text := nicknames.visible(text)) or len(text) > MAX_TEXT:
            raise _bad("text", f"must have 1 to {MAX_TEXT} visible characters")
        if move is None:
            move = 0
        if isinstance(move, bool) or not isinstance(move, int | float) or not -95 <= move <= 1_000:
            raise _bad("move", "must be a percentage from -95 to 1000")
        after = state.price
        if move:
            try:
                curve = move_level(state.curve, float(move))
            except BadInput:
                curve = None
            if curve is None or not curve.contains(state.position):
                raise _bad("move", "would take the price out of the range of the market")
            after = curve.price(state.position)
        self._write(events.NewsPublished(*self._next(t), text, float(move), after))

    def begin_round(self, t: int, planned: Round) -> None:
        """Begin a round, and open the market if it is not open."""
        n, t = self._next(t)
        opening = [events.PhaseChanged(n, t, "open")] if self.state.phase != "open" else []
        dividend = planned.dividend if planned.preset is None else None
        self._write(*opening, self._round_event(n + len(opening), t, planned, "begin", dividend))

    def end_round(self, t: int, following: Round | None = None, phase: events.Phase | None = None) -> None:
        """End the running round, pay its dividend, and begin the `following` round or change the phase, in one write.
        Raises Conflict when no round is running."""
        running = self.state.round
        if running is None or not running.running:
            raise Conflict("no round is running")
        n, t = self._next(t)
        amount = rounds.draw_dividend(running, self.state.seed)
        paying = [] if amount is None else [self._dividend_event(n + 1, t, running.round, amount)]
        new: list[Event] = [self._round_event(n, t, running, "end", amount), *paying]
        if phase is not None and phase != self.state.phase:
            new.append(events.PhaseChanged(n + len(new), t, phase))
        if following is not None:
            dividend = following.dividend if following.preset is None else None
            new.append(self._round_event(n + len(new), t, following, "begin", dividend))
        self._write(*new)

    def pay_due(self, t: int) -> None:
        """Pay a dividend that was announced but not paid because the server stopped."""
        if self.state.due is not None:
            self._write(self._dividend_event(*self._next(t), *self.state.due))

    def extend_round(self, t: int, paused: int) -> bool:
        """Extend the running round by `paused` ns, in which the server was away or the machine slept. False without a
        round that has an end, or with a damaged log."""
        running = self.state.round
        if running is None or not running.running or running.ends is None or paused <= 0 or self.damage is not None:
            return False
        self.set_phase(t, "open", paused)
        return True

    def set_clock(self, t: int, since: int, before: int, offset: int) -> None:
        """Record where the wall clock is: `offset` ns ahead of the session's time, for all times of this run of the
        server, which began at `since`. before: end of the run before it."""
        self._write(events.ClockSet(*self._next(t), since, before, offset))

    def set_bots(self, t: int, kind: object, count: object, most: int) -> None:
        """Set the number of bots of a kind. most: limit of all participants. Raises BadInput, Busy."""
        state = self.state
        if kind not in KINDS:
            raise _bad("kind", f"must be one of {', '.join(KINDS)}")
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MAX_BOTS:
            raise _bad("count", f"must be a whole number from 0 to {MAX_BOTS}")
        present = [person for person in state.machines.values() if person.bot == kind]
        if state.count - len(present) + count > most:
            raise Busy("the game is full", retry_after=30)
        n, t = self._next(t)
        number, missing = len(state.participants) + 1, max(0, count - len(present))
        joins = [self._join_event(n + 1 + i, t, number + i, None, str(kind), 0) for i in range(missing)]
        kicks = [events.ParticipantKicked(n + 1 + i, t, person.id) for i, person in enumerate(present[count:])]
        self._write(events.BotsSet(n, t, str(kind), count), *joins, *kicks)

    def set_experiment(self, t: int, on: object) -> None:
        """Begin or end an experiment. It assigns everybody at random to one of two groups: one sees the crowd meter,
        the other does not. Raises BadInput."""
        if not isinstance(on, bool):
            raise _bad("on", "must be true or false")
        people = [person for person in self.state.present() if person.bot is None] if on else []
        groups = {person.id: self._group(i, self.state.n) for i, person in enumerate(people)}
        self._write(events.ExperimentSet(*self._next(t), on, groups))

    def kick(self, t: int, p: object) -> None:
        """Remove a participant, who may join again. Raises NotFound."""
        person = self.state.participants.get(p) if isinstance(p, str) else None
        if person is None or person.kicked:
            raise NotFound(f"there is no participant {p!r}")
        self._write(events.ParticipantKicked(*self._next(t), person.id))

    def remove_idle(self, t: int, idle: Sequence[str]) -> None:
        """Remove these participants, who may join again."""
        if idle:
            self._write(events.IdleRemoved(*self._next(t), list(idle)))

    def require_code(self, t: int, on: object) -> None:
        """Let nobody join any more without a code, which is a new one, or let everybody join again. Raises BadInput."""
        if not isinstance(on, bool):
            raise _bad("on", "must be true or false")
        if on != self.state.code_required:
            self._write(events.CodeChanged(*self._next(t), new_code() if on else self.state.code, on))

    def undo(self, t: int) -> None:
        """Undo the last round. Raises Conflict if there is none."""
        if self.state.undoable is None:
            raise Conflict("there is no round to undo")
        self._write(events.RoundUndone(*self._next(t), *self.state.undoable))

    # inside

    def _join_event(
        self, n: int, t: int, number: int, nick: str | None, bot: str | None, assigned: int
    ) -> events.ParticipantJoined:
        state = self.state
        if bot is not None:
            chosen = nicknames.bot_name(bot, number)
        elif nick is None or not nick.strip():
            chosen = nicknames.unique(nicknames.generated(state.seed, number), state.nicks)
        else:
            chosen = nicknames.unique(nicknames.clean(nick), state.nicks)
        began = state.experiment
        group = self._group(assigned, began) if began is not None and bot is None else None
        config = state.config
        return events.ParticipantJoined(n, t, f"p{number}", chosen, config.cash, config.shares, bot, group)

    def _group(self, index: int, experiment: int) -> events.Group:
        """Permuted blocks of four: the groups are of equal size after every fourth participant."""
        block, position = divmod(index, 4)
        groups: list[events.Group] = ["see", "see", "blind", "blind"]
        for i in (3, 2, 1):  # Fisher-Yates shuffle
            j = seeded_int(self.state.seed, "experiment", experiment, block, i, below=i + 1)
            groups[i], groups[j] = groups[j], groups[i]
        return groups[position]

    def _batch_event(self, n: int, t: int, cleared: Cleared) -> events.BatchCleared:
        state = self.state
        return events.BatchCleared(
            n,
            t,
            number=state.totals.batches,
            position=state.position,
            net=cleared.net,
            price=cleared.price,
            after=cleared.after,
            cost=cleared.cost,
            dust=cleared.dust,
            fills=cleared.fills,
            rejects=cleared.rejects,
            buys=cleared.buys,
            sells=cleared.sells,
        )

    def _round_event(
        self, n: int, t: int, of: Round, state: Literal["begin", "end"], dividend: int | None
    ) -> events.RoundChanged:
        return events.RoundChanged(n, t, of.round, of.of, state, of.seconds, of.fundamental, of.preset, dividend)

    def _dividend_event(self, n: int, t: int, number: int, amount: int) -> events.DividendPaid:
        paid = sum(amount * person.shares for person in self.state.present())
        return events.DividendPaid(n, t, number, amount, paid)


def _bad(name: str, reason: str) -> BadInput:
    return BadInput(f"{name} {reason}", [FieldError(None, name, reason)])
