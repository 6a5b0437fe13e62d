import numpy as np
import pytest

from crn2sbml.motifs.average_pool import AveragePool
from crn2sbml.motifs.convolution import Convolution
from crn2sbml.motifs.dense import Dense
from crn2sbml.motifs.motif import Kinetics, Motif, Shape, places
from tests.motifs.layers import layer_network, random_weights

LAYERS = [AveragePool(2, 2), Convolution(3, 2, 1), Convolution(2, 3, 2), Dense(4), Dense(10, "readout")]


def test_places_follow_the_flattened_order() -> None:
    assert [p.id for p in places("conv", 1, (2, 1, 2), "P")] == [
        "conv1_P_0_0_0",
        "conv1_P_0_0_1",
        "conv1_P_1_0_0",
        "conv1_P_1_0_1",
    ]
    assert [p.id for p in places("dense", 3, (2, 1, 1), "M")] == ["dense3_M_0", "dense3_M_1"]


@pytest.mark.parametrize("motif", LAYERS, ids=repr)
@pytest.mark.parametrize("in_shape", [(1, 4, 4), (2, 3, 5)])
def test_a_layer_only_reads_the_one_before(motif: Motif, in_shape: Shape) -> None:
    """Inputs are catalysts, orders are two at most, and outputs come in the order and number that the shape says."""
    size = in_shape[0] * in_shape[1] * in_shape[2]
    net = layer_network(motif, random_weights(motif, in_shape, 1), np.full(size, 0.5), in_shape, Kinetics(omega=7))
    inputs = set(net.clamped)
    assert len(inputs) == size
    for reaction in net.reactions:
        assert reaction.order <= 2
        assert not inputs & {name for name, _ in reaction.net_change}
        assert not any(count > 1 for _, count in reaction.inputs)
    outputs = motif.reactions(random_weights(motif, in_shape, 1), net.clamped, in_shape, 1, Kinetics()).outputs
    channels, rows, columns = motif.out_shape(in_shape)
    assert len(outputs) == channels * rows * columns
    placed = [net.species[net.species_index[name]].place for name in outputs]
    order = [(p.channel, p.row or 0, p.column or 0) for p in placed if p is not None]
    assert order == sorted(order)
    assert len(set(order)) == len(outputs)
