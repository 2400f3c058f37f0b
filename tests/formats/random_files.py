"""Random trades in random layouts: a file, how it is to be read, and the trades that are in it.

This is the specification of the reader: a file that `random_file` writes is read back exactly or refused with BadInput;
it is never read as anything else.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from orderflow.errors import BadInput
from orderflow.formats import open_ticks
from orderflow.market.ticks import NO_ID, Side

Trade = tuple[int, Decimal, Decimal, int, int | None]
"""time ns, price, size, side (1, -1, or 0 if the file gives none), id."""

NAMES = {
    "time": ["timestamp", "datetime", "Time", "ts", "trade_time", "created_time", "exchange_time", "Time (UTC)"],
    "price": ["price", "Last", "px", "trade_price", "last_price", "Precio"],
    "size": [
        "size",
        "qty",
        "Quantity",
        "volume",
        "Amount",
        "trade_size",
        "lastSize",
        "last_volume",
        "ltq",
        "contracts",
    ],
    "side": ["side", "aggressor", "Aggressor Side", "taker_side", "direction", "Lado"],
    "maker": ["is_buyer_maker", "buyer_is_maker", "isBuyerMaker", "sell"],
    "id": ["trade_id", "id", "tid", "aggTradeId"],
    "date": ["date", "Trade Date", "day", "session_day", "Datum"],
    "clock": ["time", "Hora", "clock", "TimeOfDay"],
}
WORDS: dict[str, tuple[str, str]] = {
    "buy": ("buy", "sell"),
    "Buy": ("BUY", "Sell"),
    "b": ("B", "S"),
    "buyer": ("buyer", "seller"),
    "1/-1": ("1", "-1"),
    "1/2": ("1", "2"),
    "1/0": ("1", "0"),
    "ask": ("ASK", "BID"),
    "a/b": ("B", "A"),
    "type": ("bid", "ask"),
    "maker": ("False", "True"),
    "maker 0": ("0", "1"),
    "sign": ("", "-"),
    "none": ("", ""),
}
"""How a buy and a sell are written."""
ZONES = ["UTC", "America/New_York", "Europe/Berlin", "Asia/Tokyo"]
CONTAINERS = ["plain", "gz", "bz2", "xz", "zst", "zip", "tar", "utf-16", "bom", "crlf"]
TIMES = [
    "s", "s.", "ms", "us", "ns", "iso", "iso T", "iso Z", "iso offset", "iso D", "mdy", "dmy", "dmy dots", "ampm",
    "split ymd", "split mdy", "split dmy", "split colon", "split ampm",
    "split digits", "digits",
]  # fmt: skip


@dataclass(slots=True)
class Layout:
    """How trades are written. options: what is said to the reader about them."""

    time: str
    words: str
    container: str
    delimiter: str
    comma: bool
    newest_first: bool
    zone: str
    resolution: int
    header: bool = True
    quote: bool = False
    noise: bool = False
    columns: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)


def random_trades(chance: random.Random, layout: Layout) -> list[Trade]:
    """Trades in order of time, with ties."""
    count = chance.choice([1, 2, 3, 5, 12, 40, 130])
    day = datetime(chance.randrange(2012, 2026), chance.randrange(1, 13), chance.randrange(1, 27), 12, tzinfo=UTC)
    time = int(day.timestamp()) * 10**9 // layout.resolution * layout.resolution
    decimals, places = chance.randrange(0, 6), chance.choice([0, 0, 1, 3, 8])
    price, step = chance.choice([3, 80, 4000, 90_000]) * 10**decimals, chance.choice([1, 5, 25])
    number = chance.randrange(1, 10**9)
    trades: list[Trade] = []
    for _ in range(count):
        price = max(1, price + chance.randrange(-3, 4) * step)
        size = chance.randrange(1, 10 ** chance.randrange(1, 4)) * 10 ** chance.randrange(0, places + 1)
        side = 0 if layout.words == "none" else chance.choice([1, -1])
        number += 1 if chance.random() < 0.9 else chance.randrange(1, 9)
        trades.append((time, Decimal(price).scaleb(-decimals), Decimal(size).scaleb(-places), side, number))
        if chance.random() < 0.6:
            time += chance.choice([1, 1, 7, 900, 60_000]) * max(layout.resolution, 10**6)
    sides = {trade[3] for trade in trades}
    if ("1/" in layout.words and len(sides) < 2) or (layout.words == "sign" and 100 * _sells(trades) < 20 * count):
        return random_trades(chance, layout)  # one number alone is a warning; without a size below 0 there is no sign
    if layout.newest_first and len({trade[0] for trade in trades}) == 1:
        layout.newest_first = False  # without a second time nothing shows the order
    return trades


def _sells(trades: Sequence[Trade]) -> int:
    return sum(trade[3] < 0 for trade in trades)


def random_layout(chance: random.Random) -> Layout:
    """A layout, with options where the file alone cannot show it."""
    time = chance.choice(TIMES)
    finest = {"s": 10**9, "ms": 10**6, "us": 10**3, "iso D": 1, "split colon": 10**6}.get(time)
    delimiter = chance.choice([",", ",", ";", "\t", "|"])
    layout = Layout(
        time,
        chance.choice(list(WORDS)),
        chance.choice(CONTAINERS),
        delimiter,
        delimiter == ";" and chance.random() < 0.5,
        chance.random() < 0.3,
        chance.choice(ZONES) if "iso Z" not in time and "offset" not in time else "UTC",
        finest or chance.choice([10**9, 10**6, 10**3, 1]),
        header=chance.random() < 0.85,
        noise=chance.random() < 0.1,
    )
    layout.quote = layout.words in ("a/b", "none", "buy") and chance.random() < 0.6
    if chance.random() < 0.3 and ("mdy" in time or "dmy" in time or "ampm" in time):
        layout.options["date_order"] = "dmy" if "dmy" in time else "mdy"
    if chance.random() < 0.3 and layout.words == "a/b":
        layout.options["side_words"] = "buy=B sell=A"
    return layout


def random_file(chance: random.Random, folder: Path) -> tuple[Path, Layout, list[Trade]]:
    """Write random trades in a random layout: (file, layout, trades in order)."""
    layout = random_layout(chance)
    trades = random_trades(chance, layout)
    with_ids = chance.random() < 0.5
    wanted = [(t, p, s, side, number if with_ids else None) for t, p, s, side, number in trades]
    head, rows = _table(chance, layout, wanted)
    if layout.newest_first:
        rows.reverse()
    text = "".join(layout.delimiter.join(row) + "\n" for row in ([head] if layout.header else []) + rows)
    return _packed(folder / "trades.csv", text, layout.container), layout, wanted


def read_back(path: Path, layout: Layout, chunk_rows: int = 50_000) -> tuple[list[Trade] | None, str]:
    """(the trades as read, None if the file is refused; the reason)."""
    found: list[tuple[int, Trade]] = []
    try:
        with open_ticks(path, tz=layout.zone, max_bad=0.05, chunk_rows=chunk_rows, **layout.options) as reader:
            for chunk in reader:
                if chunk.rejected:
                    return None, str(chunk.errors[0])
                for batch, origins in zip(chunk.batches, chunk.origins, strict=True):
                    for k, row in enumerate(origins.tolist()):
                        price = Decimal(int(batch.price[k])).scaleb(-batch.price_decimals)
                        size = Decimal(int(batch.size[k])).scaleb(-batch.size_decimals)
                        side = int(Side(int(batch.side[k]))) if batch.rule[k] in (1, 5) else 0
                        number = None if batch.id[k] == NO_ID else int(batch.id[k])
                        found.append((row, (int(batch.time[k]), price, size, side, number)))
    except BadInput as error:
        return None, str(error)
    return [trade for _, trade in sorted(found, key=lambda one: one[0])], ""


def _table(chance: random.Random, layout: Layout, trades: Sequence[Trade]) -> tuple[list[str], list[list[str]]]:
    """(names of the columns, rows of cells), in a random order of columns."""
    cells: list[tuple[str, str, Callable[[Trade], str]]] = []
    if layout.time.startswith("split"):
        cells.append(("date", chance.choice(NAMES["date"]), lambda t: _date(t[0], layout)))
        cells.append(("time", chance.choice(NAMES["clock"]), lambda t: _clock(t[0], layout)))
    else:
        cells.append(("time", chance.choice(NAMES["time"]), lambda t: _moment(t[0], layout)))
    cells.append(("price", chance.choice(NAMES["price"]), lambda t: _number(t[1], layout)))
    sign = WORDS["sign"] if layout.words == "sign" else ("", "")
    cells.append(("size", chance.choice(NAMES["size"]), lambda t: sign[t[3] < 0] + _size(t[2], layout)))
    words = WORDS[layout.words]
    if layout.words.startswith("maker"):
        cells.append(("buyer_is_maker", chance.choice(NAMES["maker"]), lambda t: words[t[3] < 0]))
    elif layout.words not in ("sign", "none"):
        name = "type" if layout.words == "type" else chance.choice(NAMES["side"])
        cells.append(("side", name, lambda t: words[t[3] < 0]))
    if trades[0][4] is not None:
        cells.append(("id", chance.choice(NAMES["id"]), lambda t: str(t[4])))
    if layout.quote:
        tick = min(trade[1] for trade in trades) / 50
        cells.append(("bid", "bid", lambda t: _number(t[1] - (tick if t[3] > 0 else 0), layout)))
        cells.append(("ask", "ask", lambda t: _number(t[1] + (tick if t[3] < 0 else 0), layout)))
    if chance.random() < 0.3:
        cells.append(("", "venue", lambda t: "XX"))
    if chance.random() < 0.3:
        cells.append(("", "note", lambda t: ""))
    chance.shuffle(cells)
    names = [name for _, name, _ in cells]
    if not layout.header or chance.random() < 0.2:
        roles = {role: (name if layout.header else str(at)) for at, (role, name, _) in enumerate(cells, 1) if role}
        layout.options["columns"] = roles
        if not layout.header:
            layout.options["no_header"] = True
            if layout.words == "type":  # without its name nothing shows that it is the taker's order
                layout.options["side_words"] = "buy=bid sell=ask"
    return names, [[make(trade) for _, _, make in cells] for trade in trades]


def _local(time: int, layout: Layout) -> datetime:
    return datetime.fromtimestamp(time // 10**9, ZoneInfo(layout.zone))


def _fraction(time: int, layout: Layout, mark: str = ".") -> str:
    digits = {10**9: 0, 10**6: 3, 10**3: 6, 1: 9}[layout.resolution]
    return mark + f"{time % 10**9:09d}"[:digits] if digits else ""


def _moment(time: int, layout: Layout) -> str:
    kind = layout.time
    if kind in ("s", "ms", "us", "ns"):
        return str(time // {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[kind])
    if kind == "s.":
        return f"{time // 10**9}{_fraction(time, layout)}"
    when = _local(time, layout)
    clock = when.strftime("%H:%M:%S") + _fraction(time, layout)
    if kind == "digits":
        return f"{when:%Y%m%d%H%M%S}{_fraction(time, layout, '')}"
    if kind == "ampm":
        return f"{when:%m/%d/%Y %I:%M:%S}{_fraction(time, layout)} {when:%p}"
    day = {"mdy": "%m/%d/%Y", "dmy": "%d/%m/%Y", "dmy dots": "%d.%m.%Y"}.get(kind, "%Y-%m-%d")
    mark = {"iso T": "T", "iso D": "D"}.get(kind, " ")
    if kind == "iso offset":
        there = datetime.fromtimestamp(time // 10**9, UTC) + timedelta(hours=2)
        return f"{there:%Y-%m-%d %H:%M:%S}{_fraction(time, layout)}+02:00"
    return f"{when.strftime(day)}{mark}{clock}{'Z' if kind == 'iso Z' else ''}"


def _date(time: int, layout: Layout) -> str:
    form = {"split mdy": "%m/%d/%Y", "split dmy": "%d-%m-%Y", "split colon": "%Y%m%d"}.get(layout.time, "%Y-%m-%d")
    return _local(time, layout).strftime(form)


def _clock(time: int, layout: Layout) -> str:
    when = _local(time, layout)
    if layout.time == "split digits":
        return f"{when:%H%M%S}{_fraction(time, layout, '')}"
    if layout.time == "split ampm":
        return f"{when:%I:%M:%S}{_fraction(time, layout)} {when:%p}"
    return f"{when:%H:%M:%S}{_fraction(time, layout, ':' if layout.time == 'split colon' else '.')}"


def _number(value: Decimal, layout: Layout) -> str:
    text = f"{value:f}"
    return text.replace(".", ",") if layout.comma else text


def _size(value: Decimal, layout: Layout) -> str:
    """A size, perhaps with the noise that sums of binary floats have."""
    if layout.noise and not layout.comma and len(value.as_tuple().digits) < 10:
        return repr(float(value) * 3 / 3 + 0.0)
    return _number(value, layout)


def _packed(path: Path, text: str, container: str) -> Path:
    data = text.encode()
    made = {
        "gz": lambda: gzip.compress(data),
        "bz2": lambda: bz2.compress(data),
        "xz": lambda: lzma.compress(data),
        "zst": lambda: bytes(pa.compress(data, codec="zstd", asbytes=True)),
        "zip": lambda: _zip(data),
        "tar": lambda: _tar(data),
        "utf-16": lambda: text.encode("utf-16"),
        "bom": lambda: b"\xef\xbb\xbf" + data,
        "crlf": lambda: data.replace(b"\n", b"\r\n"),
    }.get(container, lambda: data)()
    path.write_bytes(made)
    return path


def _zip(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("trades.csv", data)
    return out.getvalue()


def _tar(data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        entry = tarfile.TarInfo("trades.csv")
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()
