import jax.numpy as jnp
import numpy as np
import pytest

from crn2sbml.core.lump import lump
from crn2sbml.core.matrices import Matrices
from crn2sbml.lna.stationary import stationary
from crn2sbml.motifs.motif import Kinetics
from crn2sbml.motifs.switch import Switch
from tests.motifs.layers import layer_network, random_weights, solved_levels
from tests.reference.steady_ode import steady_counts

IN_SHAPE = (5, 1, 1)
LAYER = Switch(2, 3, pace=0.4)
KINETICS = Kinetics(omega=40.0)


@pytest.mark.parametrize("kinetics", [Kinetics(), KINETICS])
@pytest.mark.parametrize("layer", [Switch(1, 1), LAYER, Switch(3, 2, leak=0.2, rest=0.3)], ids=repr)
def test_closed_form_is_the_root_of_the_ode(layer: Switch, kinetics: Kinetics) -> None:
    weights, inputs = random_weights(layer, IN_SHAPE, 1), np.random.default_rng(2).random(5)
    found = solved_levels(layer, weights, inputs, IN_SHAPE, kinetics)
    outputs = layer.reactions(weights, tuple("abcde"), IN_SHAPE, 1, kinetics).outputs
    levels = layer.steady_state(weights, inputs, IN_SHAPE, kinetics)
    np.testing.assert_allclose(levels.outputs, [found[name] for name in outputs], rtol=1e-8)
    np.testing.assert_allclose(levels.negative, [found[name.replace("P", "M")] for name in outputs], rtol=1e-8)


def test_the_law_between_inputs_that_do_not_move_is_binomial() -> None:
    """Its variance, which the LNA gives exactly, since every propensity is affine."""
    weights, inputs = random_weights(LAYER, IN_SHAPE, 3), np.random.default_rng(4).random(5)
    net = layer_network(LAYER, weights, inputs, IN_SHAPE, KINETICS)
    counts = steady_counts(net)
    noise = stationary(Matrices.of(net), np.array([counts[s.id] for s in net.species]))
    on = LAYER.steady_state(weights, inputs, IN_SHAPE, KINETICS).outputs
    rows = [noise.species.index(s.id) for s in net.species if s.place and s.place.rail == "P"]
    np.testing.assert_allclose(noise.covariance[np.ix_(rows, rows)], np.diag(40 * on * (1 - on)), atol=1e-6)


def test_signs_choose_the_way_and_zeros_make_nothing() -> None:
    weights = {"kernel": np.array([[0.5, -2.0, 0.0]]), "bias": np.array([-0.25])}
    part = Switch(1, 1, pace=2.0, leak=0.5, rest=1.5).reactions(
        weights, ("A", "B", "C"), (3, 1, 1), 7, Kinetics(omega=10.0)
    )
    on, off = "switch7_P_0", "switch7_M_0"
    assert [(r.inputs, r.outputs, r.rate) for r in part.reactions] == [
        (((off, 1),), ((on, 1),), "switch7_leak"),
        (((on, 1),), ((off, 1),), "switch7_rest"),
        (((on, 1),), ((off, 1),), "switch7_bias_0"),
        (((off, 1), ("A", 1)), (("A", 1), (on, 1)), "switch7_weight_0_0"),
        (((on, 1), ("B", 1)), (("B", 1), (off, 1)), "switch7_weight_0_1"),
    ]
    assert {p.id: p.value for p in part.parameters} == {
        "switch7_leak": 1.0,
        "switch7_rest": 3.0,
        "switch7_bias_0": 0.5,
        "switch7_weight_0_0": 0.1,
        "switch7_weight_0_1": 0.4,
    }
    assert [(s.id, s.initial) for s in part.species] == [(on, 0), (off, 10)]
    assert part.outputs == (on,)


def test_two_channels_a_pixel_when_lumped() -> None:
    net = layer_network(LAYER, random_weights(LAYER, IN_SHAPE, 5), np.ones(5), IN_SHAPE, KINETICS)
    assert len(lump(net)) == 2 * 6
    assert max(reaction.order for reaction in net.reactions) == 2


@pytest.mark.usefixtures("jax_x64")
def test_numpy_and_jax_agree() -> None:
    weights, inputs = random_weights(LAYER, IN_SHAPE, 6), np.random.default_rng(7).random((4, 5))
    ours = LAYER.steady_state(weights, inputs, IN_SHAPE, KINETICS)
    theirs = LAYER.steady_state(
        {name: jnp.asarray(a) for name, a in weights.items()}, jnp.asarray(inputs), IN_SHAPE, KINETICS
    )
    assert ours.outputs.shape == (4, 6)
    np.testing.assert_allclose(np.asarray(theirs.outputs), ours.outputs, rtol=1e-12)
    assert LAYER.out_shape(IN_SHAPE) == (1, 2, 3)
