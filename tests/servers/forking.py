"""Servers forked from a process that has imported the program: a start takes a tenth of the processor time.

The module is both sides. As a program it is that process: it imports what a server does, as `orderflow.__main__` does,
and for each request forks one that runs the command line. A watcher between the two waits for the server's end.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from gevent import monkey

ROOT = Path(__file__).resolve().parents[2]
close, fork, waitpid = (monkey.get_original("os", name) for name in ("close", "fork", "waitpid"))
"""As they are without gevent: its `close` waits for a loop, which the process that forks never runs, and an open end of
a pipe hides that a server is gone."""


class Forked:
    """A forked server, with what the tests use of `subprocess.Popen`. stdout, stderr: its output, as text."""

    def __init__(self, pid: int, ended: int, stdout: IO[str], stderr: IO[str]) -> None:
        self.pid = pid
        self.stdout = stdout
        self.stderr = stderr
        self.returncode: int | None = None
        self._ended = ended

    def poll(self) -> int | None:
        """The exit code, or minus the signal that ended it; None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code as soon as it has ended. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            if not select.select([self._ended], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("orderflow", timeout or 0)
            self.returncode = os.waitstatus_to_exitcode(int(os.read(self._ended, 16)))
            os.close(self._ended)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Forge:
    """The process that servers are forked from. It also ends if the one that made it does."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())],
                cwd=ROOT,
                env={**environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    def fork(self, args: list[str], environ: dict[str, str]) -> Forked:
        """Run `orderflow` with these arguments and this environment, in the repository."""
        (out, out_end), (errors, errors_end), (ended, ended_end) = os.pipe(), os.pipe(), os.pipe()
        socket.send_fds(self._ours, [json.dumps([args, environ]).encode()], [out_end, errors_end, ended_end])
        for end in (out_end, errors_end, ended_end):
            os.close(end)
        pid = int(self._ours.recv(16))
        return Forked(pid, ended, os.fdopen(out, encoding="utf-8"), os.fdopen(errors, encoding="utf-8"))

    def close(self) -> None:
        """End the process. Servers go on."""
        self._ours.close()
        self._process.wait(60)


def _fork_for_ever(requests: socket.socket) -> int:
    """Fork a server for each request. Returns in the servers, with their exit codes, and at the end of requests."""
    while True:
        message, files, _, _ = socket.recv_fds(requests, 1 << 20, 3)
        if not message:
            return 0
        if fork() == 0:
            return _watch(requests, json.loads(message), files)
        for file in files:
            close(file)


def _watch(requests: socket.socket, request: tuple[list[str], dict[str, str]], files: list[int]) -> int:
    """Fork the server and say which one it is and how it ended. Returns in the server."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    server = fork()
    if server == 0:
        requests.close()
        return _serve(*request, files)
    requests.send(str(server).encode())
    for file in (requests.fileno(), *files[:2]):
        close(file)
    status = waitpid(server, 0)[1]
    with contextlib.suppress(BrokenPipeError):  # nobody waited for it
        os.write(files[2], str(status).encode())
    os._exit(0)


def _serve(args: list[str], environ: dict[str, str], files: list[int]) -> int:
    """Run the command line as in a process of its own."""
    from orderflow.cli import main

    os.dup2(files[0], 1)
    os.dup2(files[1], 2)
    for file in files:
        close(file)
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()
    sys.argv[:] = ["orderflow", *args]
    return main(args)


if __name__ == "__main__":
    monkey.patch_all()  # before everything else, as in `orderflow.__main__`
    import gc
    import importlib

    from orderflow.__main__ import ARROW_POOL

    os.environ.setdefault(*ARROW_POOL)  # read when Arrow is imported
    for name in ("callbacks.app", "orderflow.cli", "orderflow.feeds.replay", "orderflow.web.run"):
        importlib.import_module(name)

    gc.freeze()  # what is shared stays shared
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the watchers
    plain = monkey.get_original("socket", "socket")  # it does not need gevent's loop, which no fork should have
    sys.exit(_fork_for_ever(plain(fileno=int(sys.argv[1]))))
