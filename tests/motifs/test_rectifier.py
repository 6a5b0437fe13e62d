import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crn2sbml.core.network import Network, Parameter, Species
from crn2sbml.motifs.elementary import production
from crn2sbml.motifs.motif import Kinetics
from crn2sbml.motifs.rectifier import rectifier_levels, rectifier_reactions
from tests.reference.master_equation import edge_mass, mean_and_covariance, stationary_law
from tests.reference.steady_ode import steady_counts

GROSS = [(0.0, 0.0), (3.0, 0.0), (0.0, 3.0), (3.0, 3.0), (5.0, 4.9), (4.9, 5.0), (0.01, 2.0), (30.0, 1.0), (50.0, 51.0)]


def rectifier(up: float, down: float, kinetics: Kinetics) -> Network:
    parameters = (
        Parameter("up", up * kinetics.omega),
        Parameter("down", down * kinetics.omega),
        Parameter("decay", kinetics.decay),
        Parameter("annihilation", kinetics.annihilation / kinetics.omega),
    )
    reactions = (production("P", "up"), production("M", "down"), *rectifier_reactions("P", "M"))
    return Network("rectifier", (Species("P"), Species("M")), parameters, reactions)


@pytest.mark.parametrize(("up", "down"), GROSS)
@pytest.mark.parametrize("kinetics", [Kinetics(), Kinetics(0.5, 200.0), Kinetics(2.0, 0.1), Kinetics(1.0, 20.0, 30.0)])
def test_both_rails_are_the_root_of_the_ode(up: float, down: float, kinetics: Kinetics) -> None:
    positive, negative = rectifier_levels(np.array(up), np.array(down), kinetics)
    found = steady_counts(rectifier(up, down, kinetics))
    # The root search stops at 1e-13 of the larger rail, and the smaller one inherits that as an absolute error.
    assert positive == pytest.approx(found["P"] / kinetics.omega, rel=1e-8, abs=1e-10)
    assert negative == pytest.approx(found["M"] / kinetics.omega, rel=1e-8, abs=1e-10)


@settings(max_examples=200, deadline=None)
@given(st.floats(0, 1e4), st.floats(0, 1e4), st.floats(0.1, 10), st.floats(0.1, 1e4))
def test_balance_of_each_rail(up: float, down: float, decay: float, annihilation: float) -> None:
    """Production = decay + annihilation for both rails, to rounding, however large the cancellation."""
    positive, negative = rectifier_levels(np.array(up), np.array(down), Kinetics(decay, annihilation))
    pairs = annihilation * positive * negative
    assert positive >= 0
    assert negative >= 0
    assert decay * positive + pairs == pytest.approx(up, rel=1e-9, abs=1e-9)
    assert decay * negative + pairs == pytest.approx(down, rel=1e-9, abs=1e-9)
    assert decay * (positive - negative) == pytest.approx(up - down, rel=1e-9, abs=1e-9 * (1 + up + down))


def test_the_deep_corner_keeps_its_digits() -> None:
    """For d << 0 the textbook root cancels to nothing; the asymptote P = a / (g + k (b - a) / g) is the judge."""
    positive, _ = rectifier_levels(np.array(1e-12), np.array(1e3), Kinetics(1.0, 1e4))
    assert positive == pytest.approx(1e-12 / (1 + 1e4 * 1e3), rel=1e-6)


def test_sharper_annihilation_approaches_the_ramp() -> None:
    net_production = np.linspace(-2, 2, 9)
    up, down = 1.5 + np.maximum(net_production, 0), 1.5 + np.maximum(-net_production, 0)
    errors = [
        np.abs(rectifier_levels(up, down, Kinetics(1.0, k))[0] - np.maximum(net_production, 0)).max()
        for k in (1e2, 1e4, 1e6)
    ]
    # The corner is rounded by sqrt(a / k): a hundred times the annihilation is a tenth of the error.
    assert errors[1] / errors[0] == pytest.approx(0.1, rel=0.05)
    assert errors[2] / errors[1] == pytest.approx(0.1, rel=0.05)
    assert errors[2] == pytest.approx(np.sqrt(1.5 / 1e6), rel=0.01)


