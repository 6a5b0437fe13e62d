import re
import xml.etree.ElementTree as ET

import libsbml
import numpy as np
import pytest
from hypothesis import assume, given, settings

from crn2sbml.core.network import Network, Parameter, Place, Reaction, Species
from crn2sbml.errors import FormatError
from crn2sbml.formats.document import Document, Metadata, Reading, Shape
from crn2sbml.formats.libsbml_checks import complaints
from crn2sbml.formats.sbml_read import read_sbml
from crn2sbml.formats.sbml_write import write_sbml
from tests.reference.random_networks import networks

CORE = {"s": "http://www.sbml.org/sbml/level3/version2/core"}
METADATA = Metadata(
    title="Pairs & <friends>",
    notes=("What it does: a < b & c.", "Trained by nobody, 10 items an input."),
    creators=("crn2sbml developers",),
    created="2024-05-06T07:08:09Z",
    modified="2025-01-02T03:04:05Z",
    terms=(
        ("bqmodel:isDerivedFrom", "https://identifiers.org/doi/10.1016/0021-9991(76)90041-3"),
        ("bqbiol:isDescribedBy", "https://identifiers.org/pubmed/12345678"),
    ),
)


def pairs() -> Network:
    """Orders 0 to 3 and equal reactants; two channels with several reactions."""
    return Network(
        "pairs",
        (
            Species("A", 30, place=Place(1, "conv", 0, 2, 3, "P")),
            Species("B", 1000000),
            Species("C", 0),
            Species("X", 7, clamped=True, place=Place(0, "input", 0, 0, 1)),
        ),
        (*(Parameter(f"k{i}", v) for i, v in enumerate((2.0, 0.5, 0.001, 3e-05))), Parameter("idle", 4.0)),
        (
            Reaction("make", (), (("A", 1),), "k0"),
            Reaction("dimerise", (("A", 2),), (("B", 1),), "k2"),
            Reaction("fall", (("B", 1),), (("A", 2),), "k1"),
            Reaction("read", (("X", 1),), (("X", 1), ("A", 1)), "k1"),
            Reaction("meet", (("A", 1), ("C", 1)), (("A", 1),), "k2"),
            Reaction("three", (("A", 2), ("C", 1)), (("B", 1), ("C", 1)), "k3"),
            Reaction("crowd", (("C", 3),), (("C", 1),), "k3"),
        ),
    )


def single() -> Network:
    """A rectifier and its input: no equal reactants."""
    return Network(
        "single",
        (Species("P", 3), Species("M", 0), Species("X", 5, clamped=True)),
        (Parameter("g", 1), Parameter("k", 0.02), Parameter("w", 1.5), Parameter("b", 30)),
        (
            Reaction("bias", (), (("P", 1),), "b"),
            Reaction("weight", (("X", 1),), (("X", 1), ("P", 1)), "w"),
            Reaction("unweight", (("X", 1),), (("X", 1), ("M", 1)), "w"),
            Reaction("fade_p", (("P", 1),), (), "g"),
            Reaction("fade_m", (("M", 1),), (), "g"),
            Reaction("pair", (("P", 1), ("M", 1)), (), "k"),
        ),
    )


CASES: list[tuple[Network, Reading]] = [(single(), "any"), (pairs(), "deterministic"), (pairs(), "stochastic")]
documents = pytest.mark.parametrize(
    "document",
    [
        pytest.param(Document(net, METADATA, shape, reading), id=f"{net.id}-{shape}-{reading}")
        for net, reading in CASES
        for shape in ("elementary", "lumped")
    ],
)


@documents
def test_libsbml_has_nothing_to_complain_about(document: Document) -> None:
    assert complaints(write_sbml(document)) == []


@documents
def test_the_same_document_gives_the_same_bytes(document: Document) -> None:
    assert write_sbml(document) == write_sbml(document)


