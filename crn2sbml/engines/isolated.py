"""A simulator in a process of its own: if it crashes, hangs or eats the memory, the caller gets an EngineError.

The simulator also gets a lean process and a standard output of its own, so its solvers' chatter goes nowhere.
"""

import os
import pickle
import resource
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from typing import Any

import xarray as xr

from crn2sbml.engines.engine import Counts
from crn2sbml.engines.registry import get_engine
from crn2sbml.errors import CrashError, CrnError, EngineError

_LAST_WORDS = 300
"""Characters of a crashed simulator's own words that are shown."""
_SECONDS_TO_DIE = 5.0


class IsolatedSimulation:
    """A model loaded by an engine in a child process; a context manager that ends the process.

    Each call, loading included, may take `time_limit` seconds. After a crash or a timeout the next call starts anew.
    """

    def __init__(self, engine: str, sbml: str, time_limit: float, memory_limit: int = 0) -> None:
        """Nothing is started yet. Args: time_limit: seconds a call; memory_limit: bytes of address space, 0 for none."""
        self.name, self._sbml = engine, sbml
        self._time_limit, self._memory_limit = time_limit, memory_limit
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Any = None
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the process)

    def __enter__(self) -> "IsolatedSimulation":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        self._stop()
        self._words.close()

    def load(self) -> None:
        """Start the process and load the model; raises EngineError or FormatError as the engine does."""
        if self._process is not None:
            return
        ours, theirs = Pipe()
        program = "from crn2sbml.engines.isolated import serve; serve({}, {})".format(
            theirs.fileno(), self._memory_limit
        )
        # A session of its own, so that whatever it starts (a compiler) can be ended with it.
        self._process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._words,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "MPLBACKEND": "Agg"},
        )
        theirs.close()
        self._connection = ours
        try:
            self._call("load", self.name, self._sbml)
        except CrnError:
            self._stop()
            raise

    def ode(self, times: Sequence[float], inputs: Counts) -> xr.DataArray:
        """See `Simulation.ode`."""
        return self._ask("ode", list(times), dict(inputs))

    def steady_state(self, inputs: Counts, t_end: float) -> xr.DataArray:
        """See `Simulation.steady_state`."""
        return self._ask("steady_state", dict(inputs), t_end)

    def lna(self, inputs: Counts, t_end: float) -> xr.Dataset:
        """See `Simulation.lna`."""
        return self._ask("lna", dict(inputs), t_end)

    def ssa(
        self,
        times: Sequence[float],
        inputs: Counts,
        seed: int,
        replicates: int = 1,
        start: Counts | None = None,
        algorithm: str = "",
    ) -> xr.DataArray:
        """See `StochasticSimulation.ssa`."""
        return self._ask("ssa", list(times), dict(inputs), seed, replicates, start, algorithm)

    def _ask(self, method: str, *arguments: Any) -> Any:
        self.load()
        return self._call(method, *arguments)

    def _call(self, method: str, *arguments: Any) -> Any:
        doing = "loading" if method == "load" else f"running {method}"
        try:
            self._connection.send((method, arguments))
            if not self._connection.poll(self._time_limit):
                self._stop()
                raise CrashError(f"{self.name}: {doing} took more than {self._time_limit:g} s; stopped")
            kind, answer = pickle.loads(self._connection.recv_bytes())  # noqa: S301 (from our own child)
        except (EOFError, ConnectionError):
            raise CrashError(f"{self.name}: {self._obituary(doing)}") from None
        if kind == "result":
            return answer
        if kind == "refusal":
            raise answer
        error = CrashError(f"{self.name}: {doing}: {answer.strip().splitlines()[-1][:_LAST_WORDS]}")
        error.add_note(answer)
        raise error

    def _obituary(self, doing: str) -> str:
        assert self._process is not None  # noqa: S101 (only called for a process that hung up)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_SECONDS_TO_DIE)
        code = self._process.returncode
        self._stop()
        how = f"exit status {code}" if code is None or code >= 0 else _signal_name(-code)
        self._words.seek(0)
        words = " ".join(self._words.read().decode("utf-8", "replace").split())[-_LAST_WORDS:]
        return f"its process ended ({how}) while {doing}" + (f": {words}" if words else "")

    def _stop(self) -> None:
        if self._process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._connection.close()
        self._process = self._connection = None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def serve(descriptor: int, memory_limit: int) -> None:
    """The child's side: answer calls until the connection closes."""
    if memory_limit:
        resource.setrlimit(resource.RLIMIT_AS, (memory_limit, memory_limit))
    connection: Connection[Any, Any] = Connection(descriptor)
    simulation: Any = None
    while True:
        try:
            method, arguments = connection.recv()
        except EOFError:
            return
        try:
            if method == "load":
                name, sbml = arguments
                simulation, answer = get_engine(name).load(sbml), None
            else:
                answer = getattr(simulation, method)(*arguments)
            message = pickle.dumps(("result", answer))
        except CrnError as error:
            message = pickle.dumps(("refusal", error))
        except MemoryError:
            message = pickle.dumps(("refusal", EngineError(f"out of memory in {method}")))
        except Exception:  # whatever else a simulator raises: its traceback goes to the caller as a note
            message = pickle.dumps(("breakdown", traceback.format_exc()))
        connection.send_bytes(message)
