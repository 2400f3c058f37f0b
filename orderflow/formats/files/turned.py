"""Turn a table round whose rows run from the newest to the oldest, in bounded memory.

The rows are written to a temporary file, block by block, each block turned round; then the blocks are read from the
last to the first. Rows of one time are turned round too: the last row of the file is the first trade.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from typing import IO

import pyarrow as pa

from orderflow.formats.parsing.layout import Role

BLOCK_LINES = 20_000
Batch = tuple[dict[Role, pa.Array], int]


class TurnedText:
    """The lines of a text from the last to the first, as a stream. lines: their number.

    blocks: consecutive blocks of lines, as (text, number of lines).
    """

    def __init__(self, blocks: Iterable[tuple[bytes, int]]) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # `close` closes it
        self._sizes: list[int] = []
        self.lines = 0
        for data, count in blocks:
            turned = b"\n".join(data.removesuffix(b"\n").split(b"\n")[::-1]) + b"\n"
            self._file.write(turned)
            self._sizes.append(len(turned))
            self.lines += count
        self._at = sum(self._sizes)

    def read(self, size: int = -1, /) -> bytes:
        """The next block, whatever the size; b"" at the end."""
        if not self._sizes:
            return b""
        size = self._sizes.pop()
        self._at -= size
        self._file.seek(self._at)
        return self._file.read(size)

    def close(self) -> None:
        self._file.close()


def turned_batches(batches: Iterable[Batch]) -> Iterator[Batch]:
    """The batches of a table of columns from the last to the first, each turned round."""
    roles = {role.name: role for role in Role}
    with tempfile.TemporaryFile() as file:
        writer = None
        for columns, _ in batches:
            batch = pa.RecordBatch.from_arrays(list(columns.values()), [role.name for role in columns])
            if writer is None:
                writer = pa.ipc.new_file(pa.PythonFile(file, "w"), batch.schema)
            writer.write_batch(batch)
        if writer is None:
            return
        writer.close()
        file.seek(0)
        reader = pa.ipc.open_file(pa.PythonFile(file, "r"))
        for number in range(reader.num_record_batches - 1, -1, -1):
            batch = reader.get_batch(number)
            rows: int = batch.num_rows
            turned = batch.take(pa.array(range(rows - 1, -1, -1)))
            yield {roles[name]: turned.column(name) for name in turned.schema.names}, rows