@documents
def test_writing_what_was_read_gives_the_same_bytes(document: Document) -> None:
    text = write_sbml(document)
    assert write_sbml(read_sbml(text)) == text


@documents
def test_an_elementary_file_holds_the_whole_network(document: Document) -> None:
    back = read_sbml(write_sbml(document))
    assert back.metadata == document.metadata
    assert (back.shape, back.reading) == (document.shape, document.reading)
    assert back.network.species == document.network.species
    assert back.network.parameters == document.network.parameters
    if document.shape == "elementary":
        assert back.network == document.network


@documents
def test_copasi_will_read_a_stochastic_model_of_items(document: Document) -> None:
    """A unitDefinition `substance` of one item, and irreversible reactions only (SBMLImporter::isStochasticModel)."""
    root = ET.fromstring(write_sbml(document))
    model = root.find("s:model", CORE)
    assert model is not None
    assert model.attrib["substanceUnits"] == model.attrib["extentUnits"] == "substance"
    units = model.findall(".//s:unitDefinition[@id='substance']/s:listOfUnits/s:unit", CORE)
    assert [u.attrib for u in units] == [{"kind": "item", "exponent": "1", "scale": "0", "multiplier": "1"}]
    assert {r.attrib["reversible"] for r in model.iter(f"{{{CORE['s']}}}reaction")} == {"false"}
    assert {r.attrib["constant"] for r in model.iter(f"{{{CORE['s']}}}speciesReference")} == {"true"}
    for species in model.iter(f"{{{CORE['s']}}}species"):
        assert species.attrib["hasOnlySubstanceUnits"] == "true"
        assert re.fullmatch(r"\d+", species.attrib["initialAmount"]), species.attrib
    assert model.find("s:listOfInitialAssignments", CORE) is None


@documents
@pytest.mark.parametrize("counts", [(30, 4, 5, 7), (1, 1, 1, 1), (0, 3, 2, 0)])
def test_every_law_gives_the_speed_it_should(document: Document, counts: tuple[int, ...]) -> None:
    """Each law is evaluated by Python's own arithmetic on libSBML's infix text and summed by net change."""
    net = document.network
    state = dict(zip((s.id for s in net.species), counts, strict=False))
    got: dict[frozenset[tuple[str, int]], float] = {}
    model = libsbml.readSBMLFromString(write_sbml(document)).getModel()
    values = state | {p.getId(): p.getValue() for p in model.getListOfParameters()}
    assert {p.id: p.value for p in net.parameters}.items() <= values.items()
    for element in model.getListOfReactions():
        change = dict.fromkeys(state, 0)
        for reference in element.getListOfReactants():
            change[reference.getSpecies()] -= int(reference.getStoichiometry())
        for reference in element.getListOfProducts():
            change[reference.getSpecies()] += int(reference.getStoichiometry())
        formula = libsbml.formulaToL3String(element.getKineticLaw().getMath())
        speed = eval(formula.replace("^", "**"), {}, values)  # noqa: S307 text of our own making
        key = frozenset((n, c) for n, c in change.items() if c)
        got[key] = got.get(key, 0) + speed
    expected: dict[frozenset[tuple[str, int]], float] = {}
    for reaction in net.reactions:
        speed = net.rate_constants[reaction.rate]
        for name, count in reaction.inputs:
            for used in range(count):
                speed *= state[name] - (used if document.reading == "stochastic" else 0)
        key = frozenset(reaction.net_change)
        expected[key] = expected.get(key, 0) + speed
    assert got == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    "names", [("time", "pi", "cell"), ("avogadro", "exponentiale", "t"), ("substance", "sin", "e")]
)
@pytest.mark.parametrize("shape", ["elementary", "lumped"])
def test_species_may_have_any_name(names: tuple[str, str, str], shape: Shape) -> None:
    one, two, three = names
    net = Network(
        "odd_names",
        tuple(Species(name, 4) for name in names),
        (Parameter("cell_", 2.0), Parameter("per_second", 3.0)),
        (
            Reaction("piecewise", ((one, 1), (two, 1)), ((three, 1),), "cell_"),
            Reaction("item", ((three, 1),), ((one, 1), (two, 1)), "per_second"),
        ),
    )
    text = write_sbml(Document(net, shape=shape))
    assert complaints(text) == []
    back = read_sbml(text).network
    assert back.species == net.species
    assert [(set(r.inputs), set(r.outputs), r.rate) for r in back.reactions] == [
        (set(r.inputs), set(r.outputs), r.rate) for r in net.reactions
    ]


