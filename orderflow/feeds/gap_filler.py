"""The requests of a connection, one at a time: what its pairs miss, and the venue's clock."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from orderflow.feeds.pair import Pair
from orderflow.feeds.requests_gate import RequestGate
from orderflow.feeds.transport import Answer, Transport
from orderflow.feeds.venues.venue import BadMessage, Venue
from orderflow.runtime.clock import Clock, Timeline

CLOCK_SECONDS = 1800.0
"""Seconds between two looks at the venue's clock."""
PASSING = (403, 408)
"""Status codes below 500 that do not say that the request itself is wrong."""


@dataclass(slots=True)
class _Call:
    """The request under way. pair: "" for the venue's clock. sent: the venue's time when it was sent, ns."""

    answer: Answer
    pair: str
    sent: int


class GapFiller:
    """pairs: of the connection. fill: seconds that trades may be old to be requested. malformed: answers that could
    not be read. told: the venue has told its time."""

    def __init__(
        self,
        venue: Venue,
        transport: Transport,
        clock: Clock,
        chance: random.Random,
        pairs: Mapping[str, Pair],
        rest_url: str,
        fill: float,
    ) -> None:
        self._venue, self._transport, self._clock, self._pairs = venue, transport, clock, pairs
        self._url = rest_url
        self._fill = int(fill * 1e9)
        self._gate = RequestGate(venue.facts.weight, chance)
        self._call: _Call | None = None
        self._clock_at = -CLOCK_SECONDS
        self._turn = 0
        self._venues_clock = Timeline(clock)
        self.told = False
        self.malformed = 0

    @property
    def reason(self) -> str:
        """Why no request is sent at present, or ""."""
        return self._gate.reason

    @property
    def used_weight(self) -> int | None:
        """The weight used in this minute, as the venue said last."""
        return self._gate.used

    @property
    def busy(self) -> bool:
        """Whether a request is under way."""
        return self._call is not None

    def now(self) -> int:
        """The venue's time, ns: once it has told that, jumps of our clock do not matter."""
        return self._venues_clock.now() if self.told else self._clock.now()

    @property
    def offset(self) -> int:
        """The venue's clock less ours, ns."""
        return self.now() - self._clock.now()

    def step(self, now: float) -> None:
        """Take the answer that has come, and send the next request that is due. now: monotonic s."""
        call = self._call
        if call is not None:
            if not call.answer.done:
                return
            self._call = None
            self._answered(call, now)
        if self._gate.free(now):
            self._request(now)
            return
        for pair in self._pairs.values():
            if pair.sequence.filling:
                pair.sequence.failed(now, self._gate.reason)

    def _request(self, now: float) -> None:
        clock = self._venue.time_request()
        wanting = [name for name, pair in self._pairs.items() if pair.sequence.wants(now) and not pair.refusal]
        if clock is not None and now - self._clock_at >= CLOCK_SECONDS:
            self._clock_at = now
            request, name = clock, ""
        elif wanting:
            self._turn += 1
            name = wanting[self._turn % len(wanting)]
            request = self._pairs[name].sequence.request(self._venue, name)
        else:
            return
        self._call = _Call(self._transport.get(self._url + request.path, request.query), name, self.now())

    def _answered(self, call: _Call, now: float) -> None:
        answer, pair = call.answer, self._pairs.get(call.pair)
        if answer.status == 200:
            self._gate.answered(now, self.now(), self._venue.used_weight(answer.headers))
            try:
                self._use(call, pair, now)
            except BadMessage as error:
                self.malformed += 1
                self._gate.failed(now, str(error))
            return
        if answer.status in (418, 429):
            self._gate.refused(now, answer.status, answer.headers.get("retry-after"))
        elif 400 <= answer.status < 500 and answer.status not in PASSING and pair is not None:
            pair.refuse(f"the venue answered {answer.status} to a request for {call.pair}", now)
        else:
            self._gate.failed(now, answer.error or f"the venue answered {answer.status}")
        if pair is not None:
            pair.sequence.failed(now, self._gate.reason or pair.refusal)

    def _use(self, call: _Call, pair: Pair | None, now: float) -> None:
        if not call.pair:
            self._venues_clock.begin(self._venue.read_time(call.answer.body) + (self.now() - call.sent) // 2)
            self.told = True
        elif pair is not None:
            oldest = self.now() - self._fill
            pair.sequence.read_answer(self._venue, call.pair, call.answer.body, now, sent=call.sent, oldest=oldest)
