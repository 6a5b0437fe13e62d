import re
from pathlib import Path
from typing import get_args

import libsbml
import numpy as np
import pytest
from hypothesis import given, settings

from crn2sbml.core.matrices import Matrices
from crn2sbml.core.network import Network, Parameter, Reaction, Species
from crn2sbml.engines.registry import get_engine
from crn2sbml.errors import FormatError
from crn2sbml.formats.document import Document, Metadata, Shape
from crn2sbml.formats.libsbml_checks import complaints
from crn2sbml.formats.sbml_levels import LEVELS
from crn2sbml.formats.sbml_read import read_sbml, read_sbml_file
from crn2sbml.formats.sbml_write import write_sbml
from tests.formats.test_sbml_write import METADATA, pairs, single
from tests.reference.random_networks import networks

OTHER_LEVELS = [level for level in LEVELS if level != "L3V2"]
levels = pytest.mark.parametrize("level", OTHER_LEVELS)


def documents(net: Network, metadata: Metadata = METADATA) -> list[Document]:
    readings = ("deterministic", "stochastic") if net.has_repeated_reactants else ("any",)
    return [Document(net, metadata, shape, reading) for shape in get_args(Shape) for reading in readings]  # type: ignore[arg-type]


def kinetics(document: Document, counts: np.ndarray) -> np.ndarray:
    """Rates of change and noise intensity by the laws of the file's reading, over all species."""
    matrices = Matrices.of(document.network)
    speed = matrices.propensities(counts) if document.reading == "stochastic" else matrices.rates(counts)
    return np.concatenate([matrices.stoichiometry @ speed, matrices.stoichiometry.power(2) @ speed])


def assert_same(written: Document, back: Document) -> None:
    assert back.network.species == written.network.species
    assert back.metadata == written.metadata
    for seed in range(3):
        counts = np.random.default_rng(seed).integers(0, 9, len(written.network.species)).astype(float)
        np.testing.assert_allclose(kinetics(back, counts), kinetics(written, counts), rtol=1e-12, atol=1e-9)


@levels
@pytest.mark.parametrize(
    "document",
    [d for net in (pairs(), single()) for d in documents(net)],
    ids=lambda d: f"{d.network.id}-{d.shape}-{d.reading}",
)
def test_a_document_comes_back_from_every_level(document: Document, level: str) -> None:
    text = write_sbml(document, level)
    assert complaints(text) == []
    assert text == write_sbml(document, level)
    sbml = libsbml.readSBMLFromString(text)
    assert (sbml.getLevel(), sbml.getVersion()) == LEVELS[level]
    back = read_sbml(text)
    assert_same(document, back)
    assert (back.shape, back.reading) == (document.shape, document.reading)
    assert write_sbml(back) == write_sbml(document), "and so back to Level 3 Version 2, byte by byte"


@settings(max_examples=25, deadline=None)
@given(networks())
def test_random_networks_are_clean_in_every_level(net: Network) -> None:
    for document in documents(net, Metadata()):
        expected = read_sbml(write_sbml(document))
        for level in OTHER_LEVELS:
            text = write_sbml(document, level)
            assert complaints(text) == []
            back = read_sbml(text)
            counts = np.arange(3.0, 3 + len(net.species))
            np.testing.assert_allclose(kinetics(back, counts), kinetics(expected, counts), rtol=1e-12, atol=1e-9)
            assert (back.shape, back.reading) == (expected.shape, expected.reading)


def test_level_2_takes_no_numbers_with_units() -> None:
    """The items in k x (x - 1 item) are parameters there, and their names are not taken from anybody else."""
    net = Network(
        "taken",
        (Species("items_1", 5), Species("B")),
        (Parameter("k", 0.1), Parameter("items_2", 2.0)),
        (
            Reaction("two", (("items_1", 2),), (("B", 1),), "k"),
            Reaction("three", (("items_1", 3),), (), "items_2"),
            Reaction("again", (("B", 2),), (), "k"),
        ),
    )
    document = Document(net, reading="stochastic")
    text = write_sbml(document, "L2V4")
    assert complaints(text) == []
    assert "sbml:units" not in text
    model = libsbml.readSBMLFromString(text).getModel()
    assert [model.getParameter(i).getId() for i in range(4)] == ["k", "items_2", "items_1_", "items_2_"]
    assert libsbml.formulaToL3String(model.getReaction("three").getKineticLaw().getMath()) == (
        "items_2 * items_1 * (items_1 - items_1_) * (items_1 - items_2_)"
    )
    assert_same(Document(net, reading="stochastic"), read_sbml(text))


@levels
def test_clean_metadata_of_any_kind(level: str) -> None:
    for metadata in (
        Metadata(),
        Metadata(title="only <this>"),
        Metadata(notes=("one & two",)),
        Metadata(creators=("somebody",), created="2024-05-06T07:08:09Z"),
        Metadata(terms=METADATA.terms),
        METADATA,
    ):
        text = write_sbml(Document(single(), metadata), level)
        assert complaints(text) == []
        assert read_sbml(text).metadata == metadata


