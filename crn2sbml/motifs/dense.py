"""Dense layer and read-out: the signed sum over all species of the layer before."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from crn2sbml.motifs.motif import Influence, Kinetics, Levels, Part, Shape, Weights
from crn2sbml.motifs.signed_sum import signed_sum_adjoint, signed_sum_levels, signed_sum_part


@dataclass(frozen=True, slots=True)
class Dense:
    """`units` rectified species, each reading every species of the layer before.

    As `kind` "readout" its species are the answer: the class whose positive rail holds most items.
    """

    units: int
    kind: str = "dense"

    def out_shape(self, in_shape: Shape) -> Shape:
        """(units, 1, 1)."""
        return (self.units, 1, 1)

    def weight_shapes(self, in_shape: Shape) -> dict[str, tuple[int, ...]]:
        """`kernel` (units, inputs), `bias` (units,)."""
        return {"kernel": (self.units, int(np.prod(in_shape))), "bias": (self.units,)}

    def reactions(
        self, weights: Weights, inputs: tuple[str, ...], in_shape: Shape, layer: int, kinetics: Kinetics
    ) -> Part:
        """A signed sum and a rectifier for each unit."""
        return signed_sum_part(
            weights, inputs, _all(in_shape), self.kind, layer, self.out_shape(in_shape), kinetics.omega
        )

    def steady_state(self, weights: Weights, inputs: Any, in_shape: Shape, kinetics: Kinetics) -> Levels:
        """Rectified weighted sums, shape (..., units)."""
        return signed_sum_levels(weights, inputs, _all(in_shape), kinetics)

    def adjoint(
        self, weights: Weights, levels: Levels, influence: Any, frequency: Any, in_shape: Shape, kinetics: Kinetics
    ) -> Influence:
        """The rectifiers', through the weights."""
        windows = _all(in_shape)
        return signed_sum_adjoint(weights, levels, influence, frequency, windows, int(np.prod(in_shape)), kinetics)


def _all(in_shape: Shape) -> "np.ndarray[tuple[int, ...], np.dtype[np.intp]]":
    return np.arange(int(np.prod(in_shape)))[None, :]