@pytest.mark.usefixtures("jax_x64")
def test_numpy_and_jax_agree() -> None:
    rng = np.random.default_rng(3)
    up, down = rng.exponential(4, (2, 500))
    for ours, theirs in zip(
        rectifier_levels(up, down, Kinetics()),
        rectifier_levels(jnp.array(up), jnp.array(down), Kinetics()),
        strict=True,
    ):
        np.testing.assert_allclose(np.asarray(theirs), ours, rtol=1e-12)


@pytest.mark.usefixtures("jax_x64")
@pytest.mark.parametrize(("up", "down"), GROSS)
def test_gradients_are_finite_and_right(up: float, down: float) -> None:
    kinetics = Kinetics()

    def rails(a: float, b: float) -> jax.Array:
        return jnp.stack(rectifier_levels(jnp.asarray(a), jnp.asarray(b), kinetics))

    slopes = np.array(jax.jacobian(rails, (0, 1))(up, down)).T
    # Differentiating both balances gives the slopes as the inverse of the rectifier's 2 x 2 Jacobian.
    positive, negative = np.asarray(rails(up, down))
    k, g = kinetics.annihilation, kinetics.decay
    expected = np.linalg.inv([[g + k * negative, k * positive], [k * negative, g + k * positive]])
    np.testing.assert_allclose(slopes, expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(("up", "down"), [(0.0, 0.0), (0.0, 5.0), (5.0, 0.0), (1e-8, 50.0), (2.05, 2.0)])
def test_gradients_in_single_precision_are_finite(up: float, down: float) -> None:
    for argument in (0, 1):
        for rail in (0, 1):
            slope = jax.grad(lambda a, b, rail=rail: rectifier_levels(a, b, Kinetics())[rail], argument)(
                jnp.float32(up), jnp.float32(down)
            )
            assert np.isfinite(slope)


@pytest.mark.parametrize(("up", "down"), [(3.0, 1.0), (2.0, 2.0), (1.0, 4.0)])
def test_the_difference_of_the_rails_is_exact_in_the_master_equation(up: float, down: float) -> None:
    g, k = 1.0, 20.0
    steps = [
        ((0, 0), (1, 0), up),
        ((0, 0), (0, 1), down),
        ((1, 0), (0, 0), g),
        ((0, 1), (0, 0), g),
        ((1, 1), (0, 0), k),
    ]
    law = stationary_law(steps, (32, 32))
    assert edge_mass(law) < 1e-14
    mean, covariance = mean_and_covariance(law)
    levels = rectifier_levels(np.array(up), np.array(down), Kinetics(g, k))
    assert mean[0] - mean[1] == pytest.approx((up - down) / g, abs=1e-11)
    assert levels[0] - levels[1] == pytest.approx(mean[0] - mean[1], abs=1e-11)
    # Annihilation leaves P - M alone, so its variance obeys 2 g Var = a + b + g <P + M> with the exact mean.
    variance = covariance[0, 0] - 2 * covariance[0, 1] + covariance[1, 1]
    assert variance == pytest.approx((up + down + g * mean.sum()) / (2 * g), rel=1e-10)


def test_the_mean_of_a_rail_approaches_the_closed_form_as_the_system_grows() -> None:
    """The closed form is the limit of many items; the deviation of the exact mean falls like 1 / omega."""
    up, down, k = 1.5, 0.5, 2.0
    level = float(rectifier_levels(np.array(up), np.array(down), Kinetics(1.0, k))[0])
    errors = []
    for omega, size in ((8, 36), (16, 52)):
        steps = [
            ((0, 0), (1, 0), up * omega),
            ((0, 0), (0, 1), down * omega),
            ((1, 0), (0, 0), 1.0),
            ((0, 1), (0, 0), 1.0),
            ((1, 1), (0, 0), k / omega),
        ]
        law = stationary_law(steps, (size, size))
        assert edge_mass(law) < 1e-6
        errors.append(mean_and_covariance(law)[0][0] / omega - level)
    assert 0 < errors[0] < 0.05
    assert errors[1] / errors[0] == pytest.approx(0.5, abs=0.1)
