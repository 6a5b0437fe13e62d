"""Max pool: the largest of a window, found by a knock-out tournament of rectifiers, max(a, b) = a + relu(b - a).

A match of a and b is a rectifier whose rail P is made by b and M by a; the winner a + P is no species of its own but a
sum that the next match, and in the end the pool's species Y, reads term by term. Ties are soft: at a = b = x a
rectifier still holds about sqrt(x g / k), so the maximum is overestimated by that much.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from crn2sbml.core.network import Parameter, Reaction, Species
from crn2sbml.motifs.elementary import birth_death_level, catalysis, decay
from crn2sbml.motifs.motif import Influence, Kinetics, Levels, Part, Shape, Weights, places
from crn2sbml.motifs.rectifier import rectifier_adjoint, rectifier_levels, rectifier_reactions
from crn2sbml.motifs.windows import gather, plane_windows, scatter, window_grid


@dataclass(frozen=True, slots=True)
class MaxPool:
    """The largest value in `size` x `size` windows moved by `stride`, channel by channel; nothing is trained.

    `turnover` is the decay of Y in units of the decay g that the rectifiers share.
    """

    size: int
    stride: int
    turnover: float = 1.0
    kind: str = "maxpool"

    def out_shape(self, in_shape: Shape) -> Shape:
        """(channels, window rows, window columns)."""
        return (in_shape[0], *window_grid(in_shape, self.size, self.stride))

    def weight_shapes(self, in_shape: Shape) -> dict[str, tuple[int, ...]]:
        """Nothing is trained."""
        return {}

    def reactions(
        self, weights: Weights, inputs: tuple[str, ...], in_shape: Shape, layer: int, kinetics: Kinetics
    ) -> Part:
        """A rectifier for each match, and Y, made by every term of the last winner."""
        share, loss, entry = (f"{self.kind}{layer}_{name}" for name in ("share", "decay", "entry"))
        shape, matches = self.out_shape(in_shape), _matches(self.size**2)
        outputs = places(self.kind, layer, shape)
        rails = [[places(self.kind, layer, shape, f"{rail}{n}") for rail in "PM"] for n in range(1, len(matches) + 1)]
        reactions: list[Reaction] = []
        for position, (place, window) in enumerate(zip(outputs, plane_windows(in_shape, *self._moves), strict=True)):
            terms = [[inputs[source]] for source in window]
            for (left, right), match in zip(matches, rails, strict=True):
                positive, negative = (rail[position].id for rail in match)
                reactions += [catalysis(term, positive, entry) for term in terms[right]]
                reactions += [catalysis(term, negative, entry) for term in terms[left]]
                reactions += rectifier_reactions(positive, negative)
                terms[left].append(positive)
            reactions += [catalysis(term, place.id, share) for term in terms[0]]
            reactions.append(decay(place.id, loss))
        rate = self.turnover * kinetics.decay
        every = [place for match in rails for pair in zip(*match, strict=True) for place in pair] + outputs
        return Part(
            tuple(Species(place.id, place=place) for place in every),
            (Parameter(entry, kinetics.decay), Parameter(share, rate), Parameter(loss, rate)),
            tuple(reactions),
            tuple(place.id for place in outputs),
        )

    def steady_state(self, weights: Weights, inputs: Any, in_shape: Shape, kinetics: Kinetics) -> Levels:
        """Maxima, flattened (channels, rows, columns); `inner` holds the rails of each match."""
        xp = array_namespace(inputs)
        seen = gather(inputs, plane_windows(in_shape, *self._moves))
        values, inner = [seen[..., i] for i in range(self.size**2)], []
        gross = []
        for left, right in _matches(len(values)):
            up, down = kinetics.decay * values[right], kinetics.decay * values[left]
            inner.append(rectifier_levels(up, down, kinetics))
            gross.append(up + down)
            values[left] = values[left] + inner[-1][0]
        rate = self.turnover * kinetics.decay
        return Levels(
            birth_death_level(rate * values[0], rate), gross=xp.concat(gross, axis=-1) if gross else None, inner=inner
        )

    def adjoint(
        self, weights: Weights, levels: Levels, influence: Any, frequency: Any, in_shape: Shape, kinetics: Kinetics
    ) -> Influence:
        """From Y back through the matches, the last one first."""
        xp = array_namespace(influence)
        rate, g = self.turnover * kinetics.decay, kinetics.decay
        flow = influence / (rate - 1j * frequency)
        pulses = [(2 * rate * xp.expand_dims(levels.outputs, axis=-2), flow)]
        back = [xp.zeros_like(flow) for _ in range(self.size**2)]
        back[0] = rate * flow
        for (left, right), rails in reversed(list(zip(_matches(len(back)), levels.inner, strict=True))):
            positive, negative = (xp.expand_dims(rail, axis=-2) for rail in rails)
            up, down, found = rectifier_adjoint(positive, negative, back[left], frequency, kinetics)
            pulses += found
            back[right] = back[right] + g * up
            back[left] = back[left] + g * down
        windows = plane_windows(in_shape, *self._moves)
        return Influence(tuple(pulses), scatter(xp.stack(back, axis=-1), windows, int(np.prod(in_shape))))

    @property
    def _moves(self) -> tuple[int, int]:
        return self.size, self.stride


def _matches(entrants: int) -> list[tuple[int, int]]:
    """Who meets whom, round by round; the winner goes on in the first one's place."""
    matches, alive = [], list(range(entrants))
    while len(alive) > 1:
        matches += list(zip(alive[::2], alive[1::2], strict=False))
        alive = alive[::2]
    return matches