@levels
@pytest.mark.parametrize("name", ["time", "pi", "avogadro", "substance", "volume", "item"])
def test_names_that_mean_something_elsewhere(name: str, level: str) -> None:
    net = Network("m", (Species(name, 4),), (Parameter("k", 2.0),), (Reaction("r", ((name, 2),), (), "k"),))
    for document in documents(net, Metadata()):
        text = write_sbml(document, level)
        assert complaints(text) == []
        assert_same(document, read_sbml(text))


@levels
def test_nothing_from_nothing_can_be_written_in_level_3_version_2_only(level: str) -> None:
    idle = Reaction("idle", (), (), "b")
    net = Network(
        "m", (Species("A", 3),), (Parameter("b", 2.0),), (idle, Reaction("make", (), (("A", 1),), "b"), idle2())
    )
    assert len(read_sbml(write_sbml(Document(net))).network.reactions) == 3
    text = write_sbml(Document(net), level)
    assert complaints(text) == []
    assert [r.id for r in read_sbml(text).network.reactions] == ["make"]


def idle2() -> Reaction:
    return Reaction("idle_too", (), (), "b")


@levels
def test_empty_networks(level: str) -> None:
    for net in (Network("nothing", (), (), ()), Network("still", (Species("A", 3),), (Parameter("k", 1.0),), ())):
        text = write_sbml(Document(net), level)
        assert complaints(text) == []
        assert read_sbml(text).network == net


def test_a_level_that_is_not_written_is_refused() -> None:
    with pytest.raises(FormatError, match=r"no SBML level 'L2V3'.*L2V4"):
        write_sbml(Document(single()), "L2V3")


@pytest.fixture(scope="module")
def reference() -> dict[tuple[str, str], np.ndarray]:
    """Counts of each engine from the default level; the others must give the same."""
    return {}


TIMES = [0.0, 0.5, 2.0, 8.0]


@pytest.mark.parametrize("engine", ["roadrunner", "copasi"])
@levels
@pytest.mark.parametrize("net", [pairs(), single()], ids=lambda net: net.id)
def test_simulators_get_the_same_numbers_from_every_level(
    reference: dict[tuple[str, str], np.ndarray], engine: str, level: str, net: Network
) -> None:
    document = documents(net, Metadata())[0]
    key = (engine, net.id)
    if key not in reference:
        reference[key] = get_engine(engine).load(write_sbml(document)).ode(TIMES, {}).values
    got = get_engine(engine).load(write_sbml(document, level)).ode(TIMES, {}).values
    # The same equations through the same solver; terms of a sum may come in another order.
    np.testing.assert_allclose(got, reference[key], rtol=1e-8, atol=1e-8)


def dimerising(reading: str) -> Document:
    """2P -> P2 at P = 2, with the factor 1/2 in the constant."""
    species = (Species("P", 2), Species("P2", 0))
    step = Reaction("dimerise", (("P", 2),), (("P2", 1),), "k")
    return Document(Network("dimer", species, (Parameter("k", 0.5),), (step,)), reading=reading)  # type: ignore[arg-type]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("reading", "propensity"), [("stochastic", 1.0), ("deterministic", 2.0)])
def test_initial_propensities(level: str, reading: str, propensity: float) -> None:
    """k P (P - 1) is 1 and k P^2 is 2 for both simulators; COPASI corrects neither, since it reads items."""
    import COPASI
    import roadrunner

    text = write_sbml(dimerising(reading), level)
    assert roadrunner.RoadRunner(text).getReactionRates()[0] == propensity
    data = COPASI.CRootContainer.addDatamodel()
    assert data.importSBMLFromString(text)
    model = data.getModel()
    model.applyInitialValues()
    assert model.getReaction(0).getParticleFlux() == propensity
    COPASI.CRootContainer.removeDatamodel(data)


@pytest.mark.parametrize("engine", ["roadrunner", "copasi"])
def test_waiting_times_in_level_2(engine: str) -> None:
    """The pair of 2P -> P2 meets at rate 1: after one second, 1 - exp(-1) of 2,000 runs have fired; limit 4 sd."""
    simulation = get_engine(engine).load(write_sbml(dimerising("stochastic"), "L2V4"))
    fired = simulation.ssa([0.0, 1.0], {}, 5, 2000).sel(species="P2").values[:, -1]  # type: ignore[attr-defined]
    p = 1 - np.exp(-1)
    assert abs(fired.mean() - p) < 4 * np.sqrt(p * (1 - p) / 2000)


@levels
def test_the_shipped_model(level: str) -> None:
    document = read_sbml_file(Path(__file__).parents[2] / "models" / "digits" / "model.xml")
    text = write_sbml(document, level)
    assert complaints(text) == []
    assert read_sbml(text) == document
    assert not re.search(r"\bnan\b", text)
