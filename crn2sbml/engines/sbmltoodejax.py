"""SBMLtoODEjax: a Python module of JAX functions generated from the SBML, integrated by `odeint` (Dormand-Prince).

Its module computes in single precision whatever JAX is told, so the one type it names is exchanged for double.
"""

import importlib.metadata
import importlib.util
import math
from collections.abc import Callable
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import jax
import numpy as np
from sbmltoodejax.modulegeneration import GenerateModel
from sbmltoodejax.parse import ParseSBMLFile

from crn2sbml.core.matrices import Array
from crn2sbml.engines.engine import Limit, Simulation
from crn2sbml.engines.imported import check_import, importing, trial_counts
from crn2sbml.engines.loaded import TOLERANCE, Counts
from crn2sbml.engines.words import in_its_words
from crn2sbml.errors import EngineError

_MOST_STEPS = 1_000_000
_REACHED = 1e4
"""Tolerances within which two ways to a time must meet."""


class SbmlToOdeJaxEngine:
    """SBMLtoODEjax: an explicit solver, for networks that are not stiff."""

    name = "sbmltoodejax"
    feeds = False
    version = importlib.metadata.version("sbmltoodejax")
    methods = MappingProxyType({"ode": ("dopri5",)})
    limits = (Limit("reactions", 2000, "JAX compiles its unrolled laws for minutes"),)

    def load(self, sbml: str) -> "SbmlToOdeJaxSimulation":
        """Generate and compile the model.

        Raises: FormatError: our reader cannot take it; EngineError: the stochastic reading, SBMLtoODEjax's refusal, or
            a right-hand side that is not the file's.
        """
        return SbmlToOdeJaxSimulation(self, sbml)


class SbmlToOdeJaxSimulation(Simulation):
    """One generated module. Species that reactions list are in its vector y, clamped or not, all others in c."""

    def __init__(self, engine: SbmlToOdeJaxEngine, sbml: str) -> None:
        super().__init__(engine, sbml)
        # Compiling is slow and no other method would use it.
        self._loaded.check_reading("the ODE", "deterministic")
        with jax.enable_x64(True):
            try:
                self._module = _generated(sbml)
                self._constants = np.array(self._module.c, dtype=float)
                self._fixed = np.array(self._module.w0, dtype=float)
                self._check_import()
                self._steps = {TOLERANCE: self._compiled(TOLERANCE)}
            except EngineError:
                raise
            # Ids that are Python's own words, for instance, end in any exception.
            except Exception as error:
                raise EngineError(f"sbmltoodejax refused the model: {in_its_words(error)}") from None

    def _integrate(self, times: list[float], counts: Counts, absolute: float) -> tuple[Array, str]:
        # Compiled code holds its tolerance; one a decade is enough.
        absolute = 10.0 ** math.floor(math.log10(absolute))
        start = np.array(list(counts.values()), dtype=float)
        rows = self._run(times, start, absolute)
        self._check_arrival(rows[-1], times[-1], start, absolute)
        return rows, "dopri5"

    def _run(self, times: list[float], start: Array, absolute: float) -> Array:
        y, c = self._split(start)
        rows = [start]
        with jax.enable_x64(True):
            if absolute not in self._steps:
                self._steps[absolute] = self._compiled(absolute)
            step = self._steps[absolute]
            for begin, end in pairwise(times):
                y = np.asarray(step(y, self._fixed, c, np.float64(begin), np.float64(end - begin)))
                rows.append(self._joined(y, c))
        return np.array(rows)

    def _check_arrival(self, state: Array, time: float, start: Array, absolute: float) -> None:
        """`odeint` says nothing when it runs out of steps or meets infinity: it extrapolates to the time asked for."""
        other = self._run([0.0, time / 3, time], start, absolute)[-1]
        off = np.abs(state - other)
        if not (off <= _REACHED * np.maximum(TOLERANCE * np.abs(other), absolute)).all():
            name = self._loaded.species[int(np.argmax(off))]
            raise EngineError(
                f"sbmltoodejax: odeint did not reach t = {time:g} s: on two ways there {name!r} differs by "
                f"{off.max():.2g} items; the model is stiff, or grows without bound"
            )

    def _split(self, state: Array) -> tuple[Array, Array]:
        y, c = np.zeros(len(self._module.y_indexes)), self._constants.copy()
        for name, count in zip(self._loaded.species, state, strict=True):
            if name in self._module.y_indexes:
                y[self._module.y_indexes[name]] = count
            else:
                c[self._module.c_indexes[name]] = count
        return y, c

    def _joined(self, y: Array, c: Array) -> Array:
        ys, cs = self._module.y_indexes, self._module.c_indexes
        return np.array([y[ys[name]] if name in ys else c[cs[name]] for name in self._loaded.species], dtype=float)

    def _compiled(self, absolute: float) -> Callable[..., Any]:
        """One call of the module's ModelStep; the compiler's optimiser takes longer than it ever saves."""
        step = self._module.ModelStep(atol=absolute, rtol=TOLERANCE, mxstep=_MOST_STEPS)
        y, c = self._split(np.zeros(len(self._loaded.species)))
        options = {"xla_backend_optimization_level": 0}
        call = jax.jit(lambda y, w, c, t, dt: step(y, w, c, t, dt)[0], compiler_options=options)
        compiled: Callable[..., Any] = call.lower(y, self._fixed, c, np.float64(0), np.float64(1)).compile()
        return compiled

    def _check_import(self) -> None:
        counts = trial_counts(self._loaded)
        laws = self._module.RateofSpeciesChange()
        stoichiometry = np.array(laws.stoichiometricMatrix)
        if not self._loaded.document.network.reactions:
            raise EngineError("sbmltoodejax: its module for a model without reactions does not run")
        rows = [self._module.y_indexes.get(name) for name in self._loaded.species]
        change = np.array([np.zeros(stoichiometry.shape[1]) if i is None else stoichiometry[i] for i in rows])
        y, c = self._split(counts)
        rates = laws.calc_reaction_velocities(y, self._fixed, c, 0.0)
        check_import(self._loaded, "sbmltoodejax", counts, change, rates)


def _generated(sbml: str) -> Any:
    """The Python module that SBMLtoODEjax writes for the model, in double precision."""
    # The generator prints arrays, and sets NumPy's options for the whole process to do so.
    with importing("sbmltoodejax", sbml) as source, np.printoptions():
        target = source.with_name("model.py")
        GenerateModel(ParseSBMLFile(str(source)), str(target))
        code = target.read_text(encoding="utf-8")
        target.write_text(code.replace("dtype=jnp.float32", "dtype=jnp.float64"), encoding="utf-8")
        spec = importlib.util.spec_from_file_location("sbmltoodejax_model", target)
        if spec is None or spec.loader is None:
            raise EngineError(f"no module in {target}")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module
