"""AMICI: C++ generated from the SBML, compiled once for each model, integrated by CVODES (BDF, sparse)."""

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path
from subprocess import CalledProcessError
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

import amici
import numpy as np
from amici.sim.sundials import AMICI_SUCCESS, run_simulation

from crn2sbml.core.matrices import Array
from crn2sbml.engines.engine import Limit, Simulation
from crn2sbml.engines.imported import check_change, trial_counts
from crn2sbml.engines.loaded import TOLERANCE, Counts
from crn2sbml.engines.words import in_its_words
from crn2sbml.errors import EngineError

_MOST_STEPS = 100_000
"""Between two output times; past a pole every step adds a warning, so that more would take minutes to fail."""


class AmiciEngine:
    """AMICI (CVODES); needs a C++ compiler whenever a model is loaded."""

    name = "amici"
    feeds = False
    version = amici.__version__
    methods = MappingProxyType({"ode": ("cvodes",)})
    limits = (Limit("reactions", 3000, "writing and compiling its C++ takes over two minutes"),)

    def load(self, sbml: str) -> "AmiciSimulation":
        """Generate and compile the model, unless this process has done so before.

        Raises: FormatError: our reader cannot take it; EngineError: the stochastic reading, AMICI's or the compiler's
            refusal, or a right-hand side that is not the file's.
        """
        return AmiciSimulation(self, sbml)


class AmiciSimulation(Simulation):
    """One compiled model. Clamped species are states that do not move, set like all others before each run."""

    def __init__(self, engine: AmiciEngine, sbml: str) -> None:
        super().__init__(engine, sbml)
        # Compiling is slow and no other method would use it.
        self._loaded.check_reading("the ODE", "deterministic")
        self._model = _compiled(sbml).get_model()
        self._solver = self._model.create_solver()
        self._solver.set_relative_tolerance(TOLERANCE)
        self._solver.set_max_steps(_MOST_STEPS)
        index = self._loaded.document.network.species_index
        # Ids that AMICI needs for itself (x, p, t, ...) get a prefix.
        names = [id_ if id_ in index else id_.removeprefix("amici_") for id_ in self._model.get_state_ids()]
        if sorted(names) != sorted(index):
            raise EngineError(f"amici: its states are {names[:5]}..., the file's species {list(index)[:5]}...")
        self._order = [names.index(name) for name in index]
        counts = trial_counts(self._loaded)
        # AMICI shows dx/dt but no reactions.
        check_change(self._loaded, "amici", counts, np.array(self._simulate([0.0], counts).xdot)[self._order])

    def _integrate(self, times: list[float], counts: Counts, absolute: float) -> tuple[Array, str]:
        self._solver.set_absolute_tolerance(absolute)
        return np.array(self._simulate(times, np.array(list(counts.values()))).x)[:, self._order], "cvodes-bdf"

    def _simulate(self, times: list[float], start: Array) -> Any:
        state = np.empty(len(start))
        state[self._order] = start
        self._model.set_initial_state(state)
        self._model.set_timepoints(times)
        with _silent_logger():
            result = run_simulation(self._model, self._solver)
        if result.status != AMICI_SUCCESS:
            last = result.messages[-1].message if result.messages else f"status {result.status}"
            raise EngineError(f"amici: CVODES failed: {in_its_words(last)}")
        return result


@cache
def _compiled(sbml: str) -> Any:
    """The model's extension module: kept, since a process cannot unload it and compiling takes long."""
    # The folder's name is the module's: unlike every other in this process.
    with TemporaryDirectory(prefix="amici_") as folder, _build_settings(), warnings.catch_warnings():
        # Another SWIG than AMICI's own makes an extension that cannot be used.
        warnings.filterwarnings("error", "SWIG version mismatch")
        name = Path(folder).name
        try:
            with redirect_stdout(StringIO()):
                amici.SbmlImporter(sbml, from_file=False).sbml2amici(
                    name,
                    folder,
                    observation_model=[],
                    compute_conservation_laws=False,
                    simplify=None,
                    generate_sensitivity_code=False,
                )
            return amici.import_model_module(name, folder)
        except CalledProcessError as error:
            raise EngineError(f"amici: its C++ does not build: {_complaint(error)}") from None
        # AMICI refuses with whatever exception comes along; there is no common class.
        except Exception as error:
            raise EngineError(f"amici refused the model: {in_its_words(error)}") from None


@contextmanager
def _build_settings() -> Iterator[None]:
    """AMICI takes the settings of a build from the environment; what was there comes back."""
    settings = {
        # Half the time of compiling; the solver, where a run spends its time, is compiled already.
        "AMICI_CXXFLAGS": "-O0",
        "AMICI_PARALLEL_COMPILE": str(min(os.cpu_count() or 1, 4)),
        # The SWIG and CMake that came with AMICI, also where its environment is not activated.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    }
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _silent_logger() -> Iterator[None]:
    """AMICI logs a solver's failure to the standard error; it is in the exception."""
    logger = logging.getLogger("amici.sim.sundials")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _complaint(error: CalledProcessError) -> str:
    lines = error.output.decode(errors="replace").strip().splitlines() or [str(error)]
    # The compiler's first error, without the folder that is gone by now.
    return in_its_words(next((line[line.index("error:") :] for line in lines if "error:" in line), lines[-1]))
