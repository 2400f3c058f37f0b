"""WebSocket frames as bytes, made once and sent to everybody (RFC 6455, from server to client, never compressed)."""

from __future__ import annotations

import struct

TEXT, CLOSE, PING = 0x81, 0x88, 0x89
GOING_AWAY = 1001


def frame(payload: bytes, kind: int = TEXT) -> bytes:
    """One whole frame."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", kind, size) + payload
    if size < 1 << 16:
        return struct.pack("!BBH", kind, 126, size) + payload
    return struct.pack("!BBQ", kind, 127, size) + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """A close frame; the reason is cut to what a control frame can hold."""
    return frame(struct.pack("!H", code) + reason.encode()[:123], CLOSE)
