"""Layers one behind the other: what classifiers and generators have in common."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from crn2sbml.core.network import Parameter, Reaction, Species
from crn2sbml.errors import ShapeError
from crn2sbml.motifs.motif import Kinetics, Levels, Motif, Part, Shape, Weights, places
from crn2sbml.motifs.rectifier import ANNIHILATION, DECAY

Array: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Cascade:
    """The layers, the shape of what the first one reads, and the constants that all share; `label` begins errors."""

    label: str
    in_shape: Shape
    layers: tuple[Motif, ...]
    kinetics: Kinetics

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(Kinetics)):
            value = getattr(self.kinetics, name)
            if not (0 < value < float("inf") or (name == "annihilation" and value == float("inf"))):
                raise ShapeError(f"{self.label}: {name} is {value}; it must be positive and finite")
        if not self.layers:
            raise ShapeError(f"{self.label}: has no layers")

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Shape of the input and of each layer; raises ShapeError where layers do not fit."""
        shapes = [self.in_shape]
        for layer in self.layers:
            shapes.append(layer.out_shape(shapes[-1]))
        return tuple(shapes)

    @property
    def output_ids(self) -> tuple[str, ...]:
        """The species that hold the last layer's outputs, flattened."""
        return tuple(place.id for place in places(self.layers[-1].kind, len(self.layers), self.shapes[-1], "P"))

    @property
    def settling_time(self) -> float:
        """Seconds after which the cascade is steady to about 1e-8: layers of decay g settle one after another."""
        return (20 + 5 * len(self.layers)) / self.kinetics.decay

    def initial_weights(self, seed: int) -> list[dict[str, Array]]:
        """Normal kernels of variance 1/fan-in around 0 and a small positive bias, for training to start from."""
        rng = np.random.default_rng(seed)
        return [
            {
                name: np.full(shape, 0.1) if name == "bias" else rng.normal(0, shape[-1] ** -0.5, shape)
                for name, shape in layer.weight_shapes(in_shape).items()
            }
            for layer, in_shape in zip(self.layers, self.shapes, strict=False)
        ]

    def check_weights(self, weights: Sequence[Weights]) -> None:
        """Raises ShapeError: an array is missing, has another shape or holds a value that is not finite."""
        if len(weights) != len(self.layers):
            raise ShapeError(f"{self.label}: {len(weights)} sets of weights for {len(self.layers)} layers")
        for number, (layer, in_shape, arrays) in enumerate(zip(self.layers, self.shapes, weights, strict=False), 1):
            for name, shape in layer.weight_shapes(in_shape).items():
                where = f"{self.label}, layer {number} ({layer.kind}), array {name!r}"
                got = np.shape(arrays[name]) if name in arrays else "missing"
                if got != shape:
                    raise ShapeError(f"{where}: shape {got}, the layer needs {shape}")
                if np.asarray(arrays[name]).dtype.kind not in "fiu":
                    raise ShapeError(f"{where}: holds {np.asarray(arrays[name]).dtype}, the layer needs real numbers")
                bad = int(np.sum(~np.isfinite(arrays[name])))
                if bad:
                    raise ShapeError(f"{where}: {bad} values are not finite; train again or take an earlier checkpoint")

    def levels(self, weights: Sequence[Weights], activities: Any) -> list[Levels]:
        """Closed-form steady activities of every layer, NumPy or JAX.

        Args: activities: shape (..., inputs). Source: the rectifier's quadratic, see motifs.rectifier.
        """
        levels: list[Levels] = []
        for layer, in_shape, arrays in zip(self.layers, self.shapes, weights, strict=False):
            levels.append(layer.steady_state(arrays, activities, in_shape, self.kinetics))
            activities = levels[-1].outputs
        return levels

    def part(self, weights: Sequence[Weights], inputs: tuple[str, ...]) -> Part:
        """Species, rate constants (for counts) and reactions of all layers, behind the species `inputs`.

        Raises: ShapeError: weights do not fit, or annihilation is infinite, which no reaction is.
        """
        self.check_weights(weights)
        if self.kinetics.annihilation == float("inf"):
            raise ShapeError(f"{self.label}: annihilation is infinite; a neural twin has no reactions")
        kinetics, species, reactions = self.kinetics, list[Species](), list[Reaction]()
        parameters = [
            Parameter(DECAY, kinetics.decay),
            Parameter(ANNIHILATION, kinetics.annihilation / kinetics.omega),
        ]
        for number, (layer, in_shape, arrays) in enumerate(zip(self.layers, self.shapes, weights, strict=False), 1):
            part = layer.reactions(arrays, inputs, in_shape, number, kinetics)
            species += part.species
            parameters += part.parameters
            reactions += part.reactions
            inputs = part.outputs
        return Part(tuple(species), tuple(parameters), tuple(reactions), inputs)
