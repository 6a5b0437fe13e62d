"""Sections set side by side, and the arrows between them that say how many reactions run."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from crn2sbml.formats.layout_picture import Arrow, Block, Box, Label, Picture, SpeciesBox, at, counted, written

MARGIN = 24.0
_LEAST_GAP, _LANE, _MOST_LANES = 60.0, 30.0, 10
_HEAD, _BAR = 12.0, 2.0


def connect(sections: Sequence[Picture], counts: Mapping[tuple[int, int], int]) -> Picture:
    """Sections from left to right, in the middle of one height.

    Neighbours are joined by a straight arrow; any others by a lane below, the busiest first.
    """
    straight = {pair: n for pair, n in counts.items() if pair[1] == pair[0] + 1}
    lanes = sorted(((n, pair) for pair, n in counts.items() if pair[1] not in (pair[0], pair[0] + 1)), reverse=True)
    height = max((section.height for section in sections), default=0)
    labels: list[Label] = []
    arrows: list[Arrow] = []
    species: list[SpeciesBox] = []
    blocks: list[Block] = []
    spans: list[Box] = []
    x = MARGIN
    for number, section in enumerate(sections):
        label = (
            written(counted(straight[number - 1, number], "reaction"), "note")
            if (number - 1, number) in straight
            else None
        )
        if number:
            gap = max(_LEAST_GAP, label.box.width + 36) if label else _LEAST_GAP
            if label:
                middle = MARGIN + height / 2
                arrows.append(Arrow((("arrow_right", Box(x + 8, middle - _HEAD / 2, gap - 16, _HEAD)),)))
                labels.append(at(label, x + (gap - label.box.width) / 2, middle - label.box.height - _HEAD / 2 - 2))
            x += gap
        moved = section.shifted(x, MARGIN + (height - section.height) / 2)
        species += moved.species
        blocks += moved.blocks
        labels += moved.labels
        spans.append(Box(x, MARGIN + (height - section.height) / 2, section.width, section.height))
        x += section.width
    bottom = MARGIN + height
    below = _lanes(spans, lanes[:_MOST_LANES], bottom + _LANE)
    arrows += below[0]
    labels += below[1]
    if lanes:
        bottom += _LANE * (min(len(lanes), _MOST_LANES) + 1)
    rest = lanes[_MOST_LANES:]
    if rest:
        note = f"and {counted(len(rest), 'more connection')}: {counted(sum(n for n, _ in rest), 'reaction')}"
        labels.append(at(written(note, "note"), MARGIN, bottom + 6))
        bottom += _LANE
    width = max([x, *(label.box.right for label in labels)]) + MARGIN
    return Picture(width, bottom + MARGIN, tuple(species), tuple(blocks), (), tuple(arrows), tuple(labels))


def _lanes(
    spans: Sequence[Box], lanes: Sequence[tuple[int, tuple[int, int]]], top: float
) -> tuple[list[Arrow], list[Label]]:
    """One horizontal lane for each pair, with its own foot under each of the two sections."""
    feet: Counter[int] = Counter(end for _, pair in lanes for end in pair)
    used: dict[int, int] = defaultdict(int)
    arrows, labels = [], []
    for row, (count, pair) in enumerate(lanes):
        ends = []
        for end in pair:
            used[end] += 1
            ends.append(spans[end].x + spans[end].width * used[end] / (feet[end] + 1))
        start, stop = ends
        y = top + row * _LANE
        left, right = sorted((start, stop))
        down = Box(start - _BAR / 2, spans[pair[0]].bottom + 6, _BAR, y - spans[pair[0]].bottom - 6)
        along = Box(left - _BAR / 2, y, right - left + _BAR, _BAR)
        up = Box(stop - _HEAD / 2, spans[pair[1]].bottom + 6, _HEAD, y - spans[pair[1]].bottom - 6)
        arrows.append(Arrow((("bar", down), ("bar", along), ("arrow_up", up))))
        label = written(counted(count, "reaction"), "note")
        labels.append(at(label, max(MARGIN, (start + stop - label.box.width) / 2), y - label.box.height - 3))
    return arrows, labels