@settings(max_examples=40, deadline=None)
@given(networks(distinct=True))
def test_random_networks_are_clean_and_come_back(net: Network) -> None:
    for reading in ("deterministic", "stochastic") if net.has_repeated_reactants else ("any",):
        document = Document(net, reading=reading)  # type: ignore[arg-type]
        text = write_sbml(document)
        assert complaints(text) == []
        assert read_sbml(text) == document


@settings(max_examples=100, deadline=None)
@given(networks(distinct=True))
def test_random_lumped_networks_are_clean_and_come_back(net: Network) -> None:
    assume(all(any(name not in net.clamped for name, _ in r.net_change) for r in net.reactions))
    for reading in ("deterministic", "stochastic") if net.has_repeated_reactants else ("any",):
        text = write_sbml(Document(net, shape="lumped", reading=reading))  # type: ignore[arg-type]
        assert complaints(text) == []
        back = read_sbml(text)
        assert {(frozenset(r.inputs), frozenset(r.net_change), r.rate) for r in back.network.reactions} == {
            (frozenset(r.inputs), frozenset((n, c) for n, c in r.net_change if n not in net.clamped), r.rate)
            for r in net.reactions
        }
        assert write_sbml(back) == text


def test_numbers_keep_fifteen_digits() -> None:
    """LibSBML prints 15 significant digits; a trained constant may move by half a unit of the last of them."""
    values = np.random.default_rng(1).lognormal(0, 5, 50)
    net = Network(
        "digits",
        (Species("A", 1),),
        tuple(Parameter(f"k{i}", v) for i, v in enumerate(values)),
        tuple(Reaction(f"r{i}", (("A", 1),), (), f"k{i}") for i in range(50)),
    )
    back = read_sbml(write_sbml(Document(net))).network
    np.testing.assert_allclose([p.value for p in back.parameters], values, rtol=5e-15)


@pytest.mark.parametrize(("net", "reading"), [(pairs(), "any"), (single(), "stochastic"), (single(), "deterministic")])
def test_a_reading_that_does_not_fit_is_refused(net: Network, reading: Reading) -> None:
    with pytest.raises(FormatError, match=net.id) as refusal:
        Document(net, reading=reading)
    assert repr(reading) in str(refusal.value)


def test_lumped_channels_of_species_with_numbered_names() -> None:
    """`gain_A` splits into gain_A_1 and gain_A_2 when read; `gain_A_1` is also the channel of the species `A_1`."""
    net = Network(
        "numbered",
        (Species("A", 1), Species("A_1", 2), Species("X", 3, clamped=True)),
        (Parameter("b", 2.0), Parameter("w", 3.0)),
        (
            Reaction("make", (), (("A", 1),), "b"),
            Reaction("read", (("X", 1),), (("X", 1), ("A", 1)), "w"),
            Reaction("make_1", (), (("A_1", 1),), "b"),
        ),
    )
    text = write_sbml(Document(net, shape="lumped"))
    back = read_sbml(text)
    assert [r.net_change for r in back.network.reactions] == [(("A", 1),), (("A", 1),), (("A_1", 1),)]
    assert write_sbml(back) == text


