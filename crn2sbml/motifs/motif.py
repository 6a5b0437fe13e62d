"""What every layer motif is: shapes, reactions and a closed-form steady state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeAlias

from crn2sbml.core.network import Parameter, Place, Reaction, Species

Shape: TypeAlias = tuple[int, int, int]
"""Channels, rows, columns; flattened in this order. A layer without a grid has one row and one column."""

Weights: TypeAlias = Mapping[str, Any]
"""Trained arrays of one layer by name, in activities (omega = 1)."""


@dataclass(frozen=True, slots=True)
class Kinetics:
    """What all layers share: decay `g` (1/s), annihilation `k` (1/s per unit of activity), items per unit of activity.

    Closed forms are in activities and do not depend on `omega`; rate constants for counts do. With k infinite, closed
    forms are those of a neural network of ideal rectifiers, which no reactions make.
    """

    decay: float = 1.0
    annihilation: float = 20.0
    omega: float = 1.0


@dataclass(frozen=True, slots=True)
class Part:
    """What a layer adds to a network; `outputs` are the species that the next layer reads, in flattened order."""

    species: tuple[Species, ...]
    parameters: tuple[Parameter, ...]
    reactions: tuple[Reaction, ...]
    outputs: tuple[str, ...]


class Levels(NamedTuple):
    """Steady activities of a layer: what the next layer reads and, of rectifiers, the negative rail and the gross
    production of both rails (activity per second), which noise and simulation cost follow.

    `inner` are both rails of each rectifier that only the layer itself reads.
    """

    outputs: Any
    negative: Any | None = None
    gross: Any | None = None
    inner: Sequence[tuple[Any, Any]] = ()


class Influence(NamedTuple):
    """What pulses do to read-outs at one frequency, seen from a layer's outputs back to its inputs (the adjoint).

    `pulses` holds, for each kind of noise source, its rate (activity/s, (..., 1, units)) and the influence of one unit
    of activity on each read-out (s, complex, (..., read-outs, units)); `inputs` is the influence of a flow into each
    species that the layer reads, (..., read-outs, inputs).
    """

    pulses: tuple[tuple[Any, Any], ...]
    inputs: Any


class Motif(Protocol):
    """A layer. Closed forms take inputs of shape (..., size of the layer before) and keep the leading axes."""

    @property
    def kind(self) -> str:
        """The word that species ids begin with."""

    def out_shape(self, in_shape: Shape) -> Shape:
        """Shape of the layer; raises ShapeError where it does not fit the one before."""

    def weight_shapes(self, in_shape: Shape) -> dict[str, tuple[int, ...]]:
        """Shapes of the trained arrays; empty for a layer that is not trained."""

    def reactions(
        self, weights: Weights, inputs: tuple[str, ...], in_shape: Shape, layer: int, kinetics: Kinetics
    ) -> Part:
        """Species, rate constants (for counts) and reactions of layer number `layer`."""

    def steady_state(self, weights: Weights, inputs: Any, in_shape: Shape, kinetics: Kinetics) -> Levels:
        """Closed-form steady activities."""

    def adjoint(
        self, weights: Weights, levels: Levels, influence: Any, frequency: Any, in_shape: Shape, kinetics: Kinetics
    ) -> Influence:
        """Linear noise about the steady state `levels`, at a frequency (rad/s) that broadcasts against `influence`.

        Args: influence: of a flow into each of the layer's outputs on each read-out, (..., read-outs, outputs).
        """


def places(kind: str, layer: int, shape: Shape, rail: str = "") -> list[Place]:
    """The places of a layer's species in flattened order."""
    channels, rows, columns = shape
    if rows * columns == 1:
        return [Place(layer, kind, channel, rail=rail) for channel in range(channels)]
    return [
        Place(layer, kind, channel, row, column, rail)
        for channel in range(channels)
        for row in range(rows)
        for column in range(columns)
    ]
