"""COPASI through its own Python bindings: deterministic and stochastic time course, linear noise approximation.

Every call names its data model; nothing goes through a "current" model.
"""

import re
import weakref
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import COPASI
import numpy as np

from crn2sbml.core.matrices import Array
from crn2sbml.engines.engine import Limit, Simulation
from crn2sbml.engines.loaded import TOLERANCE, Counts
from crn2sbml.errors import EngineError, SteadyStateError

_STOCHASTIC: Mapping[str, tuple[int, Mapping[str, float | int]]] = {
    "direct": (COPASI.CTaskEnum.Method_directMethod, {"Max Internal Steps": 2_000_000_000}),
    "next-reaction": (COPASI.CTaskEnum.Method_stochastic, {"Max Internal Steps": 2_000_000_000}),
    "tau-leap": (COPASI.CTaskEnum.Method_tauLeap, {"Max Internal Steps": 2_000_000_000, "Epsilon": 1e-3}),
}
"""The method of COPASI's time course task and its settings.

No leap is shorter than the time in which a count changes by about one item, whatever `Epsilon`: at 3 items the mean was
0.07 sd too high (100,000 runs).
"""


class CopasiEngine:
    """COPASI: LSODA, its LNA task, two exact stochastic algorithms, and tau-leaping, which is not exact."""

    name = "copasi"
    feeds = True
    version = COPASI.CVersion.VERSION.getVersion()
    methods = MappingProxyType({"ode": ("lsoda",), "lna": ("lna",), "ssa": tuple(_STOCHASTIC)})
    limits = (Limit("reactions", 6000, "importing more takes COPASI over five minutes"),)

    def load(self, sbml: str) -> "CopasiSimulation":
        """See `Engine.load`."""
        return CopasiSimulation(self, sbml)


class CopasiSimulation(Simulation):
    """One imported model; inputs are initial values that COPASI is told have changed."""

    def __init__(self, engine: CopasiEngine, sbml: str) -> None:
        super().__init__(engine, sbml)
        COPASI.CCopasiMessage.clearDeque()
        self._datamodel = COPASI.CRootContainer.addDatamodel()
        # COPASI keeps every data model until it is told otherwise; when Python ends, COPASI's root may be gone first.
        weakref.finalize(self, COPASI.CRootContainer.removeDatamodel, self._datamodel).atexit = False
        if not self._datamodel.importSBMLFromString(sbml):
            raise EngineError(f"copasi refused the model: {_messages()}")
        self._model = self._datamodel.getModel()
        species = (self._model.getMetabolite(i) for i in range(self._model.getNumMetabs()))
        self._metabolites = {metabolite.getSBMLId(): metabolite for metabolite in species}
        self._id_by_cn = {m.getCN().getString(): name for name, m in self._metabolites.items()}

    def _integrate(self, times: list[float], counts: Counts, absolute: float) -> tuple[Array, str]:
        self._set_counts(counts)
        settings = {
            "Relative Tolerance": TOLERANCE,
            "Absolute Tolerance": absolute,
            "Max Internal Steps": 10_000_000,
        }
        return self._time_course(COPASI.CTaskEnum.Method_deterministic, settings, times, counts), "lsoda"

    def _sample(self, times: list[float], counts: Counts, seeds: list[int], algorithm: str) -> Array:
        self._set_counts(counts)
        kind, settings = _STOCHASTIC[algorithm]
        seeded = ({**settings, "Use Random Seed": True, "Random Seed": seed} for seed in seeds)
        return np.array([self._time_course(kind, one, times, counts) for one in seeded])

    def _noise(self, inputs: Counts, t_end: float) -> tuple[Array, Array]:
        """COPASI's own steady state and its own LNA covariance; `t_end` is not needed."""
        self._set_counts(self._loaded.deterministic_start(inputs))
        changed = abs(self.matrices.stoichiometry).sum(axis=1)[self.matrices.floating] > 0
        if not changed.any():
            # COPASI's task ends the process there.
            raise SteadyStateError("copasi: no reaction changes a species, so that there is no noise")
        task = self._datamodel.getTask("Linear Noise Approximation")
        _process(task, COPASI.CCopasiTask.NO_OUTPUT)
        matrix = task.getMethod().getUnscaledCovarianceMatrixAnn()
        row = {self._id_by_cn[cn.getString()]: i for i, cn in enumerate(matrix.getAnnotationsCN(0))}
        floating = self.matrices.floating_species
        # It leaves out what no reaction changes.
        array, rows = matrix.array(), [row[name] for name, moves in zip(floating, changed, strict=True) if moves]
        covariance = np.zeros((len(floating), len(floating)))
        covariance[np.ix_(changed, changed)] = [[_entry(array, i, j) for j in rows] for i in rows]
        mean = np.array([self._metabolites[name].getValue() for name in floating])
        task.restore()
        return mean, covariance

    def _set_counts(self, counts: Counts) -> None:
        changed = COPASI.ObjectStdVector()
        for name, count in counts.items():
            self._metabolites[name].setInitialValue(float(count))
            changed.append(self._metabolites[name].getInitialValueReference())
        self._model.updateInitialValues(changed)

    def _time_course(self, kind: int, settings: Mapping[str, float | int], times: list[float], counts: Counts) -> Array:
        """Counts at `times`, shape (time, species), from the initial values that COPASI holds."""
        task = self._datamodel.getTask("Time-Course")
        if not task.setMethodType(kind):
            raise EngineError(f"copasi has no time course method {kind}")
        for name, value in settings.items():
            _set(task.getMethod(), name, value)
        problem = task.getProblem()
        problem.setUseValues(True)
        problem.setValues(" ".join(map(repr, times)))
        problem.setDuration(times[-1])
        problem.setTimeSeriesRequested(True)
        _process(task, COPASI.CCopasiTask.ONLY_TIME_SERIES)
        series = task.getTimeSeries()
        titles = [series.getSBMLId(i, self._datamodel) for i in range(series.getNumVariables())]
        rows = range(len(times))
        columns = {name: [series.getData(row, i) for row in rows] for i, name in enumerate(titles) if name in counts}
        task.restore()
        # It leaves out clamped species.
        return np.array([columns.get(name, [count] * len(times)) for name, count in counts.items()]).T


def _entry(array: Any, i: int, j: int) -> float:
    index = COPASI.SizeTStdVector(2)
    index[0], index[1] = i, j
    return float(array.get(index))


def _set(method: Any, name: str, value: float) -> None:
    parameter = method.getParameter(name)
    if parameter is None:
        raise EngineError(f"copasi: its method {method.getObjectName()!r} has no setting {name!r}")
    kinds = COPASI.CCopasiParameter
    setter = {
        kinds.Type_DOUBLE: parameter.setDblValue,
        kinds.Type_UDOUBLE: parameter.setUDblValue,
        kinds.Type_INT: parameter.setIntValue,
        kinds.Type_UINT: parameter.setUIntValue,
        kinds.Type_BOOL: parameter.setBoolValue,
    }[parameter.getType()]
    if not setter(value):
        raise EngineError(f"copasi: its setting {name!r} does not take {value}")


def _process(task: Any, output: int) -> None:
    COPASI.CCopasiMessage.clearDeque()
    if not (task.initializeRaw(output) and task.processRaw(True)):
        raise EngineError(f"copasi: {task.getObjectName()} failed: {_messages()}")


def _messages() -> str:
    text = re.sub(r">[A-Z ]+<?\s*\d{4}-\d\d-\d\d[T ]?[\d:]*\s*<", "", COPASI.CCopasiMessage.getAllMessageText())
    return " ".join(text.split())[:300] or "no message"