def test_lumped_files_without_the_reactions_that_change_nothing() -> None:
    """Lumping drops `idle`; its constant is then used by no law, in what is written as in what is read."""
    net = Network(
        "still",
        (Species("A", 1),),
        (Parameter("k", 2.0), Parameter("g", 1.0)),
        (Reaction("idle", (("A", 2),), (("A", 2),), "k"), Reaction("fade", (("A", 1),), (), "g")),
    )
    text = write_sbml(Document(net, shape="lumped", reading="stochastic"))
    assert complaints(text) == []
    assert write_sbml(read_sbml(text)) == text


def test_lumped_reactions_that_are_the_same_twice() -> None:
    """Two reactions of one law: their channel's law holds the same term twice, and both must count."""
    step = {"inputs": (("A", 1),), "outputs": (), "rate": "g"}
    net = Network("twice", (Species("A", 1),), (Parameter("g", 2.0),), (Reaction("d", **step), Reaction("e", **step)))
    text = write_sbml(Document(net, shape="lumped"))
    back = read_sbml(text)
    assert sum(back.network.rate_constants[r.rate] for r in back.network.reactions) == 4.0
    # g A + g A comes back as one reaction with a constant of its own, so only the next text is a fixed point.
    again = write_sbml(back)
    assert write_sbml(read_sbml(again)) == again


@pytest.mark.parametrize("date", ["2024-05-06T07:08:09Z", "2024-05-06T07:08:09+02:00", "2024-12-31T23:59:59-11:30"])
def test_dates_keep_their_time_zone(date: str) -> None:
    back = read_sbml(write_sbml(Document(single(), Metadata(creators=("somebody",), created=date))))
    assert (back.metadata.creators, back.metadata.created, back.metadata.modified) == (("somebody",), date, "")


def test_a_creator_without_a_date_is_refused() -> None:
    """RDF holds both or neither."""
    with pytest.raises(FormatError, match="somebody"):
        Metadata(creators=("somebody",))


@pytest.mark.parametrize(
    "metadata",
    [Metadata(creators=("somebody",), created="yesterday"), Metadata(terms=(("bqbiol:isNonsense", "https://x.org"),))],
)
def test_metadata_that_cannot_be_written_are_refused(metadata: Metadata) -> None:
    with pytest.raises(FormatError) as refusal:
        write_sbml(Document(single(), metadata))
    assert "yesterday" in str(refusal.value) or "isNonsense" in str(refusal.value)


@pytest.mark.parametrize("shape", ["elementary", "lumped"])
@pytest.mark.parametrize("level", ["L3V2", "L3V1", "L2V4"])
def test_constants_of_one_reaction_may_be_local(shape: Shape, level: str) -> None:
    """B reads A, C and D by constants of their own. What is asked for in vain stays global: the decay, which is shared,
    and what A is made by, which would be a law of its own.
    """
    readers = [Reaction(f"r{i}", ((name, 1),), ((name, 1), ("B", 1)), f"w{i}") for i, name in enumerate("ACD")]
    net = Network(
        "local",
        tuple(map(Species, "ABCD")),
        (*(Parameter(f"w{i}", 0.5 + i) for i in range(3)), Parameter("fade", 1.5), Parameter("make", 4.0)),
        (
            Reaction("m", (), (("A", 1),), "make"),
            *readers,
            *(Reaction(f"f{name}", ((name, 1),), (), "fade") for name in "ABCD"),
        ),
    )
    names = frozenset({"w0", "w1", "fade", "make"})
    document = Document(net, shape=shape, local=names)
    text = write_sbml(document, level)
    assert complaints(text) == []
    model = libsbml.readSBMLFromString(text).getModel()
    assert sorted(p.getId() for p in model.getListOfParameters()) == ["fade", "make", "w2"]
    back = read_sbml(text)
    assert back.local == {"w0", "w1"}
    assert {(p.id, p.value) for p in back.network.parameters} == {(p.id, p.value) for p in net.parameters}
    assert {(r.inputs, r.outputs, r.rate) for r in back.network.reactions} == {
        (r.inputs, r.outputs, r.rate) for r in net.reactions
    }
    assert write_sbml(back, level) == text
