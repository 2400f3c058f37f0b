"""Single ticks that arrive at the same time are taken in together: one parse, one entry of the log, one append.

A call that comes while another is being worked on waits, and whoever waits is then one group. So a thousand senders of
single ticks cost little more than one sender of batches, and one sender alone waits for nobody. Every call still gets
its own answer: what cannot be shared (an error of the market, a venue's ids) is done call by call.

Calls come from the greenlets of one hub; between two waits nobody else is here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np

from orderflow.errors import BadInput, FieldError, OrderflowError
from orderflow.formats import ParsedTicks
from orderflow.market.market import Market
from orderflow.market.ticks import NO_ID
from orderflow.runtime.workers import Flag, Workers

MOST = 2_000
"""Ticks of one group."""

Parse = Callable[[bytes], ParsedTicks]
Alone = Callable[[bytes], bytes]


@dataclass(eq=False)
class _Call:
    """One tick on its way: its answer or its error is there when `done` is set, or it is to lead the next group."""

    body: bytes
    done: Flag
    answer: bytes = b""
    error: Exception | None = None
    leads: bool = False


@dataclass
class _Queue:
    """Calls that wait for their group."""

    calls: list[_Call] = field(default_factory=list)
    busy: bool = False


class Gather:
    """Calls share a group when their `key` is the same; it stands for all that parsing depends on besides the body."""

    def __init__(self, market: Market, workers: Workers) -> None:
        self._market = market
        self._workers = workers
        self._queues: dict[Hashable, _Queue] = {}

    def take(self, key: Hashable, body: bytes, parse: Parse, alone: Alone, symbol: str) -> bytes:
        """The answer to one tick. parse: a JSON array of ticks to columns. alone: the answer when nothing is shared.
        symbol: of ticks that name none. Raises what `alone` raises.
        """
        if not joinable(body):
            return alone(body)
        queue = self._queues.setdefault(key, _Queue())
        call = _Call(body, self._workers.flag())
        queue.calls.append(call)
        if queue.busy:
            call.done.wait()
            if not call.leads:
                return _result(call)
        queue.busy = True
        self._workers.wait(0)  # those who have been heard already may come along
        group, queue.calls = queue.calls[:MOST], queue.calls[MOST:]
        try:
            self._work(group, parse, alone, symbol)
        finally:
            for other in group:
                if not other.answer and other.error is None:  # this call failed in a way that nobody expected
                    other.error = OrderflowError("the server could not finish this call; send the tick again")
                if other is not call:
                    other.done.set()
            if queue.calls:
                queue.calls[0].leads = True
                queue.calls[0].done.set()
            else:
                self._queues.pop(key, None)
        return _result(call)

    def _work(self, group: list[_Call], parse: Parse, alone: Alone, symbol: str) -> None:
        if len(group) > 1:
            try:
                parsed = parse(b"[" + b",".join([call.body for call in group]) + b"]")
                if parsed.rows == len(group) and not any((batch.id != NO_ID).any() for batch in parsed.batches):
                    self._share(group, parsed, symbol)
                    return
            except BadInput:
                pass  # something in one of them: each is told on its own what is wrong with it
            except OrderflowError as error:
                for call in group:
                    call.error = error
                return
        for call in group:
            try:
                call.answer = alone(call.body)
            except OrderflowError as error:
                call.error = error

    def _share(self, group: list[_Call], parsed: ParsedTicks, symbol: str) -> None:
        """One append for all good ticks. Raises what the market raises; then nothing was taken."""
        self._market.ingest(parsed.batches)
        for batch, rows in zip(parsed.batches, parsed.origins, strict=True):
            revision = self._market.revision(batch.symbol)
            for row, count in zip(*(part.tolist() for part in np.unique(rows, return_counts=True)), strict=True):
                group[row].answer = b'{"accepted":%d,"revision":%d}' % (count, revision)
        wrong: dict[int, list[int]] = defaultdict(list)
        for number, found in enumerate(parsed.errors):
            if found.row is not None:
                wrong[found.row].append(number)
        for row, numbers in wrong.items():
            errors = [replace(parsed.errors[number], row=0) for number in numbers]
            group[row].error = refusal(errors)
        if wrong:
            self._market.rejected(symbol, len(wrong))


def joinable(body: bytes) -> bool:
    """Whether the body is one whole JSON object, so that between others it stays what it is."""
    try:
        # an id may be known already, which only its own call can say
        return b'"id"' not in body and isinstance(msgspec.json.decode(body), dict)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False


def refusal(errors: list[FieldError]) -> BadInput:
    """The error of a single tick that was refused."""
    first = errors[0]
    return BadInput(f"the tick was refused: {first.field or 'it'} {first.reason}", errors)


def _result(call: _Call) -> bytes:
    if call.error is not None:
        raise call.error
    return call.answer
