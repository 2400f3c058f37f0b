"""TCP and TLS connections for real threads, from the operating system's own sockets, patched by gevent or not.

gevent's patched sockets need the event loop of the thread that uses them. Used by a library in a thread of its own,
such a loop aborted the whole process when the library closed its socket (libev's assertion "I/O watcher with invalid
fd", gevent 26.9). These sockets block their thread only, and the other threads run while they wait. TLS goes through
memory, because `ssl.SSLSocket` is patched too.
"""

from __future__ import annotations

import contextlib
import socket
import ssl

from orderflow.runtime.unpatched import new_socket, resolve

CHUNK = 1 << 16


class PlainConnection:
    """A connection of one thread. Raises OSError, of which TimeoutError is one, from every method but `close`."""

    def __init__(self, host: str, port: int, timeout: float, context: ssl.SSLContext | None = None) -> None:
        self._socket = _connect(host, port, timeout)
        self._tls: ssl.SSLObject | None = None
        try:
            if context is not None:
                self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
                self._tls = context.wrap_bio(self._in, self._out, server_hostname=host)
                self._shake_hands(self._tls)
        except BaseException:
            self.close()
            raise

    def settimeout(self, seconds: float) -> None:
        """Limit every later call to so many seconds."""
        self._socket.settimeout(seconds)

    def send(self, data: bytes) -> None:
        """Send all of it."""
        if self._tls is None:
            self._socket.sendall(data)
            return
        self._tls.write(data)
        self._flush()

    def receive(self) -> bytes:
        """The next bytes, b"" at the end. Raises TimeoutError if none came in time."""
        if self._tls is None:
            return bytes(self._socket.recv(CHUNK))
        while True:
            try:
                return self._tls.read(CHUNK)
            except ssl.SSLWantReadError:
                if not self._more():
                    return b""
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    def close(self) -> None:
        """Close it."""
        with contextlib.suppress(OSError):
            self._socket.close()

    def _shake_hands(self, tls: ssl.SSLObject) -> None:
        while True:
            try:
                tls.do_handshake()
                return self._flush()
            except ssl.SSLWantReadError:
                self._flush()
                if not self._more():
                    raise ConnectionError("the connection ended during the TLS handshake") from None

    def _more(self) -> bool:
        self._flush()
        data = self._socket.recv(CHUNK)
        if data:
            self._in.write(data)
        return bool(data)

    def _flush(self) -> None:
        if self._out.pending:
            self._socket.sendall(self._out.read())


def _connect(host: str, port: int, timeout: float) -> socket.socket:
    failure: OSError = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in resolve(host, port, 0, socket.SOCK_STREAM):
        made = new_socket(family, kind, protocol)
        try:
            made.settimeout(timeout)
            made.connect(address)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return made
        except OSError as error:
            made.close()
            failure = error
    raise failure
