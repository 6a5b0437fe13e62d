"""The classifier: a feed-forward cascade of layer motifs between clamped inputs and read-outs."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from crn2sbml.circuits.cascade import Array, Cascade
from crn2sbml.core.network import Network, Species
from crn2sbml.errors import ShapeError
from crn2sbml.motifs.motif import Kinetics, Levels, Motif, Shape, Weights, places


@dataclass(frozen=True)
class Classifier:
    """An untrained cascade: the layers, the shape of what they read, and the constants all layers share.

    `input_max` is the data value that maps to one unit of activity, that is to `kinetics.omega` items.
    """

    name: str
    in_shape: Shape
    layers: tuple[Motif, ...]
    kinetics: Kinetics = field(default_factory=Kinetics)
    input_max: float = 1.0

    def __post_init__(self) -> None:
        _ = self.cascade
        if not 0 < self.input_max < float("inf"):
            raise ShapeError(f"classifier {self.name!r}: input_max is {self.input_max}; it must be positive and finite")

    @property
    def cascade(self) -> Cascade:
        """The layers, without what their inputs and outputs mean."""
        return Cascade(f"classifier {self.name!r}", self.in_shape, self.layers, self.kinetics)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """See `Cascade.shapes`."""
        return self.cascade.shapes

    @property
    def input_ids(self) -> tuple[str, ...]:
        """Clamped species in the order of the data, row by row."""
        return tuple(place.id for place in places("input", 0, self.in_shape))

    @property
    def output_ids(self) -> tuple[str, ...]:
        """Read-out species by class."""
        return self.cascade.output_ids

    @property
    def settling_time(self) -> float:
        """See `Cascade.settling_time`."""
        return self.cascade.settling_time

    @property
    def neural_twin(self) -> "Classifier":
        """The neural network of the same layers with ideal rectifiers: the limit of infinitely fast annihilation."""
        return replace(self, name=f"{self.name}-twin", kinetics=replace(self.kinetics, annihilation=float("inf")))

    def initial_weights(self, seed: int) -> list[dict[str, Array]]:
        """See `Cascade.initial_weights`."""
        return self.cascade.initial_weights(seed)

    def check_weights(self, weights: Sequence[Weights]) -> None:
        """See `Cascade.check_weights`."""
        self.cascade.check_weights(weights)

    def activities(self, data: ArrayLike) -> Array:
        """Data as input activities, as counts will hold them: rounded to whole items.

        Args: data: shape (..., channels, rows, columns), (..., size) or, with one channel, (..., rows, columns); values
            0 .. input_max.
        Returns: shape (..., size). Raises: ShapeError: another size or range.
        """
        return self.input_counts(data) / self.kinetics.omega

    def input_counts(self, data: ArrayLike) -> Array:
        """Data as whole items of the input species, shape (..., size); raises ShapeError."""
        array, size = np.asarray(data, dtype=float), len(self.input_ids)
        accepted = [self.in_shape, (size,), *([self.in_shape[1:]] if self.in_shape[0] == 1 else [])]
        grid = next((shape for shape in accepted if array.shape[-len(shape) :] == shape), None)
        if grid is None:
            raise ShapeError(f"data of shape {array.shape}; classifier {self.name!r} reads {self.in_shape}")
        if not (np.all(array >= 0) and np.all(array <= self.input_max)):
            raise ShapeError(f"data outside 0 .. {self.input_max:g} (seen {array.min():g} .. {array.max():g})")
        flat = array.reshape(*array.shape[: array.ndim - len(grid)], size)
        return np.asarray(np.rint(flat / self.input_max * self.kinetics.omega))

    def levels(self, weights: Sequence[Weights], activities: Any) -> list[Levels]:
        """See `Cascade.levels`."""
        return self.cascade.levels(weights, activities)

    def readouts(self, weights: Sequence[Weights], data: ArrayLike) -> Array:
        """Closed-form read-out counts (items) for data of shape (..., rows, columns): shape (..., classes)."""
        return np.asarray(self.levels(weights, self.activities(data))[-1].outputs * self.kinetics.omega)

    def network(self, weights: Sequence[Weights], data: ArrayLike | None = None) -> Network:
        """The trained network; its inputs hold one example of `data` (rows, columns) or nothing.

        Raises: ShapeError: weights or data do not fit.
        """
        part = self.cascade.part(weights, self.input_ids)
        counts = np.zeros(len(self.input_ids)) if data is None else self.input_counts(data)
        inputs = zip(places("input", 0, self.in_shape), counts, strict=True)
        species = (*(Species(p.id, float(n), clamped=True, place=p) for p, n in inputs), *part.species)
        # A name may hold dashes, an id may not.
        return Network(self.name.replace("-", "_"), species, part.parameters, part.reactions)
