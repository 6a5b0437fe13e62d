"""An engine that goes wrong in the way that it is asked to, in a module that imports little, so that it starts fast."""

import ctypes
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crn2sbml.engines.child_process import serve
from crn2sbml.errors import EngineError


class Misbehaving:
    """Does what the first of its inputs, or the text of its model, says."""

    name = "Misbehaving"
    methods: Mapping[str, tuple[str, ...]] = {"ode": ("any",)}
    limits = ()

    def load(self, sbml: str) -> "Misbehaviour":
        if sbml:
            getattr(Misbehaviour(), sbml)()
        return Misbehaviour()


class OddError(Exception):
    """Cannot be shown."""

    def __str__(self) -> str:
        raise ValueError("nested")


class Unreadable:
    """Can be sent, but not received."""

    def __reduce__(self) -> Any:
        return exec, ("raise OSError('surprise')",)


class Misbehaviour:
    """Each method is a way to answer `ode`."""

    def ode(self, times: list[float], inputs: Mapping[str, Any]) -> Any:
        for name, value in inputs.items():
            answer = getattr(self, name)(*([value] if value else []))
            if answer is not None:
                return answer
        return self.fine()

    def fine(self) -> Any:
        return _array([os.getpid()])

    def segfault(self) -> None:
        ctypes.string_at(0)

    def abort(self) -> None:
        os.write(2, "terminate called after\n\x1b[31mthrowing 'bad\udcff_number'\n".encode("utf-8", "surrogateescape"))
        os.abort()

    def exit_3(self) -> None:
        os._exit(3)

    def sys_exit(self) -> None:
        sys.exit("giving up: singular matrix")

    def killed(self) -> None:
        os.kill(os.getpid(), 9)

    def sleep(self) -> None:
        time.sleep(1000)

    def sleep_with_lock(self) -> None:
        """Compiled code that never gives Python a turn."""
        ctypes.PyDLL(None).sleep(1000)

    def chatter(self) -> None:
        for _ in range(200):
            os.write(1, b"o" * 100_000)
            os.write(2, b"[e" * 50_000)
        print("a line that people should not see")

    def last_words(self) -> None:
        self.chatter()
        os.write(2, b"the very last words\n")
        os._exit(4)

    def odd_error(self) -> None:
        raise OddError

    def lines(self) -> None:
        raise ValueError("one\ntwo\x1b[31m three \udcff")

    def refuse(self) -> None:
        raise EngineError("Misbehaving: this is my own message")

    def eat(self) -> None:
        block = [bytes(1 << 28) for _ in range(1000)]
        assert block

    def unpicklable(self) -> Any:
        return _array([lambda: 0])

    def unreadable(self) -> Any:
        return Unreadable()

    def a_list(self) -> list[int]:
        return [1, 2]

    def large(self) -> Any:
        return _array(range(3_000_000))

    def temporary(self) -> Any:
        Path(tempfile.mkdtemp(), "left").write_text("behind")
        return _array([tempfile.gettempdir()])

    def spawn(self) -> None:
        """A compiler, say, that goes on after its parent's death."""
        subprocess.Popen(["sleep", "1000"])  # noqa: S607

    def fork(self) -> None:
        """A forked worker holds all that its parent held, the connection too."""
        if os.fork() == 0:
            time.sleep(1000)
            os._exit(0)

    def path(self) -> Any:
        return _array([str(Path.cwd()), *sys.path])


def _array(values: Sequence[Any]) -> Any:
    import xarray

    return xarray.DataArray(values)


def main() -> None:
    """The child's side of a bare `ChildProcess`: each message is the name of a behaviour; the answer is `fine`."""
    serve(int(sys.argv[1]), lambda name: (getattr(Misbehaviour(), name.decode())(), b"fine")[1], 0)
