"""WebSocket frames as bytes, made once and sent to many clients (RFC 6455, server to client, uncompressed)."""

from __future__ import annotations

import struct

TEXT, CLOSE, PING = 0x81, 0x88, 0x89
GOING_AWAY = 1001


def frame(payload: bytes, kind: int = TEXT) -> bytes:
    """A complete frame with this payload."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", kind, size) + payload
    if size < 1 << 16:
        return struct.pack("!BBH", kind, 126, size) + payload
    return struct.pack("!BBQ", kind, 127, size) + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """A close frame. The reason is cut to the 123 bytes that a control frame can hold."""
    return frame(struct.pack("!H", code) + reason.encode()[:123], CLOSE)
