"""Exact lumping: reactions with the same net change become one channel whose propensity is their sum.

The ODE, the linear noise approximation and the master equation stay the same, since each depends on a reaction
only through its net change and its propensity. A rectifier with 25 inputs is 28 reactions and 5 channels.
"""

from dataclasses import dataclass

from crn2sbml.core.names import free_name
from crn2sbml.core.network import Network, Reaction, Terms


@dataclass(frozen=True, slots=True)
class Channel:
    """Reactions of one net change; `id` follows from that change, so that lumping twice gives the same names."""

    id: str
    net_change: Terms
    reactions: tuple[Reaction, ...]


def lump(net: Network) -> tuple[Channel, ...]:
    """The channels of a network, in the order in which their first reaction appears.

    Clamped species never change, so they are left out of the net change. Reactions that change nothing are dropped.
    """
    clamped = set(net.clamped)
    groups: dict[frozenset[tuple[str, int]], list[Reaction]] = {}
    for reaction in net.reactions:
        change = frozenset((name, n) for name, n in reaction.net_change if name not in clamped)
        if change:
            groups.setdefault(change, []).append(reaction)
    order = net.species_index
    channels, taken = [], set(order) | set(net.rate_constants) | {net.id}
    for change, members in groups.items():
        ordered = tuple(sorted(change, key=lambda term: order[term[0]]))
        name = free_name("_".join(_word(count) + name for name, count in ordered), taken)
        taken.add(name)
        channels.append(Channel(name, ordered, tuple(members)))
    return tuple(channels)


def _word(count: int) -> str:
    return ("gain" if count > 0 else "lose") + (f"{abs(count)}_" if abs(count) > 1 else "_")
