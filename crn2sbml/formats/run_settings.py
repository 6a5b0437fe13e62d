"""The checks that every format with runs in it makes of how they shall go."""

from collections.abc import Sequence
from math import isfinite

from crn2sbml.core.network import Network
from crn2sbml.errors import FormatError, did_you_mean

_SEEDS = 2**31
"""The simulators keep a seed as a signed 32-bit number."""


def check_run(
    where: str, network: Network, t_end: float, outputs: Sequence[str], seed: int, smallest_seed: int = 0
) -> None:
    """Refuses runs that no simulator could make.

    Args: where: what messages call the format. t_end: seconds. outputs: species to show. smallest_seed: 1 where 0
    stands for any seed.
    Raises: FormatError: no output or an unknown one, `t_end` or `seed` out of range.
    """
    if not (isfinite(t_end) and t_end > 0):
        raise FormatError(f"{where}: t_end is {t_end}; it must be positive and finite, in seconds")
    if not smallest_seed <= seed < _SEEDS:
        raise FormatError(f"{where}: the seed is {seed}; it must be {smallest_seed} or more and below 2^31")
    if not outputs:
        raise FormatError(f"{where}: name at least one output species of network {network.id!r}")
    for name in outputs:
        if name not in network.species_index:
            raise FormatError(f"{where}: {did_you_mean(name, network.species_index, 'species')}")
