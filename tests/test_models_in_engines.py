"""Every shipped model through every engine: against its closed form, and every engine against every other."""

from collections.abc import Collection
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from crn2sbml.core.matrices import Array
from crn2sbml.engines.isolated import IsolatedSimulation
from crn2sbml.engines.registry import engine_names, get_engine, is_installed
from crn2sbml.formats.document import Shape
from crn2sbml.formats.usage import Usage
from crn2sbml.verify.agreement import covariance_difference
from crn2sbml.verify.decisions import stochastic_readouts
from crn2sbml.verify.round_trip import round_trip
from tests.engines.contract import methods_of
from tests.shipped import (
    CASES,
    cases_in,
    every_large_model,
    every_small_classifier,
    every_small_model,
    held_out,
    makes_pictures,
    text_of,
    trained_in,
    usage_in,
)

HEAVY = {
    "amici": "compiles for minutes",
    "gillespy2": "integrates for ten seconds an image",
    "pysces": "integrates for ten seconds an image",
    "sbmltoodejax": "compiles for minutes",
}
"""Engines that are slow on hundreds of species."""

HEAVY_IF_ELEMENTARY = {
    "bioscrape": "integrates for seconds an image",
    "copasi": "imports thousands of reactions for up to a minute",
}

HEAVY_TO_SAMPLE = {"bioscrape": "computes every propensity after every event"}


def param(*values: Any, engines: tuple[str, ...], slow: bool = False) -> Any:
    marks = [pytest.mark.simulators(*engines)]
    if slow or any(name in HEAVY for name in engines):
        marks.append(pytest.mark.slow)
    return pytest.param(*values, marks=marks, id="-".join(values))


def with_method(method: str, slow: Collection[str] = ()) -> pytest.MarkDecorator:
    names = [name for name in engine_names() if method in methods_of(name) or not is_installed(name)]
    return pytest.mark.parametrize("engine", [param(name, engines=(name,), slow=name in slow) for name in names])


SOLVERS = [name for name in engine_names() if "ode" in methods_of(name) or not is_installed(name)]
WAYS = [param(name, "lumped", engines=(name,)) for name in SOLVERS] + [
    param(name, "elementary", engines=(name,), slow=name in HEAVY_IF_ELEMENTARY)
    for name in SOLVERS
    if name not in HEAVY
]
PAIRS = [param(*pair, engines=pair) for pair in combinations(SOLVERS, 2)]


@lru_cache
def simulation_of(folder: Path, engine: str, shape: Shape = "lumped") -> Any:
    return get_engine(engine).load(text_of(folder, shape))


@lru_cache
def steady_states(folder: Path, engine: str, shape: Shape = "lumped") -> list[xr.DataArray]:
    """Counts of all species in each case."""
    simulation = simulation_of(folder, engine, shape)
    return [simulation.steady_state(case.inputs, usage_in(folder).t_end)[0, 0] for case in cases_in(folder)]


@lru_cache
def noise_of(folder: Path, engine: str) -> list[xr.Dataset]:
    """The LNA in each case."""
    simulation = simulation_of(folder, engine)
    return [simulation.lna(case.inputs, usage_in(folder).t_end) for case in cases_in(folder)]


@every_small_model
@pytest.mark.parametrize(("engine", "shape"), WAYS)
def test_closed_form_and_ode(folder: Path, engine: str, shape: Shape) -> None:
    usage, simulation = usage_in(folder), simulation_of(folder, engine, shape)
    for case, state in zip(cases_in(folder), steady_states(folder, engine, shape), strict=True):
        run = simulation.ode([0.0, usage.t_end], case.inputs)[0, -1]
        for found in (state, run):
            np.testing.assert_allclose(found.sel(species=list(usage.outputs)).values, case.outputs, rtol=1e-6)


@every_large_model
def test_closed_form_and_ode_of_a_large_model(folder: Path) -> None:
    """In the one simulator that takes it, in a process of its own: beside much else it compiles for an hour."""
    usage = usage_in(folder)
    with IsolatedSimulation("roadrunner", text_of(folder, "lumped"), time_limit=3600) as simulation:
        for case in cases_in(folder):
            state = simulation.steady_state(case.inputs, usage.t_end)[0, 0]
            np.testing.assert_allclose(state.sel(species=list(usage.outputs)).values, case.outputs, rtol=1e-6)


