"""Simulators for the cases of the SBML Test Suite, each in a process of its own that goes from case to case."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from crn2sbml.engines.isolated import IsolatedSimulation


class Simulators:
    """Processes that are kept, since starting one takes longer than most cases; a context manager that ends them.

    Threads may share it: no two of them get the same process at the same time.
    """

    def __init__(self, time_limit: float = 600.0) -> None:
        """Nothing is started yet. Args: time_limit: seconds that loading a model, or one run of it, may take."""
        self._time_limit, self._stop = time_limit, threading.Event()
        self._idle: dict[str, list[IsolatedSimulation]] = {}

    def __enter__(self) -> "Simulators":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End all that is idle, and so all once nobody has any."""
        for simulation in (one for idle in self._idle.values() for one in idle):
            simulation.close()

    def stop(self) -> None:
        """End what runs at present, in whatever thread; what is asked for from then on fails."""
        self._stop.set()

    @contextmanager
    def lend(self, engine: str) -> Iterator[IsolatedSimulation]:
        """One that is idle, else a new one; it has to be given a model. After a crash it starts anew by itself."""
        idle = self._idle.setdefault(engine, [])
        try:
            simulation = idle.pop()
        except IndexError:
            simulation = IsolatedSimulation(engine, "", self._time_limit, stop=self._stop)
        try:
            yield simulation
        finally:
            idle.append(simulation)
