"""Every shipped model through every engine: against its closed form, and every engine against every other."""

from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crn2sbml.core.matrices import Array
from crn2sbml.engines.registry import engine_names, get_engine, is_installed
from crn2sbml.formats.document import Shape
from crn2sbml.formats.usage import Usage
from crn2sbml.verify.agreement import covariance_difference
from crn2sbml.verify.round_trip import round_trip, ssa_snapshots
from tests.engines.contract import methods_of
from tests.shipped import every_model, held_out, text_of, trained_in, usage_in

IMAGES = 3

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


def param(*values: Any, engines: tuple[str, ...], slow: bool = False) -> Any:
    absent = [name for name in engines if not is_installed(name)]
    marks = [pytest.mark.skip(reason=f"{' and '.join(absent)} not installed")] if absent else []
    if slow or any(name in HEAVY for name in engines):
        marks.append(pytest.mark.slow)
    return pytest.param(*values, marks=marks, id="-".join(values))


def with_method(method: str) -> pytest.MarkDecorator:
    names = [name for name in engine_names() if method in methods_of(name) or not is_installed(name)]
    return pytest.mark.parametrize("engine", [param(name, engines=(name,)) for name in names])


WAYS = [param(name, "lumped", engines=(name,)) for name in engine_names()] + [
    param(name, "elementary", engines=(name,), slow=name in HEAVY_IF_ELEMENTARY)
    for name in engine_names()
    if name not in HEAVY
]
PAIRS = [param(*pair, engines=pair) for pair in combinations(engine_names(), 2)]


@lru_cache
def simulation_of(folder: Path, engine: str, shape: Shape = "lumped") -> Any:
    return get_engine(engine).load(text_of(folder, shape))


@lru_cache
def steady_states(folder: Path, engine: str) -> Array:
    """Counts of all species for some images, shape (images, species)."""
    usage, simulation = usage_in(folder), simulation_of(folder, engine)
    inputs = [usage.input_counts(image) for image in held_out(folder).images[:IMAGES]]
    return np.array([simulation.steady_state(counts, usage.t_end).values[0, 0] for counts in inputs])


@every_model
@pytest.mark.parametrize(("engine", "shape"), WAYS)
def test_closed_form_and_ode(folder: Path, engine: str, shape: Shape) -> None:
    usage, trained, images = usage_in(folder), trained_in(folder), held_out(folder).images[:IMAGES]
    simulation = simulation_of(folder, engine, shape)
    for image in images:
        inputs = usage.input_counts(image)
        state = simulation.steady_state(inputs, usage.t_end).sel(species=list(usage.outputs)).values[0, 0]
        run = simulation.ode([0.0, usage.t_end], inputs).sel(species=list(usage.outputs)).values[0, -1]
        expected = trained.classifier.readouts(trained.weights, image)
        for found in (state, run):
            np.testing.assert_allclose(found, expected, rtol=1e-6)
            assert found.argmax() == expected.argmax()


@every_model
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_every_pair_of_simulators_reaches_the_same_state(folder: Path, one: str, other: str) -> None:
    """All species: 1e-6 relative; rectifiers that are off hold next to nothing, and are held to 1e-8 items."""
    np.testing.assert_allclose(steady_states(folder, one), steady_states(folder, other), rtol=1e-6, atol=1e-8)


@every_model
@with_method("lna")
def test_closed_form_and_lna(folder: Path, engine: str) -> None:
    usage, trained = usage_in(folder), trained_in(folder)
    reference = "copasi" if engine == "roadrunner" else "roadrunner"
    for image in held_out(folder).images[:IMAGES]:
        inputs = usage.input_counts(image)
        ours, theirs = (simulation_of(folder, name).lna(inputs, usage.t_end) for name in (reference, engine))
        mean = theirs["mean"].sel(species=list(usage.outputs))
        np.testing.assert_allclose(mean, trained.classifier.readouts(trained.weights, image), rtol=1e-6)
        names = ours.species.values
        assert covariance_difference(theirs["covariance"].sel(species=names, species_=names), ours["covariance"]) < 1e-5
        assert float(np.diag(ours["covariance"]).max()) > 1  # there is noise


@every_model
@with_method("ssa")
def test_closed_form_and_ssa(folder: Path, engine: str) -> None:
    """One snapshot an image, three seconds after the steady state: read-outs forget their start at exp(-t)."""
    usage, images = usage_in(folder), held_out(folder).images[:IMAGES]
    simulation, floating = (
        simulation_of(folder, engine),
        list(simulation_of(folder, "roadrunner").matrices.floating_species),
    )
    snapshots = []
    for number, image in enumerate(images):
        inputs = usage.input_counts(image)
        steady = simulation_of(folder, "roadrunner").steady_state(inputs, usage.t_end).sel(species=floating)
        start = dict(zip(floating, np.rint(steady.values[0, 0]).tolist(), strict=True))
        run = simulation.ssa([0.0, 3.0], inputs, 11 + number, start=start)
        snapshots.append(run.sel(species=list(usage.outputs)).values[0, -1])
    assert_near_the_closed_form(folder, usage, np.array(snapshots))


@every_model
def test_closed_form_and_snapshots_in_processes_of_their_own(folder: Path) -> None:
    usage, images = usage_in(folder), held_out(folder).images[:IMAGES]
    snapshots = np.concatenate(list(ssa_snapshots(text_of(folder, "lumped"), usage, images, seed=11, seconds=3.0)))
    assert_near_the_closed_form(folder, usage, snapshots)


def assert_near_the_closed_form(folder: Path, usage: Usage, snapshots: Array) -> None:
    trained, simulation, scores = trained_in(folder), simulation_of(folder, "roadrunner"), []
    for image, snapshot in zip(held_out(folder).images[:IMAGES], snapshots, strict=True):
        expected = trained.classifier.readouts(trained.weights, image)
        noise = simulation.lna(usage.input_counts(image), usage.t_end)["covariance"]
        sd = np.sqrt([float(noise.sel(species=name, species_=name)) for name in usage.outputs])
        many = expected > 20  # items; below that the law is no Gaussian
        scores += ((snapshot - expected)[many] / sd[many]).tolist()
        assert snapshot.argmax() == expected.argmax()
    assert len(scores) >= IMAGES
    # Correlated numbers; the LNA's own error in the mean is below a tenth of an sd here.
    assert np.abs(scores).max() < 4


@pytest.mark.slow
@every_model
def test_every_way_of_running_it_agrees(folder: Path) -> None:
    """ODE, LNA and SSA in libRoadRunner, ODE and LNA in COPASI."""
    part, trained = held_out(folder), trained_in(folder)
    images, labels = part.images[:IMAGES], part.labels[:IMAGES].tolist()
    expected = trained.classifier.readouts(trained.weights, images)
    result = round_trip(text_of(folder, "lumped"), usage_in(folder), images, expected, labels, seed=11, precision=0.1)
    assert [str(agreement) for agreement in result.agreements if not agreement.holds] == []
