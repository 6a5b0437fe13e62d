"""The signed sum into a rectifier: what convolution, dense layer and read-out have in common.

A weight w > 0 from input A makes `A -> A + P` at w, a weight w < 0 makes `A -> A + M` at -w; a bias makes the rail of
its sign from nothing. A filter's weights are shared by all positions: one rate constant each.
"""

from typing import Any

import numpy as np
from array_api_compat import array_namespace
from numpy.typing import NDArray

from crn2sbml.core.network import Parameter, Reaction, Species
from crn2sbml.core.units import scaled
from crn2sbml.motifs.elementary import catalysis, production
from crn2sbml.motifs.motif import Influence, Kinetics, Levels, Part, Shape, Weights, places
from crn2sbml.motifs.rectifier import rectifier_adjoint, rectifier_levels, rectifier_reactions
from crn2sbml.motifs.windows import gather, scatter


def signed_sum_part(
    weights: Weights,
    inputs: tuple[str, ...],
    windows: NDArray[np.intp],
    kind: str,
    layer: int,
    out_shape: Shape,
    omega: float,
) -> Part:
    """Rectified species that read `inputs[windows]` (windows, window size) with `kernel` (filters, window size)."""
    kernel = np.asarray(weights["kernel"], dtype=float).tolist()
    bias = np.asarray(weights["bias"], dtype=float).tolist()
    positive, negative = (places(kind, layer, out_shape, rail) for rail in "PM")
    reactions: list[Reaction] = []
    for channel in range(len(kernel)):
        for position, window in enumerate(windows):
            which = channel * len(windows) + position
            rails = positive[which].id, negative[which].id
            if bias[channel]:
                reactions.append(production(rails[bias[channel] < 0], f"{kind}{layer}_bias_{channel}"))
            reactions += [
                catalysis(inputs[source], rails[w < 0], f"{kind}{layer}_weight_{channel}_{i}")
                for i, (source, w) in enumerate(zip(window, kernel[channel], strict=True))
                if w
            ]
            reactions += rectifier_reactions(*rails)
    parameters = [
        Parameter(f"{kind}{layer}_bias_{channel}", scaled(abs(b), 0, omega)) for channel, b in enumerate(bias) if b
    ] + [
        Parameter(f"{kind}{layer}_weight_{channel}_{i}", abs(w))
        for channel, row in enumerate(kernel)
        for i, w in enumerate(row)
        if w
    ]
    species = tuple(Species(p.id, place=p) for pair in zip(positive, negative, strict=True) for p in pair)
    return Part(species, tuple(parameters), tuple(reactions), tuple(p.id for p in positive))


def signed_sum_levels(weights: Weights, inputs: Any, windows: NDArray[np.intp], kinetics: Kinetics) -> Levels:
    """Closed form of the same: outputs of shape (..., filters * windows), filters first."""
    xp = array_namespace(inputs, weights["kernel"])
    up, down = signed_sums(weights, gather(inputs, windows))
    flat = (*inputs.shape[:-1], up.shape[-1] * up.shape[-2])
    up, down = (xp.reshape(xp.moveaxis(side, -1, -2), flat) for side in (up, down))
    outputs, negative = rectifier_levels(up, down, kinetics)
    return Levels(outputs, negative, gross=up + down)


def signed_sums(weights: Weights, seen: Any) -> tuple[Any, Any]:
    """What positive weights make of the inputs `seen` (..., window size), and negative ones: (..., filters) each."""
    xp = array_namespace(seen, weights["kernel"])
    kernel, bias = weights["kernel"], weights["bias"]
    up = seen @ xp.clip(kernel, min=0).T + xp.clip(bias, min=0)
    down = seen @ xp.clip(-kernel, min=0).T + xp.clip(-bias, min=0)
    return up, down


def signed_sum_adjoint(
    weights: Weights,
    levels: Levels,
    influence: Any,
    frequency: Any,
    windows: NDArray[np.intp],
    inputs: int,
    kinetics: Kinetics,
) -> Influence:
    """The rectifiers' adjoint, and what it makes of each of so many `inputs`."""
    xp = array_namespace(influence)
    kernel = weights["kernel"]
    positive, negative = (xp.expand_dims(rail, axis=-2) for rail in (levels.outputs, levels.negative))
    up, down, pulses = rectifier_adjoint(positive, negative, influence, frequency, kinetics)
    up, down = (
        xp.moveaxis(xp.reshape(side, (*side.shape[:-1], kernel.shape[0], len(windows))), -2, -1) for side in (up, down)
    )
    read = up @ xp.clip(kernel, min=0).astype(up.dtype) + down @ xp.clip(-kernel, min=0).astype(up.dtype)
    return Influence(pulses, scatter(read, windows, inputs))
