"""The same network at another size, or with rate constants that are off."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from crn2sbml.core.names import free_name
from crn2sbml.core.network import Network, Parameter, Reaction


def resized(network: Network, factor: float) -> Network:
    """At `factor` times the system size: concentrations behave as before, with so many times the items.

    Initial counts are multiplied and rounded to whole items, a constant of order n is multiplied by factor^(1 - n).
    """
    if factor == 1:
        return network
    return replace(
        network,
        species=tuple(replace(s, initial=float(np.rint(s.initial * factor))) for s in network.species),
        parameters=tuple(replace(p, value=p.value * factor ** (1 - network.orders.get(p.id, 1)))
                         for p in network.parameters),
    )  # fmt: skip


def perturbed(network: Network, sd: float, seed: int, which: Callable[[Reaction], bool] = lambda _: True) -> Network:
    """Each reaction with a constant of its own, off by a log-normal factor of median 1.

    Args: sd: of the factor's logarithm, 0.1 for about 10 %; which: the reactions that are off, all by default.
    """
    if not sd:
        return network
    factors = np.exp(sd * np.random.default_rng(seed).normal(size=len(network.reactions)))
    taken = {network.id, *(s.id for s in network.species), *(r.id for r in network.reactions)}
    reactions, parameters = [], []
    for reaction, factor in zip(network.reactions, factors.tolist(), strict=True):
        name = free_name(f"{reaction.id}_rate", taken)
        taken.add(name)
        value = network.rate_constants[reaction.rate]
        parameters.append(Parameter(name, value * factor if which(reaction) else value))
        reactions.append(replace(reaction, rate=name))
    return replace(network, parameters=tuple(parameters), reactions=tuple(reactions))


def is_decay(reaction: Reaction) -> bool:
    """Whether a reaction is the loss of one molecule, A -> 0."""
    return reaction.order == 1 and not reaction.outputs
