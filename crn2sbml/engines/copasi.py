"""COPASI through its own Python bindings: deterministic and stochastic time course, linear noise approximation.

Every call names its data model; nothing goes through a "current" model.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import COPASI
import numpy as np
import xarray as xr

from crn2sbml.core.matrices import Array
from crn2sbml.core.results import moments, trajectories
from crn2sbml.core.steady import check_steady
from crn2sbml.engines.engine import TOLERANCE, Counts, Limit, Loaded, check_algorithm, increasing
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
    methods = MappingProxyType({"ode": ("lsoda",), "lna": ("lna",), "ssa": tuple(_STOCHASTIC)})
    limits = (Limit("reactions", 6000, "importing more takes COPASI over five minutes"),)

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

    def ode(self, times: Sequence[float], inputs: Counts) -> xr.DataArray:
        """See `Simulation.ode`."""
        times = increasing(times, "copasi")
        values = self._deterministic(times, inputs)
        return trajectories(values[None], times, self._loaded.species, self._provenance("lsoda"))

    def steady_state(self, inputs: Counts, t_end: float) -> xr.DataArray:
        """The state after `t_end` seconds of LSODA; raises SteadyStateError."""
        values = self._deterministic(increasing([0.0, t_end], "copasi"), inputs)[-1]
        check_steady(self._loaded.matrices, values, f"copasi at t = {t_end:g} s")
        return trajectories(values[None, None], [t_end], self._loaded.species, self._provenance("lsoda"))

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
        algorithm = check_algorithm(CopasiEngine(), "ssa", algorithm)
        times = increasing(times, "copasi")
        counts = self._loaded.stochastic_start(inputs, start, seed, replicates)
        self._set_counts(counts)
        kind, settings = _STOCHASTIC[algorithm]
        runs = []
        for replicate_seed in np.random.SeedSequence(seed).generate_state(replicates, np.uint32):
            seeded = {"Use Random Seed": True, "Random Seed": int(replicate_seed)}
            runs.append(self._time_course(kind, {**settings, **seeded}, times, counts))
        provenance = self._provenance(f"ssa-{algorithm}", seed=seed)
        return trajectories(np.array(runs), times, self._loaded.species, provenance)

    def lna(self, inputs: Counts, t_end: float) -> xr.Dataset:
        """COPASI's own steady state and its own LNA covariance; `t_end` is not needed."""
        self._set_counts(self._loaded.deterministic_start(inputs))
        if not (self._loaded.matrices.floating.size and len(self._loaded.matrices.constants)):
            # COPASI's task ends the process there.
            raise SteadyStateError("copasi: no reaction changes a species, so that there is no noise")
        task = self._datamodel.getTask("Linear Noise Approximation")
        _process(task, COPASI.CCopasiTask.NO_OUTPUT)
        matrix = task.getMethod().getUnscaledCovarianceMatrixAnn()
        row = {self._id_by_cn[cn.getString()]: i for i, cn in enumerate(matrix.getAnnotationsCN(0))}
        floating = self._loaded.document.network.floating
        array, size = matrix.array(), len(floating)
        rows = [row[name] for name in floating]
        covariance = np.fromiter((_entry(array, i, j) for i in rows for j in rows), float, size**2)
        mean = [self._metabolites[name].getValue() for name in floating]
        task.restore()
        return moments(mean, covariance.reshape(size, size), floating, self._provenance("lna"))

    def _set_counts(self, counts: Counts) -> None:
        changed = COPASI.ObjectStdVector()
        for name, count in counts.items():
            self._metabolites[name].setInitialValue(float(count))
            changed.append(self._metabolites[name].getInitialValueReference())
        self._model.updateInitialValues(changed)

    def _deterministic(self, times: list[float], inputs: Counts) -> Array:
        counts = self._loaded.deterministic_start(inputs)
        self._set_counts(counts)
        settings = {
            "Relative Tolerance": TOLERANCE,
            "Absolute Tolerance": self._loaded.absolute_tolerance,
            "Max Internal Steps": 10_000_000,
        }
        return self._time_course(COPASI.CTaskEnum.Method_deterministic, settings, times, counts)

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
        # It leaves out clamped species, and adds the start where the first time is later.
        rows = range(series.getRecordedSteps() - len(times), series.getRecordedSteps())
        columns = {name: [series.getData(row, i) for row in rows] for i, name in enumerate(titles) if name in counts}
        task.restore()
        return np.array([columns.get(name, [counts[name]] * len(times)) for name in self._loaded.species]).T

    def _provenance(self, method: str, **more: int) -> Any:
        version = COPASI.CVersion.VERSION.getVersion()
        return self._loaded.provenance("copasi", version, method, **more)


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
