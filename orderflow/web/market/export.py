"""`orderflow export`: writes a table to a file, from the local tick log or page by page from a running server."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, cast
from urllib.parse import quote, urlencode, urljoin

from pyarrow import ipc, parquet

from orderflow.errors import BadInput, BadSetting, NotFound, OrderflowError
from orderflow.market.frames import Frame
from orderflow.market.ports import MarketReader
from orderflow.services import stored_market
from orderflow.settings.settings import Settings
from orderflow.web.kit.params import read_time
from orderflow.web.market.pagination import Span, all_bars, all_ticks
from orderflow.web.market.rows import Rows

SUFFIXES = {".csv": "csv", ".json": "json", ".parquet": "parquet", ".arrow": "arrow"}
TIMEOUT = 60.0


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Export what the arguments ask for; returns exit code 0. Raises OrderflowError."""
    kind = args.format or (SUFFIXES.get(Path(args.out).suffix.lower(), "csv") if args.out else "csv")
    Frame.parse(args.frame)
    if args.server:
        with _target(args.out) as out:
            _from_server(args, kind, settings.api_key, out)
    else:
        _from_log(args, kind, settings)
    return 0


@contextmanager
def _target(path: str | None) -> Iterator[IO[bytes]]:
    """The output file, or standard output. An incomplete file is removed."""
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    partial = Path(f"{path}.part")
    try:
        with partial.open("wb") as out:
            yield out
        partial.replace(path)
    except OSError as error:
        raise BadSetting(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)


def _from_log(args: argparse.Namespace, kind: str, settings: Settings) -> None:
    span = Span(_time(args.start), _time(args.end))
    with stored_market(settings) as market:
        if not market.revision(args.symbol):
            known = ", ".join(info.symbol for info in market.symbols()[:20]) or "none"
            raise NotFound(f"the log has no ticks of {args.symbol!r}; it has: {known}")
        rows = _rows(market, args, span)
        with _target(args.out) as out:
            out.writelines(getattr(rows, kind)())


def _rows(market: MarketReader, args: argparse.Namespace, span: Span) -> Rows:
    """All rows, which are read as they are written."""
    if args.what == "ticks":
        return all_ticks(market, args.symbol, span)
    footprint = args.what == "footprint"
    return all_bars(market, args.symbol, Frame.parse(args.frame), span, args.group, footprint=footprint)


def _time(text: str | None) -> int | None:
    try:
        return None if text is None else read_time(text)
    except ValueError as error:
        raise BadInput(f"{text!r} {error}") from error


def _from_server(args: argparse.Namespace, kind: str, key: str | None, out: IO[bytes]) -> None:
    asked = {"format": "arrow" if kind == "parquet" else kind, "start": args.start, "end": args.end}
    if args.what != "ticks":
        asked |= {"frame": args.frame, "group": args.group}
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    url: str | None = f"{args.server.rstrip('/')}/api/v1/{args.what}/{quote(args.symbol, safe='')}?{query}"
    if kind == "csv":
        with _get(str(url), key) as answer:
            shutil.copyfileobj(answer, out, 1 << 20)
        return
    pages = _pages(str(url), key)
    if kind == "json":
        out.writelines(_joined_json(pages, args.what))
    else:
        _join_tables(pages, kind, out)


def _pages(url: str, key: str | None) -> Iterator[bytes]:
    """The bodies of all pages, one at a time."""
    following: str | None = url
    while following is not None:
        with _get(following, key) as answer:
            body = answer.read()
            link = answer.headers.get("X-Next")
        yield body
        following = urljoin(url, link) if link else None


def _joined_json(pages: Iterator[bytes], what: str) -> Iterator[bytes]:
    """The rows of all pages as one JSON array."""
    mark = b"["
    for page in pages:
        if rows := json.loads(page)[what]:
            yield mark + json.dumps(rows)[1:-1].encode()
            mark = b", "
    yield b"]" if mark == b", " else b"[]"


def _join_tables(pages: Iterator[bytes], kind: str, out: IO[bytes]) -> None:
    """Write the tables of all pages as one. Raises OrderflowError if a later page has other columns."""
    first = ipc.open_stream(next(pages)).read_all()
    schema = first.schema
    writer: Any = (
        parquet.ParquetWriter(out, schema, compression="zstd") if kind == "parquet" else ipc.new_stream(out, schema)
    )
    with writer:
        writer.write_table(first)
        for page in pages:
            table = ipc.open_stream(page).read_all()
            if table.schema != schema:
                raise OrderflowError("the decimals of the prices changed while the table was read; try again")
            writer.write_table(table)


@contextmanager
def _get(url: str, key: str | None) -> Iterator[Any]:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        request = urllib.request.Request(url, headers=headers)
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            yield cast(BinaryIO, answer)
    except urllib.error.HTTPError as error:
        try:
            detail = json.loads(error.read())["detail"]
        except (ValueError, KeyError, TypeError):
            detail = str(error)
        raise OrderflowError(f"the server answers: {detail}") from error
    except (urllib.error.URLError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise OrderflowError(f"cannot reach {url.split('/api/')[0]}: {reason}") from error
