"""A simulator in a process of its own: if it crashes, hangs or eats the memory, the caller gets an EngineError.

The simulator also gets a lean process and a standard output of its own, so its solvers' chatter goes nowhere.
"""

import pickle
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import xarray as xr

from crn2sbml.engines.child_process import ChildProcess, serve
from crn2sbml.engines.engine import Limit
from crn2sbml.engines.loaded import Counts
from crn2sbml.engines.registry import get_engine
from crn2sbml.engines.words import one_line
from crn2sbml.errors import CrashError, CrnError, EngineError

_PROGRAM = "from crn2sbml.engines.isolated import main; main()"
_LONGEST = 300
"""Characters of an exception that are shown."""
_LONGEST_TIME = 1e8

Result = TypeVar("Result", xr.DataArray, xr.Dataset)


class Ability(NamedTuple):
    """What an engine says of itself: its algorithms for each method, and what it cannot take."""

    methods: Mapping[str, tuple[str, ...]]
    limits: tuple[Limit, ...]


class IsolatedSimulation:
    """A model loaded by an engine in a child process; a context manager that ends the process.

    Each call, loading included, may take `time_limit` seconds. After a crash, a timeout or an interrupt the next call
    starts anew.
    """

    def __init__(
        self,
        engine: str,
        sbml: str,
        time_limit: float,
        memory_limit: int = 0,
        stop: threading.Event | None = None,
    ) -> None:
        """Nothing is started yet.

        Args: engine: a name that the registry knows; time_limit: seconds a call; memory_limit: bytes of address space,
            0 for none; stop: set by another thread, it ends the present call and forbids further ones.
        """
        self.name, self._sbml = engine, sbml
        self._time_limit, self._memory_limit = min(time_limit, _LONGEST_TIME), memory_limit
        self._stop = stop or threading.Event()
        self._child: ChildProcess | None = None
        self._loaded = False

    def __enter__(self) -> "IsolatedSimulation":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        child, self._child, self._loaded = self._child, None, False
        if child is not None:
            child.end()

    def describe(self) -> Ability:
        """What the engine can do; its simulator is imported in the child only. Raises: EngineError."""
        ability: Ability = self._call("describe")
        return ability

    def take(self, sbml: str) -> None:
        """From now on another model, in the same process: starting one takes longer than most models."""
        self._sbml, self._loaded = sbml, False

    def load(self) -> None:
        """Start the process and load the model; raises EngineError or FormatError as the engine does."""
        if not self._loaded:
            self._call("load", self._sbml)
            self._loaded = True

    def ode(self, times: Sequence[float], inputs: Counts) -> xr.DataArray:
        """See `Simulation.ode`."""
        return self._run("ode", xr.DataArray, list(times), dict(inputs))

    def steady_state(self, inputs: Counts, t_end: float) -> xr.DataArray:
        """See `Simulation.steady_state`."""
        return self._run("steady_state", xr.DataArray, dict(inputs), t_end)

    def lna(self, inputs: Counts, t_end: float) -> xr.Dataset:
        """See `Simulation.lna`."""
        return self._run("lna", xr.Dataset, dict(inputs), t_end)

    def ssa(
        self,
        times: Sequence[float],
        inputs: Counts,
        seed: int,
        replicates: int = 1,
        start: Counts | None = None,
        algorithm: str = "",
    ) -> xr.DataArray:
        """See `Simulation.ssa`."""
        return self._run("ssa", xr.DataArray, list(times), dict(inputs), seed, replicates, start, algorithm)

    def _run(self, method: str, expected: type[Result], *arguments: Any) -> Result:
        self.load()
        result = self._call(method, *arguments)
        if isinstance(result, expected):
            return result
        raise CrashError(f"{self.name}: {method} gave a {type(result).__name__}, not a {expected.__name__}")

    def _call(self, method: str, *arguments: Any) -> Any:
        doing = {"load": "loading", "describe": "starting"}.get(method, f"running {method}")
        message = pickle.dumps((method, arguments))
        try:
            kind, answer = self._answer(message, doing)
        except BaseException:  # an interrupt included: the next call must not get the answer to this one
            self.close()
            raise
        if kind == "result":
            return answer
        if kind == "refusal":
            raise answer
        self.close()
        error = CrashError(f"{self.name}: {doing}: {answer[0]}")
        error.add_note(answer[1])
        raise error

    def _answer(self, message: bytes, doing: str) -> tuple[str, Any]:
        if self._child is None:
            try:
                self._child = ChildProcess(_PROGRAM, str(self._memory_limit), self.name)
            except OSError as error:
                raise EngineError(f"{self.name}: no process can be started: {error.strerror or error}") from None
        try:
            packed = self._child.call(message, self._time_limit, self._stop)
        except TimeoutError:
            why = "was stopped" if self._stop.is_set() else f"took more than {self._time_limit:g} s; stopped"
            raise CrashError(f"{self.name}: {doing} {why}") from None
        except (EOFError, ConnectionError):
            how = self._child.obituary()
            raise CrashError(f"{self.name}: its process ended while {doing} ({how})") from None
        try:
            kind, answer = pickle.loads(packed)  # noqa: S301 (from our own child)
        except Exception as error:
            raise CrashError(f"{self.name}: {doing} gave an answer that cannot be read: {_summary(error)}") from None
        return kind, answer


def main() -> None:
    """The child's side."""
    simulation: Any = None

    def answer(message: bytes) -> bytes:
        method, arguments = pickle.loads(message)  # noqa: S301 (from our own parent)

        def call() -> Any:
            nonlocal simulation
            if method == "describe":
                engine = get_engine(sys.argv[3])
                return Ability(dict(engine.methods), tuple(engine.limits))
            if method == "load":
                simulation = get_engine(sys.argv[3]).load(*arguments)
                return None
            return getattr(simulation, method)(*arguments)

        return _packed(call)

    serve(int(sys.argv[1]), answer, int(sys.argv[2]))


def _packed(call: Callable[[], Any]) -> bytes:
    """What a call came to: a result, a refusal in the simulator's name, or anything else that was raised."""
    try:
        return pickle.dumps(("result", call()))
    except CrnError as error:
        return pickle.dumps(("refusal", error))
    except Exception as error:  # its traceback goes to the caller as a note
        return pickle.dumps(("breakdown", (_summary(error), traceback.format_exc())))


def _summary(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return one_line(f"out of memory {error}")[:_LONGEST]
    return one_line("".join(traceback.format_exception_only(error)))[:_LONGEST]
