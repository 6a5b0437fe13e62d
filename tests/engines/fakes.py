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
from crn2sbml.core.steady import check_steady
from crn2sbml.engines.engine import Limit, Simulation
from crn2sbml.engines.loaded import Counts
from crn2sbml.errors import EngineError
from crn2sbml.lna.stationary import stationary

WHERE = "tests.engines.fakes:"


class Good:
    """A right simulator: SciPy's DOP853, the algebraic LNA, Gillespie's direct method in plain Python."""

    methods: Mapping[str, tuple[str, ...]] = {"ode": ("dop853",), "lna": ("algebraic",), "ssa": ("direct",)}
    limits: tuple[Limit, ...] = ()
    feeds = False
    constant_factor = variance_factor = noise_factor = 1.0

    @property
    def name(self) -> str:
        return type(self).__name__

    version = "0.1"

    def load(self, sbml: str) -> Any:
        return Simulated(self, sbml)


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

    def load(self, sbml: str) -> Any:
        return Turned(Simulated(self, sbml))


class Small(Good):
    """Takes a single species."""

    limits = (Limit("species", 1, "one is enough"),)


class Crashing(Good):
    """Its LNA ends the process."""

    def load(self, sbml: str) -> Any:
        simulation = Simulated(self, sbml)
        simulation.lna = lambda *arguments: crash()
        return simulation


class Hanging(Good):
    """Its ODE never ends."""

    def load(self, sbml: str) -> Any:
        simulation = Simulated(self, sbml)
        simulation.ode = lambda *arguments: hang()
        return simulation


class Raising(Good):
    """Its ODE lets an error of its own through."""

    def load(self, sbml: str) -> Any:
        simulation = Simulated(self, sbml)
        simulation.ode = lambda *arguments: [].pop()
        return simulation


class Dying(Good):
    """Its ODE ends the process."""

    def load(self, sbml: str) -> Any:
        simulation = Simulated(self, sbml)
        simulation.ode = lambda *arguments: crash()
        return simulation


class HangingLoad(Good):
    """Loading never ends."""

    def load(self, sbml: str) -> Any:
        hang()


class Odd(Good):
    """Gives results that are none."""

    def load(self, sbml: str) -> Any:
        return Nonsense()


class Refusing(Good):
    """Takes no model."""

    def load(self, sbml: str) -> Any:
        raise EngineError("Refusing: <script>alert('no models & no cheese')</script>")


class Untouchable(Good):
    """Cannot even be made."""

    def __init__(self) -> None:
        raise RuntimeError("no licence")


class Simulated(Simulation):
    """What a `Good` engine and its kind have loaded."""

    def __init__(self, engine: Good, sbml: str) -> None:
        super().__init__(engine, sbml)
        self._wrong = replace(self.matrices, constants=self.matrices.constants * engine.constant_factor)

    def _integrate(self, times: list[float], counts: Counts, absolute: float) -> tuple[Array, str]:
        start = np.array(list(counts.values()))
        run = solve_ivp(
            lambda _, x: self._wrong.derivative(x),
            (0, times[-1]),
            start,
            method="DOP853",
            t_eval=times,
            rtol=1e-10,
            atol=absolute,
        )
        return np.asarray(run.y.T), "dop853"

    def _noise(self, inputs: Counts, t_end: float) -> tuple[Array, Array]:
        result, scale = self._solve([0.0, t_end], inputs)
        state = result.values[0, -1]
        check_steady(self._wrong, state, self._engine.name, scale)
        noise = stationary(self._wrong, state)
        return noise.mean, noise.covariance * self._engine.variance_factor

    def _sample(self, times: list[float], counts: Counts, seeds: list[int], algorithm: str) -> Array:
        begin, generator = np.array(list(counts.values())), np.random.default_rng(seeds[0])
        runs = np.array([gillespie(self._wrong, begin, times, generator) for _ in seeds])
        mean = runs.mean(axis=0)
        return mean + (runs - mean) * self._engine.noise_factor


class Nonsense:
    """Answers, but with no results."""

    def ode(self, *arguments: object) -> xr.DataArray:
        return xr.DataArray(np.zeros(3))

    def lna(self, *arguments: object) -> xr.Dataset:
        return xr.Dataset({"mean": ("species", [1.0])})

    def ssa(self, *arguments: object) -> list[int]:
        return [1, 2, 3]


class Turned:
    """A simulation whose ODE results come in another order."""

    def __init__(self, simulation: Simulated) -> None:
        self._simulation = simulation
        self.lna, self.ssa = simulation.lna, simulation.ssa

    def ode(self, *arguments: Any) -> xr.DataArray:
        return self._simulation.ode(*arguments).isel(species=slice(None, None, -1))


def hang() -> None:
    time.sleep(1000)


def crash() -> None:
    os.kill(os.getpid(), 11)


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
