"""A small network with every reaction: species in columns, reactions between the columns, curves that avoid boxes.

Layered drawing after Sugiyama, Tagawa and Toda 1981, doi:10.1109/TSMC.1981.4308636: nodes in ranks, curves led through
waypoints of the ranks they cross, the order within a rank by barycentres, and positions by isotonic regression.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from scipy.optimize import isotonic_regression

from crn2sbml.formats.layout_picture import (
    Box,
    Curve,
    Label,
    Part,
    Picture,
    Point,
    ReactionBox,
    Role,
    SpeciesBox,
    at,
    written,
)
from crn2sbml.formats.layout_scheme import Group, Scheme, Step

_MARGIN, _NODE, _SWEEPS = 24.0, 10.0, 12
_SPACE, _WAY = 16.0, 8.0
_GUTTER = 44.0
_PORT, _LOOP = 6.0, 14.0


@dataclass(slots=True)
class _Node:
    """A species, a reaction (its own name below it) or a waypoint; y is the middle of its node."""

    rank: int
    label: Label | None = None
    above: float = _WAY / 2
    below: float = _WAY / 2
    y: float = 0.0
    neighbours: list["_Node"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Link:
    """One curve: from the species to the reaction through waypoints, whichever way it is drawn."""

    species: str
    part: Part
    nodes: tuple[_Node, ...]

    @property
    def to_right(self) -> bool:
        """Whether the reaction stands right of the species."""
        return self.nodes[-1].rank > self.nodes[0].rank


def draw_reactions(scheme: Scheme, groups: Sequence[Group], role: Callable[[str], Role]) -> Picture:
    """The picture of a network with all its reactions that have any species; groups stand from left to right."""
    scheme = replace(scheme, steps=tuple(step for step in scheme.steps if step.sources or step.products))
    column = {name: 2 * i for i, group in enumerate(groups) for name in group.species}
    species: dict[str, _Node] = {}
    for group in groups:
        for name in group.species:
            label = written(name, "name", name)
            species[name] = _Node(column[name], label, label.box.height / 2 + 6, label.box.height / 2 + 6)
    reactions = {step.id: _reaction(step, column) for step in scheme.steps}
    links = {step.id: [_link(*end, species, reactions[step.id]) for end in _ends(step)] for step in scheme.steps}
    ranks: dict[int, list[_Node]] = defaultdict(list)
    seen: set[int] = set()
    for node in [*species.values(), *reactions.values(), *(n for ls in links.values() for li in ls for n in li.nodes)]:
        if id(node) not in seen:
            seen.add(id(node))
            ranks[node.rank].append(node)
    for link in (link for drawn in links.values() for link in drawn):
        for one, other in pairwise(link.nodes):
            one.neighbours.append(other)
            other.neighbours.append(one)
    _arrange(ranks)
    return _composed(scheme, groups, role, species, reactions, links, ranks)


def _reaction(step: Step, column: dict[str, int]) -> _Node:
    label = written(step.id, "small", step.id)
    sources, targets = ([column[name] for name in names] for names in (step.sources, step.targets))
    if not sources:
        rank = min(targets, default=0) - 1
    else:
        last = max(sources)
        rank = min(last, max(targets, default=last)) + 1
    return _Node(rank, label, _NODE / 2 + 4, _NODE / 2 + label.box.height + 3)


def _ends(step: Step) -> list[tuple[str, Part]]:
    return [
        *((name, "substrate") for name in step.substrates),
        *((name, "activator") for name in step.catalysts),
        *((name, "product") for name in step.products),
    ]


def _link(name: str, part: Part, species: dict[str, _Node], reaction: _Node) -> _Link:
    end = species[name]
    way = 1 if reaction.rank > end.rank else -1
    return _Link(name, part, (end, *(_Node(rank) for rank in range(end.rank + way, reaction.rank, way)), reaction))


def _arrange(ranks: dict[int, list[_Node]]) -> None:
    """Order and y of all nodes: sweeps to the right and to the left, each rank drawn to its neighbours."""
    for nodes in ranks.values():
        _settle(nodes, [0.0] * len(nodes))
    order = sorted(ranks)
    for sweep in range(_SWEEPS):
        for rank in order if sweep % 2 == 0 else order[::-1]:
            nodes = ranks[rank]
            side = -1 if sweep % 2 == 0 else 1
            # At last both sides count and the order stays, so that straight lines become straight.
            last = sweep >= _SWEEPS - 4
            wanted = []
            for node in nodes:
                near = [n.y for n in node.neighbours if last or (n.rank - node.rank) * side > 0]
                wanted.append(sum(near) / len(near) if near else node.y)
            if not last:
                ordered = sorted(range(len(nodes)), key=lambda i: wanted[i])
                nodes[:] = [nodes[i] for i in ordered]
                wanted = [wanted[i] for i in ordered]
            _settle(nodes, wanted)


def _settle(nodes: Sequence[_Node], wanted: Sequence[float]) -> None:
    """The least squared moves that keep the order and the distances of one rank."""
    if not nodes:
        return
    steps = [a.below + b.above + _SPACE / 2 for a, b in pairwise(nodes)]
    offsets = np.concatenate([[0.0], np.cumsum(steps)])
    fitted = isotonic_regression(np.array(wanted) - offsets).x + offsets
    for node, y in zip(nodes, fitted.tolist(), strict=True):
        node.y = y


def _composed(
    scheme: Scheme,
    groups: Sequence[Group],
    role: Callable[[str], Role],
    species: dict[str, _Node],
    reactions: dict[str, _Node],
    links: dict[str, list[_Link]],
    ranks: dict[int, list[_Node]],
) -> Picture:
    titles = {2 * i: written(g.title, "heading") for i, g in enumerate(groups) if g.places}
    if titles and len(titles) < len(groups):
        first = len(titles)
        titles[2 * first] = written("other species", "heading")
    top = _MARGIN + max((t.box.height + 20 for t in titles.values()), default=0)
    nodes = [node for rank in ranks.values() for node in rank]
    drop = top - min((n.y - n.above for n in nodes), default=0)
    for node in nodes:
        node.y += drop
    middle, width_of, x = {}, {}, _MARGIN
    for rank in range(min(ranks, default=0), max(ranks, default=0) + 1):
        labels = [n.label.box.width + (12 if rank % 2 == 0 else 0) for n in ranks.get(rank, []) if n.label]
        width_of[rank] = max([*labels, _NODE], default=_NODE)
        room = max(width_of[rank], titles[rank].box.width if rank in titles else 0)
        middle[rank] = x + room / 2
        x += room + _GUTTER
    boxes, names = {}, [at(t, middle[rank] - t.box.width / 2, _MARGIN) for rank, t in titles.items()]
    drawn = []
    for name, node in species.items():
        width = width_of[node.rank]
        boxes[name] = Box(middle[node.rank] - width / 2, node.y - node.above, width, node.above + node.below)
        drawn.append(SpeciesBox(name, boxes[name], role(name)))
        names.append(Label(node.label.text if node.label else name, boxes[name], "name", name))
    ports = _ports([link for step in scheme.steps for link in links[step.id]], boxes)
    knots = []
    for step in scheme.steps:
        node = reactions[step.id]
        box = Box(middle[node.rank] - _NODE / 2, node.y - _NODE / 2, _NODE, _NODE)
        if node.label:
            names.append(at(node.label, box.centre[0] - node.label.box.width / 2, box.bottom + 1))
        mates = links[step.id]
        curves = [_curve(link, mates, boxes[link.species], ports[id(link)], box, middle) for link in mates]
        knots.append(ReactionBox(step.id, box, tuple(curves)))
    bottom = max((n.y + n.below for n in nodes), default=top) + _MARGIN
    return Picture(x - _GUTTER + _MARGIN, bottom, tuple(drawn), (), tuple(knots), (), tuple(names))


def _ports(links: Sequence[_Link], boxes: Mapping[str, Box]) -> dict[int, float]:
    """Y at which each link (by identity) meets its species: spread over the side in the order of what it leads to."""
    sides: dict[tuple[str, bool], list[_Link]] = defaultdict(list)
    for link in links:
        sides[link.species, link.to_right].append(link)
    ports = {}
    for (name, _), met in sides.items():
        middle, room = boxes[name].centre[1], boxes[name].height - 8
        step = min(_PORT, room / max(len(met) - 1, 1))
        ordered = sorted(met, key=lambda link: (link.nodes[1].y, link.part))
        for i, link in enumerate(ordered):
            ports[id(link)] = middle + (i - (len(met) - 1) / 2) * step
    return ports


def _curve(link: _Link, mates: Sequence[_Link], start: Box, port: float, end: Box, middle: dict[int, float]) -> Curve:
    """From species to reaction, or back for a product; horizontal at the species and at every waypoint.

    What would meet the reaction where its substrates (or, for a product, its catalysts) do comes from above.
    """
    right = link.to_right
    rivals = {"substrate": (), "activator": ("substrate",), "product": ("substrate", "activator")}[link.part]
    above = any(mate.part in rivals and mate.to_right == right for mate in mates)
    points: list[Point] = [(start.right if right else start.x, port)]
    points += [(middle[node.rank], node.y) for node in link.nodes[1:-1]]
    points.append((end.centre[0], end.y) if above else (end.x if right else end.right, end.centre[1]))
    pieces = []
    for i, ((x0, y0), (x1, y1)) in enumerate(pairwise(points)):
        reach = (x1 - x0) * 0.45
        last = (x1, y1 - _LOOP) if above and i == len(points) - 2 else (x1 - reach, y1)
        pieces.append(((x0, y0), (x0 + reach, y0), last, (x1, y1)))
    if link.part == "product":
        pieces = [(d, c, b, a) for a, b, c, d in reversed(pieces)]
    return Curve(link.species, link.part, tuple(pieces))
