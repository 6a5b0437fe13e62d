import jax.numpy as jnp
import numpy as np
import pytest

from crn2sbml.errors import ShapeError
from crn2sbml.motifs.average_pool import AveragePool
from crn2sbml.motifs.motif import Kinetics
from tests.motifs.layers import solved_levels


def test_levels_are_block_means() -> None:
    images = np.random.default_rng(1).random((5, 3, 6, 4))
    levels = AveragePool(2, 2).steady_state({}, images.reshape(5, -1), (3, 6, 4), Kinetics(decay=0.3))
    blocks = images.reshape(5, 3, 3, 2, 2, 2).mean(axis=(3, 5))
    np.testing.assert_allclose(levels.outputs, blocks.reshape(5, -1), rtol=1e-14)
    assert levels.negative is None


@pytest.mark.parametrize("kinetics", [Kinetics(), Kinetics(decay=2.5, omega=40.0)])
@pytest.mark.parametrize("layer", [AveragePool(2, 2), AveragePool(3, 1), AveragePool(2, 1, turnover=6.0)], ids=repr)
def test_closed_form_is_the_root_of_the_ode(layer: AveragePool, kinetics: Kinetics) -> None:
    in_shape = (2, 4, 4)
    inputs = np.random.default_rng(2).random(32)
    found = solved_levels(layer, {}, inputs, in_shape, kinetics)
    outputs = layer.reactions({}, tuple(f"i{n}" for n in range(32)), in_shape, 1, kinetics).outputs
    levels = layer.steady_state({}, inputs, in_shape, kinetics).outputs
    np.testing.assert_allclose(levels, [found[name] for name in outputs], rtol=1e-10)


def test_two_constants_for_the_whole_layer() -> None:
    layer = AveragePool(2, 2, turnover=3.0)
    part = layer.reactions({}, tuple(f"i{n}" for n in range(16)), (1, 4, 4), 3, Kinetics(decay=2.0))
    assert {p.id: p.value for p in part.parameters} == {"pool3_share": 1.5, "pool3_decay": 6.0}
    assert len(part.reactions) == 4 * (4 + 1)


@pytest.mark.usefixtures("jax_x64")
def test_numpy_and_jax_agree() -> None:
    inputs = np.random.default_rng(3).random((2, 50))
    ours = AveragePool(2, 1).steady_state({}, inputs, (2, 5, 5), Kinetics()).outputs
    theirs = AveragePool(2, 1).steady_state({}, jnp.asarray(inputs), (2, 5, 5), Kinetics()).outputs
    np.testing.assert_allclose(np.asarray(theirs), ours, rtol=1e-12)


def test_shapes() -> None:
    layer = AveragePool(2, 2)
    assert layer.out_shape((8, 12, 12)) == (8, 6, 6)
    assert layer.out_shape((8, 5, 7)) == (8, 2, 3)
    assert layer.weight_shapes((8, 12, 12)) == {}
    with pytest.raises(ShapeError, match="grid of 1 x 9"):
        layer.out_shape((8, 1, 9))
