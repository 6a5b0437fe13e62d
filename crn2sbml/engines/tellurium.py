"""Tellurium: libRoadRunner as its users reach it, through `loadSBMLModel`, `simulate` and `gillespie`."""

from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np
import tellurium

from crn2sbml.core.matrices import Array
from crn2sbml.engines.roadrunner import RoadRunnerSimulation


class TelluriumEngine:
    """Tellurium's own loader and Gillespie runs; solver settings are those of the roadrunner engine."""

    name = "tellurium"
    feeds = True
    methods = MappingProxyType({"ode": ("cvode",), "lna": ("algebraic",), "ssa": ("direct",)})
    limits = ()
    version = tellurium.getTelluriumVersion()

    def load(self, sbml: str) -> RoadRunnerSimulation:
        """See `Engine.load`."""
        return RoadRunnerSimulation(self, sbml)

    def runner(self, sbml: str) -> Any:
        """See `Front`."""
        return tellurium.loadSBMLModel(sbml)

    def sample(self, runner: Any, times: list[float], species: list[str], seed: int) -> Array:
        """See `Front`. `gillespie` ignores `times=` (it then reports every event), so other grids go piece by piece.

        A piece continues the sequence of random numbers: a grid gives the same run either way.
        """
        if np.allclose(np.diff(times), times[-1] / (len(times) - 1), rtol=1e-12, atol=0):
            return np.array(runner.gillespie(0, times[-1], len(times), species, seed=seed))
        first, *rest = pairwise(times)
        pieces = [np.array(runner.gillespie(*first, 2, species, seed=seed))]
        pieces += [np.array(runner.gillespie(*piece, 2, species))[1:] for piece in rest]
        return np.concatenate(pieces)
