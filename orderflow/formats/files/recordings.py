"""Messages of venues whose trades are not plain objects: lists with a message's name, lists under a key, by symbol.

Bitfinex (docs.bitfinex.com/reference/ws-public-trades): `[CHANNEL_ID, "te", [ID, MTS, AMOUNT, PRICE]]`, the same again
as "tu", snapshots `[CHANNEL_ID, [[…], …]]`, `[CHANNEL_ID, "hb"]`, and objects with `event`, of which "subscribed" names
the channel's pair. Phemex (github.com/phemex/phemex-api-docs, Public-Contract-API-en.md, "Query recent trades" and
"Subscribe trade"): lists of `[timestamp, side, priceEp, size]` under `trades`, and of `[timestamp, side, price, size]`
under `trades_p`. Alpaca's answers for several symbols: lists of objects by symbol under `trades`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from orderflow.errors import BadInput
from orderflow.formats.files.streams import Readable

Fields = dict[str, msgspec.Raw]
_BITFINEX = re.compile(
    rb'^\s*\[\s*[0-9]+\s*,\s*(?:"(?:te|tu|hb|fte|ftu)"\s*[,\]]|\[\s*\[\s*[0-9]+\s*,\s*[0-9]{13}\s*,\s*-?[0-9.]+\s*,)',
    re.MULTILINE,
)
_PHEMEX = re.compile(rb'"trades(?:_p)?"\s*:\s*\[\s*\[\s*[0-9]{19}\s*,\s*"(?:Buy|Sell)"')
_BY_SYMBOL = re.compile(rb'\A\s*\{\s*(?:"next_page_token"\s*:\s*[^,{\[]*,\s*)?"trades"\s*:\s*\{')
_MOST = 1 << 26
_BITFINEX_KEYS = ("id", "mts", "amount", "price")
_PHEMEX_KEYS = {"trades": ("timestamp", "side", "priceEp", "size"), "trades_p": ("timestamp", "side", "price", "size")}
_PHEMEX_AROUND = ("symbol", "sequence")
_DECODER = msgspec.json.Decoder(msgspec.Raw)
_OBJECT = msgspec.json.Decoder(Fields)
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_LISTS = msgspec.json.Decoder(list[list[msgspec.Raw]])
_GROUPS = msgspec.json.Decoder(dict[str, list[Fields]])
_BROKEN = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def is_recording(head: bytes) -> bool:
    """Whether the beginning of a file shows messages of these venues."""
    return bool(_BITFINEX.search(head) or _PHEMEX.search(head) or _BY_SYMBOL.match(head))


def rows_of(stream: Readable, head: bytes, name: str) -> Iterator[Fields | bytes]:
    """The rows of a recording: objects, or the bytes of a line that is no message.

    An answer that is one value is read whole, up to 64 MiB; else each line is a message. Raises BadInput for more.
    """
    channels: dict[bytes, msgspec.Raw] = {}
    first, mark, rest = head.partition(b"\n")
    if mark and rest.strip() and _is_json(first):
        lines: Iterable[bytes] = _lines(stream, head)
    else:
        lines = [_whole(stream, head, name)]
    for line in lines:
        try:
            yield from _messages(line, channels)
        except _BROKEN:
            yield line


def _is_json(text: bytes) -> bool:
    try:
        _DECODER.decode(text)
    except _BROKEN:
        return False
    return True


def _lines(stream: Readable, rest: bytes) -> Iterator[bytes]:
    while part := stream.read(1 << 20):
        lines = (rest + part).split(b"\n")
        rest = lines.pop()
        if len(rest) > _MOST:
            break
        yield from filter(bytes.strip, lines)
    yield from filter(bytes.strip, rest.split(b"\n"))


def _whole(stream: Readable, head: bytes, name: str) -> bytes:
    parts = [head]
    size = len(head)
    while part := stream.read(1 << 20):
        parts.append(part)
        size += len(part)
        if size > _MOST:
            raise BadInput(f"{name} is one answer of more than {_MOST:,} bytes: write one object a line")
    return b"".join(parts)


def _messages(text: bytes, channels: dict[bytes, msgspec.Raw]) -> Iterator[Fields]:
    """The rows of one message or answer."""
    text.decode()
    text = text.strip()
    if text[:1] == b"[":
        yield from _bitfinex(_LIST.decode(text), channels)
        return
    fields = _OBJECT.decode(text)
    if (event := fields.get("event")) is not None and bytes(event) == b'"subscribed"' and "chanId" in fields:
        channels[bytes(fields["chanId"])] = fields.get("pair") or fields.get("symbol") or msgspec.Raw(b"null")
    inner = fields.get("result")
    if inner is not None and bytes(inner)[:1] == b"{":
        fields = _OBJECT.decode(inner)
    for key, names in _PHEMEX_KEYS.items():
        if key in fields and bytes(fields[key])[:1] == b"[":
            around: Fields = {name: fields[name] for name in _PHEMEX_AROUND if name in fields}
            for row in _LISTS.decode(fields[key]):
                yield {**around, **dict(zip(names, row, strict=False))}
            return
    if (trades := fields.get("trades")) is not None and bytes(trades)[:1] == b"{":
        for symbol, rows in _GROUPS.decode(trades).items():
            named = msgspec.Raw(msgspec.json.encode(symbol))
            for one in rows:
                yield {"symbol": named, **one}
    elif event is not None:
        yield {"message": event}


def _bitfinex(message: list[msgspec.Raw], channels: dict[bytes, msgspec.Raw]) -> Iterator[Fields]:
    """The rows of `[CHANNEL_ID, "te", […]]` or of a snapshot, with what kind of message it is."""
    channel, *rest = message
    pair = channels.get(bytes(channel), msgspec.Raw(b"null"))
    word = rest[0] if rest else msgspec.Raw(b'"other"')
    if bytes(word)[:1] == b"[":
        rows, word = _LISTS.decode(word), msgspec.Raw(b'"snapshot"')
        rows.reverse()  # the newest comes first
    else:
        rows = [_LIST.decode(rest[1])] if len(rest) > 1 else []
    if not rows:
        yield {"message": word}
    for row in rows:
        yield {**dict(zip(_BITFINEX_KEYS, row, strict=False)), "message": word, "pair": pair}
