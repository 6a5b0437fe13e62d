"""One example through one simulator: what each worker process does, from SBML text and counts alone."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from crn2sbml.core.matrices import Array
from crn2sbml.core.results import Provenance
from crn2sbml.core.units import ITEM, SECOND
from crn2sbml.engines.copasi import CopasiEngine
from crn2sbml.engines.roadrunner import RoadRunnerEngine
from crn2sbml.formats.usage import Usage
from crn2sbml.lna.correction import mean_correction
from crn2sbml.lna.stationary import stationary
from crn2sbml.verify.stationary_samples import FINER, sample_stationary


def roadrunner_readouts(sbml: str, usage: Usage, examples: Sequence[Array]) -> Array:
    """Deterministic steady read-outs of libRoadRunner, items, shape (examples, outputs)."""
    simulation = RoadRunnerEngine().load(sbml)
    outputs = list(usage.outputs)
    states = (simulation.steady_state(usage.input_counts(example), usage.t_end) for example in examples)
    return np.array([state.sel(species=outputs).values[0, 0] for state in states])


def roadrunner_run(sbml: str, usage: Usage, example: Array, seed: int, relative_error: float) -> xr.Dataset:
    """ODE, LNA and SSA of one example in libRoadRunner.

    Returns: `state` over all species; `covariance` over floating species; `ode`, `lna_mean`, `lna_sd`, `correction` (of
        the LNA's mean, to the next order) and `standard_error` (of the SSA mean) over output; `trace` over (time,
        output), whose every `FINER`-th point after the first is a sample of the stationary law.
    """
    simulation = RoadRunnerEngine().load(sbml)
    inputs, outputs = usage.input_counts(example), list(usage.outputs)
    state = simulation.steady_state(inputs, usage.t_end)
    noise = stationary(simulation.matrices, state.values[0, 0])
    correction = mean_correction(simulation.matrices, state.values[0, 0], noise)
    samples = sample_stationary(simulation, inputs, noise, outputs, relative_error, seed)
    return _labelled(
        outputs,
        {
            "state": ("species", state.values[0, 0]),
            "covariance": (("floating", "floating_"), noise.covariance),
            "trace": (("time", "output"), samples.trace),
            "standard_error": ("output", samples.standard_error),
            "ode": ("output", state.sel(species=outputs).values[0, 0]),
            **_moments(noise.mean, noise.covariance, noise.species, outputs),
            "correction": ("output", correction[[noise.species.index(name) for name in outputs]]),
        },
        state.attrs | {"seed": seed},
        species=state.species.values.tolist(),
        floating=list(noise.species),
        floating_=list(noise.species),
        time=("time", samples.times, {"units": SECOND}),
    )


def copasi_runs(sbml: str, usage: Usage, examples: Sequence[Array]) -> list[xr.Dataset]:
    """COPASI's ODE steady state and its LNA task for each example: `covariance`, `ode`, `lna_mean`, `lna_sd`."""
    simulation = CopasiEngine().load(sbml)
    outputs, runs = list(usage.outputs), []
    for example in examples:
        inputs = usage.input_counts(example)
        state = simulation.steady_state(inputs, usage.t_end)
        noise = simulation.lna(inputs, usage.t_end)
        species = tuple(noise.species.values.tolist())
        covariance = noise["covariance"].values
        runs.append(
            _labelled(
                outputs,
                {
                    "covariance": (("floating", "floating_"), covariance),
                    "ode": ("output", state.sel(species=outputs).values[0, 0]),
                    **_moments(noise["mean"].values, covariance, species, outputs),
                },
                noise.attrs,
                floating=list(species),
                floating_=list(species),
            )
        )
    return runs


def samples_of(run: xr.Dataset) -> xr.DataArray:
    """The samples in a run's trace, over (time, output)."""
    return run["trace"][FINER::FINER]


def _moments(
    mean: Array, covariance: Array, species: Sequence[str], outputs: list[str]
) -> dict[str, tuple[str, Array]]:
    rows = [species.index(name) for name in outputs]
    sd = np.sqrt(np.diag(covariance)[rows].clip(min=0))
    return {"lna_mean": ("output", mean[rows]), "lna_sd": ("output", sd)}


def _labelled(
    outputs: list[str], variables: Mapping[str, tuple[object, Array]], attributes: Provenance, **coords: object
) -> xr.Dataset:
    units = {name: f"{ITEM}^2" if name == "covariance" else ITEM for name in variables}
    return xr.Dataset(
        {name: (dims, values, {"units": units[name]}) for name, (dims, values) in variables.items()},
        {"output": outputs, **coords},
        dict(attributes),
    )
