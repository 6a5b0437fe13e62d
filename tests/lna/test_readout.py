"""Against closed forms, and against the whole covariance, which another solver computes."""

import numpy as np
import pytest
from scipy import linalg

from crn2sbml.core.matrices import Matrices
from crn2sbml.core.network import Network
from crn2sbml.errors import ShapeError, SteadyStateError
from crn2sbml.lna.readout import Adjoint, ReadoutNoise
from crn2sbml.lna.stationary import stationary
from tests.lna.test_stationary import birth_death, cascade, network, nonlinear
from tests.reference.steady_ode import steady_counts
from tests.verify.tiny_trip import IMAGES, trained_tiny


def adjoint(net: Network) -> Adjoint:
    found = steady_counts(net, horizon=80)
    return Adjoint(Matrices.of(net), np.array([found[s.id] for s in net.species]))


def noise(net: Network, *species: str) -> ReadoutNoise:
    matrices = Matrices.of(net)
    weights = np.array([[float(name == one) for one in species] for name in matrices.floating_species])
    return adjoint(net).noise(weights)


@pytest.mark.parametrize("frequency", [0.0, 0.3, 7.0])
def test_the_spectrum_of_birth_and_death_is_a_lorentzian(frequency: float) -> None:
    spectrum = adjoint(birth_death(20.0, 0.5)).spectrum(frequency, np.ones((1, 1)))
    assert spectrum[0, 0] == pytest.approx(2 * 20 / (0.5**2 + frequency**2), rel=1e-10)


def test_births_and_deaths_make_half_of_the_noise_each() -> None:
    found = noise(birth_death(20.0, 0.5), "A")
    assert found.covariance[0, 0] == pytest.approx(40, rel=1e-8)
    np.testing.assert_allclose(found.by_reaction[:, 0], [20, 20], rtol=1e-8)
    assert found.error <= 1e-8


def test_what_an_upstream_species_adds() -> None:
    """Y reads A: its variance is its mean, half by each of its own reactions, plus what A's two pass on, equally."""
    net = network(
        "AY", {"b": 9.0, "g": 2.0, "w": 3.0, "h": 0.5}, make=("", "A", "b"), fade=("A", "", "g"),
        read=("A", "AY", "w"), end=("Y", "", "h"),
    )  # fmt: skip
    found = noise(net, "Y")
    mean = 3 * 4.5 / 0.5
    passed_on = (3 / 0.5) ** 2 * 4.5 * 0.5 / (2 + 0.5)
    np.testing.assert_allclose(found.by_reaction[:, 0], [passed_on / 2, passed_on / 2, mean / 2, mean / 2], rtol=1e-8)


@pytest.mark.parametrize("net", [cascade(), nonlinear()], ids=["cascade", "nonlinear"])
def test_all_species_give_the_whole_covariance(net: Network) -> None:
    found, matrices = steady_counts(net), Matrices.of(net)
    state = np.array([found[s.id] for s in net.species])
    expected = stationary(matrices, state).covariance
    result = Adjoint(matrices, state).noise(np.eye(len(expected)), tolerance=1e-10)
    np.testing.assert_allclose(result.covariance, expected, atol=1e-9 * np.abs(expected).max())
    np.testing.assert_allclose(result.by_reaction.sum(axis=0), np.diag(expected), rtol=1e-8)


def test_differences_of_the_read_outs_of_a_classifier() -> None:
    trained = trained_tiny()
    net = trained.classifier.network(trained.weights, IMAGES[0])
    at = adjoint(net)
    whole = stationary(at.matrices, at.counts)
    rows = [whole.species.index(name) for name in trained.classifier.output_ids]
    weights = np.zeros((len(whole.species), 2))
    weights[rows[0]], weights[rows[1]], weights[rows[2]] = [1, 1], [-1, 0], [0, -1]
    expected = weights.T @ whole.covariance @ weights
    found = at.noise(weights)
    np.testing.assert_allclose(found.covariance, expected, rtol=1e-7)
    loose = at.noise(weights, tolerance=1e-2)
    assert loose.frequencies < found.frequencies
    assert np.abs(loose.covariance - expected).max() <= loose.error * np.diag(expected).max()


def test_rates_far_apart_take_more_frequencies() -> None:
    """A fast and a slow species in one read-out, 1 and 10,000 per second."""
    net = network(
        "AB", {"a": 5.0, "g": 1.0, "b": 3e4, "h": 1e4}, make_a=("", "A", "a"), fade_a=("A", "", "g"),
        make_b=("", "B", "b"), fade_b=("B", "", "h"),
    )  # fmt: skip
    found = adjoint(net).noise(np.ones((2, 1)))
    assert found.covariance[0, 0] == pytest.approx(5 + 3, rel=1e-7)
    with pytest.raises(SteadyStateError, match="off after 6561 frequencies"):
        adjoint(net).noise(np.ones((2, 1)), tolerance=-1)


