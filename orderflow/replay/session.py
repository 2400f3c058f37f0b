"""One run of the replay client: connects file, server, signals and progress display."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from types import FrameType

from orderflow.errors import BadInput
from orderflow.feeds.pacing import Pacer
from orderflow.formats import ParsedTicks, TickReader, open_ticks
from orderflow.formats.checks.plausible import TooManyBadRows
from orderflow.formats.options import option_texts
from orderflow.formats.own import of_this_folder
from orderflow.formats.summary.id_gaps import total
from orderflow.formats.summary.wording import counted, moment, span
from orderflow.replay.client import Client, Refused, ServerGone, Stopped
from orderflow.replay.paths import shown
from orderflow.replay.progress import Bar, Lines, Progress, Silent, Tally
from orderflow.replay.replayer import Doubt, Ended, Limits, Replay

DONE, FAILED, INTERRUPTED = 0, 1, 130

CHUNK_ROWS = 25_000
"""Rows read at a time, one batch of full size. Larger chunks are hardly faster and use more memory."""

KEY_ENV = "ORDERFLOW_API_KEY"

_POLL_SECONDS = 0.1
"""Seconds between two checks of whether the user wants to stop."""


def open_file(args: argparse.Namespace, skip: int) -> TickReader:
    """Open the file of the arguments at data row `skip`."""
    return open_ticks(
        args.paths,
        format=args.format,
        tz=args.tz,
        symbol=args.symbol,
        member=args.member,
        side=args.side,
        chunk_rows=CHUNK_ROWS,
        skip_rows=skip,
        formats=of_this_folder(),
        **option_texts(vars(args)),
    )


class Session:
    """One run against a server. Raises BadSetting, BadInput or OSError for errors before anything is sent."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._args = args
        self._stopped = False
        self._tally = Tally(args.start_from, args.start_from, limit=args.max_ticks)
        self._sent_before = 0  # in the passes before this one
        self._doubt: Doubt | None = args.resume
        self._client = Client(
            args.server,
            api_key=args.key or os.environ.get(KEY_ENV),
            retry_for=args.retry_for,
            sleep=self._sleep,
            on_wait=lambda reason, left: self._progress.waiting(reason, left),
            on_back=lambda: self._progress.back(),
        )
        self._progress: Progress = Silent(sys.stderr)
        self._warned = self._assumed = 0
        self._counts: Mapping[str, int] = {}
        self._replay: Replay | None = None
        self._ids_count = False

    def run(self) -> int:
        """Replay the file; returns the exit code."""
        began = time.monotonic()
        code, complaint = DONE, ""
        try:
            with _on_signals(self._interrupt):
                self._play()
        except Ended as ended:
            code = INTERRUPTED if ended.stopped else FAILED
            complaint = f"{ended}\n{self._where_to_resume(ended.doubt)}"
        except (Refused, ServerGone) as error:  # before the first batch, so there is nothing to resume
            code = INTERRUPTED if isinstance(error, Stopped) else FAILED
            complaint = str(error)
        except BadInput as error:
            if not self._tally.sent:
                raise
            what = f"the file is corrupt: {error}"
            if isinstance(error, TooManyBadRows):
                what = f"{error}\n{self._tally.sent:,} ticks were sent before this was found"
            code, complaint = FAILED, f"{what}\n{self._where_to_resume(None)}"
        except KeyboardInterrupt:
            doubt = self._replay.doubt if self._replay is not None else None
            code, complaint = INTERRUPTED, f"interrupted twice\n{self._where_to_resume(doubt)}"
        finally:
            self._progress.close()
            self._client.close()
        if code == DONE and not self._tally.sent:
            code, complaint = FAILED, self._nothing()
        if not self._args.quiet:
            print(summary(self._tally, time.monotonic() - began), flush=True)
            if self._replay is not None and (missing := total(self._replay.id_gaps, documented=self._ids_count)):
                print(missing, flush=True)
            for words, number in self._counts.items():
                print(f"{number:,} {words}", flush=True)
        if complaint:
            print(f"orderflow-replay: {complaint}", file=sys.stderr, flush=True)
        return code

    def _play(self) -> None:
        """Play all passes: one, or endlessly with --loop."""
        args = self._args
        symbols: set[str] = set()
        for lap in count(1):
            with open_file(args, args.start_from) as reader:  # before the reset: a bad file must not delete the data
                self._ids_count = reader.ids_count
                if lap == 1:
                    self._progress = progress_for(args, self._tally)
                    self._tell(reader)
                    if args.reset:
                        self._client.reset()
                for symbol in symbols:
                    self._client.reset(symbol)
                self._replay = self._new_replay()
                self._replay.play(self._measured(reader))
            symbols = self._replay.symbols
            if not args.loop or not symbols:
                return
            self._tally.next_row = args.start_from
            self._sent_before = self._tally.sent

    def _tell(self, reader: TickReader) -> None:
        """Print what was assumed of the file, and what may be wrong with it."""
        for text in reader.warnings[self._warned :]:
            self._progress.note(f"warning: {text}")
        for text in [] if self._args.quiet else reader.assumed[self._assumed :]:
            self._progress.note(f"assumed: {text}")
        self._warned, self._assumed = len(reader.warnings), len(reader.assumed)
        self._counts = reader.counts

    def _measured(self, reader: TickReader) -> Iterator[ParsedTicks]:
        """The reader's chunks, while estimating the file's rows from the part that has been read."""
        for chunk in reader:
            if reader.progress > 0:
                self._tally.file_rows = int(reader.rows / reader.progress)
            self._tell(reader)
            yield chunk
        self._tell(reader)

    def _new_replay(self) -> Replay:
        args = self._args
        doubt, self._doubt = self._doubt, None
        return Replay(
            self._client,
            Pacer(args.velocity, most=args.batch_ticks, max_gap=args.max_gap, sleep=self._idle),
            self._progress,
            self._tally,
            run=uuid.uuid4().hex,
            limits=Limits(args.max_ticks, args.strict, args.tick_size),
            doubt=doubt,
            stopped=lambda: self._stopped,
        )

    def _idle(self, seconds: float) -> bool:
        """Spend the time until the next tick: settle the last batch, otherwise wait. True if the user wants to stop."""
        if self._replay is not None and self._replay.settle():
            return self._stopped
        self._progress.update(self._tally)
        return self._sleep(seconds)

    def _sleep(self, seconds: float) -> bool:
        """Sleep in short steps, because the signal handler only sets a flag: setting an Event there can deadlock."""
        end = time.monotonic() + seconds
        while not self._stopped and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, _POLL_SECONDS))
        return self._stopped

    def _interrupt(self) -> None:
        if self._stopped:
            raise KeyboardInterrupt
        self._stopped = True

    def _where_to_resume(self, doubt: Doubt | None) -> str:
        tally = self._tally
        words = [f"--start-from {tally.next_row}"]
        if self._args.max_ticks is not None:
            words.append(f"--max-ticks {max(1, self._args.max_ticks - tally.sent + self._sent_before)}")
        if doubt is not None:
            words.append(f"--resume {doubt}")
        extra = (
            f"; the server may have the next {doubt.ticks:,} ticks already, the key prevents duplicates"
            if doubt
            else ""
        )
        reset = " instead of --reset" if self._args.reset else ""
        return f"to resume: {' '.join(words)}{reset}{extra}"

    def _nothing(self) -> str:
        tally, name = self._tally, shown(self._args.paths)
        if tally.next_row <= tally.first_row:
            return f"{name} has no rows from row {tally.first_row} on"
        return f"{name} has no usable rows: {tally.skipped:,} of {tally.next_row - tally.first_row:,} are bad"


