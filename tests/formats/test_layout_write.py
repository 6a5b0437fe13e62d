import math
import xml.etree.ElementTree as ET
from pathlib import Path

import libsbml
import pytest
from hypothesis import given, settings

from crn2sbml.core.network import Network, Parameter, Place, Reaction, Species
from crn2sbml.errors import UnsupportedError
from crn2sbml.formats.document import Document, Shape
from crn2sbml.formats.layout_write import draw
from crn2sbml.formats.libsbml_checks import complaints
from crn2sbml.formats.sbml_read import read_sbml, read_sbml_file
from crn2sbml.formats.sbml_write import write_sbml
from tests.reference.random_networks import networks

DIGITS = Path(__file__).parents[2] / "models" / "digits" / "model.xml"
LAYOUT = "{http://www.sbml.org/sbml/level3/version1/layout/version1}"
RENDER = "{http://www.sbml.org/sbml/level3/version1/render/version1}"
SHAPES: tuple[Shape, ...] = ("elementary", "lumped")
PACKAGES = {
    "render": libsbml.RenderExtension.getXmlnsL3V1V1(),
    "layout": libsbml.LayoutExtension.getXmlnsL3V1V1(),
}


def redrawn(text: str, version: int = 2) -> str:
    """What a writer does: a finished document without a picture, of Level 3 and this version, is drawn and printed."""
    document = read_sbml(text)
    sbml = libsbml.readSBMLFromString(text)
    for package, namespace in PACKAGES.items():
        if sbml.isPackageEnabled(package):
            sbml.disablePackage(namespace, package)
    if (sbml.getLevel(), sbml.getVersion()) != (3, version):
        assert sbml.setLevelAndVersion(3, version, False)
    places = {s.id: s.place for s in document.network.species if s.place is not None}
    draw(sbml, places, frozenset(document.network.clamped))
    return str(libsbml.writeSBMLToString(sbml))


def rectifier() -> Network:
    """Inputs, a dual rail, a dimer: catalysts, two of the same reactant, production from nothing, decay."""
    return Network(
        "rectifier",
        (Species("X1", 5, clamped=True), Species("X2", 3, clamped=True), *map(Species, ("P", "M", "Y", "YY"))),
        tuple(Parameter(name, 0.5) for name in ("weight", "annihilation", "decay", "bias")),
        (
            Reaction("make_P", (), (("P", 1),), "bias"),
            Reaction("X1_to_P", (("X1", 1),), (("X1", 1), ("P", 1)), "weight"),
            Reaction("X2_to_M", (("X2", 1),), (("X2", 1), ("M", 1)), "weight"),
            Reaction("annihilate", (("P", 1), ("M", 1)), (), "annihilation"),
            Reaction("P_to_Y", (("P", 1),), (("P", 1), ("Y", 1)), "decay"),
            Reaction("pair", (("Y", 2),), (("YY", 1),), "annihilation"),
            Reaction("grow", (("YY", 1),), (("YY", 2),), "decay"),
        ),
    )


def layered(channels: int, size: int) -> Network:
    """An image and channels on two rails; the first channel reads it pixel by pixel."""
    cells = [(i, j) for i in range(size) for j in range(size)]
    pixels = [Place(0, "input", 0, i, j) for i, j in cells]
    conv = [Place(1, "conv", c, i, j, r) for c in range(channels) for i, j in cells for r in "PM"]
    reactions = []
    for place in (p for p in conv if p.channel == 0):
        pixel = pixels[(place.row or 0) * size + (place.column or 0)].id
        reactions.append(Reaction(f"make_{place.id}", ((pixel, 1),), ((pixel, 1), (place.id, 1)), "k"))
        reactions.append(Reaction(f"lose_{place.id}", ((place.id, 1),), (), "k"))
    species = [Species(p.id, 1, p.layer == 0, p) for p in (*pixels, *conv)]
    return Network("layered", tuple(species), (Parameter("k", 1.0),), tuple(reactions))


def taken_names() -> Network:
    """Ids that begin as those of glyphs would."""
    names = ("picture", "picture_species_A", "A")
    reactions = (Reaction("picture__style", (("A", 1),), (("picture", 1),), "picture_text_0"),)
    return Network("picture_head", tuple(map(Species, names)), (Parameter("picture_text_0", 1.0),), reactions)


NETWORKS = {
    "rectifier": rectifier(),
    "small layers": layered(1, 2),
    "layers": layered(3, 6),
    "blocks": layered(10, 11),
    "taken names": taken_names(),
    "empty": Network("empty", (), (), ()),
}


def text_of(network: Network, shape: Shape) -> str:
    reading = "deterministic" if network.has_repeated_reactants else "any"
    return write_sbml(Document(network, shape=shape, reading=reading))


