import numpy as np
import pytest

from crn2sbml.motifs.motif import Kinetics
from crn2sbml.motifs.signed_sum import signed_sum_levels, signed_sum_part

INPUTS = ("X0", "X1", "X2")
WINDOWS = np.array([[0, 1], [1, 2]])
WEIGHTS = {"kernel": np.array([[0.5, -2.0], [0.0, 1.5]]), "bias": np.array([-0.25, 0.0])}


def test_signs_choose_the_rail_and_zeros_make_nothing() -> None:
    part = signed_sum_part(WEIGHTS, INPUTS, WINDOWS, "conv", 1, (2, 1, 2), omega=10)
    made = [(dict(r.inputs), r.net_change[0][0], r.rate) for r in part.reactions if r.net_change[0][1] > 0]
    assert made == [
        ({}, "conv1_M_0_0_0", "conv1_bias_0"),
        ({"X0": 1}, "conv1_P_0_0_0", "conv1_weight_0_0"),
        ({"X1": 1}, "conv1_M_0_0_0", "conv1_weight_0_1"),
        ({}, "conv1_M_0_0_1", "conv1_bias_0"),
        ({"X1": 1}, "conv1_P_0_0_1", "conv1_weight_0_0"),
        ({"X2": 1}, "conv1_M_0_0_1", "conv1_weight_0_1"),
        ({"X1": 1}, "conv1_P_1_0_0", "conv1_weight_1_1"),
        ({"X2": 1}, "conv1_P_1_0_1", "conv1_weight_1_1"),
    ]
    assert part.outputs == ("conv1_P_0_0_0", "conv1_P_0_0_1", "conv1_P_1_0_0", "conv1_P_1_0_1")


def test_constants_are_magnitudes_and_only_the_bias_scales_with_the_system() -> None:
    part = signed_sum_part(WEIGHTS, INPUTS, WINDOWS, "conv", 1, (2, 1, 2), omega=10)
    assert {p.id: p.value for p in part.parameters} == {
        "conv1_bias_0": 2.5,
        "conv1_weight_0_0": 0.5,
        "conv1_weight_0_1": 2.0,
        "conv1_weight_1_1": 1.5,
    }


def test_gross_production_counts_both_rails() -> None:
    levels = signed_sum_levels(WEIGHTS, np.array([1.0, 2.0, 4.0]), WINDOWS, Kinetics())
    up, down = np.array([0.5, 1.0, 3.0, 6.0]), np.array([4.25, 8.25, 0.0, 0.0])
    np.testing.assert_allclose(levels.gross, up + down, rtol=1e-15)
    np.testing.assert_allclose(levels.outputs - levels.negative, up - down, rtol=1e-12)


@pytest.mark.parametrize("leading", [(), (3,), (2, 3)])
def test_leading_axes_are_kept(leading: tuple[int, ...]) -> None:
    inputs = np.random.default_rng(5).random((*leading, 3))
    levels = signed_sum_levels(WEIGHTS, inputs, WINDOWS, Kinetics())
    assert levels.outputs.shape == levels.negative.shape == levels.gross.shape == (*leading, 4)
    for index in np.ndindex(*leading):
        alone = signed_sum_levels(WEIGHTS, inputs[index], WINDOWS, Kinetics())
        np.testing.assert_allclose(levels.outputs[index], alone.outputs, rtol=1e-13)
