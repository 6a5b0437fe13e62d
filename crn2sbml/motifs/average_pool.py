"""Average pool: every species of a window makes Y at h/n, Y decays at h; Y settles at the window's mean, exactly.

Counts of Y are few (a mean, not a sum) and so comparatively noisy. A turnover faster than that of the layers which
read Y lets them average this noise away, at the cost of more events.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from crn2sbml.core.network import Parameter, Reaction, Species
from crn2sbml.motifs.elementary import birth_death_level, catalysis, decay
from crn2sbml.motifs.motif import Influence, Kinetics, Levels, Part, Shape, Weights, places
from crn2sbml.motifs.windows import gather, plane_windows, scatter, window_grid


@dataclass(frozen=True, slots=True)
class AveragePool:
    """The mean over `size` x `size` windows moved by `stride`, channel by channel; nothing is trained.

    `turnover` is h in units of the decay g that the rectifiers share.
    """

    size: int
    stride: int
    turnover: float = 1.0
    kind: str = "pool"

    def out_shape(self, in_shape: Shape) -> Shape:
        """(channels, window rows, window columns)."""
        return (in_shape[0], *window_grid(in_shape, self.size, self.stride))

    def weight_shapes(self, in_shape: Shape) -> dict[str, tuple[int, ...]]:
        """Nothing is trained."""
        return {}

    def reactions(
        self, weights: Weights, inputs: tuple[str, ...], in_shape: Shape, layer: int, kinetics: Kinetics
    ) -> Part:
        """One catalysis for each species of a window, one decay."""
        share, loss = f"{self.kind}{layer}_share", f"{self.kind}{layer}_decay"
        decay_rate = self.turnover * kinetics.decay
        outputs = places(self.kind, layer, self.out_shape(in_shape))
        windows = plane_windows(in_shape, self.size, self.stride)
        reactions: list[Reaction] = []
        for place, window in zip(outputs, windows, strict=True):
            reactions += [catalysis(inputs[source], place.id, share) for source in window]
            reactions.append(decay(place.id, loss))
        return Part(
            tuple(Species(place.id, place=place) for place in outputs),
            (Parameter(share, decay_rate / self.size**2), Parameter(loss, decay_rate)),
            tuple(reactions),
            tuple(place.id for place in outputs),
        )

    def steady_state(self, weights: Weights, inputs: Any, in_shape: Shape, kinetics: Kinetics) -> Levels:
        """Window means, flattened (channels, rows, columns)."""
        xp = array_namespace(inputs)
        decay_rate = self.turnover * kinetics.decay
        birth = xp.mean(gather(inputs, plane_windows(in_shape, self.size, self.stride)), axis=-1) * decay_rate
        return Levels(birth_death_level(birth, decay_rate))

    def adjoint(
        self, weights: Weights, levels: Levels, influence: Any, frequency: Any, in_shape: Shape, kinetics: Kinetics
    ) -> Influence:
        """Births and deaths at h Y each, which decay at h."""
        xp = array_namespace(influence)
        rate, windows = self.turnover * kinetics.decay, plane_windows(in_shape, self.size, self.stride)
        flow = influence / (rate - 1j * frequency)
        share = xp.broadcast_to((flow * (rate / self.size**2))[..., None], (*flow.shape, self.size**2))
        pulses = ((2 * rate * xp.expand_dims(levels.outputs, axis=-2), flow),)
        return Influence(pulses, scatter(share, windows, int(np.prod(in_shape))))
