"""What a picture of a network holds: boxes, texts, arrows and curves, in points, x to the right and y downwards."""

from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Literal, TypeAlias

Point: TypeAlias = tuple[float, float]
Role: TypeAlias = Literal["input", "positive", "negative", "other"]
Lettering: TypeAlias = Literal["heading", "note", "inside", "name", "small"]
Part: TypeAlias = Literal["substrate", "product", "activator"]
Pointer: TypeAlias = Literal["bar", "arrow_right", "arrow_up"]
FONT_SIZE: dict[Lettering, int] = {"heading": 18, "note": 12, "inside": 12, "name": 11, "small": 8}
"""Points by kind of lettering."""
_LONGEST = 44
"""Characters of one text; what is longer is cut."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """X of the right border."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Y of the lower border."""
        return self.y + self.height

    @property
    def centre(self) -> Point:
        """The middle."""
        return self.x + self.width / 2, self.y + self.height / 2

    def overlaps(self, other: "Box") -> bool:
        """Whether the two share more than a border."""
        across = self.x < other.right and other.x < self.right
        return across and self.y < other.bottom and other.y < self.bottom


@dataclass(frozen=True, slots=True)
class Label:
    """A text in the middle of its box; `owner` is the species or reaction that it names, if any."""

    text: str
    box: Box
    lettering: Lettering
    owner: str = ""


@dataclass(frozen=True, slots=True)
class SpeciesBox:
    """A species and its rectangle."""

    species: str
    box: Box
    role: Role


@dataclass(frozen=True, slots=True)
class Block:
    """A rectangle that stands for many species."""

    box: Box
    role: Role


@dataclass(frozen=True, slots=True)
class Arrow:
    """Reactions that run from one group of species to another: bars, then the arrow proper.

    Shapes in boxes and not curves, since not every viewer draws the curve of a general glyph.
    """

    parts: tuple[tuple[Pointer, Box], ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """A species' part in a reaction: cubic Bezier pieces of four points, each beginning where the last one ended."""

    species: str
    part: Part
    pieces: tuple[tuple[Point, Point, Point, Point], ...]


@dataclass(frozen=True, slots=True)
class ReactionBox:
    """A reaction's node and the curves between it and its species."""

    reaction: str
    box: Box
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """All that is drawn of a network."""

    width: float
    height: float
    species: tuple[SpeciesBox, ...] = ()
    blocks: tuple[Block, ...] = ()
    reactions: tuple[ReactionBox, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    labels: tuple[Label, ...] = field(default=())

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Everything that must not lie on something else; a text inside a box counts with its box."""
        drawn = [[thing.box for thing in things] for things in (self.species, self.blocks, self.reactions)]
        return (*chain(*drawn), *(label.box for label in self.labels if label.lettering not in ("name", "inside")))

    def shifted(self, x: float, y: float) -> "Picture":
        """The same boxes and labels, moved; what holds reactions or arrows is never moved."""

        def moved(box: Box) -> Box:
            return replace(box, x=box.x + x, y=box.y + y)

        return replace(
            self,
            species=tuple(replace(s, box=moved(s.box)) for s in self.species),
            blocks=tuple(replace(b, box=moved(b.box)) for b in self.blocks),
            labels=tuple(replace(label, box=moved(label.box)) for label in self.labels),
        )


def written(text: str, lettering: Lettering, owner: str = "") -> Label:
    """A label in a box of its own size (an estimate: 0.62 em a character) with its corner at the origin."""
    size = FONT_SIZE[lettering]
    shown = text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
    return Label(shown, Box(0, 0, round(0.62 * size * len(shown)) + 2, round(1.35 * size)), lettering, owner)


def counted(number: int, noun: str) -> str:
    """For instance `1 reaction`, `2,304 reactions`."""
    return f"{number:,} {noun}" + ("s" if number != 1 else "")


def at(label: Label, x: float, y: float) -> Label:
    """The label with its upper left corner moved there."""
    return replace(label, box=replace(label.box, x=x, y=y))


def stacked(labels: list[Label], centre: float, top: float) -> list[Label]:
    """Labels one below the other, each centred on a vertical line."""
    placed = []
    for label in labels:
        placed.append(at(label, centre - label.box.width / 2, top))
        top = placed[-1].box.bottom
    return placed


def rows_by_aspect(count: int, width: float, height: float, least: int) -> int:
    """How many rows `count` cells of one size take, column by column, to fill a square, or `least` if that is more."""
    square = (count * width / height) ** 0.5
    columns = max(1, round(count / max(square, least)))
    return -(-count // columns) if count else 0
