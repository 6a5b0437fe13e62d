import jax.numpy as jnp
import numpy as np
import pytest

from crn2sbml.motifs.dense import Dense
from crn2sbml.motifs.motif import Kinetics
from tests.motifs.layers import random_weights, solved_levels


def test_signed_sums_are_a_matrix_product() -> None:
    layer, in_shape = Dense(5), (2, 3, 4)
    weights = random_weights(layer, in_shape, 1)
    inputs = np.random.default_rng(2).random((7, 24))
    levels = layer.steady_state(weights, inputs, in_shape, Kinetics(decay=0.8))
    expected = (inputs @ weights["kernel"].T + weights["bias"]) / 0.8
    np.testing.assert_allclose(levels.outputs - levels.negative, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("kinetics", [Kinetics(), Kinetics(0.5, 50.0, 12.0)])
def test_closed_form_is_the_root_of_the_ode(kinetics: Kinetics) -> None:
    layer, in_shape = Dense(4, "readout"), (3, 2, 2)
    weights = random_weights(layer, in_shape, 3)
    inputs = np.random.default_rng(4).random(12)
    found = solved_levels(layer, weights, inputs, in_shape, kinetics)
    levels = layer.steady_state(weights, inputs, in_shape, kinetics)
    for rail, values in (("P", levels.outputs), ("M", levels.negative)):
        expected = [found[f"readout1_{rail}_{unit}"] for unit in range(4)]
        np.testing.assert_allclose(values, expected, rtol=1e-8, atol=1e-10)


@pytest.mark.usefixtures("jax_x64")
def test_numpy_and_jax_agree() -> None:
    layer, in_shape = Dense(6), (1, 5, 5)
    weights = random_weights(layer, in_shape, 5)
    inputs = np.random.default_rng(6).random((3, 25))
    ours = layer.steady_state(weights, inputs, in_shape, Kinetics())
    theirs = layer.steady_state(
        {name: jnp.asarray(a) for name, a in weights.items()}, jnp.asarray(inputs), in_shape, Kinetics()
    )
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(np.asarray(other), mine, rtol=1e-12, atol=1e-14)


def test_shapes() -> None:
    assert Dense(10).out_shape((24, 3, 3)) == (10, 1, 1)
    assert Dense(10).weight_shapes((24, 3, 3)) == {"kernel": (10, 216), "bias": (10,)}
