"""The classifier: a feed-forward cascade of layer motifs between clamped inputs and read-outs."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crn2sbml.core.network import Network, Parameter, Reaction, Species
from crn2sbml.errors import ShapeError
from crn2sbml.motifs.motif import Kinetics, Levels, Motif, Shape, Weights, places
from crn2sbml.motifs.rectifier import ANNIHILATION, DECAY

Array: TypeAlias = NDArray[np.float64]


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
        numbers = {"input_max": self.input_max} | {f.name: getattr(self.kinetics, f.name) for f in fields(Kinetics)}
        for name, value in numbers.items():
            if not (0 < value < float("inf") or (name == "annihilation" and value == float("inf"))):
                raise ShapeError(f"classifier {self.name!r}: {name} is {value}; it must be positive and finite")
        if not self.layers:
            raise ShapeError(f"classifier {self.name!r}: has no layers")

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Shape of the input and of each layer; raises ShapeError where layers do not fit."""
        shapes = [self.in_shape]
        for layer in self.layers:
            shapes.append(layer.out_shape(shapes[-1]))
        return tuple(shapes)

    @property
    def input_ids(self) -> tuple[str, ...]:
        """Clamped species in the order of the data, row by row."""
        return tuple(place.id for place in places("input", 0, self.in_shape))

    @property
    def output_ids(self) -> tuple[str, ...]:
        """Read-out species by class."""
        return tuple(place.id for place in places(self.layers[-1].kind, len(self.layers), self.shapes[-1], "P"))

    @property
    def settling_time(self) -> float:
        """Seconds after which the cascade is steady to about 1e-8: layers of decay g settle one after another."""
        return (20 + 5 * len(self.layers)) / self.kinetics.decay

    @property
    def neural_twin(self) -> "Classifier":
        """The neural network of the same layers with ideal rectifiers: the limit of infinitely fast annihilation."""
        return replace(self, name=f"{self.name}-twin", kinetics=replace(self.kinetics, annihilation=float("inf")))

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
            raise ShapeError(f"classifier {self.name!r}: {len(weights)} sets of weights for {len(self.layers)} layers")
        for number, (layer, in_shape, arrays) in enumerate(zip(self.layers, self.shapes, weights, strict=False), 1):
            for name, shape in layer.weight_shapes(in_shape).items():
                where = f"classifier {self.name!r}, layer {number} ({layer.kind}), array {name!r}"
                got = np.shape(arrays[name]) if name in arrays else "missing"
                if got != shape:
                    raise ShapeError(f"{where}: shape {got}, the layer needs {shape}")
                if np.asarray(arrays[name]).dtype.kind not in "fiu":
                    raise ShapeError(f"{where}: holds {np.asarray(arrays[name]).dtype}, the layer needs real numbers")
                bad = int(np.sum(~np.isfinite(arrays[name])))
                if bad:
                    raise ShapeError(f"{where}: {bad} values are not finite; train again or take an earlier checkpoint")

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
        """Closed-form steady activities of every layer, NumPy or JAX.

        Args: activities: shape (..., inputs). Source: the rectifier's quadratic, see motifs.rectifier.
        """
        levels = []
        for layer, in_shape, arrays in zip(self.layers, self.shapes, weights, strict=False):
            levels.append(layer.steady_state(arrays, activities, in_shape, self.kinetics))
            activities = levels[-1].outputs
        return levels

    def readouts(self, weights: Sequence[Weights], data: ArrayLike) -> Array:
        """Closed-form read-out counts (items) for data of shape (..., rows, columns): shape (..., classes)."""
        return np.asarray(self.levels(weights, self.activities(data))[-1].outputs * self.kinetics.omega)

    def network(self, weights: Sequence[Weights], data: ArrayLike | None = None) -> Network:
        """The trained network; its inputs hold one example of `data` (rows, columns) or nothing.

        Raises: ShapeError: weights or data do not fit.
        """
        self.check_weights(weights)
        if self.kinetics.annihilation == float("inf"):
            raise ShapeError(f"classifier {self.name!r}: annihilation is infinite; a neural twin has no reactions")
        counts = np.zeros(len(self.input_ids)) if data is None else self.input_counts(data)
        inputs = places("input", 0, self.in_shape)
        species = [Species(p.id, float(n), clamped=True, place=p) for p, n in zip(inputs, counts, strict=True)]
        kinetics = self.kinetics
        parameters = [
            Parameter(DECAY, kinetics.decay),
            Parameter(ANNIHILATION, kinetics.annihilation / kinetics.omega),
        ]
        reactions: list[Reaction] = []
        outputs = self.input_ids
        for number, (layer, in_shape, arrays) in enumerate(zip(self.layers, self.shapes, weights, strict=False), 1):
            part = layer.reactions(arrays, outputs, in_shape, number, kinetics)
            species += part.species
            parameters += part.parameters
            reactions += part.reactions
            outputs = part.outputs
        # A name may hold dashes, an id may not.
        return Network(self.name.replace("-", "_"), tuple(species), tuple(parameters), tuple(reactions))
