"""libRoadRunner: deterministic (CVODE), exact stochastic (Gillespie) and, at its steady state, the LNA."""

import os
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import roadrunner
import xarray as xr

from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.core.results import moments, trajectories
from crn2sbml.core.steady import check_steady
from crn2sbml.engines.engine import TOLERANCE, Counts, Engine, Loaded, check_algorithm, increasing
from crn2sbml.engines.quiet import quiet_output, quiet_stdout
from crn2sbml.errors import EngineError
from crn2sbml.lna.stationary import stationary

_STIFF_UP_TO = 1500
"""Floating species up to which BDF's dense linear algebra is cheaper than the short steps of Adams."""
_REACH_OF_LLJIT = 3 << 29
"""Bytes a process may map for LLJIT to be used. Its code refers to its tables by 32-bit distances; in a process that
maps more, the two may come to lie over 2 GiB apart, and a wild jump ends the process (seen beside JAX). MCJIT has no
such limit but takes several times longer to load."""


class Front(Engine, Protocol):
    """A package that runs models through libRoadRunner: what it calls itself, how its users load and sample."""

    @property
    def version(self) -> str:
        """Version of the package."""

    def runner(self, sbml: str) -> Any:
        """A RoadRunner object; raises RuntimeError."""

    def sample(self, runner: Any, times: list[float], species: list[str], seed: int) -> Array:
        """One stochastic run from the runner's present counts at time 0: (times, species)."""


class RoadRunnerEngine:
    """libRoadRunner, with its LLJIT back end (many times faster to load than MCJIT) where that is safe."""

    name = "roadrunner"
    methods = MappingProxyType({"ode": ("cvode",), "lna": ("algebraic",), "ssa": ("direct",)})
    limits = ()
    version = roadrunner.__version__

    def load(self, sbml: str) -> "RoadRunnerSimulation":
        """Compile the model once; raises FormatError if our reader cannot take it, EngineError if the engine cannot."""
        return RoadRunnerSimulation(sbml, self)

    def runner(self, sbml: str) -> Any:
        """See `Front`."""
        return roadrunner.RoadRunner(sbml)

    def sample(self, runner: Any, times: list[float], species: list[str], seed: int) -> Array:
        """See `Front`."""
        runner.setIntegrator("gillespie")
        runner.integrator.variable_step_size = False
        runner.integrator.seed = seed
        return np.array(runner.simulate(times=times, selections=species))


class RoadRunnerSimulation:
    """One compiled model; inputs are set by name between runs, since changing initial values recompiles it."""

    def __init__(self, sbml: str, front: Front) -> None:
        self._loaded, self._front = Loaded(sbml), front
        network = self._loaded.document.network
        if "time" in network.species_index:
            raise EngineError(f"{front.name} gives the time itself for the species 'time': rename it")
        self._clamped = {name: self._loaded.initial[name] for name in network.clamped}
        roadrunner.Logger.setLevel(roadrunner.Logger.LOG_FATAL)
        config = roadrunner.Config
        lean = mapped_bytes() < _REACH_OF_LLJIT
        config.setValue(config.LLVM_BACKEND, config.LLJIT if lean else config.MCJIT)
        try:
            self._runner = front.runner(sbml)
        except RuntimeError as error:
            raise EngineError(f"{front.name} refused the model: {_one_line(error)}") from None

    @property
    def matrices(self) -> Matrices:
        """Arrays of the network as read back from the file."""
        return self._loaded.matrices

    def ode(self, times: Sequence[float], inputs: Counts) -> xr.DataArray:
        """See `Simulation.ode`; raises EngineError with the solver's words."""
        values, method = self._integrate(increasing(times, self._front.name), inputs)
        return trajectories(values[None], times, self._loaded.species, self._provenance(method))

    def steady_state(self, inputs: Counts, t_end: float) -> xr.DataArray:
        """See `Simulation.steady_state`; raises SteadyStateError naming the species that still moves."""
        values, method = self._integrate(increasing([0.0, t_end], self._front.name), inputs)
        check_steady(self._loaded.matrices, values[-1], f"{self._front.name} at t = {t_end:g} s")
        return trajectories(values[None, -1:], [t_end], self._loaded.species, self._provenance(method))

    def lna(self, inputs: Counts, t_end: float) -> xr.Dataset:
        """Steady state from the simulator, Jacobian from the file's own laws, covariance from SciPy."""
        state = self.steady_state(inputs, t_end)
        result = stationary(self._loaded.matrices, state.values[0, -1])
        return moments(result.mean, result.covariance, result.species, self._provenance("lna"))

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
        algorithm = check_algorithm(self._front, "ssa", algorithm)
        times = increasing(times, self._front.name)
        self._loaded.stochastic_start(inputs, start, seed, replicates)
        counts = {**inputs, **(start or {})}
        given, names = _from_zero(times), list(self._loaded.species)
        runs = []
        for replicate_seed in np.random.SeedSequence(seed).generate_state(replicates, np.uint32):
            self._reset(counts)
            with quiet_stdout():
                run = self._front.sample(self._runner, given, names, int(replicate_seed))
            runs.append(run[-len(times) :])
        return trajectories(np.array(runs), times, names, self._provenance(f"ssa-{algorithm}", seed=seed))

    def _integrate(self, times: list[float], inputs: Counts) -> tuple[Array, str]:
        """CVODE with BDF or Adams by size, then the other one if the first gives up."""
        self._loaded.deterministic_start(inputs)
        runner = self._runner
        runner.setIntegrator("cvode")
        runner.integrator.relative_tolerance = TOLERANCE
        runner.integrator.absolute_tolerance = self._loaded.absolute_tolerance
        runner.integrator.maximum_num_steps = 1_000_000
        bdf_first = len(self._loaded.matrices.floating) <= _STIFF_UP_TO
        failures = []
        for stiff in (bdf_first, not bdf_first):
            runner.integrator.stiff = stiff
            self._reset(inputs)
            try:
                values = self._simulate(times)
            except RuntimeError as error:
                failures.append(_one_line(error))
                continue
            if np.isfinite(values).all():
                return values, "cvode-bdf" if stiff else "cvode-adams"
            failures.append("a count is not finite")
        raise EngineError(f"{self._front.name}: CVODE failed with BDF and Adams: {'; '.join(failures)}")

    def _simulate(self, times: list[float]) -> Array:
        # CVODE complains to the standard error; the exception says the same.
        with quiet_output():
            result = self._runner.simulate(times=_from_zero(times), selections=list(self._loaded.species))
        return np.array(result)[-len(times) :]

    def _reset(self, counts: Counts) -> None:
        self._runner.reset()
        # libRoadRunner's reset leaves clamped species as they were set last.
        for name, count in {**self._clamped, **counts}.items():
            self._runner.setValue(name, float(count))

    def _provenance(self, method: str, **more: int) -> Any:
        return self._loaded.provenance(self._front.name, self._front.version, method, **more)


def _from_zero(times: list[float]) -> list[float]:
    return times if times[0] == 0 else [0.0, *times]


def mapped_bytes() -> int:
    """Address space of this process; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
