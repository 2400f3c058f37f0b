"""Disks for tests: a small one that can be filled or made read-only, and a limit that stands for a full one."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path


class SmallDisk:
    """A tmpfs of 4 MB at `path`. inodes: files and folders that it may have. Raises OSError where that cannot be
    mounted."""

    def __init__(self, path: Path, inodes: int = 0) -> None:
        self.path = path
        path.mkdir()
        self._filler = path / "filler"
        self.mount("-t", "tmpfs", "-o", f"size=4m,nr_inodes={inodes}", "tmpfs", str(path))

    def fill(self) -> None:
        """Leave not one byte."""
        with contextlib.suppress(OSError), self._filler.open("ab", buffering=0) as file:
            for size in (65_536, 1):
                with contextlib.suppress(OSError):
                    while file.write(bytes(size)):
                        pass

    def empty(self) -> None:
        """Give the space back."""
        self._filler.unlink(missing_ok=True)

    def set_writable(self, writable: bool) -> None:
        """Make it writable or read-only."""
        self.mount("-o", f"remount,{'rw' if writable else 'ro'}", str(self.path))

    def unmount(self) -> None:
        """Take it away, with all files."""
        subprocess.run(["umount", "-l", str(self.path)], check=False, capture_output=True)

    @staticmethod
    def mount(*words: str) -> None:
        """Run mount. Raises OSError."""
        if sys.platform != "linux" or os.geteuid():
            raise OSError("only root on Linux can mount a small disk")
        done = subprocess.run(["mount", *words], check=False, capture_output=True, text=True)
        if done.returncode:
            raise OSError(done.stderr.strip())


def limit_files(pid: int, most: int | None) -> None:
    """Let a process write no file beyond `most` bytes (None: any size), as on a full disk. Linux only."""
    import resource

    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if most is None else most, hard))
