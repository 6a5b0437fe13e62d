from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings

from crn2sbml.core.lump import lump
from crn2sbml.core.matrices import Matrices
from crn2sbml.core.network import Network, Parameter, Reaction, Species
from tests.reference.random_networks import networks


def rectifier(inputs: int) -> Network:
    """A rectifier with this many inputs to its positive rail and as many to its negative one."""
    sources = [f"X{i}" for i in range(2 * inputs)]
    makes = [Reaction(f"r{i}", ((x, 1),), ((x, 1), ("PM"[i % 2], 1)), f"w{i}") for i, x in enumerate(sources)]
    return Network(
        "rectifier",
        (Species("P", 4), Species("M", 2), *(Species(x, 3, clamped=True) for x in sources)),
        (Parameter("g", 1), Parameter("k", 20), *(Parameter(f"w{i}", i + 1) for i in range(2 * inputs))),
        (
            *makes,
            Reaction("dp", (("P", 1),), (), "g"),
            Reaction("dm", (("M", 1),), (), "g"),
            Reaction("pm", (("P", 1), ("M", 1)), (), "k"),
        ),
    )


def test_a_rectifier_with_many_inputs_has_five_channels() -> None:
    channels = lump(rectifier(25))
    assert {frozenset(c.net_change) for c in channels} == {
        frozenset({("P", 1)}),
        frozenset({("M", 1)}),
        frozenset({("P", -1)}),
        frozenset({("M", -1)}),
        frozenset({("P", -1), ("M", -1)}),
    }
    assert sum(len(c.reactions) for c in channels) == 53


def channel_arrays(net: Network) -> tuple[np.ndarray, list[int]]:
    """Net change (species x channels), and for each reaction of the network its channel, -1 where it has none."""
    channels = lump(net)
    change = np.zeros((len(net.species), len(channels)))
    home = {}
    for j, channel in enumerate(channels):
        for name, count in channel.net_change:
            change[net.species_index[name], j] = count
        home |= {reaction.id: j for reaction in channel.reactions}
    return change, [home.get(reaction.id, -1) for reaction in net.reactions]


@settings(max_examples=60, deadline=None)
@given(networks())
def test_lumping_changes_neither_drift_nor_diffusion_nor_propensities(net: Network) -> None:
    counts = np.array([s.initial for s in net.species], dtype=float) + 0.25
    matrices = Matrices.of(net)
    change, home = channel_arrays(net)
    for rates in (matrices.rates(counts), matrices.propensities(counts)):
        total = np.zeros(change.shape[1])
        for rate, channel in zip(rates, home, strict=True):
            if channel >= 0:
                total[channel] += rate
        elementary = matrices.stoichiometry.toarray()
        # Sums of a few dozen terms in another order: 1e-12 leaves room for rounding only.
        scale = max(1.0, np.abs(rates).max(initial=0))
        np.testing.assert_allclose(change @ total, elementary @ rates, rtol=1e-12, atol=1e-12 * scale)
        np.testing.assert_allclose(
            change @ np.diag(total) @ change.T, elementary @ np.diag(rates) @ elementary.T, atol=1e-11 * scale
        )


@settings(max_examples=60, deadline=None)
@given(networks())
def test_channels_partition_the_reactions_that_change_something(net: Network) -> None:
    channels = lump(net)
    clamped = set(net.clamped)
    changing = [r.id for r in net.reactions if any(name not in clamped for name, _ in r.net_change)]
    assert sorted(changing) == sorted(r.id for c in channels for r in c.reactions)
    keys = [frozenset(c.net_change) for c in channels]
    assert len(set(keys)) == len(keys)
    for channel in channels:
        for reaction in channel.reactions:
            assert frozenset((n, c) for n, c in reaction.net_change if n not in clamped) == frozenset(
                channel.net_change
            )


def test_reactions_that_change_nothing_are_dropped() -> None:
    net = Network(
        "still",
        (Species("X", 1, clamped=True), Species("A", 1)),
        (Parameter("k", 1),),
        (Reaction("idle", (("A", 1),), (("A", 1),), "k"), Reaction("eats_input", (("X", 1),), (), "k")),
    )
    assert lump(net) == ()


def test_channel_names_are_identifiers_that_nothing_else_has() -> None:
    net = Network(
        "lose_A",
        (Species("A", 1), Species("gain_A")),
        (Parameter("k", 1), Parameter("gain_2_A", 1)),
        (
            Reaction("r1", (("A", 1),), (), "k"),
            Reaction("r2", (("A", 1),), (("A", 2),), "k"),
            Reaction("r3", (("A", 1),), (("A", 3),), "k"),
        ),
    )
    names = [channel.id for channel in lump(net)]
    assert len(set(names)) == 3
    assert not set(names) & {"lose_A", "gain_A", "k", "gain_2_A", "A"}
    assert all(name.isidentifier() for name in names)


@pytest.mark.parametrize("inputs", [1, 3])
def test_lumping_keeps_the_order_of_first_appearance(inputs: int) -> None:
    net = rectifier(inputs)
    position = {reaction.id: i for i, reaction in enumerate(net.reactions)}
    firsts = [position[channel.reactions[0].id] for channel in lump(net)]
    assert all(a < b for a, b in pairwise(firsts))
