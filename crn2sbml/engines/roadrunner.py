"""libRoadRunner: deterministic (CVODE), exact stochastic (Gillespie) and, at its steady state, the LNA."""

import os
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import roadrunner

from crn2sbml.core.matrices import Array
from crn2sbml.core.ode import DENSE_UP_TO
from crn2sbml.engines.engine import Engine, Simulation
from crn2sbml.engines.loaded import TOLERANCE, Counts
from crn2sbml.engines.quiet import quiet_output, quiet_stdout
from crn2sbml.engines.words import in_its_words
from crn2sbml.errors import EngineError

_REACH_OF_LLJIT = 3 << 29
"""Bytes a process may map for LLJIT to be used. Its code refers to its tables by 32-bit distances; in a process that
maps more, the two may come to lie over 2 GiB apart, and a wild jump ends the process (seen beside JAX). MCJIT has no
such limit but takes several times longer to load."""


class Front(Engine, Protocol):
    """A package that runs models through libRoadRunner: what it calls itself, how its users load and sample."""

    def runner(self, sbml: str) -> Any:
        """A RoadRunner object; raises RuntimeError."""

    def sample(self, runner: Any, times: list[float], species: list[str], seed: int) -> Array:
        """One stochastic run from the runner's present counts at time 0: (times, species); raises RuntimeError."""


class RoadRunnerEngine:
    """libRoadRunner, with its LLJIT back end (many times faster to load than MCJIT) where that is safe."""

    name = "roadrunner"
    feeds = True
    methods = MappingProxyType({"ode": ("cvode",), "lna": ("algebraic",), "ssa": ("direct",)})
    limits = ()
    version = roadrunner.__version__

    def load(self, sbml: str) -> "RoadRunnerSimulation":
        """See `Engine.load`."""
        return RoadRunnerSimulation(self, sbml)

    def runner(self, sbml: str) -> Any:
        """See `Front`."""
        return roadrunner.RoadRunner(sbml)

    def sample(self, runner: Any, times: list[float], species: list[str], seed: int) -> Array:
        """See `Front`."""
        runner.setIntegrator("gillespie")
        runner.integrator.variable_step_size = False
        runner.integrator.seed = seed
        return np.array(runner.simulate(times=times, selections=species))


class RoadRunnerSimulation(Simulation):
    """One compiled model; inputs are set by name between runs, since changing initial values recompiles it."""

    def __init__(self, front: Front, sbml: str) -> None:
        super().__init__(front, sbml)
        self._front = front
        if "time" in self._loaded.species:
            raise EngineError(f"{front.name} gives the time itself for the species 'time': rename it")
        roadrunner.Logger.setLevel(roadrunner.Logger.LOG_FATAL)
        config = roadrunner.Config
        lean = mapped_bytes() < _REACH_OF_LLJIT
        config.setValue(config.LLVM_BACKEND, config.LLJIT if lean else config.MCJIT)
        # Initial counts are set by name between runs; functions that change the file's own are not compiled.
        config.setValue(config.LOADSBMLOPTIONS_MUTABLE_INITIAL_CONDITIONS, False)
        try:
            self._runner = front.runner(sbml)
        except RuntimeError as error:
            raise EngineError(f"{front.name} refused the model: {in_its_words(error)}") from None
        parameters = self._runner.model.getGlobalParameterIds() if self._fed else ()
        self._parameters = {name: float(self._runner.getValue(name)) for name in parameters}

    def _integrate(self, times: list[float], counts: Counts, absolute: float) -> tuple[Array, str]:
        """CVODE with BDF, or Adams if large or fed, since it begins anew sooner; then the other if that gives up."""
        runner = self._runner
        runner.setIntegrator("cvode")
        runner.integrator.relative_tolerance = TOLERANCE
        # After an event libRoadRunner multiplies a single number by what is there, which may be next to nothing.
        runner.integrator.absolute_tolerance = [absolute] * len(self.matrices.floating) if self._fed else absolute
        bdf_first = not self._fed and len(self.matrices.floating) <= DENSE_UP_TO
        failures = []
        for stiff in (bdf_first, not bdf_first):
            runner.integrator.stiff = stiff
            runner.integrator.maximum_num_steps = 1_000_000  # last: setting `stiff` brings the default back
            try:
                self._reset(counts)
                values = self._simulate(times)
            except RuntimeError as error:
                failures.append(in_its_words(error))
                continue
            if np.isfinite(values).all():
                return values, "cvode-bdf" if stiff else "cvode-adams"
            failures.append("a count is not finite")
        raise EngineError(f"{self._front.name}: CVODE failed with BDF and Adams: {'; '.join(failures)}")

    def _simulate(self, times: list[float]) -> Array:
        # CVODE complains to the standard error; the exception says the same.
        with quiet_output():
            return np.array(self._runner.simulate(times=times, selections=list(self._loaded.species)))

    def _sample(self, times: list[float], counts: Counts, seeds: list[int], algorithm: str) -> Array:
        runs = []
        for seed in seeds:
            try:
                self._reset(counts)
                with quiet_stdout():
                    runs.append(self._front.sample(self._runner, times, list(counts), seed))
            except RuntimeError as error:
                raise EngineError(f"{self._front.name}: its Gillespie run failed: {in_its_words(error)}") from None
        return np.array(runs)

    def _reset(self, counts: Counts) -> None:
        """All counts are set, since libRoadRunner's own reset leaves clamped species as they were set last.

        In models that are fed, so are all parameters, one of which counts the examples.
        """
        self._runner.reset()
        for name, value in {**self._parameters, **counts}.items():
            self._runner.setValue(name, float(value))


def mapped_bytes() -> int:
    """Address space of this process; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
