import jax.numpy as jnp
import numpy as np
import pytest
from scipy.signal import correlate2d

from crn2sbml.errors import ShapeError
from crn2sbml.motifs.convolution import Convolution
from crn2sbml.motifs.motif import Kinetics
from tests.motifs.layers import random_weights, solved_levels


@pytest.mark.parametrize(("size", "stride", "in_shape"), [(3, 1, (1, 6, 5)), (2, 2, (3, 6, 6)), (5, 2, (2, 9, 8))])
def test_signed_sums_are_scipys_correlation(size: int, stride: int, in_shape: tuple[int, int, int]) -> None:
    layer, kinetics = Convolution(4, size, stride), Kinetics(decay=0.5)
    weights = random_weights(layer, in_shape, 11)
    images = np.random.default_rng(12).random((3, *in_shape))
    levels = layer.steady_state(weights, images.reshape(3, -1), in_shape, kinetics)
    kernels = weights["kernel"].reshape(4, in_shape[0], size, size)
    for image, outputs, negative in zip(images, levels.outputs, levels.negative, strict=True):
        maps = [
            sum(correlate2d(plane, window, "valid") for plane, window in zip(image, kernel, strict=True))[
                ::stride, ::stride
            ]
            + bias
            for kernel, bias in zip(kernels, weights["bias"], strict=True)
        ]
        assert np.shape(maps) == layer.out_shape(in_shape)
        np.testing.assert_allclose(outputs - negative, np.ravel(maps) / 0.5, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("kinetics", [Kinetics(), Kinetics(2.0, 100.0, 30.0)])
def test_closed_form_is_the_root_of_the_ode(kinetics: Kinetics) -> None:
    layer, in_shape = Convolution(2, 2, 1), (2, 3, 3)
    weights = random_weights(layer, in_shape, 21)
    inputs = np.random.default_rng(22).random(18)
    levels = layer.steady_state(weights, inputs, in_shape, kinetics)
    found = solved_levels(layer, weights, inputs, in_shape, kinetics)
    outputs = layer.reactions(weights, tuple(f"i{n}" for n in range(18)), in_shape, 1, kinetics).outputs
    assert outputs[:2] == ("conv1_P_0_0_0", "conv1_P_0_0_1")
    np.testing.assert_allclose(levels.outputs, [found[name] for name in outputs], rtol=1e-8, atol=1e-10)
    mirrors = [name.replace("_P_", "_M_") for name in outputs]
    np.testing.assert_allclose(levels.negative, [found[name] for name in mirrors], rtol=1e-8, atol=1e-10)


def test_positions_share_one_constant_for_each_kernel_entry() -> None:
    layer, in_shape = Convolution(2, 2, 1), (1, 4, 4)
    weights = {"kernel": np.full((2, 4), 0.5), "bias": np.full(2, 0.1)}
    part = layer.reactions(weights, tuple(f"i{n}" for n in range(16)), in_shape, 1, Kinetics())
    assert len(part.parameters) == 2 * 4 + 2
    # Nine positions and two filters: four inputs, one bias, two decays and one annihilation each.
    assert len(part.reactions) == 9 * 2 * (4 + 1 + 3)
    assert len(part.species) == 9 * 2 * 2


@pytest.mark.usefixtures("jax_x64")
def test_numpy_and_jax_agree() -> None:
    layer, in_shape = Convolution(3, 3, 2), (2, 7, 7)
    weights = random_weights(layer, in_shape, 31)
    inputs = np.random.default_rng(32).random((4, 98))
    ours = layer.steady_state(weights, inputs, in_shape, Kinetics())
    theirs = layer.steady_state(
        {name: jnp.asarray(a) for name, a in weights.items()}, jnp.asarray(inputs), in_shape, Kinetics()
    )
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(np.asarray(other), mine, rtol=1e-12, atol=1e-14)


def test_shapes_of_weights_and_outputs() -> None:
    layer = Convolution(8, 5, 2)
    assert layer.out_shape((1, 28, 28)) == (8, 12, 12)
    assert layer.weight_shapes((3, 28, 28)) == {"kernel": (8, 75), "bias": (8,)}


@pytest.mark.parametrize("in_shape", [(1, 4, 28), (1, 28, 4)])
def test_a_window_larger_than_the_grid(in_shape: tuple[int, int, int]) -> None:
    with pytest.raises(ShapeError, match="window of 5"):
        Convolution(8, 5, 2).out_shape(in_shape)
