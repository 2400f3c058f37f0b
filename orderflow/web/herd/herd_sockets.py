"""The herd game's sockets: which messages phones and big screens get.

All phones get the same message, built once. Phones in the blind group of an experiment get a message without the
crowd's meter, and big screens get a third one. Fills and portfolios are private messages to the sockets of their
owner, one per open tab.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import msgspec

from orderflow.herd.live import messages
from orderflow.herd.live.game import Fill, Game
from orderflow.herd.rules.participants import Participant
from orderflow.services import Services
from orderflow.web.kit.fanout import Fanout, Source, Topic
from orderflow.web.kit.fanout_client import Client
from orderflow.web.kit.sockets import Connection

PHONES, BLIND_PHONES = ("herd", "phones"), ("herd", "blind")
"""Topics of the phones: those that see the crowd's meter, and the blind group of an experiment."""
PRESENTERS, WATCHERS = ("herd", "presenters"), ("herd", "watchers")
"""Topics of the big screens: with the presenter's key, and without it."""
PRESENTER_ONLY = ("fundamental", "experiment")
"""Fields that only the presenter's screen gets."""
CODE = ("code", "join")
"""Further ones while joining needs the code."""
POLL_SECONDS = 1.0
"""Seconds between updates of what changes by itself: statistics, the crowd's meter, ranks."""
RANKS_EVERY = 2
"""Ranks are sent to phones in every n-th poll."""


Owner = tuple[str, str]
SentPortfolio = tuple[str, str, int, int, tuple[int, int]]
"""Participant, nickname, cash (micro-units), shares, rank."""
NOT_JOINED: SentPortfolio = ("", "", 0, 0, (0, 0))


class _ClientMessage(msgspec.Struct):
    """A message from a phone: the version it has."""

    since: int


@dataclass(eq=False)
class _PhoneSocket:
    """One open socket of a phone.

    owner: (session, participant), None for a phone that has not joined. sent: the portfolio that was last sent to it.
    """

    client: Client
    owner: Owner | None
    key: Hashable
    topic: Topic | None = None
    sent: SentPortfolio | None = None


@dataclass(eq=False)
class _Screen:
    """One open socket of a big screen."""

    client: Client
    topic: Topic
    holds_key: Callable[[], bool]


