import jax.numpy as jnp
import numpy as np
import pytest

from crn2sbml.errors import ShapeError
from crn2sbml.motifs.max_pool import MaxPool
from crn2sbml.motifs.motif import Kinetics
from tests.motifs.layers import layer_network, solved_levels

LAYERS = [MaxPool(2, 2), MaxPool(3, 1), MaxPool(2, 1, turnover=6.0), MaxPool(1, 1)]


def test_levels_tend_to_block_maxima() -> None:
    """From above, by no more than the rectifiers' softness at a tie, once a round."""
    images, hard = np.random.default_rng(1).random((5, 3, 6, 4)), 1e6
    levels = MaxPool(2, 2).steady_state({}, images.reshape(5, -1), (3, 6, 4), Kinetics(annihilation=hard))
    blocks = images.reshape(5, 3, 3, 2, 2, 2).max(axis=(3, 5)).reshape(5, -1)
    above = levels.outputs - blocks
    assert above.min() > 0
    assert above.max() < 2 * hard**-0.5


@pytest.mark.parametrize("kinetics", [Kinetics(), Kinetics(decay=2.5, annihilation=70.0, omega=40.0)])
@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_closed_form_is_the_root_of_the_ode(layer: MaxPool, kinetics: Kinetics) -> None:
    in_shape = (2, 4, 4)
    inputs = np.random.default_rng(2).random(32)
    found = solved_levels(layer, {}, inputs, in_shape, kinetics)
    part = layer.reactions({}, tuple(f"i{n}" for n in range(32)), in_shape, 1, kinetics)
    levels = layer.steady_state({}, inputs, in_shape, kinetics)
    np.testing.assert_allclose(levels.outputs, [found[name] for name in part.outputs], rtol=1e-9)
    rails = np.array([found[species.id] for species in part.species[: -len(part.outputs)]])
    expected = [np.stack(match, axis=-1).ravel() for match in levels.inner]
    np.testing.assert_allclose(np.concatenate([*expected, []]), rails, rtol=1e-8, atol=1e-10)


def test_the_gross_production_is_that_of_the_network() -> None:
    kinetics, inputs = Kinetics(omega=30.0), np.random.default_rng(4).random(16)
    layer = MaxPool(2, 2)
    net = layer_network(layer, {}, inputs, (1, 4, 4), kinetics)
    counts = solved_levels(layer, {}, inputs, (1, 4, 4), kinetics) | dict(
        zip([s.id for s in net.species if s.clamped], inputs, strict=True)
    )
    made = sum(counts[r.inputs[0][0]] * kinetics.decay for r in net.reactions if r.rate == "maxpool1_entry")
    gross = layer.steady_state({}, inputs, (1, 4, 4), kinetics).gross
    assert gross.sum() == pytest.approx(made, rel=1e-9)


def test_a_tie_is_soft() -> None:
    """Two equal values x: P holds (sqrt(1 + 4 k x) - 1) / (2 k) at g = 1."""
    level = MaxPool(2, 2).steady_state({}, np.array([1.0, 1.0, 0.0, 0.0]), (1, 2, 2), Kinetics())
    assert level.inner[0][0] == pytest.approx((81**0.5 - 1) / 40)
    assert level.inner[1][0] == 0


@pytest.mark.usefixtures("jax_x64")
def test_numpy_and_jax_agree() -> None:
    inputs = np.random.default_rng(3).random((2, 50))
    ours = MaxPool(2, 1).steady_state({}, inputs, (2, 5, 5), Kinetics())
    theirs = MaxPool(2, 1).steady_state({}, jnp.asarray(inputs), (2, 5, 5), Kinetics())
    np.testing.assert_allclose(np.asarray(theirs.outputs), ours.outputs, rtol=1e-12)


def test_shapes() -> None:
    layer = MaxPool(2, 2)
    assert layer.out_shape((8, 12, 12)) == (8, 6, 6)
    assert layer.weight_shapes((8, 12, 12)) == {}
    part = layer.reactions({}, ("a", "b", "c", "d"), (1, 2, 2), 1, Kinetics())
    assert len(part.reactions) == (2 + 3) * 2 + (4 + 3) + (3 + 1)
    with pytest.raises(ShapeError, match="grid of 1 x 9"):
        layer.out_shape((8, 1, 9))
