"""What a picture must know of a network: who drives whom, and the groups of species that stand side by side."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from crn2sbml.core.network import Place

_MOST_LEVELS = 16
_RAILS = {"P": 0, "M": 1}


@dataclass(frozen=True, slots=True)
class Step:
    """A reaction of a file; a catalyst is a modifier, or stands as often among the reactants as among the products."""

    id: str
    substrates: tuple[str, ...]
    products: tuple[str, ...]
    catalysts: tuple[str, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """Species that the speed depends on."""
        return self.substrates + self.catalysts

    @property
    def targets(self) -> tuple[str, ...]:
        """What the reaction is for: its products, or what it removes if there are none."""
        return self.products or self.substrates


@dataclass(frozen=True, slots=True)
class Scheme:
    """Species in the order of the file, which of them are clamped, where they stand, and the reactions."""

    species: tuple[str, ...]
    clamped: frozenset[str]
    places: Mapping[str, Place]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Species that are drawn together: a layer, or a level of a network without places (then `places` is empty)."""

    title: str
    species: tuple[str, ...]
    places: tuple[Place, ...] = ()

    @property
    def channels(self) -> list[int]:
        """Channel numbers in order."""
        return sorted({place.channel for place in self.places})

    @property
    def rails(self) -> list[str]:
        """Rails in order: P, M, then any others."""
        return sorted({place.rail for place in self.places}, key=lambda rail: (_RAILS.get(rail, 2), rail))

    @property
    def grid(self) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
        """Row and column numbers that occur, in order; both empty without a grid."""
        if all(place.row is None and place.column is None for place in self.places):
            return [], []
        return sorted({line(p.row) for p in self.places}), sorted({line(p.column) for p in self.places})


def line(number: int | None) -> tuple[int, ...]:
    """A row or column number that sorts also where it is missing."""
    return () if number is None else (number,)


def groups(scheme: Scheme, most_levels: int = _MOST_LEVELS) -> tuple[Group, ...]:
    """Layers from left to right, then the species without a place, level by level.

    Args: most_levels: neighbouring levels of species without a place are joined until there are no more than these.
    """
    layers: dict[tuple[int, str], dict[Place, str]] = {}
    free = []
    for name in scheme.species:
        place = scheme.places.get(name)
        # Two species on one place cannot be drawn on it: the second counts as one without.
        if place is None or layers.setdefault((place.layer, place.kind), {}).setdefault(place, name) != name:
            free.append(name)
    found = []
    for (layer, kind), members in sorted(layers.items(), key=lambda item: item[0][0]):
        ordered = sorted(members, key=_reading_order)
        found.append(Group(f"{kind} {layer}", tuple(members[place] for place in ordered), tuple(ordered)))
    level = dict(zip(free, levels(free, scheme.steps, scheme.clamped), strict=True))
    joined = _joined(Counter(level.values()), most_levels)
    for numbers in joined:
        others = "others, " if layers else ""
        title = f"{others}level {numbers[0]}" if len(numbers) == 1 else f"{others}levels {numbers[0]} to {numbers[-1]}"
        found.append(Group(title, tuple(name for name in free if level[name] in numbers)))
    return tuple(found)


def levels(species: Sequence[str], steps: Iterable[Step], clamped: Collection[str]) -> list[int]:
    """The longest chain of species that leads to each of these, 0 where it begins.

    Cycles are cut where they run against the order of the file. Clamped species that drive something stand at 0,
    left of all others.
    """
    if not species:
        return []
    index = {name: i for i, name in enumerate(species)}
    pairs = {
        (index[source], index[target])
        for step in steps
        for source in (step.sources if step.products else step.catalysts)
        if source in index
        for target in step.targets
        if target in index and target != source
    }
    tails, heads = np.array(sorted(pairs), dtype=np.intp).reshape(-1, 2).T
    graph = coo_array((np.ones(len(tails)), (tails, heads)), shape=(len(species), len(species)))
    component = connected_components(graph.tocsr(), connection="strong")[1] if len(tails) else np.arange(len(species))
    inputs = {index[name] for name in clamped if name in index} & set(tails.tolist())
    after: list[list[int]] = [[] for _ in species]
    waiting = [0] * len(species)
    for tail, head in zip(tails.tolist(), heads.tolist(), strict=True):
        if head not in inputs and (component[tail] != component[head] or tail < head):
            after[tail].append(head)
            waiting[head] += 1
    level = [int(bool(inputs) and i not in inputs) for i in range(len(species))]
    ready = [i for i, count in enumerate(waiting) if not count]
    for tail in ready:
        for head in after[tail]:
            level[head] = max(level[head], level[tail] + 1)
            waiting[head] -= 1
            if not waiting[head]:
                ready.append(head)
    return level


def traffic(groups: Sequence[Group], steps: Iterable[Step]) -> Counter[tuple[int, int]]:
    """How many reactions run from which group to which; those inside one group under (group, group)."""
    number = {name: i for i, group in enumerate(groups) for name in group.species}
    counts: Counter[tuple[int, int]] = Counter()
    for step in steps:
        targets = {number[name] for name in step.targets}
        sources = {number[name] for name in step.sources} or targets
        if len(sources) == len(targets) == 1:
            counts[next(iter(sources)), next(iter(targets))] += 1
        else:
            away = [(s, t) for s in sources for t in targets if s != t]
            counts.update(away)
    return counts


def _reading_order(place: Place) -> tuple[int, tuple[int, ...], tuple[int, ...], int, str]:
    return place.channel, line(place.row), line(place.column), _RAILS.get(place.rail, 2), place.rail


def _joined(sizes: Mapping[int, int], most: int) -> list[list[int]]:
    """Level numbers in runs of about equally many species, no more than `most` runs."""
    numbers = sorted(sizes)
    if len(numbers) <= most:
        return [[number] for number in numbers]
    share, total = sum(sizes.values()) / most, 0
    runs: dict[int, list[int]] = {}
    for number in numbers:
        runs.setdefault(int(total / share), []).append(number)
        total += sizes[number]
    return list(runs.values())
