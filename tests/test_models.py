"""Every shipped model, in every format and through every engine, against its closed form."""

import hashlib
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crn2sbml.circuits.weights_file import Trained, unpack_weights
from crn2sbml.core.network import Network
from crn2sbml.engines.registry import engine_names, get_engine
from crn2sbml.formats.antimony_read import read_antimony
from crn2sbml.formats.antimony_write import write_antimony
from crn2sbml.formats.document import Document, Shape
from crn2sbml.formats.libsbml_checks import complaints
from crn2sbml.formats.sbml_read import read_sbml, read_sbml_file
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.formats.usage import Usage, read_io_json
from crn2sbml.training.data import Part
from crn2sbml.training.recipes import get_recipe
from crn2sbml.verify.agreement import covariance_difference
from crn2sbml.verify.round_trip import round_trip, ssa_snapshots
from tests.formats.test_antimony import assert_same_kinetics

FOLDERS = sorted(path.parent for path in (Path(__file__).parents[1] / "models").glob("*/model.xml*"))
NONE = pytest.param(None, id="none", marks=pytest.mark.skip(reason="models/ holds no model"))
every_model = pytest.mark.parametrize("folder", [pytest.param(f, id=f.name) for f in FOLDERS] or [NONE])
IMAGES = 3


@lru_cache
def trained_in(folder: Path) -> Trained:
    return unpack_weights((folder / "weights.npz").read_bytes(), str(folder))


@lru_cache
def document_in(folder: Path) -> Document:
    return read_sbml_file(next(folder.glob("model.xml*")))


@lru_cache
def text_of(folder: Path, shape: Shape) -> str:
    return write_sbml(replace(document_in(folder), shape=shape))


def usage_in(folder: Path) -> Usage:
    return read_io_json((folder / "io.json").read_text())


def held_out(folder: Path) -> Part:
    return get_recipe(trained_in(folder).classifier.name).data().test


def assert_same_network(net: Network, other: Network) -> None:
    assert other.species == net.species
    assert_same_kinetics(net, other)


@every_model
def test_checksums(folder: Path) -> None:
    listed = dict(reversed(line.split("  ")) for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert sorted(listed) == sorted(p.name for p in folder.iterdir() if p.name != "SHA256SUMS")
    for name, digest in listed.items():
        content = (folder / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest, name
        if name != "card.md":
            assert digest in (folder / "card.md").read_text(), name


@every_model
def test_io_json_names_the_classifier_s_species(folder: Path) -> None:
    usage, classifier = usage_in(folder), trained_in(folder).classifier
    assert (usage.inputs, usage.outputs) == (classifier.input_ids, classifier.output_ids)
    assert (usage.omega, usage.input_max) == (classifier.kinetics.omega, classifier.input_max)
    net = document_in(folder).network
    assert usage.inputs == net.clamped
    assert set(usage.outputs) <= set(net.floating)


@every_model
@pytest.mark.parametrize("shape", ["elementary", "lumped"])
def test_sbml(folder: Path, shape: Shape) -> None:
    document, text = document_in(folder), text_of(folder, shape)
    back = read_sbml(text)
    assert back.shape == shape
    assert write_sbml(back) == text
    assert complaints(text) == []
    assert back.metadata == document.metadata
    reactions = {r.id: r for r in document.network.reactions}
    assert len(back.network.reactions) == len(reactions)
    # A lumped file gives its channels back in their own order, and so its reactions other names.
    by_parts = {(r.inputs, r.outputs, r.rate) for r in back.network.reactions}
    assert by_parts == {(r.inputs, r.outputs, r.rate) for r in document.network.reactions}
    assert back.network.species == document.network.species
    assert back.network.parameters == document.network.parameters


@every_model
def test_the_file_is_what_the_weights_make(folder: Path) -> None:
    document, trained = document_in(folder), trained_in(folder)
    counts = {s.id: s.initial for s in document.network.species}
    assert_same_network(
        trained.classifier.network(trained.weights).with_counts(counts), ordered(document.network, trained)
    )
    path = next(folder.glob("model.xml*"))
    if path.suffix == ".xml":
        assert path.read_text() == write_sbml(document)


def ordered(net: Network, trained: Trained) -> Network:
    """The network with its reactions named and ordered as the weights make them; a lumped file reorders them."""
    made = trained.classifier.network(trained.weights)
    found = {(r.inputs, r.outputs): r for r in net.reactions}
    assert len(found) == len(made.reactions)
    return replace(net, reactions=tuple(replace(found[r.inputs, r.outputs], id=r.id) for r in made.reactions))


@every_model
def test_antimony(folder: Path) -> None:
    document = document_in(folder)
    text = (folder / "model.ant").read_text()
    back = read_antimony(text)
    trained = trained_in(folder)
    assert_same_kinetics(ordered(document.network, trained), ordered(back.network, trained))
    assert_same_kinetics(document.network, read_antimony(write_antimony(document)).network)


@lru_cache
def simulation_of(folder: Path, engine: str, shape: Shape) -> Any:
    return get_engine(engine).load(text_of(folder, shape))


# COPASI takes a minute to import thousands of elementary reactions.
WAYS = [pytest.param(*way, marks=pytest.mark.slow if way == ("copasi", "elementary") else ()) for way in (
    ("roadrunner", "lumped"), ("roadrunner", "elementary"), ("copasi", "lumped"), ("copasi", "elementary"),
)]  # fmt: skip


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
def test_closed_form_and_lna_in_every_engine(folder: Path) -> None:
    usage, trained = usage_in(folder), trained_in(folder)
    for image in held_out(folder).images[:IMAGES]:
        inputs, found = usage.input_counts(image), []
        for engine in engine_names():
            found.append(simulation_of(folder, engine, "lumped").lna(inputs, usage.t_end))
            mean = found[-1]["mean"].sel(species=list(usage.outputs))
            np.testing.assert_allclose(mean, trained.classifier.readouts(trained.weights, image), rtol=1e-6)
        names = found[0].species.values
        ours, theirs = (result["covariance"].sel(species=names, species_=names) for result in found)
        assert covariance_difference(theirs, ours) < 1e-5
        assert float(np.diag(ours).max()) > 1  # there is noise


@every_model
def test_closed_form_and_ssa(folder: Path) -> None:
    """One snapshot an image, three seconds after the steady state: read-outs forget their start at exp(-t)."""
    usage, part, trained = usage_in(folder), held_out(folder), trained_in(folder)
    images, simulation = part.images[:IMAGES], simulation_of(folder, "roadrunner", "lumped")
    snapshots = np.concatenate(list(ssa_snapshots(text_of(folder, "lumped"), usage, images, seed=11, seconds=3.0)))
    scores = []
    for image, snapshot in zip(images, snapshots, strict=True):
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


@every_model
def test_decisions_of_the_closed_form(folder: Path) -> None:
    """Accuracy as the card and the record say, on the whole test part."""
    trained, part = trained_in(folder), held_out(folder)
    right = trained.classifier.readouts(trained.weights, part.images).argmax(axis=1) == part.labels
    assert float(np.mean(right)) == trained.record["accuracy"]["test"]
    assert f"| test | {len(part)} | {np.mean(right):.2%} (" in (folder / "card.md").read_text()
    assert np.mean(right) > 0.97
