"""Engines that behave as the tests want, good and bad; child processes import them by `tests.engines.fakes:Name`."""

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from scipy.integrate import solve_ivp

from crn2sbml.core.matrices import Array
from crn2sbml.core.results import moments, trajectories
from crn2sbml.core.steady import check_steady
from crn2sbml.engines.engine import Counts, Limit, Loaded, increasing
from crn2sbml.errors import EngineError
from crn2sbml.lna.stationary import stationary

WHERE = "tests.engines.fakes:"


class Good:
    """A right simulator: SciPy's DOP853, the algebraic LNA, Gillespie's direct method in plain Python."""

    methods: Mapping[str, tuple[str, ...]] = {"ode": ("dop853",), "lna": ("algebraic",), "ssa": ("direct",)}
    limits: tuple[Limit, ...] = ()
    constant_factor = variance_factor = noise_factor = 1.0

    @property
    def name(self) -> str:
        return type(self).__name__

    def load(self, sbml: str) -> "Simulated":
        return Simulated(sbml, self)


class Second(Good):
    """Another right one."""


class WrongConstant(Good):
    """Every rate constant is one per cent too large: counts move too fast."""

    constant_factor = 1.01


class WrongVariance(Good):
    """Its LNA's covariances are one per cent too large, its stochastic counts stray 1.5 times too far."""

    variance_factor, noise_factor = 1.01, 1.5


class WrongNoise(Good):
    """Only its stochastic counts are wrong."""

    methods = {"ssa": ("direct",)}  # noqa: RUF012
    noise_factor = 1.5


class OnlyOde(Good):
    """As many simulators are."""

    methods = {"ode": ("dop853",)}  # noqa: RUF012


class Backwards(Good):
    """Gives its species in another order, which is no error: they are labelled."""


class Small(Good):
    """Takes a single species."""

    limits = (Limit("species", 1, "one is enough"),)


class Crashing(Good):
    """Its LNA ends the process."""


class Hanging(Good):
    """Its ODE never ends."""


class HangingLoad(Good):
    """Loading never ends."""

    def load(self, sbml: str) -> Any:
        time.sleep(1000)


class Odd(Good):
    """Gives results that are none."""


class Refusing(Good):
    """Takes no model."""

    def load(self, sbml: str) -> Any:
        raise EngineError("Refusing: <script>alert('no models & no cheese')</script>")


class Untouchable(Good):
    """Cannot even be made."""

    def __init__(self) -> None:
        raise RuntimeError("no licence")


class Simulated:
    """What a `Good` engine and its kind have loaded."""

    def __init__(self, sbml: str, engine: Good) -> None:
        self._loaded, self._engine = Loaded(sbml), engine
        matrices = self._loaded.matrices
        self._matrices = replace(matrices, constants=matrices.constants * engine.constant_factor)

    def ode(self, times: list[float], inputs: Counts) -> xr.DataArray:
        if isinstance(self._engine, Hanging):
            time.sleep(1000)
        if isinstance(self._engine, Odd):
            return xr.DataArray(np.zeros(3))
        self._loaded.check_reading("the ODE", "deterministic")
        values = self._solve(increasing(times, self._engine.name), inputs)
        result = trajectories(values[None], times, self._loaded.species, self._provenance("dop853"))
        return result.isel(species=slice(None, None, -1)) if isinstance(self._engine, Backwards) else result

    def lna(self, inputs: Counts, t_end: float) -> xr.Dataset:
        if isinstance(self._engine, Crashing):
            os.kill(os.getpid(), 11)
        if isinstance(self._engine, Odd):
            return xr.Dataset({"mean": ("species", [1.0])})
        state = self._solve([0.0, t_end], inputs)[-1]
        check_steady(self._matrices, state, self._engine.name)
        noise = stationary(self._matrices, state)
        covariance = noise.covariance * self._engine.variance_factor
        return moments(noise.mean, covariance, noise.species, self._provenance("lna"))

    def ssa(
        self, times: list[float], inputs: Counts, seed: int, replicates: int, start: Counts | None, algorithm: str
    ) -> Any:
        if isinstance(self._engine, Odd):
            return [1, 2, 3]
        counts = self._loaded.stochastic_start(inputs, start, seed, replicates)
        begin = np.array([counts[name] for name in self._loaded.species], dtype=float)
        generator = np.random.default_rng(seed)
        runs = np.array([gillespie(self._matrices, begin, times, generator) for _ in range(replicates)])
        mean = runs.mean(axis=0)
        runs = mean + (runs - mean) * self._engine.noise_factor
        return trajectories(runs, times, self._loaded.species, self._provenance("direct", seed=seed))

    def _solve(self, times: list[float], inputs: Counts) -> Array:
        counts = {**self._loaded.initial, **self._loaded.check_counts(inputs, whole=False)}
        start = np.array([counts[name] for name in self._loaded.species], dtype=float)
        scale = 1e-14 * max(min(1.0, float(start.max(initial=0.0))), 1e-9)
        run = solve_ivp(
            lambda _, x: self._matrices.derivative(x),
            (0, times[-1]),
            start,
            method="DOP853",
            t_eval=times,
            rtol=1e-10,
            atol=scale,
        )
        return np.asarray(run.y.T)

    def _provenance(self, method: str, **more: int) -> Any:
        return self._loaded.provenance(self._engine.name, "0.1", method, **more)


def gillespie(matrices: Any, start: Array, times: list[float], generator: np.random.Generator) -> Array:
    """One exact run: counts at `times`, (time, species)."""
    changes, counts, now, recorded = matrices.stoichiometry.toarray(), start.copy(), 0.0, []
    for until in times:
        while True:
            speeds = matrices.propensities(counts)
            total = speeds.sum()
            wait = generator.exponential(1 / total) if total > 0 else np.inf
            if now + wait > until:
                now = until  # the exponential law has no memory
                break
            now += wait
            counts = counts + changes[:, generator.choice(len(speeds), p=speeds / total)]
        recorded.append(counts)
    return np.array(recorded)
