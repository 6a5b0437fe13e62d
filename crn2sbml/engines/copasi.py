"""COPASI through its own Python bindings: deterministic time course and linear noise approximation.

Every call names its data model; nothing goes through a "current" model.
"""

from collections.abc import Sequence
from typing import Any

import COPASI
import numpy as np
import xarray as xr

from crn2sbml.core.matrices import Array
from crn2sbml.core.results import moments, trajectories
from crn2sbml.core.steady import check_steady
from crn2sbml.engines.engine import Counts, Loaded, increasing
from crn2sbml.errors import EngineError

_TOLERANCE = 1e-10


class CopasiEngine:
    """COPASI (LSODA time course, LNA task)."""

    name = "copasi"
    methods = frozenset({"ode", "lna"})

    def load(self, sbml: str) -> "CopasiSimulation":
        """Import the model once; raises FormatError if our reader cannot take it, EngineError if COPASI cannot."""
        return CopasiSimulation(sbml)


class CopasiSimulation:
    """One imported model; inputs are initial values that COPASI is told have changed."""

    def __init__(self, sbml: str) -> None:
        self._loaded = Loaded(sbml)
        COPASI.CCopasiMessage.clearDeque()
        self._datamodel = COPASI.CRootContainer.addDatamodel()
        if not self._datamodel.importSBMLFromString(sbml):
            raise EngineError(f"copasi refused the model: {_messages()}")
        self._model = self._datamodel.getModel()
        species = (self._model.getMetabolite(i) for i in range(self._model.getNumMetabs()))
        self._metabolites = {metabolite.getSBMLId(): metabolite for metabolite in species}
        self._id_by_cn = {m.getCN().getString(): name for name, m in self._metabolites.items()}
        task = self._datamodel.getTask("Time-Course")
        _set(task.getMethod(), "Relative Tolerance", _TOLERANCE)
        _set(task.getMethod(), "Absolute Tolerance", _TOLERANCE)
        _set(task.getMethod(), "Max Internal Steps", 10_000_000)

    def ode(self, times: Sequence[float], inputs: Counts) -> xr.DataArray:
        """See `Simulation.ode`: one run of COPASI for each stretch between two times."""
        times = increasing(times, "copasi")
        rows = [self._run_to(time, inputs) if time else self._start(inputs) for time in times]
        return trajectories(np.array([rows]), times, self._loaded.species, self._provenance("lsoda"))

    def steady_state(self, inputs: Counts, t_end: float) -> xr.DataArray:
        """The state after `t_end` seconds of LSODA; raises SteadyStateError."""
        values = self._run_to(t_end, inputs)
        check_steady(self._loaded.matrices, values, f"copasi at t = {t_end:g} s")
        return trajectories(values[None, None], [t_end], self._loaded.species, self._provenance("lsoda"))

    def lna(self, inputs: Counts, t_end: float) -> xr.Dataset:
        """COPASI's own steady state and its own LNA covariance; `t_end` is not needed."""
        self._set_inputs(inputs)
        task = self._datamodel.getTask("Linear Noise Approximation")
        _process(task)
        matrix = task.getMethod().getUnscaledCovarianceMatrixAnn()
        row = {self._id_by_cn[cn.getString()]: i for i, cn in enumerate(matrix.getAnnotationsCN(0))}
        floating = self._loaded.document.network.floating
        array, size = matrix.array(), len(floating)
        rows = [row[name] for name in floating]
        covariance = np.fromiter((_entry(array, i, j) for i in rows for j in rows), float, size**2)
        mean = [self._metabolites[name].getValue() for name in floating]
        task.restore()
        return moments(mean, covariance.reshape(size, size), floating, self._provenance("lna"))

    def _start(self, inputs: Counts) -> Array:
        self._loaded.check_reading("the ODE", "deterministic")
        self._loaded.check_counts(inputs, whole=False)
        values = {**self._loaded.initial, **inputs}
        return np.array([values[name] for name in self._loaded.species], dtype=float)

    def _set_inputs(self, inputs: Counts) -> None:
        changed = COPASI.ObjectStdVector()
        for name, count in zip(self._loaded.species, self._start(inputs), strict=True):
            self._metabolites[name].setInitialValue(float(count))
            changed.append(self._metabolites[name].getInitialValueReference())
        self._model.updateInitialValues(changed)

    def _run_to(self, duration: float, inputs: Counts) -> Array:
        self._set_inputs(inputs)
        task = self._datamodel.getTask("Time-Course")
        if not task.setMethodType(COPASI.CTaskEnum.Method_deterministic):
            raise EngineError("copasi has no deterministic (LSODA) method")
        problem = task.getProblem()
        problem.setDuration(float(duration))
        problem.setStepNumber(1)
        problem.setTimeSeriesRequested(False)
        _process(task)
        values = np.array([self._metabolites[name].getValue() for name in self._loaded.species])
        task.restore()
        return values

    def _provenance(self, method: str) -> Any:
        version = COPASI.CVersion.VERSION.getVersion()
        return self._loaded.provenance("copasi", version, method)


def _entry(array: Any, i: int, j: int) -> float:
    index = COPASI.SizeTStdVector(2)
    index[0], index[1] = i, j
    return float(array.get(index))


def _set(method: Any, name: str, value: float) -> None:
    parameter = method.getParameter(name)
    if parameter is None:
        raise EngineError(f"copasi: its method {method.getObjectName()!r} has no setting {name!r}")
    (parameter.setDblValue if isinstance(value, float) else parameter.setUIntValue)(value)


def _process(task: Any) -> None:
    COPASI.CCopasiMessage.clearDeque()
    if not (task.initializeRaw(COPASI.CCopasiTask.NO_OUTPUT) and task.processRaw(True)):
        raise EngineError(f"copasi: {task.getObjectName()} failed: {_messages()}")


def _messages() -> str:
    return " ".join(COPASI.CCopasiMessage.getAllMessageText().split())[:300] or "no message"
