"""GillesPy2 through its own SBML importer: LSODA, and Gillespie's direct method, compiled to C++ or in Python.

Two of its solvers are left out. Its C++ ODE solver prints six digits. Its tau-leaping reports the state at the end of
the leap in progress for every time inside it: from 0 items, the mean of birth and decay was 20.1 instead of 12.6 after
one second (1.8.3, 1,000 runs), whatever its tolerance.
"""

import os
import random
import shutil
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import cached_property
from importlib.util import find_spec
from math import lcm
from pathlib import Path
from types import MappingProxyType
from typing import Any

import gillespy2
import numpy as np

from crn2sbml.core.matrices import Array
from crn2sbml.engines.c_integers import rates_in_c
from crn2sbml.engines.engine import Limit, Simulation
from crn2sbml.engines.imported import check_import, importing, trial_counts
from crn2sbml.engines.loaded import TOLERANCE, Counts
from crn2sbml.engines.quiet import quiet_stdout
from crn2sbml.engines.words import in_its_words
from crn2sbml.errors import EngineError

_MOST_STEPS = 10_000
"""Steps of the even grid that its solvers report on, at most."""
_LARGEST_COUNT = 2**31 - 1
_OVERFLOW = "its C++ solver counts in 32-bit unsigned integers; beyond them counts start again at 0 without a word"


class GillesPy2Engine:
    """GillesPy2; the compiled solver is there if g++ and SCons are."""

    name = "gillespy2"
    feeds = False
    version = gillespy2.__version__
    limits: tuple[Limit, ...] = (
        Limit("items", _LARGEST_COUNT, _OVERFLOW),
        Limit("reactions", 3000, "its C++ program first compares all pairs of reactions, for a minute at each call"),
    )

    @property
    def methods(self) -> Mapping[str, tuple[str, ...]]:
        """The direct method is compiled ("direct") where a compiler is found, else only "direct-python" is left."""
        compiled = ("direct",) if can_compile() else ()
        return MappingProxyType({"ode": ("lsoda",), "ssa": (*compiled, "direct-python")})

    def load(self, sbml: str) -> "GillesPy2Simulation":
        """See `Engine.load`."""
        return GillesPy2Simulation(self, sbml)