drawings = pytest.mark.parametrize(
    ("text", "version"),
    [
        pytest.param(text_of(network, shape), version, id=f"{name}-{shape}-L3V{version}")
        for name, network in NETWORKS.items()
        for shape in SHAPES
        for version in (1, 2)
        if name != "blocks" or (shape, version) == ("lumped", 2)  # thousands of species: once is enough
    ],
)


@drawings
def test_libsbml_has_nothing_to_complain_about(text: str, version: int) -> None:
    assert complaints(redrawn(text, version)) == []


@drawings
def test_ids_are_unique_and_every_glyph_has_one_style(text: str, version: int) -> None:
    root = ET.fromstring(redrawn(text, version))
    glyphs = [e.attrib[LAYOUT + "id"] for e in root.iter() if LAYOUT + "id" in e.attrib and e.tag.endswith("Glyph")]
    layouts = [e.attrib[LAYOUT + "id"] for e in root.iter(LAYOUT + "layout")]
    styles = [e.attrib[RENDER + "id"] for e in root.iter() if RENDER + "id" in e.attrib]
    model = [e.attrib["id"] for e in root.iter() if "id" in e.attrib and not e.tag.endswith("unitDefinition")]
    every = [*glyphs, *layouts, *styles, *model]
    assert len(every) == len(set(every))
    styled = [name for e in root.iter(RENDER + "style") for name in e.attrib[RENDER + "idList"].split()]
    assert sorted(styled) == sorted(glyphs)
    colours = {e.attrib[RENDER + "id"] for e in root.iter(RENDER + "colorDefinition")}
    used = {
        e.attrib[key]
        for e in root.iter(RENDER + "g")
        for key in (RENDER + "stroke", RENDER + "fill")
        if key in e.attrib
    }
    assert used <= colours


@drawings
def test_drawing_again_gives_the_same_bytes(text: str, version: int) -> None:
    once = redrawn(text, version)
    assert redrawn(once, version) == once
    sbml = libsbml.readSBMLFromString(once)
    places = {s.id: s.place for s in read_sbml(once).network.species if s.place is not None}
    draw(sbml, places, frozenset(read_sbml(once).network.clamped))
    assert libsbml.writeSBMLToString(sbml) == once


@given(networks(distinct=True))
@settings(deadline=None, max_examples=20)
def test_random_networks_are_valid_and_stable(network: Network) -> None:
    """Among them reactions without any species, ids such as `time`, clamped species on both sides."""
    for shape in SHAPES:
        text = redrawn(text_of(network, shape))
        assert complaints(text) == []
        assert redrawn(text) == text


def test_the_packages_are_not_required_and_the_network_stays() -> None:
    text = redrawn(text_of(rectifier(), "elementary"))
    attributes = ET.fromstring(text).attrib
    assert (attributes[LAYOUT + "required"], attributes[RENDER + "required"]) == ("false", "false")
    assert read_sbml(text).network == rectifier()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_small_network_shows_every_reaction(shape: Shape) -> None:
    """Roles against the model's own lists: a substrate is a reactant, an activator a modifier or on both sides."""
    sbml = libsbml.readSBMLFromString(redrawn(text_of(rectifier(), shape)))
    model = sbml.getModel()
    layout = model.getPlugin("layout").getLayout(0)
    species = {g.getId(): g.getSpeciesId() for g in layout.getListOfSpeciesGlyphs()}
    assert sorted(species.values()) == sorted(s.getId() for s in model.getListOfSpecies())
    assert layout.getNumReactionGlyphs() == model.getNumReactions()
    for glyph in layout.getListOfReactionGlyphs():
        reaction = model.getReaction(glyph.getReactionId())
        parts = {(species[r.getSpeciesGlyphId()], r.getRoleString()) for r in glyph.getListOfSpeciesReferenceGlyphs()}
        taken, given_, seen = (
            {r.getSpecies(): getattr(r, "getStoichiometry", lambda: 1)() for r in references}
            for references in (
                reaction.getListOfReactants(),
                reaction.getListOfProducts(),
                reaction.getListOfModifiers(),
            )
        )
        both = {n for n in taken if taken[n] == given_.get(n)}
        expected = {(n, "substrate") for n in taken.keys() - both} | {(n, "product") for n in given_.keys() - both}
        assert parts == expected | {(n, "activator") for n in both | seen.keys()}
        assert all(r.getCurve().getNumCurveSegments() for r in glyph.getListOfSpeciesReferenceGlyphs())
    shown = {t.getText() for t in layout.getListOfTextGlyphs()}
    assert shown == set(species.values()) | {r.getId() for r in model.getListOfReactions()}


