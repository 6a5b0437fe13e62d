"""Where everything of a network's picture stands: layers from left to right, images as grids of pixels.

A small network is drawn with every reaction; a middle-sized one with every species, and between its layers one arrow
that says how many reactions run; of a large one each layer is a block.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from crn2sbml.core.network import Place
from crn2sbml.formats.layout_arrows import connect
from crn2sbml.formats.layout_picture import (
    Block,
    Box,
    Label,
    Picture,
    Role,
    SpeciesBox,
    at,
    counted,
    rows_by_aspect,
    stacked,
    written,
)
from crn2sbml.formats.layout_reactions import draw_reactions
from crn2sbml.formats.layout_scheme import Group, Scheme, groups, line, traffic

MOST_REACTIONS, MOST_CURVES, MOST_SPECIES = 60, 400, 2000
"""Reactions and their curves up to which each is drawn, and species up to which each has a box."""
_LEAST_ROWS = 16
_HEIGHT = 800
_PIXEL, _PIXEL_GAP, _PANEL_GAP = 14.0, 4.0, 18.0
_MOST_CHANNEL_BLOCKS = 8


def picture(scheme: Scheme) -> Picture:
    """The whole picture of a network; the same scheme gives the same picture."""
    curves = sum(len(step.sources) + len(step.products) for step in scheme.steps)
    if len(scheme.steps) <= MOST_REACTIONS and curves <= MOST_CURVES and len(scheme.species) <= MOST_CURVES:
        return draw_reactions(scheme, groups(scheme, most_levels=len(scheme.species)), role_of(scheme))
    parts = groups(scheme)
    counts = traffic(parts, scheme.steps)
    role = role_of(scheme)
    panel = _species_panel if len(scheme.species) <= MOST_SPECIES else _block_panel
    sections = [_headed(_heading(group, counts[i, i]), panel(group, role)) for i, group in enumerate(parts)]
    return connect(sections, counts)


def role_of(scheme: Scheme) -> Callable[[str], Role]:
    """What a species is drawn as."""
    rails: Mapping[str, Role] = {"P": "positive", "M": "negative"}

    def role(name: str) -> Role:
        if name in scheme.clamped:
            return "input"
        place = scheme.places.get(name)
        return rails.get(place.rail[:1], "other") if place is not None else "other"

    return role


def _heading(group: Group, inside: int) -> list[Label]:
    labels = [written(group.title, "heading")]
    if group.places:
        labels.append(written(_extent(group.places), "note"))
    species = f"{len(group.species):,} species"
    labels.append(written(species + (f", {counted(inside, 'reaction')} inside" if inside else ""), "note"))
    return labels


def _extent(places: Sequence[Place]) -> str:
    """For instance `4 channels of 3 x 3, 2 rails`."""
    group = Group("", (), tuple(places))
    channels, rails, (rows, columns) = group.channels, group.rails, group.grid
    grid = f"{len(rows)} x {len(columns)}" if rows else ""
    many = counted(len(channels), "channel" if rows else "unit") if len(channels) > 1 or not rows else ""
    return ", ".join([" of ".join(filter(None, (many, grid)))] + [f"{len(rails)} rails"] * (len(rails) > 1))


def _headed(heading: list[Label], body: Picture) -> Picture:
    """A body below its heading, both centred."""
    width = max([body.width, *(label.box.width for label in heading)])
    labels = stacked(heading, width / 2, 0)
    top = labels[-1].box.bottom + _PANEL_GAP
    moved = body.shifted((width - body.width) / 2, top)
    return replace(moved, width=width, height=top + body.height, labels=(*labels, *moved.labels))


def _species_panel(group: Group, role: Callable[[str], Role]) -> Picture:
    return _grids(group, role) if group.grid[0] else _columns(group, role)


def _grids(group: Group, role: Callable[[str], Role]) -> Picture:
    """Channels stacked, the rails of a channel beside each other, each a grid of small boxes."""
    rows, columns = group.grid
    row, column = ({value: i for i, value in enumerate(values)} for values in (rows, columns))
    channel, rail = ({value: i for i, value in enumerate(values)} for values in (group.channels, group.rails))
    pitch = _PIXEL + _PIXEL_GAP
    titles = {
        key: written(_panel_title(group, *key), "small")
        for key in ((c, r) for c in group.channels for r in group.rails)
    }
    title_height = max(title.box.height for title in titles.values()) + 2 if len(titles) > 1 else 0.0
    width = max([len(columns) * pitch, *(title.box.width for title in titles.values() if title_height)])
    height = title_height + len(rows) * pitch
    down = rows_by_aspect(len(channel), len(rail) * (width + _PANEL_GAP), height + _PANEL_GAP, 1)
    down = max(down, min(len(channel), int(_HEIGHT // (height + _PANEL_GAP))))
    boxes, labels = [], []

    def corner(c: int, r: str) -> tuple[float, float]:
        across = channel[c] // down * len(rail) + rail[r]
        return across * (width + _PANEL_GAP), channel[c] % down * (height + _PANEL_GAP)

    if title_height:
        for (c, r), title in titles.items():
            x, y = corner(c, r)
            labels.append(at(title, x + (width - title.box.width) / 2, y))
    inset = (width - len(columns) * pitch) / 2
    for name, place in zip(group.species, group.places, strict=True):
        x, y = corner(place.channel, place.rail)
        x += inset + column[line(place.column)] * pitch + _PIXEL_GAP / 2
        y += title_height + row[line(place.row)] * pitch + _PIXEL_GAP / 2
        boxes.append(SpeciesBox(name, Box(x, y, _PIXEL, _PIXEL), role(name)))
    across = -(-len(channel) // down) * len(rail)
    size = across * (width + _PANEL_GAP) - _PANEL_GAP, down * (height + _PANEL_GAP) - _PANEL_GAP
    return Picture(*size, species=tuple(boxes), labels=tuple(labels))


def _panel_title(group: Group, channel: int, rail: str) -> str:
    return " ".join(filter(None, (f"channel {channel}" if len(group.channels) > 1 else "", rail)))


def _columns(group: Group, role: Callable[[str], Role]) -> Picture:
    """Named boxes: a unit's rails beside each other, units in columns."""
    names = [written(name, "name", name) for name in group.species]
    width = max(name.box.width for name in names) + 10
    height = names[0].box.height + 5
    pitch_x, pitch_y = width + 8, height + 5
    keys = [place.channel for place in group.places] or list(range(len(names)))
    units = [list(unit) for _, unit in groupby(range(len(names)), key=lambda i: keys[i])]
    lanes = max(len(unit) for unit in units)
    down = rows_by_aspect(len(units), lanes * pitch_x, pitch_y, _LEAST_ROWS)
    boxes, labels = [], []
    for number, unit in enumerate(units):
        for lane, i in enumerate(unit):
            box = Box((number // down * lanes + lane) * pitch_x, number % down * pitch_y, width, height)
            boxes.append(SpeciesBox(group.species[i], box, role(group.species[i])))
            labels.append(replace(names[i], box=box))
    size = (max(b.box.right for b in boxes), max(b.box.bottom for b in boxes))
    return Picture(*size, species=tuple(boxes), labels=tuple(labels))


def _block_panel(group: Group, role: Callable[[str], Role]) -> Picture:
    """A block for each rail, and for each channel too if they are few and have grids."""
    members: dict[tuple[int, str], list[tuple[str, Place | None]]] = {}
    apart = bool(group.grid[0]) and len(group.channels) <= _MOST_CHANNEL_BLOCKS
    rails = group.rails or [""]
    for i, name in enumerate(group.species):
        place = group.places[i] if group.places else None
        key = (place.channel if apart else 0, place.rail) if place else (0, "")
        members.setdefault(key, []).append((name, place))
    texts = {}
    for (channel, rail), inside in sorted(members.items()):
        title = " ".join(filter(None, (f"channel {channel}" if apart and len(group.channels) > 1 else "", rail)))
        texts[channel, rail] = [written(text, "inside") for text in (title, _sum_of(inside)) if text]
    width = max(label.box.width for text in texts.values() for label in text) + 24
    height = 54.0 if apart else 120.0
    rows = {channel: i for i, channel in enumerate(sorted({channel for channel, _ in texts}))}
    blocks, labels = [], []
    for (channel, rail), text in texts.items():
        x, y = rails.index(rail) * (width + _PANEL_GAP), rows[channel] * (height + _PANEL_GAP)
        box = Box(x, y, width, height)
        blocks.append(Block(box, role(members[channel, rail][0][0])))
        tall = sum(label.box.height for label in text)
        labels += stacked(text, box.centre[0], box.centre[1] - tall / 2)
    return Picture(
        max(b.box.right for b in blocks), max(b.box.bottom for b in blocks), blocks=tuple(blocks), labels=tuple(labels)
    )


def _sum_of(inside: Sequence[tuple[str, Place | None]]) -> str:
    """For instance `4 x 26 x 26 = 2,704 species`; the factors only where they give the number."""
    group = Group("", (), tuple(place for _, place in inside if place is not None))
    sizes = [len(values) for values in (group.channels, *group.grid)]
    factors = [f"{size:,}" for size in sizes if size > 1]
    product = sizes[0] * max(sizes[1], 1) * max(sizes[2], 1)
    known = len(factors) > 1 and product == len(inside)
    return (" x ".join(factors) + " = " if known else "") + f"{len(inside):,} species"
