"""The herd game's sockets: phones and big screens, and which of them gets which message.

All phones get one message, made once. Phones that an experiment keeps from seeing the crowd's meter get another, the
big screens a third. Fills and portfolios go to the sockets of their owner alone, one for each open tab.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass

import msgspec

from orderflow.herd.live import messages
from orderflow.herd.live.game import Fill, Game
from orderflow.herd.rules.participants import Participant
from orderflow.services import Services
from orderflow.web.kit.fanout import Client, Fanout, Source, Topic
from orderflow.web.kit.sockets import Connection

SEE, BLIND, STAGE, LOOK = ("herd", "see"), ("herd", "blind"), ("herd", "stage"), ("herd", "look")
"""The topics: phones, phones that do not see the crowd, the presenter's screens, and those who only look on."""
SECRET = ("fundamental", "experiment")
"""What only the presenter's screen shows."""
PULSE = 1.0
"""Seconds between looks at what changes by itself: statistics, the crowd's meter, ranks."""
RANKS = 2
"""Every so many pulses each phone whose rank has changed is told."""


Owner = tuple[str, str]
Told = tuple[str, str, int, int, tuple[int, int]]
"""Participant, nickname, cash (micro-units), shares, rank; ("", "", 0, 0, (0, 0)): not in the game."""
NOBODY: Told = ("", "", 0, 0, (0, 0))


class _ClientMessage(msgspec.Struct):
    """A message from a phone: the version it has."""

    since: int


@dataclass(eq=False)
class _PhoneSocket:
    """One open socket of a phone. owner: (session, participant), None for one that has not joined; told: what the owner
    was last told about themselves."""

    client: Client
    owner: Owner | None
    key: Hashable
    topic: Topic | None = None
    told: Told | None = None


class HerdSockets:
    """The sockets. Begins to listen to the game when it is made."""

    def __init__(self, game: Game, services: Services, fanout: Fanout) -> None:
        self._game = game
        self._secret = (*SECRET, *(["code", "join"] if services.settings.herd.code_required else []))
        self._workers = services.workers
        self._fanout = fanout
        self.live = messages.PublicState(game, services.clock.now)
        self.stage = messages.PresenterState(game, self.live)
        self.refused: Counter[str] = Counter()
        self._phones: dict[Owner | None, set[_PhoneSocket]] = {}
        self._count = 0
        self._mail = False
        self._pulses = 0
        self._beating = False
        self._last: object = None
        self._due = False
        game.on_fill.append(self._filled)
        game.on_account.append(self._account)
        game.on_batch.append(self._changed)

    def phone(self, connection: Connection, participant: Participant | None, since: int | None) -> None:
        """Serve a phone's socket to its end. participant: None for one that has not joined; since: what it has."""
        self._beat()
        client, game = connection.client, self._game
        self.live.refresh()
        if since is not None and since == self.live.version:
            client.version = since
        owner = (game.session_id, participant.id) if participant else None
        phone = _PhoneSocket(client, owner, _key(participant))
        self._tell(phone, participant)
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
                client.version = None  # the next sweep of the fan-out sends the whole: a flood of these costs nothing

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
            self._count -= 1
            game.connected = self._count
            self.refused["frame"] += connection.oversized

    def screen(self, connection: Connection, join_url: str, *, presenter: bool) -> None:
        """Serve a big screen's socket to its end. presenter: False for somebody who only looks on."""
        self._beat()
        self.live.refresh()
        self.stage.refresh(join=join_url)
        self._measure()
        topic = self._join(STAGE if presenter else LOOK, connection.client)
        try:
            connection.serve()
        finally:
            self._fanout.leave(topic, connection.client)

    def figures(self) -> dict[str, object]:
        """What the statistics say of sockets."""
        return {"connected": self._count, "screens": self._screens()}

    def _join(self, key: Hashable, client: Client) -> Topic:
        sources: dict[Hashable, Callable[[], Source]] = {
            SEE: lambda: messages.PhoneSource(self.live),
            BLIND: lambda: messages.PhoneSource(self.live, blind=True),
            STAGE: lambda: messages.PresenterSource(self.stage),
            LOOK: lambda: messages.PresenterSource(self.stage, self._secret),
        }
        return self._fanout.join(key, client, sources[key])

    def _beat(self) -> None:
        """Start the pulse with the first socket: a server without a game has no job for it."""
        if not self._beating:
            self._beating = True
            self._workers.every(PULSE, "herd pulse", self._pulse)

    def _filled(self, name: str, fill: Fill) -> None:
        sockets = self._phones.get((self._game.session_id, name))
        if not sockets:
            return
        text = messages.fill_message(fill)
        participant = self._game.participant(name)
        for phone in sockets:
            phone.client.post(text)
            if participant is not None and phone.told is not None:
                phone.told = (name, participant.nick, participant.cash, participant.shares, phone.told[4])
        self._mail = True

    def _account(self, name: str | None) -> None:
        """Somebody's portfolio or place has changed without an order: all are looked through with the next change,
        which follows at once."""
        self._due = True

    def _changed(self) -> None:
        """The game has cleared a batch, or something else has happened in it."""
        urgent = self.live.refresh()
        last = (self._game.session_id, self._game.experiment)
        if self._due or last != self._last:
            self._due, self._last = False, last
            self._review()
        self._cast(urgent)

    def _cast(self, urgent: bool) -> None:
        """Send now. What is not urgent, such as one more participant, leaves with the fan-out's next sweep."""
        if urgent or self._mail:
            self._mail = False
            self._fanout.cast(SEE)
            self._fanout.cast(BLIND)
        if self._screens():
            self.stage.refresh()
            self._fanout.cast(STAGE)
            self._fanout.cast(LOOK)

    def _pulse(self) -> None:
        urgent = self.live.refresh()
        self._pulses += 1
        if self._pulses % RANKS == 0:
            self._review()
        if self._screens():
            self._measure()
        self._cast(urgent)

    def _screens(self) -> int:
        return self._fanout.listeners(STAGE) + self._fanout.listeners(LOOK)

    def _measure(self) -> None:
        self.stage.measure(self.figures())

    def _review(self) -> None:
        """Send each participant's own figures where they changed, and move phones to the topic they belong to."""
        game = self._game
        for owner, sockets in tuple(self._phones.items()):
            if owner is None:
                continue
            # the participants of another session have the same names
            participant = game.participant(owner[1]) if owner[0] == game.session_id else None
            for phone in tuple(sockets):
                self._tell(phone, participant)
                if phone.topic is not None and phone.key != _key(participant):
                    self._fanout.leave(phone.topic, phone.client)
                    phone.client.version, phone.key = None, _key(participant)
                    phone.topic = self._join(phone.key, phone.client)

    def _tell(self, phone: _PhoneSocket, participant: Participant | None) -> None:
        told, rank = NOBODY, None
        if participant is not None:
            rank = self._game.rank(participant.id)
            told = (participant.id, participant.nick, participant.cash, participant.shares, rank)
        if told != phone.told:
            phone.told = told
            phone.client.post(messages.you_message(participant, self._game.price, rank))
            self._mail = True


def _key(participant: Participant | None) -> Hashable:
    return BLIND if participant is not None and participant.group == "blind" else SEE