@pytest.mark.parametrize("shape", SHAPES)
def test_digits(shape: Shape) -> None:
    """The shipped model: every species a box, counts of lumped reactions by arithmetic."""
    document = read_sbml_file(DIGITS)
    text = redrawn(write_sbml(Document(document.network, document.metadata, shape)))
    assert complaints(text) == []
    assert redrawn(text) == text
    sbml = libsbml.readSBMLFromString(text)
    layout = sbml.getModel().getPlugin("layout").getLayout(0)
    drawn = sorted(g.getSpeciesId() for g in layout.getListOfSpeciesGlyphs())
    assert drawn == sorted(document.network.species_index)
    assert layout.getNumReactionGlyphs() == 0
    shown = [t.getText() for t in layout.getListOfTextGlyphs()]
    # Each of 144 convolved and 26 dense units gains on two rails, each of 36 pooled ones on one.
    if shape == "lumped":
        assert [t for t in shown if t.endswith(" reactions")] == [f"{n} reactions" for n in (288, 36, 32, 20)]
    assert {"input 0", "conv 1", "pool 2", "dense 3", "readout 4", "readout4_P_7"} <= set(shown)


def test_a_large_network_is_blocks() -> None:
    text = redrawn(text_of(layered(10, 11), "lumped"))
    sbml = libsbml.readSBMLFromString(text)
    layout = sbml.getModel().getPlugin("layout").getLayout(0)
    shown = [t.getText() for t in layout.getListOfTextGlyphs()]
    assert layout.getNumSpeciesGlyphs() == 0
    assert shown.count("10 x 11 x 11 = 1,210 species") == 2
    assert {"11 x 11 = 121 species", "242 reactions", "2,420 species, 242 reactions inside"} <= set(shown)
    assert layout.getNumGeneralGlyphs() == 3 + 1
    assert len(text.partition("<layout:listOfLayouts")[2]) < 40_000


def test_blocks_lie_behind_their_texts() -> None:
    """COPASI draws general glyphs last, over the texts, unless their depth says otherwise."""
    text = redrawn(text_of(layered(10, 11), "lumped"))
    sbml = libsbml.readSBMLFromString(text)
    layout = sbml.getModel().getPlugin("layout").getLayout(0)
    glyphs = [layout.getGeneralGlyph(i) for i in range(layout.getNumGeneralGlyphs())]
    assert {g.getBoundingBox().getPosition().getZOffset() for g in glyphs} == {-1.0}


@pytest.mark.parametrize("name", ["rectifier", "small layers", "layers", "blocks", "taken names"])
def test_copasi_imports_the_picture(name: str) -> None:
    """COPASI's own file, written after the import, holds every glyph, tied to its species, and every style."""
    import COPASI

    text = redrawn(text_of(NETWORKS[name], "lumped"))
    root = ET.fromstring(text)
    model = COPASI.CRootContainer.addDatamodel()
    try:
        assert model.importSBMLFromString(text)
        assert model.getListOfLayouts().size() == 1
        native = ET.fromstring(model.saveModelToString())
    finally:
        COPASI.CRootContainer.removeDatamodel(model)
    for theirs, ours in {
        "MetaboliteGlyph": LAYOUT + "speciesGlyph",
        "ReactionGlyph": LAYOUT + "reactionGlyph",
        "MetaboliteReferenceGlyph": LAYOUT + "speciesReferenceGlyph",
        "TextGlyph": LAYOUT + "textGlyph",
        "AdditionalGraphicalObject": LAYOUT + "generalGlyph",
        "Style": RENDER + "style",
    }.items():
        seen = [e for e in native.iter() if e.tag.rpartition("}")[2] == theirs]
        assert len(seen) == len(list(root.iter(ours))), theirs
        if theirs in ("MetaboliteGlyph", "ReactionGlyph"):
            assert all(e.attrib.get("metabolite") or e.attrib.get("reaction") for e in seen)
        if theirs == "Style":
            assert all(e.attrib["keyList"] for e in seen)


@pytest.mark.parametrize("version", [1, 2])
def test_libroadrunner_and_antimony_load_it(version: int) -> None:
    import antimony
    import roadrunner

    text = redrawn(text_of(rectifier(), "elementary"), version)
    assert sorted(roadrunner.RoadRunner(text).model.getBoundarySpeciesIds()) == ["X1", "X2"]
    antimony.clearPreviousLoads()
    assert antimony.loadSBMLString(text) >= 0, antimony.getLastError()
    assert "annihilate" in antimony.getAntimonyString("rectifier")


def test_the_test_suite_is_drawn(suite_root: Path) -> None:
    """Every third file of other people's: valid, whole, stable, and coordinates are numbers."""
    drawn = 0
    for case in sorted(suite_root.glob("*/[0-9]*"))[::3]:
        try:
            text = write_sbml(read_sbml_file(case / f"{case.name}-sbml-l3v2.xml"))
        except UnsupportedError:
            continue
        with_picture = redrawn(text)
        assert complaints(with_picture) == [], case
        assert redrawn(write_sbml(read_sbml(with_picture))) == with_picture, case
        for box in ET.fromstring(with_picture).iter(LAYOUT + "boundingBox"):
            assert all(math.isfinite(float(v)) for part in box for v in part.attrib.values()), case
        drawn += 1
    assert drawn >= 10
