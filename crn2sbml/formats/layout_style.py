"""How a picture looks, as SBML render elements: colours by role, fonts, line endings.

Colours: Okabe and Ito's palette, which colour-blind people tell apart (https://jfly.uni-koeln.de/color/).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import libsbml

from crn2sbml.formats.layout_picture import FONT_SIZE, Lettering, Part, Pointer, Role
from crn2sbml.formats.libsbml_checks import made, ok

_COLOURS = {
    "black": "#000000",
    "dark": "#4D4D4D",
    "light": "#EDEDED",
    "white": "#FFFFFF",
    "green": "#009E73",
    "blue": "#0072B2",
    "pale_blue": "#C5E3F6",
    "vermilion": "#D55E00",
    "pale_vermilion": "#F9D0BC",
    "orange": "#B37400",
    "pale_orange": "#FCE8B2",
}
_FILL: dict[Role | Literal["reaction"], tuple[str, str, float]] = {
    "input": ("pale_orange", "orange", 3),
    "positive": ("pale_blue", "blue", 3),
    "negative": ("pale_vermilion", "vermilion", 3),
    "other": ("light", "dark", 3),
    "reaction": ("white", "dark", 0),
}
"""Inside, border, radius of the corners in points."""
_LINE: dict[Part, tuple[str, str]] = {
    "substrate": ("dark", ""),
    "product": ("dark", "head"),
    "activator": ("green", "dot"),
}
"""Colour and line ending."""
_LINE_WIDTH = 1.2
_HEADS = {"head": (8.0, "dark"), "dot": (6.0, "green")}
"""Size in points and colour of line endings."""
_INK: dict[Lettering, str] = {"heading": "black", "note": "dark", "inside": "black", "name": "black", "small": "dark"}
_Corners: TypeAlias = tuple[tuple[float, float, float, float], ...]
"""Corners of a polygon: x and y, each in points, then in percent of the box."""
_TRIANGLE: _Corners = ((0, 0, 0, 0), (0, 100, 0, 50), (0, 0, 0, 100))
_POINTERS: dict[Pointer, _Corners] = {
    "bar": ((0, 0, 0, 0), (0, 100, 0, 0), (0, 100, 0, 100), (0, 0, 0, 100)),
    "arrow_right": (
        *((0, 0, -1, 50), (-10, 100, -1, 50), (-10, 100, 0, 0), (0, 100, 0, 50)),
        *((-10, 100, 0, 100), (-10, 100, 1, 50), (0, 0, 1, 50)),
    ),
    "arrow_up": (
        *((-1, 50, 0, 100), (-1, 50, 10, 0), (0, 0, 10, 0), (0, 50, 0, 0)),
        *((0, 100, 10, 0), (1, 50, 10, 0), (1, 50, 0, 100)),
    ),
}


def add_style(layout: Any, prefix: str, members: Mapping[str, Sequence[str]]) -> None:
    """One local render information for a layout; `members` gives the ids of the glyphs of each style.

    Styles are the roles, letterings, parts, pointers and `reaction`; those without a glyph are left out.
    """
    render = made(made(layout.getPlugin("render"), "render package").createLocalRenderInformation(), "style")
    _StyleWriter(render, prefix, members).write()


class _StyleWriter:
    """Writes into one render information; ids begin with one prefix."""

    def __init__(self, render: Any, prefix: str, members: Mapping[str, Sequence[str]]) -> None:
        self._render, self._prefix, self._members = render, prefix, members

    def write(self) -> None:
        ok(self._render.setId(f"{self._prefix}_style"), "style id")
        ok(self._render.setBackgroundColor(_COLOURS["white"]), "background")
        for name, value in _COLOURS.items():
            colour = made(self._render.createColorDefinition(), name)
            ok(colour.setId(self._colour(name)), f"colour {name!r}")
            colour.setColorValue(value)
        for name in _HEADS:
            self._head(name)
        for role, (inside, border, radius) in _FILL.items():
            for group in self._groups(role):
                self._paint(group, inside, border, 1)
                _add_rectangle(group, radius)
        for part, (ink, head) in _LINE.items():
            for group in self._groups(part):
                ok(group.setStroke(self._colour(ink)), "line colour")
                ok(group.setStrokeWidth(_LINE_WIDTH), "line width")
                if head:
                    ok(group.setEndHead(f"{self._prefix}_{head}"), "line ending")
        for pointer, corners in _POINTERS.items():
            for group in self._groups(pointer):
                self._paint(group, "dark", "dark", 0)
                _add_polygon(group, corners)
        for lettering, ink in _INK.items():
            for group in self._groups(lettering):
                ok(group.setStroke(self._colour(ink)), "ink")
                _set_font(group, lettering)

    def _groups(self, name: str) -> Iterator[Any]:
        """The drawing group of a new style, or nothing if no glyph has that style."""
        if self._members.get(name):
            style = made(self._render.createLocalStyle(), name)
            ok(style.setId(f"{self._prefix}_style_{name}"), f"style {name!r}")
            for glyph in self._members[name]:
                style.addId(glyph)
            yield made(style.getGroup(), name)

    def _colour(self, name: str) -> str:
        return f"{self._prefix}_{name}"

    def _paint(self, group: Any, inside: str, border: str, width: float) -> None:
        ok(group.setStroke(self._colour(border)), "border")
        ok(group.setStrokeWidth(width), "border width")
        ok(group.setFill(self._colour(inside)), "fill")

    def _head(self, name: str) -> None:
        """A triangle or a disc whose tip lies on the end of its line."""
        size, ink = _HEADS[name]
        ending = made(self._render.createLineEnding(), name)
        ok(ending.setId(f"{self._prefix}_{name}"), name)
        ok(ending.setEnableRotationalMapping(True), name)
        box = made(ending.getBoundingBox(), name)
        box.setX(-size)
        box.setY(-size / 2)
        box.setWidth(size)
        box.setHeight(size)
        group = made(ending.getGroup(), name)
        self._paint(group, ink, ink, 1)
        if name == "head":
            _add_polygon(group, _TRIANGLE)
            return
        disc = made(group.createEllipse(), name)
        for set_length in (disc.setCX, disc.setCY, disc.setRX, disc.setRY):
            ok(set_length(libsbml.RelAbsVector(0, 50)), name)


def _set_font(group: Any, lettering: Lettering) -> None:
    ok(group.setFontFamily("sans-serif"), "font")
    ok(group.setFontSize(libsbml.RelAbsVector(FONT_SIZE[lettering], 0)), "font size")
    if lettering == "heading":
        ok(group.setFontWeight(libsbml.FONT_WEIGHT_BOLD), "font weight")
    ok(group.setTextAnchor(libsbml.H_TEXTANCHOR_MIDDLE), "text anchor")
    ok(group.setVTextAnchor(libsbml.V_TEXTANCHOR_MIDDLE), "text anchor")


def _add_rectangle(group: Any, radius: float) -> None:
    rectangle = made(group.createRectangle(), "rectangle")
    for set_start in (rectangle.setX, rectangle.setY):
        ok(set_start(libsbml.RelAbsVector(0, 0)), "rectangle")
    for set_size in (rectangle.setWidth, rectangle.setHeight):
        ok(set_size(libsbml.RelAbsVector(0, 100)), "rectangle")
    if radius:
        for set_radius in (rectangle.setRX, rectangle.setRY):
            ok(set_radius(libsbml.RelAbsVector(radius, 0)), "rectangle")


def _add_polygon(group: Any, corners: _Corners) -> None:
    polygon = made(group.createPolygon(), "polygon")
    for x, x_percent, y, y_percent in corners:
        point = made(polygon.createPoint(), "corner")
        ok(point.setX(libsbml.RelAbsVector(x, x_percent)), "corner")
        ok(point.setY(libsbml.RelAbsVector(y, y_percent)), "corner")
