"""What an exported classifier decides by exact stochastic simulation, from a snapshot or from averages over time."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from crn2sbml.core.matrices import Array
from crn2sbml.engines.engine import Simulation
from crn2sbml.engines.registry import get_engine
from crn2sbml.formats.usage import Usage


def stochastic_readouts(
    sbml: str,
    usage: Usage,
    data: ArrayLike,
    seed: int | Sequence[int],
    average: float = 0.0,
    replicates: int = 1,
    settle: float | None = None,
    engine: str = "native",
) -> Array:
    """Read-outs (items) of each example in the stationary state: (examples, replicates, outputs).

    Each run starts from the file's counts and settles for `settle` seconds (else `settling_time`); then a snapshot is
    taken, or the mean over `average` seconds.
    Args: data: (examples, ...); seed: of the first example, the others follow, or of each. Raises: EngineError.
    """
    simulation = loaded_in(engine, sbml)
    examples = np.asarray(data, dtype=float)
    seeds = range(seed, seed + len(examples)) if isinstance(seed, int) else seed
    seconds = settling_time(usage) if settle is None else settle
    return np.array(
        [
            simulation.observe(usage.outputs, usage.input_counts(example), own, seconds, average, replicates).values
            for example, own in zip(examples, seeds, strict=True)
        ]
    )


def settling_time(usage: Usage) -> float:
    """Seconds after which decisions are taken: three tenths of those after which nothing moves by 1e-8.

    Read-outs are then off by a few thousandths of the largest, far less than what tells classes apart.
    """
    return 0.3 * usage.t_end


@lru_cache(maxsize=1)
def loaded_in(engine: str, sbml: str) -> Simulation:
    """A model loaded once: a process that gets one piece of work after the other loads large models no more often."""
    return get_engine(engine).load(sbml)
