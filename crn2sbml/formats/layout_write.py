"""The picture of a network in the SBML packages `layout` and `render`, so that COPASI and web viewers draw it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import libsbml

from crn2sbml.core.network import Place
from crn2sbml.formats.layout_geometry import picture
from crn2sbml.formats.layout_picture import Box, Picture, Point
from crn2sbml.formats.layout_scheme import Scheme, Step
from crn2sbml.formats.layout_style import add_style
from crn2sbml.formats.libsbml_checks import made, ok

_ROLE = {
    "substrate": libsbml.SPECIES_ROLE_SUBSTRATE,
    "product": libsbml.SPECIES_ROLE_PRODUCT,
    "activator": libsbml.SPECIES_ROLE_ACTIVATOR,
}
_BEHIND = -1.0
"""Depth of general glyphs: COPASI draws them last, over the texts, unless they say that they lie behind."""


def draw(sbml: libsbml.SBMLDocument, places: Mapping[str, Place], clamped: frozenset[str]) -> None:
    """Give a finished Level 3 document one layout and its style, derived from what the document holds and `places`.

    Both packages are marked as not required: who does not know them loses only the picture.

    Args: places: where species of a layered network stand; those without are placed by who drives whom.
        clamped: species drawn as inputs.
    Raises: FormatError: libSBML refuses something (its own reason is given).
    """
    for package, namespace in (
        ("layout", libsbml.LayoutExtension.getXmlnsL3V1V1()),
        ("render", libsbml.RenderExtension.getXmlnsL3V1V1()),
    ):
        ok(sbml.enablePackage(namespace, package, True), f"package {package!r}")
        ok(sbml.setPackageRequired(package, False), f"package {package!r}")
    model = sbml.getModel()
    plugin = made(model.getPlugin("layout"), "layout package")
    while plugin.getNumLayouts():
        plugin.removeLayout(0)
    scheme = read_scheme(model, places, clamped)
    _LayoutWriter(made(plugin.createLayout(), "layout"), _free_prefix(model, scheme)).write(picture(scheme))


def read_scheme(model: Any, places: Mapping[str, Place], clamped: frozenset[str]) -> Scheme:
    """What a picture needs to know of a model element."""
    species = tuple(element.getId() for element in model.getListOfSpecies())
    return Scheme(species, clamped, places, tuple(_step(reaction) for reaction in model.getListOfReactions()))


def _step(reaction: Any) -> Step:
    reactants = [reaction.getReactant(i) for i in range(reaction.getNumReactants())]
    products = [reaction.getProduct(i) for i in range(reaction.getNumProducts())]
    modifiers = [reaction.getModifier(i).getSpecies() for i in range(reaction.getNumModifiers())]
    taken = {reference.getSpecies(): reference for reference in reactants}
    given = {reference.getSpecies(): reference for reference in products}
    same = [
        name for name in taken if name in given and taken[name].getStoichiometry() == given[name].getStoichiometry()
    ]
    return Step(
        reaction.getId(),
        tuple(name for name in taken if name not in same),
        tuple(name for name in given if name not in same),
        tuple(dict.fromkeys([*same, *modifiers])),
    )


def _free_prefix(model: Any, scheme: Scheme) -> str:
    """A word that no id of the model begins with: glyphs share the model's namespace."""
    others = (*model.getListOfCompartments(), *model.getListOfParameters())
    taken = (model.getId(), *scheme.species, *(step.id for step in scheme.steps), *(e.getId() for e in others))
    prefix = "picture"
    while any(name.startswith(prefix) for name in taken):
        prefix += "_"
    return prefix


class _LayoutWriter:
    """Writes one picture into one layout element; the ids of its glyphs begin with one prefix, styles list them."""

    def __init__(self, layout: Any, prefix: str) -> None:
        self._layout, self._prefix = layout, prefix
        self._glyphs: dict[str, str] = {}
        self._members: dict[str, list[str]] = defaultdict(list)

    def write(self, drawn: Picture) -> None:
        ok(self._layout.setId(self._prefix), "layout id")
        ok(self._layout.setName("Network"), "layout name")
        size = made(self._layout.getDimensions(), "size")
        size.setWidth(_round(drawn.width))
        size.setHeight(_round(drawn.height))
        for species in drawn.species:
            glyph = self._glyph(self._layout.createSpeciesGlyph(), f"species_{species.species}", species.role)
            glyph.setSpeciesId(species.species)
            _set_box(glyph, species.box)
            self._glyphs[species.species] = glyph.getId()
        for i, block in enumerate(drawn.blocks):
            _set_box(self._glyph(self._layout.createGeneralGlyph(), f"block_{i}", block.role), block.box, _BEHIND)
        for reaction in drawn.reactions:
            glyph = self._glyph(self._layout.createReactionGlyph(), f"reaction_{reaction.reaction}", "reaction")
            ok(glyph.setReactionId(reaction.reaction), reaction.reaction)
            _set_box(glyph, reaction.box)
            self._glyphs[reaction.reaction] = glyph.getId()
            for i, curve in enumerate(reaction.curves):
                name = f"curve_{i}_{reaction.reaction}"
                end = self._glyph(glyph.createSpeciesReferenceGlyph(), name, curve.part)
                end.setSpeciesGlyphId(self._glyphs[curve.species])
                end.setRole(_ROLE[curve.part])
                _set_box(end, _around([point for piece in curve.pieces for point in piece]))
                for piece in curve.pieces:
                    _set_bezier(made(end.createCubicBezier(), name), piece)
        for i, arrow in enumerate(drawn.arrows):
            for j, (pointer, box) in enumerate(arrow.parts):
                _set_box(self._glyph(self._layout.createGeneralGlyph(), f"arrow_{i}_{j}", pointer), box, _BEHIND)
        for i, label in enumerate(drawn.labels):
            glyph = self._glyph(self._layout.createTextGlyph(), f"text_{i}", label.lettering)
            glyph.setText(label.text)
            if label.owner:
                ok(glyph.setGraphicalObjectId(self._glyphs[label.owner]), label.owner)
            _set_box(glyph, label.box)
        add_style(self._layout, self._prefix, self._members)

    def _glyph(self, glyph: Any, name: str, style: str) -> Any:
        ok(made(glyph, name).setId(f"{self._prefix}_{name}"), name)
        self._members[style].append(glyph.getId())
        return glyph


def _set_box(glyph: Any, box: Box, depth: float = 0) -> None:
    bounds = made(glyph.getBoundingBox(), glyph.getId())
    if depth:
        bounds.setZ(depth)
    bounds.setX(_round(box.x))
    bounds.setY(_round(box.y))
    bounds.setWidth(_round(box.width))
    bounds.setHeight(_round(box.height))


def _set_bezier(segment: Any, piece: Sequence[Point]) -> None:
    setters = (segment.setStart, segment.setBasePoint1, segment.setBasePoint2, segment.setEnd)
    for set_point, point in zip(setters, piece, strict=True):
        set_point(*_rounded(point))


def _around(points: Sequence[Point]) -> Box:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


def _rounded(point: Point) -> Point:
    return _round(point[0]), _round(point[1])


def _round(length: float) -> float:
    """Tenths of a point are fine enough, and print the same everywhere."""
    return round(length * 10) / 10