def ring() -> Adjoint:
    """A <-> B with 30 molecules for ever: Binomial(30, 2/3) in A, and a relaxation at k + h = 3/s."""
    net = network("AB", {"k": 1.0, "h": 2.0}, go=("A", "B", "k"), back=("B", "A", "h"))
    return Adjoint(Matrices.of(net), np.array([20.0, 10.0]))


def test_a_conserved_sum() -> None:
    found = ring().noise(np.eye(2))
    np.testing.assert_allclose(found.covariance, 30 * 2 / 9 * np.array([[1, -1], [-1, 1]]), rtol=1e-8)
    np.testing.assert_allclose(ring().noise(np.ones((2, 1))).covariance, 0, atol=1e-9)
    assert ring().spectrum(0.0, np.eye(2)[:, :1])[0, 0] == pytest.approx(2 * 20 / 3**2, rel=1e-6)


TIMES = np.array([0.0, 0.1, 0.7, 4.0])


def test_autocovariance_of_birth_and_death_and_of_a_ring() -> None:
    found = adjoint(birth_death(20.0, 0.5)).autocovariance(TIMES, np.ones((1, 1)))
    np.testing.assert_allclose(found[:, 0, 0], 40 * np.exp(-0.5 * TIMES), rtol=1e-8)
    found = ring().autocovariance(TIMES, np.eye(2))
    np.testing.assert_allclose(found[:, 0, 0], 30 * 2 / 9 * np.exp(-3 * TIMES), rtol=1e-7)


def test_autocovariance_of_a_cascade_by_the_whole_covariance() -> None:
    at = adjoint(cascade())
    whole = stationary(at.matrices, at.counts)
    expected = [linalg.expm(whole.jacobian.toarray() * time) @ whole.covariance for time in TIMES]
    found = at.autocovariance(TIMES, np.eye(len(whole.species)))
    np.testing.assert_allclose(found, expected, atol=1e-8 * np.abs(whole.covariance).max())


@pytest.mark.parametrize("seconds", [1e-3, 0.3, 5.0, 400.0])
def test_averages_of_birth_and_death(seconds: float) -> None:
    """Var = 2 m (g T - 1 + exp(-g T)) / (g T)^2."""
    x = 0.5 * seconds
    expected = 2 * 40 * (x + np.expm1(-x)) / x**2
    at = adjoint(birth_death(20.0, 0.5))
    assert at.averaged_covariance(seconds, np.ones((1, 1)))[0, 0] == pytest.approx(expected, rel=1e-7)


def test_averages_of_a_ring_and_of_a_cascade() -> None:
    """Where a sum is conserved as well; and over long times J^-1 D J^-T / T, the spectrum at no frequency."""
    assert ring().averaged_covariance(2.0, np.eye(2))[0, 0] == pytest.approx(
        2 * 30 * 2 / 9 * (6 + np.expm1(-6)) / 36, rel=1e-7
    )
    at = adjoint(cascade())
    weights = np.eye(len(at.matrices.floating))
    long = at.averaged_covariance(1e4, weights) * 1e4
    np.testing.assert_allclose(long, at.spectrum(0.0, weights), rtol=2e-3, atol=1e-3 * np.abs(long).max())


def test_what_cannot_be_asked_of_averages_and_correlations() -> None:
    at = adjoint(birth_death(20.0, 0.5))
    with pytest.raises(ShapeError, match="times must increase"):
        at.autocovariance([1.0, 0.5], np.ones((1, 1)))
    with pytest.raises(SteadyStateError, match="times the fastest relaxation"):
        at.averaged_covariance(1e9, np.ones((1, 1)))


def test_states_that_have_no_noise_of_read_outs() -> None:
    with pytest.raises(SteadyStateError, match="no stationary noise"):
        Adjoint(Matrices.of(network("A", {"b": 0.0}, make=("", "A", "b"))), np.array([20.0]))
    with pytest.raises(SteadyStateError, match="not steady"):
        Adjoint(Matrices.of(birth_death(1.0, 1.0)), np.array([3.0]))
    bistable = network(
        "A", {"b": 6.0, "g": 11.0, "k": 6.0, "l": 1.0}, make=("", "A", "b"), fade=("A", "", "g"),
        grow=("AA", "AAA", "k"), shrink=("AAA", "AA", "l"),
    )  # fmt: skip
    with pytest.raises(SteadyStateError, match="unstable"):
        Adjoint(Matrices.of(bistable), np.array([2.0]))


def test_weights_of_another_shape() -> None:
    for weights in (np.ones(1), np.ones((2, 1))):
        with pytest.raises(ShapeError, match="read-outs: weights have shape"):
            adjoint(birth_death(2.0, 1.0)).noise(weights)
