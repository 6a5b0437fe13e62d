"""The four reactions everything is made of, and the steady state of the birth-death pair.

Each reads other species only as catalysts, so that layers stack into a feed-forward cascade.
"""

from typing import Any

from crn2sbml.core.network import Reaction


def production(target: str, rate: str) -> Reaction:
    """`0 -> target`; the rate constant is of order 0."""
    return Reaction(f"make_{target}", (), ((target, 1),), rate)


def catalysis(catalyst: str, target: str, rate: str) -> Reaction:
    """`catalyst -> catalyst + target`; the rate constant is of order 1."""
    return Reaction(f"{catalyst}_makes_{target}", ((catalyst, 1),), ((catalyst, 1), (target, 1)), rate)


def decay(species: str, rate: str) -> Reaction:
    """`species -> 0`; the rate constant is of order 1."""
    return Reaction(f"{species}_decays", ((species, 1),), (), rate)


def annihilation(positive: str, negative: str, rate: str) -> Reaction:
    """`positive + negative -> 0`; the rate constant is of order 2."""
    return Reaction(f"{positive}_annihilates_{negative}", ((positive, 1), (negative, 1)), (), rate)


def birth_death_level(birth: Any, decay_rate: float) -> Any:
    """Steady state of production at `birth` against decay: birth / decay_rate, any array.

    By catalysis `birth` is the rate constant times the catalyst's level. The stationary law of counts is Poisson.
    """
    return birth / decay_rate
