"""Databento's binary records (DBN), as the CSV text that the `databento` format reads.

Layout: databento.com/docs, "Databento Binary Encoding". The extra `databento` installs the decoder, `databento-dbn`; it
maps instrument ids to symbols by the file's own metadata. Prices and times stay the integers of the file.
"""

from __future__ import annotations

from io import BytesIO

from orderflow.errors import BadInput
from orderflow.formats.files.streams import Readable

try:
    import databento_dbn as dbn
except ImportError:  # an extra
    dbn = None  # type: ignore[assignment]  # a module elsewhere; `DbnText` says what to install

_PIECE = 1 << 19


class DbnText:
    """The records of a DBN stream as CSV text. Raises BadInput without the decoder, and for damage."""

    def __init__(self, stream: Readable, name: str) -> None:
        if dbn is None:
            raise BadInput(f"{name} is a Databento DBN file: install orderflow[databento] to read it, or export CSV")
        self._stream = stream
        self._name = name
        self._out = BytesIO()
        self._text = b""
        self._ended = False
        encoding, compression = dbn.Encoding.from_str("csv"), dbn.Compression.from_str("none")
        self._decoder = dbn.Transcoder(
            self._out, encoding, compression, pretty_px=False, pretty_ts=False, map_symbols=True
        )

    def read(self, size: int = -1, /) -> bytes:
        """The next text, at most `size` bytes."""
        while not self._ended and (size < 0 or len(self._text) < size):
            self._decode(self._stream.read(_PIECE))
        text, self._text = (self._text, b"") if size < 0 else (self._text[:size], self._text[size:])
        return text

    def close(self) -> None:
        self._stream.close()

    def _decode(self, part: bytes) -> None:
        try:
            self._decoder.write(part)
            self._decoder.flush()
        except dbn.DBNError as error:
            raise BadInput(f"{self._name} is a damaged DBN file: {error}") from error
        self._ended = not part
        if self._ended and self._decoder.buffer():
            raise BadInput(f"{self._name} is a DBN file that is cut off within its last record")
        self._text += self._out.getvalue()
        self._out.seek(0)
        self._out.truncate()
