"""Every shipped model: its files, in every format, and its decisions."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from crn2sbml.circuits.weights_file import Trained
from crn2sbml.core.network import Network
from crn2sbml.disk import read_text
from crn2sbml.formats.antimony_read import read_antimony
from crn2sbml.formats.antimony_write import write_antimony
from crn2sbml.formats.document import Shape
from crn2sbml.formats.libsbml_checks import complaints
from crn2sbml.formats.sbml_read import read_sbml
from crn2sbml.formats.sbml_write import write_sbml
from tests.formats.test_antimony import assert_same_kinetics
from tests.shipped import document_in, every_model, every_model_s_files, held_out, text_of, trained_in, usage_in


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


@every_model_s_files
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


@every_model_s_files
def test_the_file_is_what_the_weights_make(folder: Path) -> None:
    document, trained = document_in(folder), trained_in(folder)
    counts = {s.id: s.initial for s in document.network.species}
    assert_same_network(
        trained.classifier.network(trained.weights).with_counts(counts), ordered(document.network, trained)
    )
    assert read_text(next(folder.glob("model.xml*"))) == write_sbml(document)


def ordered(net: Network, trained: Trained) -> Network:
    """The network with its reactions named and ordered as the weights make them; a lumped file reorders them."""
    made = trained.classifier.network(trained.weights)
    found = {(r.inputs, r.outputs): r for r in net.reactions}
    assert len(found) == len(made.reactions)
    return replace(net, reactions=tuple(replace(found[r.inputs, r.outputs], id=r.id) for r in made.reactions))


@every_model_s_files
def test_antimony(folder: Path) -> None:
    document = document_in(folder)
    text = read_text(next(folder.glob("model.ant*")))
    back = read_antimony(text)
    trained = trained_in(folder)
    assert_same_kinetics(ordered(document.network, trained), ordered(back.network, trained))
    assert_same_kinetics(document.network, read_antimony(write_antimony(document)).network)


@every_model
def test_decisions_of_the_closed_form(folder: Path) -> None:
    """Accuracy as the card and the record say, on the whole test part."""
    trained, part = trained_in(folder), held_out(folder)
    right = trained.classifier.readouts(trained.weights, part.images).argmax(axis=1) == part.labels
    assert float(np.mean(right)) == trained.record["accuracy"]["test"]
    assert f"| test | {len(part)} | {np.mean(right):.2%} (" in (folder / "card.md").read_text()
    assert np.mean(right) > 0.97