class GillesPy2Simulation(Simulation):
    """One imported model. It is compiled when first sampled; inputs are then arguments of the compiled program."""

    def __init__(self, engine: GillesPy2Engine, sbml: str) -> None:
        super().__init__(engine, sbml)
        self._model = _imported(sbml)
        lost = set(self._loaded.species).symmetric_difference(self._model.listOfSpecies)
        if lost:
            raise EngineError(f"gillespy2: species {', '.join(sorted(lost)[:5])} are lost or renamed by its importer")
        counts = trial_counts(self._loaded)
        values = dict(zip(self._loaded.species, counts, strict=True))
        rates = [eval(r.ode_propensity_function, dict(self._constants), values) for r in self._reactions]  # noqa: S307
        check_import(self._loaded, "gillespy2", counts, self._stoichiometry, rates)

    def _integrate(self, times: list[float], counts: Counts, absolute: float) -> tuple[Array, str]:
        settings = {"rtol": TOLERANCE, "atol": absolute, "nsteps": 1_000_000}
        solver = gillespy2.ODESolver(self._model)
        # SciPy only warns when its solver gives up; the numbers after that are made up.
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            runs = self._run(solver, times, counts, {"integrator_options": settings})
        failures = [w.message for w in said if "lsoda" in str(w.message)]
        if failures:
            raise EngineError(f"gillespy2: LSODA failed: {in_its_words(failures[0])}")
        return runs[0], "lsoda"

    def _sample(self, times: list[float], counts: Counts, seeds: list[int], algorithm: str) -> Array:
        """Replicate i is the i-th run of one generator, started with the first seed."""
        # It takes positive seeds that fit into 32 bits with a sign.
        options: dict[str, Any] = {"number_of_trajectories": len(seeds), "seed": seeds[0] >> 1 or 1}
        if algorithm == "direct":
            self._check_largest(np.array(list(counts.values())))
            runs = self._run(self._compiled, times, counts, {**options, "variables": dict(counts)})
            self._check_largest(runs)
            return runs
        kept = random.getstate()
        try:
            return self._run(gillespy2.NumPySSASolver(self._model), times, counts, options)
        finally:
            random.setstate(kept)  # its Python solver seeds the generator that all of Python shares

    @cached_property
    def _compiled(self) -> Any:
        """The C++ solver, after a look at how its integers take the laws (counts of 0 to 3, and of a million)."""
        laws = [reaction.propensity_function for reaction in self._reactions]
        for low, high in ((0, 4), (1 << 19, 1 << 20)):
            counts = trial_counts(self._loaded, low, high)
            rates = rates_in_c(laws, self._constants, dict(zip(self._loaded.species, counts, strict=True)))
            check_import(self._loaded, "gillespy2's C++ solver", counts, self._stoichiometry, rates)
        with _interpreter_s_folder_on_path():
            try:
                return gillespy2.SSACSolver(self._model, variable=True)
            except Exception as error:
                raise EngineError(f"gillespy2 could not compile the model: {_first_error(error)}") from None

    @property
    def _reactions(self) -> list[Any]:
        return list(self._model.listOfReactions.values())

    @cached_property
    def _constants(self) -> dict[str, float]:
        return {name: float(parameter.expression) for name, parameter in self._model.listOfParameters.items()}

    @cached_property
    def _stoichiometry(self) -> Array:
        row = {name: i for i, name in enumerate(self._loaded.species)}
        change = np.zeros((len(row), len(self._reactions)))
        for j, reaction in enumerate(self._reactions):
            for sign, terms in ((-1, reaction.reactants), (1, reaction.products)):
                for species, count in terms.items():
                    change[row[species.name], j] += sign * count
        return change

    def _run(self, solver: Any, times: list[float], counts: Counts, options: dict[str, Any]) -> Array:
        """Counts over (run, time, species)."""
        step, multiples = even_grid(times)
        for name, count in counts.items():
            solver.model.listOfSpecies[name].initial_value = count
        solver.model.timespan(gillespy2.TimeSpan(np.arange(multiples[-1] + 1) * step))
        with quiet_stdout():
            try:
                result = solver.run(**options)
            except Exception as error:
                raise EngineError(f"gillespy2: {in_its_words(error.__cause__ or error)}") from None
        runs = np.array([[run[name] for name in self._loaded.species] for run in result])
        return np.asarray(runs.transpose(0, 2, 1)[:, multiples])

    def _check_largest(self, counts: Array) -> None:
        if counts.size and counts.max() > _LARGEST_COUNT:
            raise EngineError(f"gillespy2: a count is {counts.max():.3g} items, over {_LARGEST_COUNT}: {_OVERFLOW}")


def can_compile() -> bool:
    """Whether g++ and SCons (as a command or a Python module) are there for the C++ solver."""
    with _interpreter_s_folder_on_path():
        return shutil.which("g++") is not None and shutil.which("scons") is not None and find_spec("SCons") is not None


def even_grid(times: Sequence[float]) -> tuple[float, list[int]]:
    """The largest step of which all times are multiples, and the multiples; raises EngineError if it is too short."""
    # The end is a step's multiple by definition, so only the times' parts of it count, whatever their digits are.
    parts = [Fraction(time / times[-1]).limit_denominator(_MOST_STEPS) for time in times]
    steps = lcm(*(part.denominator for part in parts))
    multiples, step = [int(part * steps) for part in parts], times[-1] / steps
    if steps > _MOST_STEPS or not np.allclose(np.array(multiples) * step, times, rtol=1e-9, atol=0):
        raise EngineError(
            f"gillespy2 reports at even steps only; these times would take more than {_MOST_STEPS} of them: "
            f"{[float(time) for time in times[:5]]}"
        )
    return step, multiples


def _imported(sbml: str) -> Any:
    with importing("gillespy2", sbml) as path:
        model, errors = gillespy2.import_SBML(str(path), report_silently_with_sbml_error=True)
    if errors:
        raise EngineError(f"gillespy2 refused the model: {in_its_words(errors[0][0])}")
    return model


def _first_error(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if "error:" in line.lower()]
    return in_its_words(lines[0] if lines else error)


@contextmanager
def _interpreter_s_folder_on_path() -> Iterator[None]:
    """SCons is looked for on the PATH, where a virtual environment that was not activated is missing."""
    kept = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([kept, str(Path(sys.executable).parent)])
    try:
        yield
    finally:
        os.environ["PATH"] = kept
