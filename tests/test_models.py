"""Every shipped model: its files, in every format, and its decisions."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from crn2sbml.core.network import Network
from crn2sbml.disk import read_text
from crn2sbml.formats.antimony_read import read_antimony
from crn2sbml.formats.antimony_write import write_antimony
from crn2sbml.formats.document import Shape
from crn2sbml.formats.libsbml_checks import complaints
from crn2sbml.formats.sbml_read import read_sbml
from crn2sbml.formats.sbml_write import write_sbml
from tests.formats.test_antimony import assert_same_kinetics
from tests.shipped import (
    document_in,
    every_classifier,
    every_generator,
    every_model,
    every_model_s_files,
    generator_in,
    held_out,
    network_in,
    text_of,
    trained_in,
    usage_in,
)


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


@every_classifier
def test_io_json_names_the_classifier_s_species(folder: Path) -> None:
    usage, classifier = usage_in(folder), trained_in(folder).classifier
    assert (usage.inputs, usage.outputs, usage.latents) == (classifier.input_ids, classifier.output_ids, ())
    assert (usage.omega, usage.input_max) == (classifier.kinetics.omega, classifier.input_max)


@every_generator
def test_io_json_names_the_generator_s_species(folder: Path) -> None:
    usage, generator = usage_in(folder), generator_in(folder).generator
    assert (usage.inputs, usage.outputs) == (generator.class_ids, generator.output_ids)
    assert (usage.latents, usage.omega) == (generator.latent_ids, generator.kinetics.omega)


@every_model
def test_io_json_names_species_of_the_network(folder: Path) -> None:
    usage, net = usage_in(folder), document_in(folder).network
    assert usage.inputs == net.clamped
    assert {*usage.outputs, *usage.latents} <= set(net.floating)


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
    document, made = document_in(folder), network_in(folder)
    counts = {s.id: s.initial for s in document.network.species}
    assert_same_network(made.with_counts(counts), ordered(document.network, made))
    assert read_text(next(folder.glob("model.xml*"))) == write_sbml(document)


def ordered(net: Network, made: Network) -> Network:
    """The network with its reactions named and ordered as the weights make them; a lumped file reorders them."""
    found = {(r.inputs, r.outputs, r.rate): r for r in net.reactions}
    assert len(found) == len(made.reactions)
    return replace(net, reactions=tuple(replace(found[r.inputs, r.outputs, r.rate], id=r.id) for r in made.reactions))


@every_model_s_files
def test_antimony(folder: Path) -> None:
    document = document_in(folder)
    text = read_text(next(folder.glob("model.ant*")))
    back = read_antimony(text)
    made = network_in(folder)
    assert_same_kinetics(ordered(document.network, made), ordered(back.network, made))
    assert_same_kinetics(document.network, read_antimony(write_antimony(document)).network)


@every_classifier
def test_decisions_of_the_closed_form(folder: Path) -> None:
    """Accuracy as the card and the record say, on the whole test part."""
    trained, part = trained_in(folder), held_out(folder)
    right = trained.classifier.readouts(trained.weights, part.images).argmax(axis=1) == part.labels
    assert float(np.mean(right)) == trained.record["accuracy"]["test"]
    assert f"| test | {len(part)} | {np.mean(right):.2%} (" in (folder / "card.md").read_text()
    assert np.mean(right) > 0.97
