"""bioscrape through its own SBML importer: LSODA (`scipy.integrate.odeint`) and Gillespie's direct method.

Its importer keeps every law as a general one, so stochastic runs use the file's laws as they stand, and its clamped
species are those that no reaction changes: it does not know SBML's boundary conditions.
"""

import io
import warnings
from collections.abc import Mapping
from contextlib import redirect_stderr
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

import numpy as np
from bioscrape import random as bioscrape_random
from bioscrape.simulator import DeterministicSimulator, ModelCSimInterface, SSASimulator
from bioscrape.types import Model

from crn2sbml.core.matrices import Array
from crn2sbml.engines.engine import Limit, Simulation
from crn2sbml.engines.imported import check_import, importing, trial_counts
from crn2sbml.engines.loaded import TOLERANCE, Counts
from crn2sbml.engines.quiet import quiet_stdout
from crn2sbml.engines.words import in_its_words
from crn2sbml.errors import EngineError

_MOST_STEPS = 500_000


class BioscrapeEngine:
    """bioscrape; fast to load, and its stochastic runs compute every propensity after every event."""

    name = "bioscrape"
    feeds = False
    version = version("bioscrape")
    methods: Mapping[str, tuple[str, ...]] = MappingProxyType({"ode": ("lsoda",), "ssa": ("direct",)})
    limits: tuple[Limit, ...] = ()

    def load(self, sbml: str) -> "BioscrapeSimulation":
        """See `Engine.load`."""
        return BioscrapeSimulation(self, sbml)


class BioscrapeSimulation(Simulation):
    """One imported model; each run sets the counts of all species."""

    def __init__(self, engine: BioscrapeEngine, sbml: str) -> None:
        super().__init__(engine, sbml)
        with importing("bioscrape", sbml) as path:
            self._model = Model(sbml_filename=str(path), sbml_warnings=False)
        position = self._model.get_species2index()
        lost = [name for name in self._loaded.species if name not in position]
        if lost or len(position) > len(self._loaded.species):
            raise EngineError(f"bioscrape has {len(position)} species, the model {len(self._loaded.species)}: {lost}")
        self._rows = np.array([position[name] for name in self._loaded.species], dtype=int)
        self._interface = ModelCSimInterface(self._model)
        self._interface.py_prep_deterministic_simulation()
        counts = trial_counts(self._loaded)
        check_import(self._loaded, "bioscrape", counts, self._stoichiometry(), self._rates(counts))

    def _integrate(self, times: list[float], counts: Counts, absolute: float) -> tuple[Array, str]:
        simulator = DeterministicSimulator()
        simulator.py_set_tolerance(absolute, TOLERANCE)
        simulator.py_set_mxstep(_MOST_STEPS)
        # It tries again with ten times the steps, and warns each time; only the last try counts.
        with warnings.catch_warnings(record=True) as said, redirect_stderr(io.StringIO()):
            warnings.simplefilter("always")
            values = self._simulate(simulator, times, counts)
        if not np.isfinite(values).all():
            reason = in_its_words(said[-1].message) if said else "a count is not finite"
            raise EngineError(f"bioscrape: LSODA failed: {reason}")
        return values, "lsoda"

    def _sample(self, times: list[float], counts: Counts, seeds: list[int], algorithm: str) -> Array:
        simulator, runs = SSASimulator(), []
        for seed in seeds:
            # bioscrape takes 0 for "seed by the clock".
            bioscrape_random.py_seed_random(max(seed, 1))
            runs.append(self._simulate(simulator, times, counts))
        return np.array(runs)

    def _simulate(self, simulator: Any, times: list[float], counts: Counts) -> Array:
        state = np.empty(len(self._rows))
        state[self._rows] = list(counts.values())
        self._interface.py_set_initial_state(state)
        with quiet_stdout():
            result = simulator.py_simulate(self._interface, np.array(times)).py_get_result()
        return np.asarray(np.array(result)[:, self._rows])

    def _stoichiometry(self) -> Array:
        change = self._model.py_get_update_array() + self._model.py_get_delay_update_array()
        return np.asarray(change[self._rows], dtype=float)

    def _rates(self, counts: Array) -> list[float]:
        state = np.empty(len(counts))
        state[self._rows] = counts
        parameters = self._interface.py_get_param_values()
        return [law.py_get_propensity(state, parameters, 0.0) for law in self._model.get_propensities()]
