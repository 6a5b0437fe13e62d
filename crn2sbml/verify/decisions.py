"""What an exported classifier decides by exact stochastic simulation, from a snapshot or from averages over time."""

import numpy as np
from numpy.typing import ArrayLike

from crn2sbml.core.matrices import Array
from crn2sbml.engines.registry import get_engine
from crn2sbml.formats.usage import Usage


def stochastic_readouts(
    sbml: str,
    usage: Usage,
    data: ArrayLike,
    seed: int,
    average: float = 0.0,
    replicates: int = 1,
    settle: float = 12.0,
    engine: str = "native",
) -> Array:
    """Read-outs (items) of each example in the stationary state: (examples, replicates, outputs).

    Each run starts from the file's counts and settles for `settle` seconds; then a snapshot is taken, or the mean over
    `average` seconds.
    Args: data: (examples, ...); seed: of the first example, the others follow. Raises: EngineError.
    """
    simulation = get_engine(engine).load(sbml)
    return np.array(
        [
            simulation.observe(usage.outputs, usage.input_counts(example), seed + i, replicates, settle, average).values
            for i, example in enumerate(np.asarray(data, dtype=float))
        ]
    )
