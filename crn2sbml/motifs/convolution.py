"""Convolution: the signed sum over a sliding window of all channels, one constant per kernel entry."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from crn2sbml.motifs.motif import Influence, Kinetics, Levels, Part, Shape, Weights
from crn2sbml.motifs.signed_sum import signed_sum_adjoint, signed_sum_levels, signed_sum_part
from crn2sbml.motifs.windows import channel_windows, window_grid


@dataclass(frozen=True, slots=True)
class Convolution:
    """`filters` rectified feature maps of a `size` x `size` window moved by `stride`, without padding."""

    filters: int
    size: int
    stride: int = 1
    kind: str = "conv"

    def out_shape(self, in_shape: Shape) -> Shape:
        """(filters, window rows, window columns)."""
        return (self.filters, *window_grid(in_shape, self.size, self.stride))

    def weight_shapes(self, in_shape: Shape) -> dict[str, tuple[int, ...]]:
        """`kernel` (filters, channels * size * size), `bias` (filters,)."""
        return {"kernel": (self.filters, in_shape[0] * self.size**2), "bias": (self.filters,)}

    def reactions(
        self, weights: Weights, inputs: tuple[str, ...], in_shape: Shape, layer: int, kinetics: Kinetics
    ) -> Part:
        """A signed sum and a rectifier for each filter and position."""
        windows = channel_windows(in_shape, self.size, self.stride)
        return signed_sum_part(weights, inputs, windows, self.kind, layer, self.out_shape(in_shape), kinetics.omega)

    def steady_state(self, weights: Weights, inputs: Any, in_shape: Shape, kinetics: Kinetics) -> Levels:
        """Rectified convolution, flattened (filters, rows, columns)."""
        return signed_sum_levels(weights, inputs, channel_windows(in_shape, self.size, self.stride), kinetics)

    def adjoint(
        self, weights: Weights, levels: Levels, influence: Any, frequency: Any, in_shape: Shape, kinetics: Kinetics
    ) -> Influence:
        """The rectifiers', through the weights."""
        windows = channel_windows(in_shape, self.size, self.stride)
        return signed_sum_adjoint(weights, levels, influence, frequency, windows, int(np.prod(in_shape)), kinetics)
