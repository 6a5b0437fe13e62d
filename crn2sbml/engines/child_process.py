"""A Python process that answers messages over a socket, with limits on time and memory, and that leaves nothing behind.

It has a session, a standard output that goes nowhere and a folder for temporary files of its own: what it starts is
killed with it, and what it writes there is removed. A second process, a few lines of shell, does so if the parent is
killed.
"""

import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from crn2sbml.engines.words import one_line

_LAST_WORDS = 300
"""Characters of a process' own words that are shown."""
_KEPT_WORDS, _MOST_WORDS = 4096, 1 << 20
"""Bytes of standard error that are kept once there are more than `_MOST_WORDS`."""
_TICK = 0.2
"""Seconds between two looks at the clock and at whether the process is still alive."""
_SECONDS_TO_DIE = 5.0
_HEIR = 'read -r _; kill -s KILL -- "-$1"; rm -rf -- "$2" || { sleep 1; rm -rf -- "$2"; }'
"""Waits until the parent's end of its standard input is closed, then ends the process' session and removes its folder.

It is no thread of the process, since compiled code may never give Python a turn, and the kernel's own "signal at the
parent's death" comes at the end of the thread that started the process.
"""
_LENGTH = struct.Struct(">Q")


class ChildProcess:
    """A started process; `call` and `end` are for one thread at a time."""

    def __init__(self, program: str, *arguments: str) -> None:
        """Args: program: Python code that calls `serve` with `sys.argv[1]`; arguments: further `sys.argv`.

        Raises: OSError: no process can be started.
        """
        self._folder = tempfile.TemporaryDirectory(prefix="crn2sbml_", ignore_cleanup_errors=True)
        self._words = Path(self._folder.name, "stderr").open("a+b")  # noqa: SIM115 (closed with the process)
        self._socket, theirs = socket.socketpair()
        path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
        try:
            # -P: no file in the folder where the user happens to work must pass for a module.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", program, str(theirs.fileno()), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._words,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": path, "TMPDIR": self._folder.name, "MPLBACKEND": "Agg"},
            )
        except BaseException:
            self._clean()
            raise
        finally:
            theirs.close()
        try:
            self._heir = subprocess.Popen(
                ["/bin/sh", "-c", _HEIR, "sh", str(self._process.pid), self._folder.name],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except BaseException:
            self._kill()
            raise
        self._socket.settimeout(_TICK)

    def call(self, message: bytes, seconds: float, stop: threading.Event) -> bytes:
        """The answer to a message.

        Raises: TimeoutError: not within `seconds`, or `stop` was set; EOFError, ConnectionError: the process ended.
        """
        deadline = time.monotonic() + seconds
        rest = memoryview(_LENGTH.pack(len(message)) + message)
        while rest:
            self._look(deadline, stop)
            with suppress(TimeoutError):
                rest = rest[self._socket.send(rest) :]
        (length,) = _LENGTH.unpack(self._receive(_LENGTH.size, deadline, stop))
        return self._receive(length, deadline, stop)

    def obituary(self) -> str:
        """How a process that hung up has ended, and its last words; one line."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_SECONDS_TO_DIE)
        code = self._process.returncode
        how = f"exit status {code}" if code is None or code >= 0 else _signal_name(-code)
        words = one_line(self._tail().decode("utf-8", "replace"))[-_LAST_WORDS:]
        return how + (f": {words}" if words else "")

    def end(self) -> None:
        """Kill the process and all that it started; remove its files."""
        self._heir.kill()
        self._heir.communicate()
        self._kill()

    def _kill(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._clean()

    def _receive(self, size: int, deadline: float, stop: threading.Event) -> bytes:
        got = bytearray()
        while len(got) < size:
            self._look(deadline, stop)
            try:
                part = self._socket.recv(min(size - len(got), 1 << 20))
            except TimeoutError:
                # A process that it has forked may still hold the other end of the socket.
                if self._process.poll() is not None:
                    raise EOFError from None
                continue
            if not part:
                raise EOFError
            got += part
        return bytes(got)

    def _look(self, deadline: float, stop: threading.Event) -> None:
        if stop.is_set() or time.monotonic() > deadline:
            raise TimeoutError
        if os.fstat(self._words.fileno()).st_size > _MOST_WORDS:
            tail = self._tail()
            os.ftruncate(self._words.fileno(), 0)
            os.write(self._words.fileno(), tail)

    def _tail(self) -> bytes:
        descriptor = self._words.fileno()
        return os.pread(descriptor, _KEPT_WORDS, max(0, os.fstat(descriptor).st_size - _KEPT_WORDS))

    def _clean(self) -> None:
        self._socket.close()
        self._words.close()
        self._folder.cleanup()


def serve(descriptor: int, answer: Callable[[bytes], bytes], memory_limit: int) -> None:
    """The child's side: answer messages until the parent hangs up.

    Args: answer: from a message to its answer; memory_limit: bytes of address space, 0 for none.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    if memory_limit:
        resource.setrlimit(resource.RLIMIT_AS, (memory_limit, memory_limit))
    os.set_inheritable(descriptor, False)
    with socket.socket(fileno=descriptor) as connection, connection.makefile("rb") as stream:
        while header := stream.read(_LENGTH.size):
            result = answer(stream.read(*_LENGTH.unpack(header)))
            connection.sendall(_LENGTH.pack(len(result)) + result)


def _signal_name(number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
    return f"{name}, as when memory runs out" if number == signal.SIGKILL else name
