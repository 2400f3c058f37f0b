"""Freed memory goes back to the system where the C library can do that."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import pytest

from orderflow.runtime.memory import give_back, keep_large_arrays_apart
from tests.running import run_python

FREED = """
import os
import numpy as np
from pathlib import Path
from orderflow.runtime import memory

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

assert memory.keep_large_arrays_apart()
del [np.ones(6 << 20, np.uint8) for _ in range(2)][:]  # by itself, glibc would now keep arrays of 5 MB in its heap
before = resident()
arrays = [np.ones(5 << 20, np.uint8) for _ in range(40)]
kept = arrays[::2], [np.ones(100, np.uint8) for _ in range(10)]
del arrays
print((resident() - before) >> 20)
"""


@pytest.mark.skipif(sys.platform != "linux" or not Path("/proc/self/statm").exists(), reason="glibc, and Linux's /proc")
def test_what_lies_between_others_is_given_back() -> None:
    done = run_python(FREED)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 120


def test_other_libraries_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert give_back() in (True, False)

    def no_library(name: object) -> object:
        raise OSError

    for broken in (no_library, lambda name: object()):
        monkeypatch.setattr(ctypes, "CDLL", broken)
        assert not give_back()
        assert not keep_large_arrays_apart()
