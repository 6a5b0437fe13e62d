"""One layer between clamped inputs, as a network: what every motif's closed form is held against."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crn2sbml.core.network import Network, Parameter, Species
from crn2sbml.motifs.motif import Kinetics, Motif, Shape, places
from tests.reference.steady_ode import steady_counts

Array = NDArray[np.float64]


def layer_network(motif: Motif, weights: Any, inputs: Array, in_shape: Shape, kinetics: Kinetics) -> Network:
    """The motif's reactions behind inputs that hold `inputs * omega` items."""
    sources = places("input", 0, in_shape)
    part = motif.reactions(weights, tuple(p.id for p in sources), in_shape, 1, kinetics)
    shared = (Parameter("decay", kinetics.decay), Parameter("annihilation", kinetics.annihilation / kinetics.omega))
    clamped = tuple(
        Species(p.id, float(level) * kinetics.omega, clamped=True) for p, level in zip(sources, inputs, strict=True)
    )
    return Network("layer", (*clamped, *part.species), (*shared, *part.parameters), part.reactions)


def solved_levels(motif: Motif, weights: Any, inputs: Array, in_shape: Shape, kinetics: Kinetics) -> dict[str, float]:
    """Steady activities of the layer's species, from the network's ODE and nothing else."""
    counts = steady_counts(layer_network(motif, weights, inputs, in_shape, kinetics))
    return {name: count / kinetics.omega for name, count in counts.items()}


def random_weights(motif: Motif, in_shape: Shape, seed: int) -> dict[str, Array]:
    """Weights of both signs, some of them zero."""
    rng = np.random.default_rng(seed)
    drawn = {name: rng.normal(size=shape) for name, shape in motif.weight_shapes(in_shape).items()}
    return {name: np.where(rng.random(values.shape) < 0.15, 0.0, values) for name, values in drawn.items()}
