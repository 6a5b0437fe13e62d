"""Switches: pixels of molecules that are on or off, as two signed sums turn them.

A weight w > 0 from input A makes `Off + A -> On + A` at w, a weight w < 0 makes `On + A -> Off + A` at -w; a bias turns
by itself. So do all pixels alike, on a little (a leak) and off (their rest). Of one pixel, On + Off stay omega items.
With the inputs held, molecules turn independently of each other: the stationary law of On is Binomial(omega,
up / (up + down)), exactly.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from crn2sbml.core.network import Parameter, Reaction, Species, Terms
from crn2sbml.core.units import scaled
from crn2sbml.motifs.motif import Influence, Kinetics, Levels, Part, Shape, Weights, places
from crn2sbml.motifs.signed_sum import signed_sums


@dataclass(frozen=True, slots=True)
class Switch:
    """`rows` x `columns` pixels that read every species of the layer before; a level is the part of molecules on.

    `pace` (1/s) is how fast they turn per unit of activity and weight: far slower than the layer before, a pixel
    averages that layer's noise away. `leak` turns them on and `rest` off by themselves, in units of the signed sums: a
    pixel that nothing else turns is off, and none is slower.
    """

    rows: int
    columns: int
    pace: float = 1.0
    leak: float = 1e-3
    rest: float = 0.1
    kind: str = "switch"

    def out_shape(self, in_shape: Shape) -> Shape:
        """(1, rows, columns)."""
        return (1, self.rows, self.columns)

    def weight_shapes(self, in_shape: Shape) -> dict[str, tuple[int, ...]]:
        """`kernel` (pixels, inputs), `bias` (pixels,)."""
        pixels = self.rows * self.columns
        return {"kernel": (pixels, int(np.prod(in_shape))), "bias": (pixels,)}

    def reactions(
        self, weights: Weights, inputs: tuple[str, ...], in_shape: Shape, layer: int, kinetics: Kinetics
    ) -> Part:
        """Off and On of each pixel, of which all molecules start off; On is what is read."""
        kernel = np.asarray(weights["kernel"], dtype=float).tolist()
        bias = np.asarray(weights["bias"], dtype=float).tolist()
        name, omega = f"{self.kind}{layer}", kinetics.omega
        rails = [places(self.kind, layer, self.out_shape(in_shape), rail) for rail in "PM"]
        alone = {"leak": self.leak, "rest": self.rest}
        parameters = [Parameter(f"{name}_{cause}", self.pace * by) for cause, by in alone.items()]
        reactions: list[Reaction] = []
        for pixel, (on, off) in enumerate(zip(*([place.id for place in rail] for rail in rails), strict=True)):
            ways = {True: (off, on), False: (on, off)}
            reactions += [_turn("leak", (off, on), f"{name}_leak"), _turn("rest", (on, off), f"{name}_rest")]
            if bias[pixel]:
                parameters.append(Parameter(f"{name}_bias_{pixel}", self.pace * abs(bias[pixel])))
                reactions.append(_turn("bias", ways[bias[pixel] > 0], f"{name}_bias_{pixel}"))
            for source, weight in enumerate(kernel[pixel]):
                if weight:
                    rate = Parameter(f"{name}_weight_{pixel}_{source}", scaled(self.pace * abs(weight), 2, omega))
                    parameters.append(rate)
                    reactions.append(_turn(inputs[source], ways[weight > 0], rate.id, ((inputs[source], 1),)))
        species = tuple(
            Species(place.id, initial, place=place)
            for pair in zip(*rails, strict=True)
            for place, initial in zip(pair, (0.0, omega), strict=True)
        )
        return Part(species, tuple(parameters), tuple(reactions), tuple(place.id for place in rails[0]))

    def steady_state(self, weights: Weights, inputs: Any, in_shape: Shape, kinetics: Kinetics) -> Levels:
        """Parts of molecules that are on, (..., pixels); the negative rail is the rest."""
        up, down = (
            side + alone for side, alone in zip(signed_sums(weights, inputs), (self.leak, self.rest), strict=True)
        )
        on = up / (up + down)
        return Levels(on, 1 - on, gross=2 * self.pace * on * down)

    def adjoint(
        self, weights: Weights, levels: Levels, influence: Any, frequency: Any, in_shape: Shape, kinetics: Kinetics
    ) -> Influence:
        """Turns both ways, equally often, which are forgotten at the sum of the two rates."""
        xp = array_namespace(influence)
        on, off, gross = (xp.expand_dims(a, axis=-2) for a in (levels.outputs, levels.negative, levels.gross))
        rate = gross / (2 * on * off)
        flow = influence / (rate - 1j * frequency)
        kernel = weights["kernel"]
        up, down = (self.pace * xp.clip(side, min=0).astype(flow.dtype) for side in (kernel, -kernel))
        return Influence(((gross, flow),), (flow * off) @ up - (flow * on) @ down)


def _turn(cause: str, way: tuple[str, str], rate: str, by: Terms = ()) -> Reaction:
    source, target = way
    return Reaction(f"{cause}_turns_{source}", ((source, 1), *by), (*by, (target, 1)), rate)