@every_small_model
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_every_pair_of_simulators_reaches_the_same_state(folder: Path, one: str, other: str) -> None:
    """All species: 1e-6 relative; rectifiers that are off hold next to nothing, and are held to 1e-8 items."""
    for ours, theirs in zip(steady_states(folder, one), steady_states(folder, other), strict=True):
        assert theirs.species.values.tolist() == ours.species.values.tolist()
        np.testing.assert_allclose(theirs.values, ours.values, rtol=1e-6, atol=1e-8)


@every_small_model
@with_method("lna")
def test_closed_form_and_lna(folder: Path, engine: str) -> None:
    reference = noise_of(folder, "copasi" if engine == "roadrunner" else "roadrunner")
    for case, ours, theirs in zip(cases_in(folder), reference, noise_of(folder, engine), strict=True):
        mean = theirs["mean"].sel(species=list(usage_in(folder).outputs))
        np.testing.assert_allclose(mean, case.outputs, rtol=1e-6)
        names = ours.species.values
        assert covariance_difference(theirs["covariance"].sel(species=names, species_=names), ours["covariance"]) < 1e-5
        assert float(np.diag(ours["covariance"]).max()) > 1  # there is noise


@every_small_model
@with_method("ssa", slow=HEAVY_TO_SAMPLE)
def test_closed_form_and_ssa(folder: Path, engine: str) -> None:
    """One snapshot a case, three seconds after the steady state: read-outs forget their start at exp(-t)."""
    usage, simulation = usage_in(folder), simulation_of(folder, engine)
    floating, snapshots = list(simulation_of(folder, "roadrunner").matrices.floating_species), []
    for number, (case, state) in enumerate(zip(cases_in(folder), steady_states(folder, "roadrunner"), strict=True)):
        start = dict(zip(floating, np.rint(state.sel(species=floating).values).tolist(), strict=True))
        run = simulation.ssa([0.0, 3.0], case.inputs, 11 + number, start=start)
        snapshots.append(run.sel(species=list(usage.outputs)).values[0, -1])
    assert_near_the_closed_form(folder, usage, np.array(snapshots))


@every_small_classifier
def test_closed_form_and_snapshots_of_what_starts_empty(folder: Path) -> None:
    usage, images = usage_in(folder), held_out(folder).images[:CASES]
    snapshots = stochastic_readouts(text_of(folder, "lumped"), usage, images, seed=11)[:, 0]
    assert_near_the_closed_form(folder, usage, snapshots)


def assert_near_the_closed_form(folder: Path, usage: Usage, snapshots: Array) -> None:
    scores: list[float] = []
    for case, snapshot, noise in zip(cases_in(folder), snapshots, noise_of(folder, "roadrunner"), strict=True):
        sd = np.sqrt([float(noise["covariance"].sel(species=name, species_=name)) for name in usage.outputs])
        many = case.outputs > 20  # items; below that the law is no Gaussian
        scores += ((snapshot - case.outputs)[many] / sd[many]).tolist()
        assert makes_pictures(folder) or snapshot.argmax() == case.outputs.argmax()
    assert len(scores) >= CASES
    # Correlated numbers; the LNA's own error in the mean is below a tenth of an sd here.
    assert np.abs(scores).max() < 4


@pytest.mark.slow
@every_small_classifier
def test_every_way_of_running_it_agrees(folder: Path) -> None:
    """ODE, LNA and SSA in libRoadRunner, ODE and LNA in COPASI."""
    part, trained = held_out(folder), trained_in(folder)
    images, labels = part.images[:CASES], part.labels[:CASES].tolist()
    expected = trained.classifier.readouts(trained.weights, images)
    result = round_trip(text_of(folder, "lumped"), usage_in(folder), images, expected, labels, seed=11, precision=0.1)
    assert [str(agreement) for agreement in result.agreements if not agreement.holds] == []