class HerdSockets:
    """All sockets of the game. Subscribes to the game's events when created."""

    def __init__(self, game: Game, services: Services, fanout: Fanout) -> None:
        self._game = game
        self._workers = services.workers
        self._fanout = fanout
        self.live = messages.PublicState(game, game.now)
        self.stage = messages.PresenterState(game, self.live)
        self.refused: Counter[str] = Counter()
        self._presenters: set[_Screen] = set()
        self._phones: dict[Owner | None, set[_PhoneSocket]] = {}
        self._count = 0
        self._join_base = ""
        self._has_private = False
        self._polls = 0
        self._polling = False
        self._last_session: object = None
        self._update_due = False
        game.attendance.has_page = lambda pid: (game.session_id, pid) in self._phones
        game.on_fill.append(self._on_fill)
        game.on_account.append(self._on_account)
        game.on_batch.append(self._on_batch)

    def phone(self, connection: Connection, participant: Participant | None, since: int | None) -> None:
        """Serve a phone's socket until it closes.

        participant: None for a phone that has not joined. since: the version of the state that the phone has.
        """
        self._start_poll()
        client, game = connection.client, self._game
        self.live.refresh()
        if since is not None and since == self.live.version:
            client.version = since
        owner = (game.session_id, participant.id) if participant else None
        phone = _PhoneSocket(client, owner, _topic_key(participant))
        self._send_portfolio(phone, participant)
        self._phones.setdefault(owner, set()).add(phone)
        self._count += 1
        game.connected = self._count
        if participant is not None:
            game.seen(participant.id)

        def receive(message: str | bytes) -> None:
            try:
                decoded = msgspec.json.decode(message, type=_ClientMessage)
            except (msgspec.DecodeError, UnicodeDecodeError):
                self.refused["message"] += 1
                return
            if decoded.since != self.live.version:
                client.version = None  # the fan-out's next sweep sends a snapshot, so a flood of requests is cheap

        try:
            phone.topic = self._join(phone.key, client)
            connection.serve(receive)
        finally:
            if phone.topic is not None:
                self._fanout.leave(phone.topic, client)
            here = self._phones[owner]
            here.discard(phone)
            if not here:
                del self._phones[owner]
                if owner is not None and owner[0] == game.session_id:
                    game.seen(owner[1])
            self._count -= 1
            game.connected = self._count
            self.refused["frame"] += connection.oversized

    def screen(self, connection: Connection, join_base: str, holds_key: Callable[[], bool]) -> None:
        """Serve a big screen's socket until it closes. join_base: the URL to join without the code. holds_key: whether
        it is the presenter's; asked again every POLL_SECONDS, because the key may be replaced."""
        self._start_poll()
        self._join_base = join_base
        self.live.refresh()
        self._refresh_stage()
        self._measure()
        client, presenter = connection.client, holds_key()
        screen = _Screen(client, self._join(PRESENTERS if presenter else WATCHERS, client), holds_key)
        if presenter:
            self._presenters.add(screen)
        try:
            connection.serve()
        finally:
            self._presenters.discard(screen)
            self._fanout.leave(screen.topic, client)

    def figures(self) -> dict[str, object]:
        """Counts of open sockets, for the statistics."""
        return {"connected": self._count, "screens": self._screens()}

    def _join(self, key: Hashable, client: Client) -> Topic:
        sources: dict[Hashable, Callable[[], Source]] = {
            PHONES: lambda: messages.PhoneSource(self.live),
            BLIND_PHONES: lambda: messages.PhoneSource(self.live, blind=True),
            PRESENTERS: lambda: messages.PresenterSource(self.stage),
            WATCHERS: lambda: messages.PresenterSource(self.stage, self._hidden),
        }
        return self._fanout.join(key, client, sources[key])

    def _hidden(self) -> Sequence[str]:
        """The fields that screens without the key do not get now."""
        return (*PRESENTER_ONLY, *CODE) if self._game.code_required else PRESENTER_ONLY

    def _refresh_stage(self) -> None:
        self.stage.refresh(join=f"{self._join_base}/{self._game.code}")

    def _start_poll(self) -> None:
        """Start polling with the first socket, so that a server without a game has no job for it."""
        if not self._polling:
            self._polling = True
            self._workers.every(POLL_SECONDS, "herd poll", self._poll)

    def _on_fill(self, name: str, fill: Fill) -> None:
        sockets = self._phones.get((self._game.session_id, name))
        if not sockets:
            return
        text = messages.fill_message(fill)
        participant = self._game.participant(name)
        for phone in sockets:
            phone.client.enqueue(text)
            if participant is not None and phone.sent is not None:
                phone.sent = (name, participant.nick, participant.cash, participant.shares, phone.sent[4])
        self._has_private = True

    def _on_account(self, name: str | None) -> None:
        """A portfolio or rank has changed without an order: check all phones with the next change, which follows."""
        self._update_due = True

    def _on_batch(self) -> None:
        """The game has cleared a batch, or its state has changed otherwise."""
        urgent = self.live.refresh()
        last = (self._game.session_id, self._game.experiment)
        if self._update_due or last != self._last_session:
            self._update_due, self._last_session = False, last
            self._update_phones()
        self._broadcast(urgent)

    def _broadcast(self, urgent: bool) -> None:
        """Send the state now. Changes that are not urgent, such as a new participant, wait for the fan-out's sweep."""
        if urgent or self._has_private:
            self._has_private = False
            self._fanout.broadcast(PHONES)
            self._fanout.broadcast(BLIND_PHONES)
        if self._screens():
            self._refresh_stage()
            self._fanout.broadcast(PRESENTERS)
            self._fanout.broadcast(WATCHERS)

    def _poll(self) -> None:
        self._check_keys()
        self.live.unsaved = bool(self._game.journal.problem())
        urgent = self.live.refresh()
        self._polls += 1
        if self._polls % RANKS_EVERY == 0:
            self._update_phones()
        if self._screens():
            self._measure()
        self._broadcast(urgent)

    def _check_keys(self) -> None:
        """Make screens whose key is not valid any more watchers."""
        for screen in tuple(self._presenters):
            if not screen.holds_key():
                self._presenters.discard(screen)
                self._fanout.leave(screen.topic, screen.client)
                screen.client.version = None
                screen.topic = self._join(WATCHERS, screen.client)

    def _screens(self) -> int:
        return self._fanout.listeners(PRESENTERS) + self._fanout.listeners(WATCHERS)

    def _measure(self) -> None:
        self.stage.measure(self.figures())

    def _update_phones(self) -> None:
        """Send changed portfolios, and move phones to another topic if their group has changed."""
        game = self._game
        for owner, sockets in tuple(self._phones.items()):
            if owner is None:
                continue
            # participants of different sessions have the same ids
            participant = game.participant(owner[1]) if owner[0] == game.session_id else None
            for phone in tuple(sockets):
                self._send_portfolio(phone, participant)
                if phone.topic is not None and phone.key != _topic_key(participant):
                    self._fanout.leave(phone.topic, phone.client)
                    phone.client.version, phone.key = None, _topic_key(participant)
                    phone.topic = self._join(phone.key, phone.client)

    def _send_portfolio(self, phone: _PhoneSocket, participant: Participant | None) -> None:
        portfolio, rank = NOT_JOINED, None
        if participant is not None:
            rank = self._game.rank(participant.id)
            portfolio = (participant.id, participant.nick, participant.cash, participant.shares, rank)
        if portfolio != phone.sent:
            phone.sent = portfolio
            phone.client.enqueue(messages.you_message(participant, self._game.price, rank))
            self._has_private = True


def _topic_key(participant: Participant | None) -> Hashable:
    return BLIND_PHONES if participant is not None and participant.group == "blind" else PHONES