def progress_for(args: argparse.Namespace, tally: Tally) -> Progress:
    """The progress display for the arguments and the terminal."""
    if args.quiet:
        return Silent(sys.stderr)
    return Bar(sys.stderr, tally) if sys.stderr.isatty() else Lines(sys.stderr, tally)


def summary(tally: Tally, seconds: float) -> str:
    """The result of a run in at most two lines."""
    rate = tally.sent / seconds if seconds > 0 else 0.0
    text = f"{tally.sent:,} ticks sent in {span(seconds)} ({rate:,.0f}/s), {tally.batches:,} batches"
    if tally.duplicates:
        text += f", {tally.duplicates:,} of them duplicates"
    if tally.id_conflicts:
        text += f", {tally.id_conflicts:,} id conflicts (the id of another trade; kept)"
    if tally.skipped:
        text += f", {tally.skipped:,} bad rows skipped"
    if tally.no_trades:
        text += f", no trades: {counted(tally.no_trades)}"
    if tally.waited >= 0.1:
        text += f", waited {span(tally.waited)} for the server"
    if tally.market_first is not None and tally.market_last is not None:
        text += f"\nmarket time {moment(tally.market_first)} to {moment(tally.market_last)}"
        if tally.worst_lag:
            text += f", at most {tally.worst_lag:.2f} s behind schedule"
    return text


@contextmanager
def _on_signals(act: Callable[[], None]) -> Iterator[None]:
    """Call `act` on SIGINT and SIGTERM while the context is active."""

    def handle(number: int, frame: FrameType | None) -> None:
        act()

    if threading.current_thread() is not threading.main_thread():  # signals go to the main thread only
        yield
        return
    kinds = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(kind, handle) for kind in kinds]
    try:
        yield
    finally:
        for kind, old in zip(kinds, before, strict=True):
            signal.signal(kind, old)
